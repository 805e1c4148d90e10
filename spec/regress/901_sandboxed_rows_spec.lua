-- A sandboxed recipe that took the rows of a download as values or spans got the first
-- value of each, and lost the others without a word.
local scripted = require "spec.support.scripted"
local sei = require "sei"

local CSV <const> = "email,integrationId,identity\na@b.c,1,x\nd@e.f,2,y\n"

describe("regress 901", function()
  local server, given

  before_each(function()
    server = scripted.start(function()
      return scripted.reply(200, CSV, { "Content-Type: text/csv" })
    end)
    given = { base_url = server.url, api_key = "a-key-for-a-script", pace = false, retries = 0,
      timeout = 20, wait = function(client) server:wait(client) end }
  end)

  after_each(function() server:stop() end)

  local function run(row)
    return sei.sandboxed { client = given, text = ([[
      local list = {}
      for row in client:download_identities { row = %s } do list[#list + 1] = row end
      return list]]):format(row) }
  end

  it("rows come as tables", function()
    for _, row in ipairs { "nil", "'table'" } do
      local result = assert(run(row))
      assert.same({ email = "d@e.f", integrationId = "2", identity = "y" }, result.value[2])
    end
  end)

  it("anything else is refused, and nothing is asked for", function()
    for _, row in ipairs { "'values'", "'spans'" } do
      local result, err = run(row)
      assert.is_nil(result)
      assert.matches("a sandboxed recipe has no option 'row' for download_identities", err.message,
        1, true)
    end
    assert.equal(0, #server.requests)
  end)
end)
