-- A reply whose gzip was cut off, with a length that matched, ended a read at
-- once; the same cut without gzip was asked for again.
local every = require "spec.support.every"
local wire = require "spec.support.wire_server"

describe("regress 208", function()
  local function damaged()
    return wire.serve(function(_, n)
      if n == 1 then
        return wire.reply(200, "\31\139\8\0\0\0\0\0\0\3\1\9\0", { ["Content-Encoding"] = "gzip" })
      end
      return wire.reply(200, '{"version":1,"fields":[]}')
    end)
  end

  it("a read is sent again", function()
    local server <close> = damaged()
    local client <close> = server:client()
    assert(every.get_schema.call(client))
    assert.equal(2, #server.requests)
  end)

  it("a write is not", function()
    local server <close> = damaged()
    local client <close> = server:client()
    local _, err = every.patch_identities.call(client)
    assert.equal("unknown", err.class)
    assert.equal(1, #server.requests)
  end)
end)
