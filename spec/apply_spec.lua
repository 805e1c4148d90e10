-- apply - exactly the plan, once; refused where anything is not as it was; resumed
-- and read back.
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

local function apply(client, plan, more) return plans.apply(client, plan, folder, more) end

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

-- An answer that is not one, for the n-th request from now to a path.
local function fault(kind, method_path) e:quirk("fault", kind, method_path) end

local IDENTITIES <const> = "/v2/developers/identities"

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

  it("sends nothing a second time", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2, fresh = 5 }, { [7] = { region = "latam" } })
    assert(apply(client, plan))
    local before = e:state()
    e:clear_log()
    local report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(0, report.sent)
    assert.equal(0, #e:log())
    -- nor without its journal
    report = assert(apply(client, plan, { journal = path "other" }))
    assert.equal("done", report.state)
    assert.equal(3, report.already)
    assert.equal(0, writes())
    assert.equal(before, e:state())
  end)

  it("has nothing to do for a plan that writes nothing", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 1 })
    e:clear_log()
    local report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(0, report.rows)
    assert.equal(0, #e:log())
    assert.is_nil(io.open(plan.path .. ".journal"))
  end)

  it("leaves alone what is protected, in conflict or kept", function()
    local client = new_client()
    local file = require "sei.plan.file"
    local plan = plans.write(client, path(), { p1 = 2, p3 = 3 })
    local rows = plan.rows
    rows[#rows + 1] = { kind = "protected", what = "identity", integration_id = LAB,
      identity = "p5", before = { email = "p5@x.example" }, after = { email = "p6@x.example" },
      reason = "protect" }
    rows[#rows + 1] = { kind = "conflict", what = "identity", integration_id = LAB,
      identity = "p7", after = { email = "p6@x.example" }, reason = "two_people" }
    plan = assert(file.write(plan.path, plan.header, rows))
    local report = assert(apply(client, plan))
    assert.equal(1, report.rows)
    assert.equal("p5@x.example", owner_of "p5")
    assert.equal("p7@x.example", owner_of "p7")
  end)

  it("says before the first write what cannot be taken back, and how far it is", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4, a = 1, b = 1, c = 2 })
    local told = {}
    assert(apply(client, plan, { batch_size = 2, progress = function(facts)
      told[#told + 1] = facts
      facts.writes = writes()
    end }))
    assert.equal("begin", told[2].phase)
    assert.equal(3, told[2].irreversible)
    assert.equal(0, told[2].writes)
    assert.same({ "send", 2, 5, 1, 3 }, { told[3].phase, told[3].done, told[3].rows,
      told[3].batch, told[3].batches })
    assert.equal("verify", told[6].phase)
    assert.equal(6, #told)
  end)
end)

describe("a plan is refused", function()
  local function refused(code, plan, more, client)
    client = client or new_client()
    e:clear_log()
    local report, err = apply(client, plan, more)
    assert.is_nil(report)
    assert.equal("refused", err.kind, tostring(err))
    assert.equal(code, err.code)
    assert.equal(0, writes())
    return err
  end

  it("under another digest than the approved one", function()
    local plan = plans.write(new_client(), path(), { p1 = 2 })
    local err = refused("approval", plan, { approve = ("0"):rep(64) })
    assert.is_truthy(err.message:find(plan.digest, 1, true))
  end)

  it("when one byte of it was changed after the approval", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2 })
    shell.run(("sed -i s/p2@x/p3@x/ %s"):format(plan.path))
    refused("approval", plan)
    assert.equal("p1@x.example", owner_of "p1")
  end)

  it("when a guard did not pass", function()
    local plan = plans.write(new_client(), path(), { p1 = 2, p2 = 3 }, nil,
      { guards = { { name = "changes", found = 2, limit = 1, passed = false } } })
    local err = refused("guard", plan)
    assert.matches("2 mappings would change, more than 1", err.message)
  end)

  it("for another service or account", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2 }, nil,
      { target = { base_url = e.url .. "/other" } })
    refused("target", plan)
    plan = plans.write(client, path(), { p1 = 2 }, nil,
      { target = { base_url = e.url, account = "acme" } })
    assert.matches("acme", refused("target", plan).message)
    refused("target", plan, nil, new_client { account = "other" })
    assert(apply(new_client { account = "acme" }, plan))
  end)

  it("when any record is not as the plan saw it, and the records are named", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4, p5 = 6, new = 7, p9 = 1 },
      { [11] = { region = "latam" }, [12] = { region = "latam" }, [13] = { region = "latam" } })
    local function patch(rows) assert.equal(200, select(2, e:api("PATCH", IDENTITIES, rows))) end
    patch { { email = "p20@x.example", integrationId = LAB, identity = "p3" } }
    patch { { email = "p21@x.example", integrationId = LAB, identity = "new" } }
    patch { { email = "p1@x.example", integrationId = LAB, identity = "p9" } } -- as planned
    local record = person(12)
    record.additional_fields.employee_no = 4711
    assert.equal(200, select(2, e:api("PUT", "/v1/org/users", { record })))
    local err = refused("drift", plan)
    assert.matches("^3 of 8 records are not what the plan saw: 5323/new is p21@x.example "
      .. "%(it was nobody's%); 5323/p3 is p20@x.example %(it was p3@x.example%); p12@x.example is "
      .. "changed %(another field of the record%)$", err.message)
    local names = {}
    for i, one in ipairs(err.rows) do names[i] = one.name end
    assert.same({ "5323/new", "5323/p3", "p12@x.example" }, names)
    assert.is_nil(io.open(plan.path .. ".journal"))
  end)

  it("when a contributor is gone", function()
    local plan = plans.write(new_client(), path(), nil, { [11] = { region = "latam" } })
    shell.run(("sed -i 's/\"id\":\"11\"/\"id\":\"999\"/' %s"):format(plan.path))
    plan.digest = require "sei.plan.file".digest(plan.path)
    assert.matches("p11@x.example is gone", refused("drift", plan).message)
  end)

  it("while another process writes to the account, within a blink, and it is named", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2 })
    local other <close> = assert(require "sei.lock".take({ base_url = e.url }, folder .. "/lock"))
    local socket = require "socket"
    local from = socket.gettime()
    local err = refused("lock", plan, nil, client)
    assert.is_true(socket.gettime() - from < 0.1 * tonumber(os.getenv "SEI_SLOW" or 1))
    assert.is_truthy(err.message:find(("process %d of "):format(err.owner.pid), 1, true))
    assert.equal(0, #e:log())
    other:release()
    assert(apply(client, plan))
  end)

  it("with the journal of another plan, or one that was edited", function()
    local client = new_client()
    local one = plans.write(client, path "one", { p1 = 2 })
    assert(apply(client, one))
    local two = plans.write(client, path "two", { p3 = 4 })
    assert.is_truthy(refused("journal", two, { journal = one.path .. ".journal" }).message
      :find(one.digest, 1, true))
    shell.run(("sed -i '2s/p2@x/p9@x/' %s.journal"):format(one.path))
    assert.matches(":2: the line was changed", refused("journal", one).message)
  end)
end)

describe("an apply that meets trouble", function()
  it("names rows that the service rejects, and writes the others", function()
    local client = new_client()
    local wanted = { bad1 = "nobody1@x.example", bad2 = "nobody2@x.example" }
    for i = 1, 40 do wanted["p" .. i] = i % 40 + 1 end
    local plan = plans.write(client, path(), wanted, { [50] = { region = "latam" } })
    local report = assert(apply(client, plan))
    assert.equal("incomplete", report.state)
    assert.equal(41, report.verified)
    assert.same({ "5323/bad1", "rejected", "email", "5323/bad2", "rejected", "email" },
      { report.others[1].name, report.others[1].fate, report.others[1].field,
        report.others[2].name, report.others[2].fate, report.others[2].field })
    assert.matches("\n  5323/bad1  rejected: email Developer with email nobody1@x.example not "
      .. "found", tostring(report))
    -- once the cause is mended, the same command does the rest
    for i = 1, 2 do
      assert.equal(200, select(2, e:api("PUT", "/v1/org/users", { { full_name = "N",
        email = ("nobody%d@x.example"):format(i),
        integration_user_ids = setmetatable({}, { __jsontype = "array" }) } })))
    end
    e:clear_log()
    report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(2, report.sent)
    assert.equal(1, writes())
  end)

  it("tells of every row that was dropped in silence, and sends it again", function()
    local client = new_client()
    local wanted = {}
    for i = 1, 60 do wanted["p" .. i] = i % 60 + 1 end
    local plan = plans.write(client, path(), wanted)
    e:quirk("drop-rows", "10:all")
    local report = assert(apply(client, plan))
    assert.equal("incomplete", report.state)
    assert.equal(6, #report.others)
    for _, one in ipairs(report.others) do
      assert.equal("missing", one.fate)
      local i = one.name:match "/p(%d+)$"
      assert.equal(("p%s@x.example"):format(i), owner_of("p" .. i))
    end
    e:clear()
    report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(6, report.sent)
  end)

  it("reads back what got no answer, and sends again only what is not there", function()
    local client = new_client { retries = 2 }
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4 })
    fault("reset-acted@2:1", IDENTITIES) -- the second request from now: the write
    local report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(2, report.verified)
  end)

  it("stops where a batch's fate cannot be found out, and goes on from there", function()
    local client = new_client()
    local wanted = {}
    for i = 1, 9 do wanted["p" .. i] = i + 1 end
    local plan = plans.write(client, path(), wanted)
    local count = 0
    local report, err = apply(client, plan, { batch_size = 3, progress = function(facts)
      if facts.phase == "send" then
        count = count + 1
        if count == 1 then fault("reset-acted:2", IDENTITIES) end
      end
    end })
    assert.is_nil(report)
    assert.is_not_nil(err.report)
    local fates = {}
    for _, one in ipairs(err.report.others) do fates[one.fate] = (fates[one.fate] or 0) + 1 end
    assert.same({ unknown = 3, not_sent = 3 }, fates)
    assert.equal(3, err.report.accepted)
    assert.equal("stopped", err.report.state)
    e:clear()
    e:clear_log()
    report = assert(apply(client, plan, { batch_size = 3 }))
    assert.equal("done", report.state)
    assert.equal(9, report.verified)
    assert.equal(3, report.sent)
    assert.equal(1, writes())
    assert.equal("p10@x.example", owner_of "p9")
    local found = {}
    for _, event in ipairs(assert(journal.read(plan.path .. ".journal")).events) do
      if event.read_back then found = event.rows end
    end
    assert.same({ 4, 5, 6 }, found)
  end)

  it("ends between two batches when it is asked to", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2, p3 = 4, p5 = 6 })
    local asked = 0
    local report, err = apply(client, plan, { batch_size = 1, stop = function()
      asked = asked + 1
      return asked > 1
    end })
    assert.is_nil(report)
    assert.equal("cancelled", err.kind)
    assert.equal(1, err.report.sent)
    assert.equal("begin sent acknowledged end", events(plan.path .. ".journal"))
    report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(2, report.sent)
  end)

  it("sends nothing that the journal cannot hold", function()
    local client = new_client()
    local wanted = {}
    for i = 1, 50 do wanted["p" .. i] = i + 1 end
    local plan = plans.write(client, path(), wanted)
    e:clear_log()
    local text, status = shell.run(([[trap '' XFSZ; ulimit -f 4
      SEI_API_KEY=key %s/bin/sei apply %s --base-url %s \
       --lock %s/lock --batch 5 --approve %s]]):format(shell.build(), plan.path,
      e.url, folder, plan.digest))
    assert.equal(1, status)
    assert.matches("File too large", text)
    local journal_text = assert(journal.read(plan.path .. ".journal"))
    local sent, wrote = 0, 0
    for _, event in ipairs(journal_text.events) do
      if event.event == "sent" then sent = sent + 1 end
    end
    for i = 1, 50 do
      if owner_of("p" .. i) ~= ("p%d@x.example"):format(i) then wrote = wrote + 1 end
    end
    assert.is_true(sent > 0 and sent < 10)
    assert.equal(5 * sent, wrote)
    e:clear_log()
    local report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(50 - wrote, report.sent)
  end)

  it("does not write a contributor whom somebody changes meanwhile", function()
    local client = new_client()
    local plan = plans.write(client, path(), { p1 = 2 }, { [7] = { region = "latam" },
      [8] = { region = "latam" } })
    local report = assert(apply(client, plan, { progress = function(facts)
      if facts.phase ~= "send" or facts.done > 1 then return end
      local record = person(7)
      record.full_name = "Somebody Else"
      assert.equal(200, select(2, e:api("PUT", "/v1/org/users", { record })))
    end }))
    assert.equal("incomplete", report.state)
    assert.equal(1, #report.others)
    assert.equal("drift", report.others[1].fate)
    assert.equal("Somebody Else", person(7).full_name)
    assert.equal("apac", person(7).additional_fields.region)
    assert.equal("latam", person(8).additional_fields.region)
  end)
end)

describe("cloud ids", function()
  it("are written by the previous API; one that is not seen proves nothing", function()
    local client = new_client()
    local core, file = require "sei.core", require "sei.plan.file"
    local plan = assert(file.write(path(), { target = core.target(client), writes = "cloud_ids",
      class = "certain", guards = {} }, {
        { kind = "add", what = "cloud_id", application_type = "GITHUB", identity = "new-hub",
          after = { email = "p1@x.example" } },
        { kind = "add", what = "cloud_id", application_type = "GITLAB_CLOUD", identity = "new-lab",
          after = { email = "p2@x.example" } } }))
    e:quirk("hide-type", "gitlab")
    local report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(1, report.verified)
    assert.equal(1, report.accepted)
    assert.matches("1 rows? .*proves nothing", report.warnings[1])
    assert.equal("p2@x.example", owner_of "new-lab")
  end)
end)

describe("misuse", function()
  it("is raised", function()
    local client = new_client()
    for _, case in ipairs {
      { {}, "needs the option 'client'" }, { { client = client }, "needs the option 'plan'" },
      { { client = client, plan = "x" }, "needs the option 'approve'" },
      { { client = client, plan = "x", aprove = "x" }, "did you mean 'approve'" },
      { { client = client, plan = "x", approve = "x", batch_size = 0 }, "'batch_size'" },
    } do
      local ok, problem = pcall(sei.apply, case[1])
      assert.is_false(ok)
      assert.is_truthy(tostring(problem):find(case[2], 1, true), problem)
    end
    assert.equal("io", select(2, sei.apply { client = client, plan = folder .. "/none",
      approve = "x" }).kind)
  end)
end)
