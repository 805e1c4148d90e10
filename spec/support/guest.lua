--- What the specs of guests in an event loop share: jobs that a coroutine may be
-- closed in, stalls, memory.
local assert = require "luassert"
local dice = require "spec.support.dice"
local emulator = require "spec.support.emulator"
local sei = require "sei"
local uv = require "luv"

local guest = {}

--- Deadlines are longer under valgrind.
guest.SLOW = math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10)

--- A client that waits in a loop.
-- @tparam Emulator e
-- @tparam string host "luv" or "cqueues"
function guest.client(e, host)
  return sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0,
    wait = sei.wait[host] }
end

--- The share-th of the values, 0.99 for one.
function guest.percentile(values, share)
  table.sort(values)
  return values[math.max(1, math.ceil(#values * share))]
end

--- A function that is called at each tick of a timer in the loop, and a list of
-- the seconds of processor time between each tick and the next: what the loop
-- was kept busy for. (The time on the clock tells more of the other programs on
-- the machine.)
-- @treturn function
-- @treturn {number,...}
function guest.ticker()
  local busy, before = {}, nil
  return function()
    local now = os.clock()
    if before then busy[#busy + 1] = now - before end
    before = now
  end, busy
end

--- Says how long the loop was kept busy, and checks the share-th of it.
-- @tparam {number,...} busy
-- @tparam number share 0.99 for the 99th percentile
-- @tparam number most seconds
function guest.check_busy(busy, share, most)
  local found = guest.percentile(busy, share)
  print(("busy: %.1f ms half of the time, %.1f at the %.0fth percentile, %.1f at worst, %d ticks")
    :format(guest.percentile(busy, 0.5) * 1000, found * 1000, share * 100, busy[#busy] * 1000,
      #busy))
  assert(found <= most * guest.SLOW, found)
end

-- ---- cancelling ----

local function drain(...)
  local n = 0
  for _ in ... do n = n + 1 end
  return n
end

local ROW <const> = { email = "nobody@example.com", integrationId = 5322, identity = "x" }

--- What a coroutine may be doing when it is closed: functions of a client.
guest.JOBS = {
  function(client) return drain(client:list_contributors { page_size = 20 }) end,
  function(client) return drain(client:list_identities { page_size = 50, window = 1 }) end,
  function(client) return drain(client:list_licensed()) end,
  function(client) return drain(client:download_identities()) end,
  function(client) return client:get_schema() end,
  function(client) return client:patch_identities { ROW, ROW, ROW } end,
  function(client)
    return drain(sei.wait.wrap(function()
      for c in client:list_contributors { page_size = 50 } do coroutine.yield(c) end
    end))
  end,
}

--- random(n) and random(low, high) that give the same for the same seed.
function guest.random_of(seed)
  local roll = dice(seed)
  return function(low, high)
    if not high then return roll(low) end
    return low - 1 + roll(high - low + 1)
  end
end

-- KiB that Lua knows of, when all garbage is gone.
local function memory()
  for _ = 1, 3 do collectgarbage() end
  return collectgarbage "count"
end

--- Descriptors that this process has open.
function guest.descriptors()
  local n, scan = 0, assert(uv.fs_scandir "/proc/self/fd")
  while uv.fs_scandir_next(scan) do n = n + 1 end
  return n
end

--- Handles for which luv's loop would wait.
function guest.handles()
  local n = 0
  uv.walk(function(handle)
    if handle:is_active() then n = n + 1 end
  end)
  return n
end

--- Cuts calls of one client off, and checks that nothing is left of them.
-- @tparam string host as for guest.client
-- @tparam function cancel_many `cancel_many(client, random, times, together, seen)` puts each
-- coroutine into the weak set `seen`; returns how many were cut off, and how many ended before
-- @tparam integer times how many are to be cut off
-- @tparam integer seed
-- @tparam ?function settle called when all are cut off, before memory is looked at
-- @treturn string what to show
function guest.check_leaks(host, cancel_many, times, seed, settle)
  local e <close> = emulator.start { people = 200, accounts = 300 }
  local client, settled = guest.client(e, host), settle or function() end
  local random, seen = guest.random_of(seed), setmetatable({}, { __mode = "k" })
  cancel_many(client, random, 70, 7, seen) -- what is made once, is made now
  settled()
  local before, files = memory(), guest.descriptors()
  local cut, ended = cancel_many(client, random, times, 10, seen)
  local text = ("seed %d, %d cut off, %d ended"):format(seed, cut, ended)
  assert.equal(0, client:active(), text)
  settled()
  local after = memory()
  assert.is_nil(next(seen), text)
  assert.is_true(after - before < 64, ("%s: %.0f KiB more"):format(text, after - before))
  client:close()
  assert.is_true(guest.descriptors() <= files, text)
  return text
end

return guest
