--- The turn of a host's event loop in the middle of long work.
--
-- A plan and its apply go through all rows between two requests: a second where
-- there are many, in which a client's wait function is not asked. Within
-- `turn.share` the loops over rows let the host's loop have its turn when their
-- slice of time is used up; elsewhere they are loops like any other.
-- @module sei.wait.turn

local core = require "sei.core"

local turn = {}

-- Coroutine → the client whose wait function it yields by.
local sharing = setmetatable({}, { __mode = "k" })

local Share = {}

function Share.__close(share) sharing[share.co] = share.before end

--- Calls f in a way that its loops share the host's loop, if the client waits in
-- one.
-- @tparam client client
-- @tparam function f
-- @return what f returns
function turn.share(client, f, ...)
  local co, state = coroutine.running(), core.state(client)
  if not state.wait or not coroutine.isyieldable()
    or not require "sei.wait.waiters".is_made(state.wait) then
    return f(...)
  end
  local _ <close> = setmetatable({ co = co, before = sharing[co] }, Share)
  sharing[co] = client
  return f(...)
end

local function take(client)
  local waiters, state = require "sei.wait.waiters", core.state(client)
  state.since = state.since or waiters.clock()
  if not waiters.is_tired(state.since) or not coroutine.isyieldable() then return end
  state.since = state.wait(client, true) or waiters.clock()
end

--- Lets the host's loop have its turn if this coroutine shares it and has used
-- up its slice.
function turn.take()
  local client = sharing[coroutine.running()]
  if client then take(client) end
end

local function next_of(list, i)
  i = i + 1
  local value = list[i]
  if value == nil then return nil end
  turn.take()
  return i, value
end

--- The same as ipairs, with `turn.take` for each.
-- @tparam table list
-- @treturn function
-- @treturn table
-- @treturn integer
function turn.each(list)
  if not sharing[coroutine.running()] then return ipairs(list) end
  return next_of, list, 0
end

-- Pieces that are sorted in one go: far less than a slice.
local PIECE <const> = 512

-- Merges from[low..middle-1] and from[middle..high], both sorted, into `to`.
local function merge(from, to, low, middle, high, less)
  local i, j = low, middle
  for at = low, high do
    if j > high or i < middle and not less(from[j], from[i]) then
      to[at], i = from[i], i + 1
    else
      to[at], j = from[j], j + 1
    end
    if at % PIECE == 0 then turn.take() end
  end
end

local function sort_pieces(list, less)
  for low = 1, #list, PIECE do
    local piece = table.move(list, low, math.min(low + PIECE - 1, #list), 1, {})
    table.sort(piece, less)
    table.move(piece, 1, #piece, low, list)
    turn.take()
  end
end

--- The same as table.sort, whose order cannot be told from it where no two
-- elements are equal.
-- @tparam table list changed in place
-- @tparam ?function less
function turn.sort(list, less)
  if #list <= PIECE or not sharing[coroutine.running()] then return table.sort(list, less) end
  sort_pieces(list, less)
  less = less or function(a, b) return a < b end
  local from, to, width, n = list, {}, PIECE, #list
  while width < n do
    for low = 1, n, 2 * width do
      local middle = math.min(low + width, n + 1)
      merge(from, to, low, middle, math.min(low + 2 * width - 1, n), less)
    end
    from, to, width = to, from, 2 * width
  end
  if from ~= list then table.move(from, 1, n, 1, list) end
end

return turn
