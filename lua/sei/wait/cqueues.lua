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
  if at_once then return waiters.park(yield) end
  local seconds, watch = client:timeout(), watch_of(client)
  local _ <close> = setmetatable({ watch = watch }, Visit)
  watch.count = watch.count + 1
  waiters.park(function() cqueues.poll(watch, seconds) end)
end)
