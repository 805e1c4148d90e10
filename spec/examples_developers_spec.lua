-- examples - the one from HR's export to records and identities, against the emulator.
local shell = require "spec.support.shell"
local support = require "spec.support.developers"

local EXAMPLE <const> = "examples/15_hr_to_records_and_identities"

describe("the example 15_hr_to_records_and_identities", function()
  local b, here

  setup(function()
    here = shell.run "pwd":gsub("\n", "")
    b = support.bench { people = 0 }
    -- what is remembered of a recipe's inputs stands beside it
    shell.run("cp -r " .. EXAMPLE .. "/. " .. b.folder)
  end)
  teardown(function() b:close() end)

  local function run(digest)
    return shell.run(("cd %s && SEI_BASE_URL=%s SEI_API_KEY=key SEI_PACE=no XDG_STATE_HOME=%s "
      .. "HR_EXPORT=%s/examples/data/hr.csv GITLAB_EXPORT=%s/examples/data/gitlab_users.json "
      .. 'PATH=%s/bin:"$PATH" sh ./run recipe.lua work %s'):format(b.folder, b.e.url,
      b.folder, here, here, shell.build():find "^/" and shell.build() or here .. "/"
      .. shell.build(), digest or ""))
  end

  it("makes the records, then the identities, each after its approval", function()
    local text, status = run()
    assert.equal(2, status, text)
    assert.matches("First Name,Last Name +name +NAME +as declared", text)
    assert.matches(" new, 0 changed, 0 removed, 0 stay", text)
    assert.same({}, (b:there()))
    local records = text:match "digest: (%x+)"
    text, status = run(("0"):rep(64))
    assert.equal(3, status, text)
    text, status = run(records)
    assert.equal(2, status, text)
    assert.matches("version 1 is active", text)
    assert.matches("rows are to be written", text)
    local now, n = b:there()
    assert.equal("Ada Brandt", now["ada.brandt@example.com"].name)
    local plan = select(2, text:match "(digest: %x+).*digest: (%x+)") or text:match "digest: (%x+)"
    text, status = run(plan)
    assert.equal(0, status, text)
    local owners = b.e:request("GET", "/v2/developers/identities",
      { ["x-api-key"] = "k", accept = "text/csv" })
    assert.matches("ada.brandt@example.com,5323,abrandt", owners, 1, true)
    text, status = run()
    assert.equal(0, status, text)
    assert.matches("Nothing to do.\n", text)
    assert.equal(n, (select(2, b:there())))
  end)

  it("leaves out whom HR calls gone", function()
    local file <close> = assert(io.open "examples/data/hr.csv")
    local gone = {}
    for line in file:lines() do
      local email, state = line:match "^[^;]*;[^;]*;[^;]*;([^;]*);[^;]*;([^;]*)$"
      if state and state ~= "active" then gone[email] = true end
    end
    assert.truthy(next(gone))
    local now = b:there()
    for email in pairs(gone) do assert.is_nil(now[email], email) end
  end)
end)
