-- A guest in luv's loop: how long it keeps the loop's other work waiting, and
-- what is left of coroutines that were closed in the middle of anything.
local emulator = require "spec.support.emulator"
local sei = require "sei"


local found, uv = pcall(require, "luv")
if not found then
  describe("a guest in luv", function()
    pending "lua-luv is not installed"
  end)
  return
end

-- Under valgrind everything takes longer.
local SLOW <const> = math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10)

local function new_client(e)
  return sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0,
    wait = sei.wait.luv }
end

-- The share-th of the values, 0.99 for one.
local function percentile(values, share)
  table.sort(values)
  return values[math.max(1, math.ceil(#values * share))]
end

-- ---- stalls ----

-- Runs the loop with a timer of 1 ms while `job` runs in a coroutine. Returns
-- the seconds of processor time between each tick and the next: what the loop
-- was kept busy for. (The time on the clock tells more of the other programs
-- on the machine.)
local function stalls(job)
  local busy, before, timer, problem = {}, nil, uv.new_timer(), nil
  timer:start(1, 1, function()
    local now = os.clock()
    if before then busy[#busy + 1] = now - before end
    before = now
  end)
  assert(coroutine.resume(coroutine.create(function()
    local ok, why = pcall(job)
    problem = not ok and why
    timer:close()
  end)))
  uv.run()
  if problem then error(problem, 0) end
  return busy
end

local function list_all(people, window)
  local e <close> = emulator.start { people = people }
  local client <close> = new_client(e)
  local n = 0
  local busy = stalls(function()
    for _ in client:list_contributors { page_size = 1000, window = window } do n = n + 1 end
  end)
  assert.equal(people, n)
  return busy
end

describe("listing contributors at 1,000 a page in luv's loop", function()
  it("lets the loop have its turn between pages", function()
    assert.is_true(#list_all(20000, 2) >= 8)
  end)

  it("#proof keeps it busy 10 ms at most (99th percentile), 80,715 of them", function()
    local busy = list_all(80715)
    local p99 = percentile(busy, 0.99)
    print(("busy: %.1f ms at the 99th percentile, %.1f at worst, %d ticks"):format(p99 * 1000,
      busy[#busy] * 1000, #busy))
    assert.is_true(p99 <= 0.010 * SLOW, p99)
  end)
end)

-- ---- cancelling ----

local function entries(folder)
  local n, scan = 0, assert(uv.fs_scandir(folder))
  while uv.fs_scandir_next(scan) do n = n + 1 end
  return n
end

local function handles()
  local n = 0
  uv.walk(function(handle)
    if handle:is_active() then n = n + 1 end
  end)
  return n
end

local function drain(...)
  local n = 0
  for _ in ... do n = n + 1 end
  return n
end

local ROW <const> = { email = "nobody@example.com", integrationId = 5322, identity = "x" }

-- What a coroutine may be doing when it is closed.
local JOBS <const> = {
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

-- Starts coroutines, `together` at a time, and closes each after some turns of
-- the loop, wherever it is then, until `times` were closed and not over by
-- themselves. `seen` is a weak set of all of them.
local function cancel_many(client, random, times, together, seen)
  local closed, ended = 0, 0
  while closed < times do
    assert(ended < 10 * times + 100, "none of them lasts")
    local running = {}
    for i = 1, together do
      local job = JOBS[random(#JOBS)]
      local co = coroutine.create(function() return pcall(job, client) end)
      seen[co], running[i] = true, co
      assert(coroutine.resume(co))
    end
    while #running > 0 do
      for _ = 1, random(0, 3) do uv.run(random(2) == 1 and "once" or "nowait") end
      local co = table.remove(running, random(#running))
      if coroutine.status(co) == "dead" then
        ended = ended + 1
      else
        assert(coroutine.close(co))
        closed = closed + 1
      end
    end
  end
  return closed, ended
end

local function random_of(seed)
  local state = seed
  return function(low, high)
    if not high then low, high = 1, low end
    state = (state * 1103515245 + 12345) % 2147483648
    return low + (state >> 8) % (high - low + 1)
  end
end

-- KiB that Lua knows of, when all garbage is gone.
local function memory()
  uv.run "nowait" -- the callbacks of closed handles
  for _ = 1, 3 do collectgarbage() end
  return collectgarbage "count"
end

local function check_leaks(times, seed)
  local e <close> = emulator.start { people = 200, accounts = 300 }
  local client = new_client(e)
  local random, seen = random_of(seed), setmetatable({}, { __mode = "k" })
  cancel_many(client, random, 70, 7, seen) -- what is made once, is made now
  client:cancel()
  uv.run()
  local before, files = memory(), entries "/proc/self/fd"
  local closed, ended = cancel_many(client, random, times, 10, seen)
  local text = ("seed %d, %d closed, %d ended"):format(seed, closed, ended)
  assert.equal(0, client:active(), text)
  assert.equal(0, handles(), text)
  local after = memory()
  assert.is_nil(next(seen), text)
  assert.is_true(after - before < 64, ("%s: %.0f KiB more"):format(text, after - before))
  client:close()
  assert.is_true(entries "/proc/self/fd" <= files, text)
  return text
end

describe("coroutines closed at random points in luv's loop", function()
  it("leave nothing: 200 of them", function() check_leaks(200, 1) end)

  it("#proof leave nothing: 10,000 of them", function() print(check_leaks(10000, 2)) end)
end)
