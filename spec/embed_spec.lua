-- The static library, from the only side that matters: a host program in C
-- that has nothing but itself, run in an empty folder without any Lua path.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local PEOPLE = 230

describe("the static library", function()
  local e, host, folder

  -- Nothing of this checkout may be found by accident.
  local function run(arguments, key)
    return shell.run(("cd %s && env -i PATH=/usr/bin:/bin SEI_API_KEY=%s timeout 60 %s %s"):format(
      shell.quote(folder), shell.quote(key or "a-key-for-the-emulator"),
      shell.quote(host), arguments))
  end

  setup(function()
    local text, status = shell.make "host-example"
    assert(status == 0, text)
    host = shell.build() .. "/examples/host"
    if host:sub(1, 1) ~= "/" then host = shell.run "pwd":gsub("\n", "") .. "/" .. host end
    folder = shell.folder()
    e = emulator.start { people = PEOPLE }
  end)

  teardown(function()
    if e then e:stop() end
    if folder then shell.remove(folder) end
  end)

  it("runs a script without a Lua file beside it", function()
    local text, status = run(shell.quote(e.url))
    assert.equal(0, status, text)
    assert.matches("^thread 1: " .. PEOPLE .. " contributors, the first is %S+@%S+\n$", text)
  end)

  it("runs in many threads, each with its own state, and all see the same", function()
    local text, status = run("--threads 8 " .. shell.quote(e.url))
    assert.equal(0, status, text)
    local answers, count = {}, 0
    for answer in text:gmatch "thread %d+: ([^\n]+)\n" do
      answers[answer] = true
      count = count + 1
    end
    assert.equal(8, count, text)
    local only = next(answers)
    assert.matches("^" .. PEOPLE .. " contributors", only)
    assert.is_nil(next(answers, only), text)
  end)

  it("hands a failure of the client to the host", function()
    local text, status = run "http://127.0.0.1:1/sei/api"
    assert.equal(1, status)
    assert.matches("^thread 1: .*connect", text)
  end)

  it("has no other global symbols than those of its header", function()
    local text = shell.run("nm -g --defined-only " .. shell.quote(shell.build() .. "/libsei.a"))
    local names, declared = {}, { "luaopen_sei_core" }
    for name in text:gmatch " [A-Z] (%S+)" do names[#names + 1] = name end
    for name in shell.run "sh .ci/api":gmatch "%S+" do declared[#declared + 1] = name end
    table.sort(names)
    table.sort(declared)
    assert.is_true(#declared > 15)
    assert.same(declared, names)
  end)
end)
