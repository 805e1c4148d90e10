-- A sandboxed recipe whose time was over before its client was made raised a bad
-- option that nobody had given.
local sei = require "sei"

describe("a sandboxed recipe with next to no time", function()
  it("ends by its limit, client or not", function()
    local result, err = sei.sandboxed { text = "repeat until false", time = 1e-9,
      client = { base_url = "http://127.0.0.1:9", api_key = "k" } }
    assert.is_nil(result)
    assert.equal("refused", err.kind)
    assert.equal("time", err.code)
  end)
end)
