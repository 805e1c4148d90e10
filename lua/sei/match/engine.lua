--- Asks the rules in order and puts the three tests around each.
-- @module sei.match.engine

local core = require "sei.core"
local people = require "sei.match.people"
local view = require "sei.match.view"

local engine = {}

-- ---- one rule, one account ----

-- Outcomes: { person = number, … }, { reason =, … }, or nil: abstains.

-- A rule whose keys are of a kind: the people who have one of the account's.
local function by_kind(state, rule, one)
  local keys, before = view.keys(one, rule.kind)
  local count = state.counts[rule.kind]
  local found, at, shared
  for i, key in ipairs(keys) do
    local there = state.people:numbers(rule.kind, key)
    if there and count[key] >= state.shared_key then
      shared = shared or i
    elseif there then
      if type(there) == "table" or found and found ~= there then
        return { reason = "ambiguous", key = key, numbers = type(there) == "table" and there
          or { found, there } }
      end
      found, at = there, at or i
    end
  end
  if found then return { person = found, key = keys[at], before = before[at] } end
  if shared then return { reason = "shared_key", key = keys[shared] } end
  return nil
end

-- What a function said, as an outcome. Raises a sentence if it makes no sense.
local function understood(state, person, evidence)
  if person == nil or person == false then return nil end
  if evidence ~= nil and type(evidence) ~= "table" then
    error(("the rule's second value is no table of evidence but %s"):format(type(evidence)), 0)
  end
  local outcome = { evidence = evidence, key = evidence and evidence.key }
  if type(person) ~= "table" then
    error(("the rule returned no person but %s"):format(type(person)), 0)
  end
  outcome.person = state.people.number[person]
  if outcome.person then return outcome end
  if #person == 0 then error("the rule returned a table that is none of the people", 0) end
  outcome.numbers = {}
  for i, each in ipairs(person) do
    outcome.numbers[i] = state.people.number[each]
    if not outcome.numbers[i] then
      error(("the rule returned an array whose element %d is none of the people"):format(i), 0)
    end
  end
  if #person > 1 then
    outcome.reason = "ambiguous"
  else
    outcome.person, outcome.numbers = outcome.numbers[1], nil
  end
  return outcome
end

local function text_of(problem)
  if core.is_error(problem) or type(problem) == "string" then return tostring(problem) end
  return "an error that is no text but " .. type(problem)
end

-- A function, alone with one row: whatever it does, other rows go on.
local function by_function(state, rule, one)
  local ok, outcome = pcall(function()
    if rule.custom then
      return understood(state, rule.custom(one.record, state.people))
    end
    return understood(state, rule:decide(one.record, state.people))
  end)
  if ok then return outcome end
  return { reason = "error", message = ("rule '%s' failed: %s"):format(rule.name,
    text_of(outcome)) }
end

local function apply(state, rule, one)
  if rule.kind then return by_kind(state, rule, one) end
  return by_function(state, rule, one)
end

-- ---- one account, all rules ----

-- The first decision, or what the first rule that stumbled has to say.
local function decide(state, one)
  local first
  for _, rule in ipairs(state.rules) do
    local outcome = apply(state, rule, one)
    if outcome then
      outcome.rule = rule
      if outcome.person or outcome.reason == "error" then return outcome end
      first = first or outcome
    end
  end
  return first
end

-- ---- all accounts ----

-- How many accounts have each key, for each kind that a rule uses.
local function count_keys(state)
  state.counts = {}
  for _, rule in ipairs(state.rules) do
    local kind = rule.kind
    if kind and not state.counts[kind] then
      local count = {}
      for _, one in ipairs(state.accounts) do
        local seen = {}
        for _, key in ipairs((view.keys(one, kind))) do
          if not seen[key] then count[key] = (count[key] or 0) + 1 end
          seen[key] = true
        end
      end
      state.counts[kind] = count
    end
  end
end

-- Two accounts of one integration that claim one person: neither is decided.
local function one_to_one(state, outcomes)
  local claims = {}
  for i, one in ipairs(state.accounts) do
    local outcome = outcomes[i]
    local group = view.text(one.record.integration_id)
      or state.one_to_one == "all" and ""
    if outcome and outcome.person and group then
      local claim = group .. "\0" .. outcome.person
      local others = claims[claim]
      if others then others[#others + 1] = i else claims[claim] = { i } end
    end
  end
  for _, list in pairs(claims) do
    if #list > 1 then
      for _, i in ipairs(list) do
        local was = outcomes[i]
        outcomes[i] = { reason = "claimed_twice", rule = was.rule, key = was.key,
          numbers = { was.person }, rivals = list }
      end
    end
  end
end

-- A sentence for a reason.
local function message_of(outcome)
  if outcome.message then return outcome.message end
  if outcome.reason == "ambiguous" then
    return ("%d people have the key %q"):format(#outcome.numbers, tostring(outcome.key))
  elseif outcome.reason == "shared_key" then
    return ("the key %q is shared by too many accounts"):format(outcome.key)
  elseif outcome.reason == "claimed_twice" then
    return ("%d accounts of one integration claim this person"):format(#outcome.rivals)
  end
  return "no rule decided"
end

local function candidates_of(state, outcome)
  local list = {}
  for i, number in ipairs(outcome.numbers or {}) do
    if i > state.candidates then break end
    list[i] = { person = state.people.list[number], score = 1,
      why = ("rule %s"):format(outcome.rule.name) }
  end
  return list
end

-- Where the same key stands on the person's side, before normalisation.
local function right_of(state, outcome)
  local keys, before = view.keys(state.people.views[outcome.person], outcome.rule.kind)
  for i, key in ipairs(keys) do
    if key == outcome.key then return { before = before[i], after = key } end
  end
  return {}
end

local function evidence_of(state, outcome, record)
  local evidence = outcome.evidence or {}
  evidence.rule, evidence.source = outcome.rule.name, record.source
  if outcome.rule.kind then
    evidence.key = outcome.key
    evidence.left = { before = outcome.before, after = outcome.key }
    evidence.right = right_of(state, outcome)
  end
  return evidence
end

local function row_of(state, one, outcome)
  local row = { account = one.record }
  if outcome and outcome.person then
    row.person, row.class = state.people.list[outcome.person], outcome.rule.class
    row.rule, row.key = outcome.rule.name, outcome.key
    row.evidence = evidence_of(state, outcome, one.record)
    row.candidates = {}
  elseif outcome then
    row.class, row.reason, row.rule = "review", outcome.reason, outcome.rule.name
    row.key, row.message = outcome.key, message_of(outcome)
    row.candidates = candidates_of(state, outcome)
    row.evidence = { rule = row.rule, key = row.key, source = one.record.source }
  else
    row.class, row.reason, row.message = "none", "none", "nothing comes near"
    row.candidates, row.evidence = {}, { source = one.record.source }
  end
  return row
end

local function result_of(state, outcomes)
  local result = { decisions = {}, review = {}, none = {}, ignored = {}, summary = {} }
  local by_class, by_rule = {}, {}
  for i, one in ipairs(state.accounts) do
    local row = row_of(state, one, outcomes[i])
    local list = row.person and result.decisions or result[row.class]
    list[#list + 1] = row
    by_class[row.class] = (by_class[row.class] or 0) + 1
    if row.person then by_rule[row.rule] = (by_rule[row.rule] or 0) + 1 end
  end
  result.summary = { people = #state.people.list, accounts = #state.accounts,
    by_class = by_class, by_rule = by_rule }
  return result
end

--- Matches all accounts.
-- @tparam table options of match.run, checked
-- @treturn table the result
function engine.run(options)
  local state = { people = people.new(options.people), accounts = {}, rules = options.rules,
    shared_key = options.shared_key, candidates = options.candidates,
    one_to_one = options.one_to_one }
  people.read(options.accounts, "accounts", function(record, number)
    state.accounts[number] = view.new(record)
  end)
  count_keys(state)
  local outcomes = {}
  for i, one in ipairs(state.accounts) do outcomes[i] = decide(state, one) end
  if state.one_to_one then one_to_one(state, outcomes) end
  return result_of(state, outcomes)
end

return engine
