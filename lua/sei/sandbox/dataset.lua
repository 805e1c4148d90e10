--- Developers as rows: reading an uploaded CSV, mapping its columns, checking.
--
-- Errors are those of api.md section 5: `{ errorType, fieldName,
-- errorDeveloperCount, sampleErrorDevelopers }`, all that there are at once.
local csv = require "sei.sandbox.csv"
local json = require "sei.sandbox.json"

local dataset = {}

local SAMPLES <const> = 5 -- "samples are partial"

--- The roles that a column may have; any other column is an additional field.
dataset.roles = { "NAME", "EMAIL", "MANAGER_EMAIL" }

local LIKELY = {
  name = "NAME", ["full name"] = "NAME", email = "EMAIL", ["e-mail"] = "EMAIL",
  manager = "MANAGER_EMAIL", ["manager email"] = "MANAGER_EMAIL", manageremail = "MANAGER_EMAIL",
}

--- One error.
-- @tparam string kind
-- @tparam ?string field
-- @tparam[opt] {table,...} rows those that have it
function dataset.error(kind, field, rows)
  local samples = {}
  for k = 1, math.min(SAMPLES, rows and #rows or 0) do samples[k] = rows[k] end
  return { errorType = kind, fieldName = field or json.null,
    errorDeveloperCount = rows and #rows or 0, sampleErrorDevelopers = json.array(samples) }
end

local function check_header(fields)
  local seen = {}
  for _, name in ipairs(fields) do
    if name:find "^%s*$" then return dataset.error("BLANK_CSV_COLUMN_NAME") end
    if seen[name] then return dataset.error("INVALID_CSV", name) end
    seen[name] = true
  end
end

local function read(text)
  local columns, rows = nil, {}
  for _, fields in csv.rows(text) do
    if not columns then
      local err = check_header(fields)
      if err then return nil, err end
      columns = fields
    else
      if #fields ~= #columns then return nil, dataset.error("INVALID_CSV") end
      local row = {}
      for k, name in ipairs(columns) do row[name] = fields[k] end
      rows[#rows + 1] = row
    end
  end
  if not rows[1] then return nil, dataset.error("EMPTY_CSV") end
  return { columns = columns, rows = rows }
end

--- Reads a CSV.
-- @treturn[1] table `columns`, `rows` (values by column)
-- @treturn[2] nil
-- @treturn[2] table the error
function dataset.read(text)
  if not utf8.len(text) then return nil, dataset.error("INVALID_CSV") end
  local ok, data, err = pcall(read, text)
  if ok then return data, err end
  if type(data) ~= "table" or not data.csv then error(data, 0) end
  return nil, dataset.error("INVALID_CSV")
end

--- The mapping that the names of the columns suggest: role -> column.
function dataset.likely_mapping(columns)
  local mapping = {}
  for _, name in ipairs(columns) do
    local role = LIKELY[(name:lower():gsub("_", " "))]
    if role and not mapping[role] then mapping[role] = name end
  end
  return mapping
end

--- A mapping as it was sent: `[{fieldType, columnName}]`, the same under
-- `fieldMappings`, or an object role -> column.
-- @treturn ?table role -> column
function dataset.read_mapping(v)
  if json.is_object(v) and v.fieldMappings then v = v.fieldMappings end
  local mapping = {}
  if json.is_array(v) then
    for _, one in ipairs(v) do
      if not json.is_object(one) then return nil end
      mapping[tostring(one.fieldType)] = one.columnName or one.fieldName
    end
  elseif json.is_object(v) then
    for role, column in pairs(v) do mapping[role:upper()] = column end
  else
    return nil
  end
  return mapping
end

--- What is wrong with a mapping.
-- @treturn {table,...} errors; empty if nothing is
function dataset.check_mapping(mapping, columns)
  local has, errors = {}, {}
  for _, name in ipairs(columns) do has[name] = true end
  for _, role in ipairs(dataset.roles) do
    if not mapping[role] then
      return { dataset.error("MISSING_NAME_OR_EMAIL_OR_MANAGER_EMAIL_FIELD_MAPPING", role) }
    end
    if not has[mapping[role]] then
      errors[#errors + 1] = dataset.error("REQUIRED_FIELD_MISSING", tostring(mapping[role]))
    end
  end
  return errors
end

--- Rows by their columns' names become developers: `name`, `email`, `manager`
-- and `fields`, a table; `row` is what they came from.
function dataset.developers(rows, mapping)
  local role_of, list = {}, {}
  for role, column in pairs(mapping) do role_of[column] = role end
  for k, row in ipairs(rows) do
    local d = { row = row, fields = {} }
    for column, v in pairs(row) do
      local role = role_of[column]
      if role == "NAME" then d.name = v
      elseif role == "EMAIL" then d.email = type(v) == "string" and v:lower() or nil
      elseif role == "MANAGER_EMAIL" then d.manager = type(v) == "string" and v:lower() or nil
      else d.fields[column] = v end
    end
    list[k] = d
  end
  return list
end

local function blank(v) return type(v) ~= "string" or v:find "^%s*$" ~= nil end

-- Is there a way back to `email` from its manager upwards?
local function circular(email, manager_of)
  local at, seen = manager_of(email), {}
  while at and at ~= "" and not seen[at] do
    if at == email then return true end
    seen[at] = true
    at = manager_of(at)
  end
  return false
end

--- What is wrong with developers.
-- @tparam {table,...} list from dataset.developers
-- @tparam function known is an address one of somebody who is not in the list?
-- @tparam function manager_of the manager's address of somebody not in the list
-- @tparam boolean partial a name may be missing
-- @treturn {table,...} errors; empty if nothing is
function dataset.check(list, known, manager_of, partial)
  local by_email, found, errors = {}, {}, {}
  local function note(kind, field, d)
    local key = kind .. field
    if not found[key] then
      found[key] = { kind, field, {} }
      errors[#errors + 1] = found[key]
    end
    table.insert(found[key][3], d.row)
  end
  for _, d in ipairs(list) do
    if blank(d.email) then note("REQUIRED_VALUE_MISSING", "email", d) end
    if blank(d.name) and not (partial and d.name == nil and d.email and known(d.email)) then
      note("REQUIRED_VALUE_MISSING", "name", d)
    end
    if not blank(d.email) then
      if by_email[d.email] then note("DUPLICATE_EMAIL", "email", d) end
      by_email[d.email] = d
    end
  end
  local function up(email)
    local d = by_email[email]
    if d and d.manager then return d.manager end
    return manager_of(email)
  end
  for _, d in ipairs(list) do
    if not blank(d.manager) then
      if not by_email[d.manager] and not known(d.manager) then
        note("MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", "manager_email", d)
      elseif d.email and circular(d.email, up) then
        note("CIRCULAR_REFERENCE", "manager_email", d)
      end
    end
  end
  for k, one in ipairs(errors) do errors[k] = dataset.error(one[1], one[2], one[3]) end
  return errors
end

return dataset
