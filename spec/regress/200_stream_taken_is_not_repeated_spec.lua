-- A stream that broke off behind its first bytes was asked for again all the
-- same, since its status was 200: the file held half of the reply twice, and
-- rows came twice.
local wire = require "spec.support.wire_server"

describe("regress 200", function()
  it("a download that broke off is not continued with its beginning", function()
    local rows = {}
    for i = 1, 20000 do rows[i] = ("p%d@example.com,1,login-%d\n"):format(i, i) end
    local whole = wire.reply(200, "email,integrationId,identity\n" .. table.concat(rows),
      { ["Content-Type"] = "text/csv" })
    local server <close> = wire.serve(function(_, n)
      return n == 1 and { whole:sub(1, #whole // 2), 0.1, wire.reset } or whole
    end)
    local client <close> = server:client()
    local count = 0
    local value, err = client:download_identities { to = function(row)
      count = count + 1
      assert.equal("login-" .. count, row.identity)
    end }
    assert.is_nil(value)
    assert.equal("connect", err.kind)
    assert.is_true(count > 1000 and count < 20000)
    assert.equal(1, #server.requests)
  end)
end)
