-- patch_identities{ file = } and add_cloud_ids{ file = }: a CSV file goes as JSON in
-- batches, as its rows would, without a Lua row of any that is good. And arrays, which
-- go the same short way: the bytes are those of the long one.
local dice = require "spec.support.dice"
local emulator = require "spec.support.emulator"
local fates = require "spec.support.fates"
local scripted = require "spec.support.scripted"
local sei = require "sei"
local shell = require "spec.support.shell"

local HEAD <const> = "email,integrationId,identity\n"

local folder

setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)

local function file(text)
  local path = folder .. "/rows.csv"
  local out <close> = assert(io.open(path, "wb"))
  out:write(text)
  return path
end

-- A client of a server that takes everything but what `answer` has an answer for.
local function taking(answer)
  local server = scripted.start(function(request)
    return answer and answer(request) or scripted.reply(200, '{"status":"success"}')
  end)
  local client = server:client { timeout = 20 }
  finally(function()
    client:close()
    server:stop()
  end)
  return client, server
end

local function bodies(server)
  local list = {}
  for i, request in ipairs(server.requests) do list[i], server.requests[i] = request.body, nil end
  return list
end

-- ---- the same bytes, whichever way ----

local TEXTS <const> = { "plain", "a longer one, with a comma in it", 'a "quoted" word',
  "back\\slash", "Łukasz Żółć", "日本語の名前", "dash – and € and \u{2028} and \u{2029}", "😀",
  "tab\there", "line\nbreak", "\127", "a longer one with \127 in it", "'apostrophe", "=formula",
  ("x"):rep(15), ("x"):rep(16), ("x"):rep(17), ("é"):rep(40), ("long "):rep(3000), "", " ",
  "\u{1}" }
local NUMBERS <const> = { "1", "5322", "0", "-7", "9223372036854775807", "-9223372036854775808",
  "007", " 5 ", "0x10", "1e3", "5.0", "-0", "+4", "9223372036854775808", "5.5", "five", "",
  "123456789012345678", "1234567890123456789" }

local function quoted(text) return '"' .. text:gsub('"', '""') .. '"' end

local function random_rows(roll, n)
  local lines, columns = {}, { "email", "integrationId", "identity" }
  for i = 3, 2, -1 do
    local j = roll(i)
    columns[i], columns[j] = columns[j], columns[i]
  end
  lines[1] = table.concat(columns, ",")
  for i = 1, n do
    local row = { email = "user" .. i .. "@corp.example", integrationId = tostring(roll(9000)),
      identity = TEXTS[roll(#TEXTS)] .. i }
    if roll(4) == 1 then row.email = TEXTS[roll(#TEXTS)] end
    if roll(4) == 1 then row.identity = TEXTS[roll(#TEXTS)] end
    if roll(5) == 1 then row.integrationId = NUMBERS[roll(#NUMBERS)] end
    local cells = {}
    for k, name in ipairs(columns) do
      cells[k] = (roll(2) == 1 or row[name]:find '[",\n\r]') and quoted(row[name]) or row[name]
    end
    lines[#lines + 1] = table.concat(cells, ",")
  end
  return table.concat(lines, roll(2) == 1 and "\n" or "\r\n") .. "\n"
end

-- The file's rows with their lines, whole numbers in digits as such: what a script would give.
local function rows_of(path)
  local read = sei.csv.read { file = path }
  return function()
    local row, line = read()
    if row and not row.integrationId:find "%a" then
      row.integrationId = math.tointeger(row.integrationId) or row.integrationId
    end
    return row, line
  end
end

-- The same rows as an array; with a metatable each, they go the long way.
local function array_of(path, meta)
  local list = {}
  for row in rows_of(path) do list[#list + 1] = meta and setmetatable(row, meta) or row end
  return list
end

-- What a report says, but for what an array cannot know.
local function told(report, lines)
  local list = {}
  for i, entry in ipairs(report.rejected) do
    list[i] = { entry.row, lines and entry.line or 0, entry.field, entry.value, entry.reason,
      entry.class }
  end
  local batches = {}
  for i, batch in ipairs(report.batches) do
    batches[i] = { batch.first, batch.last, batch.rows }
  end
  return { report.rows, report.accepted, list, batches }
end

-- As many bad rows as an error of a whole file lists.
local function listed(rows)
  local list = {}
  for i, entry in ipairs(rows) do
    if i <= 20 then
      list[i] = { entry.row, entry.line, entry.field, entry.value, entry.reason }
    end
  end
  return list
end

describe("a file's rows and the same rows from a script", function()
  local function compare(seed)
    local roll = dice(seed * 7919 + 17)
    local client, server = taking()
    local path, size = file(random_rows(roll, roll(60))), roll(20)
    local want_report = assert(client:patch_identities(rows_of(path), { batch_size = size }))
    local want = bodies(server)
    for _, way in ipairs {
      { "file", function() return client:patch_identities { file = path, batch_size = size } end },
      { "array", function()
        return client:patch_identities(array_of(path), { batch_size = size })
      end },
      { "array of rows with metatables", function()
        return client:patch_identities(array_of(path, {}), { batch_size = size })
      end },
    } do
      local what, lines = ("seed %d, %s"):format(seed, way[1]), way[1] == "file"
      assert.same(told(want_report, lines), told(assert(way[2]()), lines), what)
      local got = bodies(server)
      assert.equal(#want, #got, what)
      for i, body in ipairs(want) do assert.is_true(body == got[i], what .. ", batch " .. i) end
    end
    -- whole, as CSV, it is checked before it is sent: for the same bad rows
    local report, err = client:upload_identities { file = path }
    assert.same(listed(want_report.rejected), listed(report and {} or err.rows), "seed " .. seed)
  end

  for seed = 1, 12 do
    it("are the same bytes and the same report, seed " .. seed, function() compare(seed) end)
  end

  for seed = 13, 200 do
    it("are the same over many seeds, seed " .. seed .. " #proof", function() compare(seed) end)
  end

  it("are the same where a batch is full by its bytes", function()
    local client, server = taking()
    local lines = {}
    for i = 1, 300 do lines[i] = ("a@b.c,%d,%s"):format(i, ("x"):rep(i * 31 % 7000)) end
    local path = file(HEAD .. table.concat(lines, "\n") .. "\n")
    local want_report = assert(client:patch_identities(rows_of(path)))
    local want = bodies(server)
    assert.is_true(#want > 1)
    local report = assert(client:patch_identities { file = path })
    assert.same(told(want_report, true), told(report, true))
    assert.same(want, bodies(server))
    for _, body in ipairs(want) do assert.is_true(#body <= 450000) end
  end)

  it("are refused alike where one row is too long for any request", function()
    local client = taking()
    local path = file(HEAD .. "a@b.c,1,x\na@b.c,2," .. ("y"):rep(460000) .. "\na@b.c,3,z\n")
    local report = assert(client:patch_identities { file = path })
    assert.same(told(assert(client:patch_identities(rows_of(path))), true), told(report, true))
    assert.equal(2, report.accepted)
    assert.matches("takes %d+ bytes, more than a request may have", report.rejected[1].reason)
  end)
end)

-- ---- lines that are bad ----

describe("of a file", function()
  it("a bad row is named with its line, and the others go through", function()
    local client, server = taking()
    local report = assert(client:patch_identities { file = file(HEAD .. "a@b.c,1,x\n"
      .. '"q\nr",two,y\n' .. ",3,z\n" .. "a@b.c,4\n" .. "a@b.c,5,\xFF\n" .. "a@b.c,6,w\n") })
    assert.equal(6, report.rows)
    assert.equal(2, report.accepted)
    assert.same({
      { row = 2, line = 3, field = "integrationId", value = "two",
        reason = "must be an integer, is string", class = "never_sent" },
      { row = 3, line = 5, field = "email", value = "", reason = "is empty", class = "never_sent" },
      { row = 4, line = 6, reason = "the row has 2 fields, the header has 3",
        class = "never_sent" },
      { row = 5, line = 7, class = "never_sent",
        reason = 'column "identity" is not valid UTF-8 (byte 255 at position 1)' },
    }, report.rejected)
    assert.same({ '[{"email":"a@b.c","identity":"x","integrationId":1},'
      .. '{"email":"a@b.c","identity":"w","integrationId":6}]' }, bodies(server))
    assert.matches("row 4 (line 6) not sent: the row has 2 fields", tostring(report), 1, true)
  end)

  it("a column that is no field is named with the nearest, and nothing is sent", function()
    local client, server = taking()
    local path = file "email,integrationId,identity,e_mail\na@b.c,1,x,y\n"
    local report, err = client:patch_identities { file = path }
    assert.is_nil(report)
    assert.equal("decode", err.kind)
    assert.equal(path .. ': the column "e_mail" is not a field of patch_identities '
      .. "(did you mean 'email'?)", err.message)
    assert.matches("take the column out", err.hint, 1, true)
    assert.equal(path, err.file)
    assert.equal(0, #server.requests)
  end)

  it("a missing column, no rows, or nothing at all is an error, and nothing is sent", function()
    local client, server = taking()
    for text, words in pairs {
      ["email,integrationID,identity\na@b.c,1,x\n"] = 'a column is missing: "integrationId" '
        .. '(did you mean "integrationID"?)',
      [HEAD] = "the file has no rows to send",
      [""] = "the text is empty, a header row was expected",
    } do
      local report, err = client:patch_identities { file = file(text) }
      assert.is_nil(report)
      assert.equal("decode", err.kind)
      assert.matches(words, err.message, 1, true)
    end
    local report, err = client:patch_identities { file = folder .. "/none.csv" }
    assert.is_nil(report)
    assert.equal("io", err.kind)
    assert.equal(0, #server.requests)
  end)

  it("what stands before a fault of the text is sent and told, the rest is told", function()
    local client, server = taking()
    local lines = {}
    for i = 1, 25 do lines[i] = "a@b.c," .. i .. ",x" end
    lines[26] = 'a@b.c,26,"x'
    local path = file(HEAD .. table.concat(lines, "\n") .. "\n")
    local report, err = client:patch_identities { file = path, batch_size = 10 }
    assert.is_nil(report)
    assert.equal("decode", err.kind)
    assert.equal(27, err.line)
    assert.equal(2, #server.requests)
    assert.equal(25, err.report.rows)
    local fate = fates(err.report)
    assert.equal("accepted", fate[20])
    assert.equal("rejected", fate[21])
    local want = select(2, client:patch_identities(rows_of(path), { batch_size = 10 }))
    assert.equal(tostring(want.report), tostring(err.report))
    assert.equal(want.message, err.message)
  end)

  it("a value that is not documented is passed on with a warning and its line", function()
    local client, server = taking()
    local report = assert(client:add_cloud_ids { file = file("cloudId,applicationType,email\n"
      .. "one,GITHUB,a@b.c\n" .. "two,GERRIT,a@b.c\n" .. "three,GITLAB_CLOUD,a@b.c\n") })
    assert.equal(3, report.accepted)
    assert.same({ { row = 2, line = 3, message = "applicationType 'GERRIT' is not a documented "
      .. "one; passed on as it is" } }, report.warnings)
    assert.same({ '{"integrationUsers":['
      .. '{"applicationType":"GITHUB","cloudId":"one","email":"a@b.c"},'
      .. '{"applicationType":"GERRIT","cloudId":"two","email":"a@b.c"},'
      .. '{"applicationType":"GITLAB_CLOUD","cloudId":"three","email":"a@b.c"}]}' }, bodies(server))
  end)
end)

describe("the check of a file that goes whole", function()
  it("finds a column that is no field, though its rows have all others", function()
    local client, server = taking()
    local path = file "email,integrationId,identity,note\na@b.c,1,x,y\n"
    local report, err = client:upload_identities { file = path }
    assert.is_nil(report)
    assert.same({ { row = 1, line = 2, field = "note", value = "y",
      reason = "is not a field of upload_identities" } }, err.rows)
    assert.equal(0, #server.requests)
  end)

  it("counts rows and lines however many are passed over at once", function()
    local client, server = taking()
    local lines = {}
    for i = 1, 12000 do lines[i] = ("user%d@corp.example,%d,name-%d"):format(i, i, i) end
    lines[3], lines[9000] = 'a@b.c,3,"two\nlines"', "é@b.c,007,ö"
    for _, i in ipairs { 1, 5000, 11999, 12000 } do
      local good = lines[i]
      lines[i] = "a@b.c,x,y"
      local path = file(HEAD .. table.concat(lines, "\n") .. "\n")
      local report, err = client:upload_identities { file = path }
      assert.is_nil(report)
      local line = i + (i > 3 and 2 or 1)
      assert.same({ { row = i, line = line, field = "integrationId", value = "x",
        reason = "must be an integer, is string" } }, err.rows)
      assert.equal(0, #server.requests)
      lines[i] = good
    end
    local report = assert(client:upload_identities {
      file = file(HEAD .. table.concat(lines, "\n") .. "\n") })
    assert.equal(12000, report.accepted)
  end)
end)

-- ---- rows that are only checked ----

-- The check passes over plain rows in a way of its own; rows that are taken go one by
-- one. It must stop at the same rows and say the same of them.
describe("the check of rows and their taking", function()
  local core = require "sei.core"
  local COLUMNS <const> = { "email", "integrationId", "identity" }

  -- Rows that are no plain ones, good and bad; they stand for a whole line.
  local ODD <const> = { "a@b.c,1", "a@b.c,1,x,y", "a@b.c", "", "  ", ",1,x", "a@b.c,,x", "a@b.c,1,",
    ",,", 'a@b.c,1,"x', 'a@b.c,1,x"', 'a@b.c,1,"x" ', 'a@b.c,1,""', '"",1,x', '"a@b.c","1","x"',
    'a@b.c,1,"x,y"', 'a@b.c,1,",,,"', 'a@b.c,1,"say ""x"""', '"a\nb",1,x', '"a\r\nb",1,x',
    'a@b.c,1,"x\ry"', "a@b.c,1,é", "a@b.c,1,x\xFF", "é,1,x", "a@b.c,1,x\ty", "a@b.c,1,\0",
    'a@b.c,1,"\t"', 'a@b.c,1,"\0"', "a@b.c,1,\127", "a@b.c,1é,x", 'a@b.c,"1,x', 'a@b.c,"1"2,x',
    "\r", "a@b.c,1,x\r\r", "a@b.c\r1,x",
    'a@b.c,1,x"y"', 'a@b.c,1,"x"y"' }

  local function text_of(roll, lines, odd)
    local ends = ({ "\n", "\r\n", "\r" })[roll(3)]
    local text = { table.concat(COLUMNS, ",") }
    for i = 1, lines do
      text[i + 1] = ("%s@b.c,%d,%s"):format(("u"):rep(roll(40)), roll(10 ^ roll(9) // 1 | 0),
        roll(9) == 1 and '"with, ' .. i .. '"' or ("n"):rep(roll(50)) .. i)
    end
    for _ = 1, odd do
      local at = 1 + roll(lines)
      text[at] = roll(2) == 1 and ODD[roll(#ODD)]
        or roll(2) == 1 and text[at] .. ODD[roll(#ODD)]
        or "a@b.c," .. NUMBERS[roll(#NUMBERS)] .. ",x"
    end
    return table.concat(text, ends) .. (roll(2) == 1 and ends or "")
  end

  -- What is heard of the file: all but the first fault that ends the reading in a line.
  local function heard(way, endpoint, path, columns)
    local out, list = core.rows(endpoint, math.maxinteger, 1 << 40, columns), {}
    local from <close> = core.rows_file(path, columns)
    repeat
      local ok, what, row, line, reason, field, value = pcall(way, out, from)
      list[#list + 1] = { ok and what or tostring(what), row, line, reason and tostring(reason),
        field, value }
    until not ok or what == "end"
    return list
  end

  local function compare(seed)
    local roll = dice(seed * 6007 + 11)
    local path = file(text_of(roll, seed % 10 == 0 and 5000 or roll(300), roll(9) - 1))
    assert.same(heard(core.rows_take, "patch_identities", path, COLUMNS),
      heard(core.rows_scan, "upload_identities", path, COLUMNS), "seed " .. seed)
  end

  it("hear the same of a file", function()
    for seed = 1, 300 do compare(seed) end
  end)

  it("hear the same of many files #proof", function()
    for seed = 301, 6000 do compare(seed) end
  end)

  it("hear the same where the bytes that are read at once end in a line's end", function()
    local size = 256 * 1024
    for _, ends in ipairs { "\n", "\r\n", "\r" } do
      local rows = table.concat(COLUMNS, ",") .. ends
        .. ("a@b.c,1,name" .. ends):rep((size - 400) // (12 + #ends))
      for over = -2, 2 do
        local last = "a@b.c,1," .. ("x"):rep(size - #rows - 8 - over) .. ends
        local path = file(rows .. last .. ("a@b.c,1,name" .. ends):rep(30) .. "a@b.c,x,y" .. ends)
        assert.same(heard(core.rows_take, "patch_identities", path, COLUMNS),
          heard(core.rows_scan, "upload_identities", path, COLUMNS), ("%q, %d"):format(ends, over))
      end
    end
  end)

  it("hear the same wherever a row begins, and of each odd one", function()
    for shift = 1, 64 do
      local rows = {}
      for i = 1, 24 do rows[i] = ("user%d@b.c,%d,%s"):format(i, i, ("x"):rep(shift)) end
      for i = 1, #ODD, 7 do
        rows[16] = ODD[(i + shift) % #ODD + 1]
        local path = file(HEAD .. table.concat(rows, "\n"))
        assert.same(heard(core.rows_take, "patch_identities", path, COLUMNS),
          heard(core.rows_scan, "upload_identities", path, COLUMNS),
          ("%q, %d bytes"):format(rows[16], shift))
      end
    end
  end)
end)

-- ---- what the service says ----

describe("a file that the service takes in part", function()
  local e

  setup(function() e = emulator.start { people = 60 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  local function new_client()
    local client = sei.client { base_url = e.url, api_key = "a-key-for-files", pace = false,
      retries = 2, timeout = 20 }
    finally(function() client:close() end)
    return client
  end

  local function lines_of(client, n)
    local people, lines = {}, {}
    for one in client:list_contributors { max_items = 30,
      filter = { include_dangling_logins = false } } do people[#people + 1] = one.email end
    for i = 1, n do lines[i] = ("%s,5322,file-%d"):format(people[i % #people + 1], i) end
    return lines
  end

  it("is taken apart, and the bad rows are named with their lines", function()
    local client = new_client()
    local lines = lines_of(client, 50)
    lines[17], lines[43] = "nobody@nowhere.example,5322,x", "no.one@nowhere.example,5322,y"
    local report = assert(client:patch_identities { batch_size = 20,
      file = file(HEAD .. table.concat(lines, "\n") .. "\n") })
    assert.equal(48, report.accepted)
    assert.same({ { 17, 18, "email", "nobody@nowhere.example" },
      { 43, 44, "email", "no.one@nowhere.example" } }, (function(list)
        for i, one in ipairs(list) do list[i] = { one.row, one.line, one.field, one.value } end
        return list
      end)(report.rejected))
  end)

  it("stops where it shall, and rows that were read ahead are not told of", function()
    local client = new_client()
    local lines = lines_of(client, 50)
    lines[17], lines[25] = "nobody@nowhere.example,5322,x", ",5322,y"
    local path = file(HEAD .. table.concat(lines, "\n") .. "\n")
    local options = { batch_size = 20, on_reject = "stop" }
    local _, want = client:patch_identities(rows_of(path), options)
    local report, err = client:patch_identities { file = path, batch_size = 20,
      on_reject = "stop" }
    assert.is_nil(report)
    assert.equal(21, err.report.rows)
    assert.same(fates(want.report), fates(err.report))
    assert.equal(tostring(want.report), tostring(err.report))
    local _, again = client:patch_identities(array_of(path), options)
    assert.same(fates(want.report), fates(again.report))
  end)

  it("is read back, and what was swallowed is sent once more", function()
    local client = new_client()
    local path = file(HEAD .. table.concat(lines_of(client, 45), "\n") .. "\n")
    e:quirk("fault", "reset-acted@1", "/v2/developers/identities")
    local report = assert(client:patch_identities { file = path, batch_size = 20, verify = true })
    assert.equal(45, report.accepted)
    assert.equal(45, report.verified)
    assert.is_true(report.batches[1].read_back)
    assert.same({}, report.missing)
  end)

  it("tells its batches to who listens", function()
    local seen = {}
    local client <close> = sei.client { base_url = e.url, api_key = "a-key", pace = false,
      on_batch = function(batch) seen[#seen + 1] = { batch.first, batch.last, batch.rows } end }
    local path = file(HEAD .. table.concat(lines_of(client, 25), "\n") .. "\n")
    assert(client:patch_identities { file = path, batch_size = 10 })
    assert.same({ { 1, 10, 10 }, { 11, 20, 10 }, { 21, 25, 5 } }, seen)
  end)
end)

-- ---- the buffer that encoder and request share ----

describe("a batch under way", function()
  local core, wait = require "sei.core", require "sei.wait"

  local function batch(identity)
    local out = core.rows("patch_identities", 1000, 450000)
    core.rows_take(out, { { email = "a@b.c", integrationId = 1, identity = identity } }, 1)
    return out
  end

  local function body_of(identity)
    return '[{"email":"a@b.c","identity":"' .. identity .. '","integrationId":1}]'
  end

  it("is sent whole although its encoder is gone", function()
    local client, server = taking()
    local call <close> = core.call(client, "patch_identities", {}, { rows = batch "gone" })
    collectgarbage()
    collectgarbage()
    assert(wait.result(call))
    assert.same({ body_of "gone" }, bodies(server))
  end)

  it("stays as it is when its encoder goes on", function()
    local client, server = taking()
    local out = batch "first"
    local call <close> = core.call(client, "patch_identities", {}, { rows = out })
    assert.matches("the rows are under way", select(2, pcall(core.rows_add, out,
      { email = "a@b.c", integrationId = 1, identity = "more" })), 1, true)
    core.rows_clear(out)
    core.rows_take(out, { { email = "a@b.c", integrationId = 1, identity = "second" } }, 1)
    assert(wait.result(call))
    local other <close> = core.call(client, "patch_identities", {}, { rows = out })
    assert(wait.result(other))
    assert.same({ body_of "first", body_of "second" }, bodies(server))
  end)
end)

-- ---- misuse ----

describe("the option 'file'", function()
  local function problem_of(f, ...)
    local ok, problem = pcall(f, ...)
    assert.is_false(ok)
    return problem
  end

  it("stands alone, and only where rows fit into columns", function()
    local client = taking()
    assert.matches("bad option 'file' for patch_identities (give either rows or { file = path",
      problem_of(client.patch_identities, client, {}, { file = "x" }), 1, true)
    assert.matches("unknown option 'file' for update_contributors",
      problem_of(client.update_contributors, client, { file = "x" }), 1, true)
    assert.matches("unknown option 'batchsize' for patch_identities (did you mean 'batch_size'?)",
      problem_of(client.patch_identities, client, { file = "x", batchsize = 1 }), 1, true)
    assert.matches("a CSV file is { file = path }",
      problem_of(client.patch_identities, client, { fiel = "x" }), 1, true)
  end)
end)
