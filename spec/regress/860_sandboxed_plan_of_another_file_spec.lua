-- sei.plan { recipe = A, sandboxed = { file = B } } ran B, and the plan told of A and its digest.
-- What else was wrong with `sandboxed` was raised with a place in the library's own files.
local core = require "sei.core"
local load_recipe = require "sei.sandboxed.recipe".load
local sei = require "sei"
local shell = require "spec.support.shell"

local TEXT <const> = [[return { people = { { email = "a@x.example", name = "A B" } },
  accounts = { { integration_id = 1, login = "a" } }%s }]]

describe("a recipe of sei.plan that need not be trusted", function()
  local folder

  setup(function() folder = shell.folder() end)
  teardown(function() if folder then shell.remove(folder) end end)

  local function file(name, text)
    local path = folder .. "/" .. name
    local out <close> = assert(io.open(path, "w"))
    out:write(text)
    return path
  end

  local function misuse(words, sandboxed)
    local client <close> = sei.client { base_url = "http://127.0.0.1:9/sei/api", api_key = "k",
      allow_http = true }
    local ok, problem = pcall(function()
      sei.plan({ client = client, recipe = file("a.lua", TEXT:format ""), sandboxed = sandboxed })
    end)
    assert.is_false(ok)
    assert.matches(words, problem, 1, true)
    assert.is_nil(problem:find("lua/sei/", 1, true), problem)
  end

  it("is the file that the plan names", function()
    local other = file("b.lua", "return 'another'")
    misuse("bad option 'file' for sei.sandboxed (the recipe is ", { file = other })
    misuse("bad option 'text' for sei.sandboxed (the recipe is ", { text = "return 1" })
    local text = TEXT:format ""
    local path = file("a.lua", text)
    local got = assert(load_recipe(path, {}))
    assert.equal(path, got.file)
    assert.equal(core.digest.sha256(text), got.digest)
  end)

  it("has options that are checked in the caller's name", function()
    misuse("unknown option 'tme' for sei.sandboxed", { tme = 1 })
  end)

  it("leaves the developers' records to the host", function()
    local got, err = load_recipe(file("a.lua", TEXT:format ", developers = 'hr.csv'"), {})
    assert.is_nil(got)
    assert.matches("'developers' of a sandboxed recipe is for the host to say", err.message, 1,
      true)
  end)
end)
