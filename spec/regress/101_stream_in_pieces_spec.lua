-- While less than a record of a stream had come, and while a refusal came in,
-- the client's descriptor stayed readable: the loop ran without ever waiting.
local pages = require "spec.support.pages"

local PIECES <const> = 20

-- Serves `text` in pieces, one every 10 ms.
local function in_pieces(status, text)
  local server = pages.serve(function() return text, status end)
  server.piece, server.pause = #text // PIECES, 0.01
  return server
end

describe("regress 101", function()
  for _, status in ipairs { 200, 500 } do
    it("does not spin while a stream with status " .. status .. " comes in pieces", function()
      local text = pages.licensed(40)
      local server <close> = in_pieces(status, text)
      local client <close> = server:client()
      local ok = pcall(function()
        for record in client:list_licensed() do assert.is_string(record.org_user_ref_id) end
      end)
      assert.equal(status == 200, ok)
      assert.is_true(server.waits >= PIECES and server.waits < 4 * PIECES + 20, server.waits)
    end)
  end

  it("does not spin while a refused download comes in pieces", function()
    local server <close> = in_pieces(500, ("no "):rep(400))
    local client <close> = server:client()
    local ok, err = client:download_identities { to = function() end }
    assert.is_nil(ok)
    assert.equal("http", err.kind)
    assert.is_true(server.waits >= PIECES and server.waits < 4 * PIECES + 20, server.waits)
  end)
end)
