-- verify - what was accepted against what the service has: rows it swallowed are
-- named with field and values, and sent once more if that is wanted.
local dice = require "spec.support.dice"
local emulator = require "spec.support.emulator"
local fates = require "spec.support.fates"
local scripted = require "spec.support.scripted"
local sei = require "sei"

local reply = scripted.reply
local INTEGRATION <const> = 5322
local SLOW <const> = tonumber(os.getenv "SEI_SLOW") or 1

local e

local function new_client(options)
  local all = { base_url = e.url, api_key = "a-key-to-verify", pace = false,
    timeout = 30 * SLOW }
  for name, value in pairs(options or {}) do all[name] = value end
  local client = sei.client(all)
  finally(function() client:close() end)
  return client
end

local function people(client, n)
  local list = {}
  for one in client:list_contributors { max_items = n,
    filter = { include_dangling_logins = false } } do list[#list + 1] = one end
  return list
end

local function identities(client, n, prefix)
  local list, rows = people(client, 20), {}
  for i = 1, n do
    rows[i] = { email = list[i % #list + 1].email, integrationId = INTEGRATION,
      identity = (prefix or "v") .. i }
  end
  return rows
end

-- By another client: login → address; id → contributor.
local function logins()
  local text = e:request("GET", "/v2/developers/identities",
    { ["x-api-key"] = "an-oracle", accept = "text/csv" })
  local has = {}
  for email, login in text:gmatch "([^,\r\n]*),%d+,([^,\r\n]*)" do has[login] = email end
  return has
end

local function contributors()
  local has = {}
  local answer = e:api("POST", "/v1/org/users/list", { page_size = 1000,
    filter = { include_dangling_logins = false } })
  for _, c in ipairs(answer.records) do has[c.id] = c end
  return has
end

local function writes()
  local n = 0
  for _, entry in ipairs(e:log()) do
    if entry.method ~= "GET" and not entry.path:find "list" then n = n + 1 end
  end
  return n
end

local function write_file(lines)
  local path = os.tmpname()
  finally(function() os.remove(path) end)
  local file = assert(io.open(path, "wb"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
  return path
end

setup(function() e = emulator.start { people = 60 } end)
teardown(function() e:stop() end)
before_each(function() e:reset() end)

describe("verify", function()
  it("is not done unless it is asked for", function()
    local client = new_client()
    local rows = identities(client, 3)
    e:clear_log()
    local report = assert(client:patch_identities(rows))
    assert.is_nil(report.verified)
    assert.is_nil(report.missing)
    assert.equal(1, #e:log())
    assert.equal(3, assert(client:patch_identities(rows, { verify = true })).verified)
    assert.equal(0, assert(client:patch_identities({}, { verify = true })).verified)
  end)

  it("names the contributors that the service swallowed, by field", function()
    local client = new_client()
    local list = people(client, 20)
    local i = 0
    for k, c in ipairs(list) do
      c.full_name = "New " .. k
      c.additional_fields.region = "moon"
    end
    e:quirk("drop-rows", "25")
    local report = assert(client:update_contributors(function()
      i = i + 1
      return list[i], i + 1
    end, { verify = true }))
    assert.equal(20, report.accepted)
    assert.equal(15, report.verified)
    local has = contributors()
    for k, m in ipairs(report.missing) do
      assert.same({ 4 * k, 4 * k + 1, "full_name", "New " .. 4 * k, has[list[4 * k].id].full_name },
        { m.row, m.line, m.field, m.sent, m.found })
    end
    assert.equal(5, #report.missing)
    assert.matches("^20 of 20 rows accepted in 1 request\n15 of 20 rows found when read back\n"
      .. "row 4 %(line 5%)   missing: full_name sent New 4, found ", tostring(report))
  end)

  it("compares each field of a contributor that was sent, and no other", function()
    local client = new_client()
    local c = people(client, 3)[2]
    local function verified(change)
      local row = { id = c.id, email = c.email, full_name = c.full_name,
        integration_user_ids = c.integration_user_ids, additional_fields = c.additional_fields }
      for name, value in pairs(change) do row[name] = value end
      e:reset()
      e:quirk("drop-rows", "100")
      local report = assert(client:update_contributors({ row }, { verify = true }))
      return report.missing[1] and report.missing[1].field or "none"
    end
    assert.equal("none", verified {})
    assert.equal("none", verified { email = c.email:upper(), version = "9999" })
    assert.equal("email", verified { email = "new@b.c" })
    assert.equal("full_name", verified { full_name = "Other" })
    assert.equal("integration_user_ids", verified { integration_user_ids = sei.json.array {} })
    assert.equal("integration_user_ids", verified {
      integration_user_ids = { { integration_id = "5322", user_id = "other" } } })
    assert.equal("additional_fields", verified { additional_fields = { region = "moon" } })
    assert.equal("id", (function()
      e:reset()
      e:quirk("drop-rows", "100")
      local report = assert(client:update_contributors({ { id = c.id, email = c.email,
        full_name = "X", integration_user_ids = sei.json.array {} },
        { email = "new@b.c", full_name = "New", integration_user_ids = sei.json.array {} } },
        { verify = true }))
      assert.equal("email", report.missing[2].field)
      assert.is_nil(report.missing[2].found)
      return "id"
    end)())
  end)

  it("knows that an account moves to the row that names it last", function()
    local client = new_client()
    local list = people(client, 12)
    local account = { integration_id = "5322", user_id = "moving" }
    local rows = {}
    for k = 1, 12 do
      rows[k] = { id = list[k].id, email = list[k].email, full_name = list[k].full_name,
        integration_user_ids = { account } }
    end
    rows[13] = { id = list[1].id, email = list[1].email, full_name = "Last",
      integration_user_ids = sei.json.array {} }
    local report = assert(client:update_contributors(rows, { verify = true, batch_size = 5 }))
    assert.equal(13, report.verified)
    assert.same({}, report.missing)
  end)

  it("names identities that were swallowed, whoever has them", function()
    local client = new_client()
    local rows = identities(client, 20)
    assert(client:patch_identities { { email = people(client, 30)[30].email,
      integrationId = INTEGRATION, identity = "v5" } })
    e:quirk("drop-rows", "20:all")
    local report = assert(client:patch_identities(rows, { verify = true, batch_size = 7 }))
    assert.equal(16, report.verified)
    local has = logins()
    for _, m in ipairs(report.missing) do
      assert.is_not.equal(rows[m.row].email, has[rows[m.row].identity])
      assert.equal(m.found, has[rows[m.row].identity])
    end
    assert.equal(5, report.missing[1].row)
    assert.equal("email", report.missing[1].field)
    assert.equal("identity", report.missing[2].field)
  end)

  it("reads uploads back, from rows and from files", function()
    local client = new_client()
    local rows = identities(client, 20)
    rows[3].identity = 'quoted "one", two'
    e:quirk("drop-rows", "10:all")
    local report = assert(client:upload_identities { rows = rows, verify = true })
    assert.equal(18, report.verified)
    assert.same({ 10, 20 }, { report.missing[1].row, report.missing[2].row })
    local lines = { "identity,email,integrationId" }
    for i, row in ipairs(rows) do lines[i + 1] = ("w%d,%s,%d"):format(i, row.email, INTEGRATION) end
    local path = write_file(lines)
    report = assert(client:upload_identities { file = path, verify = true })
    assert.equal(18, report.verified)
    assert.same({ 10, 11 }, { report.missing[1].row, report.missing[1].line })
    report = assert(client:upload_identities { file = path, repair = true })
    assert.equal(20, report.verified)
  end)

  it("takes what is not seen among licensed accounts as no proof", function()
    local client = new_client()
    local list = people(client, 4)
    local rows = { { email = list[1].email, applicationType = "GITHUB", cloudId = "v1" },
      { email = list[2].email, applicationType = "BITBUCKET_SERVER", cloudId = "v2" } }
    assert.equal(2, assert(client:add_cloud_ids(rows, { verify = true })).verified)
    e:quirk("hide-type", "github")
    local report = assert(client:add_cloud_ids(rows, { verify = true }))
    assert.equal(1, report.verified)
    assert.same({}, report.missing)
    assert.same({ { row = 1,
      message = "1 rows were not seen when read back, which proves nothing here" } },
      report.warnings)
    assert.equal(2, assert(client:upload_cloud_ids { rows = { rows[2], rows[2] },
      verify = true }).verified)
  end)

  it("reads developers back that were changed and deleted", function()
    local client = new_client()
    local header = { "name", "email", "boss", "region" }
    local preview = assert(client:upload_developers { header = header, rows = {
      { "Ada", "ada@b.c", "", "x" }, { "Bob", "bob@b.c", "ada@b.c", "y" },
      { "Cy", "cy@b.c", "ada@b.c", "z" } } })
    assert(client:map_developer_fields(preview.batches[1].reply.versionId, { fieldMappings = {
      { fieldType = "NAME", columnName = "name" },
      { fieldType = "EMAIL", columnName = "email" },
      { fieldType = "MANAGER_EMAIL", columnName = "boss" } } }))
    local rows = { { email = "Ada@b.c", region = "new" },
      { email = "bob@b.c", name = "Robert" } }
    local report = assert(client:patch_developers(rows, { verify = true }))
    assert.equal(2, report.verified)
    assert.equal(1, assert(client:delete_developers({ "cy@b.c" }, { verify = true })).verified)
  end)

  it("names developers of whom nothing was kept", function()
    local server <close> = scripted.start(function(request)
      if request.method ~= "GET" then return reply(200, '{"status":"SUCCESS"}') end
      return reply(200, '{"records":[{"email":"a@b.c","name":"Old"},{"email":"d@e.f","name":"D"}],'
        .. '"_metadata":{"total_count":2}}')
    end)
    local client <close> = server:client { pace = false }
    local report = assert(client:patch_developers({ { email = "a@b.c", name = "New" },
      { email = "d@e.f", name = "D" }, { email = "x@y.z", name = "X" },
      { email = "d@e.f", team = "unheard of" } }, { verify = true }))
    assert.equal(0, report.verified)
    assert.same({ { row = 1, field = "name", sent = "New", found = "Old" },
      { row = 3, field = "email", sent = "x@y.z" } }, report.missing)
    assert.matches("2 rows were not seen", report.warnings[1].message, 1, true)
    report = assert(client:delete_developers({ "a@b.c", "gone@b.c" }, { verify = true }))
    assert.equal(1, report.verified)
    assert.equal(1, report.missing[1].row)
  end)

  it("that cannot be done says so, and keeps the report", function()
    local client = new_client { retries = 0 }
    local rows = identities(client, 5)
    e:quirk("fault", "status-503@2:always")
    local report, err = client:patch_identities(rows, { verify = true })
    assert.is_nil(report)
    assert.matches("^what was accepted could not be read back: ", err.message)
    assert.equal(5, err.report.accepted)
    assert.is_nil(err.report.verified)
  end)

  it("is refused where there is nothing to compare with", function()
    local client = new_client()
    local header = { "name" }
    for option, value in pairs { verify = true, repair = true, on_reject = "bisect" } do
      local ok, problem = pcall(client.upload_developers, client,
        { rows = {}, header = header, [option] = value })
      assert.is_false(ok)
      assert.matches("bad option '" .. option .. "' for upload_developers", problem, 1, true)
    end
    local ok, problem = pcall(client.upload_identities, client,
      { file = "x.csv", on_reject = "bisect" })
    assert.is_false(ok)
    assert.matches("give rows = sei.csv.read", problem, 1, true)
    ok, problem = pcall(client.patch_identities, client, {}, { on_reject = "ask" })
    assert.is_false(ok)
    assert.matches("bisect|stop", problem, 1, true)
  end)
end)

describe("repair", function()
  it("sends what is missing once more, and looks again", function()
    local client = new_client()
    local rows = identities(client, 40)
    e:quirk("drop-rows", "10:all")
    e:clear_log()
    local report = assert(client:patch_identities(rows, { repair = true, batch_size = 15 }))
    assert.equal(40, report.verified)
    assert.equal(40, report.accepted)
    assert.same({}, report.missing)
    assert.equal(4, writes())
    local has = logins()
    for _, row in ipairs(rows) do assert.equal(row.email, has[row.identity]) end
  end)

  it("does it once, and names what is still missing", function()
    local client = new_client()
    local list = people(client, 20)
    for k, c in ipairs(list) do c.full_name = "New " .. k end
    e:quirk("drop-rows", "100")
    e:clear_log()
    local report = assert(client:update_contributors(list, { repair = true }))
    assert.equal(0, report.verified)
    assert.equal(20, #report.missing)
    assert.equal(2, writes())
    assert.matches("\nand 10 more rows that were accepted and are not there$", tostring(report))
  end)
end)

describe("an upload of more than is held in memory", function()
  -- 9 MiB in few rows.
  local function many(client)
    local list, i = people(client, 20), 0
    return function()
      i = i + 1
      if i > 9300 then return nil end
      return { email = list[i % #list + 1].email, integrationId = INTEGRATION,
        identity = ("%d-%s"):format(i, ("x"):rep(1000)) }
    end
  end

  it("is streamed, and can be read back where that was asked for", function()
    local client = new_client()
    local rows = many(client)
    e:quirk("fault", "reset-acted")
    local report = assert(client:upload_identities { rows = rows, verify = true })
    assert.equal(9300, report.accepted)
    assert.equal(9300, report.verified)
    assert.is_true(report.batches[1].read_back)
  end)

  it("is unknown as a whole where it was not", function()
    local client = new_client()
    local rows = many(client)
    e:quirk("fault", "reset-acted")
    local report, err = client:upload_identities { rows = rows }
    assert.is_nil(report)
    assert.equal("unknown", err.class)
    assert.same({ 1, 9300 }, { err.report.unknown[1].row, err.report.unknown[1].last })
    assert.matches("too many to be held", err.report.unknown[1].reason, 1, true)
  end)
end)

-- ---- the property, for contributors ----

local FAULTS = { "reset-before", "reset-acted", "reset-within", "truncated", "bad-gzip",
  "garbage", "status-500", "status-429", "status-503" }

local function make_rows(roll, list, seed)
  local rows = {}
  for i = 1, 3 + roll(15) do
    local c = list[roll(#list)]
    local row = { id = c.id, full_name = ("S%d-%d"):format(seed, i),
      integration_user_ids = sei.json.array {}, additional_fields = { region = "r" .. i } }
    if roll(2) == 1 then
      row.integration_user_ids[1] = { integration_id = "5322", user_id = "s" .. roll(6) }
    end
    local kind = roll(12)
    if kind == 1 then row.id = "9" .. i .. "000" end
    if kind == 2 then row.id, row.email = nil, c.email end
    if kind == 3 then row.integration_user_ids = nil end
    rows[i] = row
  end
  return rows
end

-- The last accepted row for a person is what the service has, unless it was
-- told as missing or a later one is unknown.
local function check(rows, report, before)
  local fate, want, loose = fates(report), {}, {}
  local ids = {}
  for id, c in pairs(before) do ids[c.email] = id end
  for i = 1, report.rows do
    local id = rows[i].id or ids[rows[i].email]
    if fate[i] == "accepted" then want[id], loose[id] = rows[i].full_name, nil end
    if fate[i] == "unknown" then loose[id] = true end
  end
  for _, m in ipairs(report.missing or {}) do
    loose[rows[m.row].id or ids[rows[m.row].email]] = true
  end
  for id, c in pairs(contributors()) do
    if not loose[id] then
      assert.equal(want[id] or before[id].full_name, c.full_name, "contributor " .. id)
    end
  end
  if report.verified then
    assert.equal(report.accepted, report.verified + #report.missing)
  end
end

-- Who has the accounts s1 to s6 when the accepted rows come in their order. An account that a row
-- took and a later row for the same person gave up again is left out where rows are swallowed:
-- the earlier row shares the later one's fate, and who had the account before may still have it.
local function owners(rows, report, before, swallowed)
  local fate, owner, ids, loose, taken = fates(report), {}, {}, {}, {}
  local function own(id, list)
    for account, other in pairs(owner) do
      if other == id then
        owner[account] = nil
        loose[account] = loose[account] or swallowed and taken[account] == id
      end
    end
    for _, one in ipairs(list) do
      if one.user_id:find "^s%d$" then owner[one.user_id] = id end
    end
  end
  for id, c in pairs(before) do
    ids[c.email] = id
    own(id, c.integration_user_ids)
  end
  for i = 1, report.rows do
    if fate[i] == "accepted" then
      local id = rows[i].id or ids[rows[i].email]
      own(id, rows[i].integration_user_ids)
      for _, one in ipairs(rows[i].integration_user_ids) do taken[one.user_id] = id end
    end
  end
  return owner, loose
end

local function check_accounts(rows, report, before, swallowed)
  if #report.unknown > 0 or #(report.missing or {}) > 0 then return end
  local owner, loose = owners(rows, report, before, swallowed)
  local found = {}
  for id, c in pairs(contributors()) do
    for _, one in ipairs(c.integration_user_ids) do
      if one.user_id:find "^s%d$" then found[one.user_id] = id end
    end
  end
  for account in pairs(loose) do owner[account], found[account] = nil, nil end
  assert.same(owner, found)
end

-- One call under a fault; whether it went through.
local function one_seed(client, list, seed)
  local roll = dice(seed * 104729 + 7)
  local rows, before = make_rows(roll, list, seed), contributors()
  local fault = ("%s@%d:%d"):format(FAULTS[roll(#FAULTS)], roll(4), roll(2))
  if roll(4) > 1 then e:quirk("fault", fault) end
  local drops = roll(3) == 1 and tostring(roll(60))
  if drops then e:quirk("drop-rows", drops) end
  local verifies = drops or roll(2) == 1
  local report, err = client:update_contributors(rows, { batch_size = 2 + roll(9),
    verify = verifies and true or nil, repair = roll(3) == 1 or nil })
  e:clear()
  local result = report or err.report
  local ok, problem = pcall(function()
    check(rows, result, before)
    check_accounts(rows, result, before, drops)
  end)
  -- What was swallowed is only known once it was read back.
  local blind = drops and not result.verified
  assert(ok or blind, ("seed %d (%s, %s): %s\n%s"):format(seed, fault, tostring(drops),
    tostring(report or err), tostring(problem)))
  if err then
    assert.equal(#result.unknown > 0, err.class == "unknown", tostring(err))
  end
  return report ~= nil
end

local function prove(seeds)
  local client = new_client { retries = 2, timeout = 20 }
  local list, clean = people(client, 12), 0
  for seed = 1, seeds do
    if one_seed(client, list, seed) then clean = clean + 1 end
  end
  assert.is_true(clean >= seeds // 2, clean .. " calls went through")
end

describe("no contributor is lost, told twice, or told wrongly", function()
  it("over some seeds", function() prove(20) end)
  it("over 500 seeds #proof", function() prove(500) end)
end)
