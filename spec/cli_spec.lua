-- sei.cli: one file per command, loaded only when it is called.
local shell = require "spec.support.shell"

local function sei(words)
  return shell.run(shell.build() .. "/bin/sei " .. words)
end

-- Runs Lua with the command line in `arg`; what it printed.
local function inside(code, words)
  return shell.run(("%s -e %s - %s </dev/null"):format(shell.lua(), shell.quote(code), words))
end

describe("the command", function()
  it("lists its commands, and the version", function()
    local text, status = sei "--help"
    assert.equal(0, status)
    assert.matches("\n +emulator +Serve the SEI API", text)
    assert.matches("\n +version +Print", text)
    text, status = sei "version"
    assert.equal(0, status)
    assert.matches("^sei %d+%.%d+%.%d+\n$", text)
    assert.equal(text, (sei "--version"))
  end)

  it("shows how it is used when it is used wrongly", function()
    for _, words in ipairs { "", "nothing", "version --what", "emulator --port x" } do
      local text, status = sei(words)
      assert.equal(1, status)
      assert.matches("^Usage: sei.*\nError: ", text)
    end
  end)

  it("loads one command alone", function()
    local text = inside([[
      require "sei.cli".main { "version" }
      for name in pairs(package.loaded) do
        if name:find "^sei%.cli%." or name:find "^sei%.sandbox" then print(name) end
      end]], "")
    assert.matches("^sei [%d.]+\nsei%.cli%.version\n$", text)
  end)

  it("tells a failure on standard error, with status 1", function()
    local text = inside([[
      local sei = require "sei"
      package.loaded["sei.cli.version"] = { configure = function() end, run = function()
        error(sei.error { kind = "io", message = "the cellar is flooded" }, 0)
      end }
      print(require "sei.cli".main { "version" })]], "")
    assert.equal("sei: ", text:sub(1, 5))
    assert.matches("the cellar is flooded", text)
    assert.matches("\n1\n$", text)
    assert.is_nil(text:find("traceback", 1, true))
  end)
end)
