--- What the service has now, against what was sent to it, field by field.
--
-- Only reading back proves a write (api.md section 4 no. 2). Rows are compared
-- with what they mean together: of two rows for the same thing the later one
-- counts, and the earlier one shares its fate.
-- @module sei.verify

local core = require "sei.core"

local verify = {}

local function lower(text) return type(text) == "string" and text:lower() or nil end

local function present(value) return value ~= nil and value ~= core.json.null end

-- Whole numbers are numbers in JSON and text in CSV.
local function whole(value)
  return tostring(math.tointeger(value) or math.tointeger(tonumber(value)) or value)
end

-- Equal, where null, "" and nothing are the same, and 5 is "5".
local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    a, b = present(a) and tostring(a) or "", present(b) and tostring(b) or ""
    return a == b
  end
  for k, v in pairs(a) do
    if not same(v, b[k]) then return false end
  end
  for k, v in pairs(b) do
    if a[k] == nil and not same(nil, v) then return false end
  end
  return true
end

-- ---- each kind: what tells rows apart, where to read, how to compare ----

-- keys(value): what a row shares with another that is about the same thing.
-- read(self, client, deadline): calls self:found(item, field, sent, found) for
-- rows whose record was seen, field nil if all of it is there.
-- absent: what it means that a record was not seen; nil: nothing.
local kinds = {}

local identities = { absent = "identity" }
kinds.patch_identities, kinds.upload_identities = identities, identities

function identities.keys(value)
  return { whole(value.integrationId) .. "\0" .. tostring(value.identity) }
end

function identities.read(self, client, deadline)
  local rows <close> = core.download(client, "download_identities",
    { timeout = core.left(deadline) })
  for row in rows do
    if not (row.email and row.integrationId and row.identity) then
      error(core.error { kind = "decode", message = "the identities that were read back lack "
        .. "one of the columns email, integrationId, identity" }, 0)
    end
    local item = self.by_key[whole(row.integrationId) .. "\0" .. row.identity]
    if item and lower(row.email) == lower(item.value.email) then
      self:found(item)
    elseif item then
      self:found(item, "email", item.value.email, row.email)
    end
  end
end

-- Whole types may be left out (api.md section 4 no. 12), and a type is not an
-- integration: what is not seen proves nothing.
local cloud_ids = {}
kinds.add_cloud_ids, kinds.upload_cloud_ids = cloud_ids, cloud_ids

function cloud_ids.keys(value) return { value.applicationType .. "\0" .. value.cloudId } end

-- GITHUB is github, GITLAB_CLOUD may be gitlab.
local function is_type(application, kind)
  application, kind = lower(application), lower(kind) or ""
  return kind ~= "" and (application == kind or application:sub(1, #kind + 1) == kind .. "_")
end

function cloud_ids.read(self, client, deadline)
  local by_id = {}
  for _, item in pairs(self.by_key) do
    local id = item.value.cloudId
    by_id[id] = by_id[id] or {}
    table.insert(by_id[id], item)
  end
  local records <close> = core.walk(client, "list_licensed", {}, deadline)
  for record in records do
    for _, one in ipairs(record.integration_user_details or {}) do
      for _, item in ipairs(by_id[one.cloud_id] or {}) do
        if lower(record.email) == lower(item.value.email)
          and is_type(item.value.applicationType, one.integration_type) then
          self:found(item)
        end
      end
    end
  end
end

local contributors = { absent = "id" }
kinds.update_contributors = contributors

local function accounts_of(list)
  local set = {}
  for _, one in ipairs(type(list) == "table" and list or {}) do
    set[whole(one.integration_id) .. "\0" .. tostring(one.user_id)] = true
  end
  return set
end

-- An account belongs to one person: rows that share one are about the same thing.
function contributors.keys(value)
  local keys = {}
  if present(value.id) then keys[1] = "id\0" .. value.id end
  if present(value.email) then keys[#keys + 1] = "email\0" .. lower(value.email) end
  for account in pairs(accounts_of(value.integration_user_ids)) do
    keys[#keys + 1] = "account\0" .. account
  end
  return keys
end

-- Accounts that a later row gives to somebody else are not expected.
local function same_accounts(self, item, found)
  local want, have = accounts_of(item.value.integration_user_ids), accounts_of(found)
  for account in pairs(want) do
    local last = self.by_key["account\0" .. account]
    if last == item and not have[account] then return false end
  end
  for account in pairs(have) do
    if not want[account] then return false end
  end
  return true
end

local function same_additional(want, have)
  have = type(have) == "table" and have or {}
  for name, value in pairs(want) do
    if not same(value, have[name]) then return false end
  end
  return true
end

local function compare_contributor(self, item, record)
  local want = item.value
  if present(want.email) and lower(want.email) ~= lower(record.email) then
    return "email", want.email, record.email
  elseif present(want.full_name) and want.full_name ~= record.full_name then
    return "full_name", want.full_name, record.full_name
  elseif not same_accounts(self, item, record.integration_user_ids) then
    return "integration_user_ids", want.integration_user_ids, record.integration_user_ids
  elseif type(want.additional_fields) == "table"
    and not same_additional(want.additional_fields, record.additional_fields) then
    return "additional_fields", want.additional_fields, record.additional_fields
  end
end

-- A record may have been sent twice: once by its id, once by its address.
local function later(self, a, b)
  if not a or not b or a == b then return a or b end
  if a.row > b.row then a, b = b, a end
  self.replaced[a] = b
  return b
end

local COMPARED = { "id", "email", "full_name", "integration_user_ids", "additional_fields" }

function contributors.read(self, client, deadline)
  local records <close> = core.walk(client, "list_contributors", { on_drift = "repair",
    filter = { include_dangling_logins = false }, fields = COMPARED }, deadline)
  for record in records do
    local item = later(self, self.by_key["id\0" .. tostring(record.id)],
      self.by_key["email\0" .. (lower(record.email) or "")])
    if item then self:found(item, compare_contributor(self, item, record)) end
  end
end

-- ---- developers: their columns are the customer's own ----

-- manager_email, managerEmail and Manager Email are one name.
local function plain(name) return (name:lower():gsub("[_%s%-]", "")) end

local function email_of(value)
  for name, v in pairs(value) do
    if type(name) == "string" and plain(name) == "email" then return lower(v) end
  end
end

-- A record's fields by plain names, the additional ones among them.
local function flattened(record)
  local flat = {}
  for name, v in pairs(record) do
    if type(v) == "table" and plain(name) == "additionalfields" then
      for inner, value in pairs(v) do flat[plain(inner)] = value end
    elseif type(name) == "string" then
      flat[plain(name)] = v
    end
  end
  return flat
end

local developers = { absent = "email" }
kinds.patch_developers = developers

function developers.keys(value)
  local email = email_of(value)
  return email and { email } or {}
end

-- A field that the record does not have under that name cannot be compared.
local function compare_developer(self, item, record)
  local have, unsure = flattened(record), false
  for name, value in pairs(flattened(item.value)) do
    if name ~= "developerrefid" and name ~= "email" then
      if have[name] == nil then
        unsure = true
      elseif not same(value, have[name]) then
        self:found(item, name, value, have[name])
        return
      end
    end
  end
  if not unsure then self:found(item) else self.unsure[item] = true end
end

local function walk_developers(client, deadline)
  return core.walk(client, "list_developers", { on_drift = "repair" }, deadline)
end

local function need_email(record)
  local email = email_of(record)
  if email then return email end
  error(core.error { kind = "decode",
    message = "the developers that were read back have no field 'email'" }, 0)
end

function developers.read(self, client, deadline)
  local records <close> = walk_developers(client, deadline)
  for record in records do
    local item = self.by_key[need_email(record)]
    if item then compare_developer(self, item, record) end
  end
end

-- Gone is what is not seen.
local deleted = { gone = true }
kinds.delete_developers = deleted

function deleted.keys(value) return { lower(value) } end

function deleted.read(self, client, deadline)
  local records <close> = walk_developers(client, deadline)
  for record in records do
    local email = need_email(record)
    local item = self.by_key[email]
    if item then self:found(item, "email", "deleted", email) end
  end
end

-- ---- an expectation ----

local Expectation = {}
Expectation.__index = Expectation

--- Whether what was written can be read back at all.
function verify.can(endpoint) return kinds[endpoint] ~= nil end

--- What must not be in one request twice, lest the order matters.
-- @treturn {string,...}
function verify.keys(endpoint, value)
  local kind = kinds[endpoint]
  return kind and kind.keys(value) or {}
end

--- Begins to expect rows.
-- @tparam string endpoint one that `verify.can` knows
function verify.new(endpoint)
  return setmetatable({ kind = kinds[endpoint], items = {}, by_key = {}, replaced = {} },
    Expectation)
end

-- Expects rows, in the order in which they were sent.
-- items: {row=, value=}.
function Expectation:add(items)
  for _, item in ipairs(items) do
    self.items[#self.items + 1] = item
    for _, key in ipairs(self.kind.keys(item.value)) do
      local before = self.by_key[key]
      if before and not key:find "^account%z" then self.replaced[before] = item end
      self.by_key[key] = item
    end
  end
end

-- A record was seen: of `item`, with a field that differs or none.
function Expectation:found(item, field, sent, found)
  self.state[item] = field and { field = field, sent = sent, found = found } or true
end

-- Reads what the service has. Raises nothing that is not a bug.
-- Answers true; or nil and an error object.
function Expectation:read(client, deadline)
  self.state, self.unsure = {}, {}
  local ok, problem = pcall(self.kind.read, self, client, deadline)
  if ok then return true end
  if core.is_error(problem) then return nil, problem end
  error(problem, 0)
end

-- The row whose fate it shares.
local function last_of(self, item)
  while self.replaced[item] do item = self.replaced[item] end
  return item
end

local function verdict(self, item)
  local last = last_of(self, item)
  local state = self.state[last]
  if state == true or state == nil and self.kind.gone then return "there" end
  if self.unsure[last] or state == nil and not self.kind.absent then return "unsure" end
  local name = self.kind.absent
  if name and last.value[name] == nil then name = "email" end
  return "absent", state or { field = name, sent = last.value[name] }
end

-- Sorts the rows by what was read.
--   items that are there
--   items that are not, or differ
--   items of which reading back tells nothing
--   item → {field=, sent=, found=} of those that are not there
function Expectation:sort()
  local lists, why = { there = {}, absent = {}, unsure = {} }, {}
  for _, item in ipairs(self.items) do
    local where, difference = verdict(self, item)
    table.insert(lists[where], item)
    why[item] = difference
  end
  return lists.there, lists.absent, lists.unsure, why
end

return verify
