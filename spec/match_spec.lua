-- sei.match.run: the rules in order, the tests around each, the result.
local sei = require "sei"

local function person(id, name, email, more)
  local one = more or {}
  one.id, one.name, one.email = id, name, email
  return one
end

local function run(people, accounts, more)
  local options = more or {}
  options.people, options.accounts = people, accounts
  return assert(sei.match.run(options))
end

-- Each account in exactly one list; the lists in the accounts' order.
local function check_whole(result, accounts)
  local place, seen = {}, {}
  for i, account in ipairs(accounts) do place[account] = i end
  for _, name in ipairs { "decisions", "review", "none", "ignored" } do
    local last = 0
    for _, row in ipairs(result[name]) do
      assert.is_nil(seen[row.account])
      assert.is_true(place[row.account] > last)
      seen[row.account], last = name, place[row.account]
    end
  end
  for _, account in ipairs(accounts) do assert.is_truthy(seen[account]) end
end

local ANN <const> = person("1", "Ann Lee", "ann.lee@example.com")
local BOB <const> = person("2", "Bob Ray", "bob@example.com")

describe("match.run", function()
  it("decides by the address, then by the full name", function()
    local accounts = {
      { id = "a", login = "x", email = "ANN.Lee@example.com" },
      { id = "b", login = "y", name = "Ray, Bob" },
      { id = "c", login = "z", name = "Nobody Known" },
    }
    local result = run({ ANN, BOB }, accounts)
    check_whole(result, accounts)
    assert.equal(ANN, result.decisions[1].person)
    assert.equal("email", result.decisions[1].rule)
    assert.equal("certain", result.decisions[1].class)
    assert.equal(BOB, result.decisions[2].person)
    assert.equal("full_name", result.decisions[2].rule)
    assert.equal("c", result.none[1].account.id)
    assert.same({ people = 2, accounts = 3, by_class = { certain = 2, none = 1 },
      by_rule = { email = 1, full_name = 1 }, by_reason = { none = 1 } }, result.summary)
  end)

  it("tells with each decision what it stands on", function()
    local account = { id = "a", email = "Ann.Lee@Example.com",
      source = { file = "accounts.csv", line = 7 } }
    local evidence = run({ ANN, person("3", "Ann Leeds", "ann.leeds@example.com") },
      { account }).decisions[1].evidence
    assert.equal("email", evidence.rule)
    assert.equal("ann.lee@example.com", evidence.key)
    assert.same({ before = "Ann.Lee@Example.com", after = "ann.lee@example.com" }, evidence.left)
    assert.same({ before = "ann.lee@example.com", after = "ann.lee@example.com" }, evidence.right)
    assert.same({ file = "accounts.csv", line = 7 }, evidence.source)
    assert.equal("3", evidence.runner_up.id)
    assert.is_true(evidence.margin > 0 and evidence.margin <= 1)
  end)

  it("takes iterators, keeps what else a person has, and makes an id of the address", function()
    local given, i = { { email = "ANN@Example.com", team = "red" } }, 0
    local result = run(function()
      i = i + 1
      return given[i]
    end, { { id = "a", email = "ann@example.com" } })
    assert.equal(given[1], result.decisions[1].person)
    assert.equal("ann@example.com", given[1].id)
    assert.equal("red", given[1].team)
  end)

  it("takes missing fields in any guise", function()
    local accounts = { { id = "a", name = "", email = sei.null, login = "  " }, { id = "b" },
      { login = 12345678, name = sei.null } }
    local result = run({ person("1", sei.null, "", { names = sei.null }) }, accounts)
    check_whole(result, accounts)
    assert.same({}, result.decisions)
  end)

  it("works without people, and without accounts", function()
    assert.equal("none", run({}, { { id = "a", name = "Ann Lee" } }).none[1].class)
    assert.same({}, run({ ANN }, {}).decisions)
  end)
end)

describe("the unique test", function()
  it("decides nothing by a key that two people have", function()
    local result = run({ person("1", "Ann Lee"), person("2", "Lee Ann") },
      { { id = "a", name = "Ann Lee" } })
    assert.same({}, result.decisions)
    assert.equal("ambiguous", result.review[1].reason)
    assert.equal("full_name", result.review[1].rule)
    assert.matches("2 people have the key \"ann lee\"", result.review[1].message)
    assert.equal(2, #result.review[1].candidates)
  end)

  it("decides nothing by a login that says no more than a homonym's name", function()
    local people = { person("1", "John Smith", "john.smith@example.com"),
      person("2", "John Smith", "john.smith2@example.com", { logins = { "jsmith2" } }) }
    for _, account in ipairs {
      { login = "john.smith" }, { login = "jsmith" }, { login = "john-smith2" },
      { email = "jsmith2@home.example" },
      { email = "john.smith@home.example" }, { email = "smith.john@home.example" },
      { login = "x", name = "Smith, John", email = "john.smith2@home.example" },
    } do
      local result = run(people, { account })
      assert.same({}, result.decisions)
      assert.equal("ambiguous", result.review[1].reason)
    end
  end)

  it("lets another key tell homonyms apart", function()
    local people = { person("1", "John Smith", "quokka99@example.com"),
      person("2", "John Smith", "jsmith@example.com") }
    local row = run(people, { { name = "John Smith", login = "quokka99" } }).decisions[1]
    assert.equal("1", row.person.id)
    assert.equal("local_part", row.rule)
  end)

  it("lets no later rule decide for somebody else", function()
    local people = { person("1", "Ann Lee", "shared@example.com"),
      person("2", "Bob Ray", "shared2@example.com", { emails = { "shared@example.com" } }),
      person("3", "Cy Wide", "cy@example.com") }
    local accounts = { { name = "Cy Wide", email = "shared@example.com" },
      { name = "Bob Ray", email = "shared@example.com" } }
    local result = run(people, accounts)
    assert.equal(1, #result.decisions)
    assert.equal("2", result.decisions[1].person.id)
    assert.equal(accounts[1], result.review[1].account)
    assert.equal("ambiguous", result.review[1].reason)
  end)

  it("decides nothing by two keys that lead to two people", function()
    local result = run({ person("1", "Ann Lee", "quokka99@example.com"),
      person("2", "Bob Ray", "wombat77@example.com") },
      { { login = "quokka99", email = "wombat77@home.example" } })
    assert.equal("ambiguous", result.review[1].reason)
  end)

  it("holds for functions, by the key that they name", function()
    local first = function(account, people)
      local found = people:by("name", "john smith")
      return found[1], { key = account.name }
    end
    local people = { person("1", "John Smith", "a@example.com"),
      person("2", "John Smith", "b@example.com") }
    assert.equal("ambiguous", run(people, { { name = "John Smith" } },
      { rules = { first } }).review[1].reason)
    local both = function(_, list) return list:all() end
    assert.equal("ambiguous", run(people, { { name = "x" } }, { rules = { both } })
      .review[1].reason)
    local by_turns = function(account, list) return list:get(account.who), { key = "K1" } end
    local result = run({ ANN, BOB }, { { login = "x", who = "1" }, { login = "y", who = "2" } },
      { rules = { by_turns } })
    assert.same({}, result.decisions)
    assert.equal("ambiguous", result.review[2].reason)
  end)
end)

describe("the one-to-one test", function()
  local accounts = { { id = "a", integration_id = "9", name = "Ann Lee" },
    { id = "b", integration_id = "9", login = "x", email = "ann.lee@example.com" },
    { id = "c", integration_id = "8", name = "Ann Lee" }, { id = "d", name = "Ann Lee" } }

  it("lets no two accounts of one integration claim a person", function()
    local result = run({ ANN, BOB }, accounts)
    assert.equal("c", result.decisions[1].account.id)
    assert.equal("d", result.decisions[2].account.id)
    assert.equal(2, #result.review)
    for _, row in ipairs(result.review) do
      assert.equal("claimed_twice", row.reason)
      assert.equal(ANN, row.candidates[1].person)
    end
  end)

  it("can be left out, or hold for all accounts together", function()
    assert.equal(4, #run({ ANN, BOB }, accounts, { one_to_one = false }).decisions)
    assert.equal(4, #run({ ANN, BOB }, accounts, { one_to_one = "all" }).review)
  end)

  it("holds for functions; what a person decided stands", function()
    local ann = function(_, people) return people:get "1" end
    assert.equal(2, #run({ ANN }, accounts, { rules = { ann } }).review)
    local result = run({ ANN }, accounts, { decided = { { account = "a", choose = "1" } } })
    assert.equal("a", result.decisions[1].account.id)
    assert.equal("decided", result.decisions[1].rule)
    assert.equal("b", result.review[1].account.id)
    assert.equal("claimed_twice", result.review[1].reason)
  end)
end)

describe("the contradiction test", function()
  it("sends equal local parts with names that have nothing in common to review", function()
    local people = { person("1", "Fabian Stone", "f.froehl@example.com") }
    local result = run(people, { { name = "Frida Froehl", email = "f.froehl@home.example" } })
    assert.same({}, result.decisions)
    assert.equal("contradiction", result.review[1].reason)
    assert.equal("1", result.review[1].candidates[1].person.id)
  end)

  it("takes names that agree in a single word for a contradiction", function()
    local people = { person("1", "Martin Scherwood", "m.scherwood@example.com") }
    local result = run(people, { { name = "Michael Scherwood", login = "mscherwood" } })
    assert.equal("contradiction", result.review[1].reason)
  end)

  it("knows other ways to write a name, and names that are none", function()
    local people = { person("1", "Robert Q. Scherwood", "rscherw@example.com") }
    for _, name in ipairs { "Bob Scherwood", "R. Scherwood", "Robert Scherwod", "rscherw",
      "Night Owl 99", "" } do
      local result = run(people, { { name = name, login = "rscherw" } })
      assert.equal("1", result.decisions[1] and result.decisions[1].person.id, name)
    end
  end)

  it("leaves the same address alone", function()
    assert.equal("email", run({ ANN }, { { name = "Zoe Quick", email = "ann.lee@example.com" } })
      .decisions[1].rule)
  end)

  it("holds for functions", function()
    local ann = function(_, people) return people:get "1", { key = "any" } end
    local account = { name = "Zoe Quick", email = "ann.lee@home.example" }
    assert.equal("contradiction", run({ ANN }, { account }, { rules = { ann } }).review[1].reason)
    account.email = nil
    assert.equal(1, #run({ ANN }, { account }, { rules = { ann } }).decisions)
  end)
end)

describe("keys that decide nothing", function()
  it("are those of roles and machines", function()
    local people = { ANN, person("2", "Support", "support@example.com"),
      person("3", "Admin Istrator", "admin@example.com") }
    for _, account in ipairs { { login = "jenkins", name = "Ann Lee" },
      { login = "dependabot[bot]" }, { email = "support@example.com" }, { login = "ADMIN" },
      { login = "admin", email = "ann.lee@example.com" }, { name = "renovate[bot]" },
      { login = "x", name = "Ann Lee", bot = true }, { login = "project_17_bot_4fa" } } do
      local result = run(people, { account })
      assert.same({}, result.decisions)
      assert.equal("role", result.review[1].reason)
    end
    local mine = { { login = "annl", name = "Ann Lee", email = "github@ann.example" } }
    assert.equal("full_name", run(people, mine).decisions[1].rule)
  end)

  it("are those that many accounts share", function()
    local accounts = {}
    for i = 1, 20 do accounts[i] = { id = "a" .. i, email = "ann.lee@example.com" } end
    local result = run({ ANN }, accounts)
    assert.equal(20, #result.review)
    assert.equal("shared_key", result.review[1].reason)
    assert.equal("email", result.review[1].rule)
    assert.equal(20, #run({ ANN }, accounts, { shared_key = 21 }).decisions)
    local ann = function(_, people) return people:get "1", { key = "K" } end
    assert.equal("shared_key", run({ ANN }, accounts, { rules = { ann } }).review[20].reason)
  end)
end)

describe("functions as rules", function()
  local accounts = { { id = "a", login = "one", source = { file = "in.csv", line = 2 } },
    { id = "b", login = "two", source = { file = "in.csv", line = 3 } } }

  -- Does something for the account "a", decides for "b".
  local function only(f)
    return run({ ANN, BOB }, accounts, { rules = { function(account, people)
      if account.id == "a" then return f(people) end
      return people:get "2"
    end } })
  end

  it("fail alone: the message and the line of the input, other rows unaffected", function()
    for _, case in ipairs {
      { function() error "no such team" end, "no such team" },
      { function() error({ "odd" }) end, "table" },
      { function() error(setmetatable({}, { __tostring = error })) end, "shown" },
      { function() error(sei.error { kind = "io", message = "disk" }) end, "disk" },
      { function() return "1" end, "no person but a string" },
      { function() return { id = "1" } end, "none of the people" },
      { function(people) return { people:get "1", {} } end, "element 2" },
      { function(people) return people:get "1", "because" end, "no table of evidence" },
      { function() return nil .. "x" end, "concatenate" },
    } do
      local result = only(case[1])
      assert.equal("error", result.review[1].reason)
      assert.matches(case[2], result.review[1].message, 1, true)
      assert.matches("in.csv line 2", result.review[1].message, 1, true)
      assert.equal(BOB, result.decisions[1].person)
    end
  end)

  it("may abstain, be objects, and have a name and a class", function()
    assert.equal("custom", only(function() return nil end).decisions[1].rule)
    local callable = setmetatable({}, { __call = function(_, _, people) return people:get "1" end })
    local result = run({ ANN }, { accounts[1] }, { rules = { sei.rule.custom { name = "teams",
      class = "probable", decide = callable } } })
    assert.equal("teams", result.decisions[1].rule)
    assert.equal("probable", result.decisions[1].class)
    local own = { name = "own", decide = function(self, _, people)
      return people:get "1", { key = self.name, note = "seen" }
    end }
    local row = run({ ANN }, { accounts[1] }, { rules = { own } }).decisions[1]
    assert.equal("certain", row.class)
    assert.equal("own", row.evidence.key)
    assert.equal("seen", row.evidence.note)
  end)

  it("find people by their keys", function()
    local seen
    run({ ANN, BOB }, { accounts[1] }, { rules = { function(_, people)
      seen = { people:by("email", "bob@example.com")[1], people:by("name", "ann lee")[1],
        people:get "1", #people:all(), #people, #people:by("name", "x y"),
        people:by("handle", "annlee")[1], people:find "BOB@example.com" [1] }
      people:by("emial", "x")
    end } })
    assert.same({ BOB, ANN, ANN, 2, 2, 0, ANN, BOB }, seen)
  end)
end)

describe("what a person decided", function()
  local accounts = { { id = "a", name = "Ann Lee" }, { id = "b", name = "Bob Ray" },
    { id = "c", login = "jenkins" } }

  it("is replayed before all rules", function()
    local result = run({ ANN, BOB }, accounts, { decided = {
      { account = "a", choose = "bob@example.com", source = { file = "review.csv", line = 4 } },
      { account = "b", ignore = true }, { account = "c", choose = "2" } } })
    assert.equal(BOB, result.decisions[1].person)
    assert.equal("decided", result.decisions[1].rule)
    assert.equal("certain", result.decisions[1].class)
    assert.same({ file = "review.csv", line = 4 }, result.decisions[1].evidence.source)
    assert.equal("c", result.decisions[2].account.id)
    assert.equal("b", result.ignored[1].account.id)
  end)

  it("may stand among the rules", function()
    local result = run({ ANN, BOB }, accounts, { rules = { sei.rule.full_name(),
      sei.rule.decided { { account = "a", choose = "2" } } } })
    assert.equal(BOB, result.decisions[1].person)
  end)

  it("keeps a rejected pair from being proposed again, by rules and among candidates", function()
    local result = run({ ANN, BOB }, accounts,
      { decided = { { account = "a", reject = { "1" } } } })
    assert.equal("rejected", result.review[1].reason)
    for _, candidate in ipairs(result.review[1].candidates) do
      assert.are_not.equal(ANN, candidate.person)
    end
  end)

  it("goes to review where it does not fit any more", function()
    local result = run({ ANN }, accounts, { decided = { { account = "a", choose = "7" } } })
    assert.equal("person_gone", result.review[1].reason)
  end)
end)

describe("candidates", function()
  local people = { ANN, BOB, person("3", "Anna Leed", "al@example.com") }

  it("are ranked for every account, with scores and why", function()
    local row = run(people, { { name = "Anne Lee" } }, { rules = { sei.rule.email() } }).review[1]
    assert.equal("near_miss", row.reason)
    assert.equal(ANN, row.candidates[1].person)
    local last = 1
    for _, candidate in ipairs(row.candidates) do
      assert.is_true(candidate.score <= last and candidate.score >= 0)
      assert.is_string(candidate.why)
      last = candidate.score
    end
  end)

  it("may be fewer, or none", function()
    assert.equal(1, #run(people, { { name = "Anne Lee" } },
      { candidates = 1, rules = { sei.rule.email() } }).review[1].candidates)
    assert.same({}, run(people, { { name = "Anne Lee" } }, { candidates = 0 }).none[1].candidates)
  end)
end)

describe("explain", function()
  it("says why each rule before did not decide", function()
    local account = { login = "annlee", name = "Ann", integration_id = "1" }
    local steps = run({ ANN, BOB }, { account }):explain(account)
    assert.equal("email", steps[1].rule)
    assert.equal("abstains", steps[1].outcome)
    assert.equal("the account has no such key", steps[1].why)
    local last = steps[#steps]
    assert.equal("decides", last.outcome)
    assert.equal(ANN, last.person)
    for i = 1, #steps - 1 do assert.is_string(steps[i].why) end
  end)

  it("says what took a decision back, and what stood in the way", function()
    local twice = { { name = "Ann Lee", integration_id = "1" },
      { name = "Lee Ann", integration_id = "1" } }
    local steps = run({ ANN }, twice):explain(twice[2])
    assert.equal("claimed_twice", steps[#steps].outcome)
    local bot = { login = "x[bot]" }
    assert.equal("role", run({ ANN }, { bot }):explain(bot)[1].outcome)
    local short = { login = "annl" }
    steps = run({ ANN }, { short }):explain(short)
    assert.equal("abstains", steps[#steps].outcome)
    assert.has_error(function() run({ ANN }, { bot }):explain { login = "annl" } end,
      "bad argument #1 to 'explain' (one of the accounts of this result expected)")
  end)
end)

describe("input that cannot be used", function()
  local function fails(people, accounts, more)
    local options = more or {}
    options.people, options.accounts = people, accounts
    local result, err = sei.match.run(options)
    assert.is_nil(result)
    assert.is_true(sei.is_error(err))
    return err
  end

  it("is an error object that names the lines", function()
    local err = fails({ person("1", "A B", nil, { source = { file = "p.csv", line = 2 } }),
      person("1", "C D", nil, { source = { file = "p.csv", line = 9 } }) }, {})
    assert.matches('two people have the id "1": p.csv line 2 and p.csv line 9', err.message, 1,
      true)
    assert.is_string(err.hint)
    assert.matches("record 2 of the accounts is no table but string",
      fails({ ANN }, { { id = "a" }, "b" }).message)
    assert.matches("neither id, email nor name", fails({ { login = "x" } }, {}).message)
    assert.matches("without the key",
      fails({ ANN }, {}, { decided = { { choose = "1" } } }).message)
  end)

  it("is raised on if it is misuse", function()
    local function raises(options, message)
      local ok, problem = pcall(sei.match.run, options)
      assert.is_false(ok)
      assert.matches(message, problem, 1, true)
    end
    raises({ people = {}, acounts = {} }, "unknown option 'acounts' for sei.match.run "
      .. "(did you mean 'accounts'?)")
    raises({ people = {} }, "bad option 'accounts'")
    raises({ people = "people.csv", accounts = {} }, "bad option 'people'")
    raises({ people = {}, accounts = {}, shared_key = 0 }, "integer from 1 expected, got 0")
    raises({ people = {}, accounts = {}, candidates = 99 }, "integer from 0 to 32")
    raises({ people = {}, accounts = {}, one_to_one = "some" }, '"all" expected, got "some"')
    raises({ people = {}, accounts = {}, rules = { "email" } }, "expected as number 1, got string")
    raises({ people = {}, accounts = {}, rules = { { name = "x", class = "sure",
      decide = print } } }, "bad option 'rules'")
    raises("x", "table of options expected")
  end)
end)

describe("match.key", function()
  it("is the id, or the integration with login, address or name", function()
    assert.equal("7", sei.match.key { id = 7, login = "x" })
    assert.equal("9/annl", sei.match.key { integration_id = "9", login = "AnnL", email = "x@y.z" })
    assert.equal("/x@y.z", sei.match.key { email = "X@Y.z" })
    assert.equal("9/Ann Lee", sei.match.key { integration_id = 9, name = "Ann Lee" })
    assert.is_nil(sei.match.key { id = "" })
  end)
end)
