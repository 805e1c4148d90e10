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

--- A table says who it is: a CSV or JSON file, or a table of Lua.
--
-- Upper and lower case are alike, blanks around a value are left out. A key that has two values
-- is an error that names both lines, and so is an entry without a person; a key that leads to
-- nobody among the people makes a review row. What a table says holds for roles, too.
-- @function lookup
-- @tparam table options `table`: key → person id or e-mail address, or records (array, iterator,
-- sei.source) with the columns below; or `file`: their CSV or JSON; `key`: the account's field
-- that is looked up ("login"), or a function of the account; `from`: the column of the key (the
-- name of the field, else "key"); `to`: the column of the person's id or address ("person", else
-- "person_id", else "email"); `class` ("certain"); `name`
-- @treturn table a rule
-- @raise an error object for a table that cannot be used
rule.lookup = make("lookup", "lookup", { table = "table|callable", file = "string",
  key = "string|callable", from = "string", to = "string" }, { class = "certain", key = "login" })

--- The .mailmap of git says who it is: name and address of the account stand for
-- another address or name (gitmailmap(5)), which is a person's.
-- @function mailmap
-- @tparam table options `file` or `text` of a .mailmap; or `map`: what sei.source.mailmap.parse
-- made; `class` ("certain"); `name`
-- @treturn table a rule
-- @raise an error object for a file that cannot be read
rule.mailmap = make("mailmap", "mailmap", { file = "string", text = "string", map = "table" },
  { class = "certain" })

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

--- The most similar full name (Jaro-Winkler of the folded words in alphabetical
-- order), if it is similar enough and nobody else's comes near. Not among the default rules.
-- @function fuzzy_name
-- @tparam table options `cutoff`: the similarity needed, 0.8 to 1; `margin`: by how much it must
-- be ahead of the next person's; both must be given; `class` ("probable"); `name`
-- @treturn table a rule
rule.fuzzy_name = make("fuzzy_name", "fuzzy", { cutoff = "share", margin = "share" },
  { class = "probable" })

--- What a person decided before: the same as the option `decided` of sei.match.run,
-- which replays it before all rules, wherever this one stands among them.
-- @tparam {table,...} entries what sei.review.read returned, or made by hand: see sei.decided
-- @treturn table a rule
function rule.decided(entries)
  if type(entries) ~= "table" then
    error(("bad argument #1 to 'decided' (array of decisions expected, got %s)")
      :format(type(entries)), 2)
  end
  return { name = "decided", class = "certain", replays = entries }
end

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
