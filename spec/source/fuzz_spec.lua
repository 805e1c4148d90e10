-- Sources under input that is made up: what was written comes back, and whatever
-- is broken ends in records or in an error object that names the file.
local core = require "sei.core"
local sei = require "sei"
local support = require "spec.support.csv"
local source = sei.source

local function generator(seed)
  return function(n)
    seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
    return (seed >> 8) % n + 1
  end
end

local function utf16(text, format)
  local out = {}
  for _, c in utf8.codes(text) do
    if c >= 0x10000 then
      out[#out + 1] = format:pack(0xD800 + (c - 0x10000 >> 10))
      c = 0xDC00 + (c - 0x10000 & 0x3FF)
    end
    out[#out + 1] = format:pack(c)
  end
  return table.concat(out)
end

-- Name, how bytes are made of a text, what the option says.
local ENCODINGS <const> = {
  { "utf-8", function(s) return s end },
  { "utf-8 with mark", function(s) return "\u{FEFF}" .. s end },
  { "utf-16le", function(s) return utf16("\u{FEFF}" .. s, "<I2") end },
  { "utf-16be", function(s) return utf16("\u{FEFF}" .. s, ">I2") end, "utf-16" },
  { "utf-32", function(s)
    return (("\u{FEFF}" .. s):gsub(utf8.charpattern, function(c)
      return ("<I4"):pack(utf8.codepoint(c))
    end))
  end },
  { "latin-1", function(s)
    return (s:gsub(utf8.charpattern, function(c) return string.char(utf8.codepoint(c)) end))
  end, "latin-1" },
}

local LATIN <const> = { "a", "Z", " ", ",", ";", "\t", '"', "\n", "\r\n", "\u{E9}", "\u{FF}", "'",
  "=", "0", "|", "\u{A3}" }
local WIDE <const> = { "\u{141}", "\u{4E2D}", "\u{1F600}", "\u{301}", "\u{FFFD}" }

local function text_of(random, wide)
  local parts = { "x" }
  for i = 1, random(12) do
    if wide and random(4) == 1 then
      parts[i + 1] = WIDE[random(#WIDE)]
    else
      parts[i + 1] = LATIN[random(#LATIN)]
    end
  end
  return table.concat(parts) .. "y"
end

-- Rows with the columns login, name, note in any order.
local function round_trip(random)
  local encoding = ENCODINGS[random(#ENCODINGS)]
  local wide = encoding[1] ~= "latin-1"
  local delimiter = ({ ",", ";", "\t" })[random(3)]
  local header = { "Login", "Full Name", "note" }
  for i = 3, 2, -1 do
    local k = random(i)
    header[i], header[k] = header[k], header[i]
  end
  local rows, out = {}, {}
  for i = 1, 30 do
    rows[i] = { Login = text_of(random, wide), ["Full Name"] = text_of(random, wide),
      note = text_of(random, wide) }
  end
  local writer = assert(sei.csv.write { header = header, delimiter = delimiter,
    to = function(s) out[#out + 1] = s end })
  for _, row in ipairs(rows) do assert(writer:row(row)) end
  assert(writer:close())
  local s = source.csv { chunks = support.pieces(encoding[2](table.concat(out)), random(200)),
    encoding = encoding[3], delimiter = delimiter }
  local list = assert(s:all())
  assert.equal(#rows, #list)
  for i, row in ipairs(rows) do
    assert.same({ row.Login, row["Full Name"], row.note },
      { list[i].login, list[i].name, list[i].note })
  end
end

local SAMPLES <const> = {
  csv = "login;name;active\na;\"A; B\";yes\nb;B;no\nc;\"C \"\"c\"\"\";\n",
  json = '[{"login":"a","name":null,"x":[1,{"y":"\\u00e9"}]},\n{"login":"b","active":true}]\n[]',
  ldif = "version: 1\n\ndn: a\ncn:: QWRh\nmail: a@\n x\n\n# c\ndn: b\ncn: B\n\nsearch: 2\n"
    .. "result: 0 Success\n",
  mailmap = "# c\nA <a@x> <b@x>\nB <b@y> Bee <c@x>\n<d@x> <e@x>\n",
  gitlab = '[{"id":1,"username":"a","state":"active"}]\n[{"id":2,"username":"b","identities":[]}]',
  bitbucket = '{"values":[{"name":"a","type":"NORMAL"}],"isLastPage":false}{"isLastPage":true,'
    .. '"values":[{"name":"b"}]}',
}

-- One sample with a few bytes changed, gone, doubled or cut off.
local function mutated(random, text)
  local BYTES <const> = { "\0", "\xFF", '"', "\n", "{", "}", "[", "]", ",", ":", "<", ">", " ", ";",
    "\xFE", "\xEF\xBB\xBF", "-", "#", "\\", "e" }
  for _ = 1, random(4) do
    local at, kind = random(#text + 1), random(5)
    local before, behind = text:sub(1, at - 1), text:sub(at)
    if kind == 1 then
      text = before .. BYTES[random(#BYTES)] .. behind
    elseif kind == 2 then
      text = before .. BYTES[random(#BYTES)] .. behind:sub(2)
    elseif kind == 3 then
      text = before .. behind:sub(random(4))
    elseif kind == 4 then
      text = before .. behind:sub(1, random(6)) .. behind
    else
      text = before
    end
    if text == "" then text = " " end
  end
  return text
end

-- Whole and in pieces, with and without on_bad: the same records or the same
-- error, and nothing but error objects of the file's.
local function survive(random, kind)
  local text = mutated(random, SAMPLES[kind])
  local size = random(9)
  local function walk(options)
    options.name = "x." .. kind
    local s = source[kind](options)
    local list, err = s:all()
    if not list then
      assert(sei.is_error(err) and err.kind == "decode", tostring(err))
      assert.equal("x." .. kind, err.file)
      return tostring(err)
    end
    return core.json.encode(list, { canonical = true }), s:counts(), list
  end
  local whole = walk { text = text }
  assert.equal(whole, walk { chunks = support.pieces(text, size) }, text)
  local bad = 0
  local _, counts, list = walk { text = text, on_bad = function(err)
    assert(sei.is_error(err))
    bad = bad + 1
  end }
  if list then
    assert.same({ bad, #list, true }, { counts.skipped, counts.records, counts.complete })
    local reasons = 0
    for _, n in pairs(counts.reasons) do reasons = reasons + n end
    assert.equal(bad, reasons)
  end
end

-- Objects of any shape as arrays, pages or one after the other.
local function compare_json(random)
  local function value(depth)
    local kind = random(depth > 3 and 4 or 6)
    if kind == 1 then return random(1000) end
    if kind == 2 then return text_of(random, true) end
    if kind == 3 then return random(2) == 1 end
    if kind == 4 then return sei.null end
    local t = kind == 5 and sei.json.array {} or {}
    for i = 1, random(4) - 1 do t[kind == 5 and i or "k" .. i] = value(depth + 1) end
    return t
  end
  local want, parts = {}, {}
  for _ = 1, random(6) do
    local page = {}
    for i = 1, random(5) - 1 do
      page[i] = { login = "u" .. #want + 1, extra = value(1) }
      want[#want + 1] = sei.json.encode(page[i], { canonical = true })
    end
    local form, items = random(4), {}
    for i, one in ipairs(page) do items[i] = assert(sei.json.encode(one)) end
    local array = "[" .. table.concat(items, ({ ",", " ,\n" })[random(2)]) .. "]"
    parts[#parts + 1] = form == 1 and array or form == 2 and table.concat(items, "\n")
      or form == 3 and '{"a":[1,{"values":[]}],"v":{"x":{},"values":' .. array
        .. ',"n":1},"z":"]"}'
      or "[" .. array .. ",[]]"
  end
  local got = {}
  for r in source.json { chunks = support.pieces(table.concat(parts, "\n"), random(50)),
      at = "v.values" } do
    r.source = nil
    got[#got + 1] = sei.json.encode(r, { canonical = true })
  end
  assert.same(want, got)
end

local function rounds(n)
  local random = generator(n)
  for _ = 1, n do
    round_trip(random)
    compare_json(random)
    for kind in pairs(SAMPLES) do
      survive(generator(random(1000000)), kind)
    end
  end
end

describe("sources", function()
  it("give back what was written and survive what is broken", function() rounds(60) end)
  it("do so thousands of times #proof", function() rounds(4000) end)
end)
