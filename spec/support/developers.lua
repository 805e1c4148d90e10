--- What the specs of developer records share: an emulator without a directory of
-- its own, files, and what the service has afterwards.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local developers = {}

local Bench = {}
Bench.__index = Bench

--- A folder, an emulator and a client of it.
-- @tparam ?table options of emulator.start
-- @treturn table `e`, `client`, `folder`; with the methods below; to be closed once
function developers.bench(options)
  local self = setmetatable({ folder = shell.folder(), e = emulator.start(options) }, Bench)
  self.client = sei.client { base_url = self.e.url, api_key = "a-key-to-upload", pace = false,
    retries = 0 }
  return self
end

--- As at the start: no developers, and an empty folder.
function Bench:renew()
  self.e:reset()
  shell.run("rm -rf -- " .. shell.quote(self.folder) .. "/*")
end

function Bench:close()
  self.client:close()
  self.e:stop()
  shell.remove(self.folder)
end

--- Writes a file into the folder; answers its path.
function Bench:file(name, text)
  local path = self.folder .. "/" .. name
  local out = assert(io.open(path, "wb"))
  out:write(text)
  out:close()
  return path
end

--- Options of the flow with what every call needs.
function Bench:given(more)
  local given = { client = self.client, lock = self.folder .. "/lock" }
  for name, value in pairs(more) do given[name] = value end
  return given
end

--- The developers as the service lists them, address → record.
function Bench:there()
  local records, map = self.e:api("GET", "/v2/developers?pageSize=500").records, {}
  for _, one in ipairs(records) do map[one.email] = one end
  return map, #records
end

--- A first upload that is mapped already, of a text with the columns Name, Email, Boss.
function Bench:setup(text)
  local version = self.e:upload("POST", "/v2/developers", text).versionId
  local _, status = self.e:api("PUT", "/v2/developers/versions/" .. version .. "/fieldMappings",
    { fieldMappings = { { fieldType = "NAME", columnName = "Name" },
      { fieldType = "EMAIL", columnName = "Email" },
      { fieldType = "MANAGER_EMAIL", columnName = "Boss" } } })
  assert(status == 200)
  self.e:clear_log()
end

--- How many requests there were of a method and a path.
function Bench:count(method, path)
  local n = 0
  for _, one in ipairs(self.e:log()) do
    if one.method == method and one.path:match "^[^?]*" == "/sei/api" .. path then n = n + 1 end
  end
  return n
end

return developers
