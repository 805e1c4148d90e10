-- sei.rule: what each rule decides by, and what it leaves alone.
local sei = require "sei"
local shell = require "spec.support.shell"

local function person(id, name, email, more)
  local one = more or {}
  one.id, one.name, one.email = id, name, email
  return one
end

-- The id of who has the account by these rules alone, or nil; and the row.
local function who(rules, people, account)
  local result = assert(sei.match.run { people = people, accounts = { account },
    rules = rules.decide and { rules } or rules.kind and { rules } or rules })
  local row = result.decisions[1] or result.review[1] or result.none[1]
  return row.person and row.person.id, row
end

local function write(folder, name, text)
  local path = folder .. "/" .. name
  local handle = assert(io.open(path, "wb"))
  assert(handle:write(text))
  assert(handle:close())
  return path
end

describe("rule.email", function()
  it("takes the same address, upper and lower case alike, and nothing else", function()
    local people = { person("1", "Ann Lee", "Ann@Example.com", { emails = { "al@example.org" } }) }
    local rule = sei.rule.email()
    assert.equal("1", (who(rule, people, { email = " ann@example.COM " })))
    assert.equal("1", (who(rule, people, { email = "AL@example.org" })))
    assert.is_nil((who(rule, people, { email = "ann+x@example.com", name = "Ann Lee" })))
  end)
end)

describe("rule.normalized_email", function()
  local people = { person("1", "Ann Lee", "ann.lee@gmail.com"),
    person("2", "Bob Ray", "bob.ray@example.com") }

  local function by(options, email)
    return (who({ sei.rule.normalized_email(options) }, people, { email = email }))
  end

  it("leaves out tags and Gmail's dots, and knows Gmail's other name", function()
    assert.equal("1", by(nil, "AnnLee+work@googlemail.com"))
    assert.equal("2", by(nil, "bob.ray+x@example.com"))
    assert.is_nil(by(nil, "bobray@example.com"))
  end)

  it("switches each of them", function()
    assert.is_nil(by({ plus = false }, "annlee+work@gmail.com"))
    assert.is_nil(by({ dots = false }, "annlee@gmail.com"))
    assert.is_nil(by({ googlemail = false }, "annlee@googlemail.com"))
    assert.equal("1", by({ googlemail = false }, "annlee@gmail.com"))
    assert.equal("2", by({ domains = { ["Old.example"] = "example.com" } }, "bob.ray@old.example"))
  end)

  it("finds an address between brackets, and in a name", function()
    assert.equal("2", by(nil, "\u{201C}bob.ray@example.com\u{201D}"))
    assert.equal("2", by(nil, "<mailto:bob.ray@example.com>"))
    assert.equal("2", (who({ sei.rule.normalized_email() }, people,
      { name = "Bob Ray bob.ray@example.com" })))
  end)

  it("does not take substitute addresses of two users for one", function()
    local shared = { person("1", "Ann Lee", "1234+ann@users.noreply.github.com") }
    assert.is_nil((who({ sei.rule.normalized_email() }, shared,
      { email = "1234+bob@users.noreply.github.com" })))
  end)

  it("gives evidence of both sides", function()
    local _, row = who({ sei.rule.normalized_email() }, people, { email = "AnnLee+x@gmail.com" })
    assert.equal("normalized_email", row.rule)
    assert.same({ before = "AnnLee+x@gmail.com", after = "annlee@gmail.com" }, row.evidence.left)
    assert.same({ before = "ann.lee@gmail.com", after = "annlee@gmail.com" }, row.evidence.right)
  end)
end)

describe("rule.noreply_login", function()
  local people = { person("1", "Ann Lee", "1234+QuokkaAnn@users.noreply.github.com"),
    person("2", "Bob Ray", "bob@example.com", { logins = { "wombat" } }),
    person("3", "Cy Wide", "77-cyw@users.noreply.gitlab.com") }
  local rules = { sei.rule.noreply_login() }

  it("takes the user of a substitute address, or its number", function()
    assert.equal("1", (who(rules, people, { email = "quokkaann@users.noreply.github.com" })))
    assert.equal("1", (who(rules, people, { email = "1234+newname@users.noreply.github.com" })))
    assert.equal("3", (who(rules, people, { email = "cyw@users.noreply.gitlab.com" })))
    assert.is_nil((who(rules, people, { email = "1234-x@users.noreply.gitlab.com" })))
  end)

  it("takes known logins, but no short or generic ones, nor against the names", function()
    assert.equal("2", (who(rules, people, { login = "Wombat" })))
    assert.equal("1", (who(rules, people, { login = "quokkaann", name = "Ann" })))
    local _, row = who(rules, people, { login = "wombat", name = "Zoe Quick" })
    assert.equal("contradiction", row.reason)
    local odd = { person("4", "Di Tall", "d@example.com", { logins = { "me", "dt" } }) }
    assert.is_nil((who(rules, odd, { login = "me" })))
    assert.is_nil((who(rules, odd, { login = "dt" })))
  end)
end)

describe("rule.full_name", function()
  local people = { person("1", "Żaneta Łoś-Byron", "z@example.com"),
    person("2", "Ann", "a@example.com"), person("3", "李 小龍", "l@example.com"),
    person("4", "Bob Ray", "b@example.com", { names = { "Robert Raymond" } }) }
  local rules = { sei.rule.full_name() }

  it("folds, and takes the words in any order", function()
    for _, name in ipairs { "zaneta los byron", "BYRON, Zaneta Los", "Żaneta  Łoś-Byron",
      "Dr. Zaneta Los Byron", "zaneta.los.byron", "ZanetaLosByron" } do
      assert.equal("1", (who(rules, people, { name = name })), name)
    end
    assert.equal("3", (who(rules, people, { name = "小龍 李" })))
    assert.equal("4", (who(rules, people, { name = "Raymond, Robert" })))
  end)

  it("decides by no single word, and not by a part of the name", function()
    for _, name in ipairs { "Ann", "Zaneta", "Zaneta Los", "Bob Ray bob" } do
      assert.is_nil((who(rules, people, { name = name })), name)
    end
  end)

  -- 40 people, of whom 5 are called John and 5 are called Smith.
  local function crowd()
    local list = { person("0", "John Smith", "smithereen@example.com") }
    for i = 1, 4 do
      list[#list + 1] = person("j" .. i, "John Uniq" .. ("abcd"):sub(i, i), "j@x" .. i)
      list[#list + 1] = person("s" .. i, "Fix" .. ("abcd"):sub(i, i) .. " Smith", "s@x" .. i)
    end
    for i = 1, 31 do
      local word = string.char(96 + i % 26 + 1) .. string.char(97 + i // 26) .. "x"
      list[#list + 1] = person("r" .. i, "First" .. word .. " Last" .. word, "r@x" .. i)
    end
    return list
  end

  it("holds a common name for probable, unless a login agrees", function()
    local _, row = who(rules, crowd(), { name = "John Smith" })
    assert.equal("0", row.person.id)
    assert.equal("probable", row.class)
    _, row = who(rules, crowd(), { name = "John Smith", login = "smithereen" })
    assert.equal("certain", row.class)
    _, row = who({ sei.rule.full_name { common = 0 } }, crowd(), { name = "John Smith" })
    assert.equal("certain", row.class)
    _, row = who(rules, crowd(), { name = "John Uniqa" })
    assert.equal("certain", row.class)
  end)
end)

describe("rule.nickname", function()
  local people = { person("1", "Robert Scherwood", "r@example.com"),
    person("2", "Jessica Vernal", "j@example.com"), person("3", "Brett Q Morrow", "b@example.com"),
    person("4", "Alexander Prime", "a1@example.com"),
    person("5", "Alexandra Prime", "a2@example.com") }
  local rules = { sei.rule.nickname() }

  it("takes short forms of the given name, and a lost initial", function()
    for name, id in pairs { ["Bob Scherwood"] = "1", ["Rob Scherwood"] = "1",
      ["Jessie Vernal"] = "2", ["Brett Morrow"] = "3" } do
      local found, row = who(rules, people, { name = name })
      assert.equal(id, found, name)
      assert.equal("probable", row.class)
    end
  end)

  it("takes no two differences at once, and leaves what is two people's", function()
    local both = { person("1", "Christopher J. Wain", "c@example.com") }
    assert.is_nil((who(rules, both, { name = "Chris Wain" })))
    assert.is_nil((who(rules, people, { name = "Bill Scherwood" })))
    assert.equal("ambiguous", select(2, who(rules, people, { name = "Alex Prime" })).reason)
  end)
end)

describe("rule.local_part", function()
  local people = { person("1", "Ann Lee", "quokka99x@example.com"),
    person("2", "Clemens Vale", "clemens@example.com"), person("3", "nightowl", "n@example.com"),
    person("4", "Di Tall", "github@example.com"), person("5", "Ed Low", "edlow@example.com"),
    person("6", "Fay Zimmerfrau", "zimmerfrau@example.com"),
    person("7", "Gil Sun", "9+wallaroo@users.noreply.github.com") }
  local rules = { sei.rule.local_part() }

  it("takes logins, local parts and names in one piece for the same", function()
    for _, account in ipairs { { login = "quokka99x" }, { email = "Quokka-99x@home.example" },
      { name = "Quokka99X" }, { email = "quokka.99x+git@home.example" },
      { email = "5+quokka99x@users.noreply.github.com" } } do
      local found, row = who(rules, people, account)
      assert.equal("1", found)
      assert.equal("probable", row.class)
      assert.equal("quokka99x", row.key)
    end
    assert.equal("3", (who(rules, people, { login = "nightOwl" })))
    assert.equal("7", (who(rules, people, { email = "wallaroo@example.com" })))
  end)

  it("leaves short ones, generic ones and single names alone", function()
    for _, account in ipairs { { login = "edlow" }, { email = "github@home.example" },
      { email = "clemens@home.example" }, { login = "zimmerfrau" }, { name = "Clemens" },
      { login = "123456789" } } do
      assert.is_nil((who(rules, people, account)))
    end
    assert.equal("5", (who({ sei.rule.local_part { min_letters = 5 } }, people,
      { login = "edlow" })))
  end)
end)

describe("rule.login_form", function()
  local people = { person("1", "Ann Quirkwood", "a@example.com"),
    person("2", "Bartholomew Vu", "b@example.com"),
    person("3", "Cy De La Rosabella", "c@example.com"),
    person("4", "Jose Fernandini", "d@example.com") }

  it("knows the ways to make a login of a name", function()
    local rules = { sei.rule.login_form() }
    for login, id in pairs { annquirkwood = "1", ["quirkwood.ann"] = "1", aquirkwood = "1",
      quirkwooda = "1", bartholomewv = "2", cdlrosabella = "3", cydelarosabella = "3",
      cyrosabella = "3", ["ann-quirkwood"] = "1", annquirkwood87 = "1" } do
      local found, row = who(rules, people, { login = login })
      assert.equal(id, found, login)
      assert.equal("probable", row.class)
    end
    assert.equal("1", (who(rules, people, { email = "ann_quirkwood@home.example" })))
    assert.equal("1", (who(rules, people, { name = "AnnQuirkwood" })))
  end)

  it("leaves out what is short, what is a given name, and digits behind an initial", function()
    local rules = { sei.rule.login_form() }
    local with_josef = { person("5", "Josef Kahn", "e@example.com"), people[4] }
    assert.is_nil((who(rules, with_josef, { login = "josef" })))
    for _, login in ipairs { "bvu", "annq", "aquirkwood7", "quirkwood", "ann" } do
      assert.is_nil((who(rules, people, { login = login })), login)
    end
  end)

  it("is asked for single forms", function()
    local only = { sei.rule.login_form { forms = { "first+last" } } }
    assert.equal("1", (who(only, people, { login = "annquirkwood" })))
    assert.is_nil((who(only, people, { login = "aquirkwood" })))
  end)

  it("leaves a form that two people have", function()
    local two = { people[1], person("9", "Abe Quirkwood", "q@example.com") }
    assert.equal("ambiguous", select(2, who({ sei.rule.login_form() }, two,
      { login = "aquirkwood" })).reason)
  end)
end)

describe("rule.fuzzy_name", function()
  local people = { person("1", "Derek Homeier", "d@example.com"),
    person("2", "Mary Jonston", "m1@example.com"), person("3", "Mary Johnstom", "m2@example.com") }
  local rules = { sei.rule.fuzzy_name { cutoff = 0.92, margin = 0.03 } }

  it("takes the nearest name, if nobody else's is near", function()
    local found, row = who(rules, people, { name = "Homier, Derek" })
    assert.equal("1", found)
    assert.equal("probable", row.class)
    assert.same({ before = "Homier, Derek", after = "derek homier" }, row.evidence.left)
    assert.same({ before = "Derek Homeier", after = "derek homeier" }, row.evidence.right)
    assert.is_true(row.evidence.score >= 0.92)
    assert.is_nil((who(rules, people, { name = "Mary Johnston" })))
    assert.is_nil((who(rules, people, { name = "Derek Homburg" })))
    assert.is_nil((who(rules, people, { name = "Derek" })))
  end)

  it("asks for cutoff and margin", function()
    for _, options in ipairs { {}, { cutoff = 0.95 }, { cutoff = 0.5, margin = 0.1 } } do
      assert.has_error(function() sei.rule.fuzzy_name(options) end)
    end
  end)
end)

describe("rule.lookup", function()
  local people = { person("1", "Ann Lee", "ann@example.com"),
    person("2", "Bob Ray", "bob@example.com") }
  local folder

  before_each(function() folder = shell.folder() end)
  after_each(function() shell.remove(folder) end)

  it("takes a table of Lua, by id or address, whatever the account is", function()
    local rules = { sei.rule.lookup { table = { AnnL = "1", Jenkins = "BOB@example.com" } } }
    local found, row = who(rules, people, { login = "annl" })
    assert.equal("1", found)
    assert.equal("certain", row.class)
    assert.equal("annl", row.key)
    assert.equal("2", (who(rules, people, { login = "JENKINS" })))
    assert.is_nil((who(rules, people, { login = "other" })))
  end)

  it("takes records, CSV and JSON", function()
    local list = { { login = "annl", person = "1" } }
    local csv = write(folder, "map.csv", "user,who\nannl,1\nbobr,bob@example.com\n")
    local json = write(folder, "map.json", '[{"login":"annl","email":"ann@example.com"}]')
    local object = write(folder, "object.json", '{"annl":"1","bobr":"2"}')
    for _, options in ipairs { { table = list }, { file = csv, from = "user", to = "who" },
      { file = json }, { file = object } } do
      assert.equal("1", (who({ sei.rule.lookup(options) }, people, { login = "AnnL" })))
    end
  end)

  it("looks up any field, or what a function makes of the account", function()
    assert.equal("1", (who({ sei.rule.lookup { key = "team", table = { red = "1" } } }, people,
      { login = "x", team = "Red" })))
    local rules = { sei.rule.lookup { table = { ab = "2" },
      key = function(account) return account.login:sub(1, 2) end } }
    assert.equal("2", (who(rules, people, { login = "abcdef" })))
  end)

  local function fails(options, ...)
    local ok, err = pcall(sei.rule.lookup, options)
    assert.is_false(ok)
    assert.is_true(sei.is_error(err))
    for _, part in ipairs { ... } do assert.matches(part, err.message, 1, true) end
  end

  it("refuses a key with two values, and names both lines", function()
    local csv = write(folder, "map.csv", "login,person\nannl,1\nbobr,2\nANNL,2\n")
    fails({ file = csv }, '"annl" has two values', "map.csv line 2", "map.csv line 4")
    fails({ table = { { login = "a", person = "1" }, { login = "a", person = "2" } } },
      "record 1", "record 2")
    local same = write(folder, "same.csv", "login,person\nannl,1\nannl,1\n")
    assert.equal("1", (who({ sei.rule.lookup { file = same } }, people, { login = "annl" })))
  end)

  it("refuses entries without a key or person, and files that cannot be read", function()
    fails({ file = write(folder, "map.csv", "login,person\nannl,\n") }, "no person", "line 2")
    fails({ file = write(folder, "map.csv", "login,person\n,1\n") }, "no key", "line 2")
    fails({ file = write(folder, "map.json", '[{"login":') }, "map.json")
    fails({ file = folder .. "/none.csv" }, "none.csv")
    fails({ table = { annl = {} } }, '"annl" leads to a table')
    assert.has_error(function() sei.rule.lookup {} end)
  end)

  it("makes a review row of a key that leads to nobody", function()
    local csv = write(folder, "map.csv", "login,person\nannl,gone@example.com\n")
    local _, row = who({ sei.rule.lookup { file = csv } }, people, { login = "annl" })
    assert.equal("error", row.reason)
    assert.matches('leads to "gone@example.com", who is not among the people', row.message, 1, true)
    assert.matches("map.csv line 2", row.message, 1, true)
  end)
end)

describe("rule.mailmap", function()
  local people = { person("1", "Ann Lee", "ann@example.com"),
    person("2", "Bob Ray", "bob@example.com") }
  local TEXT <const> = "# people\nAnn Lee <ann@example.com> <old@example.org>\n"
    .. "Bob Ray <shared@example.org>\nBob Ray <bob@example.com> Bobby <shared@example.org>\n"

  it("takes proper addresses and names for the person's", function()
    local rules = { sei.rule.mailmap { text = TEXT } }
    local found, row = who(rules, people, { name = "x", email = "OLD@example.org",
      source = { file = "in.csv", line = 3 } })
    assert.equal("1", found)
    assert.equal("mailmap", row.rule)
    assert.equal("ann@example.com", row.evidence.left.after)
    assert.equal("2", (who(rules, people, { name = "Bobby", email = "shared@example.org" })))
    assert.equal("2", (who(rules, people, { name = "Ray", email = "shared@example.org" })))
    assert.is_nil((who(rules, people, { name = "Ann Lee", email = "new@example.org" })))
  end)

  it("takes a map that was read before, and refuses what is none", function()
    local map = assert(require("sei.source.mailmap").parse { text = TEXT })
    assert.equal("1", (who({ sei.rule.mailmap { map = map } }, people,
      { email = "old@example.org" })))
    for _, options in ipairs { {}, { map = {} }, { text = TEXT, file = "x" } } do
      local ok, problem = pcall(sei.rule.mailmap, options)
      assert.is_false(ok)
      assert.matches("sei.rule.mailmap", problem, 1, true)
    end
    local ok, err = pcall(sei.rule.mailmap, { text = "no address\n" })
    assert.is_false(ok)
    assert.is_true(sei.is_error(err))
  end)
end)

describe("options of rules", function()
  it("are checked, and misspelt ones get a suggestion", function()
    for name, case in pairs {
      email = { { clas = "certain" }, "unknown option 'clas'", "did you mean 'class'?" },
      full_name = { { class = "sure" }, "bad option 'class'", '"certain" or "probable"' },
      normalized_email = { { dots = 1 }, "bad option 'dots'", "boolean expected, got 1" },
      local_part = { { min_letters = 0 }, "bad option 'min_letters'" },
      login_form = { { forms = { "l+first" } }, "bad option 'forms'", "got l+first" },
      custom = { {}, "bad option 'decide'" },
      decided = { 7, "bad argument #1 to 'decided'" },
    } do
      local ok, problem = pcall(function() return (sei.rule[name](case[1])) end)
      assert.is_false(ok)
      assert.matches("spec/rule_spec.lua", problem, 1, true)
      for i = 2, #case do assert.matches(case[i], problem, 1, true) end
    end
  end)

  it("set the class and the name of a rule", function()
    local _, row = who({ sei.rule.full_name { class = "probable", name = "by_name" } },
      { person("1", "Ann Lee") }, { name = "Lee Ann" })
    assert.equal("probable", row.class)
    assert.equal("by_name", row.rule)
  end)
end)
