-- sei.match.evaluate and the command `sei eval`: measures on labelled accounts.
local sei = require "sei"
local shell = require "spec.support.shell"

local function person(id, name, email) return { id = id, name = name, email = email } end

local PEOPLE <const> = {
  person("p1", "Ada Long", "ada@example.com"),
  person("p2", "Ben Short", "ben@example.com"),
  person("p3", "Cy Wide", "cy@example.com"),
  person("p4", "Di Tall", "di@example.com"),
}

local function accounts()
  return { { id = "a1", email = "ada@example.com" }, { id = "a2", email = "ben@example.com" },
    { id = "a3", login = "third" }, { id = "a4", login = "fourth" }, { id = "a5", login = "fifth" },
    { id = "a6", login = "sixth" } }
end

-- a1, a2 by e-mail; a3 is guessed right, a4 wrong; a5 is nobody's and mapped,
-- a6 is nobody's and left.
local TRUTH <const> = { a1 = "p1", a2 = "p2", a3 = "p3", a4 = "p4", a5 = "", a6 = "" }

local function rules()
  local by_login = { third = "p3", fourth = "p1", fifth = "p2" }
  return { sei.rule.email(), sei.rule.custom { name = "guess", class = "probable",
    decide = function(account, people)
      local found = people:get(by_login[account.login])
      return found, found and { score = .8 }
    end } }
end

local function evaluate(more)
  local labelled = { people = PEOPLE, accounts = accounts(), truth = TRUTH }
  for k, v in pairs(more or {}) do labelled[k] = v end
  return sei.match.evaluate(rules(), labelled)
end

describe("sei.match.evaluate", function()
  it("counts a decision for nobody's account as wrong", function()
    local found = assert(evaluate())
    assert.same({ 5, 3, 2, 1 }, { found.proposed, found.right, found.wrong, found.strangers })
    assert.same({ 4, 6, 0 }, { found.true_pairs, found.judged, found.missed })
    assert.near(3 / 5, found.precision, 1e-12)
    assert.near(3 / 4, found.recall, 1e-12)
    assert.near(2 / 3, found.f1, 1e-12)
    assert.is_true(found.seconds >= 0)
  end)

  it("counts one class alone if asked to", function()
    local found = assert(evaluate { class = "certain" })
    assert.same({ 2, 2, 1 }, { found.proposed, found.right, found.precision })
    assert.equal(.5, found.recall)
    assert.equal(2, found.missed) -- a3 and a4, which have another class
    assert.equal(3 / 4, found.candidates_at_1)
    found = assert(evaluate { class = "probable" })
    assert.same({ 3, 1, 1 }, { found.proposed, found.right, found.strangers })
  end)

  it("tells rules and classes apart", function()
    local found = assert(evaluate { class = "certain" })
    local rule = {}
    for _, row in ipairs(found.by_rule) do rule[row.rule] = row end
    assert.same({ 2, 0, 1, .5 }, { rule.email.proposed, rule.email.wrong, rule.email.precision,
      rule.email.recall })
    assert.same({ 3, 2, 1 / 3, .25 }, { rule.guess.proposed, rule.guess.wrong,
      rule.guess.precision, rule.guess.recall })
    assert.equal("probable", rule.guess.class)
    assert.equal(2, #found.by_class)
  end)

  it("judges only accounts that the truth mentions", function()
    local found = assert(evaluate { truth = { a1 = "p1", a4 = "p4" } })
    assert.same({ 2, 2, 1, .5, .5 }, { found.judged, found.proposed, found.right,
      found.precision, found.recall })
  end)

  it("takes truth as records, too", function()
    local found = assert(evaluate { truth = { { account_id = "a1", person_id = "p1" },
      { account_id = "a6", person_id = "" }, { account_id = "a6", person_id = sei.null } } })
    assert.same({ 2, 1, 1, 1 }, { found.judged, found.proposed, found.precision, found.recall })
  end)

  it("has nothing wrong where nothing is proposed, and nothing missed where nothing is", function()
    local found = assert(sei.match.evaluate({ sei.rule.email() }, { people = PEOPLE,
      accounts = accounts(), truth = { a6 = "" } }))
    assert.same({ 1, 1, 1, 1 }, { found.precision, found.recall, found.f1,
      found.candidates_at_5 })
    assert.same({}, found.by_rule)
  end)

  it("has a table of cutoffs, for candidates and probable decisions", function()
    local found = assert(evaluate())
    local by_score = {}
    for _, row in ipairs(found.thresholds) do by_score[row.score] = row end
    for _, score in ipairs { 1, .9, .85 } do
      assert.same({ 2, 2, 1, .5 }, { by_score[score].proposed, by_score[score].right,
        by_score[score].precision, by_score[score].recall })
    end
    assert.same({ 5, 3, 2 }, { by_score[.8].proposed, by_score[.8].right, by_score[.5].wrong })
  end)

  it("writes what became of each account, errors first", function()
    local folder = shell.folder()
    finally(function() shell.remove(folder) end)
    local file = folder .. "/confusion.csv"
    assert(evaluate { confusion = file })
    local outcomes = {}
    for row in sei.csv.read { file = file } do
      outcomes[#outcomes + 1] = row.account .. " " .. row.outcome
      if row.account == "a4" then
        assert.same({ "Ada Long <ada@example.com>", "p1", "p4", "guess" },
          { row.proposed, row.proposed_id, row.truth_id, row.rule })
      end
    end
    assert.same({ "a4 wrong", "a5 stranger", "a1 right", "a2 right", "a3 right",
      "a6 rightly none" }, outcomes)
    local found, err = evaluate { confusion = folder .. "/no/confusion.csv" }
    assert.is_nil(found)
    assert.equal("io", err.kind)
  end)

  it("refuses truth that cannot be meant", function()
    local function message(truth) return select(2, evaluate { truth = truth }).message end
    assert.matches("'a9'.*none of the accounts", message { a9 = "p1" })
    assert.matches("'a1' is 'p9'.*none of the people", message { a1 = "p9" })
    assert.matches("'a1' is 'p1' %(t.csv line 2%) and 'p2' %(t.csv line 3%)", message {
      { account_id = "a1", person_id = "p1", source = { file = "t.csv", line = 2 } },
      { account_id = "a1", person_id = "p2", source = { file = "t.csv", line = 3 } } })
    assert.matches("record 1 of the truth names no account", message { { person_id = "p1" } })
  end)

  it("refuses misuse by name", function()
    assert.has_error(function() sei.match.evaluate(nil, { people = {}, accounts = {} }) end,
      "bad option 'truth' for sei.match.evaluate (array or iterator expected, got nothing)")
    local ok, err = pcall(evaluate, { clas = "certain" })
    assert.is_false(ok)
    assert.matches("did you mean 'class'", err)
    assert.is_false((pcall(evaluate, { class = "sure" })))
  end)
end)

describe("sei eval", function()
  local folder
  setup(function() folder = shell.folder() end)
  teardown(function() shell.remove(folder) end)

  local function file(name, text)
    local path = folder .. "/" .. name
    local out = assert(io.open(path, "wb"))
    out:write(text)
    out:close()
    return path
  end

  local function run(options, other)
    local people = file("people.csv", "person_id,name,email\np1,Ada Long,ada@example.com\n"
      .. "p2,Ben Short,ben@example.com\n")
    local tool = file("accounts.csv", "account_id,login,name,email\na1,ada,,ada@example.com\n"
      .. "a2,ben,,ben@example.com\na3,x,,\n")
    local truth = file("truth.csv", "account_id,person_id,kind\na1,p1,e\na2,,none\na3,p2,hard\n")
    return shell.run(("%s/bin/sei eval --people %s --accounts %s --truth %s %s"):format(
      shell.build(), other or people, tool, truth, options))
  end

  it("prints one JSON object", function()
    local text, status = run "--class certain --json"
    assert.equal(0, status, text)
    local found = assert(sei.json.decode(text))
    assert.same({ .5, .5, .5 }, { found.precision, found.recall, found.f1 })
    assert.equal("certain", found.class)
    assert.is_number(found.candidates_at_1)
    assert.is_number(found.candidates_at_5)
    assert.is_true(found.seconds >= 0 and found.seconds < 60)
    assert.is_true(found.peak_rss_mib > 1 and found.peak_rss_mib < 1000)
  end)

  it("prints tables", function()
    local text, status = run ""
    assert.equal(0, status, text)
    assert.matches("\nprecision +0.5000 +1 right, 1 wrong %(1 of them nobody's%)\n", text)
    assert.matches("\nemail +certain +2 +1 +1 +0.5000 +0.5000\n", text)
  end)

  it("takes rules from a file, and writes the confusion file", function()
    local path = file("rules.lua", 'return { function(account, people)\n'
      .. '  return account.login == "x" and people:get "p2" or nil\nend }\n')
    local text, status = run(("--rules %s --confusion %s/c.csv --json"):format(path, folder))
    assert.equal(0, status, text)
    assert.equal(1, sei.json.decode(text).precision)
    local first = sei.csv.read { file = folder .. "/c.csv" }()
    assert.same({ "a1", "missed" }, { first.account, first.outcome })
  end)

  it("says what is wrong with its files, status 1", function()
    local cases = {
      { "--rules " .. file("bad.lua", "return {\n  oops oops\n"), "bad.lua:2:" },
      { "--rules " .. file("none.lua", "return 1\n"), "none.lua: returns no array of rules" },
      { "--class sure", "Error:.*must be one of 'certain', 'probable'" },
      { "", "nowhere.csv: No such file", "nowhere.csv" },
      { "", 'missing: "name" %(did you mean', file("p.csv", "person_id,nam,email\n") },
    }
    for _, case in ipairs(cases) do
      local text, status = run(case[1], case[3])
      assert.equal(1, status)
      assert.matches(case[2], text)
      assert.is_nil(text:find("traceback", 1, true))
    end
  end)
end)
