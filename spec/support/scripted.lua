--- A server that says exactly the bytes that a spec tells it to.
--
--     local server = scripted.start(function(request) return "HTTP/1.1 200 OK\r\n…" end)
--     local client = server:client { api_key = "…" }
--     … client:get_schema() …
--     server:stop()
--
-- It runs in the spec's own process: the client's way to wait is to let the
-- server do its part until the client has something to do. So nothing sleeps,
-- and every byte comes when it is told. The answer's connection is closed
-- behind its last byte.
-- @module spec.support.scripted
local sei = require "sei"
local socket = require "socket"

local scripted = {}

local Server = {}
Server.__index = Server

local PIECE <const> = 65536

--- Starts one on a free port of the loopback.
-- @tparam function answer gets `{ method=, path=, header={by lower-case name}, head=, body= }`
-- once a request is whole; returns the bytes to send. Nil: silence.
-- @tparam[opt] string when "head": it is asked as soon as the headers are there; "bytes": when
-- anything is
-- @treturn Server `url` is its base URL; `requests` what came, in order
function scripted.start(answer, when)
  local listening = assert(socket.bind("127.0.0.1", 0))
  listening:settimeout(0)
  local _, port = listening:getsockname()
  return setmetatable({ listening = listening, answer = answer, when = when, open = {},
    requests = {}, port = port, url = ("http://127.0.0.1:%d/sei/api"):format(port) }, Server)
end

--- A reply with a status, a body, and headers as `{ "Name: value", … }`.
function scripted.reply(status, body, headers)
  local lines = { ("HTTP/1.1 %d Status"):format(status) }
  for _, line in ipairs(headers or { "Content-Type: application/json" }) do
    lines[#lines + 1] = line
  end
  lines[#lines + 1] = ("Content-Length: %d"):format(#body)
  lines[#lines + 1] = "Connection: close"
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

-- The request, once it is whole.
local function parse(self, text)
  if self.when == "bytes" then return #text > 0 and { head = text } or nil end
  local head, from = text:match "^(.-\r\n)\r\n()"
  if not head then return nil end
  local request = { head = head, header = {}, body = text:sub(from) }
  request.method, request.path = head:match "^(%S+) (%S+)"
  for name, value in head:gmatch "\r\n([^:\r\n]+):%s*([^\r\n]*)" do
    request.header[name:lower()] = value
  end
  if self.when == "head" then return request end
  if request.header["transfer-encoding"] == "chunked" then
    return request.body:sub(-5) == "0\r\n\r\n" and request or nil
  end
  return #request.body >= (tonumber(request.header["content-length"]) or 0) and request or nil
end

local function forget(self, connection)
  connection.socket:close()
  self.open[connection.socket] = nil
end

local function receive(self, connection)
  local bytes, problem, rest = connection.socket:receive(PIECE)
  connection.text = connection.text .. (bytes or rest or "")
  if problem == "closed" then return forget(self, connection) end
  local request = not connection.out and parse(self, connection.text)
  if not request or connection.asked then return end
  connection.asked = true
  self.requests[#self.requests + 1] = request
  connection.out, connection.at = self.answer(request), 1
end

local function send(self, connection)
  local last, _, partial = connection.socket:send(connection.out, connection.at,
    math.min(#connection.out, connection.at + PIECE - 1))
  connection.at = (last or partial or connection.at - 1) + 1
  if connection.at > #connection.out then forget(self, connection) end
end

local function accept(self)
  local one = self.listening:accept()
  if not one then return end
  one:settimeout(0)
  self.open[one] = { socket = one, text = "" }
end

--- Does what there is to do, or waits for the client to have something to do.
-- It is the client's way to wait.
function Server:wait(client)
  local fd = client:pollfd()
  local reading = { self.listening, { getfd = function() return fd end } }
  local writing = {}
  for one, connection in pairs(self.open) do
    reading[#reading + 1] = one
    if connection.out then writing[#writing + 1] = one end
  end
  local readable, writable = socket.select(reading, writing, client:timeout() or 10)
  for _, one in ipairs(writable) do
    if self.open[one] then send(self, self.open[one]) end
  end
  for _, one in ipairs(readable) do
    if one == self.listening then accept(self)
    elseif self.open[one] then receive(self, self.open[one]) end
  end
end

--- A client of this server.
-- @tparam[opt] table options of sei.client
function Server:client(options)
  local all = { base_url = self.url, api_key = "a-key-for-a-script", pace = false, retries = 0,
    wait = function(client) self:wait(client) end }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.client(all)
end

--- Stops it; safe to call twice.
function Server:stop()
  for one in pairs(self.open) do one:close() end
  self.open = {}
  self.listening:close()
end

Server.__close = Server.stop
Server.__gc = Server.stop

return scripted
