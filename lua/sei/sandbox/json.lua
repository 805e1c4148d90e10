--- JSON of the emulator: a strict reader, and a writer for small things.
--
-- Strings are written by dkjson. The reader is our own because dkjson lets
-- `[1 2]`, `[1,]` and trailing text pass, and an emulator that forgives what
-- the real server refuses hides the client's mistakes. Numbers that are not
-- 64-bit integers are kept as their text, so that a record that is stored and
-- read again is the same record.
local dkjson = require "dkjson"

local json = {}

--- The metatable of what was an array, so that `[]` is not `{}`.
json.ARRAY = { __name = "sei.sandbox.array" }
--- The metatable of a number that is kept as text: `{ "1.50" }`.
json.NUMBER = { __name = "sei.sandbox.number" }
json.null = setmetatable({}, { __name = "sei.sandbox.null" })

local MAX_DEPTH = 200

--- A string with its quotes.
json.quote = dkjson.quotestring

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local value -- forward: the reader of any value

local function fail(what, at)
  error({ json = ("%s at byte %d"):format(what, at) }, 0)
end

local function skip(s, at) return s:find("[^ \t\r\n]", at) or #s + 1 end

-- One \uXXXX, or two that make a pair; answers the text and what is behind.
local function unicode(s, at)
  local hex = s:match("^%x%x%x%x", at) or fail("a broken \\u escape", at)
  local code = tonumber(hex, 16)
  if code < 0xD800 or code > 0xDFFF then return utf8.char(code), at + 4 end
  local low = code < 0xDC00 and s:match("^\\u([dD][c-fC-F]%x%x)", at + 4)
  if not low then fail("half of a surrogate pair", at) end
  code = 0x10000 + ((code - 0xD800) << 10) + (tonumber(low, 16) - 0xDC00)
  return utf8.char(code), at + 10
end

local function string_at(s, at)
  local start, pieces = at + 1, nil
  local from = start
  while true do
    local stop = s:find('["\\%c]', from) or fail("a string without its end", at)
    local c = s:sub(stop, stop)
    if c == '"' then
      local tail = s:sub(from, stop - 1)
      if not pieces then return tail, stop + 1 end
      pieces[#pieces + 1] = tail
      return table.concat(pieces), stop + 1
    elseif c == "\127" then
      pieces = pieces or {}
      pieces[#pieces + 1] = s:sub(from, stop)
      from = stop + 1
    elseif c ~= "\\" then
      fail("a bare control character", stop)
    else
      pieces = pieces or {}
      pieces[#pieces + 1] = s:sub(from, stop - 1)
      local e = s:sub(stop + 1, stop + 1)
      if e == "u" then
        pieces[#pieces + 1], from = unicode(s, stop + 2)
      else
        pieces[#pieces + 1] = ESCAPES[e] or fail("an unknown escape", stop)
        from = stop + 2
      end
    end
  end
end

local function number_at(s, at)
  local text = s:match("^-?%d+%.?%d*[eE]?[+-]?%d*", at) or fail("not a value", at)
  local whole = text:match("^-?(%d+)")
  local tail = text:sub(#text:match("^-?%d+") + 1)
  if whole:find "^0%d" or not (tail == "" or tail:find "^%.%d+$"
      or tail:find "^[eE][+-]?%d+$" or tail:find "^%.%d+[eE][+-]?%d+$") then
    fail("not a number: " .. text, at)
  end
  local n = tail == "" and math.tointeger(tonumber(text))
  if n and text ~= "-0" then return n, at + #text end
  return setmetatable({ text }, json.NUMBER), at + #text
end

local function array_at(s, at, depth)
  local list, n = setmetatable({}, json.ARRAY), 0
  at = skip(s, at + 1)
  if s:find("^%]", at) then return list, at + 1 end
  while true do
    n = n + 1
    list[n], at = value(s, at, depth)
    at = skip(s, at)
    local c = s:sub(at, at)
    if c == "]" then return list, at + 1 end
    if c ~= "," then fail("expected , or ]", at) end
    at = skip(s, at + 1)
  end
end

local function object_at(s, at, depth)
  local object = {}
  at = skip(s, at + 1)
  if s:find("^}", at) then return object, at + 1 end
  while true do
    local key
    if s:sub(at, at) ~= '"' then fail("expected a name", at) end
    key, at = string_at(s, at)
    at = skip(s, at)
    if s:sub(at, at) ~= ":" then fail("expected :", at) end
    object[key], at = value(s, skip(s, at + 1), depth)
    at = skip(s, at)
    local c = s:sub(at, at)
    if c == "}" then return object, at + 1 end
    if c ~= "," then fail("expected , or }", at) end
    at = skip(s, at + 1)
  end
end

local WORDS = { t = { "true", true }, f = { "false", false }, n = { "null", json.null } }

function value(s, at, depth)
  local c = s:sub(at, at)
  if c == '"' then return string_at(s, at) end
  if c == "{" or c == "[" then
    if depth == 0 then fail("nested too deeply", at) end
    if c == "{" then return object_at(s, at, depth - 1) end
    return array_at(s, at, depth - 1)
  end
  local word = WORDS[c]
  if word and s:sub(at, at + #word[1] - 1) == word[1] then
    return word[2], at + #word[1]
  end
  if c == "" then fail("the text ends too early", at) end
  return number_at(s, at)
end

local function whole(text)
  local length, bad = utf8.len(text)
  if not length then fail("not UTF-8", bad) end
  local v, at = value(text, skip(text, 1), MAX_DEPTH)
  at = skip(text, at)
  if at <= #text then fail("text behind the value", at) end
  return v
end

--- Reads a text.
-- @tparam string text
-- @return the value; or nil
-- @treturn string what is wrong, and at which byte
function json.decode(text)
  local ok, v = pcall(whole, text)
  if ok then return v end
  if type(v) ~= "table" or not v.json then error(v, 0) end
  return nil, v.json
end

--- Is it what was an array?
function json.is_array(v) return getmetatable(v) == json.ARRAY end

--- Is it what was an object?
function json.is_object(v) return type(v) == "table" and getmetatable(v) == nil end

--- Marks a table as an array.
function json.array(t) return setmetatable(t, json.ARRAY) end

local encode

local function encode_object(t)
  local names, out = {}, {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do out[i] = json.quote(name) .. ":" .. encode(t[name]) end
  return "{" .. table.concat(out, ",") .. "}"
end

function encode(v)
  local kind = type(v)
  if kind == "string" then return json.quote(v) end
  if kind == "number" then return (math.type(v) == "integer" and "%d" or "%.17g"):format(v) end
  if kind == "boolean" then return tostring(v) end
  if v == json.null or v == nil then return "null" end
  local meta = getmetatable(v)
  if meta == json.NUMBER then return v[1] end
  if meta ~= json.ARRAY then return encode_object(v) end
  local out = {}
  for i = 1, #v do out[i] = encode(v[i]) end
  return "[" .. table.concat(out, ",") .. "]"
end

--- Writes a value with its names sorted: equal values, equal bytes.
json.encode = encode

return json
