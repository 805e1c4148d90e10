-- A row whose members came by __index was found sound and sent as {}; an array behind
-- a metatable that hides itself counted as empty; rows behind a hole were never seen.
local scripted = require "spec.support.scripted"

local function row(i)
  return { email = "a" .. i .. "@b.c", integrationId = i, identity = "x" .. i }
end

local function sent(i)
  return ('{"email":"a%d@b.c","identity":"x%d","integrationId":%d}'):format(i, i, i)
end

describe("regress 900", function()
  local client, server

  before_each(function()
    server = scripted.start(function() return scripted.reply(200, '{"status":"success"}') end)
    client = server:client { timeout = 20, retries = 0 }
  end)

  after_each(function()
    client:close()
    server:stop()
  end)

  it("a row is judged by what would be sent of it", function()
    local hidden = setmetatable({ identity = "x1" }, { __index = row(1) })
    local list = { hidden, row(2) }
    for _, rows in ipairs { list, setmetatable({ hidden, row(2) }, { __index = {} }) } do
      server.requests[1] = nil
      local report = assert(client:patch_identities(rows))
      assert.equal(1, report.accepted)
      assert.equal("email", report.rejected[1].field)
      assert.equal("is missing", report.rejected[1].reason)
      assert.equal("[" .. sent(2) .. "]", server.requests[1].body)
    end
    local report = assert(client:update_contributors { row(1),
      { integration_user_ids = {}, email = "c@d.e" },
      setmetatable({ integration_user_ids = {} }, { __index = { id = "3" } }) })
    assert.same({ 1, 3 }, { report.rejected[1].row, report.rejected[2].row })
    assert.matches("one is needed", report.rejected[2].reason)
  end)

  it("rows behind a metatable that hides itself are sent", function()
    local report = assert(client:patch_identities(setmetatable({}, { __metatable = {},
      __index = { row(1), row(2) }, __len = function() return 2 end })))
    assert.equal(2, report.accepted)
  end)

  it("an array with a hole is refused before anything is sent", function()
    for _, name in ipairs { "patch_identities", "update_contributors" } do
      local ok, problem = pcall(client[name], client, { row(1), nil, row(3) })
      assert.is_false(ok)
      assert.matches("row 2 is nil and others follow", tostring(problem))
    end
    assert.has_error(function() client:upload_identities { rows = { row(1), nil, row(3) } } end)
    assert.equal(0, #server.requests)
  end)

  it("rows that go while others are sent are missed", function()
    local rows = {}
    for i = 1, 8 do rows[i] = row(i) end
    client:close()
    client = server:client { timeout = 20, retries = 0,
      on_request = function() rows[6] = nil end }
    local report, err = client:patch_identities(rows, { batch_size = 2 })
    assert.is_nil(report)
    assert.matches("row 6 is nil and others follow", err.message, 1, true)
    assert.equal(4, err.report.accepted)
    assert.same({ row = 5, last = 6 }, { row = err.report.rejected[1].row,
      last = err.report.rejected[1].last })
  end)

  it("a hole behind a metatable is told of, with what was sent before", function()
    local list = setmetatable({ row(1), row(2), nil, row(4) }, { __index = {} })
    local report, err = client:patch_identities(list, { batch_size = 1 })
    assert.is_nil(report)
    assert.matches("row 3 is nil and others follow", err.message, 1, true)
    assert.equal(1, err.report.accepted)
  end)
end)
