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

--- The same full name: folded, tokens in any order, at least two of them.
-- @function full_name
-- @tparam ?table options `class` ("certain"), `name` of the rule ("full_name")
-- @treturn table a rule
rule.full_name = make("full_name", "name", {}, { class = "certain" })

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
  return { rule.email(), rule.full_name() }
end

return rule
