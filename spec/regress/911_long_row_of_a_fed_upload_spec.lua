-- Rows of more than 8 MiB are handed over in pieces of 256 KiB while they are encoded. From then
-- on a row that was longer than such a piece was refused, though one before it went out.
local scripted = require "spec.support.scripted"

local SMALL <const> = ("s"):rep(1000)
local LONG <const> = ("l"):rep(300 * 1024)

describe("a row that is longer than a piece of an upload", function()
  it("goes out, however many rows are before it", function()
    local server = scripted.start(function() return scripted.reply(200, '{"status":"success"}') end)
    local client = server:client { timeout = 60, retries = 0 }
    local rows = { { email = "first@b.c", integrationId = 1, identity = LONG } }
    for i = 2, 9001 do rows[i] = { email = i .. "@b.c", integrationId = 1, identity = SMALL } end
    rows[9002] = { email = "last@b.c", integrationId = 1, identity = LONG }
    rows[9003] = { email = "end@b.c", integrationId = 1, identity = SMALL }
    local report = assert(client:upload_identities { rows = rows })
    assert.equal(9003, report.accepted)
    assert.equal(0, #report.rejected)
    local body = server.requests[1].body
    assert.truthy(body:find("last@b.c", 1, true))
    assert.truthy(body:find("end@b.c", 1, true))
    client:close()
    server:stop()
  end)
end)
