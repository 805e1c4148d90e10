--- How a row of a file becomes a record of the mapping: a person or an account.
--
-- A record is the row itself with the fields `id`, `integration_id`, `login`,
-- `name`, `email`, `active`, `bot` and the lists `emails`, `names`, `logins`, as
-- far as it has them, and `source = {file=, line=}`. Everything else in the row
-- stays under its own name. What stood under one of these names and means
-- something else is kept with an underscore in front: `_name`.
-- @module sei.source.record

local core = require "sei.core"

local null = core.json.null
local record = {}

local SINGLE <const> = { "id", "integration_id", "login", "name", "email", "active", "bot" }
local LISTS <const> = { "emails", "names", "logins" }
local FIELDS <const> = table.move(LISTS, 1, #LISTS, #SINGLE + 1, table.move(SINGLE, 1, #SINGLE, 1,
  {}))

-- The names of the fields.
record.fields = FIELDS

-- Where a list that is one text is cut.
local CUTS <const> = { emails = "[^;,|%s]+", logins = "[^;,|%s]+", names = "[^;|\r\n]+" }

-- Names of columns that mean a field wherever they stand, blanks, "-" and "_"
-- left out; the first one that is there is taken. First and last name make a
-- name if there is none.
local WELL_KNOWN <const> = {
  id = { "id", "personid", "accountid", "userid", "employeeid", "employeenumber" },
  integration_id = { "integrationid" },
  login = { "login", "username", "loginname", "accountname", "identity", "cloudid",
    "samaccountname", "uid" },
  name = { "name", "fullname", "displayname", "realname", "cn" },
  email = { "email", "emailaddress", "mail", "mailaddress", "workemail", "primaryemail",
    "useremail", "primaryworkemail" },
  active = { "active", "isactive", "userstatus", "accountstatus", "status", "state" },
  bot = { "bot", "isbot" },
  emails = { "emails", "otheremails", "alternateemails" },
  names = { "names", "aliases" },
  logins = { "logins", "usernames" },
}
local FIRST <const> = { "firstname", "givenname", "forename" }
local LAST <const> = { "lastname", "surname", "familyname", "sn" }

local WORDS <const> = {
  [true] = { "true", "yes", "y", "1", "active", "enabled", "activated" },
  [false] = { "false", "no", "n", "0", "inactive", "disabled", "deactivated", "blocked",
    "suspended", "deleted", "closed", "ldap_blocked", "banned", "removed" },
}
local TRUTH <const> = {}
for value, words in pairs(WORDS) do
  for _, word in ipairs(words) do TRUTH[word] = value end
end

-- ---- values ----

-- Bytes that blanks begin or end with, those beyond ASCII included.
local EDGE <const> = {}
for byte in ("\t\n\v\f\r \xC2\xE2\xEF\xA0\x8B\xBF"):gmatch "." do EDGE[byte:byte()] = true end

--- Cuts blanks at both ends, also those that spreadsheets and web pages leave
-- behind (U+00A0, U+200B, U+FEFF).
-- @tparam string s
-- @function trim
-- @treturn string
local function trim(s)
  if not EDGE[s:byte(1)] and not EDGE[s:byte(-1)] then return s end
  local before
  repeat
    before = #s
    s = s:match "^%s*(.*%S)" or ""
    for _, blank in ipairs { "\u{A0}", "\u{200B}", "\u{FEFF}" } do
      if s:sub(1, #blank) == blank then s = s:sub(#blank + 1) end
      if s:sub(-#blank) == blank then s = s:sub(1, -#blank - 1) end
    end
  until #s == before
  return s
end
record.trim = trim

-- A value as text; nil for what counts as missing; false for what is no text.
local function text(value)
  local kind = type(value)
  if kind == "string" then
    value = trim(value)
    return value ~= "" and value or nil
  end
  if value == nil or value == null then return nil end
  if kind == "number" then
    local whole = math.tointeger(value)
    return whole and ("%d"):format(whole) or false
  end
  return false
end

local function shown(value)
  local words = type(value) == "string" and value or type(value) == "table" and "a table"
    or tostring(value)
  words = words:gsub("%c", "?")
  return #words > 60 and words:sub(1, utf8.len(words:sub(1, 60)) and 60 or 57) .. "..." or words
end

local convert = {}

local function one_text(value)
  local result = text(value)
  if result == false then return nil, "text expected" end
  return result
end

convert.id, convert.integration_id, convert.login, convert.name =
  one_text, one_text, one_text, one_text

-- The first address; the others.
function convert.email(value)
  if type(value) == "string" and value:find "@.*[;,|%s].*@" then
    local all = {}
    for one in value:gmatch(CUTS.emails) do all[#all + 1] = one end
    value = all
  end
  if type(value) ~= "table" then return one_text(value) end
  local first, others = nil, {}
  for _, v in ipairs(value) do
    local one, problem = one_text(v)
    if problem then return nil, problem end
    if one and first then others[#others + 1] = one end
    first = first or one
  end
  return first, nil, others
end

local function truth(value)
  if type(value) == "boolean" then return value end
  local word = text(value)
  if word == nil then return nil end
  local is = TRUTH[word and word:lower()]
  if is == nil then
    return nil, "a word such as true, false, yes, no, active, inactive expected"
  end
  return is
end

convert.active, convert.bot = truth, truth

local function list(cut)
  return function(value)
    local result, seen = {}, {}
    local function add(one)
      if one and not seen[one] then
        seen[one] = true
        result[#result + 1] = one
      end
    end
    if type(value) == "string" then
      for one in value:gmatch(cut) do add(text(one)) end
    elseif type(value) == "table" then
      for _, v in ipairs(value) do
        local one = text(v)
        if one == false then return nil, "a list of texts expected" end
        add(one)
      end
    elseif value ~= nil and value ~= null then
      return nil, "a list of texts expected"
    end
    return #result > 0 and result or nil
  end
end

for field, cut in pairs(CUTS) do convert[field] = list(cut) end

-- ---- getters ----

local function split(path)
  local steps = {}
  for step in path:gmatch "[^.]+" do steps[#steps + 1] = math.tointeger(step) or step end
  return steps
end

local function walk(value, steps, from)
  for i = from, #steps do
    if type(value) ~= "table" or value == null then return nil end
    local next_value = value[steps[i]]
    if next_value == nil and value[1] ~= nil and type(steps[i]) == "string" then
      local all = {}
      for _, item in ipairs(value) do all[#all + 1] = walk(item, steps, i) end
      return all
    end
    value = next_value
  end
  if value == null then return nil end
  return value
end

--- A function that finds a place in a row: "name", or "profile.displayName"
-- through tables; through an array, a number takes one item (from 1), a name
-- what all of them have there.
-- @tparam string path
-- @treturn function
function record.getter(path)
  if not path:find(".", 1, true) then
    return function(row)
      local value = row[path]
      if value == null then return nil end
      return value
    end
  end
  local steps = split(path)
  return function(row)
    local value = row[path]
    if value ~= nil and value ~= null then return value end
    return walk(row, steps, 1)
  end
end

local function joined(getters)
  return function(row)
    local parts = {}
    for _, get in ipairs(getters) do
      local part = text(get(row))
      if part == false then return {} end
      parts[#parts + 1] = part
    end
    return table.concat(parts, " ")
  end
end

local function collected(getters)
  return function(row)
    local all = {}
    for _, get in ipairs(getters) do
      local value = get(row)
      if type(value) == "table" then
        table.move(value, 1, #value, #all + 1, all)
      else
        all[#all + 1] = value
      end
    end
    return all
  end
end

local function first(getters)
  return function(row)
    for _, get in ipairs(getters) do
      local value = get(row)
      if text(value) ~= nil then return value end
    end
  end
end

-- Several columns for one field: parts of a name; addresses, of which the
-- first one is the address; otherwise the first that is not empty.
local function combine(field, getters)
  if field == "name" then return joined(getters) end
  if field == "email" or CUTS[field] then return collected(getters) end
  return first(getters)
end

-- ---- the option columns ----

--- Checks the option `columns`; raises a text.
-- @tparam ?table columns
-- @tparam string what the function, for messages
function record.check_columns(columns, what)
  for field, value in pairs(columns or {}) do
    if not convert[field] then
      local near = type(field) == "string" and core.nearest(field, FIELDS)
      error(("bad option 'columns' for %s (unknown field '%s'; %s)"):format(what, tostring(field),
        near and "did you mean '" .. near .. "'?" or "known: " .. table.concat(FIELDS, ", ")), 0)
    end
    local ok = type(value) == "string" and value ~= "" or type(value) == "function"
      or value == false or type(value) == "table" and #value > 0
    for _, name in ipairs(type(value) == "table" and value or {}) do
      ok = ok and type(name) == "string" and name ~= ""
    end
    if not ok then
      error(("bad option 'columns' for %s (field '%s': the name of a column, an array of names, a "
        .. "function or false expected, got %s)"):format(what, field, type(value)), 0)
    end
  end
end

local function normal(name) return (name:lower():gsub("[%s_%-]+", "")) end

local function index_of(names)
  local exact, loose = {}, {}
  for _, name in ipairs(names) do
    exact[name] = name
    local key = trim(name):lower()
    if loose[key] == nil then loose[key] = name end
  end
  return exact, loose
end

-- The names among those there are that columns ask for, as an array.
local function find_columns(field, wanted, names, where)
  local exact, loose = index_of(names)
  local found = {}
  for i, name in ipairs(type(wanted) == "table" and wanted or { wanted }) do
    found[i] = exact[name] or loose[trim(name):lower()]
    if not found[i] then
      local near = core.nearest(name, names)
      error(core.error { kind = "decode", file = where.file, line = where.line, field = field,
        message = ("%s:%d: there is no column \"%s\" for the field '%s'"):format(where.file,
          where.line, shown(name), field),
        hint = (near and "did you mean \"" .. shown(near) .. "\"? " or "")
          .. "there are: \"" .. shown(table.concat(names, "\", \"")) .. "\"" }, 0)
    end
  end
  return found
end

-- What the well-known names among those there are stand for, but those that
-- the user has given a meaning.
local function guess(names, taken, used)
  local by_name, guessed = {}, {}
  for i = #names, 1, -1 do
    if not used[names[i]] then by_name[normal(trim(names[i]))] = names[i] end
  end
  local function known(list_of)
    for _, name in ipairs(list_of) do
      if by_name[name] then return by_name[name] end
    end
  end
  for field, list_of in pairs(WELL_KNOWN) do
    if taken[field] == nil then guessed[field] = { known(list_of) } end
  end
  local one, two = known(FIRST), known(LAST)
  if taken.name == nil and not guessed.name[1] and one and two then guessed.name = { one, two } end
  return guessed
end

local function add(mapping, field, names)
  if #names == 0 then return end
  local getters = {}
  for i, name in ipairs(names) do
    getters[i] = function(row) return row[name] end
  end
  mapping.get[field] = #getters == 1 and getters[1] or combine(field, getters)
  mapping.columns[field] = #names == 1 and names[1] or names
  mapping.own[field] = #names == 1 and names[1] == field
end

--- How rows with these columns become records. Raises an error object if a
-- column that `columns` names is not there, or if none means anything.
-- @tparam {string,...} names of the columns
-- @tparam ?table columns the option
-- @tparam table where `{file=, line=}` of the names, for messages
-- @treturn table a mapping for record.make
function record.by_header(names, columns, where)
  columns = columns or {}
  local mapping, used = { get = {}, columns = {}, own = {}, guessed = {}, header = {} }, {}
  for _, name in ipairs(names) do mapping.header[name] = true end
  for field, value in pairs(columns) do
    if type(value) == "function" then
      mapping.get[field] = value
    elseif value then
      local found = find_columns(field, value, names, where)
      for _, name in ipairs(found) do used[name] = true end
      add(mapping, field, found)
    end
  end
  for field, found in pairs(guess(names, columns, used)) do
    add(mapping, field, found)
    mapping.guessed[field] = mapping.columns[field]
  end
  local get = mapping.get
  if not (get.login or get.name or get.email or get.emails) then
    error(core.error { kind = "decode", file = where.file, line = where.line, field = "columns",
      message = ("%s:%d: no column is a login, a name or an e-mail address by its name"):format(
        where.file, where.line),
      hint = "say which with columns = {login = \"…\"}; there are: \""
        .. shown(table.concat(names, "\", \"")) .. "\"" }, 0)
  end
  return mapping
end

-- Well-known names of members, found as they come.
local function guesser(columns, mapping, used)
  local rank, meaning = {}, {}
  for field, list_of in pairs(WELL_KNOWN) do
    for i, name in ipairs(list_of) do
      if columns[field] == nil then rank[name] = { field, i } end
    end
  end
  return function(row)
    local best, at = {}, {}
    for key in pairs(row) do
      local known = meaning[key]
      if known == nil then
        known = type(key) == "string" and not used[key] and rank[normal(key)] or false
        meaning[key] = known
      end
      if known and (not best[known[1]] or known[2] < at[known[1]]) then
        best[known[1]], at[known[1]] = key, known[2]
      end
    end
    for field, key in pairs(best) do mapping.guessed[field] = key end
    return best
  end
end

--- How tables with members become records. Without `columns`, members with
-- well-known names are taken.
-- @tparam ?table columns the option; names may be paths
-- @tparam ?boolean closed nothing is guessed
-- @treturn table a mapping for record.make
function record.by_members(columns, closed)
  columns = columns or {}
  local mapping, used = { get = {}, columns = {}, own = {}, guessed = {} }, {}
  for field, value in pairs(columns) do
    if type(value) == "function" then
      mapping.get[field] = value
    elseif value then
      local names = type(value) == "table" and value or { value }
      local getters = {}
      for i, name in ipairs(names) do
        getters[i], used[name:match "^[^.]*"], used[name] = record.getter(name), true, true
      end
      mapping.get[field] = #getters == 1 and getters[1] or combine(field, getters)
      mapping.columns[field] = value
      mapping.own[field] = value == field
    end
  end
  if not closed then mapping.guess = guesser(columns, mapping, used) end
  return mapping
end

-- ---- making records ----

local function bad(where, field, value, problem, reason)
  local value_text = value ~= nil and value ~= null and shown(value) or nil
  return core.error { kind = "decode", file = where.file, line = where.line, field = field,
    value = value_text, reason = reason or "bad value of '" .. field .. "'",
    message = ("%s:%s: the field '%s' has the value \"%s\": %s"):format(where.file,
      where.line or "?", field, value_text or "", problem),
    hint = "correct the file, map another column (columns), or take such rows out with on_bad" }
end

local function is_blank(row)
  for _, value in pairs(row) do
    if type(value) == "table" and next(value) ~= nil or type(value) ~= "table"
      and value ~= null and not (type(value) == "string" and trim(value) == "") then
      return false
    end
  end
  return true
end

local function same(a, b) return a == b or text(a) == b end

-- Puts a field into the row; what stood there and is something else stays.
local function put(row, field, value, own)
  local there = row[field]
  if there ~= nil and not own and there ~= null and there ~= "" and not same(there, value) then
    row["_" .. field] = there
  end
  row[field] = value
end

-- Addresses beside the first one; the first of a list is the address if there
-- is no other.
local function merge(others, values)
  local emails = values.emails or {}
  table.move(others or {}, 1, others and #others or 0, #emails + 1, emails)
  if not values.email then values.email = table.remove(emails, 1) end
  values.emails = #emails > 0 and emails or nil
end

-- What is done for each row is worked out once: the fields that may have a value,
-- where it is from, and those whose names the row may have for something else.
local function plan_of(mapping, constants)
  local plan = { steps = {}, touched = {}, values = {} }
  for _, field in ipairs(FIELDS) do
    local column = mapping.columns[field]
    if mapping.get[field] or mapping.guess or constants and constants[field] then
      plan.steps[#plan.steps + 1] = { field = field, get = mapping.get[field],
        column = mapping.header and type(column) == "string" and column or nil,
        convert = convert[field], constant = constants and constants[field] }
    end
    if mapping.get[field] or not mapping.header or mapping.header[field]
      or constants and constants[field] or field == "email" or field == "emails" then
      plan.touched[#plan.touched + 1] = field
    end
  end
  mapping.plan = plan
  return plan
end

-- The value of a field as it stands in the row; nil and an error object if the
-- user's function fails.
local function raw_value(step, guessed, row, where)
  if step.column then return row[step.column] end
  if step.get then
    local ok, got = pcall(step.get, row)
    if ok then return got end
    return nil, bad(where, step.field, nil, "its function failed: " .. tostring(got))
  end
  if guessed and guessed[step.field] then return row[guessed[step.field]] end
end

-- The values of all fields; or nil and an error object.
local function collect(plan, guessed, row, where)
  local values, others = plan.values, nil
  values.email, values.emails = nil, nil -- may have come without a step
  for _, step in ipairs(plan.steps) do
    local value, err = raw_value(step, guessed, row, where)
    if err then return nil, err end
    local problem, more
    if value ~= nil then
      value, problem, more = step.convert(value)
      if problem then
        return nil, bad(where, step.field, raw_value(step, guessed, row, where), problem)
      end
      others = more or others
    end
    if value == nil then value = step.constant end
    values[step.field] = value
  end
  if others or values.emails then merge(others, values) end
  return values
end

--- Makes a record of a row, in its place.
-- @tparam table mapping of record.by_header or record.by_members
-- @tparam table row
-- @tparam table where `{file=, line=}`; becomes the record's `source`
-- @tparam ?table constants values of fields that the row has not, the same for all rows
-- @treturn ?table the record; nil: the row is blank
-- @treturn ?table an error object, if it is bad
function record.make(mapping, row, where, constants)
  local plan = mapping.plan or plan_of(mapping, constants)
  local guessed = mapping.guess and mapping.guess(row)
  local values, err = collect(plan, guessed, row, where)
  if not values then return nil, err end
  if not (values.login or values.name or values.email) then
    if is_blank(row) then return nil end
    return nil, bad(where, "login", nil, "a record needs a login, a name or an e-mail address",
      "neither login, name nor e-mail")
  end
  for _, field in ipairs(plan.touched) do
    put(row, field, values[field], mapping.own[field] or guessed and guessed[field] == field)
  end
  put(row, "source", where, false)
  return row
end

return record
