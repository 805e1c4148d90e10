-- sei.csv.read: what a row is handed over as, and that every shape and every
-- chunking gives what a plain reader finds.
local plain = require "spec.support.csv_plain"
local sei = require "sei"
local support = require "spec.support.csv"
local read = sei.csv.read

-- A row as it was handed over, as {line=, fields=}; nil at the end.
local shapes = {}

function shapes.table(names, row, line)
  if row == nil then return nil end
  local fields = {}
  for i, name in ipairs(names) do fields[i] = row[name] end
  for name in pairs(row) do assert(table.concat(names, "\n"):find(name, 1, true)) end
  return { line = line, fields = fields }
end

function shapes.values(names, ...)
  if ... == nil then return nil end
  assert(select("#", ...) == #names + 1)
  local fields = { ... }
  return { line = table.remove(fields), fields = fields }
end

function shapes.spans(names, text, ...)
  if text == nil then return nil end
  assert(select("#", ...) == 2 * #names + 1)
  local places, fields = { ... }, {}
  for i = 1, #names do fields[i] = text:sub(places[2 * i - 1], places[2 * i]) end
  return { line = places[#places], fields = fields }
end

-- Everything that a reading gives, errors among it, up to the end or to an
-- error that comes again.
local function reading(options, shape, names)
  options.row = shape
  local following, out = read(options), {}
  local function take(ok, ...)
    if ok then
      out[#out + 1] = shapes[shape](names, ...)
      return (...) ~= nil
    end
    local err = ...
    assert(sei.is_error(err), tostring(err))
    out[#out + 1] = { line = err.line, column = err.column, message = err.message }
    return not err.column
  end
  while take(pcall(following)) do end
  return out
end

describe("a row of sei.csv.read", function()
  local TEXT <const> = 'id,name,mail\n1,"Doe, ""J""",d@x\n\n2,,z@x\n'

  it("is its fields, and its line behind them", function()
    local got = {}
    for id, name, mail, line in read { text = TEXT, row = "values" } do
      got[#got + 1] = { id, name, mail, line }
    end
    assert.same({ { "1", 'Doe, "J"', "d@x", 2 }, { "2", "", "z@x", 4 } }, got)
  end)

  it("is a text and the places of its fields", function()
    local got = {}
    for text, a, b, c, d, e, f, line in read { text = TEXT, row = "spans" } do
      got[#got + 1] = { text:sub(a, b), text:sub(c, d), text:sub(e, f), d - c + 1, line }
    end
    assert.same({ { "1", 'Doe, "J"', "d@x", 8, 2 }, { "2", "", "z@x", 0, 4 } }, got)
    assert.same({ '1,"b",c', 1, 1, 4, 4, 7, 7, 1 },
      { read { text = '1,"b",c', header = { "a", "b", "c" }, row = "spans" }() })
  end)

  it("shares its text with those beside it", function()
    local body = {}
    for i = 1, 2000 do body[i] = ('%d,"%d,","""%d"""\n'):format(i, i, i):rep(i % 9 == 0 and 1 or 0)
      .. ("%d,x%d,%s\r\n"):format(i, i, i % 50 == 0 and ("long"):rep(2000) or "é") end
    local text = "a,b,c\n" .. table.concat(body)
    local path = support.spit(support.scratch(finally) .. "/p.csv", text)
    for _, source in ipairs { { file = path }, { chunks = support.pieces(text, 1000) },
      { text = text } } do
      local own, texts, last, n = read { text = text, row = "values" }, 0, nil, 0
      source.row = "spans"
      for shared, a, b, c, d, e, f, line in read(source) do
        n = n + 1
        assert.same({ shared:sub(a, b), shared:sub(c, d), shared:sub(e, f), line }, { own() })
        if shared ~= last then texts = texts + 1 end
        if source.text and not shared:find('^%d+,"') then assert(shared == text) end
        last = shared
      end
      assert.equal(2222, n)
      -- each row with doubled quotes has its own in between
      assert(source.text and texts == 445 or texts > 445 and texts < 620, texts)
    end
  end)

  it("has the columns asked for, in this order", function()
    assert.same({ { mail = "d@x", id = "1" }, { mail = "z@x", id = "2" } },
      (support.rows_of { text = TEXT, fields = { "mail", "id" } }))
    assert.same({ "d@x", "1", 2 },
      { read { text = TEXT, fields = { "mail", "id" }, row = "values" }() })
    assert.same({ "d@x", 2 }, { read { text = TEXT, fields = "mail", row = "values" }() })
    local text, from, to, line = read { text = TEXT, fields = "name", row = "spans" }()
    assert.same({ 'Doe, "J"', 2 }, { text:sub(from, to), line })
    assert.same({ "2", "1", 1 }, { read { text = "1,2", header = { "a", "b" },
      fields = { "b", "a" }, row = "values" }() })
  end)

  it("that is short is filled up in every shape", function()
    local options = { text = "a,b,c\n1\n", ragged = "fill", fields = { "c", "a" } }
    for shape in pairs(shapes) do
      assert.same({ { line = 2, fields = { "", "1" } } }, reading(options, shape, options.fields))
    end
  end)

  it("is checked as a whole, whatever is asked of it", function()
    for shape in pairs(shapes) do
      local got = reading({ text = "a,b\n1,2,3\n1,\xFF\n5,6\n", fields = { "a" } }, shape, { "a" })
      assert.equal("text:2: the row has 3 fields, the header has 2", got[1].message)
      assert.equal('text:3: column "b" is not valid UTF-8 (byte 255 at position 1)',
        got[2].message)
      assert.same({ line = 4, fields = { "5" } }, got[3])
    end
  end)

  it("closes the file on break in every shape", function()
    local path = support.spit(support.scratch(finally) .. "/p.csv", "a\n1\n2\n")
    local pid = assert(support.slurp "/proc/self/stat":match "^%d+")
    for shape in pairs(shapes) do
      for _ in read { file = path, row = shape } do break end -- luacheck: ignore
      assert(not support.listing("-l /proc/" .. pid .. "/fd"):find(path, 1, true), shape)
    end
  end)

  it("of many columns is handed over as far as a function could take it", function()
    local names, cells = {}, {}
    for i = 1, 251 do names[i], cells[i] = "c" .. i, tostring(i) end
    local function text(n)
      return table.concat(names, ",", 1, n) .. "\n" .. table.concat(cells, ",", 1, n) .. "\n"
    end
    local got = { read { text = text(250), row = "values" }() }
    assert.same({ 251, "250", 2 }, { #got, got[250], got[251] })
    got = { read { text = text(124), row = "spans" }() }
    assert.same({ 250, "124" }, { #got, got[1]:sub(got[248], got[249]) })
    for shape, n in pairs { values = 251, spans = 125 } do
      local ok, err = pcall(read { text = text(n), row = shape })
      assert.is_false(ok)
      assert.equal(("text:1: %d columns are too many to be handed over one by one: name some of "
        .. "them in 'fields', or take rows as tables"):format(n), err.message)
      assert.equal("7", (read { text = text(n), row = "values", fields = "c7" }()))
    end
  end)

  it("that lacks a field asked for is told by the header", function()
    local ok, err = pcall(read { text = "name,e-mail\n", fields = { "name", "email" },
      columns = { "email", "id" } })
    assert.is_false(ok)
    assert.equal('text:1: columns are missing: "email" (did you mean "e-mail"?), "id"; found: '
      .. '"name", "e-mail"', err.message)
    assert.error_matches(function() read { text = "", header = { "a" }, fields = "b" } end,
      'a column is missing: "b"; found: "a"')
  end)

  it("of a wrong shape is refused", function()
    local function expect(options, message)
      options.text = ""
      assert.error_matches(function() read(options) end, message)
    end
    expect({ row = "value" }, "bad option 'row' for sei.csv.read")
    expect({ row = "values", header = false }, "'row' of sei.csv.read needs a header")
    expect({ fields = "a", header = false }, "'fields' of sei.csv.read needs a header")
    expect({ fields = { "a", "a" } }, "'fields' for sei.csv.read %(it names \"a\" twice")
    expect({ fields = {} }, "bad option 'fields' for sei.csv.read")
  end)
end)

-- ---- against the plain reader -----------------------------------------------

local NAMES <const> = { "a", "b", "c" }

local PIECES <const> = { "a", "bc", "xyz", " ", "'", "0", "é", "😀", "\v", "\t", ";",
  ("long"):rep(20), ("x"):rep(63) }
local RARE <const> = { '"', "\0", "\xFF", '"x"y', ",", "\n", "\r" }
local ENDS <const> = { "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r\n" }

local function one(list) return list[math.random(#list)] end

local function field()
  local out = {}
  for _ = 1, math.random(0, 4) do out[#out + 1] = one(PIECES) end
  if math.random(3) > 1 then return table.concat(out) end
  for _ = 1, math.random(0, 3) do
    table.insert(out, math.random(#out + 1), one { '""', ",", "\n", "\r\n", "\r" })
  end
  return '"' .. table.concat(out) .. '"'
end

local function csv_text(rows)
  local out = { math.random(5) == 1 and "\xEF\xBB\xBF" or "" }
  for _ = 1, rows or math.random(0, 8) do
    local row = {}
    for i = 1, math.random(12) > 1 and 3 or math.random(5) do row[i] = field() end
    out[#out + 1] = table.concat(row, ",")
    if math.random(rows and 500 or 30) == 1 then out[#out + 1] = one(RARE) end
    out[#out + 1] = one(ENDS)
  end
  if math.random(3) == 1 then out[#out] = nil end
  return table.concat(out)
end

local function utf8_problem(row)
  for i, text in ipairs(row.fields) do
    local _, at = utf8.len(text)
    if at then
      return ("column %s is not valid UTF-8 (byte %d at position %d)"):format(
        i > #NAMES and i or '"' .. NAMES[i] .. '"', text:byte(at), at)
    end
  end
end

-- What any reading of the text must give.
local function expected(text)
  local rows, broken = plain.read(text, ",")
  local out = {}
  for _, row in ipairs(rows) do
    local n = #row.fields
    local problem = utf8_problem(row) or n ~= #NAMES
      and ("the row has %d %s, the header has 3"):format(n, n == 1 and "field" or "fields")
    out[#out + 1] = problem and { line = row.line,
      message = ("text:%d: %s"):format(row.line, problem) } or row
  end
  if broken then
    out[#out + 1] = { line = broken.line, column = broken.column,
      message = ("text:%d: %s (column %d of the line)"):format(broken.line, broken.what,
        broken.column) }
  end
  return out
end

local function compare(text, sizes)
  local want = expected(text)
  for shape in pairs(shapes) do
    assert.same(want, reading({ text = text, header = NAMES }, shape, NAMES), text)
    for _, size in ipairs(sizes) do
      assert.same(want, reading({ chunks = support.pieces(text, size), name = "text",
        header = NAMES }, shape, NAMES), text)
    end
  end
  return #want
end

-- However many rows, they come in runs that the scan takes 64 bytes at a time.
local function random_texts(count, seed)
  math.randomseed(seed)
  local events = 0
  for _ = 1, count do
    events = events + compare(csv_text(), { 1, math.random(2, 70), 64 })
  end
  return events
end

describe("any text", function()
  it("gives what a plain reader finds, in every shape and chunking", function()
    assert(random_texts(150, 20260101) > 300)
  end)

  it("gives it wherever a block of the scan begins #proof", function()
    assert(random_texts(20000, 20260102) > 40000)
  end)

  it("gives it with what matters at every place of a block", function()
    local tails = { ',b,c\n1,2,3', '","",""""\r\n1,2,3\r', "\r\n\n1,2,3\r\r\n", ',"\n",\r1,2,3',
      ',"b\n', ',b,c"\n', ',"b"c\n', ",\0\n" }
    for length = 0, 130 do
      local pad = ("p"):rep(length)
      local tail = tails[length % #tails + 1]
      compare(pad .. tail, { 64, length + 1 })
      compare('"' .. pad .. '"' .. tail, { 64, length + 2 })
      compare("1,2," .. pad .. "\n" .. pad .. tail, { length + 1 })
    end
  end)

  -- The scan goes 1024 bytes ahead of the row.
  it("gives it wherever the scan ahead ends", function()
    math.randomseed(20260103)
    local tails = { "\n\n\r\n1,2,3", ',b,c\n1,"2\n",3\n', '","",""""\r\n1,2,3\r\n4,5,6',
      "\r\r\n1,é,3\n4,5,6", ",\xFF,3\n4,5,6\n", '"x\n' }
    for length = 950, 1090 do
      local rows = ("1,22,3\n"):rep(math.random(0, 120))
      local pad = ("p"):rep(length - #rows)
      compare(rows .. pad .. tails[length % #tails + 1], { length + 1 })
    end
    for _ = 1, 12 do compare(csv_text(60), { math.random(500, 3000) }) end
  end)

  it("with fields of a mebibyte gives them whole", function()
    local large = ("large"):rep(200000)
    local text = ('1,"%s""%s",3\n%s,,"%s"\n'):format(large:sub(1, 1000), large:sub(2), large, large)
    assert.equal(2, compare(text, { 65536, 1000003 }))
  end)
end)
