--- Asks the rules in order and puts the three tests around each.
--
-- An outcome is what a rule, and at last all rules, say of an account:
-- `{ person = number }` or `{ reason = …, numbers = {…} }`, with `rule`, `key`,
-- `before`, `class`, `evidence`, `message`. nil and a sentence: it abstains.
-- @module sei.match.engine

local agree = require "sei.match.agree"
local call = require "sei.match.call"
local claims = require "sei.match.claims"
local core = require "sei.core"
local decided = require "sei.decided"
local match_key = require "sei.match.key"
local people = require "sei.match.people"
local rows = require "sei.match.rows"
local view = require "sei.match.view"
local words = require "sei.match.words"

local engine = {}

-- ---- one rule, one account ----

-- The people that all keys have in common; nil if they contradict each other.
local function common(a, b)
  if not a then return b end
  local set, both = {}, {}
  for _, number in ipairs(a) do set[number] = true end
  for _, number in ipairs(b) do
    if set[number] then both[#both + 1] = number end
  end
  return #both > 0 and both or nil
end

local function joined(a, b)
  local list, seen = {}, {}
  for _, numbers in ipairs { a or {}, b } do
    for _, number in ipairs(numbers) do
      if not seen[number] then list[#list + 1] = number end
      seen[number] = true
    end
  end
  return list
end

-- How many accounts have each key of a rule's kind; keys that nobody among the
-- people has are left out. Counted when the first account has a key of the
-- kind that somebody has: most accounts are decided before by their address.
local function counts_of(state, rule, known)
  local count = state.counts[rule.kind]
  if count then return count end
  count = {}
  for _, one in ipairs(state.accounts) do
    local keys = view.keys(one, rule.kind, rule.derive)
    for i = 1, #keys do
      local key = keys[i]
      if known[key] then count[key] = (count[key] or 0) + 1 end
    end
  end
  state.counts[rule.kind] = count
  return count
end

-- Who has the account's keys: numbers, key, value before; or nil and why not;
-- or false and the outcome.
local function hits_of(state, rule, one)
  local keys, before = view.keys(one, rule.kind, rule.derive)
  local known = state.people:keys(rule.kind, rule.derive)
  local found, at, shared, why
  for i = 1, #keys do
    local key = keys[i]
    local there = known[key]
    local refused = there and rule.refuses and rule:refuses(key, before[i], one, state.people)
    if refused then
      why = refused
    elseif there and counts_of(state, rule, known)[key] >= state.shared_key then
      shared = shared or i
    elseif there then
      there = type(there) == "table" and there or { there }
      local both = common(found, there)
      if not both then
        return false, { reason = "ambiguous", key = key, before = before[i],
          numbers = joined(found, there) }
      end
      if not found or #both < #found then at = i end
      found = both
    end
  end
  if found then return found, keys[at], before[at] end
  if shared then
    return false, { reason = "shared_key", key = keys[shared], before = before[shared] }
  end
  return nil, why or (#keys == 0 and "the account has no such key") or "nobody has such a key"
end

-- A rule whose keys are of a kind.
local function by_kind(state, rule, one)
  local found, key, before = hits_of(state, rule, one)
  if found == nil then return nil, key end
  if not found then return key end
  local outcome = { key = key, before = before }
  if #found > 1 then
    outcome.reason, outcome.numbers = "ambiguous", found
    return outcome
  end
  outcome.person = found[1]
  if rule.grade then
    outcome.class = rule:grade(key, one, state.people.views[outcome.person], state.people)
  end
  return outcome
end

-- ---- the tests around a rule ----

-- The same name is another person's, too, and the key says no more than it.
local function homonym(state, rule, outcome)
  if not rule.weak then return nil end
  local w = state.people.views[outcome.person]
  for _, name in ipairs((view.keys(w, "name"))) do
    local there = state.people:numbers("name", name)
    if type(there) == "table" and agree.made_of_name(outcome.key, w) then
      return { reason = "ambiguous", numbers = there, key = outcome.key, before = outcome.before,
        message = ("%d people have the name %q, and the key %q says no more than it"):format(
          #there, name, outcome.key) }
    end
  end
  return nil
end

-- The names speak against a key that the two have in common.
local function contradiction(state, rule, outcome, one)
  if rule.identity then return nil end
  local w = state.people.views[outcome.person]
  local against
  if rule.weak then
    against = agree.hardly(one, w)
  else
    against = agree.nothing_in_common(one, w)
      and (rule.kind == "login" or agree.on_handle(one, w))
  end
  if not against then return nil end
  return { reason = "contradiction", numbers = { outcome.person }, key = outcome.key,
    before = outcome.before, message = ("the names %q and %q contradict the key %q"):format(
      one.names[1], w.names[1], tostring(outcome.key)) }
end

-- A function's own key decides nothing where it is two people's.
local function two_people(state, rule, outcome)
  if rule.kind or type(outcome.key) ~= "string" then return nil end
  local key = outcome.key
  local function test(kind, folded)
    local there = folded and state.people:numbers(kind, folded)
    if type(there) ~= "table" then return nil end
    for _, number in ipairs(there) do
      if number == outcome.person then
        return { reason = "ambiguous", numbers = there, key = key }
      end
    end
    return nil
  end
  return test("email", key:lower())
    or test("name", view.keys(view.new({ name = key }, "person"), "name")[1])
    or test("handle", view.squeeze(key))
end

local function tested(state, rule, one, outcome)
  if not outcome.person then return outcome end
  return homonym(state, rule, outcome) or contradiction(state, rule, outcome, one)
    or not rule.identity and two_people(state, rule, outcome) or outcome
end

--- What one rule says of one account, after the tests that need no other account.
-- @tparam table state
-- @tparam table rule
-- @tparam table one the view of the account
-- @treturn ?table an outcome; or nil and why the rule abstains
function engine.ask(state, rule, one)
  local outcome, why
  if rule.kind then
    outcome, why = by_kind(state, rule, one)
  else
    outcome, why = call.ask(state, rule, one)
  end
  if not outcome then return nil, why end
  outcome = tested(state, rule, one, outcome)
  outcome.rule = rule
  return outcome
end

-- ---- one account, all rules ----

local function contains(list, number)
  for _, each in ipairs(list) do
    if each == number then return true end
  end
  return false
end

-- Why an earlier outcome forbids this decision, as an outcome.
local function forbidden(state, first, outcome, one)
  local number = outcome.person
  if state.was_decided
    and state.decided:rejected(match_key(one.record), state.people.list[number]) then
    return { reason = "rejected", numbers = {}, rule = outcome.rule, key = outcome.key,
      message = ("rule '%s' proposes a person who was rejected before"):format(outcome.rule.name) }
  end
  if not first then return nil end
  local there = first.numbers and contains(first.numbers, number)
  if first.reason == "ambiguous" and not there or first.reason == "contradiction" and there then
    return first
  end
  return nil
end

-- What was decided before, as an outcome.
local function replayed(state, one)
  if not state.was_decided then return nil end
  local key = match_key(one.record)
  local said = state.decided:replay(one.record, key, function(name)
    return state.people:find(name)
  end)
  if not said then return nil end
  local outcome = { rule = state.replay, key = key, evidence = { source = said.entry.source } }
  if said.ignore then
    outcome.ignored = true
  elseif said.person then
    outcome.person = state.people.number[said.person]
  else
    outcome.reason, outcome.message, outcome.numbers = said.reason, said.message, {}
    for i, person in ipairs(said.people) do
      outcome.numbers[i] = state.people.number[person]
    end
  end
  return outcome
end

local function role_outcome(word)
  return { reason = "role", numbers = {}, key = word, rule = { name = "role" },
    message = ("%q is a role or a machine, not a person"):format(word) }
end

-- The first decision of the rules that may be asked, else `first` or what the
-- first that stumbled says.
local function ask_all(state, one, first, trace)
  local role = first
  for _, rule in ipairs(state.rules) do
    if not role or rule.explicit then
      local outcome, why = engine.ask(state, rule, one)
      local veto = outcome and outcome.person and forbidden(state, first, outcome, one)
      if trace then trace(rule, veto or outcome, why) end
      if outcome and not veto and (outcome.person or outcome.reason == "error") then
        return outcome
      end
      first = first or veto or outcome
    end
  end
  return first
end

--- The first decision on an account, or what the first rule that stumbled says.
-- @tparam table state
-- @tparam table one the view of the account
-- @tparam ?function trace called with each rule, its outcome, or nil and why not
-- @treturn ?table an outcome
function engine.decide(state, one, trace)
  local said = replayed(state, one)
  local role = not said and words.role_of(one)
  local first = said or role and role_outcome(role) or nil
  if first and trace then trace(first.rule, first) end
  return said or ask_all(state, one, first, trace)
end

-- ---- all accounts ----

-- Rules that want to see everything before the first account.
local function prepare(state)
  for _, rule in ipairs(state.rules) do
    if rule.prepare then rule:prepare(state.people, state.accounts) end
  end
end

-- Ranks all people for an account: { number, score, why }, best first. The index
-- is made when the first account is to be ranked.
local function ranking(state)
  local index
  return function(one)
    if not index then
      local records = {}
      for i, person in ipairs(state.people.views) do
        records[i] = { id = state.people.ids[i], names = person.names, emails = person.emails,
          logins = person.logins }
      end
      index = core.match.index(records)
    end
    return index:rank({ names = one.names, emails = one.emails, logins = one.logins },
      state.candidates)
  end
end

--- Matches all accounts.
-- @tparam table options of match.run, checked
-- @treturn table the result; raises an error object for input that cannot be used
function engine.run(options)
  local state = { people = people.new(options.people), accounts = {}, counts = {},
    rules = options.rules, shared_key = options.shared_key, candidates = options.candidates,
    near = options.near, one_to_one = options.one_to_one, key_of = match_key,
    decided = decided.new(options.decided), was_decided = #options.decided > 0,
    replay = { name = "decided", class = "certain", explicit = true, identity = true } }
  people.read(options.accounts, "accounts", function(record, number)
    state.accounts[number] = view.new(record, "account")
  end)
  prepare(state)
  local outcomes = {}
  for i, one in ipairs(state.accounts) do outcomes[i] = engine.decide(state, one) or false end
  claims.check(state, outcomes)
  if state.candidates > 0 then state.rank = ranking(state) end
  return rows.result(state, outcomes, engine)
end

return engine
