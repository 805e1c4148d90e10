-- The key went into err.code, err.request_id and err.rows when the service
-- repeated it there, and into err.body when it was escaped.
local scripted = require "spec.support.scripted"

local KEY <const> = "pat.acct1.Q2FuYXJ5.Canary/of+secrets=="

it("the parts of an error body lose the key, escaped or not", function()
  local slash = KEY:gsub("/", "\\/")
  local server <close> = scripted.start(function()
    return scripted.reply(400, ('{"code":%q,"correlationId":%q,"message":"x","detail":"%s",'
      .. '"errors":[{"errorType":"A","sampleErrorDevelopers":[{"email":%q}]}]}'):format(KEY, KEY,
      slash, KEY))
  end)
  local client <close> = server:client { api_key = KEY }
  local _, err = client:patch_developers { { email = "a@b.c" } }
  assert.equal("A", err.code)
  assert.matches("^%*+$", err.request_id)
  assert.matches("^%*+$", err.rows[1].sampleErrorDevelopers[1].email)
  assert.is_nil(err.body:find "Canary")
end)
