--- Developers as the service has them, in one form; and what differs.
--
-- A developer is {email=, name=, manager=, fields={}}: texts without blanks
-- around them, addresses in lower case (api.md section 4 no. 7 says so of
-- e-mails), fields without empty ones. So what was uploaded compares with what is
-- read back, however the service spells it.
-- @module sei.developers.there

local core = require "sei.core"
local mapping = require "sei.developers.mapping"
local sort = require "sei.plan.file".sort

local there = {}

local PAGE <const> = 500

-- Where a developer has what a role stands for.
local PLACES <const> = { NAME = "name", EMAIL = "email", MANAGER_EMAIL = "manager" }

local function text_of(value)
  if value == nil or value == core.json.null then return "" end
  if type(value) == "table" then return assert(core.json.encode(value, { canonical = true })) end
  if math.type(value) == "float" and math.tointeger(value) then value = math.tointeger(value) end
  return (tostring(value):gsub("^%s+", ""):gsub("%s+$", ""))
end

--- Makes a developer of texts.
-- @param email,name,manager any value of CSV or JSON
-- @tparam table fields name → value
-- @treturn table
function there.developer(email, name, manager, fields)
  local one = { email = text_of(email):lower(), name = text_of(name),
    manager = text_of(manager):lower(), fields = {} }
  for field, value in pairs(fields) do
    local text = text_of(value)
    if text ~= "" then one.fields[field] = text end
  end
  return one
end

-- Where a developer has what stands in the columns of roles: name → place.
local function places_of(fields)
  local places = {}
  for _, one in ipairs(fields) do
    if one.role then places[one.name] = PLACES[one.role] end
  end
  return places
end

--- Developers as rows of cells.
-- @tparam {table,...} list of there.developer
-- @tparam {string,...} names of the columns
-- @tparam {table,...} fields {name=, role=}: a schema, or the list of sei.developers.mapping
-- @treturn {table,...} arrays of texts
function there.cells(list, names, fields)
  local places, rows = places_of(fields), {}
  for i, one in ipairs(list) do
    local cells = {}
    for k, name in ipairs(names) do
      local place = places[name]
      cells[k] = place and one[place] or one.fields[name] or ""
    end
    rows[i] = cells
  end
  return rows
end

--- A file's rows as developers, with their lines.
-- @tparam table read of sei.developers.data
-- @tparam table made of sei.developers.mapping
-- @treturn {table,...} each with `line`
function there.of_rows(read, made)
  local value_of, list = mapping.reader(read.columns), {}
  for i, cells in ipairs(read.rows) do
    local base, fields = {}, {}
    for _, entry in ipairs(made.list) do
      local value = value_of(cells, entry)
      if entry.role then base[PLACES[entry.role]] = value
      else fields[entry.name] = value end
    end
    list[i] = there.developer(base.email, base.name, base.manager, fields)
    list[i].line = cells.line
  end
  return list
end

-- ---- reading ----

-- Members that are no field of the customer's.
local MEMBERS <const> = { name = "name", email = "email", manageremail = "manager",
  developerrefid = "id", id = "id" }

local function record_of(row, roles)
  local found, fields = {}, {}
  for name, value in pairs(row) do
    if name == "additionalFields" and type(value) == "table" then
      for field, one in pairs(value) do fields[field] = one end
    else
      local what = roles[name] or MEMBERS[mapping.fold(name)]
      if what then found[what] = value else fields[name] = value end
    end
  end
  return there.developer(found.email, found.name, found.manager, fields)
end


local function add_names(self, record)
  for field in pairs(record.fields) do
    if not self.is_name[field] then
      self.is_name[field] = true
      self.names[#self.names + 1] = field
    end
  end
end

--- A set of developers.
-- @tparam {table,...} list of there.developer
-- @treturn table `list`, `by_email`, `names` (of their fields, sorted), `nameless` (how many have
-- no address)
function there.set(list)
  local self = { list = {}, by_email = {}, names = {}, is_name = {}, nameless = 0 }
  for _, record in ipairs(list) do
    if record.email == "" then
      self.nameless = self.nameless + 1
    else
      if not self.by_email[record.email] then self.list[#self.list + 1] = record.email end
      self.by_email[record.email] = record
      add_names(self, record)
    end
  end
  sort(self.list)
  sort(self.names)
  for i, email in ipairs(self.list) do self.list[i] = self.by_email[email] end
  return self
end

-- Nobody was uploaded yet: the service may say so in these ways.
local function is_none(err)
  return core.is_error(err) and (err.status == 412 or err.status == 404)
end

local function rows_of(client, read)
  if read == "list" then return client:list_developers { page_size = PAGE } end
  return client:download_developers()
end

--- Reads all developers. Raises an error object if that fails.
-- @tparam client client
-- @tparam ?{table,...} schema of sei.developers.mapping
-- @tparam ?string read "download" (one request) or "list"
-- @treturn table of there.set
function there.read(client, schema, read)
  local list, roles = {}, places_of(schema or {})
  local ok, err = pcall(function()
    local rows <close> = rows_of(client, read)
    for row in rows do list[#list + 1] = record_of(row, roles) end
  end)
  if not ok and not is_none(err) then error(err, 0) end
  return there.set(ok and list or {})
end

--- Reads the schema; nil where there is none yet.
-- @tparam client client
-- @treturn ?{table,...}
function there.schema(client)
  local reply, err = client:get_developer_schema()
  if reply then return mapping.schema(reply) end
  if is_none(err) then return nil end
  error(err, 0)
end

-- ---- comparing ----

local function line_of(one)
  return assert(core.json.encode({ one.email, one.name, one.manager, one.fields },
    { canonical = true }))
end

--- The digest of a set.
-- @treturn string 64 hexadecimal digits
function there.digest(set)
  local sum = core.digest.new()
  for _, one in ipairs(set.list) do sum:add(line_of(one) .. "\n") end
  return sum:hex()
end

-- The values of a developer under one table of names.
local function flat(one)
  local all = { name = one.name, manager = one.manager }
  for field, value in pairs(one.fields) do all["fields." .. field] = value end
  return all
end

-- What differs, before and after; nil: nothing.
local function change_of(old, new)
  local before, after, any = {}, {}, false
  local was, is = flat(old), flat(new)
  for name, value in pairs(was) do
    if (is[name] or "") ~= value then before[name], after[name], any = value, is[name] or "", true
    end
  end
  for name, value in pairs(is) do
    if was[name] == nil then before[name], after[name], any = "", value, true end
  end
  if any then return before, after end
end

--- What makes one set of another: a row for each developer that differs, by address.
-- @tparam table old
-- @tparam table new
-- @treturn {table,...} {kind="add"|"change"|"remove", email=, before=, after=}; before and after
-- are name → value, `fields.` before the customer's own, and only what differs
-- @treturn integer how many stay as they are
function there.compare(old, new)
  local rows, same = {}, 0
  for _, one in ipairs(new.list) do
    local was = old.by_email[one.email]
    if not was then
      rows[#rows + 1] = { kind = "add", email = one.email, after = flat(one) }
    else
      local before, after = change_of(was, one)
      if before then
        rows[#rows + 1] = { kind = "change", email = one.email, before = before, after = after }
      else
        same = same + 1
      end
    end
  end
  for _, one in ipairs(old.list) do
    if not new.by_email[one.email] then
      rows[#rows + 1] = { kind = "remove", email = one.email, before = flat(one) }
    end
  end
  local by_email, emails = {}, {}
  for i, row in ipairs(rows) do by_email[row.email], emails[i] = row, row.email end
  sort(emails)
  for i, email in ipairs(emails) do rows[i] = by_email[email] end
  return rows, same
end

local function put(one, values)
  for name, value in pairs(values) do
    local field = name:match "^fields%.(.*)$"
    if not field then
      one[name] = value
    else
      one.fields[field] = value ~= "" and value or nil
    end
  end
  return one
end

local function copy_of(one)
  local fields = {}
  for name, value in pairs(one.fields) do fields[name] = value end
  return { email = one.email, name = one.name, manager = one.manager, fields = fields }
end

--- A set after rows were done to it; or, `back`, undone.
-- @tparam table set
-- @tparam {table,...} rows of there.compare
-- @tparam ?boolean back
-- @treturn table of there.set
function there.changed(set, rows, back)
  local by_email, list = {}, {}
  local from, to = back and "after" or "before", back and "before" or "after"
  for email, one in pairs(set.by_email) do by_email[email] = one end
  for _, row in ipairs(rows) do
    local new, old = row[to], row[from]
    if not new then
      by_email[row.email] = nil
    else
      local one = old and by_email[row.email] and copy_of(by_email[row.email])
        or { email = row.email, name = "", manager = "", fields = {} }
      by_email[row.email] = put(one, new)
    end
  end
  for _, one in pairs(by_email) do list[#list + 1] = one end
  return there.set(list)
end

return there
