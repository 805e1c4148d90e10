-- examples - each script in examples/ does what it says, against the emulator.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local KEY <const> = "pat.acct1.key7.not-a-secret"

describe("the example", function()
  local e, client, folder

  setup(function() folder = shell.folder() end)
  teardown(function() shell.remove(folder) end)

  -- Starts the emulator for one test.
  local function start(options)
    e = emulator.start(options)
    client = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
    finally(function()
      client:close()
      e:stop()
    end)
  end

  local function run(name, ...)
    local text, status = shell.run(("SEI_BASE_URL=%s SEI_API_KEY=%s %s examples/%s.lua %s"):format(
      e.url, KEY, shell.lua(), name, shell.join { ... }))
    assert.is_nil(text:find(KEY, 1, true), "the key is shown")
    return text, status
  end

  local function file(name, text)
    local path = folder .. "/" .. name
    local out = assert(io.open(path, "wb"))
    out:write(text)
    out:close()
    return path
  end

  it("01_list_contributors prints everybody", function()
    start { people = 120, quirks = { "dangling=7" } }
    local text, status = run "01_list_contributors"
    assert.equal(0, status, text)
    local seen = 0
    for c in client:list_contributors() do
      if c.id ~= "0" then
        seen = seen + 1
        assert.is_truthy(text:find(("%s\t%s\t%d\n"):format(c.email, c.full_name,
          #c.integration_user_ids), 1, true), c.email)
      end
    end
    assert.equal(120, seen)
    assert.matches("127 records, 7 of them logins that belong to nobody\n", text, 1, true)
    text = run("01_list_contributors", "3")
    assert.matches("\n3 records, 0 of them", text)
  end)

  it("02_schema_and_versions prints both", function()
    start { people = 5 }
    local text, status = run "02_schema_and_versions"
    assert.equal(0, status, text)
    assert.matches("^index  key +display_name +type\n%-+  %-+  %-+ +%-+\n    1  full_name", text)
    assert.matches("\nid  name +version\n%-%-  %-+  %-+\n1   Version 1        1\n$", text)
  end)

  local PEOPLE = "examples/data/people.csv"

  it("03_map_identities matches, uploads, reads back and shows the rest", function()
    start { load = { PEOPLE } }
    local text, status = run("03_map_identities", PEOPLE, "examples/data/gitlab.csv",
      "examples/data/lookup.csv", "5323")
    assert.equal(0, status, text)
    local all, matched, back, left = text:match("(%d+) accounts: (%d+) matched, "
      .. "(%d+) of them read back, (%d+) left for a person to decide\n$")
    assert.equal(39, tonumber(all))
    assert.equal(matched, back)
    assert.equal(tonumber(all), matched + left)
    assert.is_true(tonumber(matched) > 20)
    -- What it says was matched is what the service has.
    local there, count = {}, 0
    for row in client:download_identities() do
      if row.integrationId == "5323" then there[row.identity] = row.email end
    end
    for login, email in text:gmatch "\n(%S+) +(%S+@%S+) +%S+ +yes" do
      count = count + 1
      assert.equal(email, there[login])
    end
    assert.equal(tonumber(matched), count)
    assert.matches("Not matched\n\nlogin +name +why\n", text)
  end)

  it("03_map_identities explains itself, and fails when the service does", function()
    start { load = { PEOPLE } }
    local text, status = run "03_map_identities"
    assert.equal(1, status)
    assert.matches("^usage: ", text)
    e:quirk("fault", "status-500:always")
    text, status = run("03_map_identities", PEOPLE, "examples/data/gitlab.csv",
      "examples/data/lookup.csv", "5323")
    assert.equal(1, status)
    assert.matches("^http: the service failed: .* %(HTTP 500, PATCH ", text)
  end)

  it("04_download_identities writes the file", function()
    start { people = 300 }
    local path = folder .. "/out.csv"
    local text, status = run("04_download_identities", path)
    assert.equal(0, status, text)
    local want = e:request("GET", "/v2/developers/identities",
      { accept = "text/csv", ["x-api-key"] = "k" })
    local got = assert(io.open(path, "rb")):read "a"
    assert.equal(("%s: %d bytes\n"):format(path, #want), text)
    assert.is_true(want == got)
    text, status = run("04_download_identities", folder .. "/no/out.csv")
    assert.equal(1, status)
    assert.equal(("io: %s/no/out.csv: No such file or directory\n"):format(folder), text)
  end)

  it("05_update_custom_field changes one field and loses nothing else", function()
    start { people = 40 }
    local before, order = {}, {}
    for c in client:list_contributors() do
      before[c.email], order[#order + 1] = c, c.email
    end
    local lines = { "email,value" }
    for i = 1, 10 do lines[i + 1] = order[i]:upper() .. ",apac" end
    lines[12] = "nobody@example.com,apac"
    local values = file("values.csv", table.concat(lines, "\n") .. "\n")
    local already = 0
    for i = 1, 10 do
      if before[order[i]].additional_fields.region == "apac" then already = already + 1 end
    end
    e:clear_log()
    local text, status = run("05_update_custom_field", "region", values)
    assert.equal(0, status, text)
    assert.equal(("%d of %d rows accepted in 1 request\n%d records had to change; 1 addresses of "
      .. "the file are not in the directory\n"):format(10 - already, 10 - already, 10 - already),
      text)
    local puts = 0
    for _, request in ipairs(e:log()) do
      if request.method == "PUT" then puts = puts + 1 end
    end
    assert.equal(1, puts)
    local n = 0
    for c in client:list_contributors() do
      n = n + 1
      local old = before[c.email]
      local chosen = false
      for i = 1, 10 do chosen = chosen or order[i] == c.email end
      if chosen then old.additional_fields.region = "apac" end
      for _, record in ipairs { c, old } do record.version, record.updated_at = nil, nil end
      assert.same(old, c)
    end
    assert.equal(40, n)
    -- A second run finds nothing to do, and writes nothing.
    e:clear_log()
    text = run("05_update_custom_field", "region", values)
    assert.matches("^0 of 0 rows accepted\n0 records had to change", text)
    for _, request in ipairs(e:log()) do assert.equal("POST", request.method) end
  end)

  it("05_update_custom_field sets a field that nobody had", function()
    start { people = 4 }
    local c = client:list_contributors()()
    local values = file("values.csv", "email,value\n" .. c.email .. ",\"München, 2\"\n")
    local text, status = run("05_update_custom_field", "site", values)
    assert.equal(0, status, text)
    local now = client:list_contributors()()
    assert.equal("München, 2", now.additional_fields.site)
    c.additional_fields.site = "München, 2"
    assert.same(c.additional_fields, now.additional_fields)
    assert.same(c.integration_user_ids, now.integration_user_ids)
  end)

  it("06_hr_and_gitlab decides what is sure and leaves the rest to a person", function()
    start()
    local review = folder .. "/review.csv"
    local text, status = run("06_hr_and_gitlab", "examples/data/hr.csv",
      "examples/data/gitlab_users.json", review)
    assert.equal(0, status, text)
    local people, accounts, decided, left = text:match(
      "(%d+) people, (%d+) accounts: (%d+) decided, (%d+) left\n")
    assert.same({ "10", "10" }, { people, accounts })
    assert.equal(10, decided + left)
    assert(tonumber(decided) >= 6, text)
    assert.matches("\nabrandt +ada%.brandt@example%.com +certain +email +gitlab_users%.json:1 +"
      .. "hr%.csv:2\n", text)
    -- Two people of one name, and a machine.
    assert.matches("\njnovak +Jan Novak +ambiguous +jan%.novak", text)
    assert.matches("\nproject_7_bot_4f1c +release +role", text)
    assert.matches("accept, reject or choose there\n$", text)
    local handle = assert(io.open(review, "rb"))
    assert.matches("jnovak", handle:read "a", 1, true)
    handle:close()
    text, status = run("06_hr_and_gitlab", "examples/data/hr.csv",
      "examples/data/bitbucket_users.json")
    assert.equal(1, status)
    assert.matches("bitbucket_users.json:1: this is no account of gitlab", text, 1, true)
  end)

  it("07_ldif_bitbucket sends what is certain and new, once", function()
    local lines = { "email,name" }
    for person in sei.source.ldif { file = "examples/data/directory.ldif" } do
      lines[#lines + 1] = person.email .. "," .. person.name
    end
    start { load = { file("people.csv", table.concat(lines, "\n") .. "\n") } }
    local arguments = { "07_ldif_bitbucket", "examples/data/directory.ldif",
      "examples/data/bitbucket_users.json", "5324" }
    local text, status = run(table.unpack(arguments))
    assert.equal(0, status, text)
    local sent = tonumber(text:match "(%d+) sent and read back\n$")
    assert(sent >= 4, text)
    assert.matches("\nabrandt +ada%.brandt@example%.com +email +certain\n", text)
    assert.matches("directory.ldif: 1 times not a person: organizationalUnit\n", text, 1, true)
    local there = {}
    for row in client:list_identities() do there[row.identity] = row.email end
    assert.same({ "ada.brandt@example.com", "quentin.rossi@example.com" },
      { there.abrandt, there.rossi })
    assert.is_nil(there.novak)
    text, status = run(table.unpack(arguments))
    assert.equal(0, status, text)
    assert.matches("\n0 sent and read back\n$", text)
  end)

  it("12_custom_field_recipe plans one field and leaves the others", function()
    start { people = 8 }
    local all = {}
    for c in client:list_contributors() do all[#all + 1] = c end
    local function export(country)
      return file("hr.csv", ("email,name,country,cost_center\n%s,A,%s,7\n%s,B,,8\n"):format(
        all[1].email:upper(), country, all[2].email))
    end
    local function plan(country)
      return shell.run(("HR_EXPORT=%s SEI_BASE_URL=%s SEI_API_KEY=%s %s/bin/sei plan "
        .. "examples/12_custom_field_recipe.lua -o %s"):format(export(country), e.url, KEY,
        shell.build(), folder .. "/plan.jsonl"))
    end
    local new = all[1].additional_fields.region == "apac" and "US" or "JP"
    local text, status = plan(new)
    assert.equal(2, status, text)
    assert.truthy(text:find(("region: %s → %s"):format(all[1].additional_fields.region,
      new == "US" and "amer" or "apac"), 1, true), text)
    assert.matches("1 row is to be written%.\n", text)
    assert.matches("not among the people; nothing is removed %(6%)\n", text)
    text, status = plan "XX"
    assert.equal(1, status, text)
    assert.truthy(text:find("no region is known for the country XX", 1, true), text)
    assert.truthy(text:find(all[1].email, 1, true), text)
    assert.truthy(text:find("hr.csv line 2", 1, true), text)
  end)

  it("13_rehearsal tries a recipe on a copy and leaves the service alone", function()
    start { people = 8 }
    local first
    for c in client:list_contributors() do first = first or c end
    local recipe = file("recipe.lua", ([[return {
      people = { { email = %q } },
      accounts = { { login = "new-login", email = %q } },
      integration_id = %s, guard = { state = false },
    }]]):format(first.email, first.email, first.integration_user_ids[1].integration_id))
    local made = folder .. "/rehearsal"
    local text, status = shell.run(("SEI_BASE_URL=%s SEI_API_KEY=%s PATH=%s/bin:$PATH "
      .. "sh examples/13_rehearsal.sh %s %s"):format(e.url, KEY, shell.build(),
      recipe, made))
    assert.equal(2, status, text)
    assert.matches("1 of 1 rows are as planned; 1 sent in 1 batch\n", text)
    assert.is_nil(text:find(KEY, 1, true), "the key is shown")
    for row in client:list_identities() do assert.not_equal("new-login", row.identity) end
    for _, name in ipairs { "contributors.jsonl", "plan.jsonl", "plan.jsonl.journal",
      "report.html", "undo.jsonl" } do
      local made_file <close> = assert(io.open(made .. "/" .. name))
      assert.truthy(made_file:read(1), name)
    end
  end)

  it("14_count_identities counts the rows as they come", function()
    start { people = 300 }
    local logins, total = {}, 0
    for row in client:list_identities() do
      local integration = tostring(row.integrationId)
      logins[integration] = (logins[integration] or 0) + 1
    end
    local text, status = run "14_count_identities"
    assert.equal(0, status, text)
    for integration, count in text:gmatch "(%d+)\t(%d+) logins\n" do
      assert.equal(logins[integration], tonumber(count), integration)
      total, logins[integration] = total + count, nil
    end
    assert.is_nil(next(logins))
    assert(total >= 300, text)
    e:quirk("fault", "status-500:always")
    text, status = run "14_count_identities"
    assert.equal(1, status)
    assert.matches("^http: the service failed: ", text)
  end)

  it("demo plans, applies, reads, reports and takes back", function()
    local made = folder .. "/demo"
    local text, status = shell.run(shell.lua() .. " examples/demo.lua " .. shell.quote(made))
    assert.equal(0, status, text)
    assert.matches("^An emulator of the service is listening on http://127.0.0.1:%d+/sei/api\n",
      text)
    for _, line in ipairs { "  5323/jgarcia  kwame.garcia@example.com → jakub.garcia@example.com",
      "32 rows are to be written. 31 additions cannot be taken back.",
      "32 of 32 rows are as planned; 32 sent in 1 batch",
      "jakub.garcia@example.com,5323,jgarcia",
      "  5323/jgarcia  jakub.garcia@example.com → kwame.garcia@example.com",
      "1 of 1 rows are as planned; 1 sent in 1 batch" } do
      assert.truthy(text:find("\n" .. line, 1, true), line .. " is missing in\n" .. text)
    end
    assert.matches("\ndemo: done%. ", text)
    local page = assert(io.open(made .. "/report.html"))
    assert.matches("^<!DOCTYPE html>", page:read "a")
    page:close()
  end)
end)
