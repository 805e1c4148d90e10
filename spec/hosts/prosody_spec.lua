-- examples/hosts/prosody in the distribution's Prosody: it answers who a login
-- is, and goes on with everything else while it waits for the service.
local daemon = require "spec.support.daemon"
local emulator = require "spec.support.emulator"
local prosody = require "spec.support.prosody"
local shell = require "spec.support.shell"
local socket = require "socket"
local xmpp = require "spec.support.xmpp"

if not prosody.is_there() then
  describe("Prosody", function()
    pending "prosody is not installed"
  end)
  return
end

local SLOW <const> = math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10)

describe("Prosody", function()
  local e, folder, host, url, chat

  setup(function()
    e = emulator.start { people = 60, accounts = 200 }
    folder = shell.folder()
    host, url, chat = prosody.start(e, folder, "sei_who", 10 * SLOW)
    url = url .. "/sei"
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
    e:clear_log()
    assert.equal(400, (daemon.ask(url .. "/who/")))
    assert.equal(0, #e:log())
  end)

  it("says what is wrong with the service, and shows no key", function()
    e:quirk("fault", "garbage:1", "/v2/developers/identities")
    local status, body = daemon.ask(url .. "/who/somebody")
    assert.equal("502 the service: decode\n", status .. " " .. body)
    assert.is_nil(host:await "the reply is not JSON":find("k-prosody", 1, true))
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

  -- ---- the command, as a chat client sees it ----

  local function login(name) return xmpp.login(chat, name, "p-" .. name, 5 * SLOW) end

  -- The first step of the command; what the second one needs.
  local function form_of(session)
    local text = session:answer(session:command("sei-who", "execute"))
    assert.matches("status='executing'", text, 1, true)
    assert.matches("<field[^>]*var='login'", text)
    return assert(text:match "sessionid='([^']+)'")
  end

  it("says in a chat client who a login is, to administrators alone", function()
    local one = somebody()
    local boss <close> = login "boss"
    assert.matches("node='sei-who'", boss:ask("get",
      "<query xmlns='http://jabber.org/protocol/disco#items'"
      .. " node='http://jabber.org/protocol/commands'/>", "localhost"), 1, true)
    local text = boss:answer(boss:command("sei-who", "complete", form_of(boss),
      { login = one.identity }))
    assert.matches("status='completed'", text, 1, true)
    assert.matches(("%s in %d: %s"):format(one.identity, one.integrationId, one.email), text, 1,
      true)
    text = boss:answer(boss:command("sei-who", "complete", form_of(boss), { login = "no-one" }))
    assert.matches("nobody has this login", text, 1, true)
    text = boss:answer(boss:command("sei-who", "complete", form_of(boss), {}))
    assert.matches("a login is needed", text, 1, true)
    local guest <close> = login "guest"
    text = guest:answer(guest:command("sei-who", "execute"))
    assert.matches("type='error'", text, 1, true)
    assert.matches("<forbidden", text, 1, true)
  end)

  it("serves other chats while a command waits for the service", function()
    local boss <close> = login "boss"
    local guest <close> = login "guest"
    local session = form_of(boss)
    e:quirk("fault", ("slow-%.1f:1"):format(0.5 * SLOW), "/v2/developers/identities")
    local before, polls = e:counters().requests, 0
    local id = boss:command("sei-who", "complete", session, { login = "no-one" })
    while e:counters().requests == before do
      polls = polls + 1
      assert(polls < 5000, "nobody asks the service")
    end
    for _ = 1, 20 do
      assert.matches("type='result'", guest:ask("get", "<ping xmlns='urn:xmpp:ping'/>",
        "localhost"), 1, true)
    end
    boss.socket:settimeout(0)
    assert.matches("timeout", select(2, pcall(boss.answer, boss, id)))
    boss.socket:settimeout(10 * SLOW)
    assert.matches("nobody has this login", boss:answer(id), 1, true)
  end)
end)

describe("Prosody, while 80,715 contributors are listed", function()
  it("#proof is kept busy 10 ms at most (99th percentile)", function()
    local folder = shell.folder()
    local e <close> = emulator.start { people = 80715 }
    local host <close>, url = prosody.start(e, folder, "sei_stall", 10 * SLOW)
    for _ = 1, 3 do
      local status, body = daemon.ask(url .. "/stall/list")
      assert.equal(200, status, body)
      local n, ticks, half, p99, worst = body:match "^(%d+) (%d+) (%S+) (%S+) (%S+)\n$"
      print(("busy: %s ms half of the time, %s at the 99th percentile, %s at worst, %s ticks")
        :format(half, p99, worst, ticks))
      assert.equal("80715", n)
      assert.is_true(tonumber(p99) <= 10 * SLOW, body)
    end
    host:stop()
    shell.remove(folder)
  end)
end)
