--- What the service has now: who is known, and which identity is whose.
-- @module sei.plan.directory

local core = require "sei.core"

local directory = {}

local PAGE <const> = 1000

-- ---- identities ----

local function missing(name)
  error(core.error { kind = "decode",
    message = ("an identity that was read lacks '%s'"):format(name),
    hint = "the columns may have other names there: see the options of sei.client" }, 0)
end

-- place → identity → address
local function add(map, place, identity, email)
  local one = map[place]
  if not one then
    one = { exact = {}, folded = {} }
    map[place] = one
  end
  one.exact[identity] = email
end

local function read_identities(client, read)
  local map, count = {}, 0
  local rows <close> = read == "list" and client:list_identities { page_size = PAGE }
    or client:download_identities()
  for row in rows do
    local place = math.tointeger(row.integrationId) or math.tointeger(tonumber(row.integrationId))
    if not place then missing "integrationId" end
    if not row.identity then missing "identity" end
    local email = row.email
    if email and email ~= "" and email ~= core.json.null then
      add(map, place, row.identity, email)
      count = count + 1
    end
  end
  return map, count
end

local function read_cloud_ids(client)
  local map, count = {}, 0
  local records <close> = client:list_licensed()
  for record in records do
    for _, one in ipairs(record.integration_user_details or {}) do
      if type(one.integration_type) == "string" and type(one.cloud_id) == "string" then
        add(map, one.integration_type:lower(), one.cloud_id, record.email)
        count = count + 1
      end
    end
  end
  return map, count
end

-- ---- people ----

local function read_people(client, whole)
  local list, by_email = {}, {}
  local records <close> = client:list_contributors { page_size = PAGE,
    fields = not whole and { "id", "email" } or nil,
    filter = { include_dangling_logins = false } }
  for record in records do
    if type(record.email) == "string" and record.email ~= "" then
      list[#list + 1] = record
      by_email[record.email:lower()] = record
    end
  end
  return list, by_email
end

-- ---- all of it ----

local methods = {}
methods.__index = methods

-- Spellings of a place's identities in lower case → the one that is there, or
-- false where there are several.
local function folded(one)
  if next(one.folded) == nil then
    for identity in pairs(one.exact) do
      local key = identity:lower()
      if one.folded[key] == nil then one.folded[key] = identity else one.folded[key] = false end
    end
  end
  return one.folded
end

-- Types are named otherwise when written: GITHUB is github, GITLAB_CLOUD may be
-- gitlab_cloud or gitlab.
local function of_place(map, place)
  if type(place) ~= "string" then return map[place] end
  local kind = place:lower()
  while kind and not map[kind] do kind = kind:match "^(.*)_[^_]*$" end
  return map[kind]
end

-- Whose an identity is now: the address, nil if it is nobody's; and how the
-- directory spells the identity, if otherwise. `place` is the number of the
-- integration, or an application type.
function methods:owner(place, identity)
  local one = of_place(self.map, place)
  if not one then return nil end
  if one.exact[identity] then return one.exact[identity] end
  local spelling = folded(one)[identity:lower()]
  if spelling then return one.exact[spelling], spelling end
  return nil
end

-- The contributor who has an address; or nil.
function methods:person(email) return self.by_email[email:lower()] end

--- Reads the directory. Raises an error object if that fails.
-- @tparam client client
-- @tparam table options `target`, `read`, as in a recipe; `accounts`: whether identities are
-- wanted; `whole`: whether whole records are; `people = false`: none are
-- @treturn table `mappings` (how many identities are somebody's), `people` (array of
-- contributors), with the methods `owner` and `person`
function directory.read(client, options)
  local self = setmetatable({ map = {}, mappings = 0 }, methods)
  if options.accounts and options.target == "cloud_ids" then
    self.map, self.mappings = read_cloud_ids(client)
  elseif options.accounts then
    self.map, self.mappings = read_identities(client, options.read)
  end
  if options.people ~= false then
    self.people, self.by_email = read_people(client, options.whole)
  end
  return self
end

-- What changes by itself, or by what is written beside it: versions, times,
-- computed columns, and the identities, which have rows of their own.
local PASSING <const> = { version = true, created_at = true, updated_at = true,
  integration_user_ids = true }

--- What tells whether somebody else changed a contributor meanwhile.
-- @tparam table record as it was read
-- @treturn string 64 hexadecimal digits
function directory.fingerprint(record)
  local kept = {}
  for name, value in pairs(record) do
    if not PASSING[name] and not name:find "^dynamic_column_aggs" then kept[name] = value end
  end
  return core.digest.sha256(assert(core.json.encode(kept, { canonical = true })))
end

return directory
