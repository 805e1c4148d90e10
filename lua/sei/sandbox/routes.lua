--- Every address that is served: the endpoints of api.md section 3.
local contributors = require "sei.sandbox.contributors"
local developers = require "sei.sandbox.developers"
local identities = require "sei.sandbox.identities"
local reply = require "sei.sandbox.reply"

local routes = {}

-- The error of the developers' family has no place for a text of its own.
local function developers_error(status, message)
  if status == 401 then return reply.v2(status, message) end
  return reply.gateway(status, "INTERNAL_ERROR", message)
end

-- Method, path as a pattern, handler, the family's error, does it write?
routes.table = {
  { "GET", "/v1/org/users/versions", contributors.versions, reply.v1 },
  { "POST", "/v1/org/users/versions", contributors.activate, reply.v1, true },
  { "GET", "/v1/org/users/schema", contributors.schema, reply.v1 },
  { "POST", "/v1/org/users/list", contributors.list, reply.v1 },
  { "PUT", "/v1/org/users", contributors.put, reply.v1, true },
  { "POST", "/v1/sei_contributor/list", contributors.licensed, reply.v1 },
  { "GET", "/v2/developers/identities", identities.list, reply.v2 },
  { "PATCH", "/v2/developers/identities", identities.patch, reply.v2, true },
  { "POST", "/v2/developers/cloud%-ids", identities.add_cloud_ids, reply.v2, true },
  { "POST", "/v2/developers/cloud%-ids/upload", identities.upload_cloud_ids, reply.v2, true },
  { "GET", "/v2/developers", developers.list, developers_error },
  { "GET", "/v2/developers/schema", developers.schema, developers_error },
  { "POST", "/v2/developers", developers.upload, developers_error, true },
  { "PUT", "/v2/developers", developers.reupload, developers_error, true },
  { "PUT", "/v2/developers/versions/([^/]+)/fieldMappings", developers.map, developers_error,
    true },
  { "PATCH", "/v2/developers/versions/([^/]+)", developers.activate, developers_error, true },
  { "PATCH", "/v2/developers", developers.patch, developers_error, true },
  { "DELETE", "/v2/developers", developers.delete, developers_error, true },
}

--- Finds the row for a request.
-- @treturn[1] table the row
-- @treturn[1] ?string what the path's pattern captured
-- @treturn[2] nil
-- @treturn[2] string the methods that this path has; "" if there is no such path
function routes.find(method, path)
  local methods = {}
  for _, row in ipairs(routes.table) do
    local captured = path:match("^" .. row[2] .. "/?$")
    if captured then
      if row[1] == method then return row, captured end
      methods[#methods + 1] = row[1]
    end
  end
  return nil, table.concat(methods, ", ")
end

--- The shape in which a path's family says its errors.
function routes.error_of(path)
  for _, row in ipairs(routes.table) do
    if path:find("^" .. row[2] .. "/?$") then return row[4] end
  end
  return path:find "^/v2/" and reply.v2 or reply.v1
end

return routes
