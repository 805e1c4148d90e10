-- A guest in the loop of cqueues: how long it keeps the loop's other work
-- waiting, and what is left of controllers that were dropped, and of calls that
-- were cancelled, in the middle of anything.
local emulator = require "spec.support.emulator"

local found, cqueues = pcall(require, "cqueues")
if not found or not pcall(require, "luv") then
  describe("a guest in cqueues", function()
    pending "lua-cqueues or lua-luv is not installed"
  end)
  return
end

local guest = require "spec.support.guest"

-- Lists `people` at 1,000 a page in as many coroutines of one client, beside a
-- coroutine that ticks every millisecond. Returns what guest.ticker says.
local function list_all(people, together)
  local e <close> = emulator.start { people = people }
  local client <close> = guest.client(e, "cqueues")
  local loop, left, tick, busy = cqueues.new(), together, guest.ticker()
  for _ = 1, together do
    loop:wrap(function()
      local n = 0
      for _ in client:list_contributors { page_size = 1000 } do n = n + 1 end
      assert.equal(people, n)
      left = left - 1
    end)
  end
  loop:wrap(function()
    while left > 0 do
      cqueues.sleep(0.001)
      tick()
    end
  end)
  assert(loop:loop())
  loop:close()
  return busy
end

describe("listing contributors at 1,000 a page in the loop of cqueues", function()
  it("lets the loop have its turn between pages", function()
    assert.is_true(#list_all(8000, 3) >= 8)
  end)

  it("#proof keeps it busy 10 ms at most (99th percentile), 80,715 of them", function()
    guest.check_busy(list_all(80715, 1), 0.99, 0.010)
  end)

  -- Without the collector, whose work on eight lists at once is another matter.
  it("#proof keeps it busy 10 ms at most (95th percentile), eight lists of one client", function()
    collectgarbage "stop"
    finally(function() collectgarbage "restart" end)
    guest.check_busy(list_all(8000, 8), 0.95, 0.010)
  end)
end)

-- Starts jobs in a controller of their own, `together` at a time, and after some
-- steps cancels the client's requests or drops the controller, whose coroutines
-- go without a word then. Goes on until `times` jobs did not end by themselves.
local function cancel_many(client, random, times, together, seen)
  local cut, ended = 0, 0
  while cut < times do
    assert(ended < 10 * times + 100, "none of them lasts")
    local loop, left = cqueues.new(), together
    for _ = 1, together do
      local job = guest.JOBS[random(#guest.JOBS)]
      loop:wrap(function()
        seen[coroutine.running()] = true
        pcall(job, client)
        left = left - 1
      end)
    end
    for _ = 1, random(0, 3 * together) do assert(loop:step(random(2) == 1 and 0.001 or 0)) end
    ended, cut = ended + together - left, cut + left
    if random(2) == 1 then
      client:cancel()
      assert(loop:loop())
      assert.equal(0, left)
    end
    loop:close()
    collectgarbage()
  end
  return cut, ended
end

local function check_leaks(times, seed)
  return guest.check_leaks("cqueues", cancel_many, times, seed)
end

describe("controllers of cqueues dropped at random points", function()
  it("leave nothing: 200 calls", function() check_leaks(200, 1) end)

  it("#proof leave nothing: 10,000 calls", function() print(check_leaks(10000, 2)) end)
end)
