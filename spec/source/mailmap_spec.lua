-- sei.source.mailmap: gitmailmap(5), compared with git itself.
local sei = require "sei"
local mailmap = require "sei.source.mailmap"
local shell = require "spec.support.shell"
local support = require "spec.support.csv"

local TEXT <const> = [[
# a comment
Jane Doe <jane@example.com>   # another
Proper <proper@example.com> <old@Example.com>
<only@example.com> <was@example.com>
Joe R. Developer <joe@example.com> Joe <bugs@example.com>

Eve Evil <eve@example.com> EVE <Bugs@example.com>
X <x@example.com>
Later Name <late@example.com> <old@example.com>
  # indented
]]

describe("sei.source.mailmap", function()
  it("gives people with their other names and addresses", function()
    local list = assert(sei.source.mailmap { text = TEXT, name = ".mailmap" }:all())
    local by_email = {}
    for _, one in ipairs(list) do by_email[one.email] = one end
    assert.equal(6, #list)
    assert.same({ "Jane Doe", 2 }, { by_email["jane@example.com"].name,
      by_email["jane@example.com"].source.line })
    -- The later line counts.
    local late = by_email["late@example.com"]
    assert.same({ "Later Name", { "old@Example.com" } }, { late.name, late.emails })
    assert.same({ "was@example.com" }, by_email["only@example.com"].emails)
    assert.is_nil(by_email["only@example.com"].name)
    local joe = by_email["joe@example.com"]
    assert.same({ "Joe R. Developer", { "Joe" }, { { name = "Joe", email = "bugs@example.com" } } },
      { joe.name, joe.names, joe.pairs })
    assert.is_nil(joe.emails)
    assert.same({ file = ".mailmap", line = 5 }, joe.source)
    assert.equal("X", by_email["x@example.com"].name)
  end)

  it("resolves as git does", function()
    local map = assert(mailmap.parse { text = TEXT, name = "m" })
    assert.same({ "Jane Doe", "JANE@example.com", true, { file = "m", line = 2 } },
      { map:resolve("j", "JANE@example.com") })
    assert.same({ "Later Name", "late@example.com", true },
      { (function(a, b, c) return a, b, c end)(map:resolve("j", "old@example.com")) })
    assert.same({ "Joe R. Developer", "joe@example.com" },
      { (function(a, b) return a, b end)(map:resolve("jOE", "bugs@example.com")) })
    assert.same({ "Nobody", "bugs@example.com", false },
      { map:resolve("Nobody", "bugs@example.com") })
    assert.same({ "a", "b@x", false }, { map:resolve("a", "b@x") })
    assert.same({ "a", nil, false }, { map:resolve("a", nil) })
  end)

  it("names a line without an address", function()
    local list, err = sei.source.mailmap { text = "A <a@x>\nJane Doe jane@x\n", name = "m" }:all()
    assert.is_nil(list)
    assert.equal("m:2: the line has no <address>: Jane Doe jane@x", err.message)
    local s = sei.source.mailmap { text = "oops\nA <a@x>\nalso <>\n", on_bad = function() end }
    assert.same({ 1, 2 }, { #assert(s:all()), s:counts().skipped })
    local map
    map, err = mailmap.parse { text = "oops\n" }
    assert.is_nil(map)
    assert.equal(1, err.line)
    local told = 0
    assert(mailmap.parse { text = "oops\nA <a@x>\noops\n",
      on_bad = function() told = told + 1 end })
    assert.equal(2, told)
    map, err = mailmap.parse { text = "Zo\xEB <a@x>\n" }
    assert.matches("encoding", err.hint, 1, true)
    assert.error_matches(function() mailmap.parse { fil = "x" } end, "did you mean 'file'")
    assert.is_nil(map)
    map, err = mailmap.parse { file = "/does/not/exist" }
    assert.same({ nil, "io" }, { map, err.kind })
  end)

  it("makes one map of several files", function()
    local dir = support.scratch(finally)
    local one = support.spit(dir .. "/1", "A <a@x> <old@x>\n")
    local two = support.spit(dir .. "/2", "B <b@x> <old@x>\nC <c@x>\n")
    local list = assert(sei.source.mailmap { file = { one, two } }:all())
    assert.same({ "b@x", { "old@x" } }, { list[1].email, list[1].emails })
    assert.same({ file = two, line = 2 }, list[2].source)
  end)

  it("writes what it reads", function()
    local people = {
      { email = "a@x", name = "A B", emails = { "a1@x", "A@X" }, names = { "Al", "\u{C1}l" } },
      { email = "b@x", name = "B" }, { email = "c@x", emails = { "c1@x" } },
      { email = "d@x", name = "D", pairs = { { name = "De", email = "shared@x" } } },
    }
    local text
    assert(sei.source.write_mailmap(people, { to = function(s) text = s end }))
    assert.equal("A B <a@x>\nA B <a@x> <a1@x>\nA B <a@x> Al <a@x>\nA B <a@x> \u{C1}l <a@x>\n"
      .. "B <b@x>\n<c@x> <c1@x>\nD <d@x>\nD <d@x> De <shared@x>\n", text)
    local path = support.scratch(finally) .. "/out"
    assert(sei.source.write_mailmap(sei.source.mailmap { text = text }, { file = path }))
    local back = assert(sei.source.mailmap { file = path }:all())
    assert.equal(4, #back)
    assert.same({ "A B", { "a1@x" }, { "Al", "\u{C1}l" } },
      { back[1].name, back[1].emails, back[1].names })
    assert.same({ { name = "De", email = "shared@x" } }, back[4].pairs)
  end)

  it("refuses what a .mailmap cannot hold", function()
    for words, person in pairs {
      ["'email' cannot stand in a .mailmap: it is missing"] = { name = "A" },
      ["'name' cannot stand in a .mailmap: it is missing"] = { email = "a@x" },
      ["it has one of < >"] = { email = "a@x", name = "A <b>" },
      ["it begins with #"] = { email = "a@x", name = "#1" },
      ["or has one of < >"] = { email = "a@x", name = "A", emails = { "b\nc" } },
    } do
      local ok, err = sei.source.write_mailmap({ person }, { to = error })
      assert.is_nil(ok)
      assert.matches(words, err.message, 1, true)
      assert.equal("encode", err.kind)
    end
    assert.error_matches(function() sei.source.write_mailmap({}, {}) end, "exactly one of")
    assert.error_matches(function() sei.source.write_mailmap(1, { to = print }) end,
      "people expected")
    local ok, err = sei.source.write_mailmap({}, { file = "/does/not/exist" })
    assert.same({ nil, "io" }, { ok, err.kind })
  end)

  -- Maps put together at random, and what git says of all their authors.
  local function compare(rounds)
    local dir, seed = support.scratch(finally), 7
    local function random(n)
      seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
      return (seed >> 8) % n + 1
    end
    local NAMES <const> = { "Ada", "ada", "Bob B", "\u{C9}ve", "C", "Dr. #4", "" }
    local EMAILS <const> = { "a@x", "A@X", "b@x", "c@host", "d", "", " a@x" }
    local PARTS <const> = {
      function() return NAMES[random(#NAMES)] end,
      function() return "<" .. EMAILS[random(#EMAILS)] .. ">" end,
    }
    local BLANKS <const> = { " ", "", "  ", "\t" }
    local FORMS <const> = { { 1, 2 }, { 2, 2 }, { 1, 2, 2 }, { 1, 2, 1, 2 }, { 2, 1, 2 }, { 2 },
      { 1, 2, 1, 2, 1, 2 } }
    shell.run("git init -q " .. shell.quote(dir))
    for _ = 1, rounds do
      local lines = {}
      for i = 1, random(12) do
        local parts = {}
        for k, part in ipairs(FORMS[random(#FORMS)]) do
          parts[k] = (k > 1 and BLANKS[random(#BLANKS)] or "") .. PARTS[part]()
        end
        lines[i] = table.concat(parts)
      end
      local text = table.concat(lines, "\n") .. "\n"
      support.spit(dir .. "/.mailmap", text)
      local authors, want = {}, {}
      local map = assert(mailmap.parse { text = text, on_bad = function() end })
      for _, name in ipairs(NAMES) do
        for _, email in ipairs(EMAILS) do
          if name ~= "" and email ~= "" and not email:find "^ " then
            authors[#authors + 1] = ("%s <%s>"):format(name, email)
            want[#want + 1] = ("%s <%s>"):format(map:resolve(name, email))
          end
        end
      end
      support.spit(dir .. "/authors", table.concat(authors, "\n") .. "\n")
      local got = shell.run("cd " .. shell.quote(dir)
        .. " && git -c mailmap.blob= check-mailmap --stdin < authors")
      assert.equal(table.concat(want, "\n") .. "\n", got, text)
    end
  end

  it("agrees with git", function() compare(15) end)
  it("agrees with git on many maps #proof", function() compare(400) end)
end)
