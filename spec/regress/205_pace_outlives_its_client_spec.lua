-- The pace was forgotten with its last client: a script that made a client for
-- every request sent as fast as it could.
local wire = require "spec.support.wire_server"

describe("regress 205", function()
  it("a new client with the same key goes on with the pace of the last one", function()
    local server <close> = wire.serve(function()
      return wire.reply(200, '{"version":1,"fields":[]}')
    end)
    local started = wire.now()
    for _ = 1, 6 do
      local client <close> = server:client { api_key = "same", pace = { rate = 10, burst = 1 } }
      assert(client:get_schema())
    end
    assert.is_true(wire.now() - started >= 0.49)
  end)
end)
