-- sei.developers: uploads, reviews, maps and activates developer records, reads back, and
-- takes it back; every type of error comes as rows with line, field, value and remedy.
local core = require "sei.core"
local sei = require "sei"
local support = require "spec.support.developers"

local FIRST <const> = "Name,Email,Boss,Team\nAda,ada@x.example,,Core\nBo,bo@x.example,"
  .. "ada@x.example,Ops\nCy,cy@x.example,bo@x.example,\n"

local b

setup(function() b = support.bench { people = 0 } end)
teardown(function() b:close() end)
before_each(function() b:renew() end)

local function refused(code, value, err)
  assert.is_nil(value)
  assert.equal("refused", err.kind, tostring(err))
  assert.equal(code, err.code)
  return err
end



describe("sei.developers.upload", function()
  it("makes a preview of the first upload, and changes nothing", function()
    local path = b:file("hr.csv", FIRST)
    local one = assert(sei.developers.upload { client = b.client, file = path,
      columns = { MANAGER_EMAIL = "Boss" }, preview = b.folder .. "/p" })
    assert.is_true(one.header.first)
    assert.same({ add = 3, change = 0, remove = 0, keep = 0 }, one.header.counts)
    assert.equal(2, one.rows[1].line)
    assert.equal("Core", one.rows[1].after["fields.Team"])
    assert.same({}, (b:there()))
    local again = assert(sei.developers.preview(b.folder .. "/p"))
    assert.same(one, again)
    assert.equal(one.digest, core.digest.file(b.folder .. "/p"))
    local text = sei.developers.show(one)
    for _, line in ipairs { "version     1, the first one: it is mapped and saved",
      "Boss    Boss   MANAGER_EMAIL  as declared", "3 new, 0 changed, 0 removed, 0 stay",
      "  bo@x.example (line 3)  Team: Ops  manager: ada@x.example  name: Bo\n",
      "digest: " .. one.digest } do
      assert.truthy(text:find(line, 1, true), line .. "\n" .. text)
    end
  end)

  it("renames HR's columns to the schema's, and tells what is new, kept and lost", function()
    b:setup(FIRST)
    local path = b:file("hr.csv", "sep=;\r\nE-mail;full name;Manager Email;TEAM;City\r\n"
      .. "ADA@x.example;Ada L;;Core;Rome\r\nBo@x.example;Bo;ada@x.example;Ops;\r\n")
    local one = assert(sei.developers.upload { client = b.client, file = path })
    local how = {}
    for _, entry in ipairs(one.header.mapping) do
      how[entry.name] = (entry.column or "-") .. " " .. entry.how
    end
    assert.same({ Name = "full name known", Email = "E-mail spelling",
      Boss = "Manager Email known", Team = "TEAM spelling", City = "City new" }, how)
    assert.same({ add = 0, change = 1, remove = 0, keep = 2 }, one.header.counts)
    assert.same({ kind = "change", email = "ada@x.example", line = 3,
      before = { name = "Ada", ["fields.City"] = "" },
      after = { name = "Ada L", ["fields.City"] = "Rome" } }, one.rows[1])
    assert.matches("new fields: City", one.header.warnings[1])
    assert.matches("kept, though not in the file: 1 developer ", one.header.warnings[2])
    assert.equal("Name,Email,Boss,Team,City\n", b.e:log()[#b.e:log()].body:match "Name,[^\n]*\n")
  end)

  it("suggests what is near, and sends nothing before it is said", function()
    b:setup(FIRST)
    local path = b:file("hr.csv", "Nam,Emial,Boss,Taem\nAda,ada@x.example,,Core\n")
    local one, err = sei.developers.upload { client = b.client, file = path }
    assert.is_nil(one)
    assert.equal("rejected", err.kind)
    assert.equal("never_sent", err.class)
    assert.same({ "NAME", "EMAIL", "Team" },
      { err.rows[1].field, err.rows[2].field, err.rows[3].field })
    assert.matches("(is it 'Nam'?)", err.rows[1].reason, 1, true)
    assert.matches('columns = { ["EMAIL"] = "Emial" } (--column EMAIL=Emial)',
      err.rows[2].remedy, 1, true)
    assert.matches("the file has no column 'Team' (is it 'Taem'?)", err.rows[3].reason, 1, true)
    assert(sei.developers.upload { client = b.client, file = path,
      columns = { NAME = "Nam", EMAIL = "Emial", Team = "Taem" } })
    one, err = sei.developers.upload { client = b.client, file = path,
      columns = { NAME = "Nam", EMIAL = "Emial", Team = "Tame" } }
    assert.is_nil(one)
    assert.matches("the schema has no field 'EMIAL' (did you mean 'EMAIL'?)", err.message, 1, true)
    assert.matches("the file has no column 'Tame' (did you mean 'Taem'?)", err.message, 1, true)
  end)

  it("reads developers page by page where the download is not wanted", function()
    b:setup(FIRST)
    local path = b:file("hr.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n")
    local one = assert(sei.developers.upload { client = b.client, file = path, read = "list" })
    assert.same({ add = 0, change = 1, remove = 0, keep = 2 }, one.header.counts)
    local all = assert(sei.developers.upload { client = b.client, file = path })
    assert.same({ one.header.before, one.header.after }, { all.header.before, all.header.after })
    assert.equal("done", assert(sei.developers.activate(b:given { preview = one,
      approve = one.digest, read = "list" })).state)
  end)

  it("takes rows and a column that is none", function()
    local one = assert(sei.developers.upload { client = b.client, header = { "name", "email", "n" },
      rows = { { name = "Ada", email = "ada@x.example", n = 7 }, { "Bo", "bo@x.example" } },
      columns = { MANAGER_EMAIL = false } })
    assert.equal("7", one.rows[1].after["fields.n"])
    assert.matches("everybody's is empty: manager_email", one.header.warnings[1])
  end)

  it("joins the two columns of a name, and leaves out rows that a filter does not want", function()
    local path = b:file("hr.csv", "No;First Name;Last Name;E-Mail;Status\n1;Ada;Byron;"
      .. "ada@x.example;active\n2;Bo;;bo@x.example;left\n3;Cy;;cy@x.example;active\n")
    local options = { client = b.client, file = path, columns = { MANAGER_EMAIL = false },
      filter = function(row) return row.Status == "active" end }
    local one = assert(sei.developers.upload(options))
    assert.same({ { "ada@x.example", "Ada Byron", 2 }, { "cy@x.example", "Cy", 4 } },
      { { one.rows[1].email, one.rows[1].after.name, one.rows[1].line },
        { one.rows[2].email, one.rows[2].after.name, one.rows[2].line } })
    assert.equal("name,E-Mail,manager_email,No,Status",
      b.e:log()[#b.e:log()].body:match "name,[^\n]*")
    assert.matches("1 rows of the file are left out by the filter", one.header.warnings[2])
    options.columns.NAME = "Last Name, First Name"
    assert.equal("Byron Ada", assert(sei.developers.upload(options)).rows[1].after.name)
    options.columns.NAME = "Last Name, Given Name"
    local none, err = sei.developers.upload(options)
    assert.is_nil(none)
    assert.matches("the file has no column 'Last Name, Given Name'", err.message, 1, true)
    options.columns.NAME, options.filter = nil, function(row) return row.Status.x.y end
    none, err = sei.developers.upload(options)
    assert.is_nil(none)
    assert.matches("hr.csv:2: the filter failed: .*nil value", err.message)
    options.filter = function() return false end
    none, err = sei.developers.upload(options)
    assert.is_nil(none)
    assert.equal("EMPTY_CSV", err.code)
  end)

  it("leaves out whom the file does not have, if told so, within guards", function()
    local lines = { "Name,Email,Boss" }
    for i = 1, 20 do lines[i + 1] = ("P%d,p%d@x.example,"):format(i, i) end
    b:setup(table.concat(lines, "\n") .. "\n")
    local path = b:file("hr.csv", table.concat(lines, "\n", 1, 10) .. "\n")
    local one = assert(sei.developers.upload { client = b.client, file = path })
    assert.equal(0, one.header.counts.remove)
    one = assert(sei.developers.upload { client = b.client, file = path, missing = "remove" })
    assert.equal(11, one.header.counts.remove)
    local err = refused("guard", sei.developers.activate(b:given { preview = one,
      approve = one.digest }))
    assert.matches("11 developers would be removed, more than 10", err.message, 1, true)
    one = assert(sei.developers.upload { client = b.client, file = path, missing = "remove",
      guard = { removals = 11 } })
    assert(sei.developers.activate(b:given { preview = one, approve = one.digest }))
    assert.equal(9, (select(2, b:there())))
  end)

  -- It is raised as an error of the line that calls.
  local function misuse(pattern, call)
    local ok, problem = pcall(call)
    assert.is_false(ok)
    assert.matches(pattern, problem)
    assert.matches("^[^:]*developers_spec%.lua:%d+: ", problem)
  end

  it("raises for misuse and names what was meant", function()
    for _, case in ipairs {
      { { client = b.client }, "either the option 'file' or 'rows'" },
      { { client = b.client, rows = {} }, "'header'" },
      { { client = b.client, file = "x", colums = {} }, "did you mean 'columns'" },
      { { client = b.client, file = "x", columns = { "Name" } }, "field = column" },
      { { client = b.client, file = "x", guard = { removal = 1 } }, "did you mean 'removals'" },
      { { file = "x" }, "'client'" },
      { { client = b.client, file = "x", encoding = "utf-7x" }, "utf%-7x" },
    } do
      misuse(case[2], function() return (sei.developers.upload(case[1])) end)
    end
    for _, wrong in ipairs { {}, { header = {}, rows = {} } } do
      misuse("#1 to 'show'.*another table", function() return (sei.developers.show(wrong)) end)
      misuse("'preview' for sei.developers.activate.*another table", function()
        return (sei.developers.activate { client = b.client, preview = wrong, approve = "x" })
      end)
    end
    misuse("#1 to 'show'.*got nil", function() return (sei.developers.show()) end)
    misuse("#1 to 'preview' .path expected, got nil", function()
      return (sei.developers.preview())
    end)
    local one, err = sei.developers.upload { client = b.client, file = b.folder .. "/none.csv" }
    assert.is_nil(one)
    assert.equal("io", err.kind)
  end)
end)

-- Type → a file that has it, with the line, the column and a part of the value that is told.
local FAULTS <const> = {
  REQUIRED_VALUE_MISSING = { "Name,Email,Boss\nAda,ada@x.example,\n ,bo@x.example,\n", 3, "Name" },
  DUPLICATE_EMAIL = { "Name,Email,Boss\nAda,ada@x.example,\nA,ADA@x.example,\n", 3, "Email",
    "ada@x.example" },
  CIRCULAR_REFERENCE = { "Name,Email,Boss\nA,a@x.example,b@x.example\nB,b@x.example,c@x.example\n"
    .. "C,c@x.example,b@x.example\n", 3, "Boss", "c@x.example" },
  MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS = { "Name,Email,Boss\nA,a@x.example,z@x.example\n", 2,
    "Boss", "z@x.example" },
  INVALID_CSV = { "Name,Email,Boss\nA,a@x.example\n", 2 },
  EMPTY_CSV = { "Name,Email,Boss\n" },
  BLANK_CSV_COLUMN_NAME = { "Name, ,Email,Boss\na,b,c,d\n", 1 },
  MISSING_NAME_OR_EMAIL_OR_MANAGER_EMAIL_FIELD_MAPPING = { "Name,Email,Chief\na,b@x.example,\n",
    nil, "MANAGER_EMAIL" },
  REQUIRED_FIELD_MISSING = { "Name,Email,Boss,Taem\na,a@x.example,,\n", nil, "Team" },
}

describe("every type of error", function()
  it("is known", function()
    local known = {}
    for name in pairs(FAULTS) do known[#known + 1] = name end
    table.sort(known)
    assert.same(known, require "sei.developers.check".types())
  end)

  for kind, case in pairs(FAULTS) do
    it("comes as rows before anything is sent: " .. kind, function()
      b:setup(FIRST)
      local path = b:file("hr.csv", case[1])
      b.e:clear_log()
      local one, err = sei.developers.upload { client = b.client, file = path }
      assert.is_nil(one)
      assert.equal(kind, err.code, tostring(err))
      assert.equal("never_sent", err.class)
      local row = err.rows[1]
      assert.equal(kind, row.type)
      assert.equal(case[2], row.line)
      assert.equal(case[3], row.field)
      assert.is_true(#row.remedy > 10 and #row.reason > 5)
      if case[4] then assert.equal(case[4], row.value) end
      assert.matches("nothing was sent", err.hint)
      assert.matches("hr.csv", tostring(err), 1, true)
      assert.equal(0, b:count("POST", "/v2/developers"))
    end)
  end

  -- The service's own errors, of which a sample names some rows.
  local function told(kind, field, count, samples)
    return { { errorType = kind, fieldName = field, errorDeveloperCount = count,
      sampleErrorDevelopers = samples } }
  end

  it("is brought back to lines when the service tells it", function()
    local check = require "sei.developers.check"
    local there = require "sei.developers.there"
    local rows, roles = {}, { NAME = "Name", EMAIL = "Email", MANAGER_EMAIL = "Boss" }
    for i, row in ipairs { { "a@x.example", "A", "" }, { "b@x.example", "B", "z@x.example" },
      { "a@x.example", "A2", "" }, { "c@x.example", "", "" } } do
      rows[i] = there.developer(row[1], row[2], row[3], { Team = "T" .. i })
      rows[i].line = i + 1
    end
    local list = check.explain(told("MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", "manager_email",
      1, { { Email = "B@x.example", Boss = "z@x.example" } }), rows, roles)
    assert.same({ { 3, "Boss", "z@x.example" } },
      { { list[1].line, list[1].field, list[1].value } })
    assert.is_nil(list[2])
    list = check.explain(told("DUPLICATE_EMAIL", "email", 5, { { Email = "a@x.example",
      Name = "A2" } }), rows, roles)
    assert.same({ 4, "Email", "a@x.example", 4 },
      { list[1].line, list[1].field, list[1].value, list[1].more })
    list = check.explain(told("REQUIRED_VALUE_MISSING", "Team", 1, { { Email = "c@x.example",
      Team = "T4" } }), rows, roles)
    assert.same({ 5, "Team", "T4" }, { list[1].line, list[1].field, list[1].value })
    list = check.explain(told("SOMETHING_NEW", nil, 3, {}), rows, roles)
    assert.equal("SOMETHING_NEW", list[1].type)
    assert.equal(2, list[1].more)
    list = check.explain(told("DUPLICATE_EMAIL", "email", 1, { { email = "stranger@x.example" } }),
      { rows[1] }, roles)
    assert.same({ "stranger@x.example" }, { list[1].email })
    for _, kind in ipairs(check.types()) do
      list = check.explain(told(kind, core.json.null, 0, {}), rows, roles)
      assert.equal(kind, list[1].type)
      assert.is_true(#check.line(list[1], "hr.csv") > 20)
    end
  end)

  it("is told of calls one by one, too: rows by number, files by line", function()
    b:setup(FIRST)
    local rows = { { Email = "di@x.example", Name = "Di", Boss = "" },
      { Email = "ed@x.example", Name = "Ed", Boss = "zz@x.example" } }
    local report, err = b.client:patch_developers(rows, { on_reject = "stop" })
    assert.is_nil(report)
    local list = assert(sei.developers.faults(err, { rows = rows,
      columns = { MANAGER_EMAIL = "Boss" } }))
    assert.same({ { "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", 2, "Boss", "zz@x.example" } },
      { { list[1].type, list[1].line, list[1].field, list[1].value } })
    local path = b:file("hr.csv", "Name,Email,Boss\nA,a@x.example,\nB,A@x.example,\n")
    report, err = b.client:reupload_developers { file = path }
    assert.is_nil(report)
    list = assert(sei.developers.faults(err, { file = path, columns = { MANAGER_EMAIL = "Boss" } }))
    assert.same({ "DUPLICATE_EMAIL", 3, "Email" }, { list[1].type, list[1].line, list[1].field })
    assert.same({}, sei.developers.faults(nil, { rows = rows }))
    assert.has_error(function() sei.developers.faults(err, {}) end)
  end)

  it("is heeded in the preview of a yes", function()
    local path = b:file("hr.csv", "Name,Email,Manager\nA,a@x.example,z@x.example\n")
    local one, err = sei.developers.upload { client = b.client, file = path, check = false,
      columns = { MANAGER_EMAIL = "Manager" } }
    assert.is_nil(one)
    assert.same({ "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", 2, "Manager", "z@x.example", 200 },
      { err.rows[1].type, err.rows[1].line, err.rows[1].field, err.rows[1].value, err.status })
  end)

  it("that comes with the mapping is told with its lines, and leaves it unmapped", function()
    local path = b:file("hr.csv", "Name,Email,Chief\nA,a@x.example,z@x.example\n")
    local one = assert(sei.developers.upload { client = b.client, file = path, check = false,
      columns = { MANAGER_EMAIL = "Chief" } })
    local result, err = sei.developers.activate(b:given { preview = one, approve = one.digest })
    assert.is_nil(result)
    assert.same({ "map", "before", "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", 2 },
      { err.step, err.where, err.rows[1].type, err.rows[1].line })
    assert.matches("nothing was changed", err.hint)
    assert.same({}, (b:there()))
  end)

  it("that only the service finds leaves everything as it was", function()
    b:setup(FIRST)
    local before = b.e:state "digest"
    local path = b:file("hr.csv", "Name,Email,Boss,Team\nA,a@x.example,z@x.example,\n"
      .. "B,b@x.example,,\n")
    local one, err = sei.developers.upload { client = b.client, file = path, check = false,
      missing = "remove" }
    assert.is_nil(one)
    assert.equal("rejected", err.class)
    assert.equal("upload", err.step)
    assert.same({ "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", 2, "Boss", "z@x.example" },
      { err.rows[1].type, err.rows[1].line, err.rows[1].field, err.rows[1].value })
    assert.matches("the developers are as they were", err.hint)
    assert.equal(before, b.e:state "digest")
  end)
end)

describe("sei.developers.activate", function()
  local function first(more)
    local options = { client = b.client, file = b:file("hr.csv", FIRST),
      columns = { MANAGER_EMAIL = "Boss" }, preview = b.folder .. "/p" }
    for name, value in pairs(more or {}) do options[name] = value end
    return assert(sei.developers.upload(options))
  end

  local function activate(one, more)
    local options = b:given { preview = one.path or one, approve = one.digest }
    for name, value in pairs(more or {}) do options[name] = value end
    return sei.developers.activate(options)
  end

  it("maps the first upload, reads back and keeps a journal", function()
    local one, steps = first(), {}
    local result = assert(activate(one, { progress = function(f) steps[#steps + 1] = f.step end }))
    assert.equal("done", result.state)
    assert.same({ 3, 3 }, { result.verified, result.developers })
    assert.equal("version 1 is active; 3 developers; 3 of 3 changes found when read back",
      tostring(result))
    assert.same({ "read", "map", "verify" }, steps)
    local now = b:there()
    assert.equal("ada@x.example", now["bo@x.example"].managerEmail)
    assert.equal("Core", now["ada@x.example"].additionalFields.Team)
    local events = assert(require "sei.journal".read(b.folder .. "/p.journal")).events
    assert.same({ "begin", "sent", "verified", "end" }, { events[1].event, events[2].event,
      events[3].event, events[4].event })
    local undone, err = sei.undo { journal = b.folder .. "/p.journal" }
    assert.is_nil(undone)
    assert.matches("sei developers undo", err.hint)
  end)

  it("activates later ones, and does nothing twice", function()
    b:setup(FIRST)
    local one = first { file = b:file("hr2.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n"
      .. "Di,di@x.example,ada@x.example,\n"), columns = {} }
    assert.is_false(one.header.first)
    assert.same({ 2, 2 }, { assert(activate(one)).verified, one.header.counts.keep })
    assert.equal(4, (select(2, b:there())))
    b.e:clear_log()
    local again = assert(activate(one))
    assert.is_true(again.already)
    assert.equal(0, b:count("PATCH", "/v2/developers/versions/2"))
  end)

  it("refuses another digest, account, or developers that somebody changed", function()
    b:setup(FIRST)
    local one = first { file = b:file("hr2.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n"),
      columns = {} }
    refused("approval", activate(one, { approve = ("0"):rep(64) }))
    local other <close> = sei.client { base_url = b.e.url .. "/", api_key = "pat.acct9.k.s",
      pace = false, retries = 0 }
    refused("target", activate(one, { client = other }))
    b.e:api("PATCH", "/v2/developers", { { email = "bo@x.example", name = "Robert" } })
    b.e:clear_log()
    local err = refused("drift", activate(one))
    assert.matches("whom the preview leaves as they are", err.message)
    b.e:api("PATCH", "/v2/developers", { { email = "ada@x.example", Team = "Sales" } })
    err = refused("drift", activate(one))
    assert.matches("these among others: ada@x.example", err.message)
    assert.equal(0, b:count("PATCH", "/v2/developers/versions/2"))
    local held <close> = assert(require "sei.lock".take(one.header.target, b.folder .. "/lock"))
    refused("lock", activate(one))
    assert.truthy(held)
  end)

  it("says where it stands when a step fails, and goes on", function()
    local one = first()
    b.e:quirk("fault", "status-500:always", "/v2/developers/versions")
    local result, err = activate(one)
    assert.is_nil(result)
    assert.same({ "map", "1", "before" }, { err.step, err.version, err.where })
    assert.matches("in the step 'map' of version 1; nothing was changed", err.hint)
    b.e:clear()
    assert.equal("done", assert(activate(one)).state)
  end)

  it("looks what became of a request without an answer", function()
    b:setup(FIRST)
    local one = first { file = b:file("hr2.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n"),
      columns = {} }
    b.e:quirk("fault", "reset-acted:always", "/v2/developers/versions")
    assert.equal("done", assert(activate(one)).state)
    assert.equal(1, b:count("PATCH", "/v2/developers/versions/2"))
    assert.equal("Data", b:there()["ada@x.example"].additionalFields.Team)
  end)

  it("names developers that are not as they were to be", function()
    local there = require "sei.developers.there"
    b:setup(FIRST)
    local one = first { file = b:file("hr2.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n"),
      columns = {} }
    local read, calls = there.read, 0
    there.read = function(...)
      calls = calls + 1
      if calls == 2 then
        b.e:api("PATCH", "/v2/developers", { { email = "ada@x.example", Team = "Other" } })
      end
      return read(...)
    end
    finally(function() there.read = read end)
    local result = assert(activate(one))
    assert.equal("incomplete", result.state)
    assert.same({ "ada@x.example", "differs", 'Team="Data"', 'Team="Other"' },
      { result.others[1].email, result.others[1].kind, result.others[1].expected,
        result.others[1].found })
  end)
end)

describe("sei.developers.undo", function()
  local function changed()
    b:setup(FIRST)
    local path = b:file("hr.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n"
      .. "Di,di@x.example,ada@x.example,\n")
    local one = assert(sei.developers.upload { client = b.client, file = path,
      missing = "remove", preview = b.folder .. "/p" })
    assert(sei.developers.activate(b:given { preview = one.path, approve = one.digest }))
    assert.equal(2, (select(2, b:there())))
  end

  local function activate(one)
    return sei.developers.activate(b:given { preview = one.path, approve = one.digest })
  end

  it("uploads what there was, and passes the same gates", function()
    changed()
    local back = assert(sei.developers.undo { client = b.client, preview = b.folder .. "/p",
      file = b.folder .. "/u" })
    assert.same({ add = 2, change = 1, remove = 1, keep = 0 }, back.header.counts)
    assert.equal("done", assert(activate(back)).state)
    local now, n = b:there()
    assert.equal(3, n)
    assert.equal("Core", now["ada@x.example"].additionalFields.Team)
    assert.equal("bo@x.example", now["cy@x.example"].managerEmail)
    refused("drift", sei.developers.undo { client = b.client, preview = b.folder .. "/p" })
  end)

  it("activates an earlier version again, and reads whether it came back", function()
    changed()
    local back = assert(sei.developers.undo { client = b.client, preview = b.folder .. "/p",
      file = b.folder .. "/u", version = 1 })
    assert.equal("1", back.header.version)
    assert.equal("done", assert(activate(back)).state)
    assert.equal(3, (select(2, b:there())))
  end)

  it("is refused where there was nobody before: an upload cannot be empty", function()
    local one = assert(sei.developers.upload { client = b.client, file = b:file("hr.csv", FIRST),
      preview = b.folder .. "/p", columns = { MANAGER_EMAIL = "Boss" } })
    assert(activate(one))
    local err = refused("guard", sei.developers.undo { client = b.client, preview = one.path })
    assert.matches("delete_developers", err.hint)
  end)

  it("is refused when somebody changed a developer since", function()
    changed()
    b.e:api("PATCH", "/v2/developers", { { email = "di@x.example", name = "Diana" } })
    local err = refused("drift", sei.developers.undo { client = b.client,
      preview = b.folder .. "/p" })
    assert.matches("which an undo would lose", err.message)
  end)
end)

describe("sei.developers.sync", function()
  it("is one call with a function that reviews", function()
    local seen
    local options = b:given { file = b:file("hr.csv", FIRST), columns = { MANAGER_EMAIL = "Boss" },
      review = function(preview)
        seen = preview
        return false, "too many"
      end }
    local err = refused("review", sei.developers.sync(options))
    assert.matches("did not approve the preview: too many", err.message)
    assert.same({}, (b:there()))
    options.review = function(preview) return preview.header.counts.add == 3 end
    assert.equal("done", assert(sei.developers.sync(options)).state)
    assert.equal(3, seen.header.counts.add)
    assert.equal(3, (select(2, b:there())))
  end)

  it("is two calls with a file that approves, and one upload", function()
    b:setup(FIRST)
    local options = b:given { file = b:file("hr.csv", "Name,Email,Boss,Team\n"
      .. "Ada,ada@x.example,,Data\n"), preview = b.folder .. "/p",
      review = b.folder .. "/approved" }
    local err = refused("review", sei.developers.sync(options))
    local digest = core.digest.file(b.folder .. "/p")
    assert.matches("call again: " .. digest, err.hint)
    b:file("approved", "0123\n")
    refused("review", sei.developers.sync(options))
    b:file("approved", digest .. "  p\n")
    assert.equal("done", assert(sei.developers.sync(options)).state)
    assert.equal(1, b:count("PUT", "/v2/developers"))
    -- done is done: what somebody changed since is a new preview, and the old one is kept
    b.e:api("PATCH", "/v2/developers", { { email = "bo@x.example", name = "Bob" } })
    refused("review", sei.developers.sync(options))
    assert.equal(2, b:count("PUT", "/v2/developers"))
    assert.equal(digest, core.digest.file(b.folder .. "/p.2"))
    assert(io.open(b.folder .. "/p.2.journal")):close()
    -- and so is what was approved before somebody changed it
    options.file = b:file("hr.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Lab\n")
    refused("review", sei.developers.sync(options))
    b:file("approved", core.digest.file(b.folder .. "/p") .. "\n")
    b.e:api("PATCH", "/v2/developers", { { email = "ada@x.example", name = "Ada M" } })
    err = refused("review", sei.developers.sync(options))
    assert.matches("approves another preview", err.message)
    b:file("approved", core.digest.file(b.folder .. "/p") .. "\n")
    assert.equal("done", assert(sei.developers.sync(options)).state)
    b.e:clear_log()
    -- another input is another preview
    options.file = b:file("hr.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Web\n")
    refused("review", sei.developers.sync(options))
    assert.equal(1, b:count("PUT", "/v2/developers"))
  end)

  it("raises where a later approval could not be found again", function()
    local ok, problem = pcall(sei.developers.sync, b:given { file = "x", approve = "ab" })
    assert.is_false(ok)
    assert.matches("'preview'", problem)
    ok, problem = pcall(sei.developers.sync, b:given { file = "x" })
    assert.is_false(ok)
    assert.matches("either the option 'review' or 'approve'", problem)
  end)
end)

-- Where a failure leaves the service, whatever failed: before, or after, and the error says which.
describe("any failure on the way", function()
  local FAULTS_OF <const> = { "reset-before", "reset-acted", "reset-within", "truncated",
    "status-500", "status-403" }
  local STEPS <const> = { { "/v2/developers/schema", 1 }, { "/v2/developers/versions", 1 } }

  for _, fault in ipairs(FAULTS_OF) do
    for _, where in ipairs(STEPS) do
      it(("leaves all as it was, or done: %s at %s"):format(fault, where[1]), function()
        b:setup(FIRST)
        local before = b.e:state "digest"
        local options = b:given { file = b:file("hr.csv", "Name,Email,Boss,Team\n"
          .. "Ada,ada@x.example,,Data\n"), preview = b.folder .. "/p",
          review = function() return true end }
        b.e:quirk("fault", fault .. ":always", where[1])
        local result, err = sei.developers.sync(options)
        local now = b:there()["ada@x.example"].additionalFields.Team
        b.e:clear()
        if result then
          assert.equal("Data", now)
          assert.equal("done", result.state)
        else
          if now == "Core" then assert.equal(before, b.e:state "digest") end
          assert.is_true(err.where == nil and now == "Core"
            or err.where == (now == "Core" and "before" or "after"), tostring(err))
          assert.is_truthy(err.hint, tostring(err))
          assert.is_truthy(not err.where or err.hint:find(err.where == "before"
            and "nothing was changed" or "done all the same", 1, true), tostring(err))
        end
        assert.equal("done", assert(sei.developers.sync(options)).state)
        assert.equal("Data", b:there()["ada@x.example"].additionalFields.Team)
      end)
    end
  end
end)

describe("a preview", function()
  it("that was edited, cut or is something else is refused with its line", function()
    local one = assert(sei.developers.upload { client = b.client, file = b:file("hr.csv", FIRST),
      columns = { MANAGER_EMAIL = "Boss" }, preview = b.folder .. "/p" })
    local file <close> = assert(io.open(one.path))
    local text = file:read "a"
    for _, case in ipairs { { text:match "^[^\n]*\n[^\n]*\n", "speaks of 3 rows, it has 1" },
      { '{"kind":"header"}\n', "not a preview" }, { "", "not a preview" },
      { text:gsub('"kind":"add"', '"kind":"more"', 1), ":2: no row of a preview" },
      { text:gsub('"format":1', '"format":9', 1), "format 9" } } do
      local read, err = sei.developers.preview(b:file("q", case[1]))
      assert.is_nil(read)
      assert.equal("decode", err.kind)
      assert.matches(case[2], err.message, 1, true)
    end
  end)
end)
