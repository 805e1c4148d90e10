-- show - a plan as text at 80 columns, whatever stands in it; and as JSON.
local file = require "sei.plan.file"
local report = require "sei.report"
local sei = require "sei"
local show = require "sei.show"

local LONG <const> = "712020:772c2d5e-00dd-4a1c-9d2e-000000000001"

local function change(i, before)
  local email = "new" .. i .. "@x.example"
  return { kind = "change", what = "identity", integration_id = 5323, identity = "login" .. i,
    before = { email = before or "old" .. i .. "@x.example" }, after = { email = email },
    rule = "email", key = email, evidence = { left = { before = "New" .. i .. "@X.example" } } }
end

local function rows()
  return {
    change(1), change(2, ("very.long.name.of.a.person.%s@subsidiary.x.example"):format("many")),
    { kind = "add", what = "identity", integration_id = 40, identity = LONG,
      after = { email = "somebody.with.a.long.address@subsidiary.x.example" }, rule = "full_name",
      key = "address long somebody", class = "certain" },
    { kind = "conflict", what = "identity", integration_id = 40,
      identity = "t\27[31mw\u{202E}i\u{9B}n", reason = "two_people",
      message = "the accounts say ann@x.example, bob@x.example" },
    { kind = "protected", what = "identity", integration_id = 40, identity = "root",
      before = { email = "a@x.example" }, after = { email = "b@x.example" }, reason = "protect",
      message = "protected by */root" },
    { kind = "keep", what = "identity", integration_id = 40, identity = "same",
      before = { email = "a@x.example" }, after = { email = "a@x.example" }, rule = "email" },
    { kind = "change", what = "contributor", id = "9", email = "ann@x.example",
      before = { region = sei.null, cost = 7 }, after = { region = "München", cost = sei.null },
      fingerprint = ("0"):rep(64) },
  }
end

local HEADER <const> = { name = "nightly", target = { base_url = "https://sei.example",
    account = "acct1" }, inputs = { people = { count = 3 }, accounts = { count = 5, skipped = 2 } },
  directory = { people = 4, mappings = 9 }, missing = { "gone@x.example" },
  counts = { review = 1, none = 2, probable = 0, ignored = 3, missing = 1 },
  guards = { { name = "changes", found = 2, limit = 1, passed = false },
    { name = "protect", found = 1, passed = true } } }

local function plan(list) return assert(file.write(nil, HEADER, list or rows())) end

local function has(text, words)
  assert.truthy(text:find(words, 1, true), words .. "\n--- is not in\n" .. text)
end

describe("a plan as text", function()
  it("has all that somebody must know before it is approved", function()
    local made = plan()
    local text = show.text(made)
    has(text, "Plan nightly for https://sei.example (account acct1)\n")
    has(text, "accounts: 5 (2 bad rows were left out)")
    has(text, "STOP  2 mappings would change, more than 1 (guard.changes, --max-changes)")
    has(text, "old1@x.example → new1@x.example")
    has(text, "by email New1@X.example")
    has(text, "Additions, which the service cannot take back (1)")
    has(text, "the accounts say ann@x.example, bob@x.example")
    has(text, "protected by */root")
    has(text, "cost: 7 → (none); region: (none) → München")
    has(text, "1 account is left for a person to decide")
    has(text, "2 accounts come near nobody")
    has(text, "3 accounts are ignored")
    has(text, "gone@x.example")
    has(text, "a guard stops the plan: it cannot be applied")
    has(text, "\ndigest: " .. made.digest .. "\n")
    assert.is_nil(text:find("5323/same", 1, true))
    assert.matches("\nall +1 +2 +1 +1 +1\n", text)
  end)

  it("shows nothing that a terminal would obey", function()
    local text = show.text(plan())
    assert.is_nil(text:find "[\0-\9\11-\31\127]")
    assert.is_nil(text:find("\u{202E}", 1, true))
    assert.is_nil(text:find("\u{9B}", 1, true))
  end)

  it("stays within 80 columns where what it shows does", function()
    for line in show.text(plan()):gmatch "[^\n]+" do
      local longest = 0
      for word in line:gmatch "%S+" do longest = math.max(longest, report.width(word)) end
      assert.truthy(report.width(line) <= 80 or line:find "→" and longest > 35, line)
    end
  end)

  it("cuts long lists and says so, unless all are asked for", function()
    local list = {}
    for i = 1, 33 do list[i] = change(i) end
    local text = show.text(plan(list))
    has(text, "Changes (33)")
    has(text, "… and 13 more (--rows shows all)")
    local _, n = text:gsub("→", "")
    assert.equal(20, n)
    text = show.text(plan(table.move(list, 1, 20, 1, {})))
    assert.is_nil(text:find("more (--rows", 1, true))
    has(show.text(plan(table.move(list, 1, 21, 1, {}))), "… and 1 more (--rows shows all)")
    text = show.text(plan(list), { rows = true })
    _, n = text:gsub("→", "")
    assert.equal(33, n)
    assert.is_nil(text:find("more (--rows", 1, true))
  end)

  it("shows one kind alone", function()
    local text = show.text(plan(), { kind = "keep" })
    has(text, "Kept as they are (1)")
    assert.is_nil(text:find("→", 1, true))
    assert.is_nil(text:find("Not decided", 1, true))
  end)

  it("says when there is nothing to do", function()
    has(show.text(assert(file.write(nil, { target = HEADER.target }, {}))), "Nothing to do.")
  end)
end)

describe("a plan as JSON", function()
  it("is one object, with rows where they are wanted", function()
    local made = plan()
    local value = assert(sei.json.decode(show.json(made)))
    assert.equal(made.digest, value.digest)
    assert.equal(2, value.header.counts.change - 1)
    assert.is_nil(value.rows)
    assert.equal(7, #assert(sei.json.decode(show.json(made, { rows = true }))).rows)
    local kept = assert(sei.json.decode(show.json(made, { kind = "keep" }))).rows
    assert.equal(1, #kept)
    assert.equal("same", kept[1].identity)
  end)
end)
