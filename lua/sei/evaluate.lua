--- How good rules are, measured on accounts whose persons are known.
--
--     local found = assert(sei.match.evaluate(sei.rule.defaults(), {
--       people = people, accounts = accounts, truth = { ["4711"] = "jane@example.com" } }))
--     print(found.precision, found.recall)
--
-- A decision is right if truth names that person. One for an account that truth
-- says is nobody's is wrong. Accounts that truth does not mention take part in
-- the matching, but are not judged: a labelled sample is enough.
-- @module sei.evaluate

local core = require "sei.core"
local attempt = require "sei.attempt"
local match = require "sei.match"
local options = require "sei.options"
local people = require "sei.match.people"
local row = require "sei.review.row"

local evaluate = {}

local null = core.json.null

-- ---- truth ----

local function collect(records, what)
  local list = {}
  people.read(records, what, function(record) list[#list + 1] = record end)
  return list
end

local function fail(sentence, ...)
  error(core.error { kind = "decode", message = sentence:format(...) }, 0)
end

-- Truth as account → person ("" for nobody): a table of that kind, or records.
local function pairs_of(truth)
  local of, place = {}, {}
  local function add(account, person, where)
    account, person = row.text(account), row.text(person)
    if account == "" then fail("%s of the truth names no account", where) end
    if of[account] and of[account] ~= person then
      fail("the truth says that account '%s' is '%s' (%s) and '%s' (%s)", account, of[account],
        place[account], person, where)
    end
    of[account], place[account] = person, where
  end
  if type(truth) == "table" and truth[1] == nil and not options.callable(truth) then
    for account, person in pairs(truth) do add(account, person, "an entry") end
    return of, place
  end
  people.read(truth, "truth", function(record, number)
    add(record.account_id, record.person_id, people.place(record, number))
  end)
  return of, place
end

-- account's key → the person's record, false for nobody. Every name must be
-- that of a record: a misspelt one would pass for a rule that finds nobody.
local function truth_of(labelled)
  local of, place = pairs_of(labelled.truth)
  local by_id, known, truth = {}, {}, {}
  for _, person in ipairs(labelled.people) do by_id[row.person_key(person)] = person end
  for _, account in ipairs(labelled.accounts) do known[match.key(account) or ""] = true end
  for account, person in pairs(of) do
    if not known[account] then
      fail("the truth names the account '%s' (%s), which is none of the accounts", account,
        place[account])
    elseif person ~= "" and not by_id[person] then
      fail("the truth says that account '%s' is '%s' (%s), who is none of the people", account,
        person, place[account])
    end
    truth[account] = person ~= "" and by_id[person]
  end
  return truth
end

-- ---- judging ----

-- The place of the person among the candidates; nil if not among them.
local function rank_of(from, person)
  for i, c in ipairs(from.candidates or {}) do
    if c.person == person then return i end
  end
  return nil
end

-- How sure a row is of the person that it would name: a certain rule wholly, a
-- probable one as much as it says, or else as its person scores as a candidate.
local function guess_of(from)
  if from.person then
    local rank = rank_of(from, from.person)
    local score = from.score or type(from.evidence) == "table" and from.evidence.score
      or rank and from.candidates[rank].score
    return from.person, from.class == "probable" and tonumber(score) or 1
  end
  local first = (from.candidates or {})[1]
  if not first then return nil, 0 end
  return first.person, tonumber(first.score) or 0
end

local function outcome_of(proposed, person)
  if proposed then
    return proposed == person and "right" or person and "wrong" or "stranger"
  end
  return person and "missed" or "rightly none"
end

-- One row for each judged account.
local function judge(result, truth, class)
  local judged = {}
  for _, name in ipairs { "decisions", "review", "none", "ignored" } do
    for _, from in ipairs(result[name] or {}) do
      local key = match.key(from.account)
      local person = truth[key]
      if person ~= nil then
        local proposed = (not class or from.class == class) and from.person or nil
        judged[#judged + 1] = { account = from.account, key = key, from = from,
          person = person or nil, proposed = proposed,
          outcome = outcome_of(proposed, person or nil), rank = person and rank_of(from, person) }
      end
    end
  end
  return judged
end

-- ---- counting ----

-- Nothing proposed has nothing wrong in it; nothing to find leaves nothing out.
local function rates(into, proposed, right, all)
  into.proposed, into.right, into.wrong = proposed, right, proposed - right
  into.precision = proposed > 0 and right / proposed or 1
  into.recall = all > 0 and right / all or 1
  local sum = into.precision + into.recall
  into.f1 = sum > 0 and 2 * into.precision * into.recall / sum or 0
  return into
end

-- Decisions by a field of their row: rule or class.
local function grouped(judged, field, all)
  local groups, order = {}, {}
  for _, one in ipairs(judged) do
    local from = one.from
    if from.person then
      local name = tostring(from[field])
      local group = groups[name]
      if not group then
        group = { [field] = name, class = from.class, proposed = 0, right = 0 }
        groups[name], order[#order + 1] = group, group
      end
      group.proposed = group.proposed + 1
      group.right = group.right + (from.person == one.person and 1 or 0)
    end
  end
  for _, group in ipairs(order) do rates(group, group.proposed, group.right, all) end
  table.sort(order, function(a, b)
    if a.proposed ~= b.proposed then return a.proposed > b.proposed end
    return a[field] < b[field]
  end)
  return order
end

-- Why accounts were left undecided, and whether a person would have found the
-- right one among the candidates.
local function reasons_of(judged)
  local groups, order = {}, {}
  for _, one in ipairs(judged) do
    if not one.from.person then
      local name = tostring(one.from.reason or one.from.class)
      local group = groups[name]
      if not group then
        group = { reason = name, accounts = 0, with_person = 0, first = 0, among = 0 }
        groups[name], order[#order + 1] = group, group
      end
      group.accounts = group.accounts + 1
      group.with_person = group.with_person + (one.person and 1 or 0)
      group.first = group.first + (one.rank == 1 and 1 or 0)
      group.among = group.among + (one.rank and 1 or 0)
    end
  end
  table.sort(order, function(a, b)
    if a.accounts ~= b.accounts then return a.accounts > b.accounts end
    return a.reason < b.reason
  end)
  return order
end

local STEPS <const> = { 1, .99, .98, .97, .96, .95, .94, .92, .90, .85, .80, .75, .70, .60, .50 }

-- What would come of deciding for the best person of each account from a score
-- on: where a cutoff is well placed.
local function thresholds_of(judged, all)
  local guesses, list = {}, {}
  for i, one in ipairs(judged) do
    local person, score = guess_of(one.from)
    guesses[i] = { right = person ~= nil and person == one.person, score = person and score or -1 }
  end
  for i, step in ipairs(STEPS) do
    local proposed, right = 0, 0
    for _, guess in ipairs(guesses) do
      if guess.score >= step then
        proposed, right = proposed + 1, right + (guess.right and 1 or 0)
      end
    end
    list[i] = rates({ score = step }, proposed, right, all)
  end
  return list
end

-- The share of accounts with a person that are decided for that person, or show
-- it among the first candidates.
local function candidates_at(judged, most, all)
  local found = 0
  for _, one in ipairs(judged) do
    if one.person and (one.from.person == one.person or one.rank and one.rank <= most) then
      found = found + 1
    end
  end
  return all > 0 and found / all or 1
end

local function measured(result, judged)
  local counts, proposed, all = {}, 0, 0
  for _, one in ipairs(judged) do
    counts[one.outcome] = (counts[one.outcome] or 0) + 1
    proposed = proposed + (one.proposed and 1 or 0)
    all = all + (one.person and 1 or 0)
  end
  local found = rates({}, proposed, counts.right or 0, all)
  found.people, found.accounts = result.summary.people, result.summary.accounts
  found.judged, found.true_pairs = #judged, all
  found.missed, found.strangers = counts.missed or 0, counts.stranger or 0
  found.candidates_at_1 = candidates_at(judged, 1, all)
  found.candidates_at_5 = candidates_at(judged, 5, all)
  found.by_rule, found.by_class = grouped(judged, "rule", all), grouped(judged, "class", all)
  found.by_reason, found.thresholds = reasons_of(judged), thresholds_of(judged, all)
  return found
end

-- ---- the confusion file ----

local OUTCOMES <const> = { "wrong", "stranger", "missed", "right", "rightly none" }
local COLUMNS <const> = { "outcome", "account", "login", "name", "email", "proposed",
  "proposed_id", "truth", "truth_id", "class", "rule", "key", "reason", "message", "rank",
  "candidate_1", "candidate_2", "candidate_3" }

local function confusion_row(one)
  local from = one.from
  local cells = { outcome = one.outcome, account = one.key, class = row.text(from.class),
    rule = row.text(from.rule), key = row.text(from.key), reason = row.text(from.reason),
    message = row.text(from.message), rank = one.rank or "" }
  for _, name in ipairs { "login", "name", "email" } do
    cells[name] = row.text(one.account[name])
  end
  for name, person in pairs { proposed = from.person or null, truth = one.person or null } do
    local there = person ~= null
    cells[name] = there and row.shown(person) or ""
    cells[name .. "_id"] = there and row.person_key(person) or ""
  end
  for i = 1, 3 do
    local c = (from.candidates or {})[i]
    cells["candidate_" .. i] = c and ("%.2f %s"):format(c.score or 0, row.shown(c.person)) or ""
  end
  return cells
end

-- Errors first. Raises an error object.
local function write_confusion(judged, path)
  local out <close> = assert(core.csv.write { file = path, header = COLUMNS, guard = true,
    utf8 = false })
  for _, outcome in ipairs(OUTCOMES) do
    for _, one in ipairs(judged) do
      if one.outcome == outcome then
        local ok, err = out:row(confusion_row(one))
        if not ok then error(err, 0) end
      end
    end
  end
  local ok, err = out:close()
  if not ok then error(err, 0) end
end

-- ---- the whole ----

local OPTIONS <const> = { people = "table|callable", accounts = "table|callable",
  truth = "table|callable", class = '"certain"|"probable"', confusion = "string",
  decided = "table", candidates = "count", one_to_one = 'boolean|"all"', shared_key = "positive" }

local function run(rules, checked)
  local began = core.usage()
  checked.people = collect(checked.people, "people")
  checked.accounts = collect(checked.accounts, "accounts")
  local result, err = match.run { people = checked.people, accounts = checked.accounts,
    rules = rules, decided = checked.decided, candidates = checked.candidates,
    one_to_one = checked.one_to_one, shared_key = checked.shared_key }
  if not result then error(err, 0) end
  local judged = judge(result, truth_of(checked), checked.class)
  local found = measured(result, judged)
  found.seconds = core.usage() - began
  found.rows = judged
  if checked.confusion then write_confusion(judged, checked.confusion) end
  return found
end

--- Runs rules on labelled accounts and measures what comes out.
--
-- The result has `precision`, `recall` (right ones among all accounts that have a
-- person) and `f1`; `proposed`, `right`, `wrong` and of these `strangers` (accounts
-- that are nobody's), `missed`, `true_pairs`, `judged`, `people`, `accounts`;
-- `candidates_at_1` and `candidates_at_5`: the share of accounts with a person
-- that are decided for it, or show it first or among the first five; `by_rule`
-- and `by_class`, arrays with the same counts, of all decisions; `by_reason`, of what was
-- left undecided: `reason`, `accounts`, `with_person`, `first`, `among`;
-- `thresholds`: what would come of deciding for the best candidate from a `score`
-- on; `rows`: `{account=, person=, proposed=, outcome=, rank=, from=}`; `seconds`.
-- @tparam ?{rule|function,...} rules as of sei.match.run; nil: the default ones
-- @tparam table labelled `people`, `accounts` as of sei.match.run; `truth`: a table from an
-- account's key to a person's id ("" for nobody), or an array or iterator of records with
-- `account_id` and `person_id`; `class`: count only decisions of this class ("certain" or
-- "probable"; default all); `confusion`: a CSV file to write, errors first; and the options
-- `decided`, `candidates`, `one_to_one`, `shared_key` of sei.match.run
-- @treturn ?table the measures; or nil and an error object
function evaluate.run(rules, labelled)
  local checked = options.check("sei.match.evaluate", labelled or {}, OPTIONS)
  for _, name in ipairs { "people", "accounts", "truth" } do
    if checked[name] == nil then
      error(("bad option '%s' for sei.match.evaluate (array or iterator expected, got nothing)")
        :format(name), 3)
    end
  end
  return attempt.call(run, rules, checked)
end

return evaluate
