-- readme - what README.md shows works as it stands there, but for the address.
local core = require "sei.core"
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local KEY <const> = "pat.acct1.key7.not-a-secret"

describe("README.md", function()
  local text, folder, e, here

  setup(function()
    local file <close> = assert(io.open "README.md")
    text = file:read "a"
    folder = shell.folder()
    here = shell.run "pwd":match "[^\n]+"
    local function write(name, content)
      local out <close> = assert(io.open(folder .. "/" .. name, "w"))
      out:write(content)
    end
    write("people.csv", "email,name\nada@example.com,Ada Lovelace\n")
    write("hr.csv", "email,name\nada@example.com,Ada Lovelace\nx@example.com,Bob Hill\n")
    write("users.json", [[ [{"id":1,"username":"ada-l","name":"Ada Lovelace",
      "email":"ada@example.com"},{"id":2,"username":"bhil","name":"B. Hil"}] ]])
    write("nightly.lua", [[return { people = "hr.csv", integration_id = 5322,
      accounts = { { login = "ada-2", email = "ada@example.com" } },
      guard = { state = false } }]])
    e = emulator.start { load = { folder .. "/people.csv" } }
  end)
  teardown(function()
    e:stop()
    shell.remove(folder)
  end)

  local function run(command)
    return shell.run(("cd %s && SEI_BASE_URL=%s SEI_API_KEY=%s XDG_STATE_HOME=%s PATH=%s:$PATH %s")
      :format(folder, e.url, KEY, folder, here .. "/" .. shell.build() .. "/bin", command))
  end

  it("has Lua that does what it says", function()
    local script = {}
    for block in text:gmatch "```lua\n(.-)```" do script[#script + 1] = block end
    assert.equal(2, #script)
    local code, count = table.concat(script, "\n"):gsub('region = "prod1"',
      ('base_url = "%s"'):format(e.url))
    assert.equal(1, count)
    local out <close> = assert(io.open(folder .. "/script.lua", "w"))
    out:write(code)
    out:close()
    local printed, status = run(shell.lua() .. " script.lua")
    assert.equal(0, status, printed)
    for _, line in ipairs { "ada@example.com\tAda Lovelace\n",
      "1 of 1 rows accepted in 1 request", "ada-l\tada@example.com\tcertain\temail\n" } do
      assert.truthy(printed:find(line, 1, true), line .. " is missing in\n" .. printed)
    end
    local review <close> = assert(io.open(folder .. "/review.csv"))
    assert.truthy(review:read "a":find("bhil", 1, true))
  end)

  it("has commands that follow one another", function()
    -- An addition is all there is, and cannot be taken back.
    local expected = { check = 0, plan = 2, show = 0, report = 0, apply = 0, undo = 0 }
    local seen = 0
    for line in text:gmatch "\n    (sei [^\n]*)" do
      for command in line:gsub("%s+#.*", ""):gmatch "[^;]+" do
        command = command:gsub("DIGEST", "$(sha256sum plan.jsonl | cut -c -64)")
        local printed, status = run(command)
        assert.equal(expected[command:match "sei (%a+)"], status, command .. "\n" .. printed)
        seen = seen + 1
      end
    end
    assert.equal(6, seen)
  end)

  it("names the defaults that hold", function()
    local client <close> = sei.client { base_url = e.url, api_key = KEY }
    e:quirk("fault", "status-503:20", "/v1/org/users/schema")
    local _, err = client:get_schema()
    e:clear()
    assert.equal(tostring(#err.attempts - 1), text:match "`retries = (%d+)`")
    local seconds = core.left(core.deadline(client, "get_schema", {}))
    assert.equal(tostring(math.ceil(seconds)), text:match "`timeout = (%d+)`")
    local default = {} -- spec/pace_spec.lua holds the client to these
    for _, row in ipairs(core.options "sei.client pace") do default[row.name] = row.default end
    assert.truthy(text:find(("`pace = {rate = %s, burst = %s}`"):format(default.rate,
      default.burst), 1, true))
  end)

  it("names commands and targets that there are", function()
    local makefile <close> = assert(io.open "Makefile")
    local targets, seen = "\n" .. makefile:read "a", 0
    for name in text:gmatch "`make ([%l-]+)" do
      assert.truthy(targets:find("\n" .. name .. ":", 1, true), name)
      seen = seen + 1
    end
    for command in text:gmatch "`(sei %l+ %-%-help)`" do
      local printed, status = run(command)
      assert.equal(0, status, command .. "\n" .. printed)
      seen = seen + 1
    end
    assert.is_true(seen >= 10, seen)
  end)

  it("names files that are there", function()
    local seen = 0
    for name in text:gmatch "`([%w_]+/[%w_/.]+)`" do
      if not name:find "^build/" then
        assert(io.open(name)):close()
        seen = seen + 1
      end
    end
    assert.is_true(seen >= 14)
  end)
end)
