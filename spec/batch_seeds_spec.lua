-- batch, over seeds - rows that are partly for the same thing and partly bad, while
-- some requests break: no row is lost, applied twice with different values, told
-- twice or told wrongly. The emulator's own state is the judge. `make proof` runs
-- 500 seeds of each kind of write, the tests a slice of them.
local dice = require "spec.support.dice"
local emulator = require "spec.support.emulator"
local fates = require "spec.support.fates"
local sei = require "sei"

local INTEGRATION <const> = 5322

local e

local function new_client()
  local client = sei.client { base_url = e.url, api_key = "a-key-for-batches", pace = false,
    retries = 2, timeout = 20 }
  finally(function() client:close() end)
  return client
end

local function people(client, n)
  local list = {}
  for one in client:list_contributors { max_items = n,
    filter = { include_dangling_logins = false } } do list[#list + 1] = one end
  return list
end

local FAULTS = { "reset-before", "reset-acted", "reset-within", "reset-after", "truncated",
  "bad-gzip", "wrong-length", "bad-utf8", "deep-json", "garbage", "status-400", "status-404",
  "status-409", "status-429", "status-500", "status-503", "status-401" }

-- Breaks some requests: which ones, how often, reads or not, depends on the dice.
local function break_some(roll, path)
  local words = {}
  for _ = 1, roll(3) - 1 do
    local text = ("%s@%d:%d"):format(FAULTS[roll(#FAULTS)], roll(5), roll(2))
    words[#words + 1] = text
    e:quirk("fault", text, roll(3) == 1 and path or nil)
  end
  local other = roll(8)
  if other == 1 then e:quirk("plain-ok", nil) words[#words + 1] = "plain-ok" end
  if other == 2 then e:quirk("write-lock", "held:2") words[#words + 1] = "write-lock" end
  return table.concat(words, " ")
end

-- The rows: some for the same thing, some that the service or we refuse.
local function make_rows(roll, list, seed)
  local rows = {}
  for i = 1, 5 + roll(25) do
    local row = { email = list[roll(#list)].email, integrationId = INTEGRATION,
      identity = ("p%d-%d"):format(seed, i) }
    local kind = roll(14)
    if kind == 1 and i > 1 then row.identity = rows[roll(i - 1)].identity or row.identity end
    if kind == 2 then row.email = ("nobody%d@nowhere.example"):format(i) end
    if kind == 3 then row.integrationId = 77 end
    if kind == 4 then row.identity = nil end
    rows[i] = row
  end
  return rows
end

-- What the service has: login → address.
local function truth()
  local text = assert(e:request("GET", "/v2/developers/identities",
    { ["x-api-key"] = "an-oracle", accept = "text/csv" }))
  local has = {}
  for email, integration, login in text:gmatch "([^,\r\n]*),(%d+),([^,\r\n]*)" do
    if integration == tostring(INTEGRATION) then has[login] = email end
  end
  return has
end

-- Every value that was sent for a row is the row's own.
local function check_sent(rows)
  local mine = {}
  for _, row in ipairs(rows) do
    if row.identity then mine[row.identity .. "\0" .. row.email] = true end
  end
  for _, entry in ipairs(e:log()) do
    if entry.method == "PATCH" then
      for email, login in entry.body:gmatch '"email":"([^"]*)","identity":"([^"]*)"' do
        assert.is_true(mine[login .. "\0" .. email], login .. " was sent as " .. email)
      end
    end
  end
end

-- Against the truth: of the rows for one login, in order, the last that was
-- accepted is there, unless a later one is unknown.
local function check_truth(rows, report, fate)
  local has, last, loose = truth(), {}, {}
  for i = 1, report.rows do
    local login = rows[i].identity
    if login and fate[i] == "accepted" then last[login], loose[login] = rows[i].email, nil end
    if login and fate[i] == "unknown" then loose[login] = true end
  end
  for i = 1, report.rows do
    local login = rows[i].identity
    if login and not loose[login] then
      assert.equal(last[login], has[login], ("row %d, %s"):format(i, login))
    end
  end
end

local function is_good(row)
  return row.identity and row.integrationId == INTEGRATION and not row.email:find "^nobody"
end

local function check_class(err)
  if not err.class then return end
  assert.equal(#err.report.unknown > 0, err.class == "unknown", tostring(err))
end

local function one_seed(client, list, seed, upload)
  local roll = dice(seed * 7919 + 17)
  local rows = make_rows(roll, list, seed)
  e:clear_log()
  local broken = break_some(roll, "/v2/developers/identities")
  local options = { batch_size = 2 + roll(12), on_reject = roll(5) == 1 and "stop" or nil }
  local report, err
  if upload then
    report, err = client:upload_identities { rows = rows, on_reject = options.on_reject }
  else
    report, err = client:patch_identities(rows, options)
  end
  e:clear()
  local what = ("seed %d (%s): %s"):format(seed, broken, tostring(report or err))
  local ok, problem = pcall(function()
    local result = report or err.report
    local fate = fates(result)
    if err then check_class(err) end
    check_truth(rows, result, fate)
    if not upload then check_sent(rows) end
    -- A refusal that was only said may cost good rows: those are told, too.
    local lied = broken:find "status%-40[049]"
    for i, row in ipairs(report and not lied and rows or {}) do
      assert.equal(is_good(row) and "accepted" or "rejected", fate[i], "row " .. i)
    end
  end)
  assert(ok, what .. "\n" .. tostring(problem))
  return report ~= nil
end

-- Enough calls come through: a property of failures alone would show little.
local function prove(first, last, upload)
  local client = new_client()
  local list, whole = people(client, 30), 0
  for seed = first, last do
    if one_seed(client, list, seed, upload) then whole = whole + 1 end
  end
  assert.is_true(whole >= (last - first + 1) // 3, whole .. " calls went through")
end

describe("no row is lost, told twice, or told wrongly", function()
  setup(function() e = emulator.start { people = 60 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  it("over some seeds (identities)", function() prove(1, 40) end)
  it("over some seeds (uploads)", function() prove(1001, 1020, true) end)
  it("over 500 seeds (identities) #proof", function() prove(1, 500) end)
  it("over 500 seeds (uploads) #proof", function() prove(1001, 1500, true) end)
end)
