--- Rendered pages, remembered until something changes; bounded in bytes.
--
-- Two halves: when the young one is full it becomes the old one, and what was
-- the old one is forgotten. What is used again moves to the young half.
local Cache = {}
Cache.__index = Cache

local HALF <const> = 32 << 20 -- bytes

--- @tparam function generation answers a number that changes with every change
function Cache.new(generation)
  return setmetatable({ generation = generation, young = {}, old = {}, bytes = 0 }, Cache)
end

local function fresh(self)
  local now = self.generation()
  if now ~= self.now then self.now, self.young, self.old, self.bytes = now, {}, {}, 0 end
end

function Cache:put(key, text)
  fresh(self)
  if self.bytes + #text > HALF then self.old, self.young, self.bytes = self.young, {}, 0 end
  self.young[key] = text
  self.bytes = self.bytes + #text
end

function Cache:get(key)
  fresh(self)
  local text = self.young[key]
  if text then return text end
  text = self.old[key]
  if text then self:put(key, text) end
  return text
end

return Cache
