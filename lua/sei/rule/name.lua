--- Rules by name.
-- @module sei.rule.name

local agree = require "sei.match.agree"

local name = {}

-- How many more people of a full name are to be expected among as many people
-- as there are, were its words drawn by lot: the product of their shares. A
-- word that nobody else has makes the name rare.
local function expected(words, people)
  local count, number = #people:all(), #people:all()
  for _, word in ipairs(words) do
    count = count * math.max(0, people:with_word(word) - 1) / number
  end
  return count
end

-- A common name is a probable match only, unless something else agrees.
local function grade(self, key, one, other, people)
  local words = {}
  for word in key:gmatch "%S+" do words[#words + 1] = word end
  if expected(words, people) < self.common or agree.on_handle(one, other) then return nil end
  return "probable"
end

--- See sei.rule.full_name.
function name.full_name(checked)
  return { kind = "name", grade = checked.common > 0 and grade or nil, common = checked.common }
end

--- See sei.rule.nickname.
function name.nickname() return { kind = "nickname", weak = true } end

return name
