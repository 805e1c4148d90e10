--- What stops a plan before its first write: on by default, and overridden by a
-- number only.
--
-- * `changes`: mappings that would go from one person to another: at most 10, or
--   5 % of the mappings that exist
-- * `fields`: people of whom a value would be overwritten: at most 10, or 5 % of them
-- * `empty`: inputs without a record: none
-- * `shrunk`: how much smaller an input is than at the last successful apply: 10 %
-- * `protect`: rows that are left alone, since a pattern or a function names them;
--   it never fails
-- @module sei.guard

local core = require "sei.core"

local guard = {}

local FORMAT <const> = 1
local LEAST <const>, SHARE <const>, SHRUNK <const> = 10, 0.05, 0.10

-- ---- the guards ----

local function limit_of(existing) return math.max(LEAST, math.floor(SHARE * existing)) end

local function counted(name, found, limit)
  return { name = name, found = found, limit = limit, passed = found <= limit }
end

local function empty(facts, limits)
  local found, which = 0, core.json.array {}
  for _, input in ipairs { "people", "accounts" } do
    if facts.inputs[input] and facts.inputs[input].count == 0 then
      found = found + 1
      which[#which + 1] = input
    end
  end
  local one = counted("empty", found, limits.empty or 0)
  one.inputs = found > 0 and which or nil
  return one
end

local function shrunk(facts, limits, input)
  local last = facts.last and facts.last[input]
  local count = facts.inputs[input] and facts.inputs[input].count
  if not count then return nil end
  if not last or last == 0 then
    return { name = "shrunk", input = input, limit = limits.shrunk or SHRUNK, passed = true }
  end
  local found = math.max(0, (last - count) / last)
  local one = counted("shrunk", found, limits.shrunk or SHRUNK)
  one.input, one.last, one.count = input, last, count
  return one
end

--- Judges a plan.
-- @tparam table facts `changes`, `mappings` (that exist), `fields` (records that would lose a
-- value), `contributors`, `protected`: numbers; `inputs`: `{people={count=}, accounts={count=}}`;
-- `last`: the counts of the last apply, `{people=, accounts=}`, or nil
-- @tparam table limits the numbers given instead of the usual ones: `changes`, `fields`, `empty`,
-- `shrunk`
-- @treturn {table,...} `{name=, found=, limit=, passed=}` each; of `shrunk` also `input`, `last`,
-- `count`
function guard.check(facts, limits)
  local list = {
    counted("changes", facts.changes, limits.changes or limit_of(facts.mappings)),
    counted("fields", facts.fields, limits.fields or limit_of(facts.contributors)),
    empty(facts, limits),
  }
  for _, input in ipairs { "people", "accounts" } do
    list[#list + 1] = shrunk(facts, limits, input)
  end
  list[#list + 1] = { name = "protect", found = facts.protected, passed = true }
  return list
end

--- The guards of a plan that did not pass.
-- @tparam table header of the plan
-- @treturn {table,...}
function guard.failed(header)
  local list = {}
  for _, one in ipairs(header.guards) do
    if not one.passed then list[#list + 1] = one end
  end
  return list
end

local SENTENCES <const> = {
  changes = "%d mappings would change, more than %d (guard.changes, --max-changes)",
  fields = "%d people would lose a value of a field, more than %d (guard.fields, --max-fields)",
}

--- A guard's result as a sentence.
-- @tparam table one
-- @treturn string
function guard.tell(one)
  if SENTENCES[one.name] then
    if not one.passed then return SENTENCES[one.name]:format(one.found, one.limit) end
    return ("%s: %d of at most %d"):format(one.name, one.found, one.limit)
  elseif one.name == "empty" then
    if one.found == 0 then return "empty: no input is empty" end
    return ("%s: without a record%s"):format(table.concat(one.inputs, " and "),
      one.passed and "" or " (guard.empty, --max-empty)")
  elseif one.name == "shrunk" then
    if not one.last then
      return ("shrunk: nothing is known of earlier %s"):format(one.input)
    end
    return ("shrunk: %d %s, %d the last time%s"):format(one.count, one.input, one.last,
      one.passed and "" or (", more than %g %% fewer (guard.shrunk, --max-shrink)")
        :format(one.limit * 100))
  elseif one.name == "protect" then
    return ("protect: %d %s left alone"):format(one.found, one.found == 1 and "row is"
      or "rows are")
  end
  return ("%s: %s"):format(one.name, one.passed and "passed" or "failed")
end

-- ---- protection ----

-- A glob as a Lua pattern: "*" is any text, all else itself.
local function pattern_of(glob)
  return "^" .. glob:lower():gsub("[^%w*]", "%%%0"):gsub("%*", ".*") .. "$"
end

local function email_matches(side, pattern)
  return type(side) == "table" and type(side.email) == "string"
    and side.email:lower():find(pattern) ~= nil
end

-- A glob with a slash is one for pairs, "5323/svc-*"; any other one for addresses.
local function by_glob(glob)
  local pattern = pattern_of(glob)
  if glob:find("/", 1, true) then
    return function(row)
      if not row.identity then return false end
      local place = row.integration_id or row.application_type or ""
      return (place .. "/" .. row.identity):lower():find(pattern) ~= nil
    end
  end
  return function(row)
    return email_matches(row.before, pattern) or email_matches(row.after, pattern)
      or email_matches(row, pattern)
  end
end

local function callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

local function test_of(one, number)
  if type(one) == "string" and one ~= "" then return by_glob(one), one end
  if callable(one) then return one, ("function %d"):format(number) end
  error(("bad option 'protect' (pattern or function expected as number %d, got %s)")
    :format(number, one == "" and "an empty text" or type(one)), 0)
end

--- What `protect` says, as one function. Raises a sentence if it is nothing that
-- protects.
-- @param given a pattern, a function, or an array of them; nil protects nothing
-- @treturn function of a plan's row: the pattern that names it, or "function N"; nil if none does
function guard.protection(given)
  if given == nil then given = {} end
  if type(given) ~= "table" or callable(given) then given = { given } end
  local tests, names = {}, {}
  for i, one in ipairs(given) do tests[i], names[i] = test_of(one, i) end
  for key in pairs(given) do
    if math.type(key) ~= "integer" or key < 1 or key > #tests then
      error(("bad option 'protect' (array of patterns and functions expected, got the key '%s')")
        :format(tostring(key)), 0)
    end
  end
  return function(row)
    for i, test in ipairs(tests) do
      if test(row) then return names[i] end
    end
  end
end

-- ---- how large the inputs were ----

local function io_error(path, problem)
  return nil, core.error { kind = "io", file = path,
    message = ("%s: %s"):format(path, tostring(problem)) }
end

local function same_target(a, b)
  return type(a) == "table" and type(b) == "table" and a.base_url == b.base_url
    and a.account == b.account
end

--- How large the inputs were at the last apply to this target.
-- @tparam ?string path of the state file; nil: nothing is remembered
-- @tparam table target
-- @treturn ?table `{people=, accounts=}`, empty if nothing is known; or nil and an error object
function guard.recall(path, target)
  if not path then return {} end
  local file = io.open(path, "rb")
  if not file then return {} end
  local text, problem = file:read "a"
  file:close()
  if not text then return io_error(path, problem) end
  local state = core.json.decode(text)
  if type(state) ~= "table" or state.format ~= FORMAT or type(state.inputs) ~= "table" then
    return nil, core.error { kind = "decode", file = path,
      message = path .. ": not what 'sei apply' remembers of the inputs",
      hint = "move it away; then the next plan does not know how large the inputs were" }
  end
  if not same_target(state.target, target) then return {} end
  local last = {}
  for name, count in pairs(state.inputs) do
    if math.type(count) == "integer" then last[name] = count end
  end
  return last
end

--- Remembers the sizes of the inputs after a successful apply, in the file that the
-- header names (`state`); a plan without one remembers nothing.
-- @tparam table header of the plan
-- @treturn ?boolean true; or nil and an error object
function guard.remember(header)
  local path = header.state
  if type(path) ~= "string" then return true end
  local inputs = {}
  for name, input in pairs(header.inputs or {}) do inputs[name] = input.count end
  local text, err = core.json.encode({ format = FORMAT, target = header.target, inputs = inputs },
    { canonical = true })
  if not text then return nil, err end
  local out <close>, problem = core.file(path, true)
  if not out then return nil, problem end
  local ok, why = core.file_write(out, text .. "\n")
  if not ok then return nil, why end
  return core.file_commit(out)
end

return guard
