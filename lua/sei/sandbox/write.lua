--- What the handlers that take a body share.
local json = require "sei.sandbox.json"

local write = {}

--- The body as an object; an empty body counts as `{}`.
function write.object(r)
  if r.body == "" then return {} end
  local v, err = json.decode(r.body)
  if v == nil then return nil, "The body is not JSON: " .. err end
  if not json.is_object(v) then return nil, "The body must be an object." end
  return v
end

--- The body as an array.
function write.array(r)
  local v, err = json.decode(r.body)
  if v == nil then return nil, "The body is not JSON: " .. err end
  if not json.is_array(v) then return nil, "The body must be an array." end
  return v
end

--- Is this row one of those that vanish silently (api.md no. 2)?
-- @tparam boolean elsewhere not PUT /v1/org/users
function write.dropped(app, r, elsewhere)
  local drop = app.quirks:get("drop-rows", r.path)
  if not drop or (elsewhere and not drop.all) then return false end
  drop.sum = drop.sum + drop.pct
  if drop.sum < 100 then return false end
  drop.sum = drop.sum - 100
  return true
end

return write
