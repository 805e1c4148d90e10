-- The candidate index: who comes nearest to an account.
local names = require "spec.support.names"
local sei = require "sei"

local PEOPLE <const> = {
  { id = "ann", name = "Ann Sofie Lindqvist", email = "ann.lindqvist@example.com" },
  { id = "anna", name = "Anna Lindgren", email = "anna.lindgren@example.com" },
  { id = "john", name = "John Smith", email = "john.smith@example.com" },
  { id = "jane", name = "Jane Smith", email = "jane.smith@example.com" },
  { id = "joao", name = "João Nascimento", email = "j.nascimento@example.org" },
  { id = "wang", name = "王小明", email = "xm.wang@example.com" },
  { id = "wang2", name = "王小红", email = "user77@example.com" },
  { id = "iwan", name = "Иван Петров", email = "petrov@example.net" },
  { id = "kraft", name = "Konstantin Kräftle", email = "kraft77@example.com",
    names = { "Kosta Kräftle" }, emails = { "office@kraeftle-consulting.example" },
    logins = { "darthkraft" } },
  { id = "odd", name = "zz-top99", email = "88231+zz-top99@users.noreply.github.com" },
}

local function first(index, account)
  local row = index:rank(account)[1]
  return row and PEOPLE[row[1]].id, row
end

describe("sei.match.index", function()
  local index = sei.match.index(PEOPLE)

  it("finds each person by every field that they have", function()
    for _, person in ipairs(PEOPLE) do
      assert.equal(person.id, first(index, { name = person.name }))
      assert.equal(person.id, first(index, { email = person.email }))
      assert.equal(person.id, first(index, { login = person.email:match "^[^@]+" }))
    end
    assert.equal("kraft", first(index, { name = "Kosta Kraeftle" }))
    assert.equal("kraft", first(index, { login = "DarthKraft" }))
    assert.equal("kraft", first(index, { email = "office@kraeftle-consulting.example" }))
  end)

  it("finds a person by what logins are made of", function()
    for _, login in ipairs { "johnsmith", "john.smith", "smithjohn", "smith_john", "jsmith~john",
      "JohnSmith", "johns", "smithjo", "john_s", "JSmith.john7", "johnsmith85", "85johnsmith",
      "xjohnsmith" } do
      assert.equal("john", first(index, { login = login }), login)
    end
    for _, login in ipairs { "asl", "alindqvist", "annl", "lindqvist", "LindqvistA", "annsofie" } do
      assert.equal("ann", first(index, { login = login }), login)
    end
    assert.equal("joao", first(index, { login = "nascimentoj" }))
    assert.equal("joao", first(index, { login = "joaonascimento" }))
    assert.equal("odd", first(index, { login = "zz-top" }))
  end)

  it("finds a name that is written otherwise", function()
    for spelling, id in pairs { ["SMITH, John"] = "john", ["Jon Smith"] = "john",
      ["J. Smith (John)"] = "john", ["Ann Lindqist"] = "ann", ["Lindqvist Ann"] = "ann",
      ["Joao Nascimento"] = "joao", ["JoaoNascimento"] = "joao", ["Kon Kraftle"] = "kraft",
      ["王 小明"] = "wang", ["小明王"] = "wang", ["小红"] = "wang2", ["Петров Иван"] = "iwan",
      ["Ivan (Иван)"] = "iwan", ["Jo\xCC\x83ao Nascimento"] = "joao" } do
      assert.equal(id, first(index, { name = spelling }), spelling)
    end
  end)

  it("knows short and foreign forms of first names", function()
    local people = { { id = 1, name = "Robert Smith" }, { id = 2, name = "William Smith" },
      { id = 3, name = "Christina Smith" }, { id = 4, name = "Zoe Smith" },
      { id = 5, name = "Aleksandr Smith" } }
    local smiths = sei.match.index(people)
    for short, id in pairs { Bob = 1, Bill = 2, Wim = 2, Tina = 3, Chris = 3, Sasha = 5 } do
      local row = smiths:rank { name = short .. " Smith" } [1]
      assert.equal(id, row[1], short)
      assert.matches("stands for", row[3])
    end
    -- a first name alone, too
    assert.equal(1, smiths:rank { name = "Bob" } [1][1])
  end)

  it("finds an address in a name or a login", function()
    assert.equal("john", first(index, { name = "who john.smith@example.com" }))
    assert.equal("john", first(index, { name = "<john.smith@example.com>" }))
    assert.equal("john", first(index, { login = "john.smith@example.com" }))
    assert.equal("john", first(index, { login = "CORP\\john.smith" }))
    assert.equal("john", first(index, { email = "john.smith+tests@elsewhere.example" }))
  end)

  it("says what they have in common", function()
    local _, row = first(index, { name = "J. Smith", login = "johnsmith" })
    assert.matches("name 'smith'", row[3])
    assert.matches("name 'j' with initial 'john'", row[3])
    assert.matches("handle 'johnsmith'", row[3])
    _, row = first(index, { email = "JOHN.SMITH@example.com" })
    assert.matches("^same address", row[3])
    _, row = first(index, { name = "王 小明" })
    assert.matches("小", row[3])
    for _, account in ipairs { { name = "Ann Smith" }, { login = "ddd" }, { login = "nnx" } } do
      for _, one in ipairs(index:rank(account)) do
        assert.is_true(#one[3] > 0)
        assert(utf8.len(one[3]), one[3])
      end
    end
  end)

  it("gives scores from 0 to 1, best first, as many as wanted", function()
    for most = 1, 12 do
      local rows, before = index:rank({ name = "Ann Smith", login = "smith" }, most), 1
      assert.is_true(#rows <= most)
      for _, row in ipairs(rows) do
        assert.is_true(row[2] >= 0 and row[2] <= before)
        before = row[2]
      end
    end
    assert.is_true(#index:rank { name = "Ann Smith" } <= 5)
    local _, sure = first(index, { name = "John Smith", email = "john.smith@example.com" })
    local _, unsure = first(index, { name = "John" })
    assert.is_true(sure[2] > 0.95 and unsure[2] < 0.6, sure[2] .. " " .. unsure[2])
  end)

  it("finds nobody where there is nothing in common", function()
    for _, account in ipairs { {}, { name = "" }, { name = "  ", login = "" }, { login = "123" },
      { name = "\u{1F600}" }, { login = sei.null, name = sei.null, email = sei.null },
      { name = "Ωμέγα" } } do
      assert.same({}, index:rank(account))
    end
    assert.same({}, sei.match.index {} :rank { name = "John Smith", email = "a@b.c" })
    assert.same({}, sei.match.index { {}, { name = "" } } :rank { name = "John Smith" })
  end)

  it("does not care about the order of people", function()
    local people = names.people(400, 5)
    -- three people whom nothing tells apart but their ids, and two of one id
    for i, id in ipairs { "z", "b", "m", "same", "same" } do
      people[#people + 1] = { id = id, name = "Twin Equalson",
        email = i > 3 and i .. "@t.example" or nil }
    end
    local accounts = names.accounts(people, 400, 6)
    accounts[#accounts + 1] = { name = "Twin Equalson" }
    local turned = {}
    for i, person in ipairs(people) do turned[(i * 7) % #people + 1] = person end
    assert.equal(#people, #turned)

    local one, other = sei.match.index(people), sei.match.index(turned)
    for _, account in ipairs(accounts) do
      local left, right = one:rank(account, 10), other:rank(account, 10)
      assert.equal(#left, #right)
      for i, row in ipairs(left) do
        assert.equal(people[row[1]], turned[right[i][1]])
        assert.equal(row[2], right[i][2])
        assert.equal(row[3], right[i][3])
      end
    end
    local ids = {}
    for i, row in ipairs(one:rank { name = "Twin Equalson" }) do ids[i] = people[row[1]].id end
    assert.equal("b m same same z", table.concat(ids, " "))
  end)

  it("finds most of invented people among the first five", function()
    local people = names.people(1000, 1)
    local accounts = names.accounts(people, 1000, 2)
    local large, found = sei.match.index(people), 0
    for _, account in ipairs(accounts) do
      for _, row in ipairs(large:rank(account)) do
        if row[1] == account.person then found = found + 1 end
      end
    end
    assert.is_true(found > 880, found .. " of 1000")
  end)

  it("takes any bytes, of any length", function()
    local long = ("John Smith "):rep(100000)
    local texts = { "\xFF\xFE\0x", "\0", ("a"):rep(1 << 20), long, ("@"):rep(2000), "@", "a@", "@b",
      "a@b@c", ("x@y "):rep(1000), "\u{10FFFF}\u{2FA1D}", ("\u{5b57}"):rep(5000),
      "+@users.noreply.x", "\\", "a\\", ("1"):rep(100), ("a."):rep(400) .. "@" .. ("b."):rep(400),
      "\xE4\xBD", "<@>", "<a@b>" }
    local people = { { id = "john", name = "John Smith" } }
    for i, text in ipairs(texts) do
      people[#people + 1] = { id = "t" .. i, name = text, email = text, login = text,
        names = texts, emails = texts, logins = texts }
    end
    local odd = sei.match.index(people)
    for _, text in ipairs(texts) do
      for _, field in ipairs { "name", "login", "email" } do
        for _, row in ipairs(odd:rank { [field] = text }) do
          assert.is_true(row[2] >= 0 and row[2] <= 1)
          assert(utf8.len(row[3]), row[3])
        end
      end
    end
    assert.equal(1, sei.match.index { people[1] } :rank { name = long } [1][1])
  end)

  it("keeps what it was made of", function()
    local list = { { id = "a", name = "Ann Lee" }, { id = "b", name = "Bob Ray" } }
    local kept = sei.match.index(list)
    list[1].name, list[2] = "Bob Ray", nil
    collectgarbage()
    assert.equal(2, kept:rank { name = "Bob Ray" } [1][1])
  end)

  it("takes numbers for texts", function()
    local numbers = sei.match.index { { id = 7, login = 4711 }, { id = 8, login = "4712" } }
    assert.equal(1, numbers:rank { login = "4711" } [1][1])
    assert.equal(2, numbers:rank { login = 4712 } [1][1])
  end)

  it("refuses what it cannot use, by name", function()
    assert.error_matches(function() sei.match.index() end, "table expected")
    assert.error_matches(function() sei.match.index { 5 } end, "person 1 is a number")
    assert.error_matches(function() sei.match.index { {}, { name = true } } end,
      "person 2: name is a boolean, a string was expected")
    assert.error_matches(function() sei.match.index { { emails = { "a@b", {} } } } end,
      "person 1: emails is a table")
    assert.error_matches(function() index:rank() end, "table expected")
    assert.error_matches(function() index:rank { login = print } end,
      "login is a function, a string was expected")
    for _, most in ipairs { 0, -1, 33, 1.5, "x" } do
      assert.error_matches(function() index:rank({ login = "x" }, most) end, "bad argument #2")
    end
    assert.equal("john", (first(index, { login = "johnsmith" })))
  end)
end)
