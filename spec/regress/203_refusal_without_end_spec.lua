-- A refusal of a stream was read to its end, however far that was: bytes that
-- never ended kept the call until its deadline, five minutes by default.
local every = require "spec.support.every"
local wire = require "spec.support.wire_server"

describe("regress 203", function()
  for _, name in ipairs { "list_licensed", "download_identities" } do
    it("a refusal without end ends " .. name, function()
      local bytes, sent = ("x"):rep(65536), 0
      local server <close> = wire.serve(function()
        return { "HTTP/1.1 503 Busy\r\n\r\n", function()
          sent = sent + #bytes
          return bytes
        end }
      end)
      local client <close> = server:client { retries = 0, timeout = 60 }
      local value, err = every[name].call(client)
      assert.is_nil(value)
      assert.equal("too_large", err.kind)
      assert.equal(503, err.status)
      assert.is_true(sent < 64 * 1024 * 1024, sent)
    end)
  end
end)
