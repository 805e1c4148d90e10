-- A list without pages whose first attempt failed, and whose second one was
-- answered before anybody looked, ended without a record and without an error.
local raw = require "spec.support.raw"

describe("regress 401", function()
  it("records of the second attempt are handed out", function()
    local server <close> = raw.serve(function(_, n)
      if n == 1 then return raw.reply(503, "{}") end
      return raw.reply(200, '{"org_user_details":[{"org_user_ref_id":"1"},'
        .. '{"org_user_ref_id":"2"}],"org_user_count":2}')
    end)
    local client <close> = server:client { wait = function(c)
      for _ = 1, 100000 do -- somebody else drives the client meanwhile
        if c:active() == 0 then break end
        server:serve(c)
        c:step()
      end
    end }
    local n = 0
    for _ in client:list_licensed() do n = n + 1 end
    assert.equal(2, n)
    assert.equal(2, #server.requests)
  end)
end)
