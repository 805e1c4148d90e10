--- Requests as text, for specs that assert every byte of them, and an oracle
-- for what a reply holds.
-- @module spec.support.wire
local dkjson = require "dkjson"

local wire = {}

-- What differs from run to run: the port, and the boundary of a form. The
-- boundary must be the same everywhere, or it is no boundary.
local function settled(text, boundary)
  text = text:gsub("127%.0%.0%.1:%d+", "HOST")
  if boundary then text = text:gsub(boundary:gsub("%p", "%%%0"), "BOUNDARY") end
  return text
end

--- A request of the emulator's log: request line, headers in their order, blank
-- line, body; lines end with "\n" as in the source of a spec.
-- @tparam table entry
-- @treturn string
function wire.text(entry)
  local kind = entry.header["content-type"] or ""
  local boundary = kind:match "^multipart/form%-data; boundary=(.+)$"
  local lines = { entry.method .. " " .. entry.path }
  for _, h in ipairs(entry.headers) do
    local value = h.value
    if boundary and h.name == "Content-Length" then
      assert(tonumber(value) == #entry.body, "the length is not the body's")
      value = "LENGTH"
    end
    lines[#lines + 1] = h.name .. ": " .. value
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = entry.body
  return (settled(table.concat(lines, "\n"), boundary):gsub("\r\n", "\n"))
end

--- The only request that the emulator has seen since its log was cleared.
-- @tparam Emulator e
-- @treturn string
function wire.only(e)
  local log = e:log()
  assert(#log == 1, ("%d requests instead of one"):format(#log))
  return wire.text(log[1])
end

--- What another HTTP client and another JSON reader get for the same request.
-- @treturn table the decoded body
-- @treturn integer the status
function wire.oracle(e, method, path, body, accept)
  local headers = { ["x-api-key"] = "an-oracle", accept = accept or "application/json" }
  local text, status = e:request(method, path, headers, body)
  if accept == "text/csv" then return text, status end
  return assert(dkjson.decode(text)), status
end

--- All that an iterator gives.
function wire.all(...)
  local list = {}
  for one in ... do list[#list + 1] = one end
  return list
end

return wire
