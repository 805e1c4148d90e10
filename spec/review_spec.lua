-- sei.review: what is written for a person is read back exactly, and what the
-- person decided is never lost, whatever a spreadsheet does in between.
local csv = require "sei.review.csv"
local decided = require "sei.decided"
local sei = require "sei"
local shell = require "spec.support.shell"
local support = require "spec.support.review"

local folder, file
setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)
before_each(function()
  file = folder .. "/review.csv"
  os.remove(file)
end)

local account, result_of = support.account, support.result_of
local slurp, spill, sheet_of, save = support.slurp, support.spill, support.sheet_of, support.save
local column, fill, by_account = support.column, support.fill, support.by_account

local function read() return sei.review.read { file = file } end

describe("a review file", function()
  it("has a row for each undecided account, what to fill in first", function()
    local result = result_of { account "a", account("b", { name = "=1+2", email = "b@x.org" }) }
    result.none[1] = { account = account "c", class = "none", reason = "none",
      message = "nothing\ncomes near", candidates = {} }
    local counts = assert(sei.review.write(result, { file = file }))
    assert.same({ review = 2, none = 1, settled = 0, absent = 0 }, counts)
    local sheet = sheet_of(file)
    assert.same({ "decision", "person", "class", "reason", "login", "name", "email",
      "candidate_1", "score_1", "why_1" }, table.move(sheet[1], 1, 10, 1, {}))
    assert.same({ "", "", "review", "near_miss", "b", "'=1+2", "b@x.org",
      "Ada Long <ada@example.com>", "90", "why 1" }, table.move(sheet[3], 1, 10, 1, {}))
    assert.equal("nothing comes near", sheet[4][column(sheet, "message")])
    assert.equal("'7/a", sheet[2][column(sheet, "account")])
  end)

  it("is read as what was decided", function()
    local logins = { "one", "two", "three", "four", "five", "six", "seven", "eight", "nine" }
    local accounts = {}
    for i, login in ipairs(logins) do accounts[i] = account(login) end
    assert(sei.review.write(result_of(accounts), { file = file }))
    fill(file, { one = { "accept" }, two = { " Accept 2" }, three = { "reject" },
      four = { "reject 1, 3" }, five = { "choose", "Dee Far <dee@example.com>" },
      six = { "ignore" }, seven = { "ACCEPT", "CY@example.com\u{A0}" },
      eight = { "reject", "P2" } })
    local said = by_account(assert(read()))
    local function get(login) return said["7/" .. login] end
    assert.same({ "P1", "Ada Long <ada@example.com>" }, { get "one".choose, get "one".shown })
    assert.equal("P2", get "two".choose)
    assert.same({ "P1", "P2", "P3" }, get "three".reject)
    assert.same({ "P1", "P3" }, get "four".reject)
    assert.equal("dee@example.com", get "five".choose)
    assert.is_true(get "six".ignore)
    assert.equal("P3", get "seven".choose)
    assert.same({ "P2" }, get "eight".reject)
    assert.is_nil(get "nine")
    assert.same({ file = file, line = 3 }, get "two".source)
    assert.same({ integration_id = "7", login = "one", name = "Name of one", email = "" },
      get "one".seen)
  end)

  local refused = {
    { "acept", "", "'acept' is no decision %(did you mean 'accept'%?%)" },
    { "ignroe", "", "did you mean 'ignore'" },
    { "yes", "", "'yes' is no decision; write accept, reject, choose, ignore or nothing" },
    { "accept 4", "", "there is no candidate 4 in this row %(it has 3%)" },
    { "accept 1 2", "", "only one" },
    { "accept", "dee@example.com", "'dee@example.com' is none.*write choose" },
    { "accept 1", "P2", "another candidate" },
    { "choose", "", "choose needs an e%-mail", "person" },
    { "choose 2", "", "choose takes no number" },
    { "ignore", "P1", "ignore takes no person", "person" },
    { "ignore 1", "", "ignore takes no number" },
    { "reject 1", "P1", "by number and by person", "person" },
    { "", "P1", "but no decision; write choose" },
    { "2", "", "'2' is no decision" },
  }
  for _, case in ipairs(refused) do
    it(("refuses %q %q"):format(case[1], case[2]), function()
      assert(sei.review.write(result_of { account "a", account "b" }, { file = file }))
      fill(file, { b = case })
      local said, err = read()
      assert.is_nil(said)
      assert.is_true(sei.is_error(err))
      assert.matches(case[3], err.message)
      assert.same({ file, 3, case[4] or err.column }, { err.file, err.line, err.column })
      assert.equal(case[err.column == "person" and 2 or 1], err.rows[1].value)
      assert.matches("review.csv, line 3, column '" .. err.column .. "': ", err.message)
    end)
  end

  it("refuses to accept or reject where there is nobody", function()
    local result = result_of({ account "a", account "b", account "c" }, nil, {})
    assert(sei.review.write(result, { file = file }))
    fill(file, { a = { "accept" }, b = { "reject" }, c = { "choose", "P1" } })
    local _, err = read()
    assert.equal(2, #err.rows)
    assert.matches("no candidate to accept; write choose", err.rows[1].message)
    assert.matches("no candidate to reject; write ignore", err.rows[2].message)
    assert.matches("%(and 1 more, see rows%)", err.message)
  end)

  it("finds out that a cell of ours was changed", function()
    for _, name in ipairs { "account", "login", "name", "email", "person_1", "person_2", "check",
      "integration_id", "rejected", "before", "chosen" } do
      sei.review.write(result_of { account("a", { email = "a@x.org" }) },
        { file = file, overwrite = true })
      local sheet = sheet_of(file)
      sheet[2][column(sheet, name)] = "P3"
      save(file, sheet)
      if name ~= "rejected" and name ~= "before" then
        assert.same({}, read(), "nothing is decided, nothing is wrong")
      end
      sheet[2][1] = "accept"
      save(file, sheet)
      local _, err = read()
      assert.equal("check", err and err.column, name)
      assert.matches("were changed", err.message)
    end
  end)

  it("refuses two decisions on one account, and takes one twice", function()
    assert(sei.review.write(result_of { account "a", account "b" }, { file = file }))
    fill(file, { a = { "accept 2" } })
    local sheet = sheet_of(file)
    sheet[4] = table.move(sheet[2], 1, #sheet[2], 1, {})
    save(file, sheet)
    local twice = assert(read())
    assert.equal("P2", decided.new(twice):entry "7/a".choose)
    sheet[4][1] = "accept"
    save(file, sheet)
    local _, err = read()
    assert.matches("review.csv:4: 'choose P1' for account '7/a', but .*:2 says 'choose P2'",
      err.message)
    sheet[4][1] = "ignore"
    save(file, sheet)
    assert.is_nil((read()))
  end)

  it("is told from other files", function()
    local cases = {
      { "", "column 'decision' is gone" },
      { "a,b\n1,2\n", "this is no review file.*found: a, b" },
      { "\xFF\xFEd\0e\0", "UTF%-16" },
      { '{"rows":[]}', 'an object with "format"' },
      { '{"format":"sei review 1","rows":[{"decison":""}]}', "'decison' %(did you mean" },
      { '{"format":"sei review 1","rows":[{"decision":1}]}', "row 1, decision is a number" },
      { '{"format":"sei review 1","rows":[7]}', "row 1 is no object" },
      { '{"format":', "JSON" },
    }
    for _, case in ipairs(cases) do
      spill(file, case[1])
      local said, err = read()
      assert.is_nil(said)
      assert.matches(case[2], err.message)
      assert.equal(file, err.file)
    end
    assert(sei.review.write(result_of { account "a" }, { file = file, overwrite = true }))
    local text = slurp(file)
    spill(file, (text:gsub("^decision", "decison")))
    assert.matches("'decision' is gone %(did 'decision' become 'decison'%?%)",
      select(2, read()).message)
    spill(file, (text:gsub("Name of a", "J\xF6rg")))
    assert.matches(":2: .*not valid UTF%-8", select(2, read()).message)
    os.remove(file)
    assert.equal("io", select(2, read()).kind)
    assert.same({}, sei.review.read { file = file, missing = "nothing" })
  end)

  it("refuses misuse by name, and never replaces decisions unasked", function()
    assert.has_error(function() sei.review.read {} end,
      "bad option 'file' for sei.review.read (path expected, got nothing)")
    assert.has_error(function() sei.review.write({}, { file = file }) end,
      "bad argument #1 to 'write' (a result of sei.match.run expected)")
    local ok, err = pcall(sei.review.write, result_of {}, { file = file, fromat = "csv" })
    assert.is_false(ok)
    assert.matches("did you mean 'format'", err)
    assert(sei.review.write(result_of { account "a" }, { file = file }))
    local text = slurp(file)
    local _, there = sei.review.write(result_of {}, { file = file })
    assert.matches("is there already", there.message)
    assert.equal(text, slurp(file))
    local _, bad = sei.review.write(result_of { account("b", { name = "\xFF" }) },
      { file = file, overwrite = true })
    assert.matches("the 'name' of account \"7/b\" is not valid UTF%-8", bad.message)
    assert.equal(text, slurp(file))
  end)
end)

-- ---- exactness ----

local NASTY <const> = { "=1+1", "+49", "-x", "@me", "'", "''a", "'=", "\"q\"", "a,b", "a;b",
  "00123", "1e5", "12345678901234567890", "3/4", "1-2", "mar10", "DEC 1", "sept-3", "true", "FALSE",
  "a|b", "a \\| b", "\\", "|", "1.5", "0.50", "ä", "Łukasz Ünïcode", "李雷", "a = b", "<x>", "5%",
  "\t=x",
  "two  blanks", "x\ny", "1 jan", "10am", "#N/A", "0", "7", "123" }

describe("what a spreadsheet would change", function()
  local function trimmed(text) return text:match "^%s*(.-)%s*$" end

  -- Fills in the same word everywhere; the person of row i is people[i].
  local function answer_all(word, how, people)
    if how.format then
      spill(file, (slurp(file):gsub('"decision":""', '"decision":"' .. word .. '"')))
      return
    end
    local sheet = sheet_of(file, how.delimiter)
    local key = column(sheet, "account")
    for i = 2, #sheet do
      local number = tonumber(csv.unguard(sheet[i][key]):match "^key (%d+) ")
      sheet[i][1] = word
      sheet[i][2] = word == "choose" and csv.guard(people[number].id) or ""
    end
    save(file, sheet, how)
  end

  local ways = {
    { "as it is", {} },
    { "with ; a byte order mark and CRLF", { delimiter = ";", bom = true, newline = "\r\n" } },
    { "with tabs", { delimiter = "\t" } },
    { "as JSON", { format = "json" } },
  }
  for _, way in ipairs(ways) do
    it("reads back exactly " .. way[1], function()
      local accounts, people = {}, {}
      for i, text in ipairs(NASTY) do
        accounts[i] = { id = "key " .. i .. " " .. text, integration_id = i, login = text,
          name = NASTY[#NASTY - i + 1], email = text .. "@x.org" }
        people[i] = { id = text, name = text, email = "e" .. i .. "@x.org" }
      end
      local result = result_of({}, nil, people)
      for i, a in ipairs(accounts) do
        result.review[i] = { account = a, class = "review", reason = "r", candidates = {
          { person = people[i], score = .5, why = NASTY[i] } } }
      end
      local options = { file = file, overwrite = true }
      for k, v in pairs(way[2]) do options[k] = v end
      assert(sei.review.write(result, options))
      -- Rejected first, so that keys stand in lists, too; then chosen.
      for _, word in ipairs(way[2].format and { "reject" } or { "reject", "choose" }) do
        answer_all(word, way[2], people)
        local said = by_account(assert(read()))
        for i, a in ipairs(accounts) do
          local entry = said[sei.match.key(a)]
          assert.same({ trimmed(a.login), trimmed(a.name) }, { entry.seen.login, entry.seen.name })
          local id = trimmed(people[i].id)
          assert.same({ word == "choose" and id or nil, word == "reject" and { id } or nil },
            { entry.choose, word == "reject" and entry.reject or nil })
        end
        assert(sei.review.merge(file, result))
      end
    end)
  end

  it("has an apostrophe, and only that", function()
    for _, text in ipairs(NASTY) do
      assert.equal(text, csv.unguard(csv.guard(text)))
    end
    for _, text in ipairs { "=1", "+1", "-1", "@x", "'x", "007", "1e5", "1-2", "mar10", "Dec 1",
      "true", "1234567890123456", "1.5", " x", "10 am" } do
      assert.equal("'" .. text, csv.guard(text))
    end
    for _, text in ipairs { "jdoe", "Ada Long", "5/jdoe", "123", "0", "1x2y@example.com", "marc",
      "makro 10", "5 apples", "" } do
      assert.equal(text, csv.guard(text))
    end
  end)
end)
