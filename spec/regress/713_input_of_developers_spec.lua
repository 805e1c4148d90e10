-- A delimiter, an encoding or a recipe's 'developers' that cannot be ended 'sei developers' with a
-- trace of Lua; of an empty file the name was told twice.
local command = require "spec.support.command"
local recipe = require "sei.recipe"
local shell = require "spec.support.shell"
local support = require "spec.support.developers"

describe("what is given to sei developers", function()
  local b
  setup(function() b = support.bench { people = 0 } end)
  teardown(function() b:close() end)

  local function refused(words, ...)
    local text, status = command.run(b.e, "developers upload " .. words .. " 2>&1",
      { XDG_STATE_HOME = b.folder })
    assert.equal(1, status, text)
    assert.is_nil(text:find("traceback", 1, true), text)
    for _, one in ipairs { ... } do assert.truthy(text:find(one, 1, true), text) end
    assert.equal(0, b:count("POST", "/v2/developers"))
    return text
  end

  it("is told in a sentence", function()
    local hr = shell.quote(b:file("hr.csv", "Name,Email\nA,a@x.example\n"))
    refused(hr .. " --delimiter ';;'", "bad option 'delimiter' for sei developers",
      "got \";;\"")
    refused(hr .. " --encoding utf-7x", "bad option 'encoding' for sei developers")
    for text, words in pairs {
      ["file = 'x', columns = { 3 }"] = "bad option 'columns' for developers of ",
      ["file = 'x', guard = { removalz = 1 }"] = "did you mean 'removals'?",
      ["file = 'x', delimiter = ';;'"] = "bad option 'delimiter' for developers of ",
      ["file = 'x', encoding = 'utf-7x'"] = "bad option 'encoding' for developers of ",
      ["rows = {}"] = "bad option 'header' for developers of ",
      ["file = 'x', rows = {}"] = "either the option 'file' or 'rows', not both" } do
      local path = b:file("r.lua", "return { developers = { " .. text .. " } }")
      refused(path, words)
      local made, err = recipe.load(path)
      assert.is_nil(made)
      assert.truthy(err.message:find(words, 1, true), err.message)
    end
  end)

  it("is named once", function()
    local path = b:file("hr.csv", "Name,Email\n")
    local text = refused(path, ": the text is empty: there is no row below the header; look")
    assert.equal(path .. ": the text", text:sub(1, #path + 10))
  end)
end)
