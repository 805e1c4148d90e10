--- Who is who: matches the accounts of a tool with the people of a company.
--
--     local result = assert(sei.match.run {
--       people = sei.source.csv { file = "people.csv" },
--       accounts = sei.source.csv { file = "accounts.csv" },
--     })
--     for _, row in ipairs(result.decisions) do print(row.account.login, row.person.email) end
--
-- A person is a table with `id`, `email`, `name` and what else is known: `emails`,
-- `names` and `logins` are arrays of more. An account has `id`, `integration_id`,
-- `login`, `name`, `email`; all but one of the last three may be missing.
-- @module sei.match

local attempt = require "sei.attempt"
local core = require "sei.core"
local engine = require "sei.match.engine"
local key_of = require "sei.match.key"
local options = require "sei.options"
local rule = require "sei.rule"

local match = { index = core.match.index, join = core.match.join }

local OPTIONS <const> = {
  people = "table|callable", accounts = "table|callable", rules = "table", decided = "table",
  candidates = "few", one_to_one = 'boolean|"all"', shared_key = "positive", near = "share",
}

local DEFAULTS <const> = { candidates = 5, one_to_one = true, shared_key = 20, near = 0.3 }

--- The stable key of an account, by which a review file finds it again: its
-- `id`, else `integration_id/` and its login, e-mail (both in lower case) or name.
-- @tparam table account
-- @treturn ?string nil if the account has none of these
function match.key(account) return key_of(account) end

-- A rule, or a function as one; nil: neither. A rule that somebody wrote as a
-- table may leave its class out.
local function rule_of(one)
  if options.callable(one) then return rule.custom { decide = one } end
  if type(one) ~= "table" or type(one.name) ~= "string"
    or not (one.kind or one.custom or options.callable(one.decide)) then
    return nil
  end
  if one.class == "certain" or one.class == "probable" then return one end
  if one.class ~= nil then return nil end
  return setmetatable({ class = "certain" }, { __index = one })
end

-- The rules, and what was decided before: that is replayed first.
local function rules_of(checked)
  local rules, said = {}, {}
  for _, entry in ipairs(checked.decided or {}) do said[#said + 1] = entry end
  for i, one in ipairs(checked.rules or rule.defaults()) do
    if type(one) == "table" and one.replays then
      for _, entry in ipairs(one.replays) do said[#said + 1] = entry end
    else
      rules[#rules + 1] = rule_of(one)
        or error(("bad option 'rules' for sei.match.run (a rule of the class \"certain\" or "
          .. "\"probable\", or a function, expected as number %d, got %s)"):format(i, type(one)), 3)
    end
  end
  return rules, said
end

--- Matches accounts with people.
--
-- The rows of the result are in the order of the accounts; each account is in
-- exactly one of the four lists.
--
-- * `decisions`: `{account=, person=, class="certain" or "probable", rule=, key=, evidence=,
--   candidates=}`
-- * `review`: `{account=, class="review", reason=, message=, rule=, key=, evidence=, candidates=}`,
--   for a person to decide
-- * `none`: the same with the class "none": nothing comes near
-- * `ignored`: accounts that a person said to leave alone
-- * `summary`: `{people=, accounts=, by_class={}, by_rule={}, by_reason={}}`
--
-- Each candidate is `{person=, score=0..1, why=}`. Evidence is `{rule=, key=,
-- left={before=, after=}, right={before=, after=}, runner_up=, margin=, exact=, source=}`: the key,
-- the values of the account and of the person before and after normalisation, the best other
-- candidate and by how much the person's score is ahead of it, whether the key is proof by itself
-- (an address, a lookup, what a person decided), and where the account stands. `candidates`,
-- `runner_up` and `margin` of a decision are worked out when they are first asked for.
--
-- The reasons of review rows:
--
-- * "ambiguous": a key is two people's, or two keys lead to different people
-- * "claimed_twice": another account of the integration claims the same person
-- * "contradiction": a login or local part agrees, but the names do not
-- * "shared_key": as many accounts as `shared_key` have the key
-- * "role": the account is a role's or a machine's
-- * "rejected": a rule proposes a person whom somebody rejected
-- * "error": a rule failed; the message has its words and the line of the input
-- * "near_miss": no rule decides, but a candidate scores at least `near`
-- * "person_gone", "person_ambiguous", "person_changed", "account_changed": what a person
--   decided before does not fit any more
--
-- `result:explain(account)` gives for one of the accounts what each rule said, an array of
-- `{rule=, outcome="decides", "abstains" or a reason, why=, key=, person=}` up to the one that
-- decided. It asks the rules again. A person without `id` gets one: see sei.match.people.
-- @tparam table given `people` and `accounts`: arrays or iterators (sei.source); `rules`: array of
-- rules and functions (sei.rule.defaults()); `decided`: what a person decided before;
-- `candidates`: how many for each row (5); `near`: the score from which a candidate comes near
-- (0.3); `one_to_one`: per integration (true), not at all
-- (false), or "all" accounts together; `shared_key`: a key that this many accounts share
-- decides nothing (20)
-- @treturn ?table the result; or nil and an error object for input that cannot be used
function match.run(given)
  local checked = options.check("sei.match.run", given or {}, OPTIONS, DEFAULTS)
  for _, name in ipairs { "people", "accounts" } do
    if checked[name] == nil then
      error(("bad option '%s' for sei.match.run (array or iterator expected, got nothing)")
        :format(name), 2)
    end
  end
  checked.rules, checked.decided = rules_of(checked)
  return attempt.call(engine.run, checked)
end

--- Measures rules on accounts whose persons are known: see sei.evaluate.run.
-- @tparam ?{rule|function,...} rules nil: the default ones
-- @tparam table labelled `people`, `accounts`, `truth` and more
-- @treturn ?table the measures; or nil and an error object
function match.evaluate(rules, labelled) return require "sei.evaluate".run(rules, labelled) end

return match
