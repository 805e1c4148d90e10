--- Runs the command `sei` against an emulator, with an environment of its own:
-- nobody's settings take part.
local shell = require "spec.support.shell"

local command = {}

command.KEY = "pat.acct1.key7.not-a-secret"

--- The beginning of a command line of sh.
-- @tparam ?table e an emulator; nil: the command does not know where the service is
-- @tparam ?table variables environment besides
function command.line(e, variables)
  local words = { "env -u SEI_REGION -u SEI_API_KEY -u SEI_BASE_URL -u NO_COLOR",
    "HOME=/nowhere XDG_CONFIG_HOME= TERM=xterm" }
  if e then
    words[#words + 1] = ("SEI_BASE_URL=%s SEI_API_KEY=%s SEI_PACE=no"):format(e.url, command.KEY)
  end
  for name, value in pairs(variables or {}) do
    words[#words + 1] = name .. "=" .. shell.quote(value)
  end
  words[#words + 1] = shell.quote(shell.build() .. "/bin/sei")
  return table.concat(words, " ")
end

--- Runs it.
-- @tparam ?table e
-- @tparam string words of its command line, for sh; redirections as well
-- @tparam ?table variables
-- @treturn string what it printed
-- @treturn integer its exit status
function command.run(e, words, variables)
  local text, status = shell.run(command.line(e, variables) .. " " .. words)
  assert(not text:find(command.KEY, 1, true), "the key is shown")
  return text, status
end

return command
