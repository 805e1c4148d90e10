-- sei.json against lua-cjson and dkjson over generated texts: where these two
-- are right they must agree with it. Seeded, so that a failure comes again.
local cjson = require "cjson"
local dkjson = require "dkjson"
local sei = require "sei"

local decode, encode = sei.json.decode, sei.json.encode

-- A text of any kind, with blanks and escapes here and there.
local STRINGS = {
  '""', '"a"', '"sixteen bytes or"',
  '"seventeen bytes o"', '"\\u00e9\\n\\t\\/"', '"gr\u{fc}\u{df}"',
  '"\\ud83d\\ude00 and a long tail of plain text behind it"', '"\\\\"', '"\\""', '"\u{20ac}uro"',
}
local NUMBERS = {
  "0", "1", "-1", "12", "123456789", "-987654321012345", "9007199254740991", "0.5", "-0.25", "1e3",
  "1.5E-7", "2.5e+10", "123456.789", "1e22", "1e23", "5e-324", "1.7976931348623157e308",
}
local NAMES = {
  '"id"', '"email"', '"full_name"', '"a"', '"b"',
  '"integration_user_ids"', '"x y"', '"\\u0061"', '""',
}

local random, pick, blank, text_of

function random(n) return math.random(n) end
function pick(list) return list[random(#list)] end

function blank(loose)
  return loose and random(4) == 1 and pick { " ", "\n", "\t", "\r\n", "  " } or ""
end

local function list_of(n, loose, one)
  local out = {}
  for i = 1, n do out[i] = blank(loose) .. one() .. blank(loose) end
  return table.concat(out, ",")
end

function text_of(depth, loose)
  local kind = depth > 0 and random(6) or random(4)
  if kind == 1 then return pick { "null", "true", "false" } end
  if kind == 2 then return pick(NUMBERS) end
  if kind <= 4 then return pick(STRINGS) end
  local n = random(10) == 1 and random(40) or random(5) - 1
  if kind == 5 then
    return "[" .. list_of(n, loose, function() return text_of(depth - 1, loose) end) .. "]"
  end
  return "{" .. list_of(n, loose, function()
    return pick(NAMES) .. blank(loose) .. ":" .. blank(loose) .. text_of(depth - 1, loose)
  end) .. "}"
end

-- Equal values. The oracles have floats for some or all integers, so numbers
-- are compared as floats, and the digits of great integers as well.
local function equal(a, b)
  if type(b) == "number" then
    local n = type(a) == "string" and a:find "^-?%d+$" and tonumber(a) or a
    return type(n) == "number" and n + 0.0 == b + 0.0
  end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in pairs(a) do
    if not equal(v, b[k]) then return false end
  end
  for k in pairs(b) do
    if a[k] == nil then return false end
  end
  return true
end

-- dkjson is wrong about nothing but how much it accepts.
local function by_dkjson(text)
  local value, _, err = dkjson.decode(text, 1, sei.null)
  return value, err
end

describe("generated texts", function()
  it("are the same values for lua-cjson and dkjson", function()
    math.randomseed(20240501)
    for i = 1, 2000 do
      local text = text_of(6, i % 2 == 0)
      local value, err = decode(text)
      if err then error(("text %d: %s\n%s"):format(i, err.message, text)) end
      if not equal(value, cjson.decode(text)) then error("cjson differs: " .. text) end
      if not equal(value, by_dkjson(text)) then error("dkjson differs: " .. text) end
    end
  end)

  it("are read back as they were written", function()
    math.randomseed(20240502)
    for _ = 1, 2000 do
      local first = assert(encode(decode(text_of(6)), { canonical = true }))
      local again = assert(encode(decode(first), { canonical = true }))
      assert.equal(first, again)
      local loose = assert(encode(decode(first)))
      assert.equal(#first, #loose)
      assert.equal(first, (encode(decode(loose), { canonical = true })))
      if not equal(decode(first), cjson.decode(loose)) then error("cjson differs: " .. loose) end
    end
  end)
end)

describe("damaged texts", function()
  -- What lua-cjson lets pass and RFC 8259 does not, by our message.
  local LENIENT = {
    "control character", "begins with 0", "invalid UTF%-8", "surrogate", "expected a digit",
    "expected a value", "expected , or", "something follows", "too large", "ends too early",
  }
  -- Of these messages the text must show the reason: cjson's own numbers.
  local ODD_NUMBER = "[%+%.xXnNiIpP%-][%w%.]*"

  local function damaged(text)
    local at = random(#text)
    local how = random(4)
    if how == 1 then return text:sub(1, at - 1) .. text:sub(at + 1) end
    if how == 2 then return text:sub(1, at) end
    local bytes = '"\\{}[],:0-.eE+x \n\t\1\255\128u'
    local b = random(#bytes)
    return text:sub(1, at - 1) .. bytes:sub(b, b) .. text:sub(how == 3 and at or at + 1)
  end

  it("are refused wherever lua-cjson refuses them", function()
    math.randomseed(20240503)
    local refused, accepted = 0, 0
    for _ = 1, 6000 do
      local text = damaged(text_of(4, true))
      local value, err = decode(text)
      local ok, theirs = pcall(cjson.decode, text)
      if not ok then
        refused = refused + 1
        if not err then error("accepted: " .. text) end
      elseif not err then
        accepted = accepted + 1
        if not equal(value, theirs) then error("differs: " .. text) end
      else
        local known = false
        for _, pattern in ipairs(LENIENT) do known = known or err.message:find(pattern) end
        if not known then error(err.message .. "\n" .. text) end
        if err.message:find "expected , or" and not text:find(ODD_NUMBER) then
          error(err.message .. "\n" .. text)
        end
      end
    end
    assert.is_true(refused > 1000)
    assert.is_true(accepted > 300)
  end)

  it("never make the decoder do anything but answer", function()
    math.randomseed(20240504)
    for _ = 1, 6000 do
      local bytes = {}
      for i = 1, random(40) do
        bytes[i] = random(3) == 1 and string.char(random(256) - 1)
          or pick { '"', "{", "}", "[", "]", ",", ":", "1", "-", "\\", "u", "d8", "null", " ", "e" }
      end
      local value, err = decode(table.concat(bytes))
      assert.is_true(value ~= nil or err.kind == "decode")
    end
  end)
end)

-- Records of nearly the same shape, so that what was learnt of one is used, and misleads, for the
-- next: members missing, others, twice, in another order, with other kinds of values.
describe("chosen fields", function()
  local SHAPE = {
    '"id"', '"org_uuid"', '"full_name"', '"email"', '"integration_user_ids"', '"version"', '"a"',
  }

  local function record(loose)
    local members = {}
    for _, name in ipairs(SHAPE) do
      if random(12) > 1 then
        members[#members + 1] = name .. blank(loose) .. ":" .. blank(loose) .. text_of(3, loose)
      end
    end
    if random(6) == 1 then members[#members + 1] = pick(NAMES) .. ":" .. text_of(2, loose) end
    if random(6) == 1 and #members > 1 then
      local i, k = random(#members), random(#members)
      members[i], members[k] = members[k], members[i]
    end
    return "{" .. table.concat(members, blank(loose) .. "," .. blank(loose)) .. "}"
  end

  local function records(loose)
    return "[" .. list_of(random(12), loose, function() return record(loose) end) .. "]"
  end

  local function only(list, names)
    for i, one in ipairs(list) do
      local some = {}
      for _, name in ipairs(names) do some[name] = one[name] end
      list[i] = some
    end
    return list
  end

  local CHOICES = { { "id", "full_name", "email" }, { "version" }, { "integration_user_ids", "a" } }

  it("are those of the whole records", function()
    math.randomseed(20240505)
    for i = 1, 600 do
      local text, names = records(i % 3 == 0), pick(CHOICES)
      local some, whole = decode(text, { fields = names }), decode(text)
      if not equal(some, only(whole, names)) then error("differs: " .. text) end
    end
  end)

  -- Of what is not wanted only the form is checked: it may pass where the whole is refused for its
  -- encoding or an escape, never the other way round.
  it("are refused for the same reason", function()
    math.randomseed(20240506)
    local refused = 0
    for i = 1, 1200 do
      local text, names = records(i % 3 == 0), pick(CHOICES)
      local at = random(#text)
      local bytes = '"\\{}[],:0-.eE+x \n\t\1\255\128u'
      local b = random(#bytes)
      text = text:sub(1, at - 1) .. bytes:sub(b, b) .. text:sub(at + random(2) - 1)
      local some, err = decode(text, { fields = names })
      local whole, why = decode(text)
      if err then
        refused = refused + 1
        if not why then error("only with fields: " .. err.message .. "\n" .. text) end
        local later = why.message ~= err.message
        if later and not why.message:find "UTF%-8" and not why.message:find "escape"
          and not why.message:find "too large" then
          error(err.message .. "\n" .. why.message .. "\n" .. text)
        end
      elseif not why and not equal(some, only(whole, names)) then
        error("differs: " .. text)
      end
    end
    assert.is_true(refused > 400)
  end)
end)
