-- A refusal of more than 256 KiB to a request whose reply is a stream was
-- never read to its end: the call hung until its deadline.
local pages = require "spec.support.pages"

local function refused(client, name)
  if name == "download_identities" then
    local _, err = client:download_identities { to = function() end }
    return err
  end
  local ok, err = pcall(function() for _ in client:list_licensed() do assert(false) end end)
  assert.is_false(ok)
  return err
end

describe("regress 102", function()
  for _, name in ipairs { "list_licensed", "download_identities" } do
    for _, size in ipairs { 200 * 1024, 300 * 1024, 3 * 1024 * 1024 } do
      it(("%s reads a refusal of %d bytes"):format(name, size), function()
        local server <close> = pages.serve(function() return ("x"):rep(size), 503 end)
        local client <close> = server:client { timeout = 5 }
        local err = refused(client, name)
        assert.equal("http", err.kind)
        assert.equal(503, err.status)
        assert.is_true(#tostring(err) < 1000)
        assert.equal(0, client:active())
      end)
    end
  end

  it("tells a web page of any size from a list", function()
    local server <close> = pages.serve(function()
      return "<!DOCTYPE html><title>Sign in</title>" .. ("x"):rep(500000)
    end)
    local client <close> = server:client { timeout = 5 }
    local err = refused(client, "list_licensed")
    assert.equal("protocol", err.kind)
    assert.matches("Sign in", err.message)
  end)
end)
