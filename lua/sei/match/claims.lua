--- The tests that need all accounts: one account of an integration for each
-- person, and a function's own keys.
-- @module sei.match.claims

local view = require "sei.match.view"

local claims = {}

local function undo(outcomes, i, reason, numbers, message)
  local was = outcomes[i]
  outcomes[i] = { reason = reason, rule = was.rule, key = was.key, before = was.before,
    numbers = numbers, message = message }
end

-- group → indices of the outcomes that are decisions and of one group
local function grouped(state, outcomes, group_of)
  local groups = {}
  for i, one in ipairs(state.accounts) do
    local outcome = outcomes[i]
    local group = outcome and outcome.person and group_of(one, outcome)
    if group then
      local list = groups[group]
      if list then list[#list + 1] = i else groups[group] = { i } end
    end
  end
  return groups
end

-- What a function names as its key is held to the same as the keys of a kind:
-- it must not be shared by many accounts, nor lead to two people.
local function own_keys(state, outcomes)
  local groups = grouped(state, outcomes, function(_, outcome)
    return not outcome.rule.kind and not outcome.rule.explicit and outcome.key ~= nil
      and outcome.rule.name .. "\0" .. tostring(outcome.key)
  end)
  for _, list in pairs(groups) do
    local first, numbers = outcomes[list[1]].person, {}
    for _, i in ipairs(list) do
      if outcomes[i].person ~= first then numbers = { first, outcomes[i].person } end
    end
    for _, i in ipairs(list) do
      if #numbers > 0 then
        undo(outcomes, i, "ambiguous", numbers)
      elseif #list >= state.shared_key then
        undo(outcomes, i, "shared_key", { first })
      end
    end
  end
end

-- Two accounts of one integration that claim one person: neither is decided,
-- but what a person decided stands.
local function one_to_one(state, outcomes)
  local groups = grouped(state, outcomes, function(one, outcome)
    local group = state.one_to_one == "all" and "" or view.text(one.record.integration_id)
    return group and group .. "\0" .. outcome.person
  end)
  for _, list in pairs(groups) do
    for _, i in ipairs(#list > 1 and list or {}) do
      if outcomes[i].rule ~= state.replay then
        undo(outcomes, i, "claimed_twice", { outcomes[i].person },
          ("%d accounts of one integration claim this person"):format(#list))
      end
    end
  end
end

--- Takes back the decisions that do not stand beside the others.
-- @tparam table state
-- @tparam table outcomes one for each account, or false; changed in place
function claims.check(state, outcomes)
  own_keys(state, outcomes)
  if state.one_to_one then one_to_one(state, outcomes) end
end

return claims
