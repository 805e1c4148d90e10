-- batch - what becomes of rows when the service rejects, breaks or swallows: bad
-- rows are found, what is unknown is read back, and every row is told once. Over
-- many seeds: batch_seeds_spec.
local emulator = require "spec.support.emulator"
local fates = require "spec.support.fates"
local scripted = require "spec.support.scripted"
local sei = require "sei"

local reply = scripted.reply
local INTEGRATION <const> = 5322

local e

local function new_client(options)
  local all = { base_url = e.url, api_key = "a-key-for-batches", pace = false, timeout = 30 }
  for name, value in pairs(options or {}) do all[name] = value end
  local client = sei.client(all)
  finally(function() client:close() end)
  return client
end

-- Requests that change something.
local function writes()
  local n = 0
  for _, entry in ipairs(e:log()) do
    if entry.method ~= "GET" and not entry.path:find "list" then n = n + 1 end
  end
  return n
end

local function people(client, n)
  local list = {}
  for one in client:list_contributors { max_items = n,
    filter = { include_dangling_logins = false } } do list[#list + 1] = one end
  return list
end

setup(function() e = emulator.start { people = 60 } end)
teardown(function() e:stop() end)
before_each(function() e:reset() end)

-- ---- rejected rows ----

describe("a rejected batch", function()
  local function identity(client, i, more)
    local list = people(client, 20)
    local row = { email = list[i % #list + 1].email, integrationId = INTEGRATION,
      identity = "batch-" .. i }
    for name, value in pairs(more or {}) do row[name] = value end
    return row
  end

  local function identities(client, n)
    local list, rows = people(client, 20), {}
    for i = 1, n do
      rows[i] = { email = list[i % #list + 1].email, integrationId = INTEGRATION,
        identity = "batch-" .. i }
    end
    return rows
  end

  it("gives up the row that the service names, and sends the others", function()
    local client = new_client()
    local rows = identities(client, 50)
    rows[17].email = "nobody@nowhere.example"
    e:clear_log()
    local report = assert(client:patch_identities(rows))
    assert.equal(49, report.accepted)
    assert.same({ { row = 17, field = "email", value = "nobody@nowhere.example",
      reason = "Developer with email nobody@nowhere.example not found.", class = "rejected" } },
      report.rejected)
    assert.equal(2, writes())
    assert.equal("49 of 50 rows accepted in 1 request\n"
      .. "row 17 rejected: Developer with email nobody@nowhere.example not found.",
      tostring(report))
  end)

  it("finds all rows of one fault at once, and names their lines", function()
    local client = new_client()
    local rows, i = identities(client, 30), 0
    for k = 3, 30, 3 do rows[k].integrationId = 77 end
    e:clear_log()
    local report = assert(client:patch_identities(function()
      i = i + 1
      return rows[i], i + 1
    end))
    assert.equal(20, report.accepted)
    assert.equal(10, #report.rejected)
    for k, entry in ipairs(report.rejected) do
      assert.same({ 3 * k, 3 * k + 1, "integrationId", 77 },
        { entry.row, entry.line, entry.field, entry.value })
    end
    assert.equal(2, writes())
  end)

  it("of contributors costs few versions of the directory", function()
    local client = new_client()
    local list = people(client, 40)
    for _, c in ipairs(list) do c.full_name = "New " .. c.full_name end
    list[9].id, list[9].email, list[31].id, list[31].email = "90001", nil, "90002", nil
    e:clear_log()
    local report = assert(client:update_contributors(list))
    assert.equal(38, report.accepted)
    assert.same({ 9, "id", "Contributor with ID 90001 not found." },
      { report.rejected[1].row, report.rejected[1].field, report.rejected[1].reason })
    assert.equal(31, report.rejected[2].row)
    assert.equal(3, writes())
    local versions = 0
    for _ in client:list_versions() do versions = versions + 1 end
    assert.equal(2, versions) -- the first one, and one more
  end)

  it("whose rows are not named is halved", function()
    local bad = { ["batch-5"] = true, ["batch-6"] = true, ["batch-60"] = true }
    local requests, largest = 0, 0
    local server <close> = scripted.start(function(request)
      requests = requests + 1
      local n = 0
      for login in request.body:gmatch '"identity":"([^"]*)"' do
        n = n + 1
        if bad[login] then return reply(422, '{"status":"error","message":"invalid rows"}') end
      end
      largest = math.max(largest, n)
      return reply(200, '{"status":"success"}')
    end)
    local client <close> = server:client { pace = false }
    local rows = {}
    for i = 1, 64 do
      rows[i] = { email = "a@b.c", integrationId = 1, identity = "batch-" .. i }
    end
    local report = assert(client:patch_identities(rows))
    assert.equal(61, report.accepted)
    for k, row in ipairs { 5, 6, 60 } do assert.equal(row, report.rejected[k].row) end
    assert.is_true(requests <= 24 and largest >= 16, requests)
  end)

  it("for the same words again and again is not a matter of rows", function()
    local server <close> = scripted.start(function()
      return reply(422, '{"status":"error","message":"not today"}')
    end)
    local client <close> = server:client { pace = false }
    local rows = {}
    for i = 1, 1500 do
      rows[i] = { email = "a@b.c", integrationId = 1, identity = "batch-" .. i }
    end
    local report, err = client:patch_identities(rows)
    assert.is_nil(report)
    assert.equal("rejected", err.class)
    assert.matches("not a matter of single rows", err.hint, 1, true)
    assert.is_true(#server.requests <= 21, #server.requests)
    for _, fate in ipairs(fates(err.report)) do assert.equal("rejected", fate) end
    assert.same({ first = 1, last = 1000 }, err.rows)
  end)

  it("with a row number that counts from 0 is still taken apart", function()
    local client
    local server <close> = scripted.start(function(request)
      local at = 0
      for login in request.body:gmatch '"identity":"([^"]*)"' do
        if login == "batch-8" then
          return reply(422, ('{"status":"error","message":"Row %d: not good"}'):format(at))
        end
        at = at + 1
      end
      return reply(200, '{"status":"success"}')
    end)
    client = server:client { pace = false }
    finally(function() client:close() end)
    local rows = {}
    for i = 1, 32 do rows[i] = { email = "a@b.c", integrationId = 1, identity = "batch-" .. i } end
    local report = assert(client:patch_identities(rows))
    assert.equal(31, report.accepted)
    assert.same({ 8, "not good" }, { report.rejected[1].row, report.rejected[1].reason })
    assert.is_true(#server.requests <= 14, #server.requests)
  end)

  it("ends the call where that is wanted, and what it did is looked up", function()
    local client = new_client()
    local rows = identities(client, 30)
    rows[12].email = "nobody@nowhere.example"
    e:clear_log()
    local report, err = client:patch_identities(rows, { on_reject = "stop", batch_size = 10 })
    assert.is_nil(report)
    assert.equal("rejected", err.class)
    assert.same({ first = 11, last = 20 }, err.rows)
    assert.equal(10, err.report.accepted)
    assert.equal(2, writes())
    local entry = err.report.rejected[1]
    assert.same({ 11, 20, "rejected" }, { entry.row, entry.last, entry.class })
    assert.equal("never_sent", err.report.rejected[2].class)
    assert.matches("\nrows 11%-20 rejected: ", tostring(err.report))
    fates(err.report)
  end)

  it("of developers ends the call, unless bisecting is asked for", function()
    local client = new_client()
    local report, err = client:patch_developers { { email = "a@b.c" }, { email = "d@e.f" } }
    assert.is_nil(report)
    assert.equal(412, err.status)
    assert.equal("rejected", err.class)
    local before = people(client, 5)
    e:clear_log()
    local gone = { before[4].email, "nobody@nowhere.example" }
    report, err = client:delete_developers(gone)
    assert.is_nil(report)
    assert.equal(404, err.status)
    assert.equal(1, writes())
    report, err = client:delete_developers(gone, { on_reject = "bisect" })
    assert.is_nil(report, "no row went through: the call has failed")
    report = err.report
    assert.equal(2, report.rows)
    assert.equal("nobody@nowhere.example", report.rejected[#report.rejected].value
      or gone[report.rejected[#report.rejected].row])
  end)

  it("for the address, not for a row, is not taken apart", function()
    local server <close> = scripted.start(function()
      return reply(404, '{"status":404,"error":"Not Found","path":"/x"}')
    end)
    local client <close> = server:client { pace = false }
    local report, err = client:update_contributors {
      { id = "1", integration_user_ids = sei.json.array {} },
      { id = "2", integration_user_ids = sei.json.array {} } }
    assert.is_nil(report)
    assert.equal("rejected", err.class)
    assert.equal(1, #server.requests)
    assert.same({ row = 1, last = 2, class = "rejected", reason = "Not Found" },
      err.report.rejected[1])
  end)

  -- A service that keeps what it is given: login → address. judge(rows) may
  -- answer before it does, and says how many of them it does.
  local function keeping(judge)
    local kept = {}
    local server = scripted.start(function(request)
      if request.method == "GET" then
        local lines = { "email,integrationId,identity" }
        for login, email in pairs(kept) do lines[#lines + 1] = email .. ",1," .. login end
        return reply(200, table.concat(lines, "\n") .. "\n", { "Content-Type: text/csv" })
      end
      local rows = {}
      for email, login in request.body:gmatch '"email":"([^"]*)","identity":"([^"]*)"' do
        rows[#rows + 1] = { email, login }
      end
      local done, status, text = judge(rows)
      for i = 1, done or #rows do kept[rows[i][2]] = rows[i][1] end
      return reply(status or 200, ('{"status":"%s","message":"%s"}')
        :format(status and "error" or "success", text or "done"))
    end)
    local client = server:client { pace = false }
    finally(function()
      client:close()
      server:stop()
    end)
    return client, server, kept
  end

  local function row(email, login) return { email = email, integrationId = 1, identity = login } end

  it("keeps the order of rows for the same thing, though others are named wrongly", function()
    local client, _, kept = keeping(function(rows)
      for i, one in ipairs(rows) do
        if one[2] == "bad" then return 0, 422, ("Row %d: no"):format(i - 1) end
      end
    end)
    local report = assert(client:patch_identities { row("a@b.c", "x"), row("d@e.f", "x"),
      row("a@b.c", "bad"), row("a@b.c", "y") })
    assert.equal(3, report.accepted)
    assert.equal(3, report.rejected[1].row)
    assert.equal("d@e.f", kept.x)
  end)

  it("that was done in part, before the search for bad rows broke off, is looked up", function()
    local requests = 0
    local client, server, kept = keeping(function()
      requests = requests + 1
      if requests == 1 then return 3, 400, "some rows are bad" end
      return 0, 401, "go away"
    end)
    local rows = {}
    for i = 1, 8 do rows[i] = row("a@b.c", "x" .. i) end
    local report, err = client:patch_identities(rows)
    assert.is_nil(report)
    assert.equal(401, err.status)
    assert.equal(3, #server.requests)
    assert.equal(3, err.report.accepted)
    for i, fate in ipairs(fates(err.report)) do
      assert.equal(kept["x" .. i] and "accepted" or "rejected", fate)
    end
  end)

  it("of rows for the same thing keeps their order", function()
    local client = new_client()
    local a, b = people(client, 2)[1].email, people(client, 2)[2].email
    local rows = { identity(client, 1, { email = a }), identity(client, 2),
      identity(client, 3, { email = "nobody@nowhere.example" }),
      identity(client, 1, { email = b }) }
    local report = assert(client:patch_identities(rows))
    assert.equal(3, report.accepted)
    for one in client:download_identities() do
      if one.identity == "batch-1" then assert.equal(b, one.email) end
    end
  end)
end)

-- ---- unknown outcomes ----

describe("a write without an answer", function()
  local function rows_of(client, n)
    local list, rows = people(client, 20), {}
    for i = 1, n do
      rows[i] = { email = list[i % #list + 1].email, integrationId = INTEGRATION,
        identity = "lost-" .. i }
    end
    return rows
  end

  it("that was done is found and not sent again", function()
    local client = new_client()
    local rows = rows_of(client, 20)
    for _, fault in ipairs { "reset-acted", "reset-within", "truncated", "bad-gzip" } do
      e:reset()
      e:quirk("fault", fault)
      local report = assert(client:patch_identities(rows), fault)
      assert.equal(20, report.accepted)
      assert.is_true(report.batches[1].read_back)
      assert.equal(1, writes())
    end
  end)

  it("that was not done is sent again", function()
    local client = new_client()
    local rows = rows_of(client, 20)
    for _, fault in ipairs { "reset-before", "status-500", "status-502:2" } do
      e:reset()
      e:quirk("fault", fault, "/v2/developers/identities")
      local report = assert(client:patch_identities(rows), fault)
      assert.equal(20, report.accepted)
      assert.is_nil(report.batches[1].read_back)
    end
  end)

  it("is found among contributors, licensed accounts and developers", function()
    local client = new_client()
    local list = people(client, 10)
    for _, c in ipairs(list) do c.full_name = "New " .. c.full_name end
    e:quirk("fault", "reset-acted", "/v1/org/users")
    assert.is_true(assert(client:update_contributors(list)).batches[1].read_back)
    e:clear()
    e:quirk("fault", "reset-acted")
    local cloud = { { email = list[1].email, applicationType = "GITHUB", cloudId = "lost-1" },
      { email = list[2].email, applicationType = "GITLAB_CLOUD", cloudId = "lost-2" } }
    assert.is_true(assert(client:add_cloud_ids(cloud)).batches[1].read_back)
    e:clear()
    local last = people(client, 60)[50].email
    e:quirk("fault", "reset-acted")
    local report = assert(client:delete_developers { last })
    assert.is_true(report.batches[1].read_back)
  end)

  it("stays unknown where what is not seen proves nothing", function()
    local client = new_client()
    local email = people(client, 1)[1].email
    e:quirk("hide-type", "github")
    e:quirk("fault", "reset-acted")
    e:clear_log()
    local report, err = client:add_cloud_ids {
      { email = email, applicationType = "GITHUB", cloudId = "lost-1" },
      { email = email, applicationType = "GITLAB_CLOUD", cloudId = "lost-2" } }
    assert.is_nil(report)
    assert.equal("unknown", err.class)
    assert.equal(1, err.report.accepted)
    assert.same({ 1 }, { err.report.unknown[1].row })
    assert.matches("proves nothing", err.report.unknown[1].reason, 1, true)
    assert.equal(1, writes())
    assert.matches("\nrow 1 unknown: ", tostring(err.report))
  end)

  it("stays unknown when reading back fails, too", function()
    local client = new_client { retries = 1 }
    local rows = rows_of(client, 20)
    e:quirk("fault", "reset-acted:always")
    local report, err = client:patch_identities(rows, { batch_size = 10 })
    assert.is_nil(report)
    assert.equal("unknown", err.class)
    assert.same({ 1, 10 }, { err.report.unknown[1].row, err.report.unknown[1].last })
    assert.matches("reading back failed: ", err.report.unknown[1].reason, 1, true)
    fates(err.report)
  end)

  it("is sent again only so often, and then told as not there", function()
    local client = new_client { retries = 2 }
    local rows = rows_of(client, 5)
    -- Every second request, the download, goes through.
    for n = 1, 9, 2 do e:quirk("fault", "status-500@" .. n) end
    e:clear_log()
    local report, err = client:patch_identities(rows)
    assert.is_nil(report)
    assert.equal("rejected", err.class)
    assert.equal(3, writes())
    assert.equal(3, #err.attempts)
    assert.same({ 1, 5 }, { err.report.rejected[1].row, err.report.rejected[1].last })
    assert.matches("not there when read back", err.report.rejected[1].reason, 1, true)
  end)

  it("does not outlive the deadline of the call #alone", function()
    local client = new_client { retries = 10 }
    local rows = rows_of(client, 5)
    e:latency(200)
    e:quirk("fault", "status-500:always", "/v2/developers/identities")
    local socket = require "socket"
    local before = socket.gettime()
    local report, err = client:patch_identities(rows, { timeout = 1 })
    assert.is_nil(report)
    assert.equal("unknown", err.class)
    assert.is_true(socket.gettime() - before < 1.1 * (tonumber(os.getenv "SEI_SLOW") or 1) + 0.2)
    fates(err.report)
    e:latency(0)
  end)

  it("of an upload is found, and sent again as rows", function()
    local client = new_client()
    local rows = rows_of(client, 20)
    for _, fault in ipairs { "reset-acted", "status-500", "status-429", "reset-before" } do
      e:reset()
      e:quirk("fault", fault, "/v2/developers/identities")
      assert.equal(20, assert(client:upload_identities { rows = rows }, fault).accepted)
    end
    local path = os.tmpname()
    finally(function() os.remove(path) end)
    local file = assert(io.open(path, "wb"))
    file:write "email,integrationId,identity\n"
    for _, row in ipairs(rows) do
      file:write(row.email, ",", row.integrationId, ",", row.identity, "-f\n")
    end
    file:close()
    for _, fault in ipairs { "reset-acted", "status-500" } do
      e:quirk("fault", fault, "/v2/developers/identities")
      assert.equal(20, assert(client:upload_identities { file = path }, fault).accepted)
    end
    local n = 0
    for one in client:download_identities() do
      if one.identity:find "^lost%-%d+%-f$" then n = n + 1 end
    end
    assert.equal(20, n)
  end)

  it("of an upload of developers stays unknown: it is a preview", function()
    local client = new_client()
    e:quirk("fault", "reset-acted")
    local report, err = client:upload_developers { header = { "name", "email" },
      rows = { { "Ada", "ada@b.c" } } }
    assert.is_nil(report)
    assert.equal("unknown", err.class)
    assert.matches("cannot be read back", err.report.unknown[1].reason, 1, true)
  end)

  it("because the client was closed leaves no row untold", function()
    local server <close> = scripted.start(function() return nil end)
    local client <close> = server:client { wait = function(c)
      server:wait(c)
      if #server.requests == 1 then c:close() end
    end }
    local list = {}
    for i = 1, 30 do
      list[i] = { email = "a@b.c", integrationId = INTEGRATION, identity = "x" .. i }
    end
    local report, err = client:patch_identities(list, { batch_size = 10 })
    assert.is_nil(report)
    assert.equal("closed", err.kind)
    local fate = fates(err.report)
    assert.equal(11, err.report.rows)
    assert.equal("unknown", fate[1])
    assert.equal("rejected", fate[11])
  end)
end)
