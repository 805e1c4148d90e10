--- A list service inside this process, for replies that the emulator does not
-- give: a function answers each request. No thread and no child: the client's
-- `wait` serves it, so nothing ever sleeps for long.
--
--     local server <close> = pages.serve(function(r) return pages.page(records, { … }) end)
--     local client <close> = server:client()
--     … server.requests[1].page …
local json = require "dkjson"
local sei = require "sei"
local socket = require "socket"

local pages = {}

local Server = {}
Server.__index = Server

local LONGEST <const> = 5 -- seconds

-- ---- what it says ----

local function array(list) return setmetatable(list, { __jsontype = "array" }) end

--- The reply to a page request, as JSON.
-- @tparam {table,...} records
-- @tparam ?table metadata members of _metadata
-- @treturn string
function pages.page(records, metadata)
  return json.encode { records = array(records),
    _metadata = setmetatable(metadata or {}, { __jsontype = "object" }) }
end

--- Records first to last: {id = "7", name = "n7"}.
function pages.records(first, last)
  local list = {}
  for i = first, last do list[#list + 1] = { id = tostring(i), name = "n" .. i } end
  return list
end

--- The reply of the licensed list: `count` records, not paged.
function pages.licensed(count)
  local list = {}
  for i = 1, count do list[i] = { org_user_ref_id = tostring(i), full_name = "N" .. i } end
  return json.encode { org_user_details = array(list), org_user_count = count }
end

--- A handler that serves `count` records as it is asked.
function pages.honest(count)
  return function(r)
    local first = r.page * r.page_size + 1
    return pages.page(pages.records(first, math.min(first + r.page_size - 1, count)),
      { total_count = count, page = r.page, page_size = r.page_size })
  end
end

-- ---- the connections ----

-- One request of what a connection has sent so far and the rest, or nil.
local function take(text)
  local head, rest = text:match "^(.-\r\n)\r\n(.*)$"
  if not head then return nil end
  local length = tonumber(head:lower():match "\ncontent%-length: (%d+)") or 0
  if #rest < length then return nil end
  local body = json.decode(rest:sub(1, length)) or {}
  return { head = head, page = body.page, page_size = body.page_size, body = body },
    rest:sub(length + 1)
end

local function drop(self, connection)
  connection.socket:close()
  self.open[connection] = nil
end

-- Sends a piece of what is to be sent.
local function send(self, connection)
  local last = connection.sent + (self.piece or #connection.out)
  local sent, _, part = connection.socket:send(connection.out, connection.sent + 1,
    math.min(last, #connection.out))
  connection.sent = sent or part
  connection.due = socket.gettime() + (self.pause or 0)
  if connection.sent < #connection.out then return end
  connection.out = nil
  if connection.cut then drop(self, connection) end
end

local function answer(self, connection, request)
  self.requests[#self.requests + 1] = request
  local body, status, cut = self.handler(request, #self.requests)
  if not body then return end
  local kind = body:find "^%s*[%[{]" and "application/json" or "text/csv"
  local head = ("HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n")
    :format(status or 200, kind, #body)
  connection.out, connection.sent, connection.cut = head .. body:sub(1, cut or #body), 0, cut
end

local function read(self, connection)
  local text, problem, part = connection.socket:receive(65536)
  connection.text = connection.text .. (text or part or "")
  local request, rest = take(connection.text)
  if request then
    connection.text = rest
    answer(self, connection, request)
  end
  if problem == "closed" then
    self.closed = self.closed + 1
    drop(self, connection)
  end
end

local function accept(self)
  local client = self.listener:accept()
  if not client then return end
  client:settimeout(0)
  self.open[{ socket = client, text = "" }] = true
end

--- Whether the client's descriptor is readable within so many seconds.
function pages.readable(client, seconds)
  local it = { getfd = function() return client:pollfd() end }
  return #socket.select({ it }, nil, seconds) > 0
end

local function watched(self, client)
  local reads, writes, whose, soon = { self.listener }, {}, {}, LONGEST
  reads[2] = client and { getfd = function() return client:pollfd() end }
  for connection in pairs(self.open) do
    whose[connection.socket] = connection
    reads[#reads + 1] = connection.socket
    if connection.out then
      local left = (connection.due or 0) - socket.gettime()
      if left <= 0 then writes[#writes + 1] = connection.socket end
      soon = math.min(soon, math.max(left, 0))
    end
  end
  return reads, writes, whose, soon
end

--- Serves what has come, or waits for it, for the client's descriptor or for
-- its time; LONGEST at most. Without a client: what has come.
function Server:serve(client)
  local reads, writes, whose, soon = watched(self, client)
  self.waits = self.waits + 1
  local readable, writable = socket.select(reads, writes,
    client and math.min(client:timeout() or soon, soon) or 0)
  for _, one in ipairs(writable) do send(self, whose[one]) end
  for _, one in ipairs(readable) do
    if one == self.listener then
      accept(self)
    elseif whose[one] and self.open[whose[one]] then
      read(self, whose[one])
    end
  end
end

-- ---- life ----

--- Starts one.
-- @tparam function handler called with a request ({page=, page_size=, body=, head=}) and its
-- number; returns the body (nil: no answer ever), the status (200) and after how many bytes of
-- the body the connection ends. The server's `piece` says how many bytes go out at once,
-- its `pause` how many seconds there are between two pieces.
-- @treturn Server `url`; `wait` for a client; `requests` seen; `waits`: how often it was waited;
-- `closed`: connections that the client ended
function pages.serve(handler)
  local self = setmetatable({ handler = handler, requests = {}, open = {}, waits = 0, closed = 0 },
    Server)
  self.listener = assert(socket.bind("127.0.0.1", 0))
  self.listener:settimeout(0)
  local _, port = self.listener:getsockname()
  self.url = "http://127.0.0.1:" .. math.tointeger(tonumber(port)) .. "/sei/api"
  self.wait = function(client) self:serve(client) end
  return self
end

--- One that serves `count` records as it is asked.
function pages.list(count) return pages.serve(pages.honest(count)) end

--- A client for it.
-- @tparam[opt] table options of sei.client, beside address, key and wait
function Server:client(options)
  local all = { base_url = self.url, api_key = "test-key", pace = false, retries = 0,
    wait = self.wait }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.client(all)
end

--- Stops it; safe to call twice.
function Server:close()
  self.listener:close()
  for connection in pairs(self.open) do drop(self, connection) end
end

Server.__close = Server.close

return pages
