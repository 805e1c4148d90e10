-- A 429 with a long Retry-After failed at once, as it should; but it also held
-- the pace for that long, so that all later calls waited for their deadline.
local wire = require "spec.support.wire_server"

describe("regress 206", function()
  it("Retry-After of an hour holds the others for a minute", function()
    local server <close> = wire.serve(function()
      return wire.reply(429, "", { ["Retry-After"] = "3600" })
    end)
    local client <close> = server:client { pace = { rate = 50, burst = 5 }, timeout = 0.3 }
    local _, err = client:get_schema()
    assert.equal(3600, err.retry_after)
    _, err = client:get_schema()
    assert.equal("timeout", err.kind)
    -- as far ahead as the client looks for its next start
    local core = require "sei.core"
    local call = core.call(client, "get_schema", { timeout = 500 }, {})
    client:step()
    assert.is_true(client:timeout() > 55 and client:timeout() <= 60)
    core.call_close(call)
  end)
end)
