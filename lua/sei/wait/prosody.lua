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

-- `wake` resumes nobody but by util.async, which has its own way with errors.
local function watch(fd, seconds, wake)
  local timer = require "util.timer"
  local reader, task
  local function cancel()
    if reader then reader:close() end
    if task then timer.stop(task) end
    reader, task = nil, nil
  end
  local function fire()
    cancel()
    wake()
  end
  if fd then reader = require "net.server".watchfd(fd, fire) end
  if seconds then task = timer.add_task(seconds, fire) end
  return cancel
end

local function how(entry)
  local wait, done = require "util.async".waiter()
  entry.resume = function() done() end
  wait()
end

return waiters.new(watch, how)
