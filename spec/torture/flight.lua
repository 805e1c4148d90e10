--- Clients that are closed, collected, cancelled or left open while requests
-- are under way, in every phase that a request goes through.
--
--     lua5.4 spec/torture/flight.lua [exit]
--
-- Counts descriptors; whoever runs it under valgrind or a sanitizer sees the
-- rest. `exit`: ends the process with clients left open and the state not
-- closed. The last line is "flight: N cases, 0 problems".
local core = require "sei.core"
local lfs = require "lfs"
local sei = require "sei"
local socket = require "socket"

local cases, problems = 0, 0

local function descriptors()
  local n = 0
  for _ in lfs.dir "/proc/self/fd" do n = n + 1 end
  return n
end

-- ---- servers ----

--- One that accepts and answers as it is told; nothing is read twice.
-- @tparam ?string answer what every connection gets once it has said something
local function server(answer)
  local self = { listener = assert(socket.bind("127.0.0.1", 0, 1)), open = {} }
  self.listener:settimeout(0)
  local _, port = self.listener:getsockname()
  self.address = "127.0.0.1:" .. math.tointeger(tonumber(port))
  function self.serve()
    local connection = self.listener:accept()
    if connection then
      connection:settimeout(0)
      self.open[#self.open + 1] = connection
    end
    for _, one in ipairs(self.open) do
      local _, _, some = one:receive(1000000)
      if answer and some and #some > 0 then one:send(answer) end
    end
  end
  function self.close()
    self.listener:close()
    for _, one in ipairs(self.open) do one:close() end
  end
  return self
end

--- One whose queue of connections is full: nobody gets through to it.
local function deaf()
  local self = server()
  local _, port = self.listener:getsockname()
  for i = 1, 8 do
    local one = socket.tcp()
    one:settimeout(0)
    one:connect("127.0.0.1", port)
    self.open[i] = one
  end
  self.serve = function() end
  return self
end

local HEAD = "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
local PART = HEAD:format("200 OK", "application/json", 100000, '{"records":[{"id":"1"},')
local CSV = HEAD:format("200 OK", "text/csv", 100000,
  "email,integrationId,identity\n" .. ("a@example.com,1,x\n"):rep(50))
local BUSY = HEAD:format("503 Busy", "text/plain", 0, "")

-- ---- phases: how far the requests are brought ----

local function step(client, peer)
  for _ = 1, 6 do
    client:step()
    if peer then peer.serve() end
    socket.select({ { getfd = function() return client:pollfd() end } }, nil, 0.002)
  end
end

local function client_of(peer, options)
  local all = { base_url = "http://" .. peer.address .. "/sei/api", api_key = "a-key",
    pace = false, wait = coroutine.yield }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.client(all)
end

-- Starts f as a coroutine that stops wherever it would wait.
local function start(f, ...)
  local thread = coroutine.create(f)
  assert(coroutine.resume(thread, ...))
  return thread
end

local function walk(client)
  for _ in client:list_contributors { page_size = 5 } do client:active() end
end

local function endless()
  local i = 0
  return function()
    i = i + 1
    return { email = "a@example.com", integrationId = i, identity = ("x"):rep(1000) }
  end
end

local phases = {
  { "queued", server, function(client)
    core.set_key(client, "a-key", false)
    return core.call(client, "get_schema", {}, {})
  end, still = true },
  { "connecting", deaf, function(client) return start(walk, client) end },
  { "in TLS", server, function(client) return start(walk, client) end, { tls = true } },
  { "waiting for the reply", server, function(client) return start(client.get_schema, client) end },
  { "uploading", server, function(client)
    return start(client.upload_identities, client, { rows = endless() })
  end },
  { "receiving", function() return server(PART) end, function(client)
    return start(walk, client)
  end },
  { "receiving a stream", function() return server(CSV) end, function(client)
    local stream = client:download_identities()
    step(client)
    return stream
  end },
  { "backing off", function() return server(BUSY) end, function(client)
    return start(client.get_schema, client)
  end, reached = function(client) return client:stats().retries > 0 end },
  { "paced", server, function(client)
    local all = {}
    for i = 1, 5 do all[i] = start(client.get_schema, client) end
    return all
  end, { pace = { rate = 0.01, burst = 1 } } },
}

-- ---- endings ----

local kept = {}

local endings = {
  close = function(client) client:close() end,
  collect = function() end,
  cancel = function(client)
    client:cancel()
    if client:active() ~= 0 then return client:active() .. " are still under way" end
  end,
  leave = function(client, what) kept[#kept + 1] = { client, what } end,
}

local function bring(phase, ending)
  local peer = phase[2]()
  local options = {}
  for name, value in pairs(phase[4] or {}) do options[name] = value end
  if options.tls then
    options.tls, options.base_url = nil, "https://" .. peer.address .. "/sei/api"
  end
  local client = client_of(peer, options)
  local what = phase[3](client)
  if not phase.still then step(client, peer) end
  assert(client:active() > 0 and (not phase.reached or phase.reached(client)),
    phase[1] .. " was not reached")
  local problem = endings[ending](client, what)
  peer.close()
  return problem
end

local function one(phase, ending)
  local before = descriptors()
  local problem = bring(phase, ending)
  collectgarbage()
  collectgarbage()
  local more = descriptors() - before
  if ending ~= "leave" and more ~= 0 then problem = more .. " descriptors are left" end
  cases = cases + 1
  if problem then
    problems = problems + 1
    print(("%s, %s: %s"):format(phase[1], ending, problem))
  end
end

for _, phase in ipairs(phases) do
  one(phase, "close") -- what a first request makes once in a process
  for _, ending in ipairs { "close", "collect", "cancel", "leave" } do one(phase, ending) end
end
print(("flight: %d cases, %d problems"):format(cases, problems))
io.stdout:flush()
os.exit(problems == 0, arg[1] ~= "exit")
