-- Errors of the paging rule and of a CSV reply did not say what had been asked.
local scripted = require "spec.support.scripted"

it("errors of paging and of CSV have method and URL", function()
  local text = '{"records":[{"id":"1"},{"id":"2"}],"_metadata":{"total_count":9}}'
  local server <close> = scripted.start(function()
    return scripted.reply(200, text, { "X-Request-Id: r-1" })
  end)
  local client <close> = server:client()
  local walk <close> = client:list_contributors { page_size = 2, window = 1 }
  local ok, err = pcall(function() while walk() do end end)
  assert.is_false(ok)
  assert.equal("paging_loop", err.kind)
  assert.equal("POST", err.method)
  assert.equal(server.url .. "/v1/org/users/list", err.url)
  text = "email,integrationId,identity\na,1\n"
  ok, err = pcall(client:download_identities())
  assert.is_false(ok)
  assert.equal("decode", err.kind)
  assert.equal("GET", err.method)
  assert.equal(server.url .. "/v2/developers/identities", err.url)
  assert.equal(200, err.status)
end)
