-- sei.match.join: exactly the pairs that comparing all would give, in their
-- order. Random sets, and each way of counting bits, are compared in C
-- (spec/c/join_test.c), many more of them among the proofs.
local sei = require "sei"
local shell = require "spec.support.shell"

local join = sei.match.join
local jaro_winkler = sei.similarity.jaro_winkler

-- By comparing all pairs.
local function plain(left, right, cutoff, options)
  local hits = {}
  for i, a in ipairs(left) do
    for k, b in ipairs(right) do
      local score = jaro_winkler(a, b, options)
      if score >= cutoff then hits[#hits + 1] = { i, k, score } end
    end
  end
  return hits
end

local function check(left, right, cutoff, options)
  local given = { cutoff = cutoff, fold = options and options.fold }
  assert.same(plain(left, right, cutoff, options), assert(join(left, right, given)))
end

local NAMES = { "Ana Maria Silva", "ana maria silva", "Anna Silva", "Silva Ana", "", "", "J",
  "J. Smith", "John Smith", "Jon Smith", "Jon Smith", "Smith John", "Łukasz Żak", "Lukasz Zak",
  "王小明", "王大明", "小明", "Дмитрий Иванов", "Дмитрии Иванов", "محمد علي", "محمد على", "नमिता राव",
  "dr. ana silva", "\xff\xfe", "\xff", "a\0b", ("abc"):rep(21) .. "d", ("abc"):rep(22),
  ("abc"):rep(22) .. "x", ("Ñandú "):rep(40), ("Ñandu "):rep(40) }

describe("join", function()
  it("finds what comparing all pairs finds, at every cutoff", function()
    for _, cutoff in ipairs { 0, 0.1, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1 } do
      check(NAMES, NAMES, cutoff)
      check(NAMES, NAMES, cutoff, { fold = true })
    end
  end)

  it("takes 0.9 where no cutoff is given, and folds nothing", function()
    local hits = assert(join({ "martha", "MARTHA" }, { "marhta", "x", "martha" }))
    assert.same({ { 1, 1, jaro_winkler("martha", "marhta") }, { 1, 3, 1.0 } }, hits)
    assert.equal("integer", math.type(hits[1][1]))
    assert.same({ { 1, 1, 1.0 } }, join({ "MARTHA" }, { "martha" }, { fold = true }))
  end)

  it("takes lists without texts", function()
    assert.same({}, join({}, {}))
    assert.same({}, join(NAMES, {}, { cutoff = 0 }))
    assert.same({}, join({}, NAMES, { cutoff = 0 }))
    assert.same({ { 1, 1, 1.0 } }, join({ "" }, { "" }))
  end)

  it("takes texts of more than 10,000 code points", function()
    local long = ("Éva Kovács "):rep(1200)
    local texts = { long, long .. "x", long:sub(1, 9000), "Éva", long:reverse() }
    for _, cutoff in ipairs { 0.3, 0.9, 1 } do check(texts, texts, cutoff) end
  end)

  it("takes more names than it looks at in one go", function()
    local left, right, state = {}, {}, 7
    local function draw(n)
      state = (state * 1103515245 + 12345) % 2147483648
      return state // 65536 % n + 1
    end
    local first = { "ana", "anna", "hanna", "ivan", "iwan", "maria", "mario", "marina" }
    local last = { "silva", "sylva", "ivanov", "iwanow", "kovacs", "novak", "nowak" }
    for _, list in ipairs { left, right } do
      for i = 1, 2500 // (list == left and 20 or 1) do
        list[i] = first[draw(#first)] .. " " .. last[draw(#last)]
      end
    end
    for _, cutoff in ipairs { 0.8, 0.9 } do check(left, right, cutoff) end
  end)

  it("says so when there are more hits than the limit allows", function()
    local left, right = { "a", "a" }, { "a", "b", "a" }
    assert.equal(4, #join(left, right, { limit = 4 }))
    local none, err = join(left, right, { limit = 3 })
    assert.is_nil(none)
    assert.equal("too_large", err.kind)
    assert.equal("too_large: more than 3 pairs reach the cutoff 0.9; a higher cutoff finds fewer; "
      .. "'limit' allows more, at about 150 bytes each", tostring(err))
  end)

  it("refuses lists that hold anything but strings, and wrong options", function()
    local function refused(text, ...)
      local ok, problem = pcall(join, ...)
      assert.is_false(ok)
      assert(tostring(problem):find(text, 1, true), problem)
    end
    refused("bad argument #1 to 'sei.match.join' (table expected", nil, {})
    refused("bad argument #2 to 'sei.match.join' (table expected", {})
    refused("#1 to 'sei.match.join' (array of strings expected, got a number at 2)", { "a", 2 }, {})
    refused("#2 to 'sei.match.join' (array of strings expected, got a userdata at 1)", {},
      { sei.null })
    refused("unknown option 'cutof' for sei.match.join (did you mean 'cutoff'?)", {}, {},
      { cutof = 1 })
    for _, cutoff in ipairs { -0.1, 1.5, 0 / 0, "0.9", true } do
      refused("bad option 'cutoff' for sei.match.join (number from 0 to 1 expected, got", {}, {},
        { cutoff = cutoff })
    end
    refused("bad option 'limit' for sei.match.join", {}, {}, { limit = -1 })
    refused("bad option 'fold' for sei.match.join", {}, {}, { fold = "yes" })
  end)

  it("equals comparing all pairs on thousands of random sets #proof", function()
    local text, status = shell.make("spec-c/join_test")
    assert(status == 0, text)
    for seed = 11, 14 do
      text, status = shell.run(("timeout -k 5 900 %s 3000 %d"):format(
        shell.quote(shell.build() .. "/spec/c/join_test"), seed))
      assert(status == 0, text)
    end
  end)
end)
