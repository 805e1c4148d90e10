--- A terminal for a spec: a program in a window of tmux, what stands there, keys.
--
--     local screen <close> = require "spec.support.screen".open("sei get versions", 80, 24)
--     screen:await "status 0"
local shell = require "spec.support.shell"
local socket = require "socket"

local screen = {}
screen.__index = screen

local SLOW <const> = tonumber(os.getenv "SEI_SLOW" or "1")
local count = 0

local function tmux(self, words)
  return shell.run(("env -u TMUX TMUX_TMPDIR=%s tmux -f /dev/null -L %s %s"):format(self.folder,
    self.name, words))
end

--- Starts a command line of sh in a window of its own server. When it ended,
-- "status N" stands there.
-- @tparam string command
-- @tparam integer columns
-- @tparam integer rows
function screen.open(command, columns, rows)
  count = count + 1
  local self = setmetatable({ folder = shell.folder(), name = "sei" .. count }, screen)
  local text, status = tmux(self, ("new-session -d -x %d -y %d %s"):format(columns, rows,
    shell.quote("trap : INT; " .. command .. '; echo "status $?"; read _')))
  if status ~= 0 then
    self:close()
    error("tmux does not start: " .. text, 2)
  end
  return self
end

--- What stands in the window now, without blanks at the ends of lines.
-- @tparam ?boolean with_colours escape sequences as well
function screen:text(with_colours)
  return (tmux(self, "capture-pane -p" .. (with_colours and " -e" or "")))
end

--- Looks until a pattern is there; raises after so many seconds.
-- @treturn string what stands there then
function screen:await(pattern, seconds)
  local till = socket.gettime() + (seconds or 10) * SLOW
  repeat
    local text = self:text()
    if text:find(pattern) then return text end
    socket.sleep(0.03)
  until socket.gettime() > till
  error(("there is no %q, but:\n%s"):format(pattern, self:text()), 2)
end

--- Presses a key, as tmux names it: "C-c".
function screen:key(name) tmux(self, "send-keys " .. name) end

--- Gives the window another size.
function screen:resize(columns, rows)
  tmux(self, ("resize-window -x %d -y %d"):format(columns, rows))
end

--- Ends the program and the window; safe to call twice.
function screen:close()
  if not self.folder then return end
  local session = tmux(self, "list-panes -a -F '#{pane_pid}'"):match "^%d+"
  tmux(self, "kill-server")
  -- What does not heed that the terminal is gone: field 6 of /proc/PID/stat is
  -- the session (proc(5)).
  if session then
    shell.run(([[cat /proc/[0-9]*/stat | while read -r pid _ _ _ _ id _; do
      [ "$id" = %s ] && kill -9 "$pid"; done]]):format(session))
  end
  shell.remove(self.folder)
  self.folder = nil
end

screen.__close = screen.close

return screen
