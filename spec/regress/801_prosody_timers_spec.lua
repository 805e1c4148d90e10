-- Prosody serves descriptors until none is ready, and its timers only then: while
-- a list was read from a service that was quicker than we were, no timer of the
-- whole server was called.
local daemon = require "spec.support.daemon"
local emulator = require "spec.support.emulator"
local prosody = require "spec.support.prosody"
local shell = require "spec.support.shell"

describe("a long list that is read in Prosody", function()
  if not prosody.is_there() then
    pending "prosody is not installed"
    return
  end

  it("lets its timers be called between pages", function()
    local folder = shell.folder()
    local e <close> = emulator.start { people = 20000 }
    local host <close>, url = prosody.start(e, folder, "sei_stall", 60)
    for _ = 1, 3 do -- from the second time on the emulator has its pages ready
      local status, body = daemon.ask(url .. "/stall/list")
      assert.equal(200, status, body)
      local n, ticks = body:match "^(%d+) (%d+) "
      assert.equal("20000", n)
      assert.is_true(tonumber(ticks) >= 3, body) -- none or one without its turns
    end
    host:stop()
    shell.remove(folder)
  end)
end)
