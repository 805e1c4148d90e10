--- What a plan's rows speak of, as the service has it now.
-- @module sei.apply.remote

local core = require "sei.core"
local directory = require "sei.plan.directory"
local fields = require "sei.plan.fields"

local remote = {}

local PAGE <const> = 1000
local null <const> = core.json.null

-- ---- reading ----

local function ids_of(rows)
  local ids
  for _, row in ipairs(rows) do
    if row.what == "contributor" then
      ids = ids or {}
      ids[row.id] = true
    end
  end
  return ids
end

-- id → record, of those that are asked for.
local function read_contributors(client, ids)
  local found = {}
  local records <close> = client:list_contributors { page_size = PAGE, on_drift = "repair",
    filter = { include_dangling_logins = false } }
  for record in records do
    if ids[record.id] then found[record.id] = record end
  end
  return found
end

local methods = {}
methods.__index = methods

--- Reads what some rows of a plan speak of. Raises an error object if that fails.
-- @tparam client client
-- @tparam {table,...} rows
-- @tparam ?string read "list" or "download", as in a recipe
-- @treturn table with the methods `look`, `record`
function remote.read(client, rows, read)
  local self, target = setmetatable({ records = {} }, methods), nil
  for _, row in ipairs(rows) do
    if row.what ~= "contributor" then
      target = row.what == "cloud_id" and "cloud_ids" or "identities"
      break
    end
  end
  if target then
    self.directory = directory.read(client, { target = target, read = read, accounts = true,
      people = false })
  end
  local ids = ids_of(rows)
  if ids then self.records = read_contributors(client, ids) end
  return self
end

-- ---- comparing ----

local function lower(side) return side and side.email and side.email:lower() end

local function look_at_identity(self, row)
  local owner, spelling = self.directory:owner(row.integration_id or row.application_type,
    row.identity)
  if spelling then return "other", ("%s, as %s"):format(owner, spelling) end
  local now = owner and owner:lower()
  if now == lower(row.after) then return "after", owner end
  if now == lower(row.before) then return "before", owner end
  return "other", owner
end

-- nil, "" and null are one to the service.
local function same(a, b)
  if a == "" or a == nil then a = null end
  if b == "" or b == nil then b = null end
  return a == b or core.json.encode(a, { canonical = true })
    == core.json.encode(b, { canonical = true })
end

local function shown(value)
  if value == nil or value == null then return "nothing" end
  return type(value) == "string" and value or core.json.encode(value) or tostring(value)
end

-- The first field, by name, that is not what it should be.
local function difference(record, wanted)
  local names = {}
  for name in pairs(wanted) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local now = fields.value(record, name)
    if not same(now, wanted[name]) then return name, now end
  end
end

local function look_at_contributor(self, row)
  local record = self.records[row.id]
  if not record then return "other", nil, "id" end
  local name, now = difference(record, row.after)
  if not name and lower(record) == lower(row) then return "after" end
  if directory.fingerprint(record) == row.fingerprint then return "before" end
  if difference(record, row.before) == nil then return "other", "another field of the record" end
  return "other", ("%s: %s"):format(name or "email", shown(name and now or record.email)), name
end

-- Where a row stands: "before" (as the plan saw it), "after" (as the plan wants
-- it) or "other"; then what is there instead, for people, nil if nothing is; and
-- the field.
function methods:look(row)
  if row.what == "contributor" then return look_at_contributor(self, row) end
  return look_at_identity(self, row)
end

-- The contributor that a row is about; or nil.
function methods:record(row) return self.records[row.id] end

return remote
