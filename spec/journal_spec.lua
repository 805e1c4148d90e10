-- journal and lock - what survives a crash, and who may write.
local journal = require "sei.journal"
local lock = require "sei.lock"
local shell = require "spec.support.shell"

local folder
setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)

local number = 0
local function path()
  number = number + 1
  return ("%s/%d.journal"):format(folder, number)
end

local function text_of(file)
  local handle = assert(io.open(file, "rb"))
  local text = handle:read "a"
  handle:close()
  return text
end

local function put(file, text)
  local handle = assert(io.open(file, "wb"))
  handle:write(text)
  handle:close()
end

local function filled(file)
  local one = assert(journal.open(file))
  assert(one:append { journal.beginning { plan = "p", target = { base_url = "http://x" } } })
  assert(one:append { { event = "sent", batch = 1, rows = { { row = 1 }, { row = 2 } } } })
  assert(one:append { { event = "acknowledged", batch = 1, rows = { 1, 2 } },
    { event = "end", state = "done" } })
  one:close()
  return text_of(file)
end

local function names(one)
  local list = {}
  for i, event in ipairs(one.events) do list[i] = event.event end
  return table.concat(list, " ")
end

describe("a journal", function()
  it("is read as it was written, and nobody else may read it", function()
    local file = path()
    filled(file)
    local one = assert(journal.read(file))
    assert.equal("begin sent acknowledged end", names(one))
    assert.equal(4, one.lines)
    assert.is_false(one.torn)
    assert.equal("-rw-------", (shell.run("ls -l " .. file)):match "^%S+")
  end)

  it("cuts off a line that was not finished, wherever it ends", function()
    local file = path()
    local text = filled(file)
    local starts, at = {}, 1
    for line in text:gmatch "[^\n]*\n" do
      starts[#starts + 1] = at
      at = at + #line
    end
    for length = 0, #text - 1, 7 do
      put(file, text:sub(1, length))
      local one = assert(journal.open(file))
      local whole = select(2, text:sub(1, length):gsub("\n", ""))
      assert.equal(whole, one.lines)
      assert.equal((starts[whole + 1] or 1) - 1, #text_of(file))
      assert(one:append { whole == 0 and journal.beginning { plan = "q" }
        or { event = "more" } })
      one:close()
      assert.equal(whole + 1, assert(journal.read(file)).lines)
    end
  end)

  it("does not accept a line that was changed, left out, doubled or moved", function()
    local file = path()
    local text = filled(file)
    local lines = {}
    for line in text:gmatch "[^\n]*\n" do lines[#lines + 1] = line end
    local changed = {
      { lines[1], lines[2]:gsub('"row":1', '"row":3'), lines[3], lines[4] },
      { lines[1], lines[3], lines[4] }, { lines[1], lines[2], lines[2], lines[3] },
      { lines[1], lines[3], lines[2], lines[4] }, { lines[2], lines[3] },
      { lines[1], lines[1] }, { lines[1], "{}\n" }, { lines[1], "\n", lines[2] },
    }
    for i, list in ipairs(changed) do
      put(file, table.concat(list))
      local one, err = journal.open(file)
      assert.is_nil(one, "case " .. i)
      assert.equal("refused", err.kind)
      assert.equal("journal", err.code)
      assert.matches(file .. ":%d: ", err.message)
    end
  end)

  it("finds every changed byte", function()
    local file = path()
    local text = filled(file)
    for at = 1, #text - 1, 3 do
      local byte = text:byte(at)
      put(file, text:sub(1, at - 1) .. string.char(byte == 120 and 121 or 120)
        .. text:sub(at + 1))
      assert.is_nil((journal.read(file)), "byte " .. at)
    end
  end)

  it("leaves a file alone that is none", function()
    local file = path()
    for _, text in ipairs { "hello", "hello\n", '{"kind":"header"}\n', "{", '{"event":"bex' } do
      put(file, text)
      local one, err = journal.open(file)
      if text == "{" then one:close() else
        assert.is_nil(one)
        assert.equal("journal", err.code)
        assert.equal(text, text_of(file))
      end
    end
  end)

  it("is written by one at a time", function()
    local file = path()
    local one = assert(journal.open(file))
    local two, err = journal.open(file)
    assert.is_nil(two)
    assert.equal("lock", err.code)
    one:close()
    assert(journal.open(file)):close()
  end)

  it("that the disk has no room for says so, and is whole", function()
    local file = path()
    local text = shell.run(([[trap '' XFSZ; ulimit -f 2; %s -e '
      local journal = require "sei.journal"
      local one = assert(journal.open(arg[1]))
      assert(one:append { journal.beginning { plan = "p" } })
      local ok, err = true
      for i = 1, 100 do
        if ok then ok, err = one:append { { event = "sent", rows = ("x"):rep(100) } } end
      end
      print(ok, err.kind, err)' - %s]]):format(shell.lua(), file))
    assert.matches("^nil\tio\tio: .*: File too large; nothing is sent", text)
    local one = assert(journal.read(file))
    assert.is_false(one.torn)
    assert.is_true(one.lines >= 2 and one.lines < 20, tostring(one.lines))
  end)

  it("does not follow a link, and is no device", function()
    local file = path()
    shell.run(("ln -s %s.elsewhere %s"):format(file, file))
    local one, err = journal.open(file)
    assert.is_nil(one)
    assert.matches("link", err.message)
    assert.matches("no regular file", select(2, journal.open "/dev/null").message)
    assert.equal("io", select(2, journal.open(folder .. "/none/x")).kind)
  end)
end)

describe("the lock of an account", function()
  local target = { base_url = "http://127.0.0.1:1/sei/api", account = "acme" }

  it("is had by one, whom the others are told", function()
    local one = assert(lock.take(target, folder .. "/a/b"))
    local two, err = lock.take(target, folder .. "/a/b")
    assert.is_nil(two)
    assert.equal("refused", err.kind)
    assert.equal("lock", err.code)
    assert.is_truthy(err.message:find(("process %d of "):format(err.owner.pid), 1, true))
    assert.matches("for 0 seconds %(since %d+%-", err.message)
    assert.equal(require "sei.core".journal.me().pid, err.owner.pid)
    one:release()
    one:release()
    assert(lock.take(target, folder .. "/a/b")):release()
  end)

  it("is another one for another account or service", function()
    local one <close> = assert(lock.take(target, folder))
    for _, other in ipairs { { base_url = target.base_url, account = "acme2" },
      { base_url = target.base_url }, { base_url = "http://127.0.0.1:2/sei/api",
        account = "acme" } } do
      assert(lock.take(other, folder)):release()
    end
    assert.is_truthy(one.path:find "acme%-%x+%.lock$")
  end)

  it("is free when its owner was killed", function()
    local text = shell.run(([[%s -e '
      local one = assert(require "sei.lock".take({ base_url = "http://x" }, arg[1]))
      os.execute("kill -9 $PPID")' - %s]]):format(shell.lua(), folder))
    assert.is_nil(text:find("lua", 1, true), text)
    assert(lock.take({ base_url = "http://x" }, folder)):release()
  end)

  it("stands where the XDG specification says", function()
    local found = shell.run(([[XDG_STATE_HOME=%s/state %s -e '
      print(assert(require "sei.lock".take { base_url = "http://x" }).path)']])
      :format(folder, shell.lua()))
    assert.is_truthy(found:find(folder .. "/state/sei/lock/x-", 1, true), found)
    found = shell.run(([[env -u XDG_STATE_HOME HOME=%s %s -e '
      print(assert(require "sei.lock".take { base_url = "http://x" }).path)']])
      :format(folder, shell.lua()))
    assert.is_truthy(found:find(folder .. "/.local/state/sei/lock/x-", 1, true), found)
    found = shell.run(([[env -u XDG_STATE_HOME -u HOME %s -e '
      print(require "sei.lock".take { base_url = "http://x" })']]):format(shell.lua()))
    assert.matches("no folder for the lock file", found)
  end)
end)
