-- download - CSV replies: to a file that appears whole or not at all, to a
-- function, as an iterator; when they break, when the disk is full, when nobody
-- wants the rest.
local emulator = require "spec.support.emulator"
local scripted = require "spec.support.scripted"
local sei = require "sei"
local shell = require "spec.support.shell"
local wire = require "spec.support.wire"

local KEY <const> = "a-key-for-downloads"
local PEOPLE <const> = 20000

local function slurp(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

local function spit(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
  return path
end

describe("a download", function()
  local e, client, folder, path, whole

  setup(function()
    e = emulator.start { people = PEOPLE }
    client = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
    whole = wire.oracle(e, "GET", "/v2/developers/identities", nil, "text/csv")
  end)

  teardown(function()
    client:close()
    e:stop()
  end)

  before_each(function()
    e:reset()
    folder = shell.folder()
    path = folder .. "/identities.csv"
  end)

  after_each(function() shell.remove(folder) end)

  local function listing() return (shell.run("ls -A " .. shell.quote(folder))) end

  describe("to a file", function()
    it("has every byte of the reply", function()
      local done = assert(client:download_identities { file = path })
      assert.same({ file = path, bytes = #whole }, done)
      assert.is_true(whole == slurp(path))
      assert.equal("identities.csv\n", listing())
    end)

    it("replaces what was there, and keeps its rights", function()
      spit(path, "old\n")
      shell.run("chmod 640 " .. shell.quote(path))
      assert(client:download_identities { file = path })
      assert.is_true(whole == slurp(path))
      assert.matches("^640", (shell.run("stat -c %a " .. shell.quote(path))))
    end)

    it("goes where a link leads", function()
      shell.run(("ln -s real.csv %s"):format(shell.quote(path)))
      spit(folder .. "/real.csv", "old\n")
      assert(client:download_identities { file = path })
      assert.is_true(whole == slurp(folder .. "/real.csv"))
      assert.matches("symbolic link", (shell.run("stat -c %F " .. shell.quote(path))))
    end)

    -- Whatever happens: the old file is there as it was, and nothing else.
    local function keeps_the_old_one(options, kind)
      spit(path, "the last good one\n")
      options.file = path
      local done, err = client:download_identities(options)
      assert.is_nil(done)
      assert.equal(kind, err.kind, tostring(err))
      assert.equal("the last good one\n", slurp(path))
      assert.equal("identities.csv\n", listing())
    end

    for fault, kind in pairs { truncated = "connect", ["reset-within"] = "connect",
      ["reset-before"] = "connect", ["bad-gzip"] = "protocol", ["status-500"] = "http",
      garbage = "protocol" } do
      it("that ends in " .. fault .. " leaves the old file", function()
        e:quirk("fault", fault .. ":always")
        keeps_the_old_one({}, kind)
      end)
    end

    it("that is no CSV leaves the old file", function()
      e:quirk "plain-ok"
      keeps_the_old_one({}, "decode")
      e:clear()
      e:quirk "empty-ok"
      keeps_the_old_one({}, "protocol")
      e:clear()
      e:quirk("html-login", "200")
      keeps_the_old_one({}, "protocol")
    end)

    it("that takes too long leaves the old file", function()
      e:quirk("fault", "slow-30")
      keeps_the_old_one({ timeout = 0.3 }, "timeout")
    end)

    it("that breaks before there was one leaves none", function()
      e:quirk("fault", "truncated")
      assert.is_nil((client:download_identities { file = path }))
      assert.equal("", listing())
    end)

    it("whose client is closed meanwhile leaves the old file", function()
      spit(path, "the last good one\n")
      e:quirk("fault", "slow-10") -- or a slow client finds it whole at its first look
      local waits = 0
      local one <close> = sei.client { base_url = e.url, api_key = KEY,
        pace = false, retries = 0, wait = function(c)
        waits = waits + 1
        if waits > 3 then c:close() else sei.wait.block(c) end
      end }
      local done, err = one:download_identities { file = path }
      assert.is_nil(done)
      assert.equal("closed", err.kind)
      assert.equal("the last good one\n", slurp(path))
      assert.equal("identities.csv\n", listing())
    end)

    it("on a full disk is an error of kind io", function()
      shell.run("ln -s /dev/full " .. shell.quote(path))
      local done, err = client:download_identities { file = path }
      assert.is_nil(done)
      assert.equal("io", err.kind)
      assert.equal(path .. ": No space left on device", err.message)
      assert.equal(path, err.file)
      assert.matches("^symbolic link", (shell.run("stat -c %F " .. shell.quote(path))))
      assert.equal(0, client:active())
    end)

    it("over the limit of a file's size is an error of kind io, and leaves the old file", function()
      spit(path, "the last good one\n")
      local script = spit(folder .. "/script.lua", ([[
local sei = require "sei"
local client = sei.client { base_url = %q, api_key = "a-key", pace = false, retries = 0 }
local done, err = client:download_identities { file = %q }
print(done, err and err.kind, err and err.message)]]):format(e.url, path))
      local text = shell.run(("trap '' XFSZ; ulimit -f 64; %s %s"):format(shell.lua(),
        shell.quote(script)))
      assert.equal(("nil\tio\t%s: File too large\n"):format(path), text)
      assert.equal("the last good one\n", slurp(path))
      assert.equal("identities.csv\nscript.lua\n", listing())
    end)

    it("into a folder that is not there is told before anything is asked", function()
      local done, err = client:download_identities { file = folder .. "/no/file.csv" }
      assert.is_nil(done)
      assert.equal("io", err.kind)
      assert.equal(folder .. "/no/file.csv: No such file or directory", err.message)
      assert.equal(0, #e:log())
    end)

    it("goes into a pipe as it is", function()
      local text, status = shell.run(([[mkfifo %s; cat %s > %s & %s -e '
        local sei = require "sei"
        assert(sei.client { base_url = "%s", api_key = "a-key", pace = false, retries = 0 }
          :download_identities { file = "%s" })'; wait]]):format(shell.quote(path),
        shell.quote(path), shell.quote(folder .. "/out"), shell.lua(), e.url, path))
      assert.equal(0, status, text)
      assert.is_true(whole == slurp(folder .. "/out"))
    end)
  end)

  describe("to a function", function()
    it("calls it with each row and its line", function()
      local rows, lines = {}, {}
      local done = assert(client:download_identities { to = function(row, line)
        rows[#rows + 1], lines[#lines + 1] = row, line
      end })
      assert.same({ rows = PEOPLE }, done)
      assert.equal(PEOPLE, #rows)
      assert.equal(2, lines[1])
      assert.equal(PEOPLE + 1, lines[PEOPLE])
      local text = { "email,integrationId,identity" }
      for i, row in ipairs(rows) do
        text[i + 1] = ("%s,%s,%s"):format(row.email, row.integrationId, row.identity)
      end
      assert.is_true(whole == table.concat(text, "\r\n") .. "\r\n")
    end)

    it("calls it with what is asked of a row", function()
      local rows, named = {}, {}
      assert.same({ rows = PEOPLE }, assert(client:download_identities { row = "values",
        fields = { "identity", "email" }, to = function(identity, email, line)
          rows[line - 1] = identity .. " " .. email
        end }))
      assert.equal(PEOPLE, #rows)
      assert.same({ rows = PEOPLE }, assert(client:download_identities { row = "spans",
        fields = "email", to = function(text, from, to, line)
          assert(rows[line - 1]:sub(-(to - from + 2)) == " " .. text:sub(from, to))
          rows[line - 1] = nil
        end }))
      assert.is_nil(next(rows))
      assert(client:download_identities { fields = "email", to = function(row)
        named[#named + 1] = next(row) .. (next(row, (next(row))) or "")
      end })
      assert.same({ PEOPLE, "email" }, { #named, named[PEOPLE] })
    end)

    it("lets it yield", function()
      local waits, seen = 0, 0
      local co = sei.wait.wrap(function()
        return assert(client:download_identities { row = "values", to = function()
          seen = seen + 1
          if seen % 1000 == 0 then coroutine.yield "waiting" end
        end })
      end)
      local done = co()
      while done == "waiting" do done, waits = co(), waits + 1 end
      assert.same({ { rows = PEOPLE }, PEOPLE // 1000, PEOPLE }, { done, waits, seen })
    end)

    it("ends where it closes the client", function()
      local one <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
      local seen = 0
      local done, err = one:download_identities { to = function()
        seen = seen + 1
        if seen == 3 then one:close() end
      end }
      assert.is_nil(done)
      assert.equal("closed", err.kind)
      assert(seen >= 3 and seen < PEOPLE)
    end)

    it("stops when it raises", function()
      local seen = 0
      local ok, problem = pcall(client.download_identities, client, { to = function()
        seen = seen + 1
        if seen == 5 then error("enough", 0) end
      end })
      assert.is_false(ok)
      assert.equal("enough", problem)
      assert.equal(5, seen)
      assert.equal(0, client:active())
    end)

    it("that breaks tells so after the rows that came", function()
      e:quirk("fault", "truncated")
      local seen = 0
      local done, err = client:download_identities { to = function() seen = seen + 1 end }
      assert.is_nil(done)
      assert.equal("connect", err.kind)
      assert.is_true(seen > PEOPLE // 4 and seen < PEOPLE, seen)
    end)
  end)

  describe("as an iterator", function()
    it("gives each row and its line", function()
      local n = 0
      for row, line in client:download_identities() do
        n = n + 1
        if n == 1 then assert.equal(2, line) end
        assert.is_string(row.email)
      end
      assert.equal(PEOPLE, n)
      assert.equal(0, client:active())
    end)

    it("gives what is asked of a row", function()
      local n = 0
      for email, line in client:download_identities { row = "values", fields = "email" } do
        n = n + 1
        assert(email:find "@" and line == n + 1)
      end
      assert.equal(PEOPLE, n)
    end)

    it("that is left with break is cancelled", function()
      for _ in client:download_identities() do break end -- luacheck: ignore
      assert.equal(0, client:active())
      assert(client:get_schema())
    end)

    it("raises what breaks it, and is over then", function()
      e:quirk("fault", "reset-within")
      local rows, seen = client:download_identities(), 0
      local ok, err = pcall(function()
        for _ in rows do seen = seen + 1 end
      end)
      assert.is_false(ok)
      assert.equal("connect", err.kind)
      assert.is_true(seen < PEOPLE)
      local again, same = pcall(rows)
      assert.is_false(again)
      assert.equal(err, same)
    end)

    it("does not hold the reply in memory while nobody takes it", function()
      local server <close> = scripted.start(function()
        return scripted.reply(200, "email,integrationId,identity\n"
          .. ("someone@example.com,5322,a-login-of-some-length\n"):rep(400000),
          { "Content-Type: text/csv" })
      end)
      local one <close> = server:client()
      local rows <close> = one:download_identities()
      assert(rows())
      local function resident()
        return tonumber(slurp "/proc/self/status":match "VmRSS:%s*(%d+)")
      end
      local before = resident()
      for _ = 1, 200 do
        one:step()
        server:wait(setmetatable({}, { __index = { pollfd = function() return one:pollfd() end,
          timeout = function() return 0 end } }))
      end
      assert.is_true(resident() - before < 4096, resident() - before .. " KiB more")
    end)

    it("closes twice, and gives nothing then", function()
      local rows = client:download_identities()
      assert(rows())
      rows:close()
      rows:close()
      assert.is_nil(rows())
      assert.equal(0, client:active())
    end)
  end)

  it("takes a file or a function, not both", function()
    local ok, problem = pcall(function()
      client:download_identities { file = path, to = function() end }
    end)
    assert.is_false(ok)
    assert.matches("download_spec.lua:%d+: download_identities takes either the option 'file' or "
      .. "'to', not both", problem)
  end)

  it("takes what is asked of rows only for rows", function()
    local function expect(options, message)
      local ok, problem = pcall(function() client:download_identities(options) end)
      assert.is_false(ok)
      assert.matches("download_spec.lua:%d+: " .. message, problem)
    end
    expect({ file = path, row = "values" }, "download_identities takes the option 'row' for rows, "
      .. "not for a 'file'")
    expect({ file = path, fields = "email" }, "download_identities takes the option 'fields' for ")
    expect({ row = "rows" }, "bad option 'row' for download_identities")
    expect({ fields = { "email", "email" } }, "bad option 'fields' for download_identities %(it "
      .. 'names "email" twice')
    local ok, err = pcall(wire.all, client:download_identities { fields = "mail" })
    assert.is_false(ok)
    assert.matches('a column is missing: "mail" %(did you mean "email"%?%)', err.message)
  end)

  it("says which columns a reply lacks, and takes other names from the client", function()
    local csv = "mail,integration,login\na@b.c,1,x\n"
    local server <close> = scripted.start(function()
      return scripted.reply(200, csv, { "Content-Type: text/csv" })
    end)
    local one <close> = server:client()
    local ok, err = pcall(wire.all, one:download_identities())
    assert.is_false(ok)
    assert.equal("decode", err.kind)
    assert.matches('columns are missing: "email" (did you mean "mail"?), "integrationId" (did '
      .. 'you mean "integration"?), "identity"; found: "mail", "integration", "login"',
      err.message, 1, true)
    assert.matches("csv_header", err.hint, 1, true)
    local other <close> = server:client {
      identities = { csv_header = { "mail", "integration", "login" } } }
    assert.same({ { mail = "a@b.c", integration = "1", login = "x" } },
      wire.all(other:download_identities()))
    assert(other:download_identities { file = path })
    assert.equal(csv, slurp(path))
  end)
end)
