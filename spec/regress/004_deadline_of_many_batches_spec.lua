-- `timeout` held for each batch of rows, not for the call.
local emulator = require "spec.support.emulator"
local sei = require "sei"

it("a call of many batches ends at its one deadline", function()
  local e <close> = emulator.start { people = 5, latency_ms = 250 }
  local client <close> = sei.client { base_url = e.url, api_key = "a-key",
    pace = false, retries = 0 }
  local row, rows = client:list_identities()(), {}
  for i = 1, 3000 do rows[i] = row end
  local report, err = client:patch_identities(rows, { timeout = 0.6 })
  assert.is_nil(report)
  assert.equal("timeout", err.kind)
end)
