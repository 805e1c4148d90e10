--- Waits in the event loop of Prosody (0.12 and newer, with Lua 5.4).
--
--     -- in a module
--     local sei = require "sei"
--     local client = sei.client { …, wait = sei.wait.prosody }
--
-- Calls are made where Prosody's `util.async` can wait: in handlers of HTTP
-- requests and of stanzas, and in runners of one's own. Coroutines within them
-- are made by `sei.wait.wrap`.
-- @module sei.wait.prosody

local waiters = require "sei.wait.waiters"

-- Prosody's epoll loop serves descriptors until none is ready, and its timers only
-- then. A service that is quicker than we are would keep them waiting for as long
-- as there is something to read: so in the course of a descriptor's callback the
-- next one is watched by way of a timer.
local inside = false
local Outside = setmetatable({}, { __close = function() inside = false end })

-- `wake` resumes nobody but by util.async, which has its own way with errors.
local function watch(fd, seconds, wake)
  local timer = require "util.timer"
  local reader, later, task
  local function cancel()
    if reader then reader:close() end
    if later then timer.stop(later) end
    if task then timer.stop(task) end
    reader, later, task = nil, nil, nil
  end
  local function fire()
    cancel()
    wake()
  end
  local function read()
    local _ <close> = Outside
    inside = true
    fire()
  end
  local function look()
    later = nil
    reader = require "net.server".watchfd(fd, read)
  end
  if fd and seconds ~= 0 then
    if inside then later = timer.add_task(0, look) else look() end
  end
  if seconds then task = timer.add_task(seconds, fire) end
  return cancel
end

local function how(entry)
  local wait, done = require "util.async".waiter()
  entry.resume = function() done() end
  wait()
end

return waiters.new(watch, how)
