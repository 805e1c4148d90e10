--- Those who wait for a client inside a host's event loop.
--
-- What the adapters share. A host says in one function how it watches a
-- descriptor and a time; here are the coroutines that wait, in the order in
-- which they came, one watch for all who wait for the same client, and what
-- happens when one of them is closed, or the client is.
-- @module sei.wait.waiters

local core = require "sei.core"

local waiters = {}

-- Seconds for which coroutines may run before the host has its turn again.
local SLICE <const> = 0.003

-- Coroutines that waiters.wrap made: what they wait for goes through them.
local nested = setmetatable({}, { __mode = "k" })
-- The wait functions made here; they take a second argument.
local made = setmetatable({}, { __mode = "k" })

--- Seconds of a clock that never goes back.
-- @treturn number
function waiters.clock() return -core.left(0) end

local clock = waiters.clock

--- Whether a coroutine that has run since then should let the host have its
-- turn.
-- @tparam number since what waiters.clock said
function waiters.is_tired(since) return clock() - since > SLICE end

--- Whether a wait function can be asked to come back at once.
function waiters.is_made(pause) return made[pause] == true end

-- ---- one who waits ----

-- An entry is what its coroutine yields. Where a coroutine in between takes it
-- for an item, it is to be heard.
local SAID <const> = "a coroutine that waits for the service was resumed as an iterator:"
  .. " make it with sei.wait.wrap instead of coroutine.wrap"
local function complain() error(SAID, 2) end
local Entry = { __index = complain, __newindex = complain, __pairs = complain, __len = complain,
  __tostring = function() return SAID end }

-- Takes an entry out of its group's list.
local function leave(entry)
  local group = entry.group
  if not group then return end
  entry.group = false
  if entry.before then entry.before.after = entry.after else group.first = entry.after end
  if entry.after then entry.after.before = entry.before else group.last = entry.before end
  if not group.first and not group.waking and group.cancel then
    local cancel = group.cancel
    group.cancel = nil
    cancel()
  end
end
Entry.__close = leave

local function enter(group, park)
  group.serial = group.serial + 1
  local entry = setmetatable({ group = group, park = park, serial = group.serial,
    before = group.last or false, after = false, co = false, resume = false }, Entry)
  if group.last then group.last.after = entry else group.first = entry end
  group.last = entry
  return entry
end

-- Yields until the entry is resumed: here, or where waiters.wrap hands it on.
local function park(entry)
  if nested[coroutine.running()] then coroutine.yield(entry) else entry.park(entry) end
end

-- How a coroutine waits where the host has no way of its own.
local function park_plainly(entry)
  entry.co = coroutine.running()
  coroutine.yield(entry)
end

local function resume(entry)
  if entry.resume then return entry.resume() end
  local ok, problem = coroutine.resume(entry.co)
  if not ok then return debug.traceback(entry.co, tostring(problem)) end
end

-- ---- all who wait for one client ----

local wake

-- Watches for the group instead of what it watched for.
local function rewatch(group, fd, seconds)
  local cancel = group.cancel
  group.cancel = nil
  if cancel then cancel() end
  group.due = seconds and clock() + seconds
  group.cancel = group.watch(fd, seconds, function()
    group.cancel = nil
    return wake(group)
  end, group.client)
end

-- Watches for the client. Nothing to watch once it is closed: those who wait are
-- to find out.
local function arm(group, seconds)
  local open, fd = pcall(group.client.pollfd, group.client)
  if open then rewatch(group, fd, seconds) else rewatch(group, nil, 0) end
end

-- How long the group may wait; nil: for ever.
local function patience(group)
  local open, seconds = pcall(group.client.timeout, group.client)
  return not (open and not group.hasty) and 0 or seconds
end

-- Resumes all who wait now, in their order, as far as the slice reaches. What
-- one of them raised is raised into the host when all had their turn.
function wake(group)
  local last, start, problem = group.serial, clock(), nil
  group.waking, group.hasty = true, false
  while group.first and group.first.serial <= last do
    local entry = group.first
    leave(entry)
    problem = resume(entry) or problem
    if waiters.is_tired(start) and group.first and group.first.serial <= last then
      group.hasty = true
      break
    end
  end
  group.waking = false
  if group.first then arm(group, patience(group)) end
  if problem then error(problem, 0) end
end

-- The client is about to be closed: its descriptor goes.
local function closing(group)
  if group.first and not group.waking then rewatch(group, nil, 0) end
end

local function group_of(client, watch)
  local state = core.state(client)
  if not state.waiters then
    local group = { client = client, watch = watch, serial = 0, waking = false, hasty = false }
    state.waiters = group
    state.closing = function() closing(group) end
  end
  return state.waiters
end

-- ---- what adapters use ----

--- Raises if the caller cannot yield.
function waiters.check_yieldable()
  if coroutine.isyieldable() then return end
  error("bad option 'wait': this call would block the host's event loop; call it in a coroutine"
    .. " (and not inside a function that cannot yield, such as the order given to table.sort)", 0)
end

local function check_function(value, at, name)
  if type(value) == "function" then return end
  error(("bad argument #%d to 'sei.wait.%s' (function expected, got %s)"):format(at, name,
    type(value)), 0)
end

--- Makes a wait function for a host.
-- @tparam function watch `watch(fd, seconds, wake, client)` asks the host to call `wake` once, out
-- of its loop and never at once: when the descriptor `fd` is readable (nil: there is none) or after
-- `seconds` (nil: whenever). It returns a function that calls it off; that one is not called
-- after `wake` was. `wake` may raise, as any callback of the host may. A client has one watch at a
-- time.
-- @tparam ?function how `how(entry)` yields the running coroutine in the host's own way, having
-- set `entry.resume` to a function that resumes it; default: coroutine.yield and resume
-- @treturn function for the option `wait` of sei.client
function waiters.new(watch, how)
  check_function(watch, 1, "new")
  if how ~= nil then check_function(how, 2, "new") end
  local function pause(client, at_once)
    waiters.check_yieldable()
    local seconds = at_once and 0 or client:timeout()
    local group = group_of(client, watch)
    local entry <close> = enter(group, how or park_plainly)
    if at_once then group.hasty = true end
    if not group.waking and (not group.cancel
      or seconds and (not group.due or clock() + seconds < group.due)) then
      arm(group, seconds)
    end
    park(entry)
  end
  return waiters.own(pause)
end

--- Declares a wait function one that takes `at_once`: to come back when the
-- host had its turn, whatever the client waits for.
-- @tparam function pause `pause(client, at_once)`; what it returns, if anything, is the time (of
-- waiters.clock) since which coroutines have kept the host waiting
-- @treturn function the same
function waiters.own(pause)
  made[pause] = true
  return pause
end

--- Waits in the way `how`; through the coroutines that waiters.wrap made.
-- @tparam function how yields the running coroutine
function waiters.park(how)
  return park(setmetatable({ group = false, park = how, co = false, resume = false }, Entry))
end

-- Closes an inner coroutine whose outer one was closed while both waited.
local Inner = { __close = function(guard)
  if not guard.done then coroutine.close(guard.co) end
end }

local function wait_outside(co, entry)
  local guard <close> = setmetatable({ co = co, done = false }, Inner)
  park(entry)
  guard.done = true
end

local function handed_on(co, ok, ...)
  if not ok then
    coroutine.close(co)
    error((...), 0)
  end
  local entry = ...
  if type(entry) ~= "table" or getmetatable(entry) ~= Entry then return ... end
  wait_outside(co, entry)
  return handed_on(co, coroutine.resume(co))
end

--- The same as coroutine.wrap for a function that uses a client: what it waits
-- for is waited for by whoever calls the result, and not taken for an item.
-- @tparam function f
-- @treturn function resumes f
function waiters.wrap(f)
  check_function(f, 1, "wrap")
  local co = coroutine.create(f)
  nested[co] = true
  return function(...) return handed_on(co, coroutine.resume(co, ...)) end
end

return waiters
