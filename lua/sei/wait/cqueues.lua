--- Waits in the event loop of cqueues.
--
--     local cqueues, sei = require "cqueues", require "sei"
--     local client = sei.client { …, wait = sei.wait.cqueues }
--     local loop = cqueues.new()
--     loop:wrap(function() print(#client:get_schema().fields) end)
--     assert(loop:loop())
--
-- Calls are made in coroutines of a controller, those of a lua-http server for
-- one. Coroutines within them are made by `cqueues.auxlib`'s wrap (or by
-- `sei.wait.wrap`, if they wait for nothing but clients).
-- @module sei.wait.cqueues

local core = require "sei.core"
local waiters = require "sei.wait.waiters"

-- Only loaded where somebody waits.
local cqueues = setmetatable({}, { __index = function(_, name) return require "cqueues"[name] end })

-- ---- whose turn it is ----

-- cqueues resumes in one step of its loop all who wait for the same descriptor,
-- one after another, and looks at nothing else meanwhile. So whoever is resumed
-- when the step's slice is used up stands in a queue, and the first of it has
-- the next step. Controller -> its slice and its queue; coroutines of a
-- controller that is dropped go without a word, and their queue with them.
local turns = setmetatable({}, { __mode = "k" })

local function turn_of(controller)
  local turn = turns[controller]
  if not turn then
    turn = { since = waiters.clock(), first = false, last = false }
    turns[controller] = turn
  end
  return turn
end

local Place = {}

local function enter(turn)
  local place = setmetatable({ turn = turn, ready = require "cqueues.condition".new(),
    before = turn.last, after = false }, Place)
  if turn.last then turn.last.after = place else turn.first = place end
  turn.last = place
  return place
end

-- Whoever is first now may come.
function Place.__close(place)
  local turn = place.turn
  if place.before then place.before.after = place.after else turn.first = place.after end
  if place.after then place.after.before = place.before else turn.last = place.before end
  if not place.before and turn.first then turn.first.ready:signal() end
end

local function queue(turn)
  local place <close> = enter(turn)
  while turn.first ~= place do
    waiters.park(function() cqueues.poll(place.ready) end)
  end
  if not waiters.is_tired(turn.since) then return end
  waiters.park(function() cqueues.poll(0) end)
  turn.since = waiters.clock()
end

-- Waits by `how` until it is the caller's turn, and says since when the slice
-- runs. A slice that is older than the wait was another step's.
local function wait_turn(how)
  local turn, parked = turn_of(cqueues.running()), waiters.clock()
  waiters.park(how)
  if turn.first or turn.since > parked and waiters.is_tired(turn.since) then
    queue(turn)
  elseif turn.since <= parked then
    turn.since = waiters.clock()
  end
  return turn.since
end

-- ---- what is waited for ----

local function yield() cqueues.poll(0) end

-- A descriptor may only be closed when no coroutine polls it: cqueues takes
-- back what it knows of it when it resumes them. So they poll one of their own,
-- which goes with the last of them once the client is closed.
local Watch = {}
Watch.__index = Watch

function Watch:pollfd() return core.twin_fd(self.twin) end

function Watch:close()
  local fd = core.twin_fd(self.twin)
  if fd >= 0 then cqueues.cancel(fd) end
  core.twin_close(self.twin)
end

Watch.__gc = Watch.close

local function leave(visit)
  local watch = visit.watch
  watch.count = watch.count - 1
  if watch.closed and watch.count == 0 then watch:close() end
end

local Visit = { __close = leave }

local function watch_of(client)
  local state = core.state(client)
  if not state.watch then
    local watch = setmetatable({ twin = core.twin(client), events = "r", count = 0 }, Watch)
    state.watch = watch
    state.closing = function()
      watch.closed = true
      cqueues.cancel(watch:pollfd()) -- wakes them
      if watch.count == 0 then watch:close() end
    end
  end
  return state.watch
end

return waiters.own(function(client, at_once)
  waiters.check_yieldable()
  if not cqueues.running() then
    error("bad option 'wait': this call would block; make it in a coroutine of cqueues,"
      .. " by wrap of a controller", 0)
  end
  if at_once then return wait_turn(yield) end
  local seconds, watch = client:timeout(), watch_of(client)
  local _ <close> = setmetatable({ watch = watch }, Visit)
  watch.count = watch.count + 1
  return wait_turn(function() cqueues.poll(watch, seconds) end)
end)
