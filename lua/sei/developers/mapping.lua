--- Which column of a file is which field of the developers' schema.
--
-- Three fields have roles: NAME, EMAIL and MANAGER_EMAIL (api.md section 5 names
-- them all: without one of them nothing is saved). All others are the customer's
-- own. At the first upload the file's columns become the schema; later ones must
-- have its columns again, so what HR calls otherwise is renamed here. Only what
-- is certain is renamed: a name that is merely near is suggested, and decided by
-- whoever calls.
-- @module sei.developers.mapping

local core = require "sei.core"

local mapping = {}

-- The fields that have roles, in the order in which they are told.
mapping.ROLES = { "NAME", "EMAIL", "MANAGER_EMAIL" }

local IS_ROLE <const> = { NAME = true, EMAIL = true, MANAGER_EMAIL = true }

-- Columns of HR's exports that can be nothing else, without case, blanks and signs.
local WELL_KNOWN <const> = {
  NAME = { "name", "fullname", "displayname", "employeename", "developername" },
  EMAIL = { "email", "emailaddress", "mail", "workemail", "primaryemail", "primaryworkemail",
    "employeeemail", "developeremail" },
  MANAGER_EMAIL = { "manageremail", "manageremailaddress", "managermail", "managerworkemail",
    "managersemail", "supervisoremail", "reportstoemail" },
}

-- A name in two columns, in the order in which it is written.
local GIVEN <const> = { "firstname", "givenname", "forename" }
local FAMILY <const> = { "lastname", "familyname", "surname" }

-- What a column is called that the file does not have as it is.
local DEFAULT <const> = { NAME = "name", EMAIL = "email", MANAGER_EMAIL = "manager_email" }

--- A name without case, blanks and signs; beyond ASCII bytes stay as they are.
-- @tparam string name
-- @treturn string
function mapping.fold(name) return (name:lower():gsub("[%s%p]+", "")) end

local fold = mapping.fold

-- ---- the schema ----

local function member(one, ...)
  for _, name in ipairs { ... } do
    if type(one[name]) == "string" and one[name] ~= "" then return one[name] end
  end
end

--- The schema as the service told it: `{fieldMappings = {{columnName=, fieldType=}, …}}`, or the
-- array alone, or under `fields`. Raises an error object for anything else.
-- @tparam table reply of get_developer_schema
-- @treturn {table,...} {name=, role=}; without a role it is the customer's own
function mapping.schema(reply)
  local list = reply.fieldMappings or reply.fields or reply.schema or reply
  local schema = {}
  for i, one in ipairs(type(list) == "table" and list or {}) do
    local name = type(one) == "table" and member(one, "columnName", "column", "name", "key")
    local role = type(one) == "table" and member(one, "fieldType", "type", "role")
    if not name then break end
    schema[i] = { name = name, role = role and IS_ROLE[role:upper()] and role:upper() or nil }
  end
  if #schema > 0 or type(list) == "table" and next(list) == nil then return schema end
  local names = {}
  for name in pairs(reply) do names[#names + 1] = tostring(name) end
  table.sort(names)
  error(core.error { kind = "decode", message = "the developers' schema came in an unknown form; "
    .. "it has: " .. table.concat(names, ", ") }, 0)
end

-- ---- what is where ----

local Maker = {}
Maker.__index = Maker

local function problem(self, kind, field, reason, remedy)
  table.insert(self.problems, { type = kind, field = field, reason = reason, remedy = remedy })
end

function Maker:take(entry)
  for _, column in ipairs(entry.parts or { entry.column }) do self.used[column] = true end
  table.insert(self.list, entry)
end

-- "First Name,Last Name" as columns of the file; nil: one of them is not there.
function Maker:parts_of(text)
  local parts = {}
  for part in text:gmatch "[^,]+" do
    part = part:match "^%s*(.-)%s*$"
    if not self.has[part] then return nil end
    parts[#parts + 1] = part
  end
  return #parts > 1 and parts or nil
end

-- The file's two columns of a name.
function Maker:two_names()
  local parts = {}
  for i, words in ipairs { GIVEN, FAMILY } do
    for _, word in ipairs(words) do
      local column = self.folded[word]
      if column and not self.used[column] and not self.claimed[column] then
        parts[i] = parts[i] or column
      end
    end
  end
  return parts[1] and parts[2] and parts
end

local function declare(field, column)
  return ("columns = { [%q] = %q } (--column %s=%s)"):format(field, column, field,
    column:find "%s" and ("%q"):format(column) or column)
end

-- What the caller said of a field: the column, and its parts if it is several; false for none;
-- nil: nothing; nil, true: what is not there.
function Maker:declared_for(field)
  local column = self.declared[field]
  if not column then return column end
  if self.has[column] then return column end
  local parts = self:parts_of(column)
  if parts then return column, parts end
  local best = core.nearest(column, self.columns)
  problem(self, "REQUIRED_FIELD_MISSING", field,
    ("the file has no column '%s'%s"):format(column, best and (" (did you mean '%s'?)")
      :format(best) or ""), "the file has: " .. table.concat(self.columns, ", "))
  return nil, true
end

-- The column that a name means, and how it was found.
function Maker:find(name, role)
  if name and self.has[name] and not self.used[name] then return name, "same" end
  local wanted = name and { fold(name) } or {}
  table.move(role and WELL_KNOWN[role] or {}, 1, role and #WELL_KNOWN[role] or 0, #wanted + 1,
    wanted)
  for i, key in ipairs(wanted) do
    local column = self.folded[key]
    if column and not self.used[column] then
      return column, name and i == 1 and "spelling" or "known"
    end
  end
end

-- The unused column whose name is near.
function Maker:near(name, role)
  local free = {}
  for _, column in ipairs(self.columns) do
    if not self.used[column] and not self.claimed[column] then free[#free + 1] = column end
  end
  return core.nearest(name or DEFAULT[role], free)
    or role and core.nearest(role:gsub("_", " "), free) or nil
end

-- What the caller said of a role; true: that settles it.
function Maker:declared_role(role, name)
  local column, told = self:declared_for(role)
  if column == nil and name and not told then column, told = self:declared_for(name) end
  if column then
    self:take { field = role, role = role, column = column, parts = told,
      name = name or not told and column or DEFAULT[role], how = "declared" }
  elseif column == false and role == "MANAGER_EMAIL" then
    self:take { field = role, role = role, name = name or DEFAULT[role], how = "empty" }
  elseif column == false then
    problem(self, "MISSING_NAME_OR_EMAIL_OR_MANAGER_EMAIL_FIELD_MAPPING", role,
      "cannot be left out", "name its column")
  end
  return column ~= nil or told == true
end

-- What to do where no column is a role's.
local function remedy_of(self, role, best)
  if best then return "if so, say " .. declare(role, best) end
  if role == "MANAGER_EMAIL" then
    return "if nobody's manager is known, say columns = { MANAGER_EMAIL = false } "
      .. "(--column MANAGER_EMAIL=)"
  end
  return "name it: " .. declare(role, self.columns[1])
end

function Maker:role(role, name)
  if self:declared_role(role, name) then return end
  local column, how = self:find(name, role)
  if column then
    return self:take { field = role, role = role, column = column, name = name or column,
      how = how }
  end
  local parts = role == "NAME" and self:two_names()
  if parts then
    return self:take { field = role, role = role, column = table.concat(parts, ","),
      parts = parts, name = name or DEFAULT[role], how = "known" }
  end
  local best = self:near(name, role)
  problem(self, "MISSING_NAME_OR_EMAIL_OR_MANAGER_EMAIL_FIELD_MAPPING", role,
    ("no column of the file is %s%s"):format(role, best and (" (is it '%s'?)"):format(best) or ""),
    remedy_of(self, role, best))
end

-- A field of the schema that is the customer's own.
function Maker:custom(name)
  local column, told = self:declared_for(name)
  if column then
    return self:take { field = name, column = column, parts = told, name = name, how = "declared" }
  elseif told then
    return
  elseif column == nil then
    local how
    column, how = self:find(name)
    if column then return self:take { field = name, column = column, name = name, how = how } end
    local best = self:near(name)
    if best then
      return problem(self, "REQUIRED_FIELD_MISSING", name,
        ("the file has no column '%s' (is it '%s'?)"):format(name, best),
        ("if so, say %s; if not, columns = { [%q] = false }"):format(declare(name, best), name))
    end
  end
  self:take { field = name, name = name, how = self.missing == "keep" and "kept" or "lost" }
end

-- Columns that the schema does not have become fields of their own.
function Maker:new_fields()
  local known = {}
  for _, entry in ipairs(self.list) do known[fold(entry.name)] = entry.name end
  for _, column in ipairs(self.columns) do
    if not self.used[column] and not self.claimed[column] then
      local other = known[fold(column)]
      if other then
        problem(self, "INVALID_CSV", column, ("the column would be taken for '%s'"):format(other),
          "rename one of them in the file")
      else
        self:take { field = column, column = column, name = column,
          how = self.first and "own" or "new" }
      end
    end
  end
end

-- Names of what was declared that are no fields.
local function check_declared(self, schema)
  local known = { "NAME", "EMAIL", "MANAGER_EMAIL" }
  for _, one in ipairs(schema or {}) do known[#known + 1] = one.name end
  local is_known = {}
  for _, name in ipairs(known) do is_known[name] = true end
  for field, column in pairs(self.declared) do
    for _, part in ipairs(column and (self:parts_of(column) or { column }) or {}) do
      self.claimed[part] = true
    end
    if not is_known[field] and schema then
      local best = core.nearest(field, known)
      problem(self, "REQUIRED_FIELD_MISSING", field,
        ("the schema has no field '%s'%s"):format(field, best and (" (did you mean '%s'?)")
          :format(best) or ""), "the schema has: " .. table.concat(known, ", "))
    end
  end
end

-- A first upload makes its own fields: a column can be given another name then.
local function add_renamed(self)
  local names = {}
  for field, column in pairs(self.declared) do
    if not IS_ROLE[field] and column then names[#names + 1] = field end
  end
  table.sort(names)
  for _, field in ipairs(names) do
    local column, parts = self:declared_for(field)
    if column then
      self:take { field = field, column = column, parts = parts, name = field, how = "declared" }
    end
  end
end

--- Says which column becomes which field.
-- @tparam table given `columns`: names of the file; `schema`: of mapping.schema, nil at the first
-- upload; `declared`: {field or role = column, or false for none}; `missing`: "keep" or "remove"
-- @treturn table `list` of {field=, role=, column=, parts=, name=, how=} in the order of the
-- upload: `parts` are several columns that are joined, `name` is the column's name as it is
-- uploaded; how is "declared", "same", "spelling", "known" (a
-- well-known name), "own" (the first upload's), "new" (the schema does not have it), "kept" (values
-- stay as they are), "lost" (values go), "empty"; `problems` of {type=, field=, reason=, remedy=}
function mapping.make(given)
  local self = setmetatable({ columns = given.columns, declared = given.declared or {},
    missing = given.missing, first = given.schema == nil, has = {}, folded = {}, used = {},
    claimed = {}, list = {}, problems = {} }, Maker)
  for _, name in ipairs(self.columns) do
    self.has[name] = true
    self.folded[fold(name)] = self.folded[fold(name)] or name
  end
  check_declared(self, given.schema)
  local name_of = {}
  for _, one in ipairs(given.schema or {}) do
    if one.role then name_of[one.role] = one.name end
  end
  for _, role in ipairs(mapping.ROLES) do self:role(role, name_of[role]) end
  for _, one in ipairs(given.schema or {}) do
    if not one.role then self:custom(one.name) end
  end
  if self.first then add_renamed(self) end
  self:new_fields()
  return { list = self.list, problems = self.problems, first = self.first }
end

--- Makes what takes a field's value out of a row of the file.
-- @tparam {string,...} columns of the file
-- @treturn function of the row's cells and an entry of mapping.make: a text; parts have blanks
-- between them
function mapping.reader(columns)
  local at = {}
  for i, name in ipairs(columns) do at[name] = i end
  return function(cells, entry)
    if not entry.parts then return entry.column and cells[at[entry.column]] or "" end
    local list = {}
    for _, column in ipairs(entry.parts) do
      local text = cells[at[column]]:match "^%s*(.-)%s*$"
      if text ~= "" then list[#list + 1] = text end
    end
    return table.concat(list, " ")
  end
end

--- The uploaded column of each role.
-- @tparam table made of mapping.make
-- @treturn table role → name
function mapping.roles(made)
  local roles = {}
  for _, entry in ipairs(made.list) do
    if entry.role then roles[entry.role] = entry.name end
  end
  return roles
end

--- The body of the request that says which column is which field.
-- @tparam table made of mapping.make
-- @treturn table {fieldMappings = {{columnName=, fieldType=}, …}}
function mapping.body(made)
  local list, roles = core.json.array {}, mapping.roles(made)
  for i, role in ipairs(mapping.ROLES) do
    list[i] = { columnName = roles[role], fieldType = role }
  end
  return { fieldMappings = list }
end

return mapping
