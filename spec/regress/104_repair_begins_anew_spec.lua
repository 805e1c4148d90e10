-- When on_drift = "repair" began to read again from the start, the walk waited
-- before it had asked for anything: for ever.
local pages = require "spec.support.pages"

describe("regress 104", function()
  it("asks before it waits", function()
    local moved = false
    local server <close> = pages.serve(function(r)
      local total = not moved and r.page == 2 and 29 or 30
      moved = moved or r.page == 2
      local first = r.page * 10 + 1
      return pages.page(pages.records(first, math.min(first + 9, total)), { total_count = total })
    end)
    local client <close> = server:client { wait = function(client)
      assert(client:active() > 0, "waits for nothing")
      server:serve(client)
    end }
    local n = 0
    for _ in client:list_contributors { page_size = 10, window = 1, on_drift = "repair" } do
      n = n + 1
    end
    assert.equal(30, n)
    assert.is_true(#server.requests > 3)
  end)
end)
