-- When all transfers that a client runs at once failed within the step that
-- started them, those behind them in the queue were forgotten until something
-- else happened: they ended by their deadline, unsent.
local core = require "sei.core"
local sei = require "sei"
local wire = require "spec.support.wire_server"

describe("regress 202", function()
  it("two hundred calls through an impossible proxy all fail at once", function()
    local client <close> = sei.client { base_url = "https://sei.example/sei/api", retries = 0,
      proxy = "foo://127.0.0.1:1", api_key = "k", pace = false, timeout = 20 }
    local calls, started, left = {}, wire.now(), 200
    for i = 1, 200 do calls[i] = core.call(client, "get_schema", {}, {}) end
    while left > 0 do
      client:step()
      left = 0
      for _, call in ipairs(calls) do left = left + (core.call_done(call) and 0 or 1) end
      if left > 0 then sei.wait.block(client) end
    end
    assert.is_true(wire.now() - started < 2 * wire.slow)
    for _, call in ipairs(calls) do
      local value, err = core.call_result(call)
      assert.is_nil(value)
      assert.equal("connect", err.kind)
      core.call_close(call)
    end
  end)
end)
