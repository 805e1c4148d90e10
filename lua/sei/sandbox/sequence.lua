--- An ordered set of integers: a range, minus a few, plus a few.
--
-- This is how a directory of a million people is listed without a list: the
-- k-th of them is found from the exceptions alone.
local Sequence = {}
Sequence.__index = Sequence

--- All integers from `low` to `high`.
function Sequence.new(low, high)
  return setmetatable({ low = low, high = high, holes = {}, added = {},
    hole_list = {}, added_list = {}, stale = false }, Sequence)
end

local function sorted(set)
  local list = {}
  for x in pairs(set) do list[#list + 1] = x end
  table.sort(list)
  return list
end

local function refresh(self)
  if not self.stale then return end
  self.hole_list, self.added_list, self.stale = sorted(self.holes), sorted(self.added), false
end

local function in_range(self, x) return x >= self.low and x <= self.high end

--- Takes a member out; nothing happens if it is not in.
function Sequence:remove(x)
  if in_range(self, x) then self.holes[x] = true else self.added[x] = nil end
  self.stale = true
end

--- Puts a member in; nothing happens if it is in.
function Sequence:insert(x)
  if in_range(self, x) then self.holes[x] = nil else self.added[x] = true end
  self.stale = true
end

--- Moves the end of the range. Holes beyond it are kept for its return.
function Sequence:set_high(high)
  self.high = high
  self.stale = true
end

-- How many holes are in the range and at most x.
local function holes_upto(self, x)
  local list, low, high = self.hole_list, 1, #self.hole_list
  while low <= high do
    local middle = (low + high) // 2
    if list[middle] <= x then low = middle + 1 else high = middle - 1 end
  end
  return high
end

local function in_ranges(self)
  return math.max(0, self.high - self.low + 1 - holes_upto(self, self.high))
end

--- How many members there are.
function Sequence:total()
  refresh(self)
  return in_ranges(self) + #self.added_list
end

-- The k-th that is no hole: the fixed point of x = low + k - 1 + holes up to x.
local function kth(self, k)
  local x = self.low + k - 1
  while true do
    local y = self.low + k - 1 + holes_upto(self, x)
    if y == x then return x end
    x = y
  end
end

--- The k-th member (from 1), the range first, or nil.
function Sequence:at(k)
  refresh(self)
  if #self.hole_list == 0 then
    local n = math.max(0, self.high - self.low + 1)
    if k <= n then return self.low + k - 1 end
    return self.added_list[k - n]
  end
  local n = in_ranges(self)
  if k > n then return self.added_list[k - n] end
  return kth(self, k)
end

--- Iterates over the members from the k-th on: position, member.
function Sequence:from(k)
  k = k - 1
  return function()
    k = k + 1
    local x = self:at(k)
    if x then return k, x end
  end
end

return Sequence
