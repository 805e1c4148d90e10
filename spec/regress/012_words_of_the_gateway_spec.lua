-- The gateway's words were shown as JSON when they stood in responseMessages.
local scripted = require "spec.support.scripted"

it("the words in responseMessages are the message", function()
  local server <close> = scripted.start(function()
    return scripted.reply(503, '{"status":"ERROR","message":null,"detailedMessage":null,'
      .. '"responseMessages":[{"level":"ERROR","message":"no capacity"}]}')
  end)
  local client <close> = server:client()
  local _, err = client:get_schema()
  assert.equal("the service failed: no capacity", err.message)
end)
