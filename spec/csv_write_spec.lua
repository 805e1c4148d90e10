-- sei.csv.write: rows, files, failures; and that what it writes reads back.
local sei = require "sei"
local shell = require "spec.support.shell"
local support = require "spec.support.csv"
local write, written = sei.csv.write, support.written
local rows_of, pieces = support.rows_of, support.pieces

describe("sei.csv.write", function()
  it("writes arrays and tables by name, quoted only where needed", function()
    assert.equal('name,note\nJane,"a,b"\n"Zoë ""Z""","x\ny"\n, \n', written(
      { header = { "name", "note" } },
      { "Jane", "a,b" }, { note = "x\ny", name = 'Zoë "Z"' }, { name = "", note = " " }))
    assert.equal("a;b,c\r\n\"d;e\"\r\n", written(
      { delimiter = ";", newline = "\r\n" }, { "a", "b,c" }, { "d;e" }))
    assert.equal("a\n", written { header = { "a" } })
    assert.equal("", written {})
  end)

  it("writes numbers exactly, booleans and null", function()
    assert.equal("1,2,-3,0,0.1,true,false,,9223372036854775807,9007199254740992\n", written({},
      { 1, 2.0, -3, -0.0, 0.1, true, false, sei.null, math.maxinteger, 2 ^ 53 }))
    local numbers = { 1 / 3, 1e300, 123456789.125, -2 ^ 70 }
    for i, text in ipairs(rows_of { text = written({}, numbers), header = false }[1]) do
      assert.equal(numbers[i], tonumber(text))
    end
  end)

  it("keeps a row of one empty field", function()
    assert.equal('""\nx\n""\n', written({}, { "" }, { "x" }, { sei.null }))
  end)

  it("guards what a spreadsheet would run, if told to", function()
    local row = { "=1+1", "+a", "-b", "@c", "\td", "-5", "+4.5e3", "x=1", -7 }
    assert.equal("'=1+1,'+a,'-b,'@c,'\td,-5,+4.5e3,x=1,-7\n", written({ guard = true }, row))
    assert.equal("=1+1,+a,-b,@c,\td,-5,+4.5e3,x=1,-7\n", written({}, row))
    assert.equal("'=a\n", written { guard = true, header = { "=a" } })
  end)

  it("refuses rows that do not fit, and writes nothing of them", function()
    local out = {}
    local writer = assert(write { header = { "email", "login" },
      to = function(s) out[#out + 1] = s end })
    local function expect(row, message)
      local ok, err = pcall(writer.row, writer, row)
      assert(not ok, "was taken")
      assert(err:find(message, 1, true), err)
    end
    expect({ emial = "x", login = "y" }, 'the row lacks "email"; the header does not have "emial"'
      .. ' (did you mean "email"?)')
    expect({ email = "x", login = "y", name = "z" }, 'the header does not have "name"')
    expect({}, 'the row lacks "email", "login"')
    expect({ "x" }, "the row has 1 field, the header has 2")
    expect({ "x", "y", "z" }, "the row has 3 fields, the header has 2")
    expect({ "x", "y", login = "z" }, "holes or names")
    expect({ "x", "y", [9] = "z" }, "holes or names")
    expect({ email = "x", login = {} },
      'column "login": string, number, boolean or null expected, got table')
    expect({ "x", 0 / 0 }, 'column "login": the number is not finite')
    expect({ "x", "a\0b" }, 'column "login": the text holds a NUL byte')
    expect({ "x", "\xFF" }, 'column "login": the text is not valid UTF-8')
    expect("x", "table expected, got string")
    expect(nil, "table expected")
    assert(writer:row { "x", "y" })
    assert(writer:close())
    assert.equal("email,login\nx,y\n", table.concat(out))
    assert.equal("\xFF\n", written({ utf8 = false }, { "\xFF" }))
    assert.error_matches(function() written({}, {}) end, "the row has no fields")
    assert.error_matches(function() written({}, { "a", [3] = "c" }) end, "holes or names")
    assert.error_matches(function() written({}, { "a", print }) end, "field 2: .* got function")
  end)

  it("says what is wrong with a call", function()
    local function expect(options, message)
      local ok, err = pcall(write, options)
      assert(not ok, "was taken")
      assert(err:find(message, 1, true), err)
    end
    local to = function() end
    expect({}, "exactly one of the options 'file' and 'to', got none")
    expect({ file = "x", to = to }, "got both")
    expect({ to = to, heading = {} }, "unknown option 'heading'")
    expect({ to = to, header = {} }, "array of column names expected")
    expect({ to = to, header = { "a", "a" } }, 'it names "a" twice')
    expect({ to = to, header = { "a\0" } }, "bad option 'header' for sei.csv.write (")
    expect({ to = to, newline = "\r" }, "bad option 'newline'")
    expect({ to = to, delimiter = "\n" }, "bad option 'delimiter'")
    local writer = assert(write { to = to })
    assert(writer:close())
    assert.error_matches(function() writer:row { "x" } end, "the writer is closed")
    assert.error_matches(function() writer.row({}, {}) end, "sei.csv.writer expected")
  end)

  it("lets its function yield", function()
    local seen = {}
    local co = coroutine.wrap(function()
      local writer <close> = assert(write { to = function(s)
        coroutine.yield "waiting"
        seen[#seen + 1] = s
      end })
      for _ = 1, 3 do assert(writer:row { ("x"):rep(70000) }) end
      writer:row { "y" }
      return nil
    end)
    local waits = 0
    while co() == "waiting" do waits = waits + 1 end
    assert.equal(4, waits)
    assert.equal((("x"):rep(70000) .. "\n"):rep(3) .. "y\n", table.concat(seen))
  end)

  it("reports a function that fails, for good", function()
    local big = { ("x"):rep(70000) }
    local function fails(to, message)
      local writer = assert(write { to = to })
      local ok, err = writer:row(big)
      assert(not ok and err.kind == "io" and err.message:find(message, 1, true), message)
      assert.same({ nil, err }, { writer:row(big) })
      assert.same({ nil, err }, { writer:close() })
      assert.same({ nil, err }, { writer:close() })
      assert.error_matches(function()
        local again <close> = assert(write { to = to })
        again:row { 1 }
      end, message)
    end
    fails(function() return nil, "pipe broke" end, "pipe broke")
    fails(function() return false end, "failed")
    local writer = assert(write { to = function() error("oops", 0) end })
    assert.error_matches(function() writer:row(big) end, "oops")
    local ok, err = writer:close()
    assert(not ok)
    assert.matches("did not return", err.message)
  end)
end)

describe("a file that sei.csv.write makes", function()
  it("appears when it is closed, whole", function()
    local dir = support.scratch(finally)
    local path = dir .. "/people.csv"
    local writer = assert(write { file = path, header = { "a" } })
    for i = 1, 30000 do assert(writer:row { i }) end
    assert(not io.open(path), "is there too early")
    assert(writer:close())
    assert(writer:close())
    assert.equal("people.csv\n", support.listing(dir))
    assert.equal(30000, #rows_of { file = path })
  end)

  it("leaves the old one alone if an error ends the scope", function()
    local dir = support.scratch(finally)
    local path = support.spit(dir .. "/people.csv", "old")
    pcall(function()
      local writer <close> = assert(write { file = path })
      for _ = 1, 10000 do writer:row { "new and long enough to be written" } end
      error "x"
    end)
    assert.equal("old", support.slurp(path))
    assert.equal("people.csv\n", support.listing(dir))
    do
      local writer <close> = assert(write { file = path })
      writer:row { "new" }
    end
    assert.equal("new\n", support.slurp(path))
  end)

  it("is given up if nobody closes it, with a warning", function()
    local dir = support.scratch(finally)
    local script = [[
      local sei = require "sei"
      sei.csv.write { file = arg[1] }:row { "x" }
    ]]
    local path = support.spit(dir .. "/script.lua", script)
    local text = shell.run(("%s -W %s %s/people.csv"):format(shell.lua(), path, dir))
    assert.matches("never closed, so this was not written: .*/people%.csv", text)
    assert.equal("script.lua\n", support.listing(dir))
  end)

  it("keeps permissions and links", function()
    local dir = support.scratch(finally)
    support.spit(dir .. "/real.csv", "old")
    assert(os.execute(("cd %s && chmod 640 real.csv && ln -s real.csv link.csv"):format(dir)))
    local writer = assert(write { file = dir .. "/link.csv" })
    writer:row { "new" }
    assert(writer:close())
    assert.equal("new\n", support.slurp(dir .. "/real.csv"))
    local text = support.listing("-l " .. dir)
    assert.matches("%-rw%-r%-%-%-%-%-.* real%.csv", text)
    assert.matches("link%.csv %-> real%.csv", text)
  end)

  it("reports where it cannot be written", function()
    local dir = support.scratch(finally)
    local writer, err = write { file = dir .. "/none/people.csv" }
    assert.is_nil(writer)
    assert.equal("io", err.kind)
    assert.equal(dir .. "/none/people.csv: No such file or directory", err.message)
    writer, err = write { file = dir }
    assert.is_nil(writer)
    assert.equal(dir .. ": Is a directory", err.message)
  end)

  -- Every file here is in a folder of the test's own: a writer that took a device
  -- for a regular file would rename over it, and tests may run as root.
  it("reports a write that fails, and leaves the old one alone", function()
    local dir = support.scratch(finally)
    support.spit(dir .. "/people.csv", "old")
    local script = support.spit(dir .. "/script.lua", [[
      local sei = require "sei"
      local writer = assert(sei.csv.write { file = arg[1] })
      local ok, err
      for _ = 1, tonumber(arg[2]) do
        ok, err = writer:row { ("x"):rep(1000) }
        if not ok then print("row", err.kind, err.message) break end
      end
      ok, err = writer:close()
      print("close", ok, err.kind, err.message)
      print("again", select(2, writer:close()) == err)
      print(pcall(function()
        local other <close> = assert(sei.csv.write { file = arg[1] })
        for _ = 1, 50 do other:row { ("x"):rep(1000) } end
      end))
    ]])
    local path = dir .. "/people.csv"
    local function limited(rows)
      return shell.run(("trap '' XFSZ; ulimit -f 8; %s %s %s %d"):format(
        shell.lua(), script, path, rows))
    end
    local message = path .. ": File too large"
    local text = limited(50) -- less than a piece: close is the first to write
    assert.equal(("close\tnil\tio\t%s\nagain\ttrue\nfalse\tio: %s\n"):format(
      message, message), text)
    text = limited(500)
    assert.equal(("row\tio\t%s\nclose\tnil\tio\t%s\nagain\ttrue\nfalse\tio: %s\n"):format(
      message, message, message), text)
    assert.equal("old", support.slurp(path))
    assert.equal("people.csv\nscript.lua\n", support.listing(dir))
  end)

  it("is written in place if it is a pipe", function()
    local dir = support.scratch(finally)
    local pipe = dir .. "/pipe"
    shell.run("mkfifo " .. pipe)
    local reader = assert(io.popen("timeout 20 cat " .. pipe))
    local writer = assert(write { file = pipe })
    assert(writer:row { "x", "y" })
    assert(writer:close())
    assert.equal("x,y\n", reader:read "a")
    reader:close()
    assert.equal("pipe\n", support.listing(dir))
    assert.matches("^p", support.listing("-ld " .. pipe))
  end)
end)

describe("a random table", function()
  local pool = { "a", "bc", " ", ",", ";", "\t", '"', '""', "\n", "\r", "\r\n", "é", "😀",
    "\u{FEFF}", "'", "=", "-1", "0", ("long"):rep(20) }

  local function random_field()
    local parts = {}
    for i = 1, math.random(3) > 1 and math.random(0, 5) or 0 do
      parts[i] = pool[math.random(#pool)]
    end
    return table.concat(parts)
  end

  local function random_table()
    local rows, columns = {}, math.random(4)
    for i = 1, math.random(5) do
      rows[i] = {}
      for k = 1, columns do rows[i][k] = random_field() end
    end
    return rows, columns
  end

  it("is the same when read back, in chunks of every size", function()
    math.randomseed(20240607)
    for round = 1, 150 do
      local rows = random_table()
      local format = { delimiter = ({ ",", ";", "\t", "|" })[math.random(4)],
        newline = ({ "\n", "\r\n" })[math.random(2)] }
      local text = written(format, table.unpack(rows))
      for size = 1, #text + 1, round % 9 + 1 do
        assert.same(rows, (rows_of { chunks = pieces(text, size), header = false,
          delimiter = format.delimiter }))
      end
    end
  end)

  it("is the same by name, and every place to cut gives the same lines", function()
    math.randomseed(7)
    for _ = 1, 100 do
      local rows, columns = random_table()
      local header, named = {}, {}
      for k = 1, columns do header[k] = pool[k] .. k end
      for i, row in ipairs(rows) do
        named[i] = {}
        for k, field in ipairs(row) do named[i][header[k]] = field end
      end
      local text = written({ header = header }, table.unpack(named))
      local _, lines = rows_of { text = text }
      for cut = 0, #text, 3 do
        local parts = { text:sub(cut + 1), text:sub(1, cut) }
        local got, at = rows_of { chunks = function() return table.remove(parts) end }
        assert.same(named, got)
        assert.same(lines, at)
      end
    end
  end)
end)
