-- sei.review.merge: no decision is lost when inputs are reordered, grow, shrink
-- or change, nor is one made that nobody made, whatever becomes of the file.
local csv = require "sei.review.csv"
local decided = require "sei.decided"
local sei = require "sei"
local shell = require "spec.support.shell"
local support = require "spec.support.review"

local account, result_of, PEOPLE = support.account, support.result_of, support.PEOPLE
local slurp, spill, sheet_of, save = support.slurp, support.spill, support.sheet_of, support.save
local column, fill, by_account = support.column, support.fill, support.by_account

local folder, file
setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)
before_each(function()
  file = folder .. "/review.csv"
  os.remove(file)
end)

local function read() return assert(sei.review.read { file = file }) end

-- One run: what was decided is replayed and the file is written anew.
local function run(accounts, people)
  local entries = assert(sei.review.read { file = file, missing = "nothing" })
  local result = result_of(accounts, entries, people)
  return assert(sei.review.merge(file, result)), result
end

-- Rows of the file by login.
local function rows()
  local map, how = {}, csv.format_of(slurp(file))
  for cells in sei.csv.read { file = file, delimiter = how.delimiter } do
    for name, cell in pairs(cells) do cells[name] = csv.unguard(cell) end
    map[cells.login] = cells
    map[#map + 1] = cells.login
  end
  return map
end

describe("merging a review file", function()
  it("keeps what was decided when accounts come, go and come back", function()
    local a, b, c, d = account "a", account "b", account "c", account "d"
    run { a, b, c, d }
    fill(file, { a = { "accept" }, b = { "ignore" }, c = { "reject 1" } })
    assert.same({ review = 2, none = 0, settled = 2, absent = 0 }, (run { d, c, b, a }))
    assert.same({ "d", "c", "a", "b" }, { table.unpack(rows()) })
    assert.same({ review = 1, none = 0, settled = 0, absent = 3 }, (run { account "e" }))
    local kept = rows()
    assert.same({ "choose", "P1", "absent" }, { kept.a.decision, kept.a.person, kept.a.class })
    assert.same({ "ignore", "absent" }, { kept.b.decision, kept.b.class })
    assert.same({ "reject", "P1", "absent" }, { kept.c.decision, kept.c.rejected, kept.c.class })
    run { account "e", c, a, b }
    kept = rows()
    assert.same({ "choose", "P1", "settled" }, { kept.a.decision, kept.a.person, kept.a.class })
    assert.same({ "ignore", "settled" }, { kept.b.decision, kept.b.class })
    assert.same({ "", "P1", "review", "Ben Short <ben@example.com>" },
      { kept.c.decision, kept.c.rejected, kept.c.class, kept.c.candidate_1 })
  end)

  it("shows new candidates after a rejection, and none of the rejected", function()
    local a = account "a"
    run { a }
    fill(file, { a = { "reject" } })
    assert.same({ review = 0, none = 0, settled = 1, absent = 0 }, (run { a }))
    assert.same({ "reject", "P1 | P2 | P3" }, { rows().a.decision, rows().a.rejected })
    local more = { { id = "P4", name = "Dee", email = "d@example.com" }, table.unpack(PEOPLE) }
    assert.equal(1, run({ a }, more).review)
    assert.same({ "", "P4", "", "P1 | P2 | P3" }, { rows().a.decision, rows().a.person_1,
      rows().a.person_2, rows().a.rejected })
    fill(file, { a = { "reject" } })
    run({ a }, more)
    assert.same({ "P1", "P2", "P3", "P4" }, read()[1].reject)
    fill(file, { a = { "choose", "BEN@example.com" } }) -- takes that one back
    run({ a }, more)
    assert.same({ "choose", "P2", "P1 | P3 | P4" }, { rows().a.decision, rows().a.person,
      rows().a.rejected })
  end)

  it("asks again when the account became another, and says what was decided", function()
    run { account "a" }
    fill(file, { a = { "accept 2" } })
    run { account "a" }
    local _, result = run { account("a", { name = "Somebody Else" }) }
    assert.matches("name was 'Name of a' and is 'Somebody Else'", result.review[1].message)
    local row = rows().a
    assert.same({ "", "review", "account_changed", "choose P2 = Ben Short <ben@example.com>" },
      { row.decision, row.class, row.reason, row.before })
    assert.same({}, read())
    run { account("a", { name = "Somebody Else" }) }
    assert.equal("choose P2 = Ben Short <ben@example.com>", rows().a.before)
    fill(file, { a = { "accept" } })
    run { account("a", { name = "Somebody Else" }) }
    assert.same({ "choose", "P1", "" }, { rows().a.decision, rows().a.person, rows().a.before })
  end)

  it("takes a missing name, blanks and letter case for no change", function()
    run { account "a" }
    fill(file, { a = { "accept" } })
    run { { integration_id = 7, login = "a" } }
    assert.equal("settled", rows().a.class)
    run { account("a", { name = " NAME  of A" }) }
    assert.equal("settled", rows().a.class)
    -- The name was remembered through the day without names.
    run { account("a", { name = "Other" }) }
    assert.equal("account_changed", rows().a.reason)
  end)

  it("keeps a choice of a person who is gone, who then comes back", function()
    run { account "a" }
    fill(file, { a = { "accept" } })
    run({ account "a" }, { PEOPLE[2] })
    assert.same({ "choose", "P1", "review", "person_gone" }, { rows().a.decision,
      rows().a.person, rows().a.class, rows().a.reason })
    run { account "a" }
    assert.equal("settled", rows().a.class)
  end)

  it("asks again when the person's id is another person's now", function()
    run { account "a" }
    fill(file, { a = { "accept" } })
    run { account "a" }
    run({ account "a" }, { { id = "P1", name = "Zoe New", email = "zoe@example.com" } })
    assert.same({ "", "person_changed", "choose P1 = Ada Long <ada@example.com>" },
      { rows().a.decision, rows().a.reason, rows().a.before })
    -- One who only married is the same.
    fill(file, { a = { "accept" } })
    run({ account "a" }, { { id = "P1", name = "Zoe Old", email = "zoe@example.com" } })
    assert.equal("settled", rows().a.class)
  end)

  it("refuses a typed person whom two people are", function()
    run { account "a" }
    fill(file, { a = { "choose", "team@example.com" } })
    run({ account "a" }, { { id = "X1", email = "team@example.com" },
      { id = "X2", email = "team@example.com" } })
    assert.same({ "choose", "team@example.com", "person_ambiguous" }, { rows().a.decision,
      rows().a.person, rows().a.reason })
  end)

  it("writes a typed address as the person's key once it was found", function()
    run { account "a" }
    fill(file, { a = { "choose", "CY@example.com" } })
    run { account "a" }
    assert.same({ "choose", "P3", "P3 = Cy Wide <cy@example.com>" }, { rows().a.decision,
      rows().a.person, rows().a.chosen })
  end)

  it("keeps notes, columns that people add, and the way of writing", function()
    run { account "a", account "b" }
    local sheet = sheet_of(file)
    local note = column(sheet, "note")
    for i, cells in ipairs(sheet) do
      cells[#cells + 1] = ""
      cells[#cells + 1] = i == 1 and "asked by" or "=me " .. i
    end
    sheet[2][note] = "on leave"
    save(file, sheet, { delimiter = ";", bom = true, newline = "\r\n" })
    run { account "b" }
    local text = slurp(file)
    assert.equal("\u{FEFF}decision;person;", text:sub(1, 19))
    assert.matches(";asked by\r\n", text)
    assert.same({ "on leave", "=me 2", "absent" }, { rows().a.note, rows().a["asked by"],
      rows().a.class })
    assert.equal("=me 3", rows().b["asked by"])
    assert(sei.review.merge(file, result_of { account "a" }, { file = folder .. "/as.json",
      overwrite = true }))
    assert.matches('"extra":{"asked by":"=me 2"}', slurp(folder .. "/as.json"))
  end)

  it("says the same as CSV and as JSON", function()
    run { account "a", account "b", account "c" }
    fill(file, { a = { "accept" }, b = { "reject 2" }, c = { "ignore" } })
    local before = by_account(read())
    local other = folder .. "/other.json"
    assert(sei.review.merge(file, result_of({ account "b" }, read()), { file = other }))
    local after = by_account(assert(sei.review.read { file = other }))
    for key, entry in pairs(before) do
      assert.same({ entry.choose, entry.reject or {}, entry.ignore },
        { after[key].choose, after[key].reject or {}, after[key].ignore })
    end
    assert.equal("P2", after["7/b"].reject[1])
  end)

  it("leaves the old file as it is when a cell is wrong", function()
    run { account "a" }
    fill(file, { a = { "acept" } })
    local text = slurp(file)
    local merged, err = sei.review.merge(file, result_of { account "a" })
    assert.is_nil(merged)
    assert.matches("did you mean 'accept'", err.message)
    assert.equal(text, slurp(file))
    merged, err = sei.review.merge(file, result_of {}, { file = folder .. "/no/such/dir.csv" })
    assert.is_nil(merged)
    assert.is_true(sei.is_error(err))
    assert.is_nil((sei.review.merge(folder .. "/gone.csv", result_of {}, { file = file })))
    assert.equal(text, slurp(file))
  end)

  it("keeps decisions even if the result was made without them", function()
    run { account "a", account "b", account "c" }
    fill(file, { a = { "accept 2" }, b = { "reject 1" }, c = { "ignore" } })
    assert(sei.review.merge(file, result_of { account "c", account "b", account "a" }))
    assert.same({ "choose", "P2" }, { rows().a.decision, rows().a.person })
    assert.same({ "", "P1", "P2" }, { rows().b.decision, rows().b.rejected, rows().b.person_1 })
    assert.same({ "ignore", "settled" }, { rows().c.decision, rows().c.class })
  end)
end)

describe("what a person decided", function()
  local people = { { id = "P1", name = "Ada Long", email = "ada1@example.com" },
    { id = "P2", name = "Ada Long", email = "ada2@example.com" }, PEOPLE[3] }

  local function accounts()
    return { { integration_id = 5, login = "along", name = "Ada Long" },
      { integration_id = 5, login = "cy", email = "cy@example.com" },
      { integration_id = 5, login = "qqq" } }
  end

  local function match()
    local entries = assert(sei.review.read { file = file, missing = "nothing" })
    local result = assert(sei.match.run { people = people, accounts = accounts(),
      decided = entries })
    return result, assert(sei.review.merge(file, result))
  end

  it("is done before any rule of sei.match.run", function()
    local result, counts = match()
    assert.equal("cy", result.decisions[1].account.login)
    assert.equal(2, counts.review + counts.none)
    fill(file, { along = { "accept 2" }, qqq = { "ignore" } })
    local second = rows().along.person_2
    result, counts = match()
    assert.same({ review = 0, none = 0, settled = 2, absent = 0 }, counts)
    assert.same({ second, "decided", "certain" }, { result.decisions[1].person.id,
      result.decisions[1].rule, result.decisions[1].class })
    assert.equal(file, result.decisions[1].evidence.source.file)
    assert.equal("qqq", result.ignored[1].account.login)
  end)

  it("is not proposed again if it was rejected, not even by a sure rule", function()
    local result = assert(sei.match.run { people = people, accounts = accounts(),
      decided = { { account = "5/cy", reject = { "P3" } }, { account = "5/along",
        reject = { "ada1@example.com" } } } })
    for _, class in ipairs { "decisions", "review", "none" } do
      for _, row in ipairs(result[class]) do
        local no = row.account.login == "cy" and "P3" or row.account.login == "along" and "P1"
        assert.is_false(row.person ~= nil and row.person.id == no)
        for _, c in ipairs(row.candidates) do assert.not_equal(no, c.person.id) end
      end
    end
    assert(sei.review.merge(file, result))
  end)
end)

-- ---- many runs ----

describe("many runs with changing inputs", function()
  -- What an administrator does to a row: the words, and what they mean.
  local function answer(random, row)
    local shown = {}
    for i = 1, 5 do
      if row["person_" .. i] ~= "" then shown[i] = row["person_" .. i] end
    end
    local pick = random(5)
    if pick == 1 and #shown > 0 then
      local i = random(#shown)
      return { i == 1 and "accept" or "accept " .. i }, { choose = shown[i] }
    elseif pick == 2 and #shown > 0 then
      local i = random(#shown)
      return { "reject " .. i }, { reject = { shown[i] } }
    elseif pick == 3 and #shown > 0 then
      return { "reject" }, { reject = shown }
    elseif pick == 4 then
      local id = "P" .. random(3)
      return { "choose", id }, { choose = id }
    end
    return { "ignore" }, { ignore = true }
  end

  local function remember(model, key, said)
    local m = model[key] or { no = {} }
    m.choose, m.ignore = said.choose, said.ignore
    for _, id in ipairs(said.reject or {}) do m.no[id] = true end
    if said.choose then m.no[said.choose] = nil end
    model[key] = m
  end

  -- The model and what is read back: the same, no more, no less.
  local function compare(model, entries)
    local said = by_account(entries)
    for key, m in pairs(model) do
      local entry, no = said[key], {}
      assert.is_table(entry, key)
      for _, id in ipairs(entry.reject or {}) do no[id] = true end
      assert.same(m, { choose = entry.choose, ignore = entry.ignore, no = no })
      said[key] = nil
    end
    assert.is_nil((next(said)))
  end

  for seed = 1, 12 do
    it("lose and invent nothing, seed " .. seed, function()
      math.randomseed(seed)
      local random, model = math.random, {}
      for _ = 1, 8 do
        local accounts, people = {}, {}
        for i = 1, 12 do
          if random() < .7 then table.insert(accounts, random(#accounts + 1), account("l" .. i)) end
        end
        for i, person in ipairs(PEOPLE) do
          if random() < .8 then table.insert(people, random(#people + 1), PEOPLE[i] or person) end
        end
        run(accounts, people)
        compare(model, read())
        local what = {}
        for login, row in pairs(rows()) do
          if type(login) == "string" and random() < .3 and row.class ~= "absent" then
            local cells, said = answer(random, row)
            what[login] = cells
            remember(model, row.account, said)
          end
        end
        fill(file, what)
        compare(model, read())
      end
    end)
  end
end)

-- ---- what becomes of files ----

describe("a damaged review file", function()
  local logins, expected = {}, {}
  for i = 1, 12 do logins[i] = "user" .. i end
  local WORDS <const> = { { "accept" }, { "accept 2" }, { "reject" }, { "reject 3" },
    { "choose", "P3" }, { "choose", "ben@example.com" }, { "ignore" } }

  -- A file with decisions, half of them through a merge.
  local function prepare()
    local accounts, what, again = {}, {}, {}
    for i, login in ipairs(logins) do
      accounts[i] = account(login, { email = login .. "@x.org" })
      if i <= 7 then what[login] = WORDS[i] end
      if i >= 8 and i <= 10 then again[login] = WORDS[i - 7] end
    end
    run(accounts)
    fill(file, what)
    run(accounts)
    fill(file, again)
    expected = decided.new(read())
    return slurp(file)
  end

  local TYPO <const> = { "x", "P", "1", " ", ",", ";", "\"", "'", "=", "\n", "ä", "\xFF", "|", "@" }

  -- One byte out, in or instead, anywhere but in the digits that a person
  -- wrote: "accept 2" without the 2 is a decision as well.
  local function typo(text, random)
    local at = random(#text)
    if text:sub(at, at):find "%d" then return text end
    local how, c = random(3), TYPO[random(#TYPO)]
    if how == 1 then return text:sub(1, at - 1) .. text:sub(at + 1) end
    if c:find "%d" and text:sub(at - 1, at + 1):find "[%lP]" then c = "x" end
    return text:sub(1, at - 1) .. c .. text:sub(at + (how == 2 and 1 or 0))
  end

  local function shuffle(sheet, random)
    for i = #sheet, 3, -1 do
      local j = random(2, i)
      sheet[i], sheet[j] = sheet[j], sheet[i]
    end
  end

  local MUTATIONS <const> = {
    function(text, random) return typo(text, random) end,
    function(text, random) return typo(typo(typo(text, random), random), random) end,
    function(text, random) return text:sub(1, random(#text)) end, -- torn
    function(_, random, sheet) -- rows gone
      for _ = 1, random(4) do table.remove(sheet, random(2, #sheet)) end
    end,
    function(_, random, sheet) shuffle(sheet, random) end,
    function(_, random, sheet) -- a row twice
      table.insert(sheet, random(2, #sheet), sheet[random(2, #sheet)])
    end,
    function(_, random, sheet) -- some columns sorted alone, right of a person's two
      local from = random(3, #sheet[1])
      local a, b = sheet[random(2, #sheet)], sheet[random(2, #sheet)]
      for i = from, random(from, #sheet[1]) do a[i], b[i] = b[i], a[i] end
    end,
    function(_, random, sheet) -- a column gone
      local at = random(#sheet[1])
      for _, cells in ipairs(sheet) do table.remove(cells, at) end
    end,
    function(_, random, sheet) -- a cell gone, the others moved to the left
      local cells = sheet[random(2, #sheet)]
      table.remove(cells, random(3, #cells))
      cells[#cells + 1] = ""
    end,
    function(_, random, sheet) -- a cell copied down
      local from = random(2, #sheet - 1)
      local at = random(3, #sheet[1])
      for i = from + 1, math.min(#sheet, from + random(3)) do sheet[i][at] = sheet[from][at] end
    end,
    function(_, random, sheet) -- columns in another order
      local a, b = random(#sheet[1]), random(#sheet[1])
      for _, cells in ipairs(sheet) do cells[a], cells[b] = cells[b], cells[a] end
    end,
    function(_, _, sheet) -- numbers as numbers, words as dates
      for i = 2, #sheet do
        for k, cell in ipairs(sheet[i]) do sheet[i][k] = cell:gsub("^user(%d)$", "%1. Jun") end
      end
    end,
  }

  -- Everything that is read was decided so.
  local function check(entries)
    local said = decided.new(entries)
    for _, entry in ipairs(entries) do
      local was = assert(expected:entry(entry.account), "a decision that nobody made")
      if entry.choose then
        local find = support.finder(PEOPLE)
        if #find(entry.choose) > 0 then
          assert.same(find(was.choose), find(entry.choose), entry.account)
        end
      end
      assert.equal(was.ignore, entry.ignore)
      for _, person in ipairs(PEOPLE) do
        if said:rejected(entry.account, person) then
          assert.is_true(expected:rejected(entry.account, person))
        end
      end
    end
  end

  local WAYS <const> = { {}, { delimiter = ";" }, { delimiter = ";", bom = true, newline = "\r\n" },
    { delimiter = "\t" }, { bom = true }, { newline = "\r\n" } }

  it("gives the right decisions or an error, never others", function()
    math.randomseed(4)
    local random, text, read_well = math.random, prepare(), 0
    for n = 1, 1000 do
      spill(file, text)
      local sheet = sheet_of(file)
      local changed = MUTATIONS[n % #MUTATIONS + 1](text, random, sheet)
      if changed then
        spill(file, changed)
      else
        save(file, sheet, WAYS[random(#WAYS)])
      end
      local entries, err = sei.review.read { file = file }
      if entries then
        read_well = read_well + 1
        check(entries)
      else
        assert.is_true(sei.is_error(err))
        assert.matches("review.csv", err.message)
      end
    end
    assert.is_true(read_well > 300, "only " .. read_well .. " files were read")
  end)
end)
