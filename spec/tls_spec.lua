-- tls - who is on the other side is always checked, and proxies see nothing but bytes. Against
-- openssl's own server with certificates made here, and a proxy that is a script.
local sei = require "sei"
local shell = require "spec.support.shell"
local socket = require "socket"
local tls = require "spec.support.tls"
local wire = require "spec.support.wire_server"

local SCHEMA <const> = wire.reply(200, '{"version":7,"fields":[]}', { Connection = "close" })
local KEY <const> = "pat.account.id.canary-tls"

local dir

setup(function()
  dir = tls.folder()
  tls.put(dir, "/v1/org/users/schema", SCHEMA)
end)

teardown(function() shell.remove(dir) end)

-- One call of a client with such options.
local function ask(url, options)
  local all = { base_url = url, api_key = KEY, pace = false, retries = 0, timeout = 10 * wire.slow }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  local client <close> = sei.client(all)
  local value, err = client:get_schema()
  if err then
    assert.is_nil(tostring(err):find("canary", 1, true))
    assert.is_nil(value)
  end
  return value, err
end

local function refused(server, options)
  local value, err = ask(server.url, options)
  assert.is_nil(value)
  assert.equal("tls", err.kind, tostring(err))
  assert.equal(1, #err.attempts)
  -- the request was never seen: s_server prints the file of each
  local printed = server:close()
  assert.is_nil(printed:find("FILE:", 1, true), printed)
  return err
end

local function ca() return dir .. "/ca.pem" end

describe("a certificate", function()
  it("of the authority in ca_file is good", function()
    local server <close> = tls.serve(dir, "good")
    local value, err = ask(server.url, { ca_file = ca() })
    assert.is_nil(err)
    assert.equal(7, value.version)
    assert.matches("FILE:sei/api/v1/org/users/schema", server:close())
  end)

  it("of an authority that nobody knows is refused, with a hint", function()
    local server <close> = tls.serve(dir, "good")
    local err = refused(server)
    assert.matches("ca_file", err.hint)
  end)

  for _, name in ipairs { "stranger", "expired", "early", "elsewhere" } do
    it(("that is bad (%s) is refused"):format(name), function()
      local server <close> = tls.serve(dir, name)
      refused(server, { ca_file = ca() })
    end)
  end

  it("that names this host by its name only is refused for its address", function()
    local server <close> = tls.serve(dir, "good")
    server.url = server.url:gsub("127%.0%.0%.1", "127.0.0.2")
    local value, err = ask(server.url, { ca_file = ca() })
    assert.is_nil(value)
    assert.is_true(err.kind == "tls" or err.kind == "connect", err.kind)
  end)

  it("is checked again for a read that failed: nothing is retried", function()
    local server <close> = tls.serve(dir, "stranger")
    refused(server, { ca_file = ca(), retries = 3 })
  end)
end)

describe("ca_file", function()
  it("that is not there or holds no certificate fails each call", function()
    for _, path in ipairs { dir .. "/nothing.pem", dir .. "/ca.cnf", dir } do
      local server <close> = tls.serve(dir, "good")
      refused(server, { ca_file = path })
    end
  end)
end)

describe("a pinned key", function()
  it("that is right is good", function()
    local server <close> = tls.serve(dir, "good")
    local value = assert(ask(server.url, { ca_file = ca(), pinned_key = tls.pin(dir, "good") }))
    assert.equal(7, value.version)
  end)

  it("that is another one is refused, though the certificate is good", function()
    local server <close> = tls.serve(dir, "good")
    refused(server, { ca_file = ca(), pinned_key = tls.pin(dir, "client") })
  end)

  it("that is right does not make up for a bad certificate", function()
    local server <close> = tls.serve(dir, "stranger")
    refused(server, { ca_file = ca(), pinned_key = tls.pin(dir, "stranger") })
  end)
end)

describe("a client certificate", function()
  local WANTED <const> = "-Verify 1 -verify_return_error -CAfile ca.pem"

  it("is shown where it is wanted", function()
    local server <close> = tls.serve(dir, "good", WANTED)
    local value = assert(ask(server.url, { ca_file = ca(), client_cert = dir .. "/client.pem",
      client_key = dir .. "/client.key" }))
    assert.equal(7, value.version)
  end)

  it("that is wanted and not there is an error", function()
    local server <close> = tls.serve(dir, "good", WANTED)
    local value, err = ask(server.url, { ca_file = ca() })
    assert.is_nil(value)
    assert.is_true(err.kind == "tls" or err.kind == "connect", tostring(err))
    assert.is_nil(server:close():find("FILE:", 1, true))
  end)

  it("with another one's key is an error", function()
    local server <close> = tls.serve(dir, "good", WANTED)
    refused(server, { ca_file = ca(), client_cert = dir .. "/client.pem",
      client_key = dir .. "/good.key" })
  end)
end)

describe("TLS itself", function()
  it("may not be older than 1.2", function()
    for _, version in ipairs { "-tls1 -cipher ALL@SECLEVEL=0", "-tls1_1 -cipher ALL@SECLEVEL=0" } do
      local server <close> = tls.serve(dir, "good", version)
      local value, err = ask(server.url, { ca_file = ca() })
      assert.is_nil(value)
      assert.is_true(err.kind == "tls" or err.kind == "connect", tostring(err))
    end
  end)

  it("that is no TLS is an error", function()
    local server <close> = wire.serve(function() return SCHEMA end)
    local value, err = ask(("https://127.0.0.1:%d/sei/api"):format(server.port),
      { wait = server.wait, timeout = 1 })
    assert.is_nil(value)
    assert.is_true(err.kind == "tls" or err.kind == "connect" or err.kind == "timeout",
      tostring(err))
  end)

  it("cannot be switched off by any option", function()
    for _, name in ipairs { "verify", "insecure", "ssl_verify", "verify_peer", "verify_host",
      "no_verify", "tls_verify" } do
      local ok, problem = pcall(sei.client, { base_url = "https://sei.example/sei/api",
        api_key = KEY, [name] = false })
      assert.is_false(ok)
      assert.matches("unknown option '?" .. name, tostring(problem))
    end
    local list = require "sei.core".options "sei.client"
    for _, option in ipairs(list) do
      assert.is_nil(option.name:find "verify" or option.name:find "insecure", option.name)
    end
  end)

  it("is not switched off by the environment", function()
    local server <close> = tls.serve(dir, "good")
    local script = ("local v, e = require 'sei'.client { base_url = %q, api_key = 'k', "
      .. "retries = 0 }:get_schema() print(v == nil and e.kind)"):format(server.url)
    local text = shell.run(("env CURL_INSECURE=1 SSL_NO_VERIFY=1 HOME=%s %s -e %s"):format(
      shell.quote(dir), shell.lua(), shell.quote(script)))
    assert.equal("tls\n", text)
  end)
end)

describe("plain http", function()
  local function made(url, more)
    local options = { base_url = url, api_key = KEY }
    for name, value in pairs(more or {}) do options[name] = value end
    return pcall(sei.client, options)
  end

  it("is for loopback only", function()
    for _, url in ipairs { "http://127.0.0.1:1/sei/api", "http://127.1.2.3/sei/api",
      "http://[::1]:1/sei/api", "http://localhost:1/sei/api" } do
      assert.is_true(made(url), url)
    end
    for _, url in ipairs { "http://sei.example/sei/api", "http://10.0.0.1/sei/api",
      "http://128.0.0.1/sei/api", "http://localhost.evil.example/sei/api",
      "http://127.0.0.1.evil.example/sei/api", "http://[::2]/sei/api", "http://0.0.0.0/sei/api",
      "http://[::ffff:10.0.0.1]/sei/api", "HTTP://sei.example/sei/api" } do
      local ok, problem = made(url)
      assert.is_false(ok, url)
      assert.matches("allow_http", tostring(problem))
      assert.is_nil(tostring(problem):find("canary", 1, true))
    end
  end)

  it("goes elsewhere with allow_http = true", function()
    assert.is_true(made("http://sei.example/sei/api", { allow_http = true }))
  end)
end)

-- ---- proxies ----

-- A proxy: `answer(head)` gives the bytes of its answer to CONNECT; then bytes go to and fro
-- between the client and `port`. `heads` is what was asked of it.
local function proxy(answer, port)
  local self = { listener = assert(socket.bind("127.0.0.1", 0)), heads = {}, pairs = {},
    waiting = {} }
  local _, own = self.listener:getsockname()
  self.url = "http://127.0.0.1:" .. math.tointeger(tonumber(own))

  -- Reads on until the head is whole; the client writes it while we wait.
  local function connect(near)
    local data, problem, part = near:receive(65536)
    local head = self.waiting[near] .. (data or part)
    self.waiting[near] = head
    if not head:find "\r\n\r\n$" and problem ~= "closed" then return end
    self.waiting[near] = nil
    self.heads[#self.heads + 1] = head
    local reply, through = answer(head)
    near:send(reply)
    if not through then return near:close() end
    local far = assert(socket.connect("127.0.0.1", port))
    far:settimeout(0)
    self.pairs[near], self.pairs[far] = far, near
  end

  local function pass(from)
    local to = self.pairs[from]
    local data, problem, part = from:receive(65536)
    data = data or part
    if data ~= "" then
      to:settimeout(5)
      to:send(data)
      to:settimeout(0)
    end
    if problem == "closed" then
      self.pairs[from], self.pairs[to] = nil, nil
      from:close()
      to:close()
    end
  end

  function self.wait(client)
    local reads = { self.listener, { getfd = function() return client:pollfd() end } }
    for one in pairs(self.pairs) do reads[#reads + 1] = one end
    for one in pairs(self.waiting) do reads[#reads + 1] = one end
    for _, one in ipairs(socket.select(reads, nil, math.min(client:timeout() or 1, 1))) do
      if one == self.listener then
        local near = assert(self.listener:accept())
        near:settimeout(0)
        self.waiting[near] = ""
      elseif self.waiting[one] then
        connect(one)
      elseif self.pairs[one] then
        pass(one)
      end
    end
  end

  return setmetatable(self, { __close = function() self.listener:close() end })
end

describe("a proxy", function()
  local function established() return "HTTP/1.1 200 Connection established\r\n\r\n", true end

  it("passes bytes on, and never sees the key", function()
    local server <close> = tls.serve(dir, "good")
    local via <close> = proxy(established, server.port)
    local value, err = ask("https://sei.example/sei/api",
      { proxy = via.url, ca_file = ca(), wait = via.wait })
    assert.is_nil(err)
    assert.equal(7, value.version)
    assert.equal(1, #via.heads)
    assert.matches("^CONNECT sei%.example:443 HTTP/1%.1", via.heads[1])
    assert.is_nil(via.heads[1]:find("canary", 1, true))
    assert.is_nil(via.heads[1]:lower():find("x-api-key", 1, true))
  end)

  it("cannot stand in for the service", function()
    local server <close> = tls.serve(dir, "elsewhere")
    local via <close> = proxy(established, server.port)
    local value, err = ask("https://sei.example/sei/api",
      { proxy = via.url, ca_file = ca(), wait = via.wait })
    assert.is_nil(value)
    assert.equal("tls", err.kind)
    assert.is_nil(server:close():find("FILE:", 1, true))
  end)

  it("may say its name and password", function()
    local server <close> = tls.serve(dir, "good")
    local via <close> = proxy(established, server.port)
    assert(ask("https://sei.example/sei/api", { proxy = via.url:gsub("//", "//user:secret@"),
      ca_file = ca(), wait = via.wait }))
    assert.matches("Proxy%-Authorization: Basic dXNlcjpzZWNyZXQ=", via.heads[1])
  end)

  for _, case in ipairs {
    { "refuses", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" },
    { "wants a password", "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
      .. "Content-Length: 0\r\n\r\n" },
    { "fails", "HTTP/1.1 502 Bad gateway\r\nContent-Length: 4\r\n\r\noops" },
    { "says nothing", "" },
    { "talks nonsense", "\0\1\2\3\r\n\r\n" },
    { "redirects", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n"
      .. "Content-Length: 0\r\n\r\n" },
  } do
    it("that " .. case[1] .. " is an error, and the call was never sent", function()
      local via <close> = proxy(function() return case[2] end)
      local client <close> = sei.client { base_url = "https://sei.example/sei/api", api_key = KEY,
        pace = false, retries = 1, proxy = via.url, wait = via.wait, timeout = 10 }
      local value, err = client:add_cloud_ids {
        { email = "p@example.com", applicationType = "GITHUB", cloudId = "x" } }
      assert.is_nil(value)
      assert.is_true(err.kind == "connect" or err.kind == "protocol", tostring(err))
      assert.equal("never_sent", err.class)
      assert.is_nil(err.status)
      for _, head in ipairs(via.heads) do assert.is_nil(head:find("canary", 1, true)) end
    end)
  end

  it("is not asked for loopback", function()
    local via <close> = proxy(established)
    local server <close> = wire.serve(function() return SCHEMA end)
    assert(ask(server.url, { proxy = via.url, wait = server.wait }))
    via.listener:settimeout(0)
    assert.is_nil((via.listener:accept()))
  end)
end)
