-- examples 08 and 09: a custom rule with its review file, and measuring rules.
local shell = require "spec.support.shell"
local support = require "spec.support.review"
local sei = require "sei"

local DATA <const> = "examples/data/people.csv examples/data/gitlab.csv "

describe("the example", function()
  local folder
  setup(function() folder = shell.folder() end)
  teardown(function() shell.remove(folder) end)

  local function run(name, words)
    return shell.run(("%s examples/%s.lua %s%s"):format(shell.lua(), name, DATA, words))
  end

  it("08_custom_rule decides, asks, and does what was answered", function()
    local file = folder .. "/review.csv"
    local text, status = run("08_custom_rule", file)
    assert.equal(0, status, text)
    assert.matches("\nqdahl +quentin.dahl@example.com +house_login, certain\n", text)
    local decided = tonumber(text:match "\n(%d+) decided, 0 ignored")
    assert.is_true(decided >= 30)
    support.fill(file, { ["renovate-bot"] = { "ignore" } })
    local one = sei.csv.read { file = "examples/data/people.csv" }()
    support.fill(file, { ["xX_coder_Xx"] = { "choose", one.email } })
    text, status = run("08_custom_rule", file)
    assert.equal(0, status, text)
    assert.matches("\nxX_coder_Xx +" .. one.email:gsub("%p", "%%%0") .. " +decided, certain\n",
      text)
    assert.matches(("\n%d decided, 1 ignored; 0 to decide"):format(decided + 1), text)
  end)

  it("09_evaluate_rules compares two lists of rules", function()
    local text, status = run("09_evaluate_rules", "examples/data/lookup.csv " .. folder .. "/c.csv")
    assert.equal(0, status, text)
    assert.matches("\ne%-mail alone +0 +0 +0 +1.000 +0.000\n", text)
    assert.matches("\ndefault rules +%d+ +%d+ +0 +1.000 ", text)
    assert.matches("\n11 accounts are known", text)
    local rows = 0
    for _ in sei.csv.read { file = folder .. "/c.csv" } do rows = rows + 1 end
    assert.equal(11, rows)
  end)

  it("says how it is used", function()
    for _, name in ipairs { "08_custom_rule", "09_evaluate_rules" } do
      local text, status = shell.run(shell.lua() .. " examples/" .. name .. ".lua")
      assert.equal(1, status)
      assert.matches("^usage: " .. name, text)
    end
  end)
end)
