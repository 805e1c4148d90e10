-- What ext/sei.h promises, seen by programs in C (spec/host/, examples/embed/)
-- that have no Lua file and know no Lua.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

-- Set by `make valgrind`.
local UNDER <const> = os.getenv "SEI_UNDER" or ""

local e, folder

local function program(name)
  local path = shell.build() .. "/" .. name
  return path:sub(1, 1) == "/" and path or shell.run "pwd":gsub("\n", "") .. "/" .. path
end

-- Nothing of this checkout may be found by accident.
local function run(name, ...)
  return shell.run(("cd %s && env -i PATH=/usr/bin:/bin SEI_API_KEY=test-key timeout -k 5 200"
    .. " %s %s"):format(shell.quote(folder), UNDER, shell.join { program(name), ... }))
end

local function client(more)
  return ('{"base_url":"%s","api_key":{"env":"SEI_API_KEY"},"pace":false%s}'):format(e.url,
    more or "")
end

setup(function()
  local text, status = shell.make "host-programs host-example"
  assert(status == 0, text)
  folder = shell.folder()
  e = emulator.start { people = 230 }
end)

before_each(function() e:clear() e:latency(0) end)

teardown(function()
  if e then e:stop() end
  if folder then shell.remove(folder) end
end)

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

describe("a context", function()
  local function passes(name, argument)
    local text, status = run("spec/host/jobs", name, argument)
    assert.equal(0, status, text)
    assert.matches("ok " .. name .. "\n$", text)
  end

  it("has the version of the library and of the module", function()
    passes "facts"
    assert.equal("sei " .. shell.run "sh .ci/api version":gsub("\n", ""), sei._VERSION)
  end)

  it("takes and gives JSON", function() passes "results" end)

  it("runs a file, beside which modules are found", function()
    write("recipe.lua", "#!/usr/bin/lua\nreturn require 'twice'(...)")
    write("twice.lua", "return function(input) return 2 * input.n + 2 end")
    passes("file", folder .. "/recipe.lua")
  end)

  it("tells errors as JSON with a kind", function() passes "errors" end)
  it("tells what is wrong with a client, never its key", function() passes "client_errors" end)
  it("refuses misuse and goes on", function() passes "misuse" end)
  it("computes in slices of time", function() passes "slices" end)
  it("is cancelled by another thread, whatever it does", function() passes("cancel", client()) end)
  it("gives all memory back, and survives the lack of it", function()
    passes("memory", client ',"retries":0')
  end)
  it("#proof survives the lack of it at thousands of places", function()
    passes("memory_all", client ',"retries":0')
  end)
  it("makes a plan of a recipe", function() passes("plan", client()) end)
  it("keeps the client for the next job, and nothing of it under way", function()
    e:latency(30)
    passes("kept", client())
  end)
  it("runs a recipe that need not be trusted", function() passes("sandbox", client()) end)
  it("hands lines of log to the host", function() passes("logs", client()) end)

  it("has all scenarios of its program run here", function()
    local file = assert(io.open "spec/host_spec.lua")
    local text = file:read "a"
    file:close()
    for name in run "spec/host/jobs":gmatch "[^\n]+" do
      assert(text:find('passes "' .. name .. '"', 1, true)
        or text:find('passes("' .. name .. '"', 1, true), name .. " is not run")
    end
  end)
end)

describe("a host with an epoll loop", function()
  it("drives several contexts at once and has time for its own work", function()
    e:latency(30)
    e:clear_counters()
    local text, status = run("examples/loop", client(), "5")
    assert.equal(0, status, text)
    local seen = {}
    for number, count in text:gmatch "context (%d): {\"count\":(%d+)," do
      seen[tonumber(number)] = tonumber(count)
    end
    assert.same({ 230, 230, 230, 230, 230 }, seen, text)
    local steps, rang = text:match "loop: 5 contexts, 0 failed, (%d+) steps, the timer rang (%d+)"
    assert.is_true(tonumber(rang) >= 3, text)
    -- one context alone has four pages under way at most: its option `window`
    assert.is_true(e:counters().most_under_way > 4)
    assert.is_true(tonumber(steps) < 2000, text) -- it waits, and does not spin
  end)

  it("is told what failed", function()
    local text, status = run("examples/loop",
      '{"base_url":"http://127.0.0.1:1/sei/api","api_key":"k","retries":0}', "2")
    assert.equal(1, status)
    assert.matches('context 1: {"attempts"', text)
    assert.matches('"kind":"connect"', text)
    assert.matches("2 contexts, 2 failed", text)
  end)
end)

describe("a host with eight threads", function()
  it("runs recipes by contexts of their own", function()
    local text, status = run("examples/threads", client(), "8", "40")
    assert.equal(0, status, text)
    assert.equal("threads: 40 recipes by 8 threads, 40 done, 0 cancelled\n", text)
  end)

  it("cancels what takes too long", function()
    e:latency(400)
    local text, status = run("examples/threads", client(), "4", "8", "50")
    assert.equal(0, status, text)
    assert.equal("threads: 8 recipes by 4 threads, 0 done, 8 cancelled\n", text)
  end)

  it("#proof runs 1,000 of them", function()
    local text, status = run("examples/threads", client(), "8", "1000")
    assert.equal(0, status, text)
    assert.equal("threads: 1000 recipes by 8 threads, 1000 done, 0 cancelled\n", text)
  end)
end)
