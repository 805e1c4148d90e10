--- The rule by similar names.
-- @module sei.rule.fuzzy

local core = require "sei.core"
local view = require "sei.match.view"

local fuzzy = {}

-- Full names of views: texts, the view's number for each.
local function names_of(views)
  local texts, owners = {}, {}
  for number, one in ipairs(views) do
    for _, key in ipairs((view.keys(one, "name"))) do
      texts[#texts + 1], owners[#owners + 1] = key, number
    end
  end
  return texts, owners
end

-- For each account its best score by person, as the join finds it, nothing
-- being lost: who scores below cutoff - margin is nobody's rival.
local function prepare(self, people, accounts)
  local left, account_of = names_of(accounts)
  local right, person_of = names_of(people.views)
  local found, err = core.match.join(left, right,
    { cutoff = math.max(0, self.cutoff - self.margin) })
  if not found then error(err, 0) end
  self.near = {}
  for _, hit in ipairs(found) do
    local record, person = accounts[account_of[hit[1]]].record, person_of[hit[2]]
    local near = self.near[record] or {}
    self.near[record] = near
    local best = near[person]
    if not best or hit[3] > best.score then
      near[person] = { score = hit[3], left = left[hit[1]], right = right[hit[2]] }
    end
  end
end

-- The best person, and the score of the next.
local function best_of(near)
  local person, best, second = nil, nil, 0
  for number, hit in pairs(near) do
    if not best or hit.score > best.score then
      person, best, second = number, hit, best and best.score or 0
    elseif hit.score > second then
      second = hit.score
    end
  end
  return person, best, second
end

local function decide(self, account, people)
  local near = self.near[account]
  if not near then return nil, "no name is near" end
  local person, best, second = best_of(near)
  if best.score < self.cutoff then
    return nil, ("the nearest name has %.3f, less than %.3f"):format(best.score, self.cutoff)
  elseif best.score - second < self.margin then
    return nil, ("the nearest name has %.3f, the next one %.3f"):format(best.score, second)
  end
  return people:all()[person], { key = best.left, score = best.score, margin = best.score - second,
    left = { before = account.name, after = best.left },
    right = { before = people:all()[person].name, after = best.right } }
end

--- See sei.rule.fuzzy_name.
function fuzzy.fuzzy_name(checked)
  for _, option in ipairs { "cutoff", "margin" } do
    local value = checked[option]
    if not value or option == "cutoff" and value < 0.8 then
      error(("bad option '%s' for sei.rule.fuzzy_name (number from %s to 1 expected, got %s)")
        :format(option, option == "cutoff" and "0.8" or "0", tostring(value)), 3)
    end
  end
  return { prepare = prepare, decide = decide, cutoff = checked.cutoff, margin = checked.margin }
end

return fuzzy
