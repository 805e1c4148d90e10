--- The mapping rules: each names at most one person for an account, or abstains.
--
-- A rule is a table with `name`, `class` and `decide`; `sei.rule.*` makes them,
-- and any plain function `function(account, people) → person | nil, evidence`
-- is one too. `sei.match.run` asks them in order and puts its three tests
-- (unique, one-to-one, no contradiction) around each.
-- @module sei.rule

local options = require "sei.options"

local rule = {}

local CLASSES <const> = '"certain"|"probable"'

local function make(name, module, known, defaults)
  local accepted = { class = CLASSES, name = "string" }
  for option, types in pairs(known) do accepted[option] = types end
  return function(given)
    local checked = options.check("sei.rule." .. name, given, accepted, defaults)
    local made = require("sei.rule." .. module)[name](checked)
    made.name, made.class = checked.name or name, checked.class
    return made
  end
end

--- A table says who it is: from a CSV, from JSON or written in Lua.
--
-- A key that has two values is an error that names both lines.
-- @function lookup
-- @tparam table options `table`: key → person id or e-mail address, or an array (or iterator) of
-- records with the fields `key` and `person`; `key`: the account's field that is looked up
-- ("login"); `class` ("certain")
-- @treturn table a rule
-- @raise an error object if a key has two values
rule.lookup = make("lookup", "lookup", { table = "table|function", key = "string" },
  { class = "certain", key = "login" })

--- The same e-mail address, upper and lower case alike.
-- @function email
-- @tparam ?table options `class` ("certain"), `name` of the rule ("email")
-- @treturn table a rule
rule.email = make("email", "email", {}, { class = "certain" })

--- The same address but for what its provider ignores; also an address that
-- stands in a name or between brackets and quotes.
-- @function normalized_email
-- @tparam ?table options `plus`: leave a +tag out (true); `dots`: leave dots out of Gmail's local
-- parts (true); `googlemail`: is Gmail (true); `domains`: alias → domain; `class` ("certain");
-- `name`
-- @treturn table a rule
rule.normalized_email = make("normalized_email", "email",
  { plus = "boolean", dots = "boolean", googlemail = "boolean", domains = "table" },
  { class = "certain", plus = true, dots = true, googlemail = true, domains = {} })

--- The user in a substitute address, `1234+user@users.noreply.github.com`, or
-- the number before it, which stays when the user is renamed; also the account's login, where a
-- person's `logins` or substitute address has it.
-- @function noreply_login
-- @tparam ?table options `class` ("certain"); `name`
-- @treturn table a rule
rule.noreply_login = make("noreply_login", "email", {}, { class = "certain" })

--- The same full name: folded, tokens in any order, at least two of them.
--
-- A name that is common among the people, so that another person of the same name must be
-- expected, is "probable" only, unless a login or local part agrees, too.
-- @function full_name
-- @tparam ?table options `common`: from how many people of that name expected by chance among as
-- many as there are (0.005; 0: never); `class` ("certain"); `name`
-- @treturn table a rule
rule.full_name = make("full_name", "name", { common = "share" },
  { class = "certain", common = 0.005 })

--- The same family name, and a given name that the other is short for: Bob, Robert.
-- @function nickname
-- @tparam ?table options `class` ("probable"); `name`
-- @treturn table a rule
rule.nickname = make("nickname", "name", {}, { class = "probable" })

--- The same login, local part, or name in one piece: at least 6 letters, not
-- generic, not a single given or family name.
-- @function local_part
-- @tparam ?table options `min_letters` (6); `class` ("probable"); `name`
-- @treturn table a rule
rule.local_part = make("local_part", "login", { min_letters = "positive" },
  { class = "probable", min_letters = 6 })

--- A login, local part or name in one piece that is made of a person's name:
-- first+last, last+first, f+last, last+f, first+l, initials+last.
-- @function login_form
-- @tparam ?table options `forms`: an array of those wanted (all); `min_letters` of those with an
-- initial (6); `class` ("probable"); `name`
-- @treturn table a rule
rule.login_form = make("login_form", "login", { min_letters = "positive", forms = "table" },
  { class = "probable", min_letters = 6 })

--- Any Lua function.
-- @tparam table options `decide`: `function(account, people) → person | nil, evidence`, where
-- `evidence` may be a table with the `key` that decided; `name` ("custom"); `class` ("certain")
-- @treturn table a rule
function rule.custom(given)
  local checked = options.check("sei.rule.custom", given,
    { decide = "callable", name = "string", class = CLASSES },
    { name = "custom", class = "certain" })
  if not checked.decide then
    error("bad option 'decide' for sei.rule.custom (function expected, got nothing)", 2)
  end
  return { name = checked.name, class = checked.class, custom = checked.decide }
end

--- The rules that sei.match.run uses when it is given none: good without tuning.
-- @treturn {table,...}
function rule.defaults()
  return { rule.email(), rule.normalized_email(), rule.noreply_login(), rule.full_name(),
    rule.nickname(), rule.local_part(), rule.login_form() }
end

return rule
