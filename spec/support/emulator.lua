--- Starts the emulator for a spec, and talks to its control address.
--
--     local emulator = require "spec.support.emulator"
--     local e = emulator.start { people = 100, quirks = { "drop-rows=10" } }
--     … e.url …
--     e:stop()
--
-- The child's standard output is a named pipe: reading its first line waits
-- until it listens, without a sleep. Its standard input is ours: it ends when
-- we do, whatever becomes of the spec.
local dkjson = require "dkjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local mime = require "mime"
local socket = require "socket"

local emulator = {}

local Emulator = {}
Emulator.__index = Emulator

local function quote(text) return "'" .. tostring(text):gsub("'", "'\\''") .. "'" end

local OPTIONS = {
  { "port", "--port" }, { "people", "--people" }, { "accounts", "--accounts" },
  { "seed", "--seed" }, { "api_key", "--api-key" }, { "latency_ms", "--latency-ms" },
}

local function command_line(options)
  local words = { "exec", os.getenv "SEI_COMMAND" or "sei", "emulator", "--until-eof" }
  for _, row in ipairs(OPTIONS) do
    if options[row[1]] ~= nil then
      words[#words + 1] = row[2] .. " " .. quote(options[row[1]])
    end
  end
  for _, text in ipairs(options.quirks or {}) do words[#words + 1] = "--quirk " .. quote(text) end
  for _, file in ipairs(options.load or {}) do words[#words + 1] = "--load " .. quote(file) end
  return table.concat(words, " ")
end

--- Starts one.
-- @tparam[opt] table options `people`, `accounts`, `seed`, `api_key`, `latency_ms`, `port`;
-- `quirks` = { "name=value", … }; `load` = { file, … }
-- @treturn Emulator `url` is its base URL, `port` its port
function emulator.start(options)
  local pipe = os.tmpname()
  os.remove(pipe)
  assert(os.execute("mkfifo -m 600 " .. quote(pipe)))
  local child = assert(io.popen(command_line(options or {}) .. " > " .. quote(pipe), "w"))
  local out = assert(io.open(pipe, "r"))
  local line = out:read "l"
  os.remove(pipe)
  local url = line and line:match "^listening on (http://127%.0%.0%.1:%d+/sei/api)$"
  if not url then
    out:close()
    child:close()
    error("the emulator did not start: " .. tostring(line), 2)
  end
  return setmetatable({ url = url, host = url:match "^(http://[^/]+)", child = child, out = out,
    port = tonumber(url:match ":(%d+)/") }, Emulator)
end

--- Stops it; safe to call twice.
function Emulator:stop()
  if not self.child then return end
  self.child:close()
  self.out:close()
  self.child = nil
end

Emulator.__close = Emulator.stop
Emulator.__gc = Emulator.stop

--- Any request: method, path or whole URL, headers, body.
-- @treturn string the body; or nil and luasocket's error
-- @treturn int the status
-- @treturn table the headers by lower-case name
function Emulator:request(method, path, headers, body)
  local out = {}
  local all = { ["content-length"] = body and #body or nil }
  for name, value in pairs(headers or {}) do all[name] = value end
  local ok, status, reply = http.request { method = method, headers = all, redirect = false,
    url = path:find "^http" and path or self.url .. path, sink = ltn12.sink.table(out),
    source = body and ltn12.source.string(body) or nil }
  if not ok then return nil, status end
  return table.concat(out), status, reply
end

--- A request with a key; a table is sent as JSON, a JSON answer is decoded.
-- @return the decoded answer, or its text
-- @treturn int the status
-- @treturn table the headers
function Emulator:api(method, path, value, headers)
  local all = { ["x-api-key"] = "test-key" }
  for name, v in pairs(headers or {}) do all[name] = v end
  local body = type(value) == "table" and dkjson.encode(value) or value
  local text, status, reply = self:request(method, path, all, body)
  if not text then return nil, status end
  return dkjson.decode(text, 1, dkjson.null) or text, status, reply
end

--- Uploads a CSV as the part "file" of a form.
function Emulator:upload(method, path, csv)
  local body = table.concat({ "--frontier", 'Content-Disposition: form-data; name="note"', "",
    "first", "--frontier",
    'Content-Disposition: form-data; name="file"; filename="rows.csv"',
    "Content-Type: text/csv", "", csv, "--frontier--", "" }, "\r\n")
  return self:api(method, path, body,
    { ["content-type"] = "multipart/form-data; boundary=frontier" })
end

--- Sends bytes as they are, and reads until the connection ends.
-- @tparam string bytes
-- @tparam[opt=5] number seconds without a byte
-- @treturn string what came
-- @treturn string how it ended: "closed", "reset" or "timeout"
function Emulator:raw(bytes, seconds)
  local connection = assert(socket.connect("127.0.0.1", self.port))
  assert(connection:send(bytes))
  connection:settimeout(0)
  local out, reset = {}, false
  while true do
    -- luasocket says "closed" for both ends; the socket's own error tells them
    -- apart, if it is asked before every read. One byte at a time, luasocket
    -- reads only when it has nothing left.
    if not connection:dirty() then
      socket.select({ connection }, nil, seconds or 5)
      reset = reset or connection:getoption "error" ~= nil
    end
    local byte, err = connection:receive(1)
    if err then
      connection:close()
      return table.concat(out), err == "closed" and reset and "reset" or err
    end
    out[#out + 1] = byte
  end
end

-- Asks the control address; raises unless it says 200.
local function control(self, method, path, value)
  local body, status = self:request(method, self.host .. "/_emulator" .. path, nil,
    value and dkjson.encode(value))
  if status ~= 200 then error(("control %s: %s %s"):format(path, status, body), 3) end
  return body
end

--- Sets a quirk: name, value (nil: on), path (only for paths that begin so).
function Emulator:quirk(name, value, path)
  control(self, "POST", "/quirks", { name = name, value = value, path = path })
end

--- Clears every quirk.
function Emulator:clear() control(self, "DELETE", "/quirks") end

--- Everything as it was at the start.
function Emulator:reset() control(self, "POST", "/reset") end

--- Holds every answer back by so many milliseconds.
function Emulator:latency(ms) control(self, "PUT", "/latency", { ms = ms }) end

local function decoded(object, name)
  local bytes = object[name .. "_base64"]
  if bytes then object[name] = mime.unb64(bytes) end
end

--- The requests seen: an array of `{ id, method, path, headers = { { name, value }, … }, body,
-- body_length, status, time }`; also `header`, the values by lower-case name.
function Emulator:log()
  local list = {}
  for line in control(self, "GET", "/log"):gmatch "[^\n]+" do
    local entry = assert(dkjson.decode(line))
    decoded(entry, "path")
    decoded(entry, "body")
    entry.header = {}
    for _, pair in ipairs(entry.headers) do
      decoded(pair, "name")
      decoded(pair, "value")
      entry.header[pair.name:lower()] = pair.value
    end
    list[#list + 1] = entry
  end
  return list
end

--- Forgets the requests seen.
function Emulator:clear_log() control(self, "DELETE", "/log") end

--- The state as canonical text: equal states are equal strings.
-- @tparam[opt="full"] string form "full", "changes" or "digest"
function Emulator:state(form) return control(self, "GET", "/state?form=" .. (form or "full")) end

--- `requests`, `under_way`, `most_under_way`, `by_status`.
function Emulator:counters() return dkjson.decode(control(self, "GET", "/counters")) end

--- Asks until so many requests are under way; raises when that takes too long.
function Emulator:await_under_way(n)
  for _ = 1, 20000 do
    if self:counters().under_way == n then return end
  end
  error(("there are still %d requests under way"):format(self:counters().under_way), 2)
end

--- All counters to 0.
function Emulator:clear_counters() control(self, "DELETE", "/counters") end

return emulator
