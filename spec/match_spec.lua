-- sei.match.run: the rules in order, the three tests around each, the result.
local sei = require "sei"

local function run(people, accounts, more)
  local options = more or {}
  options.people, options.accounts = people, accounts
  return assert(sei.match.run(options))
end

describe("match.run", function()
  it("decides by the address, then by the full name", function()
    local ann = { id = "1", email = "ann@example.com", name = "Ann Lee" }
    local bob = { id = "2", email = "bob@example.com", name = "Bob Ray" }
    local result = run({ ann, bob }, {
      { id = "a", login = "x", email = "ANN@example.com" },
      { id = "b", login = "y", name = "Ray, Bob" },
      { id = "c", login = "z", name = "Nobody Known" },
    })
    assert.equal(ann, result.decisions[1].person)
    assert.equal("email", result.decisions[1].rule)
    assert.same({ before = "ANN@example.com", after = "ann@example.com" },
      result.decisions[1].evidence.left)
    assert.equal(bob, result.decisions[2].person)
    assert.equal("full_name", result.decisions[2].rule)
    assert.equal("c", result.none[1].account.id)
  end)

  it("decides nothing by a key that two people have", function()
    local result = run({ { id = "1", name = "Ann Lee" }, { id = "2", name = "Lee Ann" } },
      { { id = "a", name = "Ann Lee" } })
    assert.same({}, result.decisions)
    assert.equal("ambiguous", result.review[1].reason)
    assert.equal(2, #result.review[1].candidates)
  end)

  it("lets no two accounts of one integration claim a person", function()
    local people = { { id = "1", name = "Ann Lee" } }
    local accounts = { { id = "a", integration_id = "9", name = "Ann Lee" },
      { id = "b", integration_id = "9", name = "Lee Ann" } }
    local result = run(people, accounts)
    assert.equal(2, #result.review)
    assert.equal("claimed_twice", result.review[1].reason)
    assert.equal(2, #run(people, accounts, { one_to_one = false }).decisions)
  end)
end)
