-- A service that began to cap the page size with the last page, at more records
-- than were left, was taken for a list that moved.
local pages = require "spec.support.pages"

describe("regress 600", function()
  it("takes a last page that holds more for one of another size", function()
    local server <close> = pages.serve(function(r)
      local size = r.page == 5 and math.min(r.page_size, 33) or r.page_size
      local first = r.page * size + 1
      return pages.page(pages.records(first, math.min(first + size - 1, 230)),
        { total_count = 230, page = r.page, page_size = size })
    end)
    local client <close> = server:client()
    local n = 0
    for record in client:list_contributors { page_size = 40, window = 2 } do
      n = n + 1
      assert.equal(tostring(n), record.id)
    end
    assert.equal(230, n)
  end)
end)
