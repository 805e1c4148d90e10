-- pace - no client, alone or with others, sends faster than it may. Against servers that note
-- when each request came, and against the emulator's limits.
local sei = require "sei"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"
local wire = require "spec.support.wire_server"

local SCHEMA <const> = wire.reply(200, '{"version":1,"fields":[]}')

-- A server that knows when requests came.
local function timed()
  local times = {}
  local server = wire.serve(function(_, n)
    times[n] = wire.now()
    return SCHEMA
  end)
  server.times = times
  return server
end

-- No window of any length holds more than the bucket lets through.
local function within(times, rate, burst)
  for i = 1, #times do
    for j = i + 1, #times do
      local may = burst + rate * (times[j] - times[i] + 0.02) + 1
      assert.is_true(j - i + 1 <= may, ("requests %d to %d came within %.3f s"):format(i, j,
        times[j] - times[i]))
    end
  end
end

describe("the pace", function()
  it("is 5 a second with a burst of 10, if nothing else is said #alone", function()
    local server <close> = timed()
    local client <close> = server:client { pace = true }
    local started = wire.now()
    for _ = 1, 15 do assert(client:get_schema()) end
    local took = wire.now() - started
    assert.is_true(took >= 0.99 and took <= 1.1 + 0.2 * wire.slow, ("took %g s"):format(took))
    within(server.times, 5, 10)
  end)

  it("is what the options say #alone", function()
    local server <close> = timed()
    local client <close> = server:client { pace = { rate = 50, burst = 3 } }
    for _ = 1, 28 do assert(client:get_schema()) end
    within(server.times, 50, 3)
    local took = server.times[28] - server.times[1]
    assert.is_true(took >= 0.49 and took <= 0.5 / 0.9 + 0.1 * wire.slow, ("took %g s"):format(took))
  end)

  it("false is none", function()
    local server <close> = timed()
    local client <close> = server:client { pace = false }
    local started = wire.now()
    for _ = 1, 100 do assert(client:get_schema()) end
    assert.is_true(wire.now() - started < 1 * wire.slow)
  end)

  it("is one for all clients with the same key and host", function()
    local server <close> = timed()
    local options = { api_key = "one-for-all", pace = { rate = 50, burst = 2 } }
    local a <close> = server:client(options)
    local b <close> = server:client(options)
    for _ = 1, 11 do
      assert(a:get_schema())
      assert(b:get_schema())
    end
    within(server.times, 50, 2)
    assert.is_true(server.times[22] - server.times[1] >= 0.39)
  end)

  it("is one for clients that come one after the other", function()
    local server <close> = timed()
    for _ = 1, 12 do
      local client <close> = server:client { api_key = "again", pace = { rate = 20, burst = 2 } }
      assert(client:get_schema())
    end
    within(server.times, 20, 2)
  end)

  it("is another one for another key", function()
    local server <close> = timed()
    local a <close> = server:client { pace = { rate = 0.1, burst = 2 } }
    local b <close> = server:client { pace = { rate = 0.1, burst = 2 } }
    for _ = 1, 2 do
      assert(a:get_schema())
      assert(b:get_schema())
    end
  end)

  it("counts repetitions and redirects, too", function()
    local times = {}
    local server <close> = wire.serve(function(r, n)
      times[n] = wire.now()
      if n % 3 == 0 then return wire.reply(503, "", { ["Retry-After"] = "0" }) end
      if n % 3 == 1 then return wire.reply(302, "", { Location = r.path }) end
      return SCHEMA
    end)
    local client <close> = server:client { pace = { rate = 40, burst = 1 }, retries = 3 }
    for _ = 1, 6 do assert(client:get_schema()) end
    within(times, 40, 1)
  end)
end)

describe("a large body", function()
  local path

  setup(function()
    path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write "email,integrationId,identity\n"
    for i = 1, 25000 do file:write(("p%d@example.com,1,login-%d\n"):format(i, i)) end
    file:close()
  end)

  teardown(function() os.remove(path) end)

  local function rows(n)
    local i = 0
    return function()
      i = i + 1
      if i > n then return nil end
      return { email = "p@example.com", integrationId = i, identity = "login-" .. i }
    end
  end

  local function served()
    return wire.serve(function() return wire.reply(200, '{"status":"success"}') end)
  end

  it("goes once in 10 seconds; others pass it #alone", function()
    local server <close> = served()
    local client <close> = server:client { pace = { rate = 100, burst = 10 } }
    assert(client:upload_identities { file = path })
    local large = #server.requests
    assert.is_true(#server.requests[large].body > 500000)
    local value, err = client:upload_identities { file = path, timeout = 0.3 }
    assert.is_nil(value)
    assert.equal("timeout", err.kind)
    assert.equal("never_sent", err.class)
    assert.equal(large, #server.requests)
    local started = wire.now()
    assert(client:patch_identities {
      { email = "p@example.com", integrationId = 1, identity = "x" } })
    assert.is_true(wire.now() - started < 0.3 * wire.slow)
  end)

  it("is known by its length when it is fed, too", function()
    local server <close> = served()
    local client <close> = server:client { pace = { rate = 100, burst = 10 },
      timeout = 0.5 * wire.slow }
    local began = wire.now()
    assert(client:upload_identities { rows = rows(25000) })
    assert.is_true(#server.requests[1].body > 500000)
    local report, err = client:upload_identities { rows = rows(25000) }
    -- with a longer timeout there is time to wait for its turn
    assert.is_true(report ~= nil and wire.now() - began >= 10 or err.kind == "timeout")
    local sent = report and 2 or 1
    assert.equal(sent, #server.requests)
    for _ = 1, 5 do assert(client:upload_identities { rows = rows(100) }) end
    assert.equal(sent + 5, #server.requests)
  end)
end)

describe("a 429", function()
  it("halves the rate, for all", function()
    local limited = true
    local times = {}
    local server <close> = wire.serve(function(_, n)
      times[n] = wire.now()
      return limited and wire.reply(429) or SCHEMA
    end)
    local options = { api_key = "halved", pace = { rate = 40, burst = 5 }, retries = 0 }
    local a <close> = server:client(options)
    local b <close> = server:client(options)
    local _, err = a:get_schema()
    assert.equal(429, err.status)
    assert.equal(1, a:stats().limited)
    limited = false
    for _ = 1, 10 do assert(b:get_schema()) end
    -- 20 a second, and the bucket was emptied; it recovers by 0.4 a second
    assert.is_true(times[11] - times[1] >= 0.45, ("took %g s"):format(times[11] - times[1]))
    within({ table.unpack(times, 2) }, 21, 1)
  end)

  it("with Retry-After holds everything", function()
    local server <close> = wire.serve(function(_, n)
      return n == 1 and wire.reply(429, "", { ["Retry-After"] = "1" }) or SCHEMA
    end)
    local options = { api_key = "held", pace = { rate = 40, burst = 5 }, retries = 0 }
    local a <close> = server:client(options)
    local b <close> = server:client(options)
    local _, err = a:get_schema()
    assert.equal(1, err.retry_after)
    local started = wire.now()
    assert(b:get_schema())
    assert.is_true(wire.now() - started >= 0.9)
  end)

  it("within the emulator's limits never comes", function()
    local e <close> = emulator.start { people = 5, quirks = { "limits=60/1" } }
    local client <close> = sei.client { base_url = e.url, api_key = "k",
      pace = { rate = 45, burst = 10 } }
    for _ = 1, 120 do assert(client:get_schema()) end
    assert.equal(0, client:stats().limited)
  end)

  it("beyond them is survived without losing a call", function()
    local e <close> = emulator.start { people = 5, quirks = { "limits=20/0.5" } }
    local client <close> = sei.client { base_url = e.url, api_key = "k", retries = 10,
      pace = { rate = 200, burst = 10 } }
    for _ = 1, 60 do assert(client:get_schema()) end
    assert.is_true(client:stats().limited >= 1)
    assert.is_true(client:stats().limited <= 30)
  end)
end)

-- ---- processes that share a state file ----

local WORKER <const> = [[
local sei, socket = require "sei", require "socket"
local url, file, count, rate = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4])
local client = sei.client { base_url = url, api_key = "shared", timeout = 120,
  pace = { rate = rate, burst = 10, file = file } }
local started = socket.gettime()
for _ = 1, count do assert(client:get_schema()) end
print(client:stats().limited, client:stats().attempts, started, socket.gettime())
]]

-- Four processes make `calls` calls in all. Answers 429s, attempts, seconds.
local function processes(e, calls, rate)
  local file, script = os.tmpname(), os.tmpname()
  local out = assert(io.open(script, "wb"))
  out:write(WORKER)
  out:close()
  local pipes = {}
  for i = 1, 4 do
    pipes[i] = assert(io.popen(("%s %s %s %s %d %g"):format(shell.lua(), shell.quote(script),
      shell.quote(e.url), shell.quote(file), calls // 4, rate), "r"))
  end
  local limited, attempts, first, last = 0, 0, math.huge, 0
  for i = 1, 4 do
    local a, b, started, ended = pipes[i]:read("n", "n", "n", "n")
    assert(ended, "a process failed")
    limited, attempts = limited + a, attempts + b
    first, last = math.min(first, started), math.max(last, ended)
    pipes[i]:close()
  end
  os.remove(file)
  os.remove(script)
  return limited, attempts, last - first
end

local function prove(calls, rate, limits)
  local e <close> = emulator.start { people = 5, quirks = { "limits=" .. limits } }
  local limited, attempts, took = processes(e, calls, rate)
  local reached = calls / took
  print(("  %d calls from 4 processes at %g/s: %d x 429, %d attempts, %.1f s, %.1f %% of the rate")
    :format(calls, rate, limited, attempts, took, 100 * reached / rate))
  assert.is_true(limited <= 2, limited .. " times 429")
  assert.equal(calls + limited, attempts)
  assert.is_true(reached >= 0.9 * rate / wire.slow, ("%g calls a second"):format(reached))
  assert.is_true(reached <= rate * (1 + 10 / calls) + 0.02 * rate)
end

describe("processes", function()
  it("share a state file: 1,000 calls #alone", function() prove(1000, 250, "333/1") end)
  it("share a state file: 10,000 calls #proof", function() prove(10000, 250, "333/1") end)

  it("a state file that cannot be used is told", function()
    local ok, problem = pcall(sei.client, { base_url = "http://127.0.0.1:9/sei/api", api_key = "k",
      pace = { file = "/nowhere/at/all" } })
    assert.is_false(ok)
    assert.matches("/nowhere/at/all", tostring(problem))
  end)
end)
