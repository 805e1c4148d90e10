-- A row with an unknown field was told with the reason in place of the value.
local scripted = require "spec.support.scripted"

it("the value of an unknown field is in the report", function()
  local server <close> = scripted.start(function() return scripted.reply(200, "{}") end)
  local client <close> = server:client()
  local report = assert(client:patch_identities {
    { email = "a@b.c", integrationId = 1, identity = "x", emial = "d@e.f" } })
  assert.equal("d@e.f", report.rejected[1].value)
end)
