--- Faults of the transport (api.md no. 11): what they are, and what they do.
local reply = require "sei.sandbox.reply"
local nearest = require "sei.sandbox.nearest"

local fault = {}

--- Every kind, with its line of help. Those with `early` come instead of an
-- answer: the request is not acted upon.
fault.kinds = {
  { "reset-before", "reset on arrival; nothing was done", early = true },
  { "reset-acted", "done, then reset without a byte of an answer" },
  { "reset-within", "reset after half of the body" },
  { "reset-after", "reset after the whole body" },
  { "slow", "the body takes 1 second; slow-N takes N seconds" },
  { "truncated", "the connection closes politely after half of the body" },
  { "bad-gzip", "Content-Encoding: gzip, and the stream ends too early" },
  { "wrong-length", "Content-Length is 10 bytes less than the body" },
  { "bad-utf8", "a byte that is not UTF-8 in the first string" },
  { "deep-json", "100,000 arrays, one inside the other" },
  { "garbage", "200, application/json, and noise" },
  { "status-500", "500 of the gateway; so is any status-400 to status-599", early = true },
  { "status-503", "503 of the gateway", early = true },
  { "status-429", "429 of the gateway", early = true },
}

local by_name, known = {}, {}
for k, kind in ipairs(fault.kinds) do by_name[kind[1]], known[k] = kind, kind[1] end

local function parse_kind(text)
  local status = text:match "^status%-([45]%d%d)$"
  if status then return { kind = "status", status = tonumber(status), early = true } end
  local seconds = text:match "^slow%-(%d+%.?%d*)$"
  if seconds then return { kind = "slow", seconds = tonumber(seconds) } end
  local row = by_name[text]
  if not row then return nil, ("unknown fault %q%s"):format(text, nearest(text, known)) end
  return { kind = text, early = row.early }
end

--- Reads KIND[@N][:COUNT].
-- @treturn[1] table `kind`, `skip` (requests that pass before), `left` (times)
-- @treturn[2] nil
-- @treturn[2] string why not
function fault.parse(text)
  local kind, at, count = text:match "^([^@:]+)@?(%d*):?(%w*)$"
  if not kind or (text:find("@", 1, true) and at == "") then
    return nil, ("%q is not KIND[@N][:COUNT]"):format(text)
  end
  if text:find(":", 1, true) and not (count == "always" or count:find "^[1-9]%d*$") then
    return nil, "COUNT is a whole number from 1, or always"
  end
  if at ~= "" and tonumber(at) < 1 then return nil, "@N counts from 1, the next request" end
  local v, err = parse_kind(kind)
  if not v then return nil, err end
  v.skip = at == "" and 0 or math.tointeger(tonumber(at)) - 1
  v.left = count == "always" and math.huge or math.tointeger(tonumber(count)) or 1
  return v
end

-- The whole body: a stream is read to its end.
local function body_of(answer)
  if type(answer.body) ~= "function" then return answer.body or "" end
  local pieces = {}
  for piece in answer.body do pieces[#pieces + 1] = piece end
  return table.concat(pieces)
end

-- A gzip member that holds the text as it is, without its last third.
local function broken_gzip(text)
  text = text:sub(1, 60000)
  local whole = "\31\139\8\0\0\0\0\0\0\3" .. ("<B I2 I2"):pack(1, #text, ~#text & 0xffff) .. text
  return whole:sub(1, #whole - #text // 3 - 1)
end

local MAKE = {
  ["reset-within"] = function(a) a.cut, a.ending = #a.body // 2, "reset" end,
  ["reset-after"] = function(a) a.ending = "reset" end,
  ["reset-acted"] = function(a) a.status, a.ending = nil, "reset" end,
  ["truncated"] = function(a) a.cut, a.ending = #a.body // 2, "close" end,
  ["wrong-length"] = function(a)
    if #a.body < 11 then a.body = a.body .. (" "):rep(11 - #a.body) end
    a.announce = tostring(#a.body - 10)
  end,
  ["bad-gzip"] = function(a)
    a.body = broken_gzip(a.body)
    table.move({ "Content-Encoding", "gzip" }, 1, 2, #a.headers + 1, a.headers)
  end,
  ["bad-utf8"] = function(a)
    local changed, n = a.body:gsub('":"', '":"\xff\xc3', 1)
    a.body = n > 0 and changed or '{"error":"\xff\xc3("}'
  end,
  ["deep-json"] = function(a) a.body = ("["):rep(100000) .. ("]"):rep(100000) end,
  ["garbage"] = function(a)
    a.status, a.headers, a.body = 200, { "Content-Type", "application/json" },
      "\0\1\2{\"records\":[}}\xff\xfe<html>" .. ("%q"):rep(20)
  end,
  ["slow"] = function(a, f)
    local pieces = math.min(20, math.max(2, #a.body))
    a.piece = math.max(1, #a.body // pieces)
    a.pause = (f.seconds or 1) / (#a.body // a.piece)
  end,
}

--- What is answered instead, by a fault that comes early.
function fault.instead(f)
  if f.kind == "status" then
    return reply.gateway(f.status, f.status == 429 and "TOO_MANY_REQUESTS" or "INTERNAL_ERROR",
      "This answer is a fault that was asked for.")
  end
  return { ending = "reset" }
end

--- Breaks an answer.
function fault.apply(f, answer)
  answer.body, answer.headers = body_of(answer), answer.headers or {}
  MAKE[f.kind](answer, f)
  return answer
end

return fault
