-- recipe - a Lua file checked as data: every mistake is named with its remedy.
local core = require "sei.core"
local recipe = require "sei.recipe"
local sei = require "sei"

local path

before_each(function() path = os.tmpname() end)
after_each(function() os.remove(path) end)

local function write(text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

local function refused(text, words, line)
  local given, err = recipe.load(write(text))
  assert.is_nil(given)
  assert.is_true(sei.is_error(err))
  assert.equal(line, err.line)
  assert.equal(path, err.file)
  assert.truthy(tostring(err):find(words, 1, true), tostring(err))
  assert.truthy(tostring(err):find(path, 1, true), tostring(err))
end

describe("a recipe", function()
  it("is a table with defaults, and the digest of its file", function()
    local text = "#!/usr/bin/env sei\nlocal sei = require 'sei'\n"
      .. "return { people = {}, accounts = 'a.csv', rules = { sei.rule.email() } }\n"
    local given = assert(recipe.load(write(text)))
    assert.equal("certain", given.class)
    assert.equal("identities", given.target)
    assert.equal(core.digest.sha256(text), given.digest)
    assert.equal(path, given.file)
    assert.same({}, given.guard)
  end)

  it("has sei at hand, and keeps its globals to itself", function()
    local given = assert(recipe.load(write [[
      mine = sei.rule.email()
      return { people = {}, accounts = {}, rules = { mine } }]]))
    assert.equal("email", given.rules[1].name)
    assert.is_nil(rawget(_G, "mine"))
  end)

  it("may have nothing but fields", function()
    assert(recipe.load(write "return { people = {}, fields = function() end }"))
  end)

  it("names file and line of what Lua does not understand", function()
    refused("return {\n  people = ,\n}", "unexpected symbol", 2)
    refused("local x\nreturn { people = x.y }", "attempt to index", 2)
    refused("error 'no way'", "no way", 1)
    refused("error({})", "an error that is no text but table")
  end)

  it("hands on the errors of what it calls", function()
    local given, err = recipe.load(write
      "error(sei.error { kind = 'decode', message = 'lookup.csv: twice', file = 'lookup.csv' })")
    assert.is_nil(given)
    assert.equal("lookup.csv", err.file)
  end)

  it("names what is missing, misspelt or of a wrong type", function()
    refused("return nil", "a recipe returns a table, this one nothing")
    refused("return 5", "this one number")
    refused("return { poeple = {}, accounts = {} }", "did you mean 'people'?")
    refused("return { accounts = {} }", "bad option 'people'")
    refused("return { people = {} }", "or give 'fields'")
    refused("return { people = 5, accounts = {} }", "'people'")
    refused("return { people = {}, accounts = {}, class = 'sure' }", "'class'")
    refused("return { people = {}, accounts = {}, integration_id = '5' }", "'integration_id'")
    refused("return { people = {}, accounts = {}, target = 'cloudids' }", "'target'")
    refused("return { people = {}, accounts = {}, fields = 1 }", "'fields'")
    refused("return { people = {}, accounts = {}, [1] = 2 }", "unknown option '1'")
  end)

  it("checks guards and protection", function()
    local function with(words) return "return { people = {}, accounts = {}, " .. words .. " }" end
    refused(with "guard = { chagnes = 5 }", "did you mean 'changes'?")
    refused(with "guard = { changes = false }", "'changes'")
    refused(with "guard = { changes = -1 }", "'changes'")
    refused(with "guard = { shrunk = 2 }", "'shrunk'")
    refused(with "guard = { state = true }", "path or false expected, got true")
    refused(with "guard = false", "'guard'")
    refused(with "protect = { 7 }", "'protect'")
    refused(with "protect = {}, protects = {}", "did you mean 'protect'?")
    assert(recipe.load(write(with "guard = { changes = 0, shrunk = 1, state = false }")))
  end)

  it("that cannot be read is an error", function()
    for _, name in ipairs { "/nonexistent/recipe.lua", "/" } do
      local given, err = recipe.load(name)
      assert.is_nil(given)
      assert.equal("io", err.kind)
      assert.truthy(err.message:find(name, 1, true))
    end
  end)

  it("is text, not bytecode", function()
    local given, err = recipe.load(write(string.dump(function() return {} end)))
    assert.is_nil(given)
    assert.truthy(err.message:find "binary")
  end)
end)
