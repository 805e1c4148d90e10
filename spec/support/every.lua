--- Every endpoint as one request: what its Lua function sends, without what lies
-- above the transport (batches, reading back). For specs of the transport.
local core = require "sei.core"
local wait = require "sei.wait"

local every = {}

-- A row that each function takes.
local ROWS = {
  update_contributors = { id = "1", email = "person@example.com", full_name = "A Person",
    integration_user_ids = core.json.array {} },
  patch_identities = { email = "person@example.com", integrationId = 1, identity = "login" },
  add_cloud_ids = { email = "person@example.com", applicationType = "GITHUB", cloudId = "login" },
  patch_developers = { email = "person@example.com", name = "A Person" },
  delete_developers = "person@example.com",
}

local FILES = {
  upload_identities = "email,integrationId,identity\nperson@example.com,1,login\n",
  upload_cloud_ids = "email,applicationType,cloudId\nperson@example.com,GITHUB,login\n",
  upload_developers = "email,name,boss\nperson@example.com,A Person,\n",
  reupload_developers = "email,name,boss\nperson@example.com,A Person,\n",
}

-- The uploaded version that two functions take.
local version = "1"

local MAPPING <const> = { fieldMappings = {
  { fieldType = "NAME", columnName = "name" }, { fieldType = "EMAIL", columnName = "email" },
  { fieldType = "MANAGER_EMAIL", columnName = "boss" },
} }

local function call(client, name, options, args)
  local one <close> = core.call(client, name, options, args)
  local value, err = wait.result(one)
  if value == nil then return nil, err end
  return value
end

-- An iterator's records, or nil and what it raised.
local function drained(iterator)
  local list = {}
  local ok, problem = pcall(function() for record in iterator do list[#list + 1] = record end end)
  if ok then return list end
  if core.is_error(problem) then return nil, problem end
  error(problem, 0)
end

local kinds = {}

function kinds.object(name) return function(client, o) return client[name](client, o) end end

function kinds.list(name)
  return function(client, o)
    local walk <close> = client[name](client, o)
    return drained(walk)
  end
end

function kinds.download(name)
  return function(client, o)
    local rows <close> = client[name](client, o)
    return drained(rows)
  end
end

function kinds.rows(name)
  return function(client, o)
    local out = core.rows(name, 1000, 450000)
    assert(core.rows_add(out, ROWS[name]))
    return call(client, name, o or {}, { rows = out })
  end
end

function kinds.upload(name)
  return function(client, o)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(FILES[name])
    file:close()
    local value, err = call(client, name, o or {}, { file = path })
    os.remove(path)
    return value, err
  end
end

function kinds.send(name, row)
  if name == "activate_version" then -- the client's option that allows it is no matter here
    return function(client, o) return call(client, name, o or {}, { version_id = "1" }) end
  end
  return function(client, o)
    local value, err
    if row.takes_body then
      value, err = client[name](client, version, MAPPING, o)
    else
      value, err = client[name](client, version, o)
    end
    if value == nil then return nil, err end
    return value
  end
end

--- Array of { name=, reads=, kind=, call=function(client, options) → value | nil, err }.
every.endpoints = {}
for i, row in ipairs(core.endpoints) do
  every.endpoints[i] = { name = row.name, kind = row.kind,
    reads = row.kind == "object" or row.kind == "list" or row.kind == "download",
    call = kinds[row.kind](row.name, row) }
  every[row.name] = every.endpoints[i]
end

--- Brings an emulator to where each of them succeeds, as if nothing had been sent before.
-- @tparam Emulator e
function every.prepare(e)
  e:reset()
  local person
  for _, one in ipairs(e:api("POST", "/v1/org/users/list", { page = 0, page_size = 50 }).records) do
    if one.integration_user_ids[1] then
      person = one
      break
    end
  end
  local integration = math.tointeger(person.integration_user_ids[1].integration_id)
  for _, row in pairs(ROWS) do
    if row.email then row.email = person.email end
  end
  ROWS.update_contributors.id = person.id
  ROWS.patch_identities.integrationId = integration
  ROWS.delete_developers = person.email
  for name, text in pairs(FILES) do
    FILES[name] = text:gsub("\n[^\n,]+,", "\n" .. person.email .. ",")
      :gsub(",%d+,", "," .. integration .. ",")
  end
  version = e:upload("POST", "/v2/developers", FILES.upload_developers).versionId
  e:api("PUT", ("/v2/developers/versions/%s/fieldMappings"):format(version), MAPPING)
  version = e:upload("PUT", "/v2/developers", FILES.reupload_developers).versionId
  e:clear_log()
end

return every
