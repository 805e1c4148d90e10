-- An upload without a row that could be sent sent a header alone, which the
-- service refuses.
local scripted = require "spec.support.scripted"

it("an upload of nothing is no request", function()
  local server <close> = scripted.start(function() return scripted.reply(400, "{}") end)
  local client <close> = server:client()
  assert.equal(0, assert(client:upload_identities { rows = {} }).accepted)
  assert.equal(1, #assert(client:upload_identities { rows = { {} } }).rejected)
  assert.equal(0, #server.requests)
end)
