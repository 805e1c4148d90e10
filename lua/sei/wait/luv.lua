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

local waiters = require "sei.wait.waiters"

-- libuv rounds its own time down; a wake before its time would be for nothing.
local function milliseconds(seconds) return math.ceil(math.min(seconds, 3600) * 1000) end

-- One handle of each kind per watch: libuv takes a descriptor only once, and
-- it may be closed as soon as nobody watches it.
local function watch(fd, seconds, wake)
  local uv = require "luv"
  local handles = {}
  local function cancel()
    for _, handle in ipairs(handles) do handle:close() end
  end
  local function fire()
    cancel()
    wake()
  end
  if fd then
    handles[1] = assert(uv.new_poll(fd))
    assert(handles[1]:start("r", fire))
  end
  if seconds then
    local timer = assert(uv.new_timer())
    handles[#handles + 1] = timer
    uv.update_time() -- it counts from when the loop last looked at the clock
    assert(timer:start(milliseconds(seconds), 0, fire))
  end
  return cancel
end

return waiters.new(watch)
