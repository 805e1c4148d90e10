-- examples/hosts/prosody in the distribution's Prosody: it answers who a login
-- is, and goes on with everything else while it waits for the service.
local daemon = require "spec.support.daemon"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"
local socket = require "socket"

if shell.run "command -v prosody" == "" then
  describe("Prosody", function()
    pending "prosody is not installed"
  end)
  return
end

local SLOW <const> = math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10)

local CONFIG <const> = [[
run_as_root = true
data_path = "%s"
pidfile = "%s/pid"
plugin_paths = { "%s" }
modules_enabled = { "http", "adhoc", "sei_who", "saslauth", "disco" }
modules_disabled = { "s2s", "posix" }
log = { { levels = { min = "info" }, to = "console" } }
http_ports = { %d }
http_interfaces = { "127.0.0.1" }
https_ports = {}
c2s_ports = {}
s2s_ports = {}
http_default_host = "localhost"
sei_base_url = "%s"
sei_key_file = "%s/key"
sei_timeout = %d
VirtualHost "localhost"
]]

describe("Prosody", function()
  local e, folder, host, url

  local function write(name, text)
    local file = assert(io.open(folder .. "/" .. name, "w"))
    file:write(text)
    file:close()
    assert(os.execute("chmod 600 " .. shell.quote(folder .. "/" .. name)))
  end

  setup(function()
    e = emulator.start { people = 60, accounts = 200 }
    folder = shell.folder()
    local here = shell.run "pwd":gsub("\n", "")
    local problem
    write("key", "k-prosody-1234")
    for _ = 1, 3 do -- somebody may take the port in between
      local port = daemon.port()
      write("cfg.lua", CONFIG:format(folder, folder, here .. "/examples/hosts/prosody", port,
        e.url, folder, 10 * SLOW))
      host, problem = daemon.start("prosody -F --config " .. folder .. "/cfg.lua",
        "Activated service 'http' on %[127")
      url = ("http://127.0.0.1:%d/sei"):format(port)
      if host then return end
    end
    error(problem)
  end)
  teardown(function()
    if host then host:stop() end
    e:stop()
    shell.remove(folder)
  end)
  before_each(function() e:reset() end)

  local function somebody()
    return e:api("GET", "/v2/developers/identities?pageSize=50").records[7]
  end

  it("says who a login is, and that nobody has one", function()
    local one = somebody()
    local status, body = daemon.ask(url .. "/who/" .. one.identity:gsub("[^%w]", function(c)
      return ("%%%02X"):format(c:byte())
    end))
    assert.equal(200, status, body)
    assert.matches(("%s in %d: %s\n"):format(one.identity, one.integrationId, one.email), body, 1,
      true)
    assert.equal(404, (daemon.ask(url .. "/who/no-such-login")))
  end)

  it("says what is wrong with the service, and shows no key", function()
    e:quirk("fault", "garbage:1", "/v2/developers/identities")
    local status, body = daemon.ask(url .. "/who/somebody")
    assert.equal(502, status)
    assert.matches("the reply is not JSON", body, 1, true)
    assert.is_nil(body:find("k-prosody", 1, true))
  end)

  it("answers 100 requests while one waits for the service", function()
    e:quirk("fault", ("slow-%.1f:1"):format(2 * SLOW), "/v2/developers/identities")
    local before, polls = e:counters().requests, 0
    local slow = assert(socket.connect("127.0.0.1", url:match ":(%d+)/"))
    assert(slow:send "GET /sei/who/slow HTTP/1.0\r\nHost: localhost\r\n\r\n")
    while e:counters().requests == before do -- it has reached the service then
      polls = polls + 1
      assert(polls < 5000, "nobody asks the service")
    end
    local answered = 0
    for i = 1, 100 do -- most of them are not for the service, which has a pace
      local status = daemon.ask(("%s/%s/nobody-%d"):format(url, i % 50 == 1 and "who" or "what", i))
      answered = answered + (status == 404 and 1 or 0)
    end
    assert.equal(100, answered)
    slow:settimeout(0)
    local _, why = slow:receive "*l"
    assert.equal("timeout", why) -- it waits still
    slow:settimeout(10 * SLOW)
    assert.matches("^HTTP/1.%d 404", (slow:receive "*l"))
    slow:close()
  end)
end)
