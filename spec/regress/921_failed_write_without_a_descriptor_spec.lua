-- What tells how a write failed was looked for on the disk when it did: in a
-- process that had no descriptor left, the report was lost, and instead of it
-- came a text about a module that was not found.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local SCRIPT <const> = [[
  local sei = require "sei"
  local function connect()
    return sei.client { base_url = %q, api_key = "a-key-of-the-spec", pace = false, retries = 0 }
  end
  local held = {}
  local function take_all()
    for _ = 1, 1000 do held[#held + 1] = io.open "/dev/null" end
    assert(not io.open "/dev/null")
  end
  local function tell(name, report, err)
    print(name, report, err.kind, #err.report.rejected, tostring(err.report):match "^[^\n]*")
  end
  local one, other = connect(), connect()
  local row = one:download_identities()()
  row = { email = row.email, identity = row.identity,
    integrationId = math.tointeger(row.integrationId) }
  local n = 0
  tell("raised", one:patch_identities(function()
    n = n + 1
    if n < 3 then return row end
    take_all()
    error(sei.error { kind = "io", message = "broken" })
  end, { batch_size = 1 }))
  tell("alone", other:patch_identities { row })
  local _, bad = other:patch_identities { row, { email = row.email } }
  print("bad", #bad.report.rejected)
]]

it("a write that fails for want of a descriptor has its report", function()
  local e <close> = emulator.start { people = 20, accounts = 10 }
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(SCRIPT:format(e.url))
  file:close()
  local text = shell.run(("ulimit -n 100; %s %s"):format(shell.lua(), shell.quote(path)))
  os.remove(path)
  assert.equal("raised\tnil\tio\t1\t1 of 2 rows accepted in 1 request\n"
    .. "alone\tnil\tconnect\t1\t0 of 1 rows accepted\nbad\t2\n", text)
end)
