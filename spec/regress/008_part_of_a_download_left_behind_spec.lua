-- A client that was closed during a download left the temporary file behind.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

it("a download whose client is closed leaves nothing", function()
  local e <close> = emulator.start { people = 5 }
  local client = sei.client { base_url = e.url, api_key = "a-key", pace = false, retries = 0,
    wait = function(c) c:close() end }
  local folder = shell.folder()
  finally(function() shell.remove(folder) end)
  local done, err = client:download_identities { file = folder .. "/out.csv" }
  assert.is_nil(done)
  assert.equal("closed", err.kind)
  assert.equal("", (shell.run("ls -A " .. shell.quote(folder))))
end)
