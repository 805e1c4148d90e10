-- Of two inputs of one name a sandboxed recipe found the last alone, and of one called "arg" a
-- script found nothing, without a word about it.
local command = require "spec.support.command"
local shell = require "spec.support.shell"

describe("the inputs of a sandboxed recipe", function()
  local folder

  setup(function() folder = shell.folder() end)
  teardown(function() if folder then shell.remove(folder) end end)

  local function file(name, text)
    local path = folder .. "/" .. name
    local out <close> = assert(io.open(path, "w"))
    out:write(text)
    return path
  end

  local function run(words)
    return command.run({ url = "http://127.0.0.1:9/sei/api" }, words .. " 2>&1")
  end

  it("have names of their own", function()
    local one = file("a.csv", "Email\na@x.example\n")
    local two = file("b.csv", "Email\nb@x.example\n")
    local script = file("r.lua", "return #inputs.hr + (inputs.other and #inputs.other or 0)")
    for _, name in ipairs { "run", "plan" } do
      local text, status = run(("%s %s --sandboxed --input hr=%s --input hr=%s"):format(name,
        script, one, two))
      assert.equal(1, status, text)
      assert.matches(("--input: 'hr' is both %s and %s"):format(one, two), text, 1, true)
    end
    local text, status = run(("run %s --sandboxed --input arg=%s"):format(script, one))
    assert.equal(1, status, text)
    assert.matches("--input: 'arg' has the words behind --", text, 1, true)
    text, status = run(("run %s --sandboxed --input hr=%s --input other=%s"):format(script, one,
      two))
    assert.equal(2, status, text)
  end)
end)
