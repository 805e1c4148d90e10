--- Waits in the event loop of luv (libuv).
--
--     local uv, sei = require "luv", require "sei"
--     local client = sei.client { …, wait = sei.wait.luv }
--     coroutine.wrap(function() print(#client:get_schema().fields) end)()
--     uv.run()
--
-- Calls are made in coroutines; while one waits, the loop serves others. What a
-- coroutine raises is raised into luv, which ends the program: catch it there.
-- @module sei.wait.luv

local core = require "sei.core"
local waiters = require "sei.wait.waiters"

-- libuv rounds its own time down; a wake before its time would be for nothing.
local function milliseconds(seconds) return math.ceil(math.min(seconds, 3600) * 1000) end

-- Handles that nobody uses just now: a timer and, from its first use on, a poll
-- handle with its twin. None is ever closed: luv 1.44 uses what it has freed if
-- a state ends before its loop has done with a handle that was closed. Nor are
-- they collected: luv holds on to them. So they are used again, and there are
-- as many as clients were waited for at once. A poll handle cannot change its
-- descriptor; but its descriptor, the twin, turns to the next client.
local idle = {}

local function take(uv)
  local set = table.remove(idle)
  if set then return set end
  set = { fire = false, timer = assert(uv.new_timer()) }
  function set.ring()
    if set.fire then set.fire() end
  end
  return set
end

local function start_poll(set, client, uv)
  if set.poll then
    core.twin_turn(set.twin, client)
  else
    set.twin = core.twin(client)
    set.poll = assert(uv.new_poll(core.twin_fd(set.twin)))
  end
  assert(set.poll:start("r", set.ring))
end

local function watch(fd, seconds, wake, client)
  local uv = require "luv"
  local set = take(uv)
  local function cancel()
    set.fire = false
    set.timer:stop()
    if set.poll then set.poll:stop() end
    idle[#idle + 1] = set
  end
  function set.fire()
    cancel()
    wake()
  end
  local ok, problem = true, nil
  if fd then ok, problem = pcall(start_poll, set, client, uv) end
  if not ok then
    cancel()
    error(problem, 0)
  end
  if seconds then
    uv.update_time() -- it counts from when the loop last looked at the clock
    assert(set.timer:start(milliseconds(seconds), 0, set.ring))
  end
  return cancel
end

return waiters.new(watch)
