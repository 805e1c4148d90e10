-- sandboxed: hostile recipes, written ones and mutated ones. None reads a file, runs a command,
-- outlives its limits, grows past its memory, or reaches a host that is not allowed.
local dice = require "spec.support.dice"
local emulator = require "spec.support.emulator"
local hostile = require "spec.support.hostile"
local sei = require "sei"
local shell = require "spec.support.shell"
local socket = require "socket"

local SLOW <const> = tonumber(os.getenv "SEI_SLOW" or "") or 1
local OVER <const> = 0.1 * SLOW     -- seconds of our own that a limit may be outlived
local SECRET <const> = "the-secret-in-the-canary"
local MIB <const> = 1 << 20
local plain = (os.getenv "SEI_SANITIZE" or "") == "" and (os.getenv "SEI_UNDER" or "") == ""
local measures = plain and it or pending

-- Seconds that this process was kept waiting for a processor so far: others' doing.
local function delayed()
  local file = io.open "/proc/self/schedstat"
  local text = file and file:read "a" or ""
  if file then file:close() end
  return (tonumber(text:match "^%d+ (%d+)") or 0) / 1e9
end

-- Runs a recipe in a process of its own, and tells its highest memory.
local SCRIPT <const> = [[
local sei = require "sei"
local file = assert(io.open(arg[1]))
local text = file:read "a"
file:close()
local run, err = sei.sandboxed { text = text, time = 1, max_result = 4096 }
for line in io.lines "/proc/self/status" do
  local kib = line:match "^VmHWM:%s+(%d+)"
  if kib then print(kib, run and "well" or err.code or err.kind) end
end]]

describe("a hostile recipe", function()
  local e, list, canary, mark, listener

  setup(function()
    canary, mark = os.tmpname(), os.tmpname()
    os.remove(mark)
    local file = assert(io.open(canary, "w"))
    file:write(SECRET)
    file:close()
    listener = assert(socket.bind("127.0.0.1", 0))
    listener:settimeout(0)
    local _, port = listener:getsockname()
    list = hostile.list { CANARY = canary, MARK = mark, ADDRESS = "127.0.0.1:" .. port }
    e = emulator.start { people = 20 }
  end)

  teardown(function()
    if e then e:stop() end
    if listener then listener:close() end
    os.remove(canary)
  end)

  -- Everything that came out, as text.
  local function text_of(value, depth)
    if type(value) ~= "table" then return tostring(value) end
    local parts = {}
    for k, v in pairs(value) do
      if depth < 6 then parts[#parts + 1] = text_of(k, depth + 1) .. text_of(v, depth + 1) end
    end
    return table.concat(parts, " ")
  end

  local function nothing_escaped(name)
    assert.is_nil(io.open(mark), name .. " ran a command")
    assert.is_nil((listener:accept()), name .. " asked another host")
  end

  local function judge(name, text, limits)
    local before, waited = os.clock(), delayed()
    local run, err = sei.sandboxed { text = text, time = limits.time, memory = limits.memory,
      instructions = limits.instructions, requests = 30, max_output = 4096, name = "recipe",
      pause = limits.pause,
      client = { base_url = e.url, api_key = "test-key", pace = false, retries = 0 } }
    local took = os.clock() - before
    waited = delayed() - waited
    local facts = run or err.report or {}
    assert.is_true(took <= limits.time + OVER, ("%s took %.3f s"):format(name, took))
    if limits.alone and facts.seconds then
      assert.is_true(facts.seconds <= limits.time + OVER + waited,
        ("%s lived for %.3f s, and waited for %.3f s"):format(name, facts.seconds, waited))
    end
    assert.is_true((facts.memory or 0) <= limits.memory, name .. " took more memory")
    local out = text_of(run or { err, err.message, err.report }, 1)
    assert.is_nil(out:find("ESCAPED", 1, true), name .. ": " .. out:sub(1, 200))
    assert.is_nil(out:find(SECRET, 1, true), name .. " read the file")
    assert.is_true(#out < 4 * MIB, name)
    return run, err
  end

  it("gets nowhere, whoever wrote it", function()
    assert.is_true(#list >= 100, #list)
    for _, row in ipairs(list) do
      judge(row.name, row.text, { time = 0.015, memory = 16 * MIB })
    end
    nothing_escaped "one of them"
  end)

  -- One seed, one list of recipes.
  local function mutations(count, seed, limits)
    local random, ended = dice(seed), {}
    for i = 1, count do
      local text = hostile.mutated(list, random)
      local _, err = judge("mutation " .. i .. " of seed " .. seed, text, limits)
      local how = err and (err.code or err.kind) or "well"
      ended[how] = (ended[how] or 0) + 1
    end
    nothing_escaped "one of them"
    return ended
  end

  it("gets nowhere, whatever became of a good one", function()
    local pauses = 0
    local ended = mutations(60, 7, { time = 1, memory = 8 * MIB, instructions = 400000,
      pause = function() pauses = pauses + 1 end })
    assert.is_true((ended.well or 0) > 5 and (ended.decode or 0) > 5)
    assert.is_true(pauses > 0, pauses)
  end)

  it("leaves the good ones alone", function()
    for i, text in ipairs(hostile.VALID) do
      local run, err = judge("valid " .. i, text, { time = 5, memory = 8 * MIB })
      assert.is_table(run, tostring(err))
    end
  end)

  it("gets nowhere with the usual limits, either #proof #alone", function()
    for _, row in ipairs(list) do
      judge(row.name, row.text, { time = 0.3, memory = 64 * MIB, alone = true })
      judge(row.name, row.text, { time = 0.1, memory = 64 * MIB, alone = true,
        pause = function() end })
    end
  end)

  -- What the system sees, not what we count.
  local function measure(text)
    local folder = shell.folder()
    for name, what in pairs { ["run.lua"] = SCRIPT, ["recipe.lua"] = text } do
      local file = assert(io.open(folder .. "/" .. name, "w"))
      file:write(what)
      file:close()
    end
    local out, status = shell.run(shell.lua() .. " " .. shell.join { folder .. "/run.lua",
      folder .. "/recipe.lua" })
    shell.remove(folder)
    assert.equal(0, status, out)
    local kib, how = out:match "^(%d+)%s+(%S+)"
    return tonumber(kib) * 1024, how
  end

  local function grows(wanted)
    local base, how = measure "return 1"
    assert.equal("well", how)
    for _, row in ipairs(list) do
      if wanted(row.name) then
        local got = measure(row.text)
        assert.is_true(got - base <= 64 * MIB + 4 * MIB, -- the kernel's tables, our copy
          ("%s: %.1f MiB more"):format(row.name, (got - base) / MIB))
      end
    end
  end

  measures("does not grow past its memory", function()
    local some = { ["small tables"] = true, ["strings that double"] = true,
      ["table.concat of much"] = true }
    grows(function(name) return some[name] end)
  end)

  measures("does not grow past its memory, whichever #proof", function()
    grows(function() return true end)
  end)

  it("gets nowhere a thousand times #proof #alone", function()
    local ended = mutations(1000, 20261122, { time = 0.1, memory = 16 * MIB, alone = true })
    assert.is_true(ended.well > 100 and ended.time > 30 and ended.decode > 100)
  end)
end)
