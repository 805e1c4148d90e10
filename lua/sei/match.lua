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

-- Plain functions become rules; anything else that is none is misuse.
local function rules_of(given)
  if not given then return rule.defaults() end
  local rules = {}
  for i, one in ipairs(given) do
    if type(one) == "table" and one.name and (one.kind or one.decide or one.custom) then
      rules[i] = one
    elseif options.callable(one) then
      rules[i] = rule.custom { decide = one }
    else
      error(("bad option 'rules' for sei.match.run (rule or function expected as number %d, "
        .. "got %s)"):format(i, type(one)), 3)
    end
  end
  return rules
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
-- * `summary`: `{people=, accounts=, by_class={}, by_rule={}}`
--
-- Each candidate is `{person=, score=0..1, why=}`. Evidence is `{rule=, key=,
-- left={before=, after=}, right={before=, after=}, runner_up=, margin=, source=}`.
-- @tparam table given `people` and `accounts`: arrays or iterators (sei.source); `rules`: array of
-- rules and functions (sei.rule.defaults()); `decided`: what a person decided before;
-- `candidates`: how many for each row (5); `one_to_one`: per integration (true), not at all
-- (false), or "all" accounts together; `shared_key`: a key that this many accounts share decides
-- nothing (20)
-- @treturn ?table the result; or nil and an error object for input that cannot be used
function match.run(given)
  local checked = options.check("sei.match.run", given or {}, OPTIONS, DEFAULTS)
  for _, name in ipairs { "people", "accounts" } do
    if checked[name] == nil then
      error(("bad option '%s' for sei.match.run (array or iterator expected, got nothing)")
        :format(name), 2)
    end
  end
  checked.rules = rules_of(checked.rules)
  return attempt.call(engine.run, checked)
end

--- Measures rules on accounts whose persons are known: see sei.evaluate.run.
-- @tparam ?{rule|function,...} rules nil: the default ones
-- @tparam table labelled `people`, `accounts`, `truth` and more
-- @treturn ?table the measures; or nil and an error object
function match.evaluate(rules, labelled) return require "sei.evaluate".run(rules, labelled) end

return match
