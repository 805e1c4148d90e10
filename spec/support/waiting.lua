--- For busted's --helper: the specs run inside an event loop, every client
-- waits there.
--
--     SEI_WAIT=luv make test SPEC=spec/paging_spec.lua
--
-- Each test, and what is run before and after it, becomes a coroutine of the
-- loop; a client that says nothing else gets the loop's wait function. Specs
-- that drive coroutines of their own by clients that block are none for this.
local busted = require "busted"
local sei = require "sei"

local name = assert(os.getenv "SEI_WAIT", "SEI_WAIT=luv or cqueues is missing")

-- Host -> a function that runs another one as a coroutine of the loop until it
-- ends, and returns what pcall would.
local hosts = {}

function hosts.luv(f)
  local uv = require "luv"
  local result
  local co = coroutine.create(function() result = table.pack(pcall(f)) end)
  assert(coroutine.resume(co))
  while coroutine.status(co) ~= "dead" do
    local more = uv.run "once"
    assert(more or result, "the loop has nothing to do, and the test is not over")
  end
  return table.unpack(result, 1, result.n)
end

function hosts.cqueues(f)
  local loop, result = require "cqueues".new(), nil
  loop:wrap(function() result = table.pack(pcall(f)) end)
  assert(loop:loop())
  return table.unpack(result, 1, result.n)
end

local run_inside = assert(hosts[name], "SEI_WAIT is luv or cqueues")
local waits = 0

local function pause(...)
  waits = waits + 1
  return sei.wait[name](...)
end

local function passed_on(ok, ...)
  if not ok then error((...), 0) end
  return ...
end

-- Busted shows what it is made of to nobody but its own functions.
local function core_of(f)
  for i = 1, math.huge do
    local upvalue, value = debug.getupvalue(f, i)
    if not upvalue then return nil end
    if type(value) == "table" and value.safe and value.executors then return value end
  end
end

local core = assert(core_of(busted.describe) or core_of(busted.it), "this busted is another one")
local safe = core.safe

-- What busted runs itself: files and groups only say which tests there are.
local SAYS <const> = { file = true, describe = true, suite = true }

function core.safe(descriptor, run, element)
  if SAYS[descriptor] or coroutine.isyieldable() then return safe(descriptor, run, element) end
  return passed_on(run_inside(function() return safe(descriptor, run, element) end))
end

local client = sei.client

function sei.client(options)
  if type(options) == "table" and options.wait == nil then
    local copy = { wait = require "sei.wait.waiters".own(pause) }
    for key, value in pairs(options) do copy[key] = value end
    options = copy
  end
  return client(options)
end

-- Says at the end how often it was.
package.loaded["spec.support.waiting.end"] = setmetatable({}, { __gc = function()
  io.stderr:write(("waited %d times in the loop of %s\n"):format(waits, name))
end })
