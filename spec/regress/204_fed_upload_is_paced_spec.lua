-- An upload of rows, which has no length before it ends, was never counted as a
-- large body: several over 500,000 bytes went within 10 seconds.
local wire = require "spec.support.wire_server"

local LARGE_EVERY <const> = 10 -- seconds: api.md section 4 no. 9

describe("regress 204", function()
  it("a large upload of rows waits for the one before", function()
    local server <close> = wire.serve(function() return wire.reply(200, "ok") end)
    local client <close> = server:client { pace = { rate = 100, burst = 10 },
      timeout = 1.5 * wire.slow }
    local function send(count)
      local i = 0
      return client:upload_identities { rows = function()
        i = i + 1
        if i > count then return nil end
        return { email = "p@example.com", integrationId = 1, identity = ("l"):rep(100) .. i }
      end }
    end
    local began = wire.now()
    assert(send(20000)) -- more than is taken before the request begins
    local report, err = send(20000)
    if report then -- there was time to wait for its turn
      assert.is_true(wire.now() - began >= LARGE_EVERY, "it went at once")
    else
      assert.equal("timeout", err.kind)
      assert.equal("never_sent", err.class)
    end
    assert(send(10))
    assert.equal(report and 3 or 2, #server.requests)
  end)
end)
