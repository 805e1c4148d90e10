-- Rows of developers: a cell that was a table was sent as "table: 0x…", false as nothing, and a
-- source whose line is no number ended in an error of Lua.
local data = require "sei.developers.data"
local sei = require "sei"
local support = require "spec.support.developers"

local HEADER <const> = { "Name", "Email", "Boss", "Remote" }

describe("rows of developers", function()
  local b
  setup(function() b = support.bench { people = 0 } end)
  teardown(function() b:close() end)

  local function upload(rows)
    return sei.developers.upload { client = b.client, header = HEADER, rows = rows,
      columns = { MANAGER_EMAIL = false } }
  end

  it("are refused with line and column where a value is no text", function()
    for _, value in ipairs { {}, print } do
      local one, err = upload { { Name = "A", Email = "a@x.example" },
        { Name = "B", Email = value } }
      assert.is_nil(one)
      assert.equal("decode", err.kind)
      assert.matches("rows:2: Email: a text or a number was expected, got a " .. type(value),
        err.message, 1, true)
      assert.equal(2, err.rows[1].line)
    end
  end)

  it("may have what JSON has", function()
    local read = data.read { header = HEADER, rows = {
      { Name = 7, Email = sei.json.null, Remote = false }, { 1.0, "b@x.example", false, true } } }
    assert.same({ "7", "", "", "false", line = 1 }, read.rows[1])
    assert.same({ "1", "b@x.example", "false", "true", line = 2 }, read.rows[2])
  end)

  it("are told by their number where their source has none", function()
    local one, err = upload {
      { Name = "A", Email = "a@x.example", source = { line = "top" } },
      { Name = "B", Email = "a@x.example", source = { line = "end" } } }
    assert.is_nil(one)
    assert.equal(2, err.rows[1].line)
    assert.matches("stands in line 1, too", err.message, 1, true)
  end)
end)
