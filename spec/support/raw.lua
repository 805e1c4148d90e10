--- A service inside this process that answers with any bytes: a function gets
-- each whole request. No thread and no child: the client's `wait` serves it.
--
--     local server <close> = raw.serve(function(request, n) return raw.reply(200, "{}") end)
--     local client <close> = server:client()
--     … server.requests[1].body …
--
-- Replies of up to some 100 KB fit into the socket's buffers and are sent in
-- one go; every connection ends behind its reply.
local sei = require "sei"
local socket = require "socket"

local raw = {}

local Server = {}
Server.__index = Server

local LONGEST <const> = 5 -- seconds

-- ---- what it says ----

--- The bytes of a reply.
-- @tparam int status
-- @tparam string body
-- @tparam ?table headers by name; Content-Type is application/json unless given
function raw.reply(status, body, headers)
  local lines = { ("HTTP/1.1 %d X"):format(status) }
  local all = { ["Content-Type"] = "application/json", ["Content-Length"] = #body,
    Connection = "close" }
  for name, value in pairs(headers or {}) do all[name] = value end
  for name, value in pairs(all) do lines[#lines + 1] = ("%s: %s"):format(name, value) end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

local function crc32(bytes)
  local crc = 0xFFFFFFFF
  for i = 1, #bytes do
    crc = crc ~ bytes:byte(i)
    for _ = 1, 8 do crc = crc >> 1 ~ (crc & 1 == 1 and 0xEDB88320 or 0) end
  end
  return crc ~ 0xFFFFFFFF
end

--- Packs as gzip, by blocks that are stored (RFC 1952, RFC 1951 section 3.2.4).
function raw.gzip(bytes)
  local out = { "\x1F\x8B\x08\0\0\0\0\0\0\xFF" }
  for at = 1, #bytes, 65535 do
    local block = bytes:sub(at, at + 65534)
    out[#out + 1] = string.pack("<BI2I2", at + 65535 > #bytes and 1 or 0, #block, ~#block & 0xFFFF)
    out[#out + 1] = block
  end
  out[#out + 1] = string.pack("<I4I4", crc32(bytes), #bytes)
  return table.concat(out)
end

-- ---- what it hears ----

-- The body of a chunked message, or nil if it is not all there.
local function unchunk(text)
  local out, at = {}, 1
  while true do
    local size, from = text:match("^(%x+)[^\r\n]*\r\n()", at)
    if not size then return nil end
    local n = tonumber(size, 16)
    if #text < from + n + 1 then return nil end
    if n == 0 then return table.concat(out) end
    out[#out + 1] = text:sub(from, from + n - 1)
    at = from + n + 2
  end
end

-- The request that the text is, or nil.
local function parse(text)
  local head, rest = text:match "^(.-\r\n)\r\n(.*)$"
  if not head then return nil end
  local lower = head:lower()
  local body
  if lower:find("\ntransfer-encoding: chunked", 1, true) then
    body = unchunk(rest)
  else
    local length = tonumber(lower:match "\ncontent%-length: (%d+)") or 0
    body = #rest >= length and rest:sub(1, length) or nil
  end
  if not body then return nil end
  local method, path = head:match "^(%S+) (%S+)"
  return { method = method, path = path, head = head, body = body }
end

local function read(self, connection)
  local text, problem, part = connection.socket:receive(65536)
  connection.text = connection.text .. (text or part or "")
  local request = parse(connection.text)
  if request then
    self.requests[#self.requests + 1] = request
    local bytes = self.handler(request, #self.requests)
    if bytes == nil then return end -- no answer ever
    connection.socket:settimeout(LONGEST)
    connection.socket:send(bytes)
  end
  if request or problem == "closed" then
    connection.socket:close()
    self.open[connection.socket] = nil
  end
end

--- Serves what has come, or waits for it, for the client's descriptor or for
-- its time; LONGEST at most.
function Server:serve(client)
  local reads = { self.listener, { getfd = function() return client:pollfd() end } }
  for one in pairs(self.open) do reads[#reads + 1] = one end
  local readable = socket.select(reads, nil, math.min(client:timeout() or LONGEST, LONGEST))
  for _, one in ipairs(readable) do
    if one == self.listener then
      local accepted = self.listener:accept()
      if accepted then
        accepted:settimeout(0)
        self.open[accepted] = { socket = accepted, text = "" }
      end
    elseif self.open[one] then
      read(self, self.open[one])
    end
  end
end

-- ---- life ----

--- Starts one.
-- @tparam function handler called with {method=, path=, head=, body=} and its number; returns the
-- bytes of the reply, or nil: no answer ever
-- @treturn Server `url`; `wait` for a client; `requests` seen
function raw.serve(handler)
  local self = setmetatable({ handler = handler, requests = {}, open = {} }, Server)
  self.listener = assert(socket.bind("127.0.0.1", 0))
  self.listener:settimeout(0)
  local _, port = self.listener:getsockname()
  self.url = "http://127.0.0.1:" .. math.tointeger(tonumber(port)) .. "/sei/api"
  self.wait = function(client) self:serve(client) end
  return self
end

--- A client for it, without pace.
-- @tparam ?table options of sei.client, beside address and wait
function Server:client(options)
  local all = { base_url = self.url, api_key = "test-key-1234", wait = self.wait, pace = false }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.client(all)
end

--- Stops it; safe to call twice.
function Server:close()
  self.listener:close()
  for one in pairs(self.open) do one:close() end
  self.open = {}
end

Server.__close = Server.close

return raw
