--- The shapes of answers (api.md section 5).
local json = require "sei.sandbox.json"

local reply = {}

local JSON = { "Content-Type", "application/json" }

--- JSON text, or a function that gives it piece by piece.
function reply.json(text, status)
  return { status = status or 200, headers = { JSON[1], JSON[2] }, body = text }
end

--- A value as JSON.
function reply.value(v, status) return reply.json(json.encode(v), status) end

--- Any other type of content.
function reply.content(kind, text, status)
  return { status = status or 200, headers = { "Content-Type", kind }, body = text }
end

--- The v1 family's error.
function reply.v1(status, message)
  return reply.json('{"error":' .. json.quote(message) .. "}", status)
end

--- The error of identities and cloud ids.
function reply.v2(status, message)
  return reply.json('{"status":"error","message":' .. json.quote(message) .. "}", status)
end

--- The success of identities and cloud ids.
function reply.success(message)
  return reply.json('{"status":"success","message":' .. json.quote(message) .. "}")
end

--- The developers' error.
-- @tparam {table,...} errors made by reply.developer_error
-- @tparam[opt=400] int status
function reply.failure(errors, status)
  return reply.json('{"status":"FAILURE","errors":' .. json.encode(json.array(errors)) .. "}",
    status or 400)
end

--- The gateway's error.
function reply.gateway(status, code, message)
  return reply.json(('{"status":"ERROR","code":%s,"message":%s,"correlationId":'
    .. '"00000000-0000-4000-8000-000000000000","detailedMessage":null,"responseMessages":[]}')
    :format(json.quote(code), json.quote(message)), status)
end

local PHRASE = { [404] = "Not Found", [405] = "Method Not Allowed", [413] = "Payload Too Large" }

--- The framework's error: for paths and methods that there are not.
function reply.framework(status, message, path)
  return reply.json(('{"timestamp":"2025-01-01T00:00:00.000+00:00","status":%d,"error":%s,'
    .. '"message":%s,"path":%s}'):format(status, json.quote(PHRASE[status] or "Error"),
    json.quote(message), json.quote(path)), status)
end

--- A login page.
function reply.login(status)
  return reply.content("text/html; charset=utf-8", [[
<!DOCTYPE html>
<html><head><title>Harness</title></head>
<body><form action="/auth/#/signin"><input name="email"></form></body></html>
]], status)
end

return reply
