-- A text that was cut in the middle of the key kept the part before the cut.
local scripted = require "spec.support.scripted"

local KEY <const> = "pat.acct1.Q2FuYXJ5.Canary/of+secrets=="

it("a text that is cut within the key shows no part of it", function()
  local server <close> = scripted.start(function()
    return scripted.reply(500, ("x"):rep(280) .. KEY, { "Content-Type: text/plain" })
  end)
  local client <close> = server:client { api_key = KEY }
  local _, err = client:get_schema()
  assert.matches("x%*+%.%.%.$", err.message)
end)
