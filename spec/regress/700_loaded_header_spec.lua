-- The emulator took a file that it does not understand for one without rows, and
-- served an empty directory.
local shell = require "spec.support.shell"

describe("a file that the emulator loads", function()
  local folder
  setup(function() folder = shell.folder() end)
  teardown(function() shell.remove(folder) end)

  local function load(text)
    local path = folder .. "/export.csv"
    local out <close> = assert(io.open(path, "wb"))
    out:write(text)
    out:close()
    return shell.run(("sei emulator --until-eof --load %s </dev/null"):format(shell.quote(path)))
  end

  it("is refused if its header names nothing that is known, without rows, too", function()
    for _, text in ipairs { "x", "mail;name\r\n", "login,name\nada,Ada\n" } do
      local out, status = load(text)
      assert.equal(1, status, out)
      assert.truthy(out:find("export.csv:1: neither people (email), identities", 1, true), out)
    end
  end)

  it("may have a header alone", function()
    local out, status = load "email,name\n"
    assert.equal(0, status, out)
  end)
end)
