--- The result of a match: a row for each account, with its evidence.
-- @module sei.match.rows

local view = require "sei.match.view"

local rows = {}

-- ---- evidence ----

-- Where the same key stands on the person's side, before normalisation.
local function right_of(state, outcome)
  local rule = outcome.rule
  local keys, before = view.keys(state.people.views[outcome.person], rule.kind, rule.derive)
  for i, key in ipairs(keys) do
    if key == outcome.key then return { before = before[i], after = key } end
  end
  return { after = outcome.key }
end

local function evidence_of(state, outcome, record)
  local evidence = outcome.evidence or {}
  evidence.rule, evidence.key = outcome.rule.name, outcome.key
  evidence.source = evidence.source or record.source
  if outcome.rule.kind then
    evidence.left = { before = outcome.before, after = outcome.key }
    if outcome.person then evidence.right = right_of(state, outcome) end
  end
  return evidence
end

-- ---- candidates ----

-- Those that the rules hit come first, then what the index ranks near.
local function candidates_of(state, one, outcome)
  local list, seen = {}, {}
  local function add(number, score, why)
    local person = state.people.list[number]
    if #list < state.candidates and not seen[number]
      and not (state.was_decided
        and state.decided:rejected(state.key_of(one.record), person)) then
      seen[number] = true
      list[#list + 1] = { person = person, score = score, why = why }
    end
  end
  for _, number in ipairs(outcome and outcome.numbers or {}) do
    add(number, 1, "rule " .. outcome.rule.name)
  end
  for _, hit in ipairs(state.rank and state.rank(one) or {}) do
    add(hit[1], hit[2], hit[3])
  end
  return list
end

-- The best other candidate, and by how much the decided person is ahead.
local function compare(evidence, person, candidates)
  local own, other = 1, nil
  for _, candidate in ipairs(candidates) do
    if candidate.person == person then
      own = candidate.score
    else
      other = other or candidate
    end
  end
  if other then
    evidence.runner_up = other.person
    evidence.margin = math.max(0, own - other.score)
  else
    evidence.margin = own
  end
end

-- ---- rows ----

local SENTENCES <const> = {
  ambiguous = "%d people have the key %q",
  shared_key = "%d accounts or more share the key %q",
}

local function message_of(state, outcome)
  if outcome.message then return outcome.message end
  local key = tostring(outcome.key)
  if outcome.reason == "ambiguous" then
    return SENTENCES.ambiguous:format(#outcome.numbers, key)
  elseif outcome.reason == "shared_key" then
    return SENTENCES.shared_key:format(state.shared_key, key)
  end
  return outcome.reason
end

-- Who else comes near to a decided account is ranked when somebody first asks
-- for `candidates`, `runner_up` or `margin`: most accounts are decided by their
-- address and never looked at. Gives the function that leaves that for later.
local function later(state)
  local row_of, one_of = {}, {} -- evidence → row → view
  local row_meta, evidence_meta = {}, {}
  local function fill(row)
    local evidence = row.evidence
    setmetatable(row, nil)
    setmetatable(evidence, nil)
    row.candidates = candidates_of(state, one_of[row], nil)
    compare(evidence, row.person, row.candidates)
    row_of[evidence], one_of[row] = nil, nil
  end
  function row_meta.__index(row, name)
    if name ~= "candidates" then return nil end
    fill(row)
    return row.candidates
  end
  function row_meta.__pairs(row)
    fill(row)
    return next, row, nil
  end
  function evidence_meta.__index(evidence, name)
    if name ~= "runner_up" and name ~= "margin" then return nil end
    fill(row_of[evidence])
    return evidence[name]
  end
  function evidence_meta.__pairs(evidence)
    fill(row_of[evidence])
    return next, evidence, nil
  end
  return function(row, one)
    row_of[row.evidence], one_of[row] = row, one
    setmetatable(row.evidence, evidence_meta)
    setmetatable(row, row_meta)
  end
end

local function decision(state, one, outcome)
  local row = { account = one.record, person = state.people.list[outcome.person],
    class = outcome.class or outcome.rule.class, rule = outcome.rule.name, key = outcome.key,
    evidence = evidence_of(state, outcome, one.record) }
  row.evidence.exact = outcome.rule.identity
  state.later(row, one)
  return row
end

local function undecided(state, one, outcome)
  local row = { account = one.record, class = "review", rule = outcome.rule.name,
    key = outcome.key, reason = outcome.reason, message = message_of(state, outcome) }
  row.evidence = evidence_of(state, outcome, one.record)
  row.candidates = candidates_of(state, one, outcome)
  return row
end

-- No rule had anything to say: somebody comes near, or nobody.
local function unclaimed(state, one)
  local row = { account = one.record, evidence = { source = one.record.source },
    candidates = candidates_of(state, one, nil) }
  local best = row.candidates[1]
  if best and best.score >= state.near then
    row.class, row.reason, row.message = "review", "near_miss",
      "no rule decides, but somebody comes near"
  else
    row.class, row.reason, row.message = "none", "none", "no rule decides and nobody comes near"
  end
  return row
end

local function row_of(state, one, outcome)
  if not outcome then return unclaimed(state, one) end
  if outcome.ignored then
    return { account = one.record, class = "ignored", rule = outcome.rule.name,
      key = outcome.key, evidence = evidence_of(state, outcome, one.record), candidates = {} }
  end
  if outcome.person then return decision(state, one, outcome) end
  return undecided(state, one, outcome)
end

local function count(table_, key) table_[key] = (table_[key] or 0) + 1 end

-- ---- why ----

-- What a rule said, as a step of an explanation.
local function step_of(state, rule, outcome, why)
  if not outcome then return { rule = rule.name, outcome = "abstains", why = why } end
  local step = { rule = rule.name, outcome = outcome.reason or outcome.ignored and "ignored"
    or "decides", key = outcome.key, person = state.people.list[outcome.person] }
  step.why = outcome.reason and message_of(state, outcome) or nil
  return step
end

-- What each rule said of one account of the result, in their order, up to the
-- one that decided; at last what took the decision back.
local function explain(state, engine, outcomes, account)
  for i, one in ipairs(state.accounts) do
    if one.record == account then
      local steps = {}
      local first = engine.decide(state, one, function(rule, outcome, why)
        steps[#steps + 1] = step_of(state, rule, outcome, why)
      end)
      if first and first.person and outcomes[i] and outcomes[i].reason then
        steps[#steps + 1] = step_of(state, { name = "one_to_one" }, outcomes[i])
      end
      return steps
    end
  end
  error("bad argument #1 to 'explain' (one of the accounts of this result expected)", 3)
end

--- Makes the result that match.run returns.
-- @tparam table state
-- @tparam table outcomes one for each account, or false
-- @tparam table engine sei.match.engine, which `explain` asks again
-- @treturn table
function rows.result(state, outcomes, engine)
  local result = { decisions = {}, review = {}, none = {}, ignored = {} }
  state.later = later(state)
  local by_class, by_rule, by_reason = {}, {}, {}
  for i, one in ipairs(state.accounts) do
    local row = row_of(state, one, outcomes[i])
    local list = row.person and result.decisions or result[row.class]
    list[#list + 1] = row
    count(by_class, row.class)
    if row.person then count(by_rule, row.rule) end
    if row.reason then count(by_reason, row.reason) end
  end
  result.summary = { people = #state.people.list, accounts = #state.accounts,
    by_class = by_class, by_rule = by_rule, by_reason = by_reason }
  return setmetatable(result, { __index = {
    explain = function(_, account) return explain(state, engine, outcomes, account) end } })
end

return rows
