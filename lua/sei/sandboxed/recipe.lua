--- Recipes of sei.plan that a host need not trust.
--
--     local out = {}
--     for _, row in ipairs(inputs.gitlab) do
--       if row.active then out[#out + 1] = { integration_id = 5323, login = row.login,
--         name = row.name } end
--     end
--     return { people = "hr", accounts = out,
--       rules = { sei.rule.email(), sei.rule.full_name { class = "probable" } } }
--
-- It runs as sei.sandboxed says, and returns a table like any recipe, of data alone. It differs in
-- these points:
--
-- * it names no file: what it needs the host reads, and it finds the records in `inputs`.
--   `people` and `accounts` are arrays, or the name of an input
-- * `rules` are the ready-made ones, and no function is among the keys
-- * `guard`, `decided`, `review`, `report`, `fields` and `developers` are the host's to say
-- @module sei.sandboxed.recipe

local attempt = require "sei.attempt"
local core = require "sei.core"
local inside = require "sei.sandboxed.inside"
local options = require "sei.options"
local recipe = require "sei.recipe"

local sandboxed_recipe = {}

local RULES <const> = { "lookup", "mailmap", "email", "normalized_email", "noreply_login",
  "full_name", "nickname", "local_part", "login_form", "fuzzy_name" }

local KEYS <const> = {
  name = "string", people = "string|table", accounts = "string|table", rules = "table",
  class = '"certain"|"probable"', match = "table", integration_id = "positive",
  application_type = "string", identity = "string", target = '"identities"|"cloud_ids"',
  protect = "string|table", read = '"download"|"list"',
}

local HOSTS <const> = { guard = true, decided = true, review = true, report = true, fields = true,
  developers = true }

local MATCH <const> = { candidates = "few", one_to_one = 'boolean|"all"', shared_key = "positive",
  near = "share" }

local function fail(path, message, hint)
  error(core.error { kind = "decode", file = path, message = path .. ": " .. message,
    hint = hint }, 0)
end

-- options.check, with what is wrong told of the recipe.
local function checked(path, name, given, known)
  local ok, result = pcall(options.check, name, given, known)
  if ok then return result end
  fail(path, attempt.sentence(result))
end

-- ---- rules ----

local function is_known(name)
  for _, one in ipairs(RULES) do
    if one == name then return true end
  end
  return false
end

-- A rule of { rule = NAME, and its options }.
local function rule_of(path, given, i)
  local name = type(given) == "table" and given.rule
  if type(name) ~= "string" or not is_known(name) then
    fail(path, ("rule number %d is none that a sandboxed recipe may have"):format(i),
      "sei.rule." .. table.concat(RULES, ", sei.rule.") .. " make them")
  end
  local rest = {}
  for key, value in pairs(given) do rest[key] = value end
  rest.rule = nil
  if rest.file ~= nil then
    fail(path, ("rule number %d names a file"):format(i), "hand its records over as an input")
  end
  local ok, made = pcall(require "sei.rule"[name], rest)
  if ok then return made end
  if core.is_error(made) then error(made, 0) end
  fail(path, attempt.sentence(made))
end

local function rules_of(path, given)
  local list = {}
  for i, one in ipairs(given) do list[i] = rule_of(path, one, i) end
  return list
end

-- ---- what it returned ----

-- The records: its own, or those of an input, which it need not hand back.
local function records_of(path, given, what, inputs)
  if type(given) ~= "string" then return given end
  if inputs[given] then return inputs[given] end
  fail(path, ("'%s' is no array, and no input is called '%s'"):format(what, given),
    next(inputs) and "a sandboxed recipe names no file" .. options.suggest(given, inputs)
    or "a sandboxed recipe names no file: what it needs is given as an input")
end

local function data_of(path, given, inputs)
  if type(given) ~= "table" then
    fail(path, ("a recipe returns a table, this one %s"):format(given == nil and "nothing"
      or type(given)), "let it end with: return { people = …, accounts = … }")
  end
  for name in pairs(HOSTS) do
    if given[name] ~= nil then
      fail(path, ("'%s' of a sandboxed recipe is for the host to say"):format(name),
        "leave it out")
    end
  end
  local made = checked(path, path, given, KEYS)
  for _, what in ipairs { "people", "accounts" } do
    made[what] = records_of(path, made[what], what, inputs)
  end
  made.rules = made.rules and rules_of(path, made.rules)
  made.match = made.match and checked(path, "match of " .. path, made.match, MATCH)
  local result, problem = recipe.check(made, path)
  if not result then fail(path, problem) end
  return result
end

-- Records of the files that inputs are; others are taken as they are.
local function read_inputs(given)
  local list = {}
  for name, value in pairs(given or {}) do
    list[name] = type(value) == "string" and require "sei.plan.input".read(value, name) or value
  end
  return list
end

-- The file is read once: the digest is that of what ran.
local function load_recipe(path, given)
  local sandboxed = require "sei.sandboxed"
  local all = {}
  for name, value in pairs(given) do all[name] = value end
  for _, name in ipairs { "text", "file" } do
    if all[name] ~= nil then
      error(("bad option '%s' for sei.sandboxed (the recipe is %s)"):format(name, path), 0)
    end
  end
  local text, unread = sandboxed.read(path)
  if not text then error(unread, 0) end
  all.text, all.name = text, given.name or path
  all.inputs = read_inputs(given.inputs)
  all.max_result = given.max_result or given.memory or 64 << 20
  local defaults = {}
  for i, one in ipairs(require "sei.rule".defaults()) do defaults[i] = one.name end
  local run, err = sandboxed.run(all, { f = inside.rules,
    data = { rules = RULES, defaults = defaults } })
  if not run then error(err, 0) end
  local result = data_of(path, run.value, all.inputs)
  result.file, result.digest = path, core.digest.sha256(text)
  return result
end

--- Loads a recipe that need not be trusted.
-- @tparam string path
-- @tparam table given options of sei.sandboxed; an input that is a string is the path of a file
-- with records, read as sei.plan reads those of `people`
-- @treturn ?table the recipe, checked, as sei.recipe.load gives it; or nil and an error object
function sandboxed_recipe.load(path, given)
  local ok, result = pcall(load_recipe, path, given)
  if ok then return result end
  if core.is_error(result) then return nil, result end
  error(attempt.sentence(result), 0)
end

return sandboxed_recipe
