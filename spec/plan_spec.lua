-- plan - decisions against what the service has: what is added, changed, kept,
-- left alone, contradicts itself; with guards; the same bytes for the same inputs.
local dkjson = require "dkjson"
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local HUB <const>, LAB <const> = 5322, 5323
local folder, e

local function file(name, text)
  local path = folder .. "/" .. name
  local out = assert(io.open(path, "wb"))
  out:write(text)
  out:close()
  return path
end

-- Contributors as the service exports them: name, address, identities, fields.
local function directory()
  local lines = {}
  local function person(id, name, email, identities, fields)
    local list = {}
    for i, one in ipairs(identities) do list[i] = { integration_id = tostring(one[1]),
      user_id = one[2] } end
    lines[#lines + 1] = dkjson.encode { id = tostring(id), full_name = name, email = email,
      org_uuid = ("00000000-0000-4000-8000-%012d"):format(id), version = "1",
      integration_user_ids = setmetatable(list, { __jsontype = "array" }),
      additional_fields = fields or { region = "emea" } }
  end
  person(1, "Ann Ash", "ann@x.example", { { HUB, "annash" }, { LAB, "ann" } })
  person(2, "Bob Birch", "bob@x.example", { { HUB, "shared" } })
  person(3, "Cem Cedar", "cem@x.example", {})
  person(4, "Dora Dell", "dora@x.example", { { HUB, "DoraD" } })
  person(5, "Eve Elm", "eve.elm@x.example", {})
  for i = 10, 59 do
    person(i, "Person Number" .. i, ("p%d@x.example"):format(i), { { LAB, "p" .. i } })
  end
  return table.concat(lines, "\n") .. "\n"
end

setup(function()
  folder = shell.folder()
  e = emulator.start { load = { file("directory.jsonl", directory()) } }
end)
teardown(function()
  e:stop()
  shell.remove(folder)
end)
before_each(function() e:reset() end)

local function new_client()
  local client = sei.client { base_url = e.url, api_key = "a-key-to-plan", pace = false,
    retries = 0 }
  finally(function() client:close() end)
  return client
end

local function people(more)
  local list = {
    { email = "ann@x.example", name = "Ann Ash" }, { email = "bob@x.example", name = "Bob Birch" },
    { email = "CEM@x.example", name = "Cem Cedar" },
    { email = "dora@x.example", name = "Dora Dell" },
    { email = "eve@old.example", emails = { "eve.elm@x.example" }, name = "Eve Elm" },
    { email = "new@x.example", name = "New Nut" }, { id = "77", name = "No Address" },
  }
  for _, one in ipairs(more or {}) do list[#list + 1] = one end
  return list
end

-- A rule that a test can steer: the account says whose it is.
local function by_owner(account, all)
  for _, person in ipairs(all:all()) do
    if person.name == account.owner then return person, { key = account.mark or account.owner } end
  end
end

local function account(integration, login, owner, more)
  local one = { integration_id = integration, login = login, owner = owner }
  for name, value in pairs(more or {}) do one[name] = value end
  return one
end

local function accounts()
  return {
    account(HUB, "annash", "Ann Ash"), account(HUB, "shared", "Cem Cedar"),
    account(LAB, "bob", "Bob Birch"), account(LAB, "eve", "Eve Elm"),
    account(LAB, "newnut", "New Nut"), account(LAB, "noaddr", "No Address"),
  }
end

local function plan(options, client)
  local all = { client = client or new_client(), people = people(), accounts = accounts(),
    rules = { by_owner } }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(sei.plan(all))
end

local function row(made, name)
  for _, one in ipairs(made.rows) do
    if require "sei.plan.file".name(one) == name then return one end
  end
end

describe("a plan", function()
  it("says what would be added, changed and kept, and what contradicts itself", function()
    local made = plan()
    assert.same({ "keep", "ann@x.example", "ann@x.example" }, { row(made, "5322/annash").kind,
      row(made, "5322/annash").before.email, row(made, "5322/annash").after.email })
    assert.same({ "change", "bob@x.example", "cem@x.example" }, { row(made, "5322/shared").kind,
      row(made, "5322/shared").before.email, row(made, "5322/shared").after.email })
    local add = row(made, "5323/bob")
    assert.same({ "add", "bob@x.example", "custom", "certain", "Bob Birch" }, { add.kind,
      add.after.email, add.rule, add.class, add.key })
    assert.is_nil(add.before)
    assert.equal("eve.elm@x.example", row(made, "5323/eve").after.email)
    assert.equal("unknown_person", row(made, "5323/newnut").reason)
    assert.truthy(row(made, "5323/newnut").message:find("new@x.example", 1, true))
    assert.equal("no_email", row(made, "5323/noaddr").reason)
    assert.equal(3, made.writes)
    assert.equal(2, made.header.irreversible)
    assert.same({}, made.failed)
    assert.equal(e.url, made.header.target.base_url)
  end)

  it("writes nothing to the service", function()
    local before = e:state "digest"
    plan { file = folder .. "/quiet.jsonl", fields = function() return { region = "apac" } end }
    assert.equal(before, e:state "digest")
  end)

  it("has nothing to do where all is as it shall be", function()
    local made = plan { accounts = { account(HUB, "annash", "Ann Ash"),
      account(LAB, "ann", "Ann Ash") } }
    assert.equal(0, made.writes)
    assert.equal(2, made.header.counts.keep)
  end)

  it("reads the same by the list as by the download", function()
    local a, b = plan(), plan { read = "list" }
    assert.equal(a.digest, b.digest)
  end)

  it("names the people who are in the directory alone, and removes nobody", function()
    local made = plan()
    assert.equal(50, made.header.counts.missing)
    assert.equal("p10@x.example", made.header.missing[1])
  end)

  it("takes the directory's spelling where it is the same person's, else leaves it", function()
    local made = plan { accounts = { account(HUB, "dorad", "Dora Dell"),
      account(HUB, "ANNASH", "Bob Birch") } }
    assert.equal("keep", row(made, "5322/dorad").kind)
    assert.equal("spelling", row(made, "5322/ANNASH").reason)
    assert.truthy(row(made, "5322/ANNASH").message:find("annash", 1, true))
  end)

  it("does not decide between two accounts that are one", function()
    local made = plan { match = { one_to_one = false }, accounts = {
      account(LAB, "twin", "Ann Ash"), account(LAB, "twin", "Bob Birch"),
      account(LAB, "same", "Cem Cedar", { n = 1 }), account(LAB, "same", "Cem Cedar", { n = 2 }) } }
    assert.equal("two_people", row(made, "5323/twin").reason)
    assert.truthy(row(made, "5323/twin").message:find("ann@x.example, bob@x.example", 1, true))
    assert.equal("add", row(made, "5323/same").kind)
    assert.equal(2, #made.rows)
  end)

  it("takes the same one of two accounts that say the same, in either order", function()
    local a, b = account(LAB, "same", "Cem Cedar", { mark = "1" }),
      account(LAB, "same", "Cem Cedar", { mark = "2" })
    local options = { match = { one_to_one = false }, accounts = { a, b } }
    local digest = plan(options).digest
    options.accounts = { b, a }
    assert.equal(digest, plan(options).digest)
  end)

  it("names accounts that cannot be written", function()
    local made = plan { accounts = { account(nil, "lost", "Ann Ash"),
      account("abc", "odd", "Bob Birch"), account(LAB, "b\xFFd", "Cem Cedar"),
      account(LAB, nil, "Dora Dell", { name = "Dora" }), account("5323", "text", "Eve Elm") } }
    assert.equal("no_integration", row(made, "?/lost").reason)
    assert.equal("no_integration", row(made, "?/odd").reason)
    assert.equal("not_utf8", row(made, "5323/b\\xFFd").reason)
    assert.equal("no_identity", row(made, "5323/5323/Dora").reason)
    assert.equal("add", row(made, "5323/text").kind)
    assert.equal(1, made.writes)
  end)

  it("gives accounts an integration, and identities another field", function()
    local made = plan { integration_id = LAB, identity = "key", accounts = {
      account(nil, "x", "Ann Ash", { key = "k-1" }), account(HUB, "x", "Bob Birch", { key = 7 }) } }
    assert.equal("add", row(made, "5323/k-1").kind)
    assert.equal("add", row(made, "5322/7").kind)
    made = plan { identity = function(one) return one.login:upper() end,
      accounts = { account(LAB, "up", "Ann Ash") } }
    assert.equal("add", row(made, "5323/UP").kind)
  end)

  it("leaves probable decisions out unless they are wanted", function()
    local rules = { sei.rule.custom { decide = by_owner, class = "probable", name = "guess" } }
    local made = plan { rules = rules }
    assert.equal(0, made.writes)
    assert.equal(6, made.header.counts.probable)
    made = plan { rules = rules, class = "probable" }
    assert.equal(3, made.writes)
    assert.equal(0, made.header.counts.probable)
    assert.equal("probable", row(made, "5323/bob").class)
  end)

  it("takes files by their endings, and says how many bad rows were left out", function()
    local made = plan { people = file("hr.csv", "email,name\nann@x.example,Ann Ash\n"),
      rules = { sei.rule.email() }, accounts = sei.source.json { on_bad = function() end,
        lines = true, integration_id = LAB,
        text = '{"login":"one","email":"ann@x.example"}\n{"login":\n' } }
    assert.equal("add", row(made, "5323/one").kind)
    assert.equal(1, made.header.inputs.people.count)
    assert.equal(1, made.header.inputs.accounts.skipped)
  end)

  it("writes what the previous API takes", function()
    local made = plan { target = "cloud_ids", application_type = "GITHUB",
      accounts = { account(nil, "annash", "Ann Ash"), account(nil, "shared", "Cem Cedar"),
        account(nil, "fresh", "Bob Birch") } }
    assert.equal("keep", row(made, "GITHUB/annash").kind)
    assert.equal("change", row(made, "GITHUB/shared").kind)
    assert.equal("bob@x.example", row(made, "GITHUB/shared").before.email)
    assert.equal("add", row(made, "GITHUB/fresh").kind)
    assert.equal("cloud_ids", made.header.writes)
  end)
end)

describe("a plan's review file", function()
  it("is written, filled in by a person, and replayed", function()
    local path = folder .. "/review.csv"
    local function made()
      return plan { rules = { sei.rule.email() }, review = path, decided = path,
        accounts = { account(LAB, "who", nil, { name = "Nobody Known" }) } }
    end
    local one = made()
    assert.equal(0, one.writes)
    assert.equal(1, one.header.counts.review + one.header.counts.none)
    local rows = {}
    for r in sei.csv.read { file = path } do rows[#rows + 1] = r end
    assert.equal(1, #rows)
    local text = shell.run("cat " .. path)
    local header, line = text:match "^([^\r\n]*)\r?\n([^\r\n]*)"
    assert.truthy(header:find "decision", header)
    assert.matches("^,,", line)
    file("review.csv", (text:gsub("\n,,", "\nchoose,bob@x.example,", 1)))
    local two = made()
    assert.equal("add", row(two, "5323/who").kind)
    assert.equal("bob@x.example", row(two, "5323/who").after.email)
    assert.equal(two.digest, made().digest)
  end)
end)

describe("the plan's bytes", function()
  local function shuffled(list)
    for i = #list, 2, -1 do
      local j = math.random(i)
      list[i], list[j] = list[j], list[i]
    end
    return list
  end

  it("are the same for the same inputs in any order", function()
    local client, first = new_client(), nil
    local function many()
      local list = accounts()
      for i = 10, 59 do
        list[#list + 1] = account(LAB, "p" .. i, "Person Number" .. i, { source = { line = i } })
        list[#list + 1] = account(HUB, "twin" .. i % 7, "Person Number" .. i)
      end
      return list
    end
    for seed = 1, 20 do
      math.randomseed(seed)
      local everybody = people()
      for i = 10, 59 do
        everybody[#everybody + 1] = { email = ("p%d@x.example"):format(i),
          name = "Person Number" .. i }
      end
      local made = plan({ people = shuffled(everybody), accounts = shuffled(many()),
        file = folder .. "/shuffled.jsonl", fields = function(person)
          return { region = person.name:sub(1, 3) }
        end, guard = { fields = 100 } }, client)
      first = first or made.digest
      assert.equal(first, made.digest)
      assert.equal(first, (shell.run("sha256sum " .. made.path):match "^%x+"))
    end
  end)

  it("are others when an input is another", function()
    local client = new_client()
    local one = plan({}, client).digest
    local others = people { { email = "z@x.example" } }
    assert.not_equal(one, plan({ people = others }, client).digest)
  end)
end)

describe("protection", function()
  it("leaves rows alone and says by what", function()
    local made = plan { protect = { "bob@*", "5323/ev?", "5323/e*" } }
    assert.equal("protected", row(made, "5322/shared").kind)
    assert.equal("protected by bob@*", row(made, "5322/shared").message)
    assert.equal("protected by bob@*", row(made, "5323/bob").message)
    assert.equal("protected by 5323/e*", row(made, "5323/eve").message)
    assert.equal("keep", row(made, "5322/annash").kind)
    assert.equal(0, made.writes)
  end)
end)

describe("guards", function()
  local function moved(n)
    local list = {}
    for i = 10, 9 + n do list[#list + 1] = account(LAB, "p" .. i, "Ann Ash") end
    return list
  end

  it("stop a plan that changes one mapping too many", function()
    local options = { match = { one_to_one = false }, accounts = moved(10) }
    assert.same({}, plan(options).failed)
    options.accounts = moved(11)
    local made = plan(options)
    assert.equal(1, #made.failed)
    assert.same({ "changes", 11, 10 }, { made.failed[1].name, made.failed[1].found,
      made.failed[1].limit })
    options.guard = { changes = 11 }
    assert.same({}, plan(options).failed)
  end)

  it("stop a plan that overwrites one record too many, not one that fills in", function()
    local everybody = {}
    for i = 10, 20 do everybody[#everybody + 1] = { email = ("p%d@x.example"):format(i) } end
    local function set(field) return function() return { [field] = "Sales" } end end
    local made = plan { people = everybody, accounts = {}, guard = { empty = 1 },
      fields = set "region" }
    assert.equal("fields", made.failed[1].name)
    assert.equal(11, made.failed[1].found)
    made = plan { people = everybody, accounts = {}, guard = { empty = 1 },
      fields = set "department" }
    assert.same({}, made.failed)
    assert.equal(11, made.writes)
  end)

  it("stop a plan without people or accounts", function()
    assert.equal("empty", plan { accounts = {} }.failed[1].name)
    assert.equal("empty", plan { people = {} }.failed[1].name)
  end)

  it("stop a plan of an input that shrank since the last apply", function()
    local state = folder .. "/state.json"
    local guard = require "sei.guard"
    local many = {}
    for i = 1, 20 do many[i] = { email = ("m%d@x.example"):format(i) } end
    local made = plan { people = people(many), guard = { state = state } }
    assert.same({}, made.failed)
    assert.equal(state, made.header.state)
    assert(guard.remember(made.header))
    made = plan { guard = { state = state } }
    assert.equal("shrunk", made.failed[1].name)
    assert.equal("people", made.failed[1].input)
    assert.same({}, plan { guard = { state = state, shrunk = 0.9 } }.failed)
    assert.same({}, plan { guard = { state = false } }.failed)
  end)
end)

describe("custom fields", function()
  local function set(values)
    return function(person) return values[person.name] end
  end

  it("change alone, with what was there before", function()
    local made = plan { accounts = {}, guard = { empty = 1 }, fields = set {
      ["Ann Ash"] = { region = "apac", department = "Sales" }, ["Bob Birch"] = { region = "emea" },
      ["Cem Cedar"] = { region = sei.null, full_name = "Cem C. Cedar" } } }
    local ann = row(made, "ann@x.example")
    assert.same({ region = "emea", department = sei.null }, ann.before)
    assert.same({ region = "apac", department = "Sales" }, ann.after)
    assert.equal("1", ann.id)
    assert.matches("^%x+$", ann.fingerprint)
    assert.equal("keep", row(made, "bob@x.example").kind)
    assert.same({ region = sei.null, full_name = "Cem C. Cedar" },
      row(made, "cem@x.example").after)
    assert.same({ change = 2, keep = 1 }, made.header.counts.fields)
  end)

  it("carry a fingerprint of all that somebody else may change", function()
    local print_of = require "sei.plan.directory".fingerprint
    local function record(changes)
      local one = { id = "1", email = "a@x.example", full_name = "A", version = "1",
        updated_at = 5, created_at = 4, dynamic_column_aggs_region = 2,
        additional_fields = { region = "emea" },
        integration_user_ids = sei.json.array { { integration_id = "1", user_id = "a" } } }
      for name, value in pairs(changes or {}) do one[name] = value end
      return print_of(one)
    end
    local same = record()
    for name, value in pairs { version = "2", updated_at = 6, created_at = 5,
      dynamic_column_aggs_region = 3, integration_user_ids = sei.json.array {} } do
      assert.equal(same, record { [name] = value })
    end
    for name, value in pairs { id = "2", email = "b@x.example", full_name = "B", more = 1,
      additional_fields = { region = "apac" } } do
      assert.not_equal(same, record { [name] = value })
    end
  end)

  it("are not disturbed by a function that changes what it was given", function()
    local made = plan { accounts = {}, guard = { empty = 1 }, fields = function(_, contributor)
      contributor.additional_fields.region = "changed"
      contributor.full_name = "changed"
      return { region = "changed" }
    end }
    assert.equal("emea", row(made, "ann@x.example").before.region)
  end)

  it("are protected by address", function()
    local made = plan { accounts = {}, guard = { empty = 1 }, protect = "ann@x.example",
      fields = function() return { region = "apac" } end }
    assert.equal("protected", row(made, "ann@x.example").kind)
    assert.equal("change", row(made, "bob@x.example").kind)
  end)

  it("of an address that two people have are nobody's", function()
    local made = plan { accounts = {}, guard = { empty = 1 },
      people = people { { id = "8", email = "z@x.example", emails = { "ann@x.example" } } },
      fields = function() return { region = "apac" } end }
    assert.equal("two_people", row(made, "ann@x.example").reason)
  end)

  it("refuse what cannot be", function()
    local function refused(words, fields)
      local made, err = sei.plan { client = new_client(), people = people(), fields = fields }
      assert.is_nil(made)
      assert.is_true(sei.is_error(err), tostring(err))
      assert.truthy(tostring(err):find(words, 1, true), tostring(err))
      assert.truthy(tostring(err):find("ann@x.example", 1, true), tostring(err))
    end
    refused("did you mean 'region'?", set { ["Ann Ash"] = { regoin = "x" } })
    refused("'email', which is not a field to set", set { ["Ann Ash"] = { email = "x" } })
    refused("what JSON cannot hold", set { ["Ann Ash"] = { region = print } })
    refused("no table of fields but string", set { ["Ann Ash"] = "apac" })
    refused("no region for you", function() error "no region for you" end)
  end)
end)

describe("a bad input", function()
  local function refused(words, options)
    local all = { client = new_client(), people = people(), accounts = accounts() }
    for name, value in pairs(options) do all[name] = value end
    local made, err = sei.plan(all)
    assert.is_nil(made)
    assert.is_true(sei.is_error(err), tostring(err))
    assert.truthy(tostring(err):find(words, 1, true), tostring(err))
  end

  it("is named with its remedy", function()
    refused("nothing reads files that end so", { people = "hr.xlsx" })
    refused("the recipe's 'people' failed", { people = function() error "it is down" end })
    refused("the HR system is down", { people = function()
      return function() error "the HR system is down" end
    end })
    refused("returned one record", { accounts = function() return { login = "a" } end })
    refused("returned nil", { accounts = function() end })
    refused("no array of records", { people = { email = "a@x.example" } })
    refused("no table but string, number 2", { accounts = { { login = "a" }, "b" } })
    refused("connect", { client = sei.client { base_url = "http://127.0.0.1:1", api_key = "k",
      pace = false, retries = 0 } })
    refused("the recipe's 'identity' failed for the account", { identity = function()
      error "no identity" end, rules = { by_owner } })
  end)

  it("of a wrong kind is misuse", function()
    local function misused(words, options)
      local ok, problem = pcall(sei.plan, options)
      assert.is_false(ok)
      assert.truthy(tostring(problem):find(words, 1, true), tostring(problem))
    end
    misused("table of options expected", "recipe.lua")
    misused("'client'", { people = {}, accounts = {} })
    misused("'client'", { client = {}, people = {}, accounts = {} })
    misused("did you mean 'accounts'?", { client = new_client(), people = {}, acounts = {} })
    misused("bad option 'file'", { client = new_client(), people = {}, accounts = {}, file = 5 })
    local closed = new_client()
    closed:close()
    misused("'client'", { client = closed, people = {}, accounts = {} })
  end)

  it("leaves the plan that was there", function()
    local path = file("kept.jsonl", "an old plan")
    assert.is_nil((sei.plan { client = new_client(), people = "hr.xlsx", accounts = {},
      file = path }))
    assert.equal("an old plan", shell.run("cat " .. path))
  end)
end)

describe("the command", function()
  local function command(words)
    return shell.run(("cd %s && SEI_BASE_URL=%s SEI_API_KEY=a-key %s/bin/sei %s"):format(folder,
      e.url, shell.run("cd " .. shell.build() .. " && pwd"):gsub("\n", ""), words))
  end

  local RECIPE <const> = [[
    local names = require "names"
    return { name = "nightly", people = names.people, accounts = names.accounts,
      rules = { sei.rule.email() }, guard = { changes = 1 } }]]

  local function recipe(lines)
    file("names.lua", ([[return { people = {
      { email = "ann@x.example" }, { email = "bob@x.example" }, { email = "cem@x.example" } },
      accounts = { %s } }]]):format(lines))
    return file("nightly.lua", RECIPE)
  end

  local KEEP <const> = '{ integration_id = 5322, login = "annash", email = "ann@x.example" },'
  local MOVE <const> = '{ integration_id = 5322, login = "shared", email = "cem@x.example" },'
  local MORE <const> = '{ integration_id = 5323, login = "ann", email = "bob@x.example" },'

  it("ends with 0 where nothing is to do", function()
    recipe(KEEP)
    local text, status = command "plan nightly.lua -o a.jsonl"
    assert.equal(0, status, text)
    assert.truthy(text:find("Nothing to do.", 1, true))
  end)

  it("ends with 2 where something is, and prints the digest", function()
    recipe(KEEP .. MOVE)
    local text, status = command "plan nightly.lua -o b.jsonl"
    assert.equal(2, status, text)
    local digest = text:match "\ndigest: (%x+)\n"
    assert.equal(digest, (command "show b.jsonl":match "\ndigest: (%x+)\n"))
    assert.equal(digest, (shell.run("sha256sum " .. folder .. "/b.jsonl"):match "^%x+"))
    assert.truthy(text:find("bob@x.example → cem@x.example", 1, true), text)
    assert.truthy(text:find("nightly.last.json", 1, true) == nil)
  end)

  it("ends with 3 where a guard stops it; the plan is there and tells", function()
    recipe(KEEP .. MOVE .. MORE)
    local text, status = command "plan nightly.lua -o c.jsonl"
    assert.equal(3, status, text)
    assert.truthy(text:find("STOP  2 mappings would change, more than 1", 1, true), text)
    assert.truthy(command "show c.jsonl":find("STOP", 1, true))
    text, status = command "plan nightly.lua -o c.jsonl --max-changes 2"
    assert.equal(2, status, text)
    text, status = command "plan nightly.lua -o c.jsonl --max-changes many"
    assert.equal(1, status, text)
  end)

  it("ends with 1 where the recipe is wrong, and tells where", function()
    file("bad.lua", "return {\n  people = {},,\n}")
    local text, status = command "plan bad.lua -o d.jsonl"
    assert.equal(1, status)
    assert.truthy(text:find("bad.lua:2:", 1, true), text)
    assert.is_nil(text:find("traceback", 1, true), text)
    text, status = command "plan none.lua -o d.jsonl"
    assert.equal(1, status)
    assert.truthy(text:find("none.lua", 1, true), text)
    text, status = command "show bad.lua"
    assert.equal(1, status)
    assert.truthy(text:find("not a plan", 1, true), text)
  end)
end)
