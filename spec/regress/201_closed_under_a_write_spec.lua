-- A client that was closed while a write waited for its reply answered with a
-- bare "closed": whether the rows may have arrived was not told.
local wire = require "spec.support.wire_server"

describe("regress 201", function()
  it("a write whose client is closed says that its outcome is unknown", function()
    local server <close> = wire.serve(function() end)
    local client <close> = server:client()
    server:after(0.1, function() client:close() end)
    local value, err = client:add_cloud_ids {
      { email = "person@example.com", applicationType = "GITHUB", cloudId = "login" } }
    assert.is_nil(value)
    assert.equal("closed", err.kind)
    assert.equal("unknown", err.class)
    assert.equal(1, #err.attempts)
  end)

  it("and one that was never sent says so", function()
    local server <close> = wire.serve(function() end)
    local client <close> = server:client { pace = { rate = 0.1, burst = 1 } }
    server:after(0.1, function() client:close() end)
    server.handler = function() return wire.reply(200, '{"version":1,"fields":[]}') end
    assert(client:get_schema())
    local value, err = client:add_cloud_ids {
      { email = "person@example.com", applicationType = "GITHUB", cloudId = "login" } }
    assert.is_nil(value)
    assert.equal("closed", err.kind)
    assert.equal("never_sent", err.class)
  end)
end)
