-- The runner of the specs: what it adds up, what it shows, and that nothing which goes wrong in a
-- process of its own passes unseen.
local shell = require "spec.support.shell"

local quote = shell.quote
local folder

setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)

-- Writes specs { NAME = text } into a folder of their own.
local function write(specs)
  local own = folder .. "/" .. tostring(specs):match "%w+$"
  shell.run("mkdir -p " .. quote(own .. "/specs"))
  for name, text in pairs(specs) do
    local file = assert(io.open(("%s/specs/%s_spec.lua"):format(own, name), "w"))
    file:write(text)
    file:close()
  end
  return own
end

local function command(own, jobs)
  return ("lua5.4 spec/support/run.lua %s %s lua5.4 $(command -v busted) "
    .. "-o spec/support/summary.lua -- %s"):format(quote(own), jobs, quote(own .. "/specs"))
end

-- Runs specs; what was printed is without the name of the folder.
local function run(specs, jobs, environment)
  local own = write(specs)
  local text, status = shell.run(("env -u SEI_PART %s %s"):format(environment or "",
    command(own, jobs or 2)))
  return text:gsub(own:gsub("%p", "%%%0") .. "/specs/", ""), status
end

-- Whether a process is there; one that was killed may take a moment to go.
local function lives(pid)
  for _ = 1, 1000 do
    local file = io.open("/proc/" .. pid .. "/stat")
    if not file then return false end
    local state = (file:read "a" or ""):match "%) (%u)"
    file:close()
    if state == "Z" or state == "X" then return false end
  end
  return true
end

-- Ends busted's process itself.
local function ending(how)
  return 'it("a", function() end)\nit("b", function() ' .. how .. ' end)\n'
end

local GOOD <const> = 'it("a", function() end)\nit("b", function() end)\n'

describe("the runner", function()
  it("adds up what each file says", function()
    local text, status = run { one = GOOD, two = GOOD .. 'pending "c"\n' }
    assert.equal(0, status, text)
    assert.matches("ok  one_spec.lua: 2 passed\n", text, 1, true)
    assert.matches("ok  two_spec.lua: 2 passed\n", text, 1, true)
    assert.matches("\nleft out: c\n4 passed, 0 failed\n$", text)
  end)

  it("shows failures whole, names the file again at the end, and fails", function()
    local text, status = run { one = GOOD, two = 'it("c", function() error "the reason" end)' }
    assert.equal(1, status)
    assert.matches("two_spec.lua:1: the reason", text, 1, true)
    assert.matches("\nno  two_spec.lua\n2 passed, 1 failed\n$", text)
  end)

  it("keeps together what a file printed", function()
    local noisy = 'it("%s", function() for _ = 1, 200 do io.stderr:write "%s\\n"; '
      .. 'print "%s"; io.flush() end end)'
    local text = run({ one = noisy:gsub("%%s", "x"), two = noisy:gsub("%%s", "y") }, 2)
    assert.is_truthy(text:find(("x\n"):rep(400), 1, true))
    assert.is_truthy(text:find(("y\n"):rep(400), 1, true))
  end)

  it("counts a process that dies, and names its file", function()
    local text, status = run { one = GOOD, two = ending 'os.execute "kill -9 $PPID"' }
    assert.equal(1, status)
    assert.matches("ERROR  two_spec.lua: the process was ended by signal 9\n", text, 1, true)
    assert.matches("\n2 passed, 1 failed\n$", text)
  end)

  it("counts a process that ends before it is done, and one that ends badly", function()
    local text, status = run { one = ending "os.exit(0)",
      two = GOOD .. 'setmetatable({}, { __gc = function() os.exit(7) end })' }
    assert.equal(1, status)
    assert.matches("one_spec.lua: the process ended with status 0 before", text, 1, true)
    assert.matches("two_spec.lua: the process ended with status 7", text, 1, true)
    assert.matches(", 2 failed\n$", text)
  end)

  -- A spec that starts something in a group of its own, says its number in a file, and waits.
  local function waiting(file)
    return ([[it("c", function()
      os.execute("timeout 100 sh -c 'echo $$ > %s; exec sleep 99'")
    end)]]):format(file)
  end

  local function number(file)
    local handle = assert(io.open(file))
    local pid = handle:read "n"
    handle:close()
    return math.tointeger(pid)
  end

  it("ends a process that takes too long, and all that it started", function()
    local said = folder .. "/said"
    local text, status = run({ one = GOOD, two = waiting(said) }, 2, "SEI_SLOW=0.005")
    assert.equal(1, status)
    assert.matches("two_spec.lua: the process was ended after 1.5 seconds", text, 1, true)
    assert.is_false(lives(number(said)))
  end)

  it("ends all that runs when it is interrupted", function()
    local pipe, said = folder .. "/pipe", folder .. "/pid"
    shell.run("mkfifo " .. quote(pipe))
    for _, signal in ipairs { "INT", "TERM", "HUP" } do
      local own = write { one = waiting(pipe) }
      local text, status = shell.run(([[env -u SEI_PART %s & runner=$!
        cat %s > %s; kill -%s $runner; wait $runner]]):format(command(own, 2), quote(pipe),
        quote(said), signal))
      assert.equal(130, status, text)
      assert.matches("stopped by sig" .. signal:lower() .. "; running were: ", text, 1, true)
      assert.is_false(lives(number(said)))
    end
  end)

  it("wants a number of jobs", function()
    local text, status = shell.run(command(write { one = GOOD }, "many"))
    assert.equal(2, status)
    assert.equal("JOBS must be a number from 1 to 64, not 'many'\n", text)
  end)

  it("runs what measures time after all others, one by one", function()
    local alone = 'it("%s #alone", function() print "%s alone" end)\n'
      .. 'it("other", function() print "%s other" end)'
    local text = run({ one = alone:gsub("%%s", "x"), two = alone:gsub("%%s", "y") }, 2)
    assert.matches("other.*other.*x alone.*y alone", text)
    assert.matches("ok  [^\n]*one_spec.lua: 1 passed", text)
    assert.matches("\n4 passed, 0 failed\n$", text)
    text = run({ one = alone:gsub("%%s", "x") }, 1)
    assert.matches("x alone\nx other\nok  one_spec.lua: 2 passed\n2 passed, 0 failed\n$", text)
  end)

  it("does not pass when there was nothing to run", function()
    local text, status = run { one = "local _ = 1" }
    assert.equal(1, status)
    assert.matches("no test ran\n0 passed, 1 failed\n$", text)
  end)

  it("begins with what took longest the last time", function()
    local specs = { a = GOOD, z = GOOD }
    local own = folder .. "/" .. tostring(specs):match "%w+$"
    shell.run("mkdir -p " .. quote(own))
    local file = assert(io.open(own .. "/seconds", "w"))
    file:write(("1.00 %s/specs/a_spec.lua\n9.00 %s/specs/z_spec.lua\n"):format(own, own))
    file:close()
    assert.matches("^ok  z.*ok  a", (run(specs, 1)))
  end)
end)
