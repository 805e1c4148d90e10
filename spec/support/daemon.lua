--- A server of the distribution for a spec: started, waited for without a
-- sleep, stopped by its number.
-- @module spec.support.daemon
local http = require "socket.http"
local ltn12 = require "ltn12"
local shell = require "spec.support.shell"
local socket = require "socket"

local daemon = {}

local Daemon = {}
Daemon.__index = Daemon

--- A port of the loopback that nobody uses just now.
function daemon.port()
  local probe = assert(socket.bind("127.0.0.1", 0))
  local _, port = probe:getsockname()
  probe:close()
  return math.tointeger(port)
end

--- Starts a program and reads what it prints until a line says that it is
-- ready. It ends with the spec at the latest, since it is watched through a
-- pipe, and after five minutes.
-- @tparam string command words for sh
-- @tparam string ready pattern of the line
-- @treturn ?table its field `line` is that line; nil and what it printed if it ends before
function daemon.start(command, ready)
  local pipe = os.tmpname()
  os.remove(pipe)
  assert(os.execute("mkfifo -m 600 " .. shell.quote(pipe)))
  local child = assert(io.popen(("exec 3<&0; timeout 300 %s </dev/null >%s 2>&1 & p=$!;"
    .. " cat <&3 >/dev/null; kill $p; wait $p 2>/dev/null"):format(command, shell.quote(pipe)),
    "w"))
  local out, lines = assert(io.open(pipe, "r")), {}
  os.remove(pipe)
  for line in out:lines() do
    lines[#lines + 1] = line
    if line:find(ready) then
      return setmetatable({ child = child, out = out, line = line }, Daemon)
    end
  end
  out:close()
  child:close()
  return nil, table.concat(lines, "\n")
end

--- Reads what it prints until a line is as wanted.
-- @tparam string wanted pattern of the line
-- @treturn string the line
function Daemon:await(wanted)
  local lines = {}
  for line in self.out:lines() do
    if line:find(wanted) then return line end
    lines[#lines + 1] = line
  end
  error("the server ended, having said\n" .. table.concat(lines, "\n"), 2)
end

--- Ends it, and waits until it has ended.
-- @treturn string what it printed since it was ready
function Daemon:stop()
  if not self.child then return "" end
  self.child:flush()
  local child = self.child
  self.child = nil
  child:close() -- its input ends: the shell ends the program and waits for it
  local text = self.out:read "a"
  self.out:close()
  return text
end

Daemon.__close = Daemon.stop
Daemon.__gc = Daemon.stop

--- One request.
-- @tparam string url
-- @tparam ?table request `method`, `body`, `headers`
-- @treturn ?integer the status; nil and an error
-- @treturn string the body
-- @treturn table the headers
function daemon.ask(url, request)
  local out = {}
  request = request or {}
  local headers = { ["content-length"] = request.body and #request.body }
  for name, value in pairs(request.headers or {}) do headers[name] = value end
  local ok, status, answered = http.request { url = url, method = request.method or "GET",
    headers = headers, source = request.body and ltn12.source.string(request.body),
    sink = ltn12.sink.table(out) }
  if not ok then return nil, status end
  return status, table.concat(out), answered
end

return daemon
