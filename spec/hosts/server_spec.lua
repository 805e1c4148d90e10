-- The servers of examples/hosts/luv and examples/hosts/cqueues, with lua-http: a
-- sync when they start, hires by a webhook, and an end by a signal in the middle
-- of an apply, which the next start brings to its end.
local cjson = require "cjson"
local daemon = require "spec.support.daemon"
local journal = require "sei.journal"
local plans = require "spec.support.plans"
local shell = require "spec.support.shell"
local socket = require "socket"

local SLOW <const> = math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10)
local IDENTITIES <const> = "/v2/developers/identities"
local ROWS <const> = 500

local HAS <const> = shell.run(shell.lua() .. [[ -e "package.path = package.path .. ';/usr/share/]]
  .. [[lua/5.1/?.lua' print(pcall(require, 'http.server'))"]]):find "^true"

-- An account for each person.
local RECIPE <const> = [[
local people, accounts = {}, {}
for i = 1, %d do
  people[i] = { id = tostring(i), email = ("p%%d@x.example"):format(i), name = "Person " .. i }
  accounts[i] = { integration_id = 5323, login = "new-" .. i, email = people[i].email }
end
return { people = people, accounts = accounts, guard = { state = false } }
]]

for _, name in ipairs { "luv", "cqueues" } do
  describe("the server in the loop of " .. name, function()
    if not HAS or not pcall(require, name) then
      pending(("lua-http or lua-%s is not installed"):format(name))
      return
    end

    local e, folder, host, number = nil, nil, nil, 0

    setup(function()
      folder = shell.folder()
      e = plans.emulator(folder, ROWS + 20)
      shell.private_file(folder .. "/key", "k-server-1234")
      shell.private_file(folder .. "/recipe.lua", RECIPE:format(ROWS))
    end)
    teardown(function()
      e:stop()
      shell.remove(folder)
    end)
    before_each(function()
      e:reset()
      number = number + 1
      assert(os.execute("mkdir " .. shell.quote(folder .. "/" .. number)))
    end)
    after_each(function()
      if host then host:stop() end
      host = nil
    end)

    -- Starts it; its folder is that of the test.
    local function start()
      local problem
      host, problem = daemon.start(("env SEI_BASE_URL=%s SEI_KEY_FILE=%s/key SYNC_RECIPE=%s"
        .. "/recipe.lua SYNC_FOLDER=%s/%d %s examples/hosts/%s/server.lua"):format(e.url, folder,
        folder, folder, number, shell.lua(), name), "^listening on ")
      if not host then error(problem) end
      return host.line:match "http://%S+"
    end

    -- Ends it by SIGTERM; what it said, and the seconds it took.
    local function stop()
      local from = socket.gettime()
      local text = host:stop()
      return text, socket.gettime() - from
    end

    local function post(url, body)
      local status, text, headers = daemon.ask(url, { method = "POST",
        body = type(body) == "table" and cjson.encode(body) or body })
      assert.equal("application/json", headers["content-type"])
      return status, cjson.decode(text)
    end

    local function hire(more)
      local body = { email = "p510@x.example", name = "Person 510", accounts = {
        { integration_id = 5323, login = "hire-510", email = "p510@x.example" },
        { integration_id = 5323, login = "somebody-else", name = "Nobody Atall" } } }
      for key, value in pairs(more or {}) do body[key] = value end
      return body
    end

    local function owner_of(login)
      local found = e:api("GET", IDENTITIES .. "?searchKey=identity&searchValue=" .. login)
      return found.records[1] and found.records[1].email
    end

    it("syncs, maps a hire and says why, refuses what is bad, and ends", function()
      local url = start()
      assert.equal(("sync: %d of %d rows are as planned; %d sent in 3 batches"):format(ROWS, ROWS,
        ROWS), host:await "^sync: ")
      assert.equal("p1@x.example", owner_of "new-1")
      e:clear_log()
      local bad = { { 400, "{" }, { 400, "" }, { 422, "7" }, { 422, hire { name = "" } },
        { 422, hire { accounts = { { login = "x" } } } },
        { 422, hire { accounts = { { integration_id = 5323, login = "x", email = { "y" } } } } },
        { 413, ("x"):rep(70000) } }
      for _, row in ipairs(bad) do
        local status, reply = post(url, row[2])
        assert.equal(row[1], status)
        assert.is_string(reply.error)
      end
      assert.equal(405, (daemon.ask(url)))
      assert.equal(404, (daemon.ask(url .. "d")))
      assert.equal(0, #e:log())
      local status, reply = post(url, hire())
      assert.equal(200, status)
      assert.same({ login = "hire-510", integration_id = 5323, mapped = true, class = "certain",
        rule = "email", key = "p510@x.example" }, reply.accounts[1])
      assert.is_false(reply.accounts[2].mapped)
      assert.equal("p510@x.example", owner_of "hire-510")
      assert.equal("stopped\n", (stop()))
    end)

    it("answers others while a hire waits for the service, and tells it of the end", function()
      local url = start()
      host:await "^sync: "
      e:quirk("fault", ("slow-%d:1"):format(60 * SLOW), IDENTITIES)
      local before, polls = e:counters().requests, 0
      local slow = assert(socket.connect("127.0.0.1", url:match ":(%d+)/"))
      local body = cjson.encode(hire())
      assert(slow:send(("POST /hire HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d"
        .. "\r\n\r\n%s"):format(#body, body)))
      while e:counters().requests == before do -- it has reached the service then
        polls = polls + 1
        assert(polls < 5000, "nobody asks the service")
      end
      for _ = 1, 20 do assert.equal(422, (post(url, "7"))) end
      slow:settimeout(0)
      assert.equal("timeout", select(2, slow:receive "*l")) -- it waits still
      assert.matches("stopped\n", (stop()))
      slow:settimeout(5 * SLOW)
      local text = slow:receive "*a"
      assert.matches("^HTTP/1.1 502", text)
      assert.matches('{"error":"the service: closed"}', text, 1, true)
      slow:close()
    end)

    -- The number of the second batch among the requests to the identities, and
    -- among all.
    local function second_batch()
      local n, batches = 0, 0
      for i, one in ipairs(e:log()) do
        if one.path:find(IDENTITIES, 1, true) then n = n + 1 end
        if one.method == "PATCH" then batches = batches + 1 end
        if batches == 2 then return n, i end
      end
    end

    it("ends in the middle of an apply within a second #alone, and the next one goes on", function()
      start()
      host:await "^sync: "
      stop()
      local wanted, at, total = e:state "digest", second_batch()
      e:reset()
      e:quirk("fault", ("slow-%d@%d:1"):format(60 * SLOW, at), IDENTITIES)
      number = number + 1
      assert(os.execute("mkdir " .. shell.quote(folder .. "/" .. number)))
      start()
      local polls = 0
      while e:counters().requests < total do
        polls = polls + 1
        assert(polls < 5000, "there is no second batch")
      end
      local text, seconds = stop()
      assert.equal("sync: ended before its end\nstopped\n", text)
      assert.is_true(seconds < SLOW, seconds)
      local path = ("%s/%d/plan.jsonl.journal"):format(folder, number)
      local events = assert(journal.read(path)).events
      for i, event in ipairs(events) do events[i] = event.event end
      assert.equal("begin sent acknowledged sent", table.concat(events, " ", 1, 4))
      e:clear()
      e:clear_log()
      start()
      assert.equal(("sync: %d of %d rows are as planned; %d sent in 1 batch"):format(ROWS, ROWS,
        ROWS - 400), host:await "^sync: ")
      assert.equal(wanted, e:state "digest")
    end)
  end)
end
