--- From a recipe's `fields` to the plan's rows about contributors.
--
-- The service replaces whole records (api.md section 4 no. 7); a row names only
-- what changes, `before` and `after`, and the fingerprint of the record as it was.
-- @module sei.plan.fields

local core = require "sei.core"
local directory = require "sei.plan.directory"
local options = require "sei.options"

local fields = {}

local null <const> = core.json.null

-- Members of a record that a recipe does not set: who somebody is, and what
-- the service counts by itself.
local OWN <const> = { id = true, email = true, org_uuid = true, integration_user_ids = true,
  version = true, created_at = true, updated_at = true, additional_fields = true }

local function fail(record, sentence, hint)
  error(core.error { kind = "decode", hint = hint,
    message = ("the recipe's 'fields' for %s %s"):format(record.email, sentence) }, 0)
end

--- The value of a field in a contributor's record.
-- @tparam table record
-- @tparam string name `full_name`, or a custom field
-- @return the value; sei.null if there is none
function fields.value(record, name)
  local from = record
  if name ~= "full_name" then
    from = type(record.additional_fields) == "table" and record.additional_fields or {}
  end
  local value = from[name]
  if value == nil then return null end
  return value
end

--- Sets a field in a contributor's record.
-- @tparam table record
-- @tparam string name `full_name`, or a custom field
-- @param value sei.null empties it
function fields.set(record, name, value)
  if name == "full_name" then
    record.full_name = value
    return
  end
  if type(record.additional_fields) ~= "table" then record.additional_fields = {} end
  if value == null then value = nil end
  record.additional_fields[name] = value
end

local function encoded(value) return core.json.encode(value, { canonical = true }) end

-- "" and none are the same to the service and to people.
local function same(a, b)
  if a == "" then a = null end
  if b == "" then b = null end
  return a == b or encoded(a) == encoded(b)
end

local function check_name(name, known, record)
  if type(name) ~= "string" then fail(record, "returned the field " .. tostring(name)) end
  if OWN[name] then fail(record, ("set '%s', which is not a field to set"):format(name)) end
  if known[name] then return end
  fail(record, ("set '%s', which the directory's schema does not have%s"):format(name,
    options.suggest(name, known)), "a new field is made in SEI first")
end

local function check_value(name, value, record)
  if encoded(value) == nil then
    fail(record, ("set '%s' to what JSON cannot hold (%s)"):format(name, type(value)))
  end
end

-- A copy that the function may change as it likes.
local function copy_of(record)
  local copy = {}
  for name, value in pairs(record) do copy[name] = value end
  local custom, given = {}, record.additional_fields
  for name, value in pairs(type(given) == "table" and given or {}) do custom[name] = value end
  copy.additional_fields = custom
  return copy
end

-- What the function wants; nil: leaves the record alone.
local function wanted(f, person, record)
  local ok, result = pcall(f, person, copy_of(record))
  if not ok then
    if core.is_error(result) then error(result, 0) end
    local source = type(person.source) == "table" and person.source or {}
    fail(record, ("failed%s: %s"):format(source.line and (" (%s line %s)"):format(
      source.file or "input", source.line) or "", tostring(result)))
  end
  if result == nil or result == false then return nil end
  if type(result) ~= "table" then
    fail(record, ("returned no table of fields but %s"):format(type(result)))
  end
  return result
end

local function row_of(record, result, known)
  local before, after = {}, {}
  for name, value in pairs(result) do
    check_name(name, known, record)
    check_value(name, value, record)
    local now = fields.value(record, name)
    if not same(now, value) then before[name], after[name] = now, value end
  end
  local row = { what = "contributor", id = record.id, email = record.email }
  if next(after) == nil then
    row.kind = "keep"
  else
    row.kind, row.before, row.after = "change", before, after
    row.fingerprint = directory.fingerprint(record)
  end
  return row
end

--- Whether a row would overwrite a value, not only fill in one.
-- @tparam table row about a contributor
-- @treturn boolean
function fields.loses(row)
  for _, value in pairs(row.before or {}) do
    if value ~= null and value ~= "" then return true end
  end
  return false
end

-- Names of the schema's fields: a set; `full_name` is there in any case.
local function names_of(client)
  local schema, err = client:get_schema()
  if not schema then error(err, 0) end
  local known = { full_name = true }
  for _, field in ipairs(schema.fields or {}) do
    if field.key and not OWN[field.key] then known[field.key] = true end
  end
  return known
end

local function refuse(row, reason, message)
  row.kind, row.reason, row.message = "conflict", reason, message
  row.before, row.after, row.fingerprint = nil, nil, nil
end

--- The rows for the contributors who are people of the recipe.
--
-- Raises an error object for a function that fails or wants what cannot be.
-- @tparam client client its schema is read
-- @tparam table given the recipe
-- @tparam table there sei.plan.directory, whole records
-- @tparam table addresses of sei.plan.mapping
-- @tparam function protection of sei.guard
-- @treturn {table,...}
function fields.rows(client, given, there, addresses, protection)
  local rows, known = {}, names_of(client)
  for _, record in ipairs(there.people) do
    local person = addresses[record.email:lower()]
    if person == false then
      local row = { what = "contributor", id = record.id, email = record.email }
      refuse(row, "two_people", "several people of the input have this address")
      rows[#rows + 1] = row
    elseif person then
      local result = wanted(given.fields, person, record)
      local row = result and row_of(record, result, known)
      local pattern = row and row.kind == "change" and protection(row)
      if pattern then
        row.kind, row.reason, row.message = "protected", "protect", "protected by " .. pattern
        row.fingerprint = nil
      end
      rows[#rows + 1] = row
    end
  end
  return rows
end

return fields
