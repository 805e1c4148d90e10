--- Every address that is served: the endpoints of api.md section 3.
local contributors = require "sei.sandbox.contributors"
local identities = require "sei.sandbox.identities"
local reply = require "sei.sandbox.reply"

local routes = {}

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
