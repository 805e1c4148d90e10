-- A reply that just said "ok", or nothing at all, was a download without rows
-- and replaced the file of the last good one.
local scripted = require "spec.support.scripted"
local shell = require "spec.support.shell"

it("a reply that names no columns is no CSV of identities", function()
  local text = "ok"
  local server <close> = scripted.start(function()
    return scripted.reply(200, text, { "Content-Type: text/plain" })
  end)
  local client <close> = server:client()
  local folder = shell.folder()
  finally(function() shell.remove(folder) end)
  for _, kind in ipairs { "decode", "protocol" } do
    local done, err = client:download_identities { file = folder .. "/out.csv" }
    assert.is_nil(done)
    assert.equal(kind, err.kind)
    local ok, raised = pcall(client:download_identities())
    assert.is_false(ok)
    assert.equal(kind, raised.kind)
    text = ""
  end
  assert.equal("", (shell.run("ls -A " .. shell.quote(folder))))
end)
