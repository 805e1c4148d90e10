--- A scripted server inside this process: what goes over the connection is said
-- byte by byte. The client's `wait` serves it: no thread, no child, no sleep.
--
--     local server <close> = wire.serve(function(r, n)
--       if n == 1 then return { wire.reply(200, "{…"):sub(1, 80), wire.reset } end
--       return wire.reply(200, "{…}")
--     end)
--     local client <close> = server:client()
--
-- A handler gets a request ({method=, path=, head=, body=, connection=}) and its number; it
-- returns bytes or an array of steps: bytes; a number (seconds to pause); a function that gives
-- bytes until it gives nil; wire.close, wire.reset. Nothing: no answer ever.
local sei = require "sei"
local socket = require "socket"

local wire = { close = {}, reset = {} }

local Server = {}
Server.__index = Server

local LONGEST <const> = 5 -- seconds that one wait takes at most

--- The factor by which measured times may be longer: under a sanitizer.
wire.slow = tonumber(os.getenv "SEI_SLOW") or 1

wire.now = socket.gettime

--- A whole reply with its Content-Length.
-- @tparam integer status
-- @tparam[opt=""] string body
-- @tparam[opt] table headers by name; Content-Type is application/json if it is not there
function wire.reply(status, body, headers)
  local lines = { ("HTTP/1.1 %d X"):format(status), "Content-Length: " .. #(body or "") }
  headers = headers or {}
  if not headers["Content-Type"] then lines[3] = "Content-Type: application/json" end
  for name, value in pairs(headers) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (body or "")
end

-- ---- requests ----

local function unchunk(text)
  local pieces, at = {}, 1
  while true do
    local size, from = text:match("^(%x+)\r\n()", at)
    if not size then return nil end
    local n = tonumber(size, 16)
    if #text < from + n + 1 then return nil end
    if n == 0 then return table.concat(pieces), text:sub(from + 2) end
    pieces[#pieces + 1] = text:sub(from, from + n - 1)
    at = from + n + 2
  end
end

-- One request of what has come and the rest, or nil.
local function take(text)
  local head, rest = text:match "^(.-\r\n)\r\n(.*)$"
  if not head then return nil end
  local low = head:lower()
  local body
  if low:find("\ntransfer-encoding: chunked", 1, true) then
    body, rest = unchunk(rest)
    if not body then return nil end
  else
    local length = tonumber(low:match "\ncontent%-length: (%d+)") or 0
    if #rest < length then return nil end
    body, rest = rest:sub(1, length), rest:sub(length + 1)
  end
  local method, path = head:match "^(%u+) (%S+)"
  return { method = method, path = path, head = head, body = body }, rest
end

-- ---- connections ----

local function drop(self, c)
  c.socket:close()
  self.open[c] = nil
end

-- Goes on with the steps until one has to wait.
local function advance(self, c)
  while self.open[c] do
    if c.out then
      local sent, problem, part = c.socket:send(c.out, c.at + 1)
      c.at = sent or part
      if c.at < #c.out then
        if problem == "closed" then drop(self, c) end
        return
      end
      c.out = nil
    end
    if c.due and socket.gettime() < c.due then return end
    c.due = nil
    local step = table.remove(c.steps, 1)
    if step == nil then return end
    if type(step) == "function" then
      local bytes = step()
      if bytes then
        table.insert(c.steps, 1, step)
        step = bytes
      end
    end
    if type(step) == "string" then
      c.out, c.at = step, 0
    elseif type(step) == "number" then
      c.due = socket.gettime() + step
    elseif step == wire.close or step == wire.reset then
      if step == wire.reset then c.socket:setoption("linger", { on = true, timeout = 0 }) end
      drop(self, c)
    end
  end
end

local function answer(self, c, request)
  self.requests[#self.requests + 1] = request
  request.connection = c.number
  local steps = self.handler(request, #self.requests)
  if type(steps) ~= "table" or steps == wire.close or steps == wire.reset then
    steps = { steps }
  end
  c.steps = table.move(steps, 1, #steps, 1, {}) -- its own: an answer may be given again
  advance(self, c)
end

local function read(self, c)
  local text, problem, part = c.socket:receive(65536)
  c.text = c.text .. (text or part or "")
  local request, rest = take(c.text)
  if request then
    c.text = rest
    answer(self, c, request)
  end
  if problem == "closed" and self.open[c] then
    self.closed = self.closed + 1
    drop(self, c)
  end
end

local function accept(self)
  local one = self.listener:accept()
  if not one then return end
  one:settimeout(0)
  self.accepted = self.accepted + 1
  self.open[{ socket = one, text = "", steps = {}, number = self.accepted }] = true
end

-- ---- the loop ----

local function watched(self, client)
  local reads, writes, whose, soon = { self.listener }, {}, {}, LONGEST
  if client then reads[2] = { getfd = function() return client:pollfd() end } end
  for c in pairs(self.open) do
    whose[c.socket] = c
    if not self.deaf then reads[#reads + 1] = c.socket end
    if c.out then writes[#writes + 1] = c.socket end
    if c.due then soon = math.min(soon, math.max(0, c.due - socket.gettime())) end
  end
  for _, t in ipairs(self.timers) do soon = math.min(soon, math.max(0, t.at - socket.gettime())) end
  return reads, writes, whose, soon
end

local function run_timers(self)
  for i = #self.timers, 1, -1 do
    local t = self.timers[i]
    if socket.gettime() >= t.at then
      table.remove(self.timers, i)
      t.f()
    end
  end
end

--- Serves what has come, or waits for it, for the client's descriptor or its time.
-- Without a client: serves what has come.
function Server:serve(client)
  local reads, writes, whose, soon = watched(self, client)
  local readable = socket.select(reads, writes,
    client and math.min(client:timeout() or soon, soon) or 0)
  for _, one in ipairs(readable) do
    local c = whose[one]
    if one == self.listener then
      accept(self)
    elseif c and self.open[c] then
      read(self, c)
    end
  end
  local list = {}
  for c in pairs(self.open) do list[#list + 1] = c end
  for _, c in ipairs(list) do advance(self, c) end
  run_timers(self)
end

--- Calls f once, so many seconds from now.
function Server:after(seconds, f)
  table.insert(self.timers, { at = socket.gettime() + seconds, f = f })
end

-- ---- life ----

--- Starts one.
-- @tparam function handler
-- @tparam[opt] table options `deaf`: nothing is ever read
-- @treturn Server `url`, `port`, `requests`; `accepted` and `closed` count connections
function wire.serve(handler, options)
  local self = setmetatable({ handler = handler, requests = {}, open = {}, timers = {},
    accepted = 0, closed = 0, deaf = options and options.deaf }, Server)
  self.listener = assert(socket.bind("127.0.0.1", 0))
  self.listener:settimeout(0)
  local _, port = self.listener:getsockname()
  self.port = math.tointeger(tonumber(port))
  self.origin = "http://127.0.0.1:" .. self.port
  self.url = self.origin .. "/sei/api"
  self.wait = function(client) self:serve(client) end
  return self
end

local keys = 0

--- A client for it, unpaced, with a key of its own.
-- @tparam[opt] table options of sei.client
function Server:client(options)
  keys = keys + 1
  local all = { base_url = self.url, api_key = "wire-key-" .. keys, wait = self.wait,
    pace = false }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.client(all)
end

-- Whether a request came with another key than this: it belongs to another process, which still
-- looks for a server that had our port before.
local function is_strange(c, key)
  c.socket:settimeout(0.2 * wire.slow)
  local head = {}
  repeat
    local line = c.socket:receive "*l"
    head[#head + 1] = line
  until not line or line == ""
  local text = table.concat(head, "\n"):lower()
  local theirs = text:match "\nx%-api%-key: ([^\n]*)"
  return theirs ~= nil and theirs ~= key:lower()
end

--- Whether anybody ever connected, served or not; but for those who come with another key.
-- @tparam string key of the client that must not come; lower case
function Server:was_reached(key)
  local before
  repeat
    before = self.accepted
    accept(self)
  until self.accepted == before
  for c in pairs(self.open) do
    if not is_strange(c, key) then return true end
  end
  return #self.requests > 0
end

--- Runs functions as coroutines over one client, until all have ended.
-- The client must have been made with `wait = wire.yield`.
function Server:together(client, functions)
  local threads = {}
  for i, f in ipairs(functions) do threads[i] = coroutine.create(f) end
  while #threads > 0 do
    for i = #threads, 1, -1 do
      assert(coroutine.resume(threads[i]))
      if coroutine.status(threads[i]) == "dead" then table.remove(threads, i) end
    end
    if #threads > 0 then self:serve(client) end
  end
end

--- A `wait` for coroutines whose driver waits.
function wire.yield() coroutine.yield() end

--- Stops it; safe to call twice.
function Server:close()
  self.listener:close()
  for c in pairs(self.open) do drop(self, c) end
end

Server.__close = Server.close

return wire
