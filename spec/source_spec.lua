-- sei.source: what all sources share, and those of CSV and JSON.
local sei = require "sei"
local support = require "spec.support.csv"
local source = sei.source

local function all(s) return assert(s:all()) end

-- The error that a walk over the whole source ends with.
local function failure(s)
  local list, err = s:all()
  assert.is_nil(list)
  assert(sei.is_error(err), tostring(err))
  return err
end

local function misuse(words, f, ...)
  local ok, problem = pcall(f, ...)
  assert.is_false(ok)
  assert.matches(words, problem, 1, true)
end

describe("a source", function()
  local function make() return source.csv { text = "login,name\na,A\nb,B\nc,C\n" } end

  it("is walked again and again, from its beginning", function()
    local s = make()
    for _ = 1, 3 do
      local seen = {}
      for r in s do seen[#seen + 1] = r.login end
      assert.same({ "a", "b", "c" }, seen)
    end
    for _ = 1, 2 do
      local first
      for r in s do
        if first then break end
        first = r.login
      end
      assert.equal("a", first)
    end
    -- Called by hand it goes on, says that it ended, and begins anew.
    s = make()
    assert.equal("a", s().login)
    assert.equal("b", s().login)
    assert.equal("c", s().login)
    assert.is_nil(s())
    assert.equal("a", s().login)
    assert.equal("sei.source.csv", tostring(s))
  end)

  it("gives iterators of their own", function()
    local s, pairs_seen = make(), 0
    for a in s:records() do
      for b in s:records() do
        pairs_seen = pairs_seen + (a.login == b.login and 1 or 0)
      end
    end
    assert.equal(3, pairs_seen)
  end)

  it("closes its file when a loop over records() ends early", function()
    local path = support.spit(support.scratch(finally) .. "/people.csv", "login\na\nb\n")
    local pid = assert(support.slurp "/proc/self/stat":match "^%d+")
    local function is_open()
      return support.listing("-l /proc/" .. pid .. "/fd"):find(path, 1, true) ~= nil
    end
    local s = source.csv { file = path }
    for r in s:records() do
      assert(is_open())
      if r.login == "a" then break end
    end
    assert(not is_open())
    assert.equal("a", s().login)
    assert(is_open())
    s:close()
    assert(not is_open())
    assert.equal(2, #all(s))
  end)

  it("counts what it read and what it left out", function()
    local told = {}
    local s = source.csv { text = "login,Full Name,active\na,A,yes\nb\nc,C,perhaps\n,,\n,,no\n"
      .. "d,\xFF,\ne,E,no\n", on_bad = function(err) told[#told + 1] = err end, name = "x.csv" }
    local list = all(s)
    assert.same({ "a", "e" }, { list[1].login, list[2].login })
    assert.same({ true, false }, { list[1].active, list[2].active })
    local counts = s:counts()
    assert.same({ 2, 4, 1, true },
      { counts.records, counts.skipped, counts.blank, counts.complete })
    assert.same({ ["ragged row"] = 1, ["bad value of 'active'"] = 1, ["not UTF-8"] = 1,
      ["neither login, name nor e-mail"] = 1 }, counts.reasons)
    assert.same({ login = "login", name = "Full Name", active = "active" }, counts.columns)
    assert.same(counts.columns, counts.guessed)
    assert.equal(4, #told)
    for i, line in ipairs { 3, 4, 6, 7 } do
      assert.same({ line, "x.csv" }, { told[i].line, told[i].file })
      assert.equal(told[i], counts.problems[i])
    end
    assert.same({ "active", "perhaps" }, { told[2].field, told[2].value })
    assert.is_false(source.csv { text = "login\n" }:counts().complete)
  end)

  it("raises what is for good, also with on_bad", function()
    local told = 0
    local function tell() told = told + 1 end
    local err = failure(source.csv { text = 'login\na\n"b\n', on_bad = tell })
    assert.matches("text:3: the quoted field", err.message, 1, true)
    assert.equal(0, told)
    err = failure(source.json { text = '[{"login":"a"},{]', on_bad = tell })
    assert.matches("text:1: bad JSON", err.message, 1, true)
    assert.equal(0, told)
  end)

  it("raises what on_bad raises", function()
    local s = source.csv { text = "login\na,b\n", on_bad = function(err) error(err, 0) end }
    assert.matches("the row has 2 fields", failure(s).message, 1, true)
    s = source.csv { text = "login\na,b\n", on_bad = function() error("enough", 0) end }
    misuse("enough", s.all, s)
  end)

  it("reads files one after the other, each with its lines", function()
    local dir = support.scratch(finally)
    local one = support.spit(dir .. "/1.csv", "login,name\na,A\n")
    local two = support.spit(dir .. "/2.csv", "Name;User Name\nB;b\n")
    local list = all(source.csv { file = { one, two }, integration_id = 7 })
    assert.same({ "a", "b" }, { list[1].login, list[2].login })
    assert.same({ file = two, line = 2 }, list[2].source)
    assert.same({ "7", "7" }, { list[1].integration_id, list[2].integration_id })
    local err = failure(source.csv { file = { one, dir .. "/3.csv" } })
    assert.same({ "io", dir .. "/3.csv" }, { err.kind, err.file })
  end)

  it("refuses misspelt options and names the right ones", function()
    misuse("unknown option 'fiel' for sei.source.csv (did you mean 'file'?)",
      source.csv, { fiel = "x" })
    misuse("unknown field 'emial'; did you mean 'email'?",
      source.csv, { text = "", columns = { emial = "x" } })
    misuse("did you mean 'windows-1252'?", source.csv, { text = "", encoding = "windows-1253x" })
    misuse("needs exactly one of the options 'file', 'text' and 'chunks', got none",
      source.json, {})
    misuse("got more", source.json, { text = "", file = "x" })
    misuse("bad option 'ragged' for sei.source.csv (\"error\" or \"fill\" expected",
      source.csv, { text = "", ragged = "eror" })
    misuse("table of options expected, got string", source.csv, "x.csv")
    misuse("(\"error\" or function expected, got \"skip\")", source.csv,
      { text = "", on_bad = "skip" })
    misuse("array of paths expected, got number at 2", source.csv, { file = { "a", 1 } })
    misuse("the array of paths is empty", source.csv, { file = {} })
    misuse("'integration_id' for sei.source.csv", source.csv, { text = "", integration_id = 1.5 })
    misuse("bad option 'delimiter' for sei.source.csv", source.csv, { text = "", delimiter = "ab" })
    misuse("either 'at' or 'lines'", source.json, { text = "", at = "x", lines = true })
    local _, problem = pcall(source.csv, { fiel = "x" })
    assert.is_nil(problem:find("lua/sei", 1, true), problem)
  end)
end)

describe("sei.source.csv", function()
  it("maps columns by name, array and function", function()
    local s = source.csv { text = "USER name,First,Last,Mail,Mail 2,Team\n"
      .. " ada , Ada,Lovelace,a@x,b@x,\"T, 1\"\nbob,Bob,,,c@x,\n",
      columns = { login = "User Name", name = { "first", "last" }, email = { "Mail", "mail 2" },
        bot = function(row) return row.Team == "" end } }
    local list = all(s)
    assert.same({ "ada", "Ada Lovelace", "a@x", { "b@x" }, false, "T, 1" }, { list[1].login,
      list[1].name, list[1].email, list[1].emails, list[1].bot, list[1].Team })
    assert.same({ "bob", "Bob", "c@x", true }, { list[2].login, list[2].name, list[2].email,
      list[2].bot })
    assert.is_nil(list[2].emails)
    assert.equal(" ada ", list[1]["USER name"])
    assert.same({}, s:counts().guessed)
  end)

  it("takes well-known names only, and can be told not to", function()
    local s = source.csv { text = "Display_Name,E-MAIL,Userx\nA,a@x,u\n" }
    assert.same({ name = "Display_Name", email = "E-MAIL" },
      (function() all(s) return s:counts().guessed end)())
    assert.is_nil(all(s)[1].login)
    s = source.csv { text = "name,email\nA,a@x\n", columns = { email = false } }
    assert.is_nil(all(s)[1].email)
    assert.equal("a@x", all(s)[1]._email)
    -- A column that was given a meaning has no other one.
    s = source.csv { text = "name,mail\nA,a@x;b@x\n", columns = { emails = "mail" } }
    assert.same({ "a@x", { "b@x" } }, { all(s)[1].email, all(s)[1].emails })
    -- Nothing of one row is left in the next.
    s = source.csv { text = "login,all\na,a@x\nb,\n", columns = { emails = "all" } }
    assert.same({ "a@x", "b" }, { all(s)[1].email, all(s)[2].login })
    assert.is_nil(all(s)[2].email)
    s = source.csv { text = "Given Name,Surname,Username\nA,B,ab\n" }
    assert.equal("A B", all(s)[1].name)
  end)

  it("keeps what stands under a name of ours and means something else", function()
    local r = all(source.csv { text = "name,Full Name,source,id\nada,Ada L,HR,0007\n",
      columns = { name = "Full Name", login = "name" } })[1]
    assert.same({ "ada", "Ada L", "ada", "HR", "0007" },
      { r.login, r.name, r._name, r._source, r.id })
    assert.same({ file = "text", line = 2 }, r.source)
  end)

  it("says which column is missing", function()
    local err = failure(source.csv { text = "login,Mail\nx,y\n", columns = { email = "Mial" } })
    assert.equal("text:1: there is no column \"Mial\" for the field 'email'", err.message)
    assert.equal("did you mean \"Mail\"? there are: \"login\", \"Mail\"", err.hint)
    err = failure(source.csv { text = "x,y\n1,2\n" })
    assert.matches("no column is a login, a name or an e-mail address", err.message, 1, true)
    assert.matches("columns = {login", err.hint, 1, true)
    err = failure(source.csv { text = "x,\xE9\n1,2\n" })
    assert.matches("text:1: column 2 is not valid UTF-8", err.message, 1, true)
    assert.matches("the text is empty", failure(source.csv { text = "" }).message, 1, true)
  end)

  it("finds the delimiter", function()
    for _, d in ipairs { ",", ";", "\t" } do
      local text = ("login;name;note\na;\"A; x, y\tz\";1\nb;B C;\"2,5 x;y\"\n"):gsub(";", d)
      local list = all(source.csv { text = text })
      assert.same({ "a", "b" }, { list[1].login, list[2].login })
      assert.equal(("A; x, y\tz"):gsub(";", d), list[1].name)
    end
    local list = all(source.csv { text = "sep=;\r\nlogin;name\r\na;A,B,C\r\n" })
    assert.same({ "A,B,C", 3 }, { list[1].name, list[1].source.line })
    assert.equal("a|b", all(source.csv { text = "login\na|b\n" })[1].login)
    -- A header that looks like either is told by its rows.
    list = all(source.csv { text = "login,x,y;name;email\nu1;A;a@x\nu2;B;b@x\n" })
    assert.same({ "A", "b@x", "u2" }, { list[1].name, list[2].email, list[2]["login,x,y"] })
    local err = failure(source.csv { text = "login,a;name\n1,2;3\n" })
    assert.same({ "delimiter", "decode" }, { err.field, err.kind })
    assert.matches("option 'delimiter'", err.hint, 1, true)
    assert.equal("3", all(source.csv { text = "login,a;name\n1,2;3\n", delimiter = ";" })[1].name)
  end)

  it("takes names for a file without a header", function()
    local list = all(source.csv { text = "a;A\nb;B\n", header = { "login", "name" } })
    assert.same({ "a", "B", 1 }, { list[1].login, list[2].name, list[1].source.line })
  end)

  local TEXT <const> = "login,name\na,Zo\u{EB} \u{20AC}\nb,\u{141}uk\u{1F600}\n"

  local function utf16(text, format)
    local out = {}
    for _, c in utf8.codes(text) do
      if c >= 0x10000 then
        c = c - 0x10000
        out[#out + 1] = format:pack(0xD800 + (c >> 10))
        c = 0xDC00 + (c & 0x3FF)
      end
      out[#out + 1] = format:pack(c)
    end
    return table.concat(out)
  end

  it("reads UTF-8 and UTF-16 with and without byte order mark", function()
    local want = all(source.csv { text = TEXT })
    for _, case in ipairs {
      { "\u{FEFF}" .. TEXT }, { utf16("\u{FEFF}" .. TEXT, "<I2") },
      { utf16("\u{FEFF}" .. TEXT, ">I2") },
      { utf16(TEXT, "<I2"), "utf-16le" }, { utf16(TEXT, ">I2"), "UTF-16BE" },
      { utf16("\u{FEFF}" .. TEXT, ">I2"), "utf-16" }, { "\u{FEFF}" .. TEXT, "utf-8" },
    } do
      for _, size in ipairs { 1, 2, 3, 7, 1000 } do
        local got = all(source.csv { chunks = support.pieces(case[1], size), name = "text",
          encoding = case[2] })
        assert.same(want, got)
      end
    end
    assert.matches("no byte order mark", failure(source.csv {
      text = utf16(TEXT, "<I2"), encoding = "utf-16" }).message, 1, true)
    assert.matches("utf-16le", failure(source.csv { text = utf16(TEXT, "<I2") }).hint, 1, true)
  end)

  it("reads Latin-1 and its relatives, and says what is not in them", function()
    assert.equal("Zo\u{EB}", all(source.csv { text = "login,name\na,Zo\xEB\n",
      encoding = "Latin-1" })[1].name)
    assert.equal("5 \u{20AC}", all(source.csv { text = "login,name\na,5 \x80\n",
      encoding = "windows-1252" })[1].name)
    -- What is a mark elsewhere is text here.
    assert.equal("\u{FF}\u{FE}", all(source.csv { text = "\xFF\xFE\n", encoding = "latin-1",
      header = { "login" } })[1].login)
    local err = failure(source.csv { text = "login,name\na,b\nc,\x81\n", encoding = "windows-1252",
      name = "x.csv" })
    assert.equal("x.csv:3: byte 0x81 (17 bytes into the text) is not windows-1252", err.message)
    assert.same({ "x.csv", 3 }, { err.file, err.line })
    err = failure(source.csv { text = utf16("\u{FEFF}" .. TEXT, "<I2") .. "a" })
    assert.matches("ends inside a character", err.message, 1, true)
    assert.matches("windows-1252", failure(source.csv { text = "login\n\xEB\n" }).hint, 1, true)
  end)

  it("reads chunks once and says so", function()
    local s = source.csv { chunks = support.pieces("login\na\n", 3) }
    assert.equal(1, #all(s))
    misuse("can be read only once", s.all, s)
    s = source.csv { chunks = function() return nil, "broken" end }
    assert.equal("the function 'chunks' failed: broken", failure(s).message)
  end)

  it("trims what spreadsheets leave behind", function()
    local r = all(source.csv { text = "login,name\n\u{A0} a\u{200B} ,\"\u{A0}A\u{A0}B\t\"\n" })[1]
    assert.same({ "a", "A\u{A0}B" }, { r.login, r.name })
  end)

  -- 1,000,000 rows are the proof; memory stays where it was after the first ones.
  local function stream(rows)
    local n, at = 0, 0
    local s = source.csv { name = "big.csv", chunks = function()
      if at == 0 then
        at = 1
        return "login,name,email\n"
      end
      if at > rows then return nil end
      local lines = {}
      for i = at, math.min(at + 999, rows) do
        lines[#lines + 1] = ("user%d,User Number %d,user%d@example.com\n"):format(i, i, i)
      end
      at = at + 1000
      return table.concat(lines)
    end }
    local most, base = 0, nil
    for r in s do
      n = n + 1
      assert(r.source.line == n + 1 and r.login == "user" .. n)
      if n % 20000 == 0 then
        collectgarbage()
        base = base or collectgarbage "count"
        most = math.max(most, collectgarbage "count" - base)
      end
    end
    assert.equal(rows, n)
    assert(most < 300, most .. " KiB more than after the first rows")
  end

  it("streams", function() stream(60000) end)
  it("streams a million rows #proof", function() stream(1000000) end)
end)

describe("sei.source.json", function()
  it("reads an array, with the lines of its items", function()
    local list = all(source.json { text = '[\n  {"login": "a", "id": 7},\n\n  {"userName": "b",\n'
      .. '   "displayName": "B"}\n]' })
    assert.same({ "a", "7", 2 }, { list[1].login, list[1].id, list[1].source.line })
    assert.same({ "b", "B", 4 }, { list[2].login, list[2].name, list[2].source.line })
    assert.same({}, all(source.json { text = "[]" }))
    assert.same({}, all(source.json { text = " \n" }))
  end)

  it("reads values and pages that stand one after the other", function()
    local text = '[{"login":"a"}]\n[{"login":"b"},{"login":"c"}][]{"login":"d"}\n{"login":"e"}'
    for _, size in ipairs { 1, 5, 1000 } do
      local seen = {}
      for r in source.json { chunks = support.pieces(text, size) } do seen[#seen + 1] = r.login end
      assert.equal("abcde", table.concat(seen))
    end
    local pages = all(source.json { text = '[[{"login":"a"}],[{"login":"b"}]]' })
    assert.equal("b", pages[2].login)
  end)

  it("goes down to the array that a path names", function()
    local text = '{"total":2,"data":{"x":{"users":[1]},"users":[{"login":"a"},\n{"login":"b"}]},'
      .. '"next":[{"login":"no"}]}\n{"data":{"users":[{"login":"c"}]}}'
    for _, size in ipairs { 1, 9, 1000 } do
      local s = source.json { chunks = support.pieces(text, size), at = "values|data.users" }
      local seen = {}
      for r in s do seen[#seen + 1] = r.login .. r.source.line end
      assert.equal("a1 b2 c3", table.concat(seen, " "))
    end
    local slurped = all(source.json { text = "[" .. text:gsub("\n{\"d", ",%0") .. "]",
      at = "data.users" })
    assert.equal(3, #slurped)
  end)

  it("maps paths", function()
    local r = all(source.json { text = '{"profile":{"displayName":"Ada","login":null},"k.x":"dot",'
      .. '"emails":[{"value":"a@x"},{"value":"b@x"}]}', columns = { name = "profile.displayName",
      login = { "profile.login", "k.x" }, email = "emails.value",
      id = "emails.2.value" } })[1]
    assert.same({ "Ada", "dot", "a@x", { "b@x" }, "b@x" },
      { r.name, r.login, r.email, r.emails, r.id })
    assert.equal(2, #all(source.json { text = '{"emails":["a@x","b@x"]}' })[1].emails + 1)
  end)

  it("names the line of what is no JSON", function()
    local err = failure(source.json { text = '[{"login":"a"},\n{"login":tru}]', name = "x.json" })
    assert.same({ "decode", "x.json", 2, 10 }, { err.kind, err.file, err.line, err.column })
    for text, words in pairs {
      ['[{"login":"1"} {"b":2}]'] = "expected , or ]", ['[{"login":"a"}'] = "ends too early",
      ['"x"'] = "an object or an array of objects was expected",
      ["[1]"] = "an item of the array is no object",
      ['[{"login":{}}]'] = "text expected", ['[{"login":"a","bot":3}]'] = "a word such as true",
      ['[{"id":1}]'] = "needs a login, a name or an e-mail address",
    } do
      assert.matches(words, failure(source.json { text = text }).message, 1, true)
    end
  end)

  it("says that pages are missing", function()
    for _, text in ipairs {
      '{"values":[{"login":"a"}],"isLastPage":false}', '{"next":"u","values":[{"login":"a"}]}',
      '{"values":[{"login":"a"}],"pageInfo":{"x":1,"hasNextPage":true}}',
      '{"pageInfo":{"hasNextPage":true},"values":[{"login":"a"}]}',
      '{"isLastPage":true,"values":[]}{"values":[{"login":"a"}],"isLast":false}',
    } do
      for _, size in ipairs { 1, 1000 } do
        local err = failure(source.json { chunks = support.pieces(text, size), at = "values" })
        assert.matches("there are more pages", err.message, 1, true)
        assert.equal("a", all(source.json { chunks = support.pieces(text, size), at = "values",
          partial = true })[1].login)
      end
    end
    for _, text in ipairs { '{"values":[{"login":"a"}],"next":"u"}{"values":[]}',
      '{"values":[{"login":"a"}],"next":null,"isLastPage":true,"x":{"y":{"next":[1]}}}',
      '{"values":[{"login":"a"}],"isLast":false}{"values":[],"isLast":true}' } do
      assert.equal(1, #all(source.json { text = text, at = "values" }))
    end
  end)

  it("leaves bad lines of JSON Lines out", function()
    local told = {}
    local s = source.json { text = '{"login":"a"}\r\n\n{oops}\n[1]\n{"login":"b"}', lines = true,
      on_bad = function(err) told[#told + 1] = err end }
    local list = all(s)
    assert.same({ "a", 1, "b", 5 },
      { list[1].login, list[1].source.line, list[2].login, list[2].source.line })
    assert.same({ 3, 4 }, { told[1].line, told[2].line })
    assert.same({ ["not JSON"] = 2 }, s:counts().reasons)
    local path = support.spit(support.scratch(finally) .. "/x.ndjson", '{"login":"a"}\nx\n')
    assert.matches("x.ndjson:2: bad JSON", failure(source.json { file = path }).message, 1, true)
  end)

  it("reads UTF-16, as PowerShell writes it", function()
    local text = "\xFF\xFE" .. ('[{"login":"a"}]'):gsub(".", "%0\0")
    assert.equal("a", all(source.json { text = text })[1].login)
  end)
end)
