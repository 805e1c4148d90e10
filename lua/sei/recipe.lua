--- Recipes: what people, accounts and rules are, as a Lua file that returns a table.
--
--     return {
--       people = "hr.csv",
--       accounts = sei.source.csv { file = "gitlab.csv", integration_id = 5323 },
--       rules = { sei.rule.email(), sei.rule.full_name() },
--       protect = { "ceo@example.com", "5323/svc-*" },
--     }
--
-- Keys of the table:
--
-- * `people`, `accounts`: a source, an array, the path of a file (.csv, .json, .jsonl,
--   .ldif, .mailmap; from the working directory), or `function(client)` that returns one
-- * `rules`: array of rules and functions (those of sei.rule.defaults())
-- * `decided`: what persons decided: the path of a review file, or what sei.review.read gave
-- * `class`: "certain", or "probable" to write probable decisions too
-- * `match`: other options of sei.match.run
-- * `integration_id`: of accounts that have none; `application_type`: the same for cloud ids
-- * `identity`: the account's field that the directory calls the identity, or a function of
--   the account ("identity", else "login", else "id")
-- * `target`: "identities", or "cloud_ids" for the previous API
-- * `fields`: `function(person, contributor)` that returns `{field=value}`: `full_name` and
--   custom fields, sei.null for none; nil leaves the record alone
-- * `protect`: patterns and functions, `guard`: numbers; see sei.guard. `guard.state` is the
--   file that remembers the sizes of the inputs, or false
-- * `read`: how the directory is read, "download" (one request), or "list"
-- * `review`: path of the review file to write; `report`: path of the report
-- * `developers`: the developer records that people shall have, for 'sei developers': the path of
--   HR's CSV, or options of sei.developers.upload (`file`, or `rows` and `header`; `columns`,
--   `filter`, `missing`, `guard`, …). A plan does not write them: identities of somebody new can
--   be planned when that person is there. Where `people` is missing, they are the same file's rows
-- * `name`: for people
-- @module sei.recipe

local attempt = require "sei.attempt"
local core = require "sei.core"
local options = require "sei.options"

local recipe = {}

local KEYS <const> = {
  name = "string", people = "table|callable|string", accounts = "table|callable|string",
  rules = "table", decided = "string|table", class = '"certain"|"probable"', match = "table",
  integration_id = "positive", application_type = "string", identity = "string|callable",
  target = '"identities"|"cloud_ids"', fields = "callable", protect = "string|table|callable",
  guard = "table", read = '"download"|"list"', review = "string", report = "string",
  developers = "string|table",
}

local DEFAULTS <const> = { class = "certain", target = "identities", read = "download" }

local GUARD <const> = { changes = "count", fields = "count", empty = "count", shrunk = "share",
  state = "string|boolean" }

-- What a function of checks gives; a sentence of it without the place in a Lua file before it.
local function checked(check, ...)
  local ok, result = pcall(check, ...)
  if ok then return result end
  return nil, attempt.sentence(result)
end

local function missing(given, name)
  local function bad(key, words)
    return ("bad option '%s' for %s (%s)"):format(key, name, words)
  end
  if given.people == nil then
    return bad("people", "source, array, path or function expected, got nothing")
  elseif given.accounts == nil and given.fields == nil and given.developers == nil then
    return bad("accounts", "source, array, path or function expected, got nothing; "
      .. "or give 'fields'")
  elseif type(given.guard.state) == "boolean" and given.guard.state then
    return bad("guard.state", "path or false expected, got true")
  end
end

-- `developers` as options; where nothing else says who there is, these are the people.
local function with_developers(result, name)
  local given = result.developers
  if given == nil then return result end
  if type(given) == "string" then given = { file = given } end
  local checked_one, problem = checked(require "sei.developers.input".check,
    "developers of " .. name, given)
  if not checked_one then return nil, problem end
  result.developers = checked_one
  if result.people == nil then
    result.people = function() return require "sei.developers.people".of(checked_one) end
  end
  return result
end

--- Checks a recipe as data: nothing of it is called or read.
-- @tparam table given
-- @tparam string name what messages call it
-- @treturn ?table a new table with the defaults; or nil and a sentence
function recipe.check(given, name)
  local result, problem = checked(options.check, name, given, KEYS, DEFAULTS)
  if not result then return nil, problem end
  result.guard, problem = checked(options.check, "guard of " .. name, result.guard, GUARD)
  if not result.guard then return nil, problem end
  local ok
  ok, problem = pcall(require "sei.guard".protection, result.protect)
  if not ok then return nil, ("%s for %s"):format(problem, name) end
  result, problem = with_developers(result, name)
  if not result then return nil, problem end
  problem = missing(result, name)
  if problem then return nil, problem end
  return result
end

-- ---- files ----

local function fail(path, message, hint)
  if not message:find(path, 1, true) then message = path .. ": " .. message end
  return nil, core.error { kind = "decode", file = path, message = message, hint = hint,
    line = math.tointeger(tonumber(message:match "^[^\n:]+:(%d+):")) }
end

--- Reads a file of Lua.
-- @tparam string path
-- @tparam ?integer most bytes at most (all)
-- @treturn ?string or nil and an error object of kind "io"
function recipe.read(path, most)
  local file, problem = io.open(path, "rb")
  local text
  if file then
    text, problem = file:read(most or "a")
    file:close()
  end
  if text or file and not problem then return text or "" end
  return nil, core.error { kind = "io", file = path,
    message = problem:find(path, 1, true) and problem or path .. ": " .. problem }
end

--- What Lua's own loader would compile of a file's text: it leaves out a byte order mark and a
-- first line that starts with "#".
-- @tparam string text
-- @treturn string
function recipe.source(text) return (text:gsub("^\xEF\xBB\xBF", ""):gsub("^#[^\n]*", "")) end

-- Globals that a recipe sets stay its own.
local function environment()
  return setmetatable({ sei = require "sei" }, { __index = _G })
end

local function raised(problem)
  if core.is_error(problem) then return problem end
  return type(problem) == "string" and problem or "an error that is no text but " .. type(problem)
end

--- Loads a recipe. It runs like any Lua file, with `sei` at hand; `require` works.
-- @tparam string path
-- @treturn ?table the recipe, checked; `file`; `digest`, the SHA-256 of the file; or nil and an
-- error object that names file and, where there is one, line
function recipe.load(path)
  local text, err = recipe.read(path)
  if not text then return nil, err end
  local chunk, problem = load(recipe.source(text), "@" .. path, "t", environment())
  if not chunk then return fail(path, problem) end
  local ok, given = xpcall(chunk, raised)
  if not ok then
    if core.is_error(given) then return nil, given end
    return fail(path, given)
  end
  if type(given) ~= "table" then
    return fail(path, ("%s: a recipe returns a table, this one %s"):format(path,
      given == nil and "nothing" or type(given)), "let it end with: return { people = …, "
      .. "accounts = … }")
  end
  local result, wrong = recipe.check(given, path)
  if not result then return fail(path, wrong) end
  result.file, result.digest = path, core.digest.sha256(text)
  return result
end

return recipe
