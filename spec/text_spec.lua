-- sei.text: names folded so that spellings of one name are equal and nothing
-- else is; and what e-mail addresses tell by themselves.
local sei = require "sei"
local shell = require "spec.support.shell"

local text = sei.text
local fold, tokens = text.fold, text.tokens

-- Set by `make valgrind`: runs each program under it.
local under = os.getenv "SEI_UNDER" or ""

local function each(rows, check)
  for _, row in ipairs(rows) do check(table.unpack(row)) end
end

local function folds(rows, steps)
  each(rows, function(from, to) assert.equal(to, fold(from, steps), ("%q"):format(from)) end)
end

-- ---- names made up, the same on every run ----

-- First and last code points of letters of 12 scripts, with the marks that
-- belong to them.
local SCRIPTS = {
  { "Latin", { 0x41, 0x5A }, { 0x61, 0x7A }, { 0xC0, 0xD6 }, { 0xD8, 0xF6 }, { 0xF8, 0x17F },
    { 0x1E00, 0x1EFF }, { 0x300, 0x304 } },
  { "Greek", { 0x391, 0x3A1 }, { 0x3A3, 0x3CE }, { 0x1F00, 0x1F15 }, { 0x301, 0x301 } },
  { "Cyrillic", { 0x400, 0x45F }, { 0x490, 0x4FF }, { 0x301, 0x308 } },
  { "Armenian", { 0x531, 0x556 }, { 0x561, 0x587 } },
  { "Hebrew", { 0x5D0, 0x5EA }, { 0x5B0, 0x5BC }, { 0x5F3, 0x5F4 } },
  { "Arabic", { 0x621, 0x63A }, { 0x641, 0x652 }, { 0xFE8D, 0xFEF4 } },
  { "Devanagari", { 0x905, 0x939 }, { 0x93E, 0x94D }, { 0x958, 0x95F } },
  { "Thai", { 0xE01, 0xE3A }, { 0xE40, 0xE4E } },
  { "Georgian", { 0x10A0, 0x10C5 }, { 0x10D0, 0x10FA }, { 0x1C90, 0x1CBA } },
  { "Hangul", { 0xAC00, 0xD7A3 }, { 0x1100, 0x1112 }, { 0x1161, 0x1175 }, { 0x11A8, 0x11C2 } },
  { "Kana", { 0x3041, 0x3096 }, { 0x30A1, 0x30FA }, { 0xFF66, 0xFF9F }, { 0x3099, 0x309A } },
  { "Han", { 0x4E00, 0x9FA5 }, { 0xF900, 0xFA6D } },
}
local BETWEEN = { " ", "-", "'", "’", ", ", ".", "  ", " Dr. ", " (", "\u{3000}", "\u{200B}",
  " jr ", "·", "\u{A0}" }

local function word(script)
  local letters = {}
  for i = 1, math.random(1, 7) do
    local range = script[math.random(2, #script)]
    letters[i] = utf8.char(math.random(range[1], range[2]))
  end
  return table.concat(letters)
end

local function name()
  local script, words = SCRIPTS[math.random(#SCRIPTS)], {}
  for i = 1, math.random(1, 3) do
    words[i] = word(script) .. BETWEEN[math.random(#BETWEEN)]
  end
  return table.concat(words) .. word(script)
end

-- The default, and any set of steps.
local function random_steps()
  local steps = {}
  for _, step in ipairs(text.steps) do
    if math.random(2) == 1 then steps[#steps + 1] = step end
  end
  return steps
end

local function check_idempotent(count)
  math.randomseed(5)
  for _ = 1, count do
    local s, steps = name(), random_steps()
    local once, some = fold(s), fold(s, steps)
    if once ~= fold(once) then error(("%q is not idempotent"):format(s)) end
    if some ~= fold(some, steps) then
      error(("%q is not idempotent under %s"):format(s, table.concat(steps, " ")))
    end
    if once == "" then error(("%q vanishes"):format(s)) end
    if #once > 12 * #s or not utf8.len(once) then error(("%q grows or breaks"):format(s)) end
  end
end

-- ASCII in plain Lua.
local function plain(s)
  if not s:find "%w" then return nil end
  s = s:lower():gsub("['`]", ""):gsub("%W+", " "):gsub("^ ", ""):gsub(" $", "")
  return s
end

local function check_ascii(count)
  math.randomseed(6)
  local steps = { titles = false }
  for _ = 1, count do
    local bytes = {}
    for i = 1, math.random(1, 24) do bytes[i] = string.char(math.random(0, 127)) end
    local s = table.concat(bytes)
    local want = plain(s)
    if want and fold(s, steps) ~= want then error(("%q: %q"):format(s, fold(s, steps))) end
    -- a character that is taken out leads through the other code
    local long = fold(s .. "\u{200B}", steps)
    if long ~= fold(s, steps) then error(("%q: %q by the long way"):format(s, long)) end
  end
end

describe("sei.text.fold", function()
  it("brings spellings of one name together", function()
    folds {
      { "Łukasz Żak", "lukasz zak" }, { "LUKASZ  ZAK", "lukasz zak" },
      { "Zoë O’Hara", "zoe ohara" }, { "zoe o'hara", "zoe ohara" }, { "ZOE OHARA", "zoe ohara" },
      { "Zoe O´Hara", "zoe ohara" }, { "Zoe O`Hara", "zoe ohara" },
      { "Jean-Luc Byron", "jean luc byron" }, { "Jean\u{2011}Luc\u{A0}Byron", "jean luc byron" },
      { "ada.byron_king", "ada byron king" }, { "Byron, Ada (King)", "byron ada king" },
      { "Ａｄａ　Ｂｙｒｏｎ", "ada byron" }, { "A\u{AD}da \u{FB01}n", "ada fin" },
      { "Straße", "strasse" }, { "STRASSE", "strasse" }, { "ẞ", "ss" },
      { "Søren Ærø", "soren aero" }, { "Þór Guðrún", "thor gudrun" },
      { "Đorđe Œuvre", "dorde oeuvre" }, { "Əli Ħamrun Ŋ ŧ", "eli hamrun n t" },
      { "İstanbul Işık ıŞ", "istanbul isik is" }, { "Nguyễn Văn Đức", "nguyen van duc" },
      { "", "" }, { " \t\r\n\0 ", "" },
    }
  end)

  it("makes the normal forms of one name equal", function()
    each({ { "Zo\u{EB}", "Zoe\u{308}" }, { "\u{1EC7}", "e\u{323}\u{302}", "e\u{302}\u{323}" },
      { "\u{AC01}", "\u{1100}\u{1161}\u{11A8}" }, { "\u{30AC}", "\u{30AB}\u{3099}",
        "\u{FF76}\u{FF9E}" }, { "\u{439}", "\u{438}\u{306}" }, { "\u{3AC}", "\u{1F71}",
        "\u{3B1}\u{301}" }, { "\u{958}", "\u{915}\u{93C}" } },
      function(first, ...)
        for _, other in ipairs { ... } do
          assert.equal(fold(first), fold(other))
          assert.equal(fold(first, { "compat" }), fold(other, { "compat" }))
        end
      end)
  end)

  it("leaves names of other scripts themselves", function()
    folds {
      { "山田 太郎", "山田 太郎" }, { "山田・太郎", "山田 太郎" },
      { "Алёна Толстой", "алена толстой" }, { "Їжакевич", "їжакевич" },
      { "Ќирил Ѓорѓи Ў", "ќирил ѓорѓи ў" }, { "Ива\u{301}н ЍВАН", "иван иван" },
      { "ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ σισυφοσ" },
      { "नमस्ते", "नमस्ते" }, { "שָׁלוֹם", "ש\u{5B8}\u{5C1}לו\u{5B9}ם" }, { "ג׳ון", "גון" },
      { "مُحَمَّد", "م\u{64F}ح\u{64E}م\u{64E}\u{651}د" }, { "김철수", "김철수" },
      { "ไทย ก็", "ไทย ก็" }, { "ガンダム", "ガンダム" },
    }
  end)

  it("makes no letter of another script a Latin one", function()
    each({ { "а", "a" }, { "е", "e" }, { "о", "o" }, { "р", "p" }, { "с", "c" }, { "х", "x" },
      { "у", "y" }, { "Α", "A" }, { "ο", "o" }, { "ν", "v" }, { "ѕ", "s" }, { "і", "i" },
      { "ј", "j" }, { "Ꭺ", "A" }, { "օ", "o" } },
      function(other, latin) assert.not_equal(fold(latin), fold(other)) end)
  end)

  it("keeps what has no letter, but for its white space", function()
    folds { { "-", "-" }, { " -  / ", "- /" }, { "👍", "👍" }, { "👍🏽 \u{FE0F}", "👍🏽" },
      { "👍 ada 👍", "ada" }, { "'", "'" }, { "\u{301}", "\u{301}" }, { "?!\0?", "?! ?" } }
  end)

  it("takes broken UTF-8 as a letter nobody knows", function()
    folds { { "J\xF6rg", "j\u{FFFD}rg" }, { "\xFF", "\u{FFFD}" }, { "Zo\xC3", "zo\u{FFFD}" },
      { "a\xED\xA0\x80b", "a\u{FFFD}\u{FFFD}\u{FFFD}b" } }
    assert.not_equal(fold "J\xF6rg", fold "J\xFCrg" .. "x")
  end)

  it("takes out titles wherever they stand, and leaves names", function()
    folds {
      { "Dr. Ada Byron", "ada byron" }, { "Byron, Dr. Ada", "byron ada" },
      { "Prof. Dr. Ada Byron, Ph.D.", "ada byron" }, { "Ada Byron PhD", "ada byron" },
      { "Ada Byron Jr.", "ada byron" }, { "Ada Byron III", "ada byron" },
      { "Frau Byron", "byron" }, { "Dipl.-Ing. Ada Byron", "ada byron" },
      { "Ada Byron, M.Sc.", "ada byron" }, { "Mgr. inż. Ada Byron", "ada byron" },
      { "Ada D. Byron, Ph.D.", "ada d byron" }, { "Dott.ssa Ada Byron", "ada byron" },
      { "Ing Byron", "ing byron" }, { "Mag. Ada Byron", "ada byron" },
      { "Dr", "dr" }, { "Dr. Prof.", "dr prof" }, { "Ms", "ms" }, { "Dr. Ing", "ing" },
      { "Md Ada", "md ada" }, { "Drew Profitt Jra", "drew profitt jra" }, { "Ph Ada", "ph ada" },
    }
  end)

  it("does the steps that are named, or changes the default", function()
    folds({ { "Dr. Zoë Łoś", "dr. zoë łoś" } }, { "case" })
    folds({ { "Dr. Zoë Łoś", "Dr Zoë Łoś" } }, { "punctuation" })
    folds({ { "Dr. Zoë Łoś", "Dr. Zoe Łos" } }, { "accents" })
    folds({ { "Dr. Zoë Łoś", "Dr. Zoë Loś" } }, { "letters" })
    folds({ { "Dr. Zoë Łoś", "Zoë Łoś" } }, { "titles" })
    folds({ { "Dr. Zoë Łoś", "Dr. Zoë Łoś" } }, {})
    folds({ { "Zoë  Łoś Łoś dr", "Zoë dr Łoś Łoś" } }, { "order" })
    folds({ { "Byron, Ada", "ada byron" }, { "Ada Byron", "ada byron" } }, { order = true })
    folds({ { "Dr. Ada", "dr ada" } }, { titles = false })
    folds({ { "adaByron", "ada byron" }, { "ABYRon x", "aby ron x" }, { "ABC", "abc" },
      { "parseJSONText", "parse json text" }, { "éÉaÄb", "e ea ab" },
      { "e\u{301}Lan", "e lan" }, { "DrByron", "byron" } }, { camel = true })
    assert.same({ "compat", "punctuation", "accents", "letters", "camel", "case", "titles",
      "order" }, text.steps)
  end)

  it("says what is wrong with steps", function()
    each({
      { { "cas" }, "unknown step 'cas' for fold (did you mean 'case'?)" },
      { { acents = true }, "unknown step 'acents' for fold (did you mean 'accents'?)" },
      { { "xxxxxxxx" }, "unknown step 'xxxxxxxx' for fold (compat, punctuation, accents, "
        .. "letters, camel, case, titles and order are known)" },
      { { 1 }, "bad steps for fold (an array of names, or a table of name = true or false "
        .. "expected)" },
      { { "case", order = true }, "bad steps for fold" },
      { { order = 1 }, "bad steps for fold" },
      { "case", "bad argument #2 to 'fold' (table expected, got string)" },
    }, function(steps, message)
      local ok, err = pcall(function() return fold("x", steps) end)
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
    end)
    assert.error_matches(function() fold() end, "bad argument #1 to 'fold' %(string expected")
    assert.error_matches(function() fold {} end, "bad argument #1 to 'fold' %(string expected")
    assert.error_matches(function() tokens("x", { "ordr" }) end,
      "unknown step 'ordr' for tokens %(did you mean 'order'%?%)")
  end)

  it("is idempotent on names of 12 scripts", function() check_idempotent(3000) end)

  it("is idempotent on 100,000 names of 12 scripts #proof", function()
    check_idempotent(100000)
  end)

  it("is what plain Lua makes of ASCII", function() check_ascii(3000) end)

  it("is what plain Lua makes of ASCII, 300,000 texts #proof", function()
    check_ascii(300000)
  end)

  it("is idempotent on every character, under all sets of steps #proof", function()
    local out, status = shell.make "spec-c/text_test"
    assert(status == 0, out)
    out, status = shell.run(("%s timeout -k 5 3000 %s full"):format(under,
      shell.quote(shell.build() .. "/spec/c/text_test")))
    assert(status == 0, out)
  end)

  it("takes a name of a mebibyte", function()
    local long = ("Zoë Łoś, "):rep(120000)
    assert.equal(("zoe los "):rep(120000):sub(1, -2), fold(long))
    assert.equal(240000, #tokens(long, { order = true }))
  end)
end)

describe("sei.text.tokens", function()
  it("gives the words of what fold gives", function()
    each({ { "Byron, Ada (King)", "byron", "ada", "king" }, { "" }, { " \0 " }, { "-", "-" },
      { "山田　太郎", "山田", "太郎" }, { "Dr. Ada", "ada" } },
      function(from, ...) assert.same({ ... }, tokens(from)) end)
    assert.same({ "ada", "byron" }, tokens("Byron Ada", { order = true }))
    assert.same({ "Byron,", "Ada" }, tokens(" Byron,\tAda\n", {}))
  end)
end)

describe("sei.text.local_part", function()
  it("is what stands before the last @", function()
    each({ { "Ada.Byron@example.com", "Ada.Byron" }, { ' "a@b"@example.com\n', '"a@b"' },
      { "ada+x@example.com", "ada+x" }, { "ada" }, { "@example.com" }, { "ada@" }, { "" },
      { "ada @example.com" } },
      function(email, want) assert.equal(want, text.local_part(email)) end)
    assert.error_matches(function() text.local_part() end,
      "bad argument #1 to 'local_part' %(string expected")
  end)
end)

describe("sei.text.normalize_email", function()
  local normalize = text.normalize_email

  it("gives one form for the ways to write an address", function()
    each({
      { " Ada.Byron@Example.COM ", "ada.byron@example.com" },
      { "ada+news@example.com", "ada@example.com" }, { "ada+a+b@example.com", "ada@example.com" },
      { "+ada@example.com", "+ada@example.com" }, { "a.d.a@gmail.com", "ada@gmail.com" },
      { "A.Da+x@GoogleMail.com", "ada@gmail.com" }, { "..@gmail.com", "..@gmail.com" },
      { '"a.b+c"@gmail.com', '"a.b+c"@gmail.com' }, { "ada@example.com.", "ada@example.com" },
      { "123+Ada@users.noreply.github.com", "123+ada@users.noreply.github.com" },
      { "ÉVA@Müller.example", "éva@müller.example" },
      { "ada" }, { "@example.com" }, { "ada@" }, { "" }, { "a b@example.com" },
    }, function(from, want)
      assert.equal(want, normalize(from))
      if want then assert.equal(want, normalize(want)) end
    end)
  end)

  it("has a switch for each of them", function()
    local all = { plus = false, dots = false, googlemail = false }
    assert.equal("a.b+c@googlemail.com", normalize("A.B+c@googlemail.com", all))
    assert.equal("ab@googlemail.com", normalize("a.b+c@googlemail.com", { googlemail = false }))
    assert.equal("a.b@gmail.com", normalize("a.b+c@googlemail.com", { dots = false }))
    assert.equal("ab+c@gmail.com", normalize("a.b+c@googlemail.com", { plus = false }))
    local domains = { ["Old.example"] = "new.Example", ["new.example"] = "gmail.com",
      ["same.example"] = "same.example" }
    assert.equal("ab@gmail.com", normalize("a.b@OLD.example", { domains = domains }))
    assert.equal("a.b@same.example", normalize("a.b@same.example", { domains = domains }))
  end)

  it("says what is wrong with an option", function()
    each({
      { { pluss = true }, "unknown option 'pluss' for normalize_email (did you mean 'plus'?)" },
      { { dots = 1 }, "bad option 'dots' for normalize_email (boolean expected" },
      { { domains = "x" }, "bad option 'domains' for normalize_email (table expected" },
      { { domains = { "x" } }, "a table of alias = domain expected" },
      { { domains = { ["a@b"] = "c" } }, "a table of alias = domain expected" },
      { { domains = { ["b.example"] = "c.example", ["c.example"] = "b.example" } },
        "the aliases go round in a circle at \"" },
    }, function(options, message)
      local ok, err = pcall(normalize, "ada@b.example", options)
      assert.is_false(ok)
      assert.truthy(err:find(message, 1, true), err)
    end)
  end)
end)

describe("sei.text.is_generic", function()
  it("knows programs, posts and common mailboxes", function()
    each({
      { "noreply", "bot" }, { "No-Reply", "bot" }, { "no_reply.github", "bot" },
      { "dependabot[bot]", "bot" }, { "ci-bot-7", "bot" }, { "svc_deploy", "bot" },
      { "jenkins2", "bot" }, { "ReleaseHelperBot", "bot" }, { "postmaster", "role" },
      { "info", "role" }, { "web.master", "role" }, { "support+x@example.com", "role" },
      { "admin", "role" }, { "hr", "role" }, { "me", "common" }, { "github", "common" },
      { "mail@example.com", "common" },
    }, function(part, kind)
      local generic, what = text.is_generic(part)
      assert.is_true(generic, part)
      assert.equal(kind, what)
    end)
    for _, mailbox in ipairs { "info", "marketing", "sales", "support", "abuse", "noc",
      "security", "postmaster", "hostmaster", "usenet", "news", "webmaster", "www", "uucp",
      "ftp" } do -- RFC 2142
      assert.same({ true, "role" }, { text.is_generic(mailbox) }, mailbox)
    end
  end)

  it("leaves persons alone", function()
    for _, part in ipairs { "ada", "ada.byron", "talbot", "abbot.ada", "travis", "gerrit",
      "infora", "007", "", "@", "+", "山田", "a" } do
      assert.same({ false }, { text.is_generic(part) }, part)
    end
  end)
end)
