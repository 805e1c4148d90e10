--- Ctrl-C, a kill and a terminal that went away: what a command does then.
--
-- The first one ends requests and leaves nothing half written; the second one
-- ends the process at once.
local core = require "sei.core"

local stop = {}

local STEPS <const> = 200000  -- of Lua's machine, between two looks: a few ms
local WORDS <const> = { [1] = "the terminal is gone", [2] = "stopped by Ctrl-C",
  [15] = "stopped by SIGTERM" }

--- The exit status that shells give to a process that a signal ended.
-- @treturn ?integer nil: no signal came
function stop.status()
  local number = core.caught_signal()
  return number and 128 + number
end

--- Raises an error object of kind "cancelled" if a signal came.
function stop.check()
  local number = core.caught_signal()
  if not number then return end
  error(core.error { kind = "cancelled", message = WORDS[number] or "stopped by a signal" }, 0)
end

-- What only reads has nothing to bring to an end: what is open is closed, and a
-- file that was being written is not there.
local function leave()
  if not core.caught_signal() then return end
  debug.sethook()
  io.stderr:write("sei: ", WORDS[core.caught_signal()] or "stopped", "\n")
  os.exit(stop.status(), true)
end

--- From now on a signal stops the command at the next place where it waits.
-- @tparam ?boolean computes also where it computes: for what only reads
function stop.catch(computes)
  core.catch_signals()
  if computes then debug.sethook(leave, "", STEPS) end
end

return stop
