-- sei_cancel() in the moment between a step's look at its flag and its reading of the descriptor:
-- the descriptor was silent again, the step returned "nothing to do for half a minute", and the
-- host slept on with a cancelled job.
local shell = require "spec.support.shell"

-- A host whose job waits for what never comes, and which is cancelled while the descriptor is read.
local SCRIPT <const> = [[
  local cancelled, armed = false, false
  local hub = { enter = function() end, begin = function() end, leave = function() end,
    cancelled = function() return cancelled end,
    ready = function() cancelled = armed return {} end }
  local context = require "sei.context"(hub, {})
  function wait_for_ever() context:park {} end
  context:start { text = "wait_for_ever()" }
  assert(context:step() == nil and context:step() == nil and context.status == "running")
  armed = true
  assert(context:step() == 0 and context.status == "running")
  assert(context:step() == nil and context.status == "cancelled")
  print "well"]]

describe("a job that is cancelled while the descriptor is read", function()
  it("has something to do at once", function()
    local folder = shell.folder()
    local file = assert(io.open(folder .. "/host.lua", "w"))
    file:write(SCRIPT)
    file:close()
    local text, status = shell.run(shell.lua() .. " " .. shell.quote(folder .. "/host.lua"))
    shell.remove(folder)
    assert.equal("well\n", text)
    assert.equal(0, status)
  end)
end)
