--- For busted's --helper: collects all garbage again and again while the specs
-- run, so that whatever the C side holds without telling Lua is missed.
--
-- At every 100th instruction of Lua and before every call into the core, with
-- the finalizers; but so that at most 4 parts in 5 of the time go into it, since
-- the specs themselves are a large heap. (`torture --squeeze` does it at every
-- single allocation, in a small one.)
local core = require "sei.core"

local EVERY = 100

-- Its own pause stays as it is: with one of 100 or less every allocation would make it go through
-- the whole heap, whatever that costs.
collectgarbage "incremental"

local times, again = 0, 0

local function collect()
  local start = os.clock()
  if start < again then return end
  collectgarbage()
  times = times + 1
  local now = os.clock()
  again = now + (now - start) / 4
end

debug.sethook(collect, "", EVERY)

-- A coroutine has a hook of its own.
local create = coroutine.create

function coroutine.create(f) -- luacheck: ignore
  local thread = create(f)
  debug.sethook(thread, collect, "", EVERY)
  return thread
end

for name, f in pairs(core) do
  if type(f) == "function" then
    core[name] = function(...)
      collect()
      return f(...)
    end
  end
end

-- Says at the end how often it was. Busted lets go of what a helper returns.
package.loaded["spec.torture.collector.end"] = setmetatable({}, { __gc = function()
  io.stderr:write(("all garbage was collected %d times\n"):format(times))
end })
