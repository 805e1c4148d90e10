-- A client whose pace could not be set up raised once; its next call went out
-- without any pace.
local emulator = require "spec.support.emulator"
local sei = require "sei"

describe("a pace that cannot be kept", function()
  it("lets no call through", function()
    local e <close> = emulator.start {}
    local client <close> = sei.client { base_url = e.url, api_key = function() return "a-key" end,
      pace = { file = "/dev/null/no-such-place/pace" } }
    for _ = 1, 3 do
      assert.has_error(function() client:get_schema() end,
        "the pace file /dev/null/no-such-place/pace cannot be used: Not a directory")
    end
    assert.equal(0, client:stats().calls)
    e:stop()
  end)
end)
