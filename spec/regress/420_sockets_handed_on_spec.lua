-- Programs that a script started while requests were under way got the sockets
-- of all connections, and libcurl's two of its own: they could hold connections
-- open, read replies and write requests.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

describe("a program that is started while requests are under way", function()
  it("gets no socket of the client", function()
    local e <close> = emulator.start { people = 1000 }
    local client <close> = sei.client { base_url = e.url, api_key = "k", pace = false }
    local before, during = shell.run "ls -l /proc/self/fd", nil
    for _ in client:list_contributors { page_size = 10, window = 3 } do
      if not during and client:active() > 0 then during = shell.run "ls -l /proc/self/fd" end
    end
    assert.is_string(during)
    local function sockets(text) return select(2, text:gsub("socket:", "")) end
    assert.equal(sockets(before), sockets(during), during)
  end)
end)
