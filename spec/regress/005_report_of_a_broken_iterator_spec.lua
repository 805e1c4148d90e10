-- When the rows' own iterator failed, or the client was closed, the report of
-- the batches that had been sent was lost.
local scripted = require "spec.support.scripted"
local sei = require "sei"

local function row(i) return { email = "a@b.c", integrationId = 1, identity = "id" .. i } end

it("an iterator that fails leaves the report of what was sent", function()
  local server <close> = scripted.start(function() return scripted.reply(200, "{}") end)
  local client <close> = server:client()
  local i = 0
  local report, err = client:patch_identities(function()
    i = i + 1
    if i > 1200 then error(sei.error { kind = "decode", message = "line 1201" }) end
    return row(i)
  end)
  assert.is_nil(report)
  assert.equal("decode", err.kind)
  assert.equal(1000, err.report.accepted)
  assert.same({ first = 1001, last = 1200 }, err.rows)
end)
