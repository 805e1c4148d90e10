--- Runs a spec once more inside an event loop, every test a coroutine of it: see
-- spec/support/waiting.lua.
local shell = require "spec.support.shell"

local inside = {}

--- Specs of endpoints, lists, batches, writes, plans and applies: each waits.
inside.SPECS = {
  "endpoints/contributors", "endpoints/identities", "endpoints/developers",
  "paging", "drift", "resume", "batch", "batch_seeds", "write", "download", "verify",
  "plan", "apply", "undo", "round_trip", "errors", "record", "fault_matrix",
}

--- Raises unless all tests pass, and have waited in the loop.
-- @tparam string host "luv" or "cqueues"
-- @tparam string spec its name below spec/, without "_spec.lua"
-- @tparam ?string filter pattern of the tests' names (all)
-- @treturn string what to show
function inside.run(host, spec, filter)
  local text = shell.run(("SEI_WAIT=%s %s $(command -v busted) --exclude-tags=proof"
    .. " --helper=spec/support/waiting.lua -o spec/support/summary.lua --filter=%s"
    .. " spec/%s_spec.lua 2>&1"):format(host, shell.lua(), shell.quote(filter or "."), spec))
  local passed = text:match "\n([1-9]%d*) passed, 0 failed\n"
  local waits = text:match("waited (%d+) times in the loop of " .. host .. "\n")
  if passed and tonumber(waits) > 20 then
    return ("%s: %s passed, waited %s times in the loop of %s"):format(spec, passed, waits, host)
  end
  error(text, 2)
end

return inside
