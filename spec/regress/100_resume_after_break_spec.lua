-- After `break` the resume token pointed at the start of the page, so that its
-- first records were handed out twice.
local pages = require "spec.support.pages"

describe("regress 100", function()
  it("resumes behind the last record when the loop was left in the middle of a page", function()
    local server <close> = pages.list(23)
    local client <close> = server:client()
    local walk = client:list_contributors { page_size = 5 }
    for record in walk, nil, nil, walk do
      if record.id == "7" then break end
    end
    local ids = {}
    for record in client:list_contributors { resume = walk:resume() } do
      ids[#ids + 1] = record.id
    end
    assert.equal("8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23", table.concat(ids, " "))
  end)
end)
