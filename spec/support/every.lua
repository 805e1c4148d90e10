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
  upload_developers = "email,name\nperson@example.com,A Person\n",
  reupload_developers = "email,name\nperson@example.com,A Person\n",
}

local function call(client, name, options, args)
  local one <close> = core.call(client, name, options, args)
  return wait.result(one)
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
  return function(client, o)
    if row.takes_body then return client[name](client, "1", { email = "email" }, o) end
    return client[name](client, "1", o)
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

return every
