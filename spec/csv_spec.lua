-- sei.csv.read: rows, lines, and what is said about text that is not CSV.
local sei = require "sei"
local support = require "spec.support.csv"
local read, rows_of, pieces = sei.csv.read, support.rows_of, support.pieces

-- The error that a reading ends with, and how many rows came before it.
local function failure_of(options)
  local n = 0
  local ok, err = pcall(function()
    for _ in read(options) do n = n + 1 end
  end)
  assert(not ok, "no error was raised")
  return err, n
end

describe("sei.csv.read", function()
  it("gives tables by column name, and the lines", function()
    local rows, lines = rows_of { text = 'name,email\nJane,j@x\n\n"Doe,\nJohn",d@x\r\nZoë,' }
    assert.same({
      { name = "Jane", email = "j@x" },
      { name = "Doe,\nJohn", email = "d@x" },
      { name = "Zoë", email = "" },
    }, rows)
    assert.same({ 2, 4, 6 }, lines)
  end)

  it("gives arrays of any length without a header", function()
    local rows, lines = rows_of { text = 'a,"b ""c"""\nd\n,', header = false }
    assert.same({ { "a", 'b "c"' }, { "d" }, { "", "" } }, rows)
    assert.same({ 1, 2, 3 }, lines)
  end)

  it("takes names for a text that has no header row", function()
    assert.same({ { x = "1", y = "2" } }, (rows_of { text = "1,2", header = { "x", "y" } }))
    assert.same({}, (rows_of { text = "", header = { "x", "y" } }))
  end)

  it("takes any delimiter and passes over a byte order mark", function()
    assert.same({ { a = "1,5", b = "2" } }, (rows_of {
      text = "\xEF\xBB\xBFa;b\n1,5;2", delimiter = ";" }))
    assert.same({ { "a", "b c" } }, (rows_of {
      text = "a\tb c", delimiter = "\t", header = false }))
  end)

  it("gives the same rows for every size of chunk", function()
    local text = 'id,name\r\n1,"a ""b"""\r2,"x\r\ny"\n\n3,Zoë\r\n'
    local rows, lines = rows_of { text = text }
    assert.equal(3, #rows)
    for size = 1, #text + 1 do
      local some, at = rows_of { chunks = pieces(text, size) }
      assert.same(rows, some)
      assert.same(lines, at)
    end
  end)

  it("reads files larger than its buffer", function()
    local parts = { "id,note\n" }
    for i = 1, 20000 do parts[#parts + 1] = ("%d,note of %d\n"):format(i, i) end
    local path = support.spit(support.scratch(finally) .. "/big.csv", table.concat(parts))
    local n = 0
    for row, line in read { file = path } do
      n = n + 1
      assert(row.id == tostring(n) and row.note == "note of " .. n and line == n + 1)
    end
    assert.equal(20000, n)
  end)

  it("gives nothing more after the end", function()
    local following = read { text = "a\n1\n" }
    assert.same({ a = "1" }, (following()))
    assert.is_nil(following())
    assert.is_nil(following())
  end)

  it("lets chunks yield, be empty, and be asked only when needed", function()
    local calls = 0
    local source = pieces("a,b\n1,2\n3,4\n", 1)
    local co = coroutine.wrap(function()
      return (rows_of { chunks = function()
        calls = calls + 1
        coroutine.yield "waiting"
        return calls % 2 == 0 and "" or source()
      end })
    end)
    local rows, waits = co(), 0
    while rows == "waiting" do rows, waits = co(), waits + 1 end
    assert.same({ { a = "1", b = "2" }, { a = "3", b = "4" } }, rows)
    assert.equal(calls, waits)
    local asked = 0
    local following = read { chunks = function()
      asked = asked + 1
      return "a\n1\n2\n"
    end }
    assert.equal(0, asked)
    assert.same({ "1", "2" }, { following().a, following().a })
    assert.equal(1, asked)
  end)

  it("does not hold what it has read", function()
    local chunk, n = ("x"):rep(99) .. "," .. ("y"):rep(99) .. "\n", 0
    chunk = chunk:rep(100)
    collectgarbage()
    local before, most, rows = collectgarbage "count", 0, 0
    for _ in read { header = { "x", "y" }, chunks = function()
      n = n + 1
      return n <= 1000 and chunk or nil
    end } do
      rows = rows + 1
      if rows % 10000 == 0 then
        collectgarbage()
        most = math.max(most, collectgarbage "count" - before)
      end
    end
    assert(most < 2000, most .. " KiB for a text of 20 MB")
  end)

  it("closes the file on break, on an error and at the end", function()
    local path = support.spit(support.scratch(finally) .. "/people.csv", "a\n1\n2\n")
    local pid = assert(support.slurp "/proc/self/stat":match "^%d+")
    local function is_open()
      return support.listing("-l /proc/" .. pid .. "/fd"):find(path, 1, true) ~= nil
    end
    collectgarbage "stop"
    finally(function() collectgarbage "restart" end)
    for row in read { file = path } do
      assert(is_open())
      if row.a == "1" then break end
    end
    assert(not is_open(), "after break")
    pcall(function() for _ in read { file = path } do error "x" end end)
    assert(not is_open(), "after an error")
    for _ in read { file = path } do assert(is_open()) end
    assert(not is_open(), "at the end")
    local following, _, _, reader = read { file = path }
    reader:close()
    reader:close()
    assert.error_matches(following, "the reader is closed")
    assert(not is_open())
  end)
end)

describe("a malformed CSV text", function()
  local function expect(text, message, line, column, options)
    options = options or {}
    options.text, options.name = text, "people.csv"
    local err = failure_of(options)
    assert(sei.is_error(err), tostring(err))
    assert.equal(message, err.message)
    assert.same({ "decode", "people.csv", line, column },
      { err.kind, err.file, err.line, err.column })
    return err
  end

  it("names line and column", function()
    expect('a,b\n1,"2\n3', "people.csv:2: the quoted field that begins here has no closing quote"
      .. " (column 3 of the line)", 2, 3)
    expect('a,b\n"1"x,2', "people.csv:2: text stands behind a closing quote"
      .. " (column 4 of the line)", 2, 4)
    expect('a,b\n1,é"', "people.csv:2: a quote stands inside a field that does not begin with one"
      .. " (column 4 of the line)", 2, 4)
    expect("a\nb\0", "people.csv:2: a NUL byte (column 2 of the line)", 2, 2)
    expect("\xFF\xFEa\0", "people.csv:1: the text is UTF-16, not UTF-8 (column 1 of the line)",
      1, 1)
  end)

  it("with a ragged row names both counts", function()
    local err = expect("a,b,c\n1,2,3\n1,2,3,4\n",
      "people.csv:3: the row has 4 fields, the header has 3", 3)
    assert.same({ 3, 4 }, { err.expected, err.found })
    expect("a,b,c\n\n\n1\n", "people.csv:4: the row has 1 field, the header has 3", 4)
    expect("1,2\n", "people.csv:1: the row has 2 fields, the header has 3", 1, nil,
      { header = { "a", "b", "c" } })
  end)

  it("is filled up if that is wished, never cut off", function()
    assert.same({ { a = "1", b = "" } }, (rows_of { text = "a,b\n1\n", ragged = "fill" }))
    expect("a,b\n1,2,3\n", "people.csv:2: the row has 3 fields, the header has 2", 2, nil,
      { ragged = "fill" })
  end)

  it("with a bad header is refused", function()
    expect("a,b,a\n", 'people.csv:1: the header names "a" twice, in columns 1 and 3', 1)
    expect("\na,,b\n", "people.csv:2: column 2 of the header has no name", 2)
    expect("", "people.csv:1: the text is empty, a header row was expected", 1)
    expect("\xEF\xBB\xBF\n\n", "people.csv:1: the text is empty, a header row was expected", 1)
    expect("a,\xE9\n1,2", "people.csv:1: column 2 is not valid UTF-8 (byte 233 at position 1)", 1)
  end)

  it("without the columns that must be there suggests what was meant", function()
    expect("name,e-mail,x\n", 'people.csv:1: a column is missing: "email" (did you mean "e-mail"?);'
      .. ' found: "name", "e-mail", "x"', 1, nil, { columns = { "name", "email" } })
    expect("id\n", 'people.csv:1: columns are missing: "name", "email"; found: "id"', 1, nil,
      { columns = { "name", "id", "email" } })
    expect("name;email\n", 'people.csv:1: a column is missing: "email"; found: "name;email";'
      .. ' is the delimiter ";"?', 1, nil, { columns = "email" })
    assert.same({ { b = "2", a = "1" } }, (rows_of { text = "b,a\n2,1", columns = { "a", "b" } }))
    assert.error_matches(function() read { text = "", header = { "a" }, columns = "b" } end,
      'a column is missing: "b"; found: "a"')
  end)

  it("with invalid UTF-8 names the column, unless bytes are fine", function()
    local err = expect("id,name\n1,ok\n2,\"J\xF6rg\"\n",
      'people.csv:3: column "name" is not valid UTF-8 (byte 246 at position 2)', 3)
    assert.equal("save the file as UTF-8, or read it with utf8=false", err.hint)
    assert.same({ { "J\xF6rg" } }, (rows_of { text = "J\xF6rg", header = false, utf8 = false }))
    expect("x,\xC3", "people.csv:1: column 2 is not valid UTF-8 (byte 195 at position 1)", 1, nil,
      { header = false })
  end)

  it("goes on behind a bad row, but not behind a bad text or header", function()
    local following = read { text = "a,b\n1\n\xFF,2\n3,4\n\"" }
    assert.error_matches(following, "1 field")
    assert.error_matches(following, "UTF%-8")
    assert.same({ a = "3", b = "4" }, (following()))
    assert.error_matches(following, "no closing quote")
    assert.error_matches(following, "no closing quote")
    following = read { text = "a,a\n1,2\n" }
    assert.error_matches(following, "twice")
    assert.error_matches(following, "twice")
  end)

  it("stays within limits", function()
    expect("a\n12345\n", "people.csv:2: the field is larger than max_field allows"
      .. " (column 1 of the line)", 2, 1, { max_field = 4 })
    expect("a\n123,56\n", "people.csv:2: the row is larger than max_row allows"
      .. " (column 1 of the line)", 2, 1, { max_row = 5 })
    expect('a\n"1234"\n', "people.csv:2: the row is larger than max_row allows"
      .. " (column 1 of the line)", 2, 1, { max_row = 5 })
    assert.equal("123", read { text = 'a\n"123"\n', max_row = 5 }().a)
    expect("a,b,c\n", "people.csv:1: the row has more columns than max_columns allows"
      .. " (column 5 of the line)", 1, 5, { max_columns = 2 })
    local first = 'a\n"b'
    local err, n = failure_of { chunks = function()
      local text = first .. ("x\n"):rep(5000)
      first = ""
      return text
    end }
    assert.matches("chunks:2: the quoted field .* is its closing quote missing%?", err.message)
    assert.equal(0, n)
  end)

  it("shows names in messages short and on one line", function()
    local long = ("é"):rep(2000)
    local err = failure_of { text = ("%s,%s\n"):format(long, long) }
    assert(#err.message < 150 and utf8.len(err.message), err.message)
    err = failure_of { text = '"a\nb","a\nb"\n' }
    assert.equal('text:1: the header names "a?b" twice, in columns 1 and 2', err.message)
    local names = {}
    for i = 1, 100 do names[i] = "column" .. i end
    err = failure_of { text = table.concat(names, ",") .. "\n", columns = "q" }
    assert.matches('"column20" and 80 more$', err.message)
  end)
end)

describe("the world's failures in reading CSV", function()
  it("are error objects of kind io", function()
    local dir = support.scratch(finally)
    local err = failure_of { file = dir .. "/none.csv" }
    assert.equal("io", err.kind)
    assert.equal(dir .. "/none.csv: No such file or directory", err.message)
    assert.equal(dir .. "/none.csv", err.file)
    err = failure_of { file = dir }
    assert.equal(dir .. ": Is a directory", err.message)
  end)

  it("come from chunks as they are", function()
    local err = failure_of { chunks = function() return nil, "line dropped" end }
    assert.equal("io", err.kind)
    assert.matches("line dropped", err.message)
    local own = sei.error { kind = "connect", message = "x" }
    assert.equal(own, failure_of { chunks = function() return nil, own end })
    assert.equal(own, failure_of { chunks = function() error(own) end })
  end)
end)

describe("a wrong call of sei.csv.read", function()
  local function expect(options, message)
    local ok, err = pcall(read, options)
    assert(not ok, "was taken")
    assert.equal("string", type(err))
    assert(err:find(message, 1, true), err)
  end

  it("says what was expected", function()
    expect({}, "exactly one of the options 'file', 'text' and 'chunks', got none")
    expect({ text = "", file = "x" }, "got more")
    expect({ text = 5 }, "bad option 'text' for sei.csv.read (string expected, got number)")
    expect({ file = 5 }, "bad option 'file'")
    expect({ file = "a\0b" }, "bad option 'file'")
    expect({ chunks = {} }, "bad option 'chunks'")
    expect({ text = "", delimeter = ";" }, "did you mean 'delimiter'?")
    expect({ text = "", delimiter = ";;" }, "bad option 'delimiter'")
    for _, bad in ipairs { '"', "\n", "\r", "a", "0", "", "\0", "é", 5 } do
      expect({ text = "", delimiter = bad }, "bad option 'delimiter'")
    end
    expect({ text = "", header = "x" }, "boolean or array of column names expected, got \"x\"")
    expect({ text = "", header = {} }, "bad option 'header'")
    expect({ text = "", header = { "a", 5 } },
      "name 2 must be a string that is not empty, got number")
    expect({ text = "", header = { "a", "" } }, "got an empty one")
    expect({ text = "", header = { "a", "b", "a" } }, 'it names "a" twice')
    expect({ text = "", header = false, columns = "a" }, "'columns' of sei.csv.read needs a header")
    expect({ text = "", header = false, ragged = "fill" },
      "'ragged' of sei.csv.read needs a header")
    expect({ text = "", ragged = "cut" }, "bad option 'ragged'")
    expect({ text = "", max_field = 0 }, "bad option 'max_field'")
    expect("x", "takes a table of options, got string")
    local following = read { chunks = function() return 5 end }
    assert.error_matches(following, "must return a string or nil, got number")
  end)
end)
