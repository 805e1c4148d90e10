--- How to wait: step, wait, step.
--
-- C tries once and never waits; here is the loop around it. Waiting itself is
-- replaceable: `sei.client{ wait = function(client) … end }` gets a client
-- whose descriptor and timeout say what to wait for, and returns when it is
-- worth another step. It may yield. For event loops there are `sei.wait.luv`,
-- `sei.wait.cqueues` and `sei.wait.prosody`; `sei.wait.new` makes another one.
-- @module sei.wait

local core = require "sei.core"
local usual = core.usual

local wait = {}

-- As waiters.clock, which only those load who wait in an event loop.
local function clock() return -core.left(0) end

--- Blocks on the client's descriptor: the default.
-- @tparam client client
function wait.block(client)
  core.poll(client:pollfd(), client:timeout())
end

-- Whoever waits is known to the client, so that it is woken when somebody
-- else's step brought what it waits for.
local waiting = {
  __close = function(guard) guard.await(guard.thing, false) end,
}

-- After a 401 the key source is read again, once for all who got one.
local function renew_key(client)
  local ok, key = pcall(core.state(client).key)
  core.new_key(client, ok and type(key) == "string" and key or nil)
end

-- Hooks and log; whoever has none does not load what tells them.
local function tell(client, state)
  if state.teller then require "sei.event".tell(client) end
end

-- What is to be done between two steps. True: another step is due at once.
local function attend(client, state)
  if core.wants_key(client) then renew_key(client) end
  local again = state.recording and state.recording:attend(client)
  tell(client, state)
  return again
end

-- Steps once and hands out what it brought: records, hooks, logs.
local function step(client, state)
  repeat client:step() until not attend(client, state)
end

-- What is recorded or told although nobody waits any more: requests that were
-- cancelled by closing the client.
local function on_closed(client)
  local state = core.state(client)
  if state.recording then state.recording:attend(client) end
  tell(client, state)
end

-- An event loop must let go of the descriptor while there is one.
local function on_closing(client)
  local closing = core.state(client).closing
  if closing then closing(client) end
end

core.on_close(on_closing, on_closed)

local function is_adapter(pause)
  return pause ~= wait.block and require "sei.wait.waiters".is_made(pause)
end

-- Whether a host's event loop should have its turn although nothing need be
-- waited for: a service that is quicker than a script would keep the host out.
local function is_tired(pause, state)
  if not is_adapter(pause) then return false end
  state.since = state.since or clock()
  return require "sei.wait.waiters".is_tired(state.since)
end

--- Steps and waits until `poll(thing)` says that it may go on.
-- @tparam userdata thing a walk, a download or a call
-- @tparam function poll the core's function that tells
-- @tparam function await the core's function that enters and leaves the list
function wait.for_(thing, poll, await)
  local client = core.client_of(thing)
  local state = core.state(client)
  local pause, stuck = state.wait or usual.wait or wait.block, state.stuck
  local _ <close> = setmetatable({ thing = thing, await = await }, waiting)
  await(thing, true)
  while true do
    step(client, state)
    local ready, again = poll(thing), attend(client, state) -- polling may send, too
    if ready and not is_tired(pause, state) then return end
    if ready or not again and not (stuck and stuck(client)) then
      local since = pause(client, ready) -- an adapter's: when its slice began
      state.since = is_adapter(pause) and since or clock()
      -- somebody may have closed the client meanwhile: then it cannot step, but it
      -- can say what became of the thing
      if client:active() == 0 and poll(thing) then
        attend(client, state)
        return
      end
    end
  end
end

core.on_walk(function(walk) wait.for_(walk, core.walk_poll, core.walk_await) end)
core.on_download(function(download)
  wait.for_(download, core.download_poll, core.download_await)
end)

local function told(client, ...)
  tell(client, core.state(client))
  return ...
end

--- Waits until a call is done and takes its result.
-- @tparam userdata call
-- @return the value and the status; or nil and an error object
function wait.result(call)
  wait.for_(call, core.call_done, core.call_await)
  return told(core.client_of(call), core.call_result(call))
end

--- Makes a wait function for an event loop: see sei.wait.waiters.new.
-- @tparam function watch
-- @tparam ?function how
-- @treturn function for the option `wait` of sei.client
function wait.new(watch, how) return require "sei.wait.waiters".new(watch, how) end

--- coroutine.wrap for a function that uses a client whose wait function yields:
-- see sei.wait.waiters.wrap.
-- @tparam function f
-- @treturn function resumes f
function wait.wrap(f) return require "sei.wait.waiters".wrap(f) end

-- What each adapter needs of its host: nothing is loaded that nobody asks for.
local NEEDS <const> = { luv = "luv", cqueues = "cqueues", prosody = "util.async" }

-- A misspelt one is no nil: a client with `wait = nil` blocks.
local function misspelt(name)
  local known = { new = true, wrap = true }
  for host in pairs(NEEDS) do known[host] = true end
  error(("sei.wait has no '%s'%s"):format(tostring(name),
    require "sei.options".suggest(tostring(name), known)), 3)
end

return setmetatable(wait, { __index = function(self, name)
  if not NEEDS[name] then misspelt(name) end
  require(NEEDS[name])
  local pause = require("sei.wait." .. name)
  rawset(self, name, pause)
  return pause
end })
