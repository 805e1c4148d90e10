--- An organisation read from files: CSV, JSON or JSON Lines, told apart by what
-- they begin with; people, identities or contributors, by their columns.
--
-- Answers the same questions as population.lua, from tables.
local Population = require "sei.sandbox.population"
local csv = require "sei.sandbox.csv"
local json = require "sei.sandbox.json"

local Loaded = {}
Loaded.__index = Loaded

local BORN <const> = 1500000000000 -- ms

local function new()
  local self = setmetatable({ people = 0, accounts = 0, max_id = 0, records = {}, emails = {},
    ids = {}, account_list = {}, account_numbers = {}, owners = {}, dangling = {},
    integrations = {}, known = {} }, Loaded)
  for _, integration in ipairs(Population.integrations) do
    table.insert(self.integrations, integration)
    self.known[integration.id] = true
  end
  return self
end

-- ---- filling ----

local function bad(what) error({ load = what }, 0) end

local function add_person(self, email, name, more)
  email = email:lower()
  if self.emails[email] then return self.emails[email] end
  local i = self.people + 1
  local id = more and more.id or tostring(i)
  if self.ids[id] then bad(("the id %s is there twice"):format(id)) end
  self.people, self.emails[email], self.ids[id] = i, i, i
  self.max_id = math.max(self.max_id, math.tointeger(tonumber(id)) or 0, i)
  more = more or {}
  self.records[i] = { id = id, full_name = name, email = email, fields = more.fields or "{}",
    uuid = more.uuid or ("00000000-0000-4000-8000-%012x"):format(i), accounts = {}, version = 1,
    created_at = more.created_at or BORN, updated_at = more.updated_at or BORN }
  return i
end

local function add_account(self, integration, login, owner, name)
  if not self.known[integration] then
    self.known[integration] = true
    table.insert(self.integrations, { id = integration, type = "custom",
      application = "CUSTOM_" .. integration })
  end
  local key = integration .. "\0" .. login
  local at = self.account_numbers[key]
  if at then bad(("integration %d has %s twice"):format(integration, login)) end
  self.account_numbers[key] = true
  table.insert(owner and self.account_list or self.dangling, { integration, login, owner, name })
end

local function text_at(row, ...)
  for _, name in ipairs { ... } do
    local v = row[name]
    if type(v) == "string" and v ~= "" then return v end
  end
end

local function integration_of(v)
  local n = math.tointeger(tonumber(type(v) ~= "table" and v or nil))
  return n or bad "integrationId is no whole number"
end

local function load_person(self, row)
  local email = text_at(row, "email") or bad "email is missing"
  local i = add_person(self, email, "")
  local record, fields = self.records[i], {}
  if record.listed then bad(email .. " is there twice") end
  record.listed, record.full_name = true, text_at(row, "full_name", "name") or ""
  for name, v in pairs(row) do
    if name ~= "email" and name ~= "full_name" and name ~= "name" then fields[name] = v end
  end
  record.fields = json.encode(fields)
end

local function load_identity(self, row)
  local integration = integration_of(row.integrationId or row.integration_id)
  local login = text_at(row, "identity", "login", "user_id", "cloud_id")
  if not login then bad "identity is missing" end
  local email = text_at(row, "email")
  local name = text_at(row, "name", "full_name")
  local owner = email and add_person(self, email, name or email:match "^[^@]*")
  add_account(self, integration, login, owner, name)
end

local function load_contributor(self, row)
  local list = row.integration_user_ids
  if not json.is_array(list) then bad "integration_user_ids is no array" end
  local email, owner = text_at(row, "email"), nil
  if email then
    local number = function(v) return math.type(v) == "integer" and v or nil end
    owner = add_person(self, email, text_at(row, "full_name") or "", {
      id = type(row.id) == "string" and row.id or nil, uuid = text_at(row, "org_uuid"),
      fields = json.is_object(row.additional_fields) and json.encode(row.additional_fields) or "{}",
      created_at = number(row.created_at), updated_at = number(row.updated_at) })
  end
  for _, one in ipairs(list) do
    if not json.is_object(one) then bad "an integration_user_id is no object" end
    add_account(self, integration_of(one.integration_id), text_at(one, "user_id")
      or bad "user_id is missing", owner, text_at(row, "full_name"))
  end
end

local function loader_of(row)
  if row.integration_user_ids ~= nil then return load_contributor end
  if row.integrationId ~= nil or row.integration_id ~= nil then return load_identity end
  if row.email ~= nil then return load_person end
  bad "neither people (email), identities (integrationId) nor contributors (integration_user_ids)"
end

-- ---- reading ----

local function each_csv(text, take)
  local columns
  for line, fields in csv.rows(text) do
    if not columns then
      columns = fields
      local named = {}
      for _, name in ipairs(columns) do named[name] = "" end
      local ok, problem = pcall(loader_of, named) -- also where no row follows
      if not ok then error({ load = problem.load, line = line }, 0) end
    else
      if #fields ~= #columns then
        error({ load = ("%d fields instead of %d"):format(#fields, #columns), line = line }, 0)
      end
      local row = {}
      for k, name in ipairs(columns) do row[name] = fields[k] end
      take(row, line)
    end
  end
end

local function each_line(text, take)
  local n = 0
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    n = n + 1
    if line:find "%S" then
      local v, err = json.decode(line)
      if not json.is_object(v) then error({ load = err or "no object", line = n }, 0) end
      take(v, n)
    end
  end
end

-- An array of records, or an object that has one under `records`.
local function each_json(text, take)
  local v, err = json.decode(text)
  if v == nil then
    local at = tonumber(err:match "at byte (%d+)$") or 1
    local _, before = text:sub(1, at - 1):gsub("\n", "")
    error({ load = err, line = before + 1 }, 0)
  end
  local list = json.is_object(v) and v.records or v
  if not json.is_array(list) then error({ load = "no array of records", line = 1 }, 0) end
  for k, row in ipairs(list) do
    if not json.is_object(row) then
      error({ load = ("record %d is no object"):format(k), line = 1 }, 0)
    end
    take(row, nil, k)
  end
end

local function reader_of(text)
  local first = text:match "^\239?\187?\191?%s*([^%s])"
  if first ~= "[" and first ~= "{" then return each_csv end
  local v = first == "{" and json.decode(text:match "^%s*([^\n]*)")
  if v and json.is_object(v) and v.records == nil then return each_line end
  return each_json
end

local function read_file(self, file)
  local f, err = io.open(file, "rb")
  local text = f and f:read "a"
  if f then f:close() end
  if not text then error({ load = err or "cannot be read" }, 0) end
  if not text:find "%S" then error({ load = "the file is empty", line = 1 }, 0) end
  local load
  reader_of(text)(text, function(row, line, k)
    local ok, problem = pcall(function()
      load = load or loader_of(row)
      load(self, row)
    end)
    if ok then return end
    if type(problem) ~= "table" then error(problem, 0) end
    if k then problem.load = ("record %d: %s"):format(k, problem.load) end
    error({ load = problem.load, line = line or 1 }, 0)
  end)
end

-- Numbers the accounts, the linked ones first.
local function number_accounts(self)
  self.accounts = #self.account_list
  table.move(self.dangling, 1, #self.dangling, #self.account_list + 1, self.account_list)
  for j, one in ipairs(self.account_list) do
    self.account_numbers[one[1] .. "\0" .. one[2]] = j
    if one[3] then table.insert(self.records[one[3]].accounts, j) end
  end
  self.dangling = #self.dangling
end

--- Reads files.
-- @tparam {string,...} files
-- @treturn[1] Loaded
-- @treturn[2] nil
-- @treturn[2] string the error, with file and line
function Loaded.read(files)
  local self = new()
  for _, file in ipairs(files) do
    local ok, err = pcall(read_file, self, file)
    if not ok then
      if type(err) ~= "table" then error(err, 0) end
      return nil, ("%s%s: %s"):format(file, err.line and ":" .. err.line or "", err.load or err.csv)
    end
  end
  number_accounts(self)
  return self
end

-- ---- the questions that population.lua answers ----

function Loaded:record(i) return self.records[i] end

function Loaded:find_person(email) return self.emails[email] end

function Loaded:find_id(id) return self.ids[id] end

function Loaded:account(j)
  local one = self.account_list[j]
  return one[1], one[2], one[3] or 0
end

function Loaded:owner(j)
  local one = self.account_list[j]
  return one and one[3] or 0
end

function Loaded:account_name(j)
  local one = self.account_list[j]
  return one and one[4]
end

function Loaded:identity(j)
  local one = self.account_list[j]
  return self.records[one[3]].email, one[1], one[2], one[3]
end

function Loaded:find_account(integration, login)
  local j = self.account_numbers[integration .. "\0" .. login]
  return j
end

return Loaded
