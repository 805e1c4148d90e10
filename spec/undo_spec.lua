-- undo - a plan that takes an apply back, under the same gates.
local plans = require "spec.support.plans"
local sei = require "sei"
local shell = require "spec.support.shell"

local LAB <const> = plans.LAB
local PEOPLE <const> = 60
local folder, e, number = nil, nil, 0

setup(function()
  folder = shell.folder()
  e = plans.emulator(folder, PEOPLE)
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

local function apply(client, plan, more) return plans.apply(client, plan, folder, more) end

local function back(plan, more)
  local options = { journal = plan.path .. ".journal", file = path "undo" }
  for name, value in pairs(more or {}) do options[name] = value end
  return sei.undo(options)
end

local function kinds(made)
  local list = {}
  for i, row in ipairs(made.rows) do
    list[i] = row.kind .. " " .. require "sei.plan.file".name(row)
  end
  return list
end

describe("an undo", function()
  it("changes back what was changed, and lists what cannot be removed", function()
    local client, before = new_client(), e:state()
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4, p5 = 5 },
      { [7] = { region = "latam" }, [8] = { department = "new" } })
    assert(apply(client, plan))
    local with_new = plans.write(client, path "more", { fresh = 9 })
    assert(apply(client, with_new, { journal = path "more" .. ".journal" }))
    local made = assert(back(plan))
    assert.same({ "change 5323/p1", "change 5323/p3", "change p7@x.example",
      "change p8@x.example" }, kinds(made))
    assert.equal(4, made.writes)
    assert.same({}, made.warnings)
    assert.equal(0, made.header.irreversible)
    assert.equal(plan.digest, made.header.undoes)
    assert.equal("done", assert(apply(client, made)).state)
    local stays = assert(back(with_new, { file = path "stays" }))
    assert.same({ "irreversible 5323/fresh" }, kinds(stays))
    assert.same({ "p9@x.example", "no_removal" }, { stays.rows[1].before.email,
      stays.rows[1].reason })
    assert.equal(0, stays.writes)
    assert.equal("done", assert(apply(client, stays)).state)
    e:api("PUT", "/v1/org/users", { { id = "9", email = "p9@x.example", full_name = "Person 9",
      additional_fields = { region = "apac", employee_no = 9 },
      integration_user_ids = { { integration_id = tostring(LAB), user_id = "p9" } } } })
    assert.equal(before, e:state())
  end)

  it("gives the same bytes for the same journal, which may be taken back in turn", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2 }, { [7] = { region = "latam" } })
    assert(apply(client, plan))
    local after = e:state()
    local made = assert(back(plan))
    assert.equal(made.digest, assert(back(plan, { file = path "again" })).digest)
    assert.equal(made.digest, require "sei.plan.file".digest(path "again"))
    assert(apply(client, made))
    local again = assert(back(made, { file = path "forth" }))
    assert.equal("done", assert(apply(client, again)).state)
    assert.equal(after, e:state())
  end)

  it("is refused where anything is not as the apply left it", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4 }, { [7] = { region = "latam" } })
    assert(apply(client, plan))
    local made = assert(back(plan))
    e:api("PATCH", "/v2/developers/identities", { { email = "p20@x.example",
      integrationId = LAB, identity = "p3" } })
    e:clear_log()
    local report, err = apply(client, made)
    assert.is_nil(report)
    assert.equal("drift", err.code)
    assert.matches("^1 of 3 records is not what the plan saw: 5323/p3 is p20@x", err.message)
    assert.equal(0, plans.writes(e:log()))
  end)

  it("passes the guards: by the numbers of the plan, or its own", function()
    local client = new_client()
    local wanted = {}
    for i = 1, 12 do wanted["p" .. i] = i + 1 end
    local plan = plans.write(client, path(), wanted, nil,
      { guards = { { name = "changes", found = 12, limit = 12, passed = true } } })
    assert(apply(client, plan))
    assert.same({}, assert(back(plan)).failed)
    local made = assert(back(plan, { guard = { changes = 11 } }))
    assert.equal("changes", made.failed[1].name)
    assert.equal("guard", select(2, apply(client, made)).code)
    -- more fields would be emptied than the usual limit allows
    local values = {}
    for i = 1, 11 do values[i] = { department = "new" } end
    plan = plans.write(client, path "fields", nil, values,
      { guards = { { name = "fields", found = 0, limit = 10, passed = true } } })
    assert(apply(client, plan))
    made = assert(back(plan))
    assert.equal("fields", made.failed[1].name)
    assert.same({}, assert(back(plan, { guard = { fields = 11 } })).failed)
  end)

  it("of an apply that was stopped takes back what was sent", function()
    local client, before = new_client(), e:state()
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4, p5 = 6 })
    local asked = 0
    apply(client, plan, { batch_size = 1, stop = function()
      asked = asked + 1
      return asked > 2
    end })
    local made = assert(back(plan))
    assert.equal(2, #made.rows)
    assert.matches("did not come to its end", made.warnings[1])
    assert.equal("done", assert(apply(client, made)).state)
    assert.equal(before, e:state())
  end)

  it("takes back rows of which nobody knows whether they were written", function()
    local client, before = new_client(), e:state()
    for _, kind in ipairs { "reset-acted:2", "reset-before:2" } do
      local plan = plans.write(client, path(kind:sub(7, 9)), { p1 = 2, p3 = 4 },
        { [7] = { region = "latam" } })
      e:quirk("fault", kind:gsub(":2", "@2:2"), "/v2/developers/identities")
      local report, err = apply(client, plan)
      assert.is_nil(report)
      assert.equal(2, #err.report.others - 1)
      e:clear()
      local made = assert(back(plan, { file = path("undo" .. kind:sub(7, 9)) }))
      assert.equal(2, #made.rows)
      assert.matches("2 rows may have been written or not", made.warnings[2])
      assert.equal("done", assert(apply(client, made)).state)
      assert.equal(before, e:state())
    end
  end)

  it("of a journal that was edited, or is none, is refused", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2 })
    assert(apply(client, plan))
    shell.run(("sed -i '2s/p1@x/p9@x/' %s.journal"):format(plan.path))
    local made, err = back(plan)
    assert.is_nil(made)
    assert.equal("journal", err.code)
    assert.equal("journal", select(2, sei.undo { journal = plan.path }).code)
    assert.equal("io", select(2, sei.undo { journal = folder .. "/none" }).kind)
    assert.has_error(function() sei.undo {} end,
      "sei.undo needs the option 'journal': its path")
    assert.has_error(function() sei.undo { journal = "x", guard = { chnges = 1 } } end)
  end)
end)

-- ---- random plans ----

local VALUES <const> = { "emea", "apac", "latam", "", "ä 😀", 7, false, sei.null }

local function pick(list) return list[math.random(#list)] end

local function random_plan()
  local identities, values = {}, {}
  for _ = 1, math.random(0, 20) do
    identities["p" .. math.random(PEOPLE)] = math.random(PEOPLE)
  end
  for _ = 1, math.random(0, 2) do
    identities["new" .. math.random(1000)] = math.random(PEOPLE)
  end
  for _ = 1, math.random(0, 10) do
    local one = {}
    for _ = 1, math.random(3) do
      one[pick { "region", "department", "employee_no", "full_name" }] = pick(VALUES)
    end
    if type(one.full_name) ~= "string" then one.full_name = nil end
    if next(one) then values[math.random(PEOPLE)] = one end
  end
  return identities, values
end

-- The export without the identities that were added: those are listed.
local function without_added(state, rows)
  for _, row in ipairs(rows) do
    assert.equal("irreversible", row.kind)
    local mine = ('{"integration_id":"%d","user_id":"%s"}'):format(LAB, row.identity)
    local from, to = state:find(mine, 1, true)
    assert.is_truthy(from, row.identity)
    if state:sub(to + 1, to + 1) == "," then to = to + 1
    elseif state:sub(from - 1, from - 1) == "," then from = from - 1 end
    state = state:sub(1, from - 1) .. state:sub(to + 1)
  end
  return state
end

local function round_trip(client, seed)
  math.randomseed(seed)
  e:reset()
  local before = e:state()
  local plan = plans.write(client, path "random", random_plan())
  os.remove(plan.path .. ".journal")
  local report = assert(apply(client, plan, { batch_size = math.random(1, 12) }))
  assert.equal("done", report.state, tostring(report))
  if report.rows == 0 then return end
  local made = assert(back(plan, { guard = { changes = 100, fields = 100 } }))
  os.remove(made.path .. ".journal")
  report = assert(apply(client, made))
  assert.equal("done", report.state, tostring(report))
  local stays = {}
  for _, row in ipairs(made.rows) do
    if row.kind == "irreversible" then stays[#stays + 1] = row end
  end
  assert.equal(plan.header.irreversible, #stays)
  assert.equal(before, without_added(e:state(), stays), "seed " .. seed)
end

describe("apply and undo", function()
  it("restore the export byte for byte, but for what is listed", function()
    local client = new_client()
    for seed = 1, 25 do round_trip(client, seed) end
  end)

  it("restore it after 1,000 random plans #proof", function()
    local client = new_client()
    for seed = 1001, 2000 do round_trip(client, seed) end
  end)
end)

describe("the version of the directory before an apply", function()
  local function reactivate(plan, version, more)
    local client = new_client { undocumented = true }
    local options = { client = client, journal = plan.path .. ".journal", version = version,
      lock = folder .. "/lock" }
    for name, value in pairs(more or {}) do options[name] = value end
    return require "sei.undo.reactivate".run(options)
  end

  local function fields_plan()
    local client = new_client()
    local plan = plans.write(client, path(), nil, { [7] = { region = "latam" },
      [8] = { department = "new" } })
    assert.equal("done", assert(apply(client, plan)).state)
    return plan, client
  end

  it("is made the active one, and what it restored is told", function()
    local before = e:state()
    local plan, client = fields_plan()
    local result = assert(reactivate(plan, 1))
    assert.same({ 1, 2, 0, 0 }, { result.version, result.restored, #result.others,
      #result.changed })
    assert.equal(before, e:state())
    -- neither again, nor may the finished plan be called applied
    assert.equal("journal", select(2, reactivate(plan, 1)).code)
    local report, err = apply(client, plan)
    assert.is_nil(report)
    assert.matches("taken back by an older version", err.message)
  end)

  it("is refused under another number, and where somebody wrote since", function()
    local plan, client = fields_plan()
    local result, err = reactivate(plan, 2)
    assert.is_nil(result)
    assert.equal("approval", err.code)
    local record = e:api("POST", "/v1/org/users/list", { filter = { id = "9" } }).records[1]
    e:api("PUT", "/v1/org/users", { record })
    e:clear_log()
    assert.equal("drift", select(2, reactivate(plan, 1)).code)
    assert.equal(0, plans.writes(e:log()))
    local other = plans.write(client, path "other", { p1 = 2 })
    assert(apply(client, other))
    assert.matches("does not tell the directory's version",
      select(2, reactivate(other, 1)).message)
    assert.has_error(function()
      require "sei.undo.reactivate".run { client = client, journal = "x" }
    end, "sei.undo.reactivate needs the option 'version'")
  end)

  it("tells identities that it takes from others with it", function()
    local plan = fields_plan()
    e:api("PATCH", "/v2/developers/identities", { { email = "p20@x.example",
      integrationId = LAB, identity = "p3" } })
    local result = assert(reactivate(plan, 1))
    assert.equal(2, result.restored)
    assert.same({ name = "5323/p3", before = "p20@x.example", after = "p3@x.example" },
      result.changed[1])
  end)

  it("is left alone where the service does not know how", function()
    local plan = fields_plan()
    local before = e:state()
    e:quirk("versions", "off")
    local result, err = reactivate(plan, 1)
    assert.is_nil(result)
    assert.equal(405, err.status)
    assert.equal(before, e:state())
    e:clear()
    assert.equal(0, assert(apply(new_client(), plan)).sent)
    assert.equal(2, assert(reactivate(plan, 1)).restored)
  end)

  it("is offered by the command", function()
    local plan = fields_plan()
    local command = ("SEI_API_KEY=k SEI_BASE_URL=%s %s/bin/sei undo %s.journal --lock %s/lock")
      :format(e.url, shell.build(), plan.path, folder)
    local text, status = shell.run(command)
    assert.equal(2, status)
    assert.matches("2 rows are to be written", text)
    text, status = shell.run(command .. " --reactivate 7")
    assert.equal(3, status, text)
    text, status = shell.run(command .. " --reactivate 1")
    assert.equal(0, status, text)
    assert.matches("^version 1 of the directory is the active one; 2 rows are as before", text)
  end)
end)
