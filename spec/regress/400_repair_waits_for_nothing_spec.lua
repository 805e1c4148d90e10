-- A list that moved and was to be read again (on_drift = "repair") waited for
-- ever: the next pass had begun, and nothing was asked for.
local emulator = require "spec.support.emulator"
local sei = require "sei"

describe("regress 400", function()
  for _, window in ipairs { 1, 2, 4, 8 } do
    it("a list that moves is read again, window " .. window, function()
      local e <close> = emulator.start { people = 230 }
      for times = 1, 2 do
        e:quirk("drift", "3:" .. times)
        local client <close> = sei.client { base_url = e.url, api_key = "test-key", pace = false,
          window = window, wait = function(c)
            assert(c:timeout(), "nothing to wait for")
            sei.wait.block(c)
          end }
        local seen, n = {}, 0
        for r in client:list_contributors { page_size = 100, on_drift = "repair" } do
          assert.is_nil(seen[r.id])
          seen[r.id], n = true, n + 1
        end
        assert.equal(230, n)
        e:clear()
        e:reset()
      end
    end)
  end
end)
