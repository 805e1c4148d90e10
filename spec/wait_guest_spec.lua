-- A guest in luv's loop: how long it keeps the loop's other work waiting, and
-- what is left of coroutines that were closed in the middle of anything.
local emulator = require "spec.support.emulator"

local found, uv = pcall(require, "luv")
if not found then
  describe("a guest in luv", function()
    pending "lua-luv is not installed"
  end)
  return
end

local guest = require "spec.support.guest"

-- ---- stalls ----

-- Runs the loop with a timer of 1 ms while `job` runs in a coroutine. Returns
-- what guest.ticker says.
local function stalls(job)
  local timer, problem = uv.new_timer(), nil
  local tick, busy = guest.ticker()
  timer:start(1, 1, tick)
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
  local client <close> = guest.client(e, "luv")
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
    guest.check_busy(list_all(80715), 0.99, 0.010)
  end)
end)

-- ---- cancelling ----

-- Starts coroutines, `together` at a time, and closes each after some turns of
-- the loop, wherever it is then, until `times` were closed and not over by
-- themselves. `seen` is a weak set of all of them.
local function cancel_many(client, random, times, together, seen)
  local closed, ended = 0, 0
  while closed < times do
    assert(ended < 10 * times + 100, "none of them lasts")
    local running = {}
    for i = 1, together do
      local job = guest.JOBS[random(#guest.JOBS)]
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

-- No handle is left at work, and the callbacks of those that were closed are called.
local function settle()
  assert.equal(0, guest.handles())
  uv.run "nowait"
end

local function check_leaks(times, seed)
  return guest.check_leaks("luv", cancel_many, times, seed, settle)
end

describe("coroutines closed at random points in luv's loop", function()
  it("leave nothing: 200 of them", function() check_leaks(200, 1) end)

  it("#proof leave nothing: 10,000 of them", function() print(check_leaks(10000, 2)) end)
end)
