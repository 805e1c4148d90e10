--- TLS for specs: an authority and certificates of its own, made by openssl when asked for, and a
-- server that answers with files (openssl s_server -HTTP).
local shell = require "spec.support.shell"

local tls = {}

local CONFIG <const> = [[
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
]]

local function sh(dir, command)
  local text, status = shell.run("cd " .. shell.quote(dir) .. " && " .. command)
  assert(status == 0, command .. "\n" .. text)
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local NEW_KEY <const> = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

local function authority(dir, name)
  sh(dir, ("openssl req -x509 %s -keyout %s.key -out %s.pem -days 30 -subj '/CN=%s' "
    .. "-addext basicConstraints=critical,CA:TRUE"):format(NEW_KEY, name, name, name))
end

-- A certificate signed by `ca`, for the subject's alternative names `san`.
local function certificate(dir, name, ca, san, dates)
  sh(dir, ("openssl req -new %s -keyout %s.key -out %s.csr -subj '/CN=%s' -addext "
    .. "subjectAltName=%s"):format(NEW_KEY, name, name, name, san))
  sh(dir, ("openssl ca -batch -config ca.cnf -cert %s.pem -keyfile %s.key -in %s.csr -out %s.pem "
    .. "-notext %s"):format(ca, ca, name, name, dates or "-days 30"))
end

--- Makes a folder with all of it.
-- @treturn string its path: ca.pem, other.pem (another authority), good.pem, expired.pem,
-- early.pem, elsewhere.pem (for sei.elsewhere), stranger.pem (signed by the other authority),
-- client.pem, each with its .key
function tls.folder()
  local dir = shell.folder()
  write(dir .. "/ca.cnf", CONFIG)
  write(dir .. "/index.txt", "")
  write(dir .. "/serial", "1000\n")
  authority(dir, "ca")
  authority(dir, "other")
  local here = "IP:127.0.0.1,DNS:localhost,DNS:sei.example"
  certificate(dir, "good", "ca", here)
  certificate(dir, "expired", "ca", here, "-startdate 20200101000000Z -enddate 20210101000000Z")
  certificate(dir, "early", "ca", here, "-startdate 20990101000000Z -enddate 20991231000000Z")
  certificate(dir, "elsewhere", "ca", "DNS:sei.elsewhere")
  certificate(dir, "stranger", "other", here)
  certificate(dir, "client", "ca", "email:client@example.com")
  return dir
end

--- The pin of a certificate's public key, as libcurl takes it.
function tls.pin(dir, name)
  return "sha256//" .. sh(dir, ("openssl x509 -in %s.pem -pubkey -noout | openssl pkey -pubin "
    .. "-outform der | openssl dgst -sha256 -binary | openssl base64"):format(name)):gsub("%s", "")
end

local Server = {}
Server.__index = Server

--- Starts a server with that certificate. Every path is a file below the folder that holds a
-- whole reply.
-- @tparam string dir of tls.folder()
-- @tparam string name of the certificate
-- @tparam[opt=""] string words more options of openssl s_server
-- @treturn Server `port`, `url`
function tls.serve(dir, name, words)
  -- timeout: an end even if nobody stops it
  local pipe = assert(io.popen(("unset LD_PRELOAD; cd %s && echo $$ && exec timeout 60 "
    .. "openssl s_server -HTTP "
    .. "-accept 127.0.0.1:0 -cert %s.pem -key %s.key %s 2>&1 </dev/null"):format(
    shell.quote(dir), name, name, words or ""), "r"))
  local pid = assert(tonumber(pipe:read "l"))
  local port
  repeat
    local line = assert(pipe:read "l", "openssl s_server did not start")
    port = line:match "^ACCEPT.*:(%d+)$"
  until port
  return setmetatable({ pipe = pipe, pid = pid, port = tonumber(port),
    url = ("https://127.0.0.1:%s/sei/api"):format(port) }, Server)
end

--- Stops it; safe to call twice. Answers what it printed.
function Server:close()
  if not self.pipe then return nil end
  os.execute("kill " .. self.pid)
  local text = self.pipe:read "a"
  self.pipe:close()
  self.pipe = nil
  return text
end

Server.__close = Server.close

-- Arguments: the files of the certificate and its key. Says its port.
local COUNTING <const> = [[
local cqueues, socket = require "cqueues", require "cqueues.socket"
local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end
local context = require "openssl.ssl.context".new("TLS", true)
context:setCertificate(require "openssl.x509".new(read(arg[1])))
context:setPrivateKey(require "openssl.pkey".new(read(arg[2])))
local loop, count = cqueues.new(), 0
local function serve(connection, number)
  connection:setmode("b", "b")
  connection:onerror(function(_, _, why) return why end)
  local body = ('{"version":%d,"fields":[]}'):format(number)
  if connection:starttls(context) then
    for line in connection:lines "*L" do
      if line == "\r\n" then
        connection:write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
          "Content-Length: ", #body, "\r\n\r\n", body)
        connection:flush()
      end
    end
  end
  connection:close()
end
local listener = socket.listen { host = "127.0.0.1", port = 0 }
assert(listener:listen())
print((select(3, listener:localname())))
io.stdout:flush()
loop:wrap(function()
  for connection in listener:clients() do
    count = count + 1
    local number = count
    loop:wrap(function() serve(connection, number) end)
  end
end)
assert(loop:loop())]]

--- Starts a server that keeps connections: it answers every request without a body by
-- {"version":N,"fields":[]}, N being the number of the connection.
-- @tparam string dir of tls.folder()
-- @tparam string name of the certificate
-- @treturn Server `port`, `url`
function tls.count(dir, name)
  local script = dir .. "/count.lua"
  write(script, COUNTING)
  local pipe = assert(io.popen(("unset LD_PRELOAD; cd %s && echo $$ && exec timeout 60 "
    .. "lua5.4 count.lua %s.pem %s.key 2>&1 </dev/null"):format(shell.quote(dir), name, name), "r"))
  local pid, port = assert(tonumber(pipe:read "l")), assert(pipe:read "l")
  return setmetatable({ pipe = pipe, pid = pid, port = assert(tonumber(port), port),
    url = ("https://127.0.0.1:%s/sei/api"):format(port) }, Server)
end

--- Puts a whole reply where a path of the API is asked for.
function tls.put(dir, path, reply)
  sh(dir, "mkdir -p " .. shell.quote("sei/api" .. path:match "^(.*)/"))
  write(dir .. "/sei/api" .. path, reply)
end

return tls
