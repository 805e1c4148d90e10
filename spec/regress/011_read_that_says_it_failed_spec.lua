-- A read with the status 200 whose body said that it had failed gave that body as
-- its result.
local scripted = require "spec.support.scripted"

it("a read that says that it failed is an error", function()
  local server <close> = scripted.start(function()
    return scripted.reply(200, '{"status":"error","message":"not today"}')
  end)
  local client <close> = server:client()
  local schema, err = client:get_schema()
  assert.is_nil(schema)
  assert.equal("the service refused the request: not today", err.message)
  local ok, raised = pcall(client:list_contributors())
  assert.is_false(ok)
  assert.matches("its message: not today", raised.message, 1, true)
end)
