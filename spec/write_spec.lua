-- write - rows that are sent: from arrays, iterators and files; batches by rows
-- and by bytes; bad rows named while the others go through; what a report says
-- when all went well and when something broke in the middle.
local emulator = require "spec.support.emulator"
local scripted = require "spec.support.scripted"
local sei = require "sei"
local shell = require "spec.support.shell"
local wire = require "spec.support.wire"

local reply = scripted.reply
local SLOW <const> = tonumber(os.getenv "SEI_SLOW") or 1
local KEY <const> = "a-key-for-writes"

local function identity(i, more)
  return { email = "a@b.c", integrationId = 1, identity = ("id%d%s"):format(i, more or "") }
end

local function identities(n, more)
  local rows = {}
  for i = 1, n do rows[i] = identity(i, more) end
  return rows
end

-- A server that takes everything, and a client of it.
local function taking(answer)
  local server = scripted.start(answer or function() return reply(200, '{"status":"success"}') end)
  local client = server:client { timeout = 20 * SLOW }
  finally(function()
    client:close()
    server:stop()
  end)
  return client, server
end

local function bodies(server)
  local list = {}
  for i, request in ipairs(server.requests) do list[i] = request.body end
  return list
end

-- The file within a multipart body; the chunks' lengths are of no interest.
local function file_of(request)
  local text = request.body
  if request.header["transfer-encoding"] == "chunked" then
    local out, at = {}, 1
    while true do
      local size, from = text:match("^(%x+)\r\n()", at)
      if not size or size == "0" then break end
      local n = tonumber(size, 16)
      out[#out + 1] = text:sub(from, from + n - 1)
      at = from + n + 2
    end
    text = table.concat(out)
  end
  return text:match "^%-%-[^\r\n]+\r\n.-\r\n\r\n(.*)\r\n%-%-[^\r\n]+%-%-\r\n$", text
end

describe("rows as JSON", function()
  it("come from an array or from any iterator", function()
    local client, server = taking()
    local rows = identities(3)
    assert(client:patch_identities(rows))
    local i = 0
    assert(client:patch_identities(function()
      i = i + 1
      return rows[i]
    end))
    assert(client:patch_identities(setmetatable({ i = 0 }, { __call = function(self)
      self.i = self.i + 1
      return rows[self.i]
    end })))
    local seen = bodies(server)
    assert.equal(3, #seen)
    assert.equal('[{"email":"a@b.c","identity":"id1","integrationId":1},'
      .. '{"email":"a@b.c","identity":"id2","integrationId":1},'
      .. '{"email":"a@b.c","identity":"id3","integrationId":1}]', seen[1])
    assert.equal(seen[1], seen[2])
    assert.equal(seen[1], seen[3])
  end)

  it("go in batches of 1000", function()
    local client, server = taking()
    for _, n in ipairs { 999, 1000, 1001, 2500 } do
      server.requests = {}
      local report = assert(client:patch_identities(identities(n)))
      assert.equal(n, report.rows)
      assert.equal(n, report.accepted)
      assert.equal((n + 999) // 1000, #server.requests)
      local next_row = 1
      for i, batch in ipairs(report.batches) do
        assert.equal(next_row, batch.first)
        assert.equal(batch.last - batch.first + 1, batch.rows)
        assert.is_true(batch.rows <= 1000)
        local _, sent = server.requests[i].body:gsub('"identity"', "")
        assert.equal(batch.rows, sent)
        next_row = batch.last + 1
      end
      assert.equal(n + 1, next_row)
    end
  end)

  it("go in batches of 450,000 bytes, filled to the last", function()
    local client, server = taking()
    local empty = #'{"email":"a@b.c","identity":"","integrationId":1}'
    -- [ + rows of 999 bytes + commas + ]: 450 rows are 450,001 bytes.
    local row = { email = "a@b.c", integrationId = 1, identity = ("x"):rep(999 - empty) }
    local rows = {}
    for i = 1, 900 do rows[i] = row end
    assert(client:patch_identities(rows))
    assert.same({ 449001, 449001, 2 * 1000 + 1 }, { #server.requests[1].body,
      #server.requests[2].body, #server.requests[3].body })
    -- One byte less in the last row makes it fit.
    server.requests = {}
    rows = table.move(rows, 1, 449, 1, {})
    rows[450] = { email = "a@b.c", integrationId = 1, identity = ("x"):rep(998 - empty) }
    assert(client:patch_identities(rows))
    assert.equal(1, #server.requests)
    assert.equal(450000, #server.requests[1].body)
  end)

  it("of no number make no request", function()
    local client, server = taking()
    local report = assert(client:patch_identities {})
    assert.equal("0 of 0 rows accepted", tostring(report))
    assert.same({}, report.batches)
    assert(client:delete_developers(function() return nil end))
    assert.equal(0, #server.requests)
  end)

  it("that are bad are named, and the others go through", function()
    local client, server = taking()
    local bad = { email = "a@b.c", integrationId = 1, identity = "x", emial = "d@e.f" }
    local report = assert(client:patch_identities {
      identity(1), {}, identity(3), { email = "", integrationId = 1, identity = "x" }, "text",
      { email = "a@b.c", integrationId = "1", identity = "x" },
      { email = "a@b.c", integrationId = 1.5, identity = "x" },
      { email = "a@b.c", integrationId = 1, identity = sei.null }, bad,
      { email = "a@b.c", integrationId = 1, identity = "\xff" }, identity(11) })
    assert.equal(11, report.rows)
    assert.equal(3, report.accepted)
    assert.equal('[{"email":"a@b.c","identity":"id1","integrationId":1},'
      .. '{"email":"a@b.c","identity":"id3","integrationId":1},'
      .. '{"email":"a@b.c","identity":"id11","integrationId":1}]', server.requests[1].body)
    local told = {}
    for i, r in ipairs(report.rejected) do told[i] = { r.row, r.field, r.value, r.reason } end
    assert.same({ 2, "email", nil, "is missing" }, told[1])
    assert.same({ 4, "email", "", "is empty" }, told[2])
    assert.same({ 5, "", "text", "a row must be a table, is string" }, told[3])
    assert.same({ 6, "integrationId", "1", "must be an integer, is string" }, told[4])
    assert.same({ 7, "integrationId", 1.5, "must be an integer, is number" }, told[5])
    assert.same({ 8, "identity", nil, "is missing" }, told[6])
    assert.same({ 9, "emial", "d@e.f",
      "is not a field of patch_identities (did you mean 'email'?)" }, told[7])
    assert.equal(10, told[8][1])
    assert.equal("identity", told[8][2])
    assert.matches("UTF%-8", told[8][4])
    assert.matches("^3 of 11 rows accepted in 1 request\nrow 2  not sent: email is missing\n",
      tostring(report))
    assert.matches("\nrow 5  not sent: a row must be a table, is string\n", tostring(report))
  end)

  it("that are bad are told ten times, then counted", function()
    local client = taking()
    local rows = {}
    for i = 1, 15 do rows[i] = {} end
    local report = assert(client:patch_identities(rows))
    assert.equal(15, #report.rejected)
    local text = tostring(report)
    assert.matches("^0 of 15 rows accepted\n", text)
    assert.matches("\nrow 10 not sent: email is missing\nand 5 more rows that were not sent$", text)
  end)

  it("keep their number and their line in the report, batch after batch", function()
    local client = taking()
    local i = 0
    local report = assert(client:patch_identities(function()
      i = i + 1
      if i > 1200 then return nil end
      return i % 400 == 0 and {} or identity(i), i + 1
    end))
    assert.equal(1197, report.accepted)
    local rows = {}
    for k, r in ipairs(report.rejected) do rows[k] = { r.row, r.line } end
    assert.same({ { 400, 401 }, { 800, 801 }, { 1200, 1201 } }, rows)
    assert.matches("row 400 (line 401)   not sent: email is missing", tostring(report), 1, true)
  end)

  it("that are too long for any request are named", function()
    local client, server = taking()
    local report = assert(client:patch_identities { identity(1, ("x"):rep(450000)), identity(2) })
    assert.equal(1, report.accepted)
    assert.equal("1 of 2 rows accepted in 1 request\nrow 1 not sent: the row takes 450052 bytes, "
      .. "more than a request may have", tostring(report))
    assert.equal('[{"email":"a@b.c","identity":"id2","integrationId":1}]',
      server.requests[1].body)
  end)

  it("of contributors obey the service's own limits", function()
    local client, server = taking()
    local ids = sei.json.array {}
    local report = assert(client:update_contributors {
      { id = "1", email = ("ä"):rep(150), integration_user_ids = ids },
      { id = "2", email = ("ä"):rep(151), integration_user_ids = ids },
      { id = "3", email = "a@b.c" },
      { full_name = "nobody", integration_user_ids = ids },
      { email = "d@e.f", integration_user_ids = ids, additional_fields = "no" },
      { email = "d@e.f", integration_user_ids = ids, anything = { more = true } } })
    assert.equal(2, report.accepted)
    assert.equal("2 of 6 rows accepted in 1 request\n"
      .. "row 2 not sent: email has 151 characters, the service keeps 150\n"
      .. "row 3 not sent: integration_user_ids is missing\n"
      .. "row 4 not sent: id|email are all missing; one is needed\n"
      .. "row 5 not sent: additional_fields must be an object, is string", tostring(report))
    assert.is_truthy(server.requests[1].body:find('"anything":{"more":true}', 1, true))
  end)

  it("of developers to delete are addresses", function()
    local client, server = taking()
    local report = assert(client:delete_developers { "a@b.c", "", 5, "d@e.f" })
    assert.equal(2, report.accepted)
    assert.equal('{"emails":["a@b.c","d@e.f"]}', server.requests[1].body)
    assert.equal("must be a string that is not empty", report.rejected[1].reason)
  end)

  it("with a value that is not documented go through with a warning", function()
    local client = taking()
    local report = assert(client:add_cloud_ids {
      { email = "a@b.c", applicationType = "GITHUB", cloudId = "x" },
      { email = "a@b.c", applicationType = "GIT", cloudId = "x" } })
    assert.equal(2, report.accepted)
    assert.same({ { row = 2,
      message = "applicationType 'GIT' is not a documented one; passed on as it is" } },
      report.warnings)
  end)
end)

describe("a write that breaks", function()
  -- Takes the first n requests, then answers with what is given.
  local function breaking(n, bytes)
    local seen = 0
    return taking(function()
      seen = seen + 1
      return seen <= n and reply(200, '{"message":"ok"}') or bytes
    end)
  end

  it("in its second batch tells what went before and which rows may be lost", function()
    local client, server = breaking(1, reply(400, '{"error":"Contributor with ID 3 not found."}'))
    local report, err = client:patch_identities(identities(2500), { on_reject = "stop" })
    assert.is_nil(report)
    assert.equal("rejected", err.kind)
    assert.same({ first = 1001, last = 2000 }, err.rows)
    assert.equal(1000, err.report.accepted)
    assert.matches("^1000 of 2001 rows accepted in 1 request\n", tostring(err.report))
    assert.matches("\nrows 1001%-2000 unknown: ", tostring(err.report))
    assert.equal(3, #server.requests)    -- the third reads back
  end)

  it("does not lose the bad rows before", function()
    local client = breaking(0, reply(500, ""))
    local _, err = client:patch_identities { {}, identity(2) }
    assert.equal(1, #err.report.rejected)
    assert.same({ first = 1, last = 2 }, err.rows)
  end)

  it("without an answer is a connect error, with the rows that may have arrived", function()
    local client = breaking(1, "")
    local _, err = client:patch_identities(identities(1001))
    assert.equal("connect", err.kind)
    assert.same({ first = 1001, last = 1001 }, err.rows)
    assert.equal(1000, err.report.accepted)
  end)

  it("because its own iterator failed keeps the report", function()
    local client, server = taking()
    local i = 0
    local _, err = client:patch_identities(function()
      i = i + 1
      if i == 1500 then error(sei.error { kind = "decode", message = "people.csv:1500: no" }) end
      return identity(i)
    end)
    assert.equal("decode", err.kind)
    assert.equal(1000, err.report.accepted)
    assert.same({ first = 1001, last = 1499 }, err.rows)
    assert.equal(1, #server.requests)
  end)

  it("because its own iterator is wrong raises what that raised", function()
    local client = taking()
    for _, call in ipairs { client.patch_identities, function(c, rows)
      return c:upload_identities { rows = rows }
    end } do
      local ok, problem = pcall(call, client, function() error("boom", 0) end)
      assert.is_false(ok)
      assert.equal("boom", problem)
    end
    assert.equal(0, client:active())
  end)

  it("ends at the deadline of the whole call, not of each batch", function()
    local factor = math.min(SLOW, 8)
    local e <close> = emulator.start { people = 5, latency_ms = 250 * factor }
    local client <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
    local row = client:list_identities()()
    local rows = {}
    for i = 1, 4000 do rows[i] = row end
    local report, err = client:patch_identities(rows, { timeout = 0.6 * factor })
    assert.is_nil(report)
    assert.equal("timeout", err.kind)
    assert.is_true(err.report.accepted >= 1000 and err.report.accepted <= 2000,
      tostring(err.report))
  end)
end)

describe("rows as CSV", function()
  it("come from an array, an iterator, or another CSV", function()
    local client, server = taking()
    local want = "email,integrationId,identity\na@b.c,1,id1\na@b.c,1,id2\n"
    assert(client:upload_identities { rows = identities(2) })
    local i = 0
    assert(client:upload_identities { rows = function()
      i = i + 1
      return i < 3 and identity(i) or nil
    end })
    assert(client:upload_identities { rows = sei.csv.read {
      text = "identity,email,integrationId\r\nid1,a@b.c,1\r\nid2,a@b.c,1" } })
    for k = 1, 3 do assert.equal(want, (file_of(server.requests[k])), k) end
  end)

  it("that are bad are named with their line, and the others go through", function()
    local client, server = taking()
    local report = assert(client:upload_identities { rows = sei.csv.read {
      text = "email,integrationId,identity\na@b.c,1,x\n,1,y\na@b.c,one,z\n\"a\nb\",1,w\n" } })
    assert.equal(4, report.rows)
    assert.equal(2, report.accepted)
    assert.equal("2 of 4 rows accepted in 1 request\nrow 2 (line 3) not sent: email is empty\n"
      .. "row 3 (line 4) not sent: integrationId must be an integer, is string", tostring(report))
    assert.equal('email,integrationId,identity\na@b.c,1,x\n"a\nb",1,w\n',
      (file_of(server.requests[1])))
  end)

  it("are one request, however many they are", function()
    local client, server = taking()
    local i = 0
    local report = assert(client:upload_identities { rows = function()
      i = i + 1
      return i <= 30000 and identity(i) or nil
    end })
    assert.equal(30000, report.accepted)
    assert.equal(1, #server.requests)
    local text = file_of(server.requests[1])
    local _, lines = text:gsub("\n", "")
    assert.equal(30001, lines)
    assert.is_truthy(text:find("\na@b.c,1,id30000\n", 1, true))
  end)

  it("may have a long header and long rows", function()
    local client, server = taking()
    local header = {}
    for i = 1, 40 do header[i] = ("a column with a rather long name, number %d"):format(i) end
    local row = {}
    for i = 1, 40 do row[i] = ("x"):rep(1000) end
    local rows = {}
    for i = 1, 20 do rows[i] = row end
    assert.equal(20, assert(client:upload_developers { rows = rows, header = header }).accepted)
    local text = file_of(server.requests[1])
    assert.equal('"a column with a rather long name, number 1",', text:sub(1, 45))
    assert.equal(#text:match "^[^\n]*" + 1 + 20 * (40 * 1001), #text)
  end)

  it("of no number, or all of them bad, make no request", function()
    local client, server = taking()
    assert.equal("0 of 0 rows accepted",
      tostring(assert(client:upload_identities { rows = {} })))
    local report = assert(client:upload_identities { rows = { {}, {} } })
    assert.equal(2, #report.rejected)
    assert.equal(0, report.accepted)
    assert.equal(0, #server.requests)
  end)

  it("that the service refuses before the end are told at once", function()
    local seen = 0
    local server <close> = scripted.start(function() return reply(401, '{"message":"no"}') end,
      "head")
    local client <close> = server:client { timeout = 20 * SLOW }
    local report, err = client:upload_identities { rows = function()
      seen = seen + 1
      return seen <= 900000 and identity(seen) or nil
    end }
    assert.is_nil(report)
    assert.is_true(err.kind == "auth" or err.kind == "connect", tostring(err))
    assert.is_true(seen < 900000, "all rows were read")
    assert.equal(1, err.rows.first)
    assert.equal(0, err.report.accepted)
  end)

  it("need a header where the columns are the customer's own", function()
    local client = taking()
    local ok, problem = pcall(client.upload_developers, client, { rows = { { "a" } } })
    assert.is_false(ok)
    assert.matches("upload_developers needs the option 'header': the columns of the rows",
      problem, 1, true)
  end)
end)

describe("a file", function()
  local folder

  setup(function() folder = shell.folder() end)
  teardown(function() shell.remove(folder) end)

  local function file(text, name)
    local path = folder .. "/" .. (name or "rows.csv")
    local out = assert(io.open(path, "wb"))
    out:write(text)
    out:close()
    return path
  end

  it("goes byte for byte, under its own name, with its length", function()
    local client, server = taking()
    local text = "\239\187\191email,integrationId,identity\r\na@b.c,5322,\"x, y\"\r\n"
    local report = assert(client:upload_identities { file = file(text, "my rows;\"1\".csv") })
    assert.equal(1, report.rows)
    assert.equal(1, report.accepted)
    local got, whole = file_of(server.requests[1])
    assert.equal(text, got)
    assert.equal(#whole, tonumber(server.requests[1].header["content-length"]))
    assert.is_truthy(whole:find('filename="my rows;%221%22.csv"', 1, true)
      or whole:find('filename="my rows;\\"1\\".csv"', 1, true), whole)
    assert.is_truthy(whole:find("Content-Type: text/csv\r\n", 1, true))
  end)

  it("with a bad row is not sent, and the row is told with its line", function()
    local client, server = taking()
    local path = file "email,integrationId,identity\na@b.c,1,x\n\"q\nr\",two,y\n,1,z\n"
    local report, err = client:upload_identities { file = path }
    assert.is_nil(report)
    assert.equal("decode", err.kind)
    assert.equal(path .. ":3: integrationId must be an integer, is string", err.message)
    assert.equal(path, err.file)
    assert.equal(3, err.line)
    assert.same({ { row = 2, line = 3, field = "integrationId", value = "two",
      reason = "must be an integer, is string" },
      { row = 3, line = 5, field = "email", value = "", reason = "is empty" } }, err.rows)
    assert.matches("nothing was sent; mend the file, or give rows = ", err.hint, 1, true)
    assert.equal(0, #server.requests)
  end)

  it("with a line that cannot be read is told with the bad rows before it", function()
    local client, server = taking()
    local path = file "email,integrationId,identity\na@b.c,two,x\nb@c.d,1\n"
    local report, err = client:upload_identities { file = path }
    assert.is_nil(report)
    assert.equal(3, err.line)
    assert.same({ { row = 1, line = 2, field = "integrationId", value = "two",
      reason = "must be an integer, is string" } }, err.rows)
    assert.matches("nothing was sent$", err.hint)
    assert.equal(0, #server.requests)
  end)

  it("without a column, with ragged rows or without rows is not sent", function()
    local client, server = taking()
    for text, words in pairs {
      ["email,identity\na@b.c,x\n"] = "integrationId",
      ["email,integrationId,identity\na@b.c,1\n"] = ":2: the row has 2 fields, the header has 3",
      ["email,integrationId,identity\n"] = "the file has no rows to send",
      [""] = "header",
      ["email,integrationId,identity\na@b.c,1,\"x\n"] = "quote",
    } do
      local report, err = client:upload_identities { file = file(text) }
      assert.is_nil(report)
      assert.equal("decode", err.kind)
      assert.matches(words, err.message, 1, true)
    end
    assert.equal(0, #server.requests)
  end)

  it("lists at most 20 bad rows", function()
    local client = taking()
    local _, err = client:upload_identities { file = file("email,integrationId,identity\n"
      .. (",1,x\n"):rep(50)) }
    assert.equal(20, #err.rows)
  end)

  it("of 20,000 rows goes through", function()
    local e <close> = emulator.start { people = 2000 }
    local client <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
    local people = wire.all(client:list_identities())
    local lines = { "email,integrationId,identity" }
    for i = 1, 20000 do
      local row = people[i % #people + 1]
      lines[i + 1] = ("%s,%d,x%d"):format(row.email, row.integrationId, i)
    end
    local report = assert(client:upload_identities {
      file = file(table.concat(lines, "\n") .. "\n") })
    assert.equal(20000, report.accepted)
    local count = 0
    for one in client:download_identities() do
      if one.identity:find "^x%d+$" then count = count + 1 end
    end
    assert.equal(20000, count)
  end)

  it("or rows, not both, not neither", function()
    local client = taking()
    for _, options in ipairs { {}, { file = "x", rows = {} } } do
      local ok, problem = pcall(client.upload_identities, client, options)
      assert.is_false(ok)
      assert.matches("upload_identities needs either the option 'file' or 'rows'", problem, 1, true)
    end
  end)
end)

describe("what the service drops silently", function()
  it("is accepted in the report; only reading back tells", function()
    local e <close> = emulator.start { people = 20, quirks = { "drop-rows=50" } }
    local client <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
    local people = wire.all(client:list_contributors())
    for _, c in ipairs(people) do c.full_name = "Changed" end
    assert.equal(20, assert(client:update_contributors(people)).accepted)
    local changed = 0
    for c in client:list_contributors() do
      if c.full_name == "Changed" then changed = changed + 1 end
    end
    assert.equal(10, changed)
  end)
end)
