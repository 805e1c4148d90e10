--- The requests that came, for tests to read. Bounded in number and in bytes.
local json = require "sei.sandbox.json"

local Log = {}
Log.__index = Log

local MAX_ENTRIES <const> = 10000
local MAX_BODY <const> = 1 << 20 -- bytes of one body
local MAX_BODIES <const> = 64 << 20 -- bytes of all; the oldest bodies go first

function Log.new()
  return setmetatable({ first = 1, last = 0, bodies = 0, body_from = 1 }, Log)
end

local function forget_body(self, entry)
  self.bodies = self.bodies - #entry.body
  entry.body = ""
end

--- Notes a request; its status is set in what is returned.
-- @tparam table raw as host.c gives it
-- @tparam number time seconds since 1970
function Log:add(raw, time)
  local entry = { id = raw.id, method = raw.method, path = raw.uri, headers = raw.headers,
    body = raw.body:sub(1, MAX_BODY), body_length = raw.body_length, time = time }
  self.last = self.last + 1
  self[self.last] = entry
  self.bodies = self.bodies + #entry.body
  if self.last - self.first >= MAX_ENTRIES then
    forget_body(self, self[self.first])
    self[self.first] = nil
    self.first = self.first + 1
  end
  self.body_from = math.max(self.body_from, self.first)
  while self.bodies > MAX_BODIES do
    forget_body(self, self[self.body_from])
    self.body_from = self.body_from + 1
  end
  return entry
end

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local DIGIT = {}
for k = 1, 64 do DIGIT[k - 1] = ALPHABET:sub(k, k) end

-- RFC 4648.
local function base64(s)
  local out = {}
  for at = 1, #s, 3 do
    local a, b, c = s:byte(at, at + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    out[#out + 1] = DIGIT[bits >> 18] .. DIGIT[bits >> 12 & 63]
      .. (b and DIGIT[bits >> 6 & 63] or "=") .. (c and DIGIT[bits & 63] or "=")
  end
  return table.concat(out)
end

-- Text as `name`, anything else as `name_base64`.
local function put_bytes(object, name, bytes)
  if utf8.len(bytes) then object[name] = bytes else object[name .. "_base64"] = base64(bytes) end
end

local function line(entry)
  local headers = {}
  for k = 1, #entry.headers, 2 do
    local pair = {}
    put_bytes(pair, "name", entry.headers[k])
    put_bytes(pair, "value", entry.headers[k + 1])
    headers[#headers + 1] = pair
  end
  local object = { id = entry.id, method = entry.method, headers = json.array(headers),
    body_length = entry.body_length, status = entry.status or 0, time = entry.time,
    ended = entry.ended }
  put_bytes(object, "path", entry.path)
  put_bytes(object, "body", entry.body)
  return json.encode(object) .. "\n"
end

--- All entries as lines of JSON: a function that gives them piece by piece.
function Log:lines()
  local at = self.first
  return function()
    local out = {}
    while at <= self.last and #out < 50 do
      out[#out + 1] = self[at] and line(self[at]) or ""
      at = at + 1
    end
    return out[1] and table.concat(out) or nil
  end
end

return Log
