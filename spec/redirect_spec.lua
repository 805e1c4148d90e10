-- redirects - followed by reads only, three times at most, and only to the same scheme, host and
-- port. A second listener stands where the redirects lead: nothing ever connects to it.
local every = require "spec.support.every"
local wire = require "spec.support.wire_server"

local SCHEMA <const> = '{"version":7,"fields":[]}'
local HERE <const> = "/sei/api/v1/org/users/schema"

-- A server that redirects each of the first `times` requests, and then answers. `location` is a
-- function of the server, the trap's port and the request.
local function redirecting(status, location, times, body)
  local trap = wire.serve(function() return wire.reply(200, SCHEMA) end)
  local server
  server = wire.serve(function(r, n)
    if n > times then
      return wire.reply(200, body or SCHEMA, body and { ["Content-Type"] = "text/csv" })
    end
    return wire.reply(status, "", { Location = location and location(server, trap, r) or nil })
  end)
  return server, trap
end

-- Makes the call and asserts that nothing went astray.
local function call(name, status, location, times, body)
  local one, other = redirecting(status, location, times or 1, body)
  local server <close> = one
  local trap <close> = other
  local key = "redirected-" .. server.port .. "-" .. trap.port
  local client <close> = server:client { retries = 0, api_key = key }
  local value, err = every[name].call(client)
  assert.is_false(trap:was_reached(key), "the trap was reached")
  return value, err, server
end

-- Where a redirect may lead.
local KINDS = {
  { "the same origin", function(server) return server.origin .. HERE .. "?again" end,
    follows = true },
  { "a path", function() return HERE end, follows = true },
  { "a relative path", function() return "schema" end, follows = true },
  { "another host", function(_, trap)
    return ("http://localhost:%d%s"):format(trap.port, HERE)
  end },
  { "another name of this host", function(server)
    return ("http://localhost:%d/"):format(server.port)
  end },
  { "another port", function(_, trap) return trap.url .. "/v1/org/users/schema" end },
  { "another port without a scheme", function(_, trap)
    return ("//127.0.0.1:%d/"):format(trap.port)
  end },
  { "another scheme", function(server) return ("https://127.0.0.1:%d/"):format(server.port) end },
  { "a user and password", function(server)
    return ("http://user:pass@127.0.0.1:%d%s"):format(server.port, HERE)
  end },
  { "a user that looks like a host", function(server, trap)
    return ("http://127.0.0.1:%d@127.0.0.1:%d/"):format(server.port, trap.port)
  end },
  { "a backslash", function(server, trap)
    return ("http://127.0.0.1:%d\\@127.0.0.1:%d/"):format(trap.port, server.port)
  end },
  { "a file", function() return "file:///etc/passwd" end },
  { "a script", function() return "javascript:alert(1)" end },
  { "nowhere, malformed", function() return "http://[::1" end },
  { "nowhere, without Location" },
}

describe("the trap", function()
  local http = require "socket.http"

  -- Who comes is gone again, its request is read later.
  local function come(headers)
    local trap <close> = wire.serve(function() end)
    http.TIMEOUT = 0.05
    http.request { url = trap.origin .. "/x", headers = headers }
    return trap:was_reached "mine"
  end

  it("tells whoever comes without a key or with ours from strangers", function()
    assert.is_true(come {})
    assert.is_true(come { ["x-api-key"] = "mine" })
    assert.is_false(come { ["x-api-key"] = "yours" })
    local trap <close> = wire.serve(function() end)
    assert.is_false(trap:was_reached "mine")
    local silent = require "socket".connect("127.0.0.1", trap.port)
    assert.is_true(trap:was_reached "mine")
    silent:close()
  end)
end)

describe("a read", function()
  for _, status in ipairs { 301, 302, 303, 307, 308 } do
    for _, kind in ipairs(KINDS) do
      it(("with %d to %s is%s followed"):format(status, kind[1], kind.follows and "" or " not"),
        function()
          local value, err, server = call("get_schema", status, kind[2])
          if kind.follows then
            assert.is_nil(err)
            assert.equal(7, value.version)
            assert.equal(2, #server.requests)
            assert.matches("x%-api%-key: ", server.requests[2].head:lower())
          else
            assert.is_nil(value)
            assert.equal("protocol", err.kind)
            assert.equal(status, err.status)
            assert.equal(1, #server.requests)
            assert.equal(1, #err.attempts)
          end
        end)
    end
  end

  for _, status in ipairs { 300, 304, 305, 306 } do
    it(("with %d is not followed"):format(status), function()
      local value, err, server = call("get_schema", status, KINDS[1][2])
      assert.is_nil(value)
      assert.equal(status, err.status)
      assert.equal(1, #server.requests)
    end)
  end

  it("is followed three times, not more", function()
    local value, _, server = call("get_schema", 307, KINDS[1][2], 3)
    assert.equal(7, value.version)
    assert.equal(4, #server.requests)
    local err
    value, err, server = call("get_schema", 307, KINDS[1][2], 4)
    assert.is_nil(value)
    assert.equal(307, err.status)
    assert.equal(4, #server.requests)
  end)

  it("in a loop ends", function()
    local value, err, server = call("get_schema", 302, function(_, _, r) return r.path end, 1000)
    assert.is_nil(value)
    assert.equal(302, err.status)
    assert.equal(4, #server.requests)
  end)

  it("that is a POST keeps its method and body, or is not followed", function()
    local list = '{"records":[],"_metadata":{"total_count":0}}'
    for _, status in ipairs { 307, 308 } do
      local value, err, server = call("list_contributors", status, KINDS[1][2], 1, list)
      assert.is_nil(err)
      assert.same({}, value)
      assert.equal("POST", server.requests[2].method)
      assert.equal(server.requests[1].body, server.requests[2].body)
    end
    for _, status in ipairs { 301, 302, 303 } do
      local value, err, server = call("list_contributors", status, KINDS[1][2], 1, list)
      assert.is_nil(value)
      assert.equal(status, err.status)
      assert.equal(1, #server.requests)
    end
  end)

  it("that is a stream is followed, too", function()
    local value, err, server = call("download_identities", 302, KINDS[2][2], 1,
      "email,integrationId,identity\na@example.com,1,x\n")
    assert.is_nil(err)
    assert.equal(1, #value)
    assert.equal(2, #server.requests)
  end)

  it("to a login page of the same origin tells of the page", function()
    local server <close> = wire.serve(function(_, n)
      if n == 1 then return wire.reply(302, "", { Location = "/auth/#/signin" }) end
      return wire.reply(200, "<html><title>Sign in</title></html>",
        { ["Content-Type"] = "text/html" })
    end)
    local client <close> = server:client()
    local value, err = client:get_schema()
    assert.is_nil(value)
    assert.equal("protocol", err.kind)
    assert.matches("Sign in", err.message)
    assert.matches("^/auth/?$", server.requests[2].path)
  end)

  it("has one deadline with its redirects #alone", function()
    local server <close> = wire.serve(function(r)
      return { 0.15, wire.reply(302, "", { Location = r.path }) }
    end)
    local client <close> = server:client { timeout = 0.3 }
    local started = wire.now()
    local _, err = client:get_schema()
    assert.equal("timeout", err.kind)
    assert.is_true(wire.now() - started <= 0.3 + 0.1 * wire.slow)
  end)
end)

describe("a write", function()
  for _, endpoint in ipairs(every.endpoints) do
    if not endpoint.reads then
      it(endpoint.name .. " is never redirected", function()
        for _, status in ipairs { 301, 302, 303, 307, 308 } do
          local value, err, server = call(endpoint.name, status,
            function(s, _, r) return s.origin .. r.path end)
          assert.is_nil(value)
          assert.equal(status, err.status)
          assert.equal("rejected", err.class)
          assert.equal(1, #server.requests)
        end
      end)
    end
  end
end)
