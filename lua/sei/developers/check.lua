--- What is wrong with developers, as rows: line, field, value, reason and remedy.
--
-- The service knows nine types of errors and names only samples of the rows
-- (api.md section 5). Each of them is looked for here before anything is sent; and
-- what the service finds beyond that is brought back to the lines of the file.
-- @module sei.developers.check

local core = require "sei.core"
local mapping = require "sei.developers.mapping"

local check = {}

-- Type → what it means, what to do.
local TYPES <const> = {
  REQUIRED_FIELD_MISSING = { "a field that the service needs has no column",
    "add the column, or say which one it is" },
  REQUIRED_VALUE_MISSING = { "is empty", "fill it in, or take the row out" },
  DUPLICATE_EMAIL = { "stands in several rows", "leave one row for each address" },
  CIRCULAR_REFERENCE = { "is below this developer, too: they are each other's managers",
    "mend the manager of one of them" },
  MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS = { "is no developer of the upload",
    "add the manager as a row, or leave the cell empty" },
  MISSING_NAME_OR_EMAIL_OR_MANAGER_EMAIL_FIELD_MAPPING = { "has no column",
    "say which column it is" },
  INVALID_CSV = { "the file is not well-formed CSV", "save it again as CSV, in UTF-8" },
  EMPTY_CSV = { "the file has no rows", "look whether the export came to its end" },
  BLANK_CSV_COLUMN_NAME = { "a column has no name", "name each column in the first line" },
}

--- The types of errors that the service knows.
-- @treturn {string,...} sorted
function check.types()
  local list = {}
  for name in pairs(TYPES) do list[#list + 1] = name end
  table.sort(list)
  return list
end

--- What to do about a type of error.
-- @tparam string kind
-- @treturn string
function check.remedy(kind)
  return TYPES[kind] and TYPES[kind][2] or "see the service's description of this error"
end

-- ---- our own look ----

local function blank(text) return not text:find "%S" end

local function note(list, kind, row, field, value, reason)
  list[#list + 1] = { type = kind, line = row.line, email = row.email, field = field,
    value = value, reason = reason or TYPES[kind][1], remedy = TYPES[kind][2] }
end

local function check_values(found, rows, roles)
  local first = {}
  for _, row in ipairs(rows) do
    if blank(row.email) then
      note(found, "REQUIRED_VALUE_MISSING", row, roles.EMAIL, row.email)
    elseif first[row.email] then
      note(found, "DUPLICATE_EMAIL", row, roles.EMAIL, row.email,
        first[row.email].line and ("stands in line %d, too"):format(first[row.email].line) or nil)
    else
      first[row.email] = row
    end
    if blank(row.name) then note(found, "REQUIRED_VALUE_MISSING", row, roles.NAME, row.name) end
  end
  return first
end

-- Who stands in a circle of managers: each chain is gone up once.
local function circular(by_email)
  local state, inside = {}, {}
  for email in pairs(by_email) do
    local path, at = {}, email
    while at and state[at] == nil do
      state[at] = "open"
      path[#path + 1] = at
      local manager = by_email[at].manager
      at = by_email[manager] and manager or nil
    end
    if at and state[at] == "open" then
      for i = #path, 1, -1 do
        inside[path[i]] = true
        if path[i] == at then break end
      end
    end
    for _, one in ipairs(path) do state[one] = "done" end
  end
  return inside
end

local function check_managers(found, rows, by_email, roles)
  local inside = circular(by_email)
  for _, row in ipairs(rows) do
    if not blank(row.manager) then
      if not by_email[row.manager] then
        note(found, "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", row, roles.MANAGER_EMAIL,
          row.manager)
      elseif inside[row.email] and by_email[row.email] == row then
        note(found, "CIRCULAR_REFERENCE", row, roles.MANAGER_EMAIL, row.manager)
      end
    end
  end
end

local function by_line(a, b)
  local x, y = a.line or math.maxinteger, b.line or math.maxinteger
  if x ~= y then return x < y end
  return a.type < b.type
end

--- Looks for every type of error that rows can have.
-- @tparam {table,...} rows developers of sei.developers.there, with `line`
-- @tparam table roles role → the name of its column
-- @treturn {table,...} {type=, line=, email=, field=, value=, reason=, remedy=}, by line
function check.rows(rows, roles)
  local found = {}
  local by_email = check_values(found, rows, roles)
  check_managers(found, rows, by_email, roles)
  table.sort(found, by_line)
  return found
end

-- ---- the service's look ----

--- Whether an error is one in which the service names developers.
-- @param err anything
-- @treturn boolean
function check.is_told(err)
  local rows = type(err) == "table" and err.rows
  return type(rows) == "table" and type(rows[1]) == "table" and rows[1].errorType ~= nil
end

-- Our name of a field that the service calls by its own or by a role.
local function column_of(name, roles)
  if type(name) ~= "string" then return nil end
  local folded = mapping.fold(name)
  for _, role in ipairs(mapping.ROLES) do
    if folded == mapping.fold(role) then return roles[role] or role end
  end
  return name
end

-- The address in a sample: under the column's name, or another that means it.
local function email_of(sample, roles)
  for name, value in pairs(sample) do
    if type(value) == "string" and (name == roles.EMAIL or mapping.fold(name) == "email") then
      return value:lower():match "^%s*(.-)%s*$"
    end
  end
end

local function agrees(row, sample, roles)
  local values = { [roles.NAME or ""] = row.name, [roles.EMAIL or ""] = row.email,
    [roles.MANAGER_EMAIL or ""] = row.manager, name = row.name, email = row.email,
    managerEmail = row.manager, manager_email = row.manager }
  for name, value in pairs(sample) do
    local ours = values[name] or row.fields[name]
    local text = type(value) == "string" and value:match "^%s*(.-)%s*$" or ""
    if ours and ours:lower() ~= text:lower() then return false end
  end
  return true
end

-- The rows that a sample may be.
local function rows_of(sample, rows, roles)
  local list, email = {}, email_of(sample, roles)
  for _, row in ipairs(rows) do
    if (not email or row.email == email) and agrees(row, sample, roles) then
      list[#list + 1] = row
    end
  end
  if #list == 0 and email and email ~= "" then
    for _, row in ipairs(rows) do
      if row.email == email then list[#list + 1] = row end
    end
  end
  return list
end

local function value_of(row, field, roles)
  if field == roles.NAME then return row.name end
  if field == roles.EMAIL then return row.email end
  if field == roles.MANAGER_EMAIL then return row.manager end
  return row.fields[field]
end

local function entry_of(kind, row, field, value)
  local words = TYPES[kind] or { "was refused by the service", check.remedy(kind) }
  return { type = kind, line = row and row.line, email = row and row.email, field = field,
    value = value, reason = words[1], remedy = words[2] }
end

-- All rows of one of the service's errors: those that we find ourselves, and
-- those that its samples name.
local function explain_one(one, rows, roles, own)
  local kind, list, told = tostring(one.errorType), {}, {}
  local field = column_of(one.fieldName, roles)
  local function add(row, entry)
    if told[row] then return end
    told[row] = true
    list[#list + 1] = entry
  end
  for _, entry in ipairs(own) do
    if entry.type == kind and (not field or entry.field == field) then add(entry.row, entry) end
  end
  local samples = type(one.sampleErrorDevelopers) == "table" and one.sampleErrorDevelopers or {}
  for _, sample in ipairs(samples) do
    local found = type(sample) == "table" and rows_of(sample, rows, roles) or {}
    for _, row in ipairs(found) do
      add(row, entry_of(kind, row, field, value_of(row, field, roles)))
    end
    if #found == 0 then
      add(sample, entry_of(kind, { email = type(sample) == "table" and email_of(sample, roles)
        or nil }, field, type(sample) == "table" and sample[one.fieldName] or nil))
    end
  end
  local count = math.tointeger(one.errorDeveloperCount) or 0
  if #list == 0 then list[1] = entry_of(kind, nil, field) end
  if count > #list then
    list[#list].more = count - #list
  end
  return list
end

--- Brings the service's errors back to the lines of the file.
-- @tparam {table,...} errors {errorType=, fieldName=, errorDeveloperCount=, sampleErrorDevelopers=}
-- @tparam {table,...} rows what was sent: developers, with `line`
-- @tparam table roles role → the name of its column
-- @treturn {table,...} as check.rows; `more` on the last one of a type: how many others the service
-- counts and does not name
function check.explain(errors, rows, roles)
  local own, list, row_of = check.rows(rows, roles), {}, {}
  for _, row in ipairs(rows) do row_of[row.line or row] = row end
  for _, entry in ipairs(own) do entry.row = row_of[entry.line] or entry end
  for _, one in ipairs(errors) do
    if type(one) == "table" then
      local some = explain_one(one, rows, roles, own)
      table.move(some, 1, #some, #list + 1, list)
    end
  end
  for _, entry in ipairs(list) do entry.row = nil end
  return list
end

-- ---- as an error ----

local SHOWN <const> = 5

--- One of the rows as a line: "hr.csv:12: Mail is empty; fill it in, …".
-- @tparam table one
-- @tparam ?string name of the file
-- @treturn string
function check.line(one, name)
  local cell = require "sei.report".cell
  local place = one.line and ("%s:%d: "):format(name or "line", one.line)
    or (name and name .. ": " or "") .. (one.email and one.email ~= "" and one.email .. ": " or "")
  local value = one.value and one.value ~= "" and (" (%q)"):format(cell(one.value)) or ""
  local more = one.more and ("; the service counts %d more without naming them"):format(one.more)
    or ""
  local field = one.field and not one.reason:find(one.field, 1, true) and cell(one.field) .. " "
  return ("%s%s%s%s%s; %s"):format(place, field or "", one.reason, value, more, one.remedy)
end

--- An error object of rows.
-- @tparam {table,...} rows of check.rows or check.explain
-- @tparam table facts `name` (of the file), `sent` (whether the service saw them), `hint`, `status`
-- @treturn table kind "rejected", `rows`, `code` (the first type), `class`
function check.error(rows, facts)
  local lines, counted = {}, 0
  for i, one in ipairs(rows) do
    counted = counted + 1 + (one.more or 0)
    if i <= SHOWN then lines[i] = check.line(one, facts.name) end
  end
  if #rows > SHOWN then lines[#lines + 1] = ("and %d more"):format(#rows - SHOWN) end
  return core.error { kind = "rejected", code = rows[1].type, rows = rows, file = facts.file,
    class = facts.sent and "rejected" or "never_sent", status = facts.status,
    message = ("%s %s: %s"):format(counted == 1 and "one fault" or counted .. " faults",
      facts.sent and "that the service found" or "before anything was sent",
      table.concat(lines, "; ")),
    hint = facts.hint }
end

return check
