-- sei.similarity as scripts see it. That each equals its plain reference is
-- shown in C, spec/c/similarity_test.c: a slice here and with the other C
-- tests, a million pairs among the proofs.
local sei = require "sei"
local shell = require "spec.support.shell"

local similarity = sei.similarity

local SCORES = { "jaro", "jaro_winkler", "levenshtein_ratio", "osa_ratio", "indel_ratio",
  "token_sort", "token_set", "dice" }
local DISTANCES = { "levenshtein", "osa" }

local function near(expected, value)
  assert.equal("float", math.type(value))
  assert(math.abs(expected - value) < 5e-6, ("%.6f, should be %.6f"):format(value, expected))
end

local function each(f)
  for _, name in ipairs(SCORES) do f(name, similarity[name]) end
  for _, name in ipairs(DISTANCES) do f(name, similarity[name]) end
end

describe("similarity", function()
  it("says what is published", function()
    near(0.944444, similarity.jaro("MARTHA", "MARHTA"))
    near(0.822222, similarity.jaro("DWAYNE", "DUANE"))
    near(0.961111, similarity.jaro_winkler("MARTHA", "MARHTA"))
    near(0.813333, similarity.jaro_winkler("DIXON", "DICKSONX"))
    near(1 - 3 / 7, similarity.levenshtein_ratio("kitten", "sitting"))
    near(0.5, similarity.osa_ratio("CA", "AC"))
    near(0.965517, similarity.indel_ratio("this is a test", "this is a test!"))
    near(1, similarity.token_sort("fuzzy wuzzy was a bear", "wuzzy fuzzy was a bear"))
    near(1, similarity.token_set("fuzzy was a bear", "fuzzy fuzzy was a bear"))
    near(0.25, similarity.dice("night", "nacht"))
    assert.equal(3, similarity.levenshtein("kitten", "sitting"))
    assert.equal(1, similarity.osa("CA", "AC"))
    assert.equal(2, similarity.levenshtein("CA", "AC"))
  end)

  it("has no bonus for a prefix where Jaro's similarity is 0.7 or less", function()
    local a, b = "abcdwxyz", "abcdnmop"
    assert.equal(similarity.jaro(a, b), similarity.jaro_winkler(a, b))
    b = "abcdwxop"
    assert(similarity.jaro_winkler(a, b) > similarity.jaro(a, b))
  end)

  it("counts code points, not bytes", function()
    assert.equal(1, similarity.levenshtein("Łukasz", "Lukasz"))
    assert.equal(2, similarity.levenshtein("王小明", "王大明明"))
    assert.equal(1, similarity.osa("👩🏽", "🏽👩"))
    near(0, similarity.jaro("é", "è"))
    near(2 / 3, similarity.dice("王小明", "王小"))
  end)

  it("takes empty texts and texts without words", function()
    for _, name in ipairs { "jaro", "jaro_winkler", "levenshtein_ratio", "osa_ratio",
      "indel_ratio", "token_sort", "dice" } do
      near(1, similarity[name]("", ""))
      near(0, similarity[name]("", "a"))
    end
    near(0, similarity.token_set("", ""))
    near(0, similarity.token_set(" ", "a"))
    near(1, similarity.token_sort(" \u{2003}", ""))
    assert.equal(2, similarity.levenshtein("", "ab"))
  end)

  it("is symmetric, and 1 for equal texts of any length", function()
    local long = ("Ana María de la Cruz "):rep(500)
    each(function(name, f)
      for _, pair in ipairs { { "jon smith", "smith john" }, { long, "x" .. long },
        { "a", ("b"):rep(70) } } do
        assert.equal(f(pair[1], pair[2]), f(pair[2], pair[1]), name)
      end
      local equal = (name == "levenshtein" or name == "osa") and 0 or 1
      for n = 1, 130 do
        local text = long:sub(1, n)
        assert.equal(equal, f(text, text), name)
      end
    end)
  end)

  it("takes bytes that are no UTF-8 as U+FFFD", function()
    each(function(name, f)
      assert.equal(f("a\u{fffd}\u{fffd}b", "ab"), f("a\xff\xfeb", "ab"), name)
      assert.equal(f("\u{fffd}a", "a"), f("\xe2\x82a", "a"), name)
      assert.equal(f("x", "\u{fffd}\u{fffd}\u{fffd}"), f("x", "\xed\xa0\x80"), name)
      f("\0\0", "\0")
      for i = 0, 255 do f(string.char(i), string.char(255 - i, i)) end
    end)
  end)

  it("splits words at every white space", function()
    for _, space in ipairs { " ", "\t", "\r\n", "\u{85}", "\u{a0}", "\u{3000}", "\u{2009} " } do
      near(1, similarity.token_sort("a" .. space .. "b", " b a "))
      near(1, similarity.token_set("a" .. space .. "b", "b"))
    end
  end)

  it("compares runs of the length that is asked for", function()
    near(2 / 3, similarity.dice("abcd", "abce"))
    near(0.75, similarity.dice("abcd", "abce", { n = 1 }))
    near(0.5, similarity.dice("abcd", "abce", { n = 3 }))
    near(0, similarity.dice("abcd", "abce", { n = 9 }))
    near(1, similarity.dice("abcd", "abcd", { n = 9 }))
  end)

  it("folds where that is asked for", function()
    local long = ("Łukasz Żak "):rep(60)
    each(function(name, f)
      local equal = (name == "levenshtein" or name == "osa") and 0 or 1
      assert.equal(equal, f("ŁUKASZ Żak", "lukasz zak", { fold = true }), name)
      assert.equal(equal, f(long, long:lower(), { fold = true }), name)
      assert.not_equal(equal, f("ŁUKASZ Żak", "lukasz zak", { fold = false }), name)
      assert.equal(f("", "a"), f("", "A", { fold = true }), name)
    end)
  end)

  it("refuses what is no text, and options that it does not have", function()
    each(function(name, f)
      local expected = "string expected"
      assert.error_matches(function() f(nil, "a") end, "bad argument #1 .*" .. expected, nil, name)
      assert.error_matches(function() f("a", 12) end, "bad argument #2 .*" .. expected, nil, name)
    end)
    assert.error_matches(function() similarity.jaro("a", "b", { flod = true }) end,
      "unknown option 'flod' for jaro %(did you mean 'fold'%?%)")
    assert.error_matches(function() similarity.osa("a", "b", { n = 2 }) end,
      "unknown option 'n' for osa")
    assert.error_matches(function() similarity.dice("a", "b", { m = 2 }) end,
      "unknown option 'm' for dice")
    assert.error_matches(function() similarity.dice("a", "b", { n = 0 }) end,
      "bad option 'n' for dice %(integer from 1 to 1000 expected, got 0%)")
  end)

  local function compare(pairs, seed)
    local text, status = shell.make("spec-c/similarity_test")
    assert(status == 0, text)
    text, status = shell.run(("timeout -k 5 900 %s %d %d"):format(
      shell.quote(shell.build() .. "/spec/c/similarity_test"), pairs, seed))
    assert(status == 0, text)
  end

  it("equals its reference on other random pairs", function() compare(3000, 20) end)

  it("equals its reference on a million random pairs #proof", function()
    for seed = 101, 104 do compare(250000, seed) end
  end)
end)
