-- A login page with status 200 in answer to a write was an error without a
-- class; JSON in answer to a download was a CSV without rows.
local every = require "spec.support.every"
local wire = require "spec.support.wire_server"

describe("regress 207", function()
  it("a write that is answered by a web page has an unknown outcome", function()
    local server <close> = wire.serve(function()
      return wire.reply(200, "<html><title>Sign in</title>", { ["Content-Type"] = "text/html" })
    end)
    local client <close> = server:client()
    local _, err = every.patch_identities.call(client)
    assert.equal("protocol", err.kind)
    assert.equal("unknown", err.class)
  end)

  it("and so has one whose 200 says that it failed", function()
    local server <close> = wire.serve(function()
      return wire.reply(200, '{"status":"error","message":"no"}')
    end)
    local client <close> = server:client()
    local _, err = every.patch_identities.call(client)
    assert.equal("rejected", err.kind)
    assert.equal("unknown", err.class)
  end)

  it("JSON is no CSV", function()
    for _, body in ipairs { '{"error":"later"}', ' [{"email":"a"}]' } do
      local server <close> = wire.serve(function() return wire.reply(200, body) end)
      local client <close> = server:client()
      local value, err = every.download_identities.call(client)
      assert.is_nil(value)
      assert.equal("protocol", err.kind)
      assert.matches("JSON", err.message)
    end
  end)
end)
