-- A download to a pipe, a device or a link replaced it by a file of its name,
-- and two downloads to one name wrote into one temporary file.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

it("a download goes where a link leads, and leaves the link", function()
  local e <close> = emulator.start { people = 5 }
  local client <close> = sei.client { base_url = e.url, api_key = "a-key",
    pace = false, retries = 0 }
  local folder = shell.folder()
  finally(function() shell.remove(folder) end)
  local path = folder .. "/link.csv"
  shell.run("ln -s /dev/full " .. shell.quote(path))
  local done, err = client:download_identities { file = path }
  assert.is_nil(done)
  assert.equal("io", err.kind)
  assert.matches("^symbolic link", (shell.run("stat -c %F " .. shell.quote(path))))
end)
