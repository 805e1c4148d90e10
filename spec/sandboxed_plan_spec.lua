-- sandboxed_plan: sei plan and sei run of what somebody else wrote: the same plan as by a recipe
-- that is trusted, no file but what the command line gives, and every refusal with its remedy.
local command = require "spec.support.command"
local plans = require "spec.support.plans"
local sei = require "sei"
local shell = require "spec.support.shell"

local PEOPLE <const> = 40
local folder, e

setup(function()
  folder = shell.folder()
  e = plans.emulator(folder, PEOPLE)
end)
teardown(function()
  if e then e:stop() end
  shell.remove(folder)
end)

local function file(name, text)
  local path = folder .. "/" .. name
  local out = assert(io.open(path, "wb"))
  out:write(text)
  out:close()
  return path
end

-- Everybody's new account in another integration.
local function inputs()
  local people, accounts = { "email,name" }, { "login,name,email" }
  for i = 1, PEOPLE do
    people[#people + 1] = ("p%d@x.example,Person Number %d"):format(i, i)
    if i <= 3 then accounts[#accounts + 1] = ("n%d,Person %d,P%d@X.example"):format(i, i, i) end
  end
  return file("hr.csv", table.concat(people, "\n") .. "\n"),
    file("lab.csv", table.concat(accounts, "\n") .. "\n")
end

local RECIPE <const> = [[
local accounts = {}
for _, row in ipairs(inputs.lab) do
  accounts[#accounts + 1] = { integration_id = 77, login = row.login, email = row.email,
    name = sei.text.fold(row.name), source = row.source }
end
return { people = "hr", accounts = accounts, rules = { sei.rule.email(),
  sei.rule.full_name { class = "probable" } }, protect = "ceo@x.example" }]]

local TRUSTED <const> = [[
local accounts = {}
for row in sei.source.csv { file = %q } do
  accounts[#accounts + 1] = { integration_id = 77, login = row.login, email = row.email,
    name = sei.text.fold(row.name), source = row.source }
end
return { people = %q, accounts = accounts, rules = { sei.rule.email(),
  sei.rule.full_name { class = "probable" } }, protect = "ceo@x.example",
  guard = { state = false } }]]

local function plan(text, given)
  local client <close> = plans.client(e)
  local people, accounts = inputs()
  local options = { inputs = { hr = people, lab = accounts }, client = { base_url = e.url,
    api_key = "a-key-to-apply", pace = false, retries = 0 } }
  for name, value in pairs(given or {}) do options[name] = value end
  return sei.plan { client = client, recipe = file("theirs.lua", text), sandboxed = options,
    guard = { state = false } }
end

describe("a plan of a sandboxed recipe", function()
  it("is that of a trusted one", function()
    local people, accounts = inputs()
    local made = assert(plan(RECIPE))
    local client <close> = plans.client(e)
    local ours = assert(sei.plan { client = client,
      recipe = file("ours.lua", TRUSTED:format(accounts, people)) })
    assert.equal(3, made.writes)
    assert.same(ours.rows, made.rows)
    assert.equal(64, #made.header.recipe)
    assert.same(ours.header.inputs, made.header.inputs)
  end)

  it("may ask its client, which only reads", function()
    local made = assert(plan [[
      local people = {}
      for c in client:list_contributors() do people[#people + 1] = { email = c.email } end
      local ok, err = client:patch_identities { { email = "a@x.example", integrationId = 1,
        identity = "x" } }
      assert(not ok and err.code == "grant")
      return { people = people, accounts = "lab", integration_id = 77 }]])
    assert.equal(3, made.writes)
  end)

  it("has the default rules", function()
    local made = assert(plan [[return { people = "hr", accounts = "lab", integration_id = 77,
      rules = sei.rule.defaults() }]])
    assert.equal(3, made.writes)
  end)

  it("names no file, has no function and leaves guards to the host", function()
    for text, words in pairs {
      [ [[return { people = "/etc/passwd", accounts = "lab" }]] ] =
        "no input is called '/etc/passwd'",
      [ [[return { people = "hrr", accounts = "lab" }]] ] = "did you mean 'hr'?",
      [ [[return { people = "hr", accounts = function() end }]] ] = "at .accounts, cannot leave",
      [ [[return { people = "hr", accounts = "lab", review = "x.csv" }]] ] =
        "'review' of a sandboxed",
      [ [[return { people = "hr", accounts = "lab", decided = "x.csv" }]] ] =
        "'decided' of a sandboxed",
      [ [[return { people = "hr", accounts = "lab", guard = { changes = 1000 } }]] ] =
        "'guard' of a sandboxed recipe is for the host",
      [ [[return { people = "hr", accounts = "lab", rules = { "email" } }]] ] = "rule number 1",
      [ [[return { people = "hr", accounts = "lab", rules = { { rule = "custom" } } }]] ] =
        "rule number 1",
      [ [[return { people = "hr", accounts = "lab", rules = {
        sei.rule.mailmap { file = "x" } } }]] ] =
        "rule number 1 names a file",
      [ [[return { people = "hr", accounts = "lab", rules = { sei.rule.email { klass = 1 } } }]] ] =
        "unknown option 'klass' for sei.rule.email",
      [ [[return { people = "hr", accounts = "lab", match = { decided = { "x" } } }]] ] =
        "unknown option 'decided' for match of",
      [ [[return { people = "hr", accunts = "lab" }]] ] = "did you mean 'accounts'?",
      [ [[return 7]] ] = "a recipe returns a table, this one number",
      [ [[while true do end]] ] = "it was ended: its 0.2 seconds were over",
      [ [[return { people = sei.source.csv { file = "x" } }]] ] = "nil value (field 'source')",
    } do
      local made, err = plan(text, { time = 0.2 })
      assert.is_nil(made, text)
      assert.is_true(sei.is_error(err), text)
      assert.matches(words, tostring(err), 1, true)
      assert.matches("theirs.lua", tostring(err), 1, true)
    end
  end)

  it("is told apart from other mistakes", function()
    local client <close> = plans.client(e)
    local ok, problem = pcall(sei.plan, { client = client, sandboxed = {} })
    assert.is_false(ok)
    assert.matches("bad option 'sandboxed' for sei.plan", problem, 1, true)
    local made, err = plan("return {}", { inputs = { hr = folder .. "/nobody.csv" } })
    assert.is_nil(made)
    assert.equal("io", err.kind)
  end)
end)

describe("the command line", function()
  it("plans by a sandboxed recipe", function()
    local people, accounts = inputs()
    local recipe = file("theirs.lua", RECIPE)
    local text, status = command.run(e, ("plan %s --sandboxed --input hr=%s --input lab=%s")
      :format(recipe, people, accounts))
    assert.equal(2, status, text)
    assert.matches("n1", text, 1, true)
    text, status = command.run(e, ("plan %s --sandboxed --input hr=%s"):format(recipe, people))
    assert.equal(1, status, text)
    assert.matches("theirs.lua:2:", text, 1, true)
    text, status = command.run(e, ("plan %s --input hr=%s"):format(recipe, people))
    assert.equal(1, status, text)
    assert.matches("give --sandboxed, too", text, 1, true)
    text, status = command.run(e, ("plan %s --sandboxed --input hr"):format(recipe))
    assert.is_true(status ~= 0)
    assert.matches("expected NAME=FILE", text, 1, true)
  end)

  it("plans by the example", function()
    local text, status = command.run(e, "plan examples/16_sandboxed_recipe.lua --sandboxed "
      .. "--input people=examples/data/people.csv --input gitlab=examples/data/gitlab.csv --json")
    assert.equal(0, status, text) -- nobody of these is in the directory
    local made = assert(sei.json.decode(text))
    assert.matches("^GitLab without [1-9]%d* bots$", made.name or made.header.name)
  end)

  it("runs a sandboxed script", function()
    local script = file("theirs.lua", [[
      local n = 0
      for c in client:list_contributors() do n = n + 1 end
      print(arg[1], n, #inputs.lab, io)
      return 5]])
    local _, accounts = inputs()
    local text, status = command.run(e, ("run --sandboxed --input lab=%s %s -- word")
      :format(accounts, script))
    assert.equal(5, status, text)
    assert.equal("word\t40\t3\tnil\n", text)
    text, status = command.run(e, ("run --sandboxed --seconds 0.1 %s")
      :format(file("theirs.lua", "print 'before' while true do end")))
    assert.equal(1, status, text)
    assert.matches("^before\nsei: refused: .*theirs.lua: it was ended: its 0.1 seconds", text)
  end)
end)
