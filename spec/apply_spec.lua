-- apply - exactly the plan, once; refused where anything is not as it was; resumed
-- and read back.
local dkjson = require "dkjson"
local journal = require "sei.journal"
local plans = require "spec.support.plans"
local sei = require "sei"
local shell = require "spec.support.shell"

local LAB <const> = plans.LAB
local folder, e, number = nil, nil, 0

setup(function()
  folder = shell.folder()
  e = plans.emulator(folder, 60)
end)
teardown(function()
  e:stop()
  shell.remove(folder)
end)
before_each(function()
  e:reset()
  number = number + 1
end)

local function new_client(options)
  local client = plans.client(e, options)
  finally(function() client:close() end)
  return client
end

local function path(name) return ("%s/%s%d.jsonl"):format(folder, name or "plan", number) end

-- Applies what plans.write made.
local function apply(client, plan, more)
  local options = { client = client, plan = plan.path, approve = plan.digest,
    lock = folder .. "/lock" }
  for name, value in pairs(more or {}) do options[name] = value end
  return sei.apply(options)
end

local function owner_of(login)
  local body = e:api("GET", "/v2/developers/identities?pageSize=1000", nil,
    { accept = "application/json" })
  for _, one in ipairs(body.records) do
    if one.integrationId == LAB and one.identity == login then return one.email end
  end
end

local function person(id)
  return e:api("POST", "/v1/org/users/list", { filter = { id = tostring(id) } }).records[1]
end

local function events(file)
  local list = {}
  for i, event in ipairs(assert(journal.read(file)).events) do list[i] = event.event end
  return table.concat(list, " ")
end

local function writes() return plans.writes(e:log()) end

describe("an apply", function()
  it("does what the plan says, and keeps a journal of it", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4, fresh = 5, p6 = 6 },
      { [7] = { region = "latam" } })
    e:clear_log()
    local report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(4, report.verified)
    assert.same({}, report.others)
    assert.equal("p2@x.example", owner_of "p1")
    assert.equal("p4@x.example", owner_of "p3")
    assert.equal("p5@x.example", owner_of "fresh")
    assert.equal("latam", person(7).additional_fields.region)
    assert.equal(7, person(7).additional_fields.employee_no)
    assert.equal("p7", person(7).integration_user_ids[1].user_id)
    assert.equal(2, writes())
    assert.equal("begin sent acknowledged sent acknowledged verified end",
      events(plan.path .. ".journal"))
    assert.equal("4 of 4 rows are as planned; 4 sent in 2 batches", tostring(report))
  end)
end)
