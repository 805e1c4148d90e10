--- Calls a rule that is a function: alone with one row, whatever it does.
-- @module sei.match.call

local core = require "sei.core"

local call = {}

-- One person, or an array of them, as an outcome. Raises a sentence if it is neither.
local function chosen(state, person, outcome)
  if type(person) ~= "table" then
    error(("it returned no person but a %s"):format(type(person)), 0)
  end
  local number = state.people.number
  if number[person] then
    outcome.person = number[person]
    return outcome
  end
  if #person == 0 then error("it returned a table that is none of the people", 0) end
  outcome.numbers = {}
  for i, each in ipairs(person) do
    outcome.numbers[i] = number[each]
    if not number[each] then
      error(("it returned an array whose element %d is none of the people"):format(i), 0)
    end
  end
  if #person == 1 then
    outcome.person, outcome.numbers = outcome.numbers[1], nil
  else
    outcome.reason = "ambiguous"
  end
  return outcome
end

-- What a function returned, as an outcome; nil if it abstains.
local function understood(state, person, evidence)
  if person == nil or person == false then
    return nil, type(evidence) == "string" and evidence or nil
  end
  if evidence ~= nil and type(evidence) ~= "table" then
    error(("its second value is no table of evidence but a %s"):format(type(evidence)), 0)
  end
  local copy = {}
  for name, value in pairs(evidence or {}) do copy[name] = value end
  return chosen(state, person, { evidence = copy, key = copy.key })
end

local function text_of(problem)
  if type(problem) == "string" then return problem end
  if core.is_error(problem) then return tostring(problem) end
  local ok, text = pcall(tostring, problem)
  return ok and text or "an error that cannot be shown"
end

-- ", accounts.csv line 7"
local function place(record)
  local source = type(record.source) == "table" and record.source or {}
  if not source.line then return "" end
  return (" (%s line %s)"):format(source.file or "input", source.line)
end

--- Asks a function.
-- @tparam table state
-- @tparam table rule
-- @tparam table one the view of the account
-- @treturn ?table an outcome; or nil and why the rule abstains
function call.ask(state, rule, one)
  local record = one.record
  local ok, outcome, why = pcall(function()
    if rule.custom then return understood(state, rule.custom(record, state.people)) end
    return understood(state, rule:decide(record, state.people, one))
  end)
  if ok then return outcome, why end
  return { reason = "error", numbers = {}, message = ("rule '%s' failed%s: %s"):format(rule.name,
    place(record), text_of(outcome)) }
end

return call
