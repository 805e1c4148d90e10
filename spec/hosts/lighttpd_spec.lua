-- examples/hosts/lighttpd in the distribution's lighttpd, whose mod_magnet has
-- Lua 5.4: a new hire's logins are mapped while the HR system waits.
local cjson = require "cjson"
local daemon = require "spec.support.daemon"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local HAS <const> = shell.run [[
  PATH=$PATH:/usr/sbin:/sbin
  command -v lighttpd && ldd /usr/lib/lighttpd/mod_magnet.so | grep -o 'liblua5\.4']]

if not HAS:find "liblua5.4" then
  describe("lighttpd", function()
    pending "lighttpd with mod_magnet for Lua 5.4 is not installed (lighttpd-modules-lua)"
  end)
  return
end

local CONFIG <const> = [[
server.document-root = "%s"
server.bind = "127.0.0.1"
server.port = %d
server.modules = ( "mod_magnet" )
server.errorlog = "/dev/stderr"
$HTTP["url"] == "/hire" { magnet.attract-raw-url-to = ( "%s/examples/hosts/lighttpd/hire.lua" ) }
]]

describe("lighttpd", function()
  local e, folder, host, url

  setup(function()
    e = emulator.start { people = 60, accounts = 50 }
    folder = shell.folder()
    local here = shell.run "pwd":gsub("\n", "")
    local problem
    shell.private_file(folder .. "/key", "k-lighttpd-1234")
    for _ = 1, 3 do -- somebody may take the port in between
      local port = daemon.port()
      shell.private_file(folder .. "/conf", CONFIG:format(folder, port, here))
      host, problem = daemon.start(("env PATH=$PATH:/usr/sbin SEI_BASE_URL=%s SEI_KEY_FILE=%s/key "
        .. "lighttpd -D -f %s/conf"):format(e.url, folder, folder), "server started")
      url = ("http://127.0.0.1:%d/hire"):format(port)
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

  local function post(body)
    local status, text, headers = daemon.ask(url, { method = "POST",
      body = type(body) == "table" and cjson.encode(body) or body })
    assert.equal("application/json", headers["content-type"])
    return status, cjson.decode(text)
  end

  local function somebody()
    for _, one in ipairs(e:api("POST", "/v1/org/users/list", { page_size = 50 }).records) do
      if one.id ~= "0" and one.email ~= "" then return one end
    end
  end

  it("maps what is certain, says why, and leaves the rest to a person", function()
    local who = somebody()
    local status, reply = post { email = who.email, name = who.full_name, accounts = {
      { integration_id = 5323, login = "n7-new-hire", email = who.email },
      { integration_id = 5323, login = "somebody-else", name = "Nobody Atall" },
    } }
    assert.equal(200, status, reply.error)
    assert.same({ login = "n7-new-hire", integration_id = 5323, mapped = true, class = "certain",
      rule = "email", key = who.email }, reply.accounts[1])
    assert.is_false(reply.accounts[2].mapped)
    local written
    for _, log in ipairs(e:log()) do
      if log.method == "PATCH" then written = log end
    end
    assert.is_truthy(written)
    local found = e:api("GET",
      "/v2/developers/identities?searchKey=identity&searchValue=n7-new-hire")
    assert.equal(who.email, found.records[1].email)
  end)

  it("says what is wrong with a body, and writes nothing", function()
    local one = { email = "a@example.com", name = "A B", accounts = {
      { integration_id = 5323, login = "a" } } }
    local function without(name, value)
      local copy = {}
      for k, v in pairs(one) do copy[k] = v end
      copy[name] = value
      return copy
    end
    local bad = {
      { 400, "{", "JSON" }, { 400, "", "JSON" }, { 422, "7", "an object" },
      { 422, without("email", "nobody"), "'email'" }, { 422, without("name"), "'name'" },
      { 422, without "accounts", "'accounts'" },
      { 422, without("accounts", { { login = "x" } }), "accounts%[1%]" },
      { 413, ("x"):rep(70000), "too long" },
    }
    for _, row in ipairs(bad) do
      local status, reply = post(row[2])
      assert.equal(row[1], status, reply.error)
      if row[3] ~= "JSON" then assert.matches(row[3], reply.error) end
    end
    assert.equal(405, (daemon.ask(url)))
    for _, log in ipairs(e:log()) do assert.not_equal("PATCH", log.method) end
  end)

  it("says that the service refuses, and shows no key", function()
    local who = somebody()
    local hire = { email = who.email, name = who.full_name, accounts = {
      { integration_id = 999999, login = "x", email = who.email } } }
    local status, reply = post(hire)
    assert.equal("422 the service: rejected", status .. " " .. reply.error)
    e:quirk("fault", "status-500:always", "/v2/developers/identities")
    status, reply = post(hire)
    assert.equal("502 the service: http", status .. " " .. reply.error)
  end)
end)
