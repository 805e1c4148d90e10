-- service - the benchmark's page server as a process: where it listens, files of
-- its rows. It reads from a pipe that we hold, so it ends when we do.
local shell = require "spec.support.shell"

local service = {}
service.__index = service
service.__close = function(self) self:close() end

-- Opening its pipe waits until it is there.
local function start(command)
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute(shell.join { "mkfifo", "-m", "600", fifo }))
  local hold = assert(io.popen(command .. " > " .. shell.quote(fifo), "w"))
  local answers = assert(io.open(fifo))
  local port = answers:read "n"
  answers:close()
  os.remove(fifo)
  assert(port, "bench: the page server did not start")
  return setmetatable({ hold = hold, port = math.tointeger(port), files = {} }, service)
end

--- Starts it.
-- @tparam string programs the folder of what was built, with a slash
-- @tparam integer records
-- @tparam integer csv_rows
function service.start(programs, records, csv_rows)
  local self = start(("%s --records %d --csv-rows %d"):format(shell.quote(programs .. "server"),
    records, csv_rows))
  self.programs = programs
  return self
end

--- Starts the server that has the lists of this one over TLS and HTTP/2.
-- @treturn ?service nil: it cannot be run here
function service:over_tls()
  local program = self.programs .. "h2_go"
  if not os.execute("test -x " .. shell.quote(program)) then return nil end
  local ca = self.programs .. "h2.pem"
  local other = start(shell.join { program, self.port, ca })
  other.programs, other.files, other.ca = self.programs, { [ca] = true }, ca
  return other
end

--- The address of the API there.
-- @tparam ?number latency of each reply in milliseconds (0)
-- @tparam ?integer most how many records and rows there are (all)
-- @tparam ?boolean gzip whether pages are packed for those who take that (false)
function service:url(latency, most, gzip)
  return ("%s://127.0.0.1:%d/%d%s%s/sei/api"):format(self.ca and "https" or "http", self.port,
    latency or 0, gzip and "z" or "", most and ("-%d"):format(most) or "")
end

--- A file of its first rows; they are removed when it is closed.
-- @tparam integer rows
-- @treturn string path
function service:file(rows)
  local path = ("%srows-%d.csv"):format(self.programs, rows)
  if not self.files[path] then
    local client <close> = require "sei".client { base_url = self:url(0, rows),
      api_key = "bench-key", pace = false, timeout = 300 }
    assert(client:download_identities { file = path })
    self.files[path] = true
  end
  return path
end

function service:close()
  for path in pairs(self.files) do os.remove(path) end
  if self.hold then self.hold:close() end
  self.hold, self.files = nil, {}
end

return service
