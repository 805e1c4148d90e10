-- A stream that broke off with status 200 was sent again although rows of it
-- had been handed on: the second reply went on in the midst of the first one's
-- last row.
local pages = require "spec.support.pages"

local CSV <const> = "email,integrationId,identity\na@b.c,1,one\nd@e.f,2,two\ng@h.i,3,three\n"
local LIST <const> = '{"org_user_details":[{"org_user_ref_id":"1"},{"org_user_ref_id":"2"},{"org'

-- Reads a reply that comes in pieces and breaks off in its last one.
local function try(body, read)
  local server <close> = pages.serve(function() return body .. ("x"):rep(50), 200, #body end)
  server.piece, server.pause = 32, 0.01
  local client <close> = server:client { retries = 3, pace = false }
  local ok, err = pcall(read, client)
  assert.is_false(ok)
  assert.equal("connect", err.kind)
  assert.equal(1, #server.requests)
  assert.equal(1, #err.attempts)
end

describe("regress 402", function()
  it("a download that broke off is an error once rows were handed on", function()
    local rows = {}
    try(CSV, function(client)
      for row in client:download_identities() do rows[#rows + 1] = row.identity end
    end)
    assert.is_true(#rows > 0)
    for i, identity in ipairs(rows) do assert.equal(({ "one", "two", "three" })[i], identity) end
  end)

  it("so is a list without pages", function()
    local n = 0
    try(LIST, function(client)
      for r in client:list_licensed() do
        n = n + 1
        assert.equal(tostring(n), r.org_user_ref_id)
      end
    end)
    assert.is_true(n > 0)
  end)
end)
