-- The emulator as a server: keys, addresses, log, latency, state, its end.
local emulator = require "spec.support.emulator"
local dkjson = require "dkjson"
local socket = require "socket"

local LIST <const> = "/v1/org/users/list"

describe("the emulator", function()
  local e

  setup(function() e = emulator.start { people = 40, seed = 9 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  describe("lets in", function()
    local function status_of(headers, url)
      local body, status = e:request("GET", url or "/v1/org/users/schema", headers)
      return status, body
    end

    it("any well-formed key in any of the four styles", function()
      for _, headers in ipairs { { ["x-api-key"] = "k" }, { ["X-API-Key"] = "pat.a.b.c" },
        { authorization = "ApiKey k" }, { authorization = "APIKEY k" },
        { authorization = "Bearer k" }, { authorization = "k" } } do
        assert.equal(200, status_of(headers))
      end
    end)

    it("nobody without one, and says so as the family does", function()
      local v1, v2 = select(2, status_of()), select(2, status_of(nil, "/v2/developers/identities"))
      assert.equal(401, (status_of()))
      assert.equal("string", type(dkjson.decode(v1).error))
      assert.equal("error", dkjson.decode(v2).status)
      for _, headers in ipairs { { ["x-api-key"] = "" }, { ["x-api-key"] = "a b" },
        { authorization = "Basic dTpw" }, { authorization = "Bearer " } } do
        assert.equal(401, (status_of(headers)))
      end
    end)

    it("only one key, if it was given one", function()
      local other <close> = emulator.start { people = 1, api_key = "right" }
      local function ask(headers)
        return select(2, other:request("GET", "/v1/org/users/schema", headers))
      end
      assert.equal(200, ask { ["x-api-key"] = "right" })
      assert.equal(200, ask { authorization = "Bearer right" })
      assert.equal(401, ask { ["x-api-key"] = "wrong" })
      assert.equal(401, ask { authorization = "Bearer wrong" })
    end)
  end)

  it("is found under every base path of the regions", function()
    for _, base in ipairs { "/sei/api", "/gateway/sei/api", "/prod1/sei/api", "/gratis/sei/api",
      "" } do
      local _, status = e:api("GET", e.host .. base .. "/v1/org/users/schema")
      assert.equal(200, status, base)
    end
  end)

  it("knows no other addresses and methods", function()
    local v, status = e:api("GET", "/v1/nothing")
    assert.equal(404, status)
    assert.equal("/sei/api/v1/nothing", v.path)
    local headers
    v, status, headers = e:api("GET", LIST)
    assert.equal(405, status)
    assert.equal("POST", headers.allow)
    assert.same({ 405, "Method Not Allowed" }, { v.status, v.error })
    assert.equal(404, select(2, e:request("GET", e.host .. "/_emulator/nothing")))
  end)

  it("lists what there is", function()
    local v = dkjson.decode((e:request("GET", e.host .. "/_emulator")))
    assert.is_true(#v.addresses >= 10)
    local names = {}
    for _, q in ipairs(v.quirks) do names[q.name] = q.number end
    for number = 1, 12 do
      local found = false
      for _, n in pairs(names) do found = found or n == number end
      assert.is_true(found, "no quirk for no. " .. number)
    end
  end)

  describe("logs", function()
    it("path, headers and body exactly as they came", function()
      local body = '{"page_size":1,"x":"\195\164\\u0000"}'
      e:raw("POST /sei/api" .. LIST .. "?a=%41+b&a=&%zz HTTP/1.1\r\nhOsT: x\r\nX-API-Key:  k\r\n"
        .. "X-Twice: 1\r\nx-twice: 2\r\nConnection: close\r\nContent-Length: " .. #body
        .. "\r\n\r\n" .. body)
      local log = e:log()
      assert.equal(1, #log)
      assert.equal("POST", log[1].method)
      assert.equal("/sei/api" .. LIST .. "?a=%41+b&a=&%zz", log[1].path)
      assert.equal(body, log[1].body)
      assert.equal(#body, log[1].body_length)
      assert.equal(200, log[1].status)
      assert.is_true(math.abs(log[1].time - socket.gettime()) < 60)
      local names = {}
      for k, pair in ipairs(log[1].headers) do names[k] = pair.name .. "=" .. pair.value end
      assert.same({ "hOsT=x", "X-API-Key=k", "X-Twice=1", "x-twice=2", "Connection=close",
        "Content-Length=" .. #body }, names)
    end)

    it("bytes that are no text, large bodies cut, and forgets on demand", function()
      local noise = "\0\255\1" .. ("\254"):rep(7)
      e:api("PATCH", "/v2/developers/identities", noise)
      assert.equal(noise, e:log()[1].body)
      local large = (" "):rep((1 << 20) + 17)
      e:api("POST", LIST, large)
      local entry = e:log()[2]
      assert.same({ 1 << 20, (1 << 20) + 17 }, { #entry.body, entry.body_length })
      e:clear_log()
      assert.equal(0, #e:log())
    end)

    it("the last 10,000", function()
      local connection = assert(socket.connect("127.0.0.1", e.port))
      connection:settimeout(5)
      local one = "GET /sei/api/v1/nothing?%d HTTP/1.1\r\nHost: x\r\n\r\n"
      for batch = 0, 100 do
        local out = {}
        for k = 1, 100 do out[k] = one:format(batch * 100 + k) end
        assert(connection:send(table.concat(out)))
        for _ = 1, 100 do
          local length, line
          repeat
            line = assert(connection:receive "*l")
            length = tonumber(line:match "^Content%-Length: (%d+)") or length
          until line == ""
          assert(connection:receive(length))
        end
      end
      connection:close()
      local log = e:log()
      assert.equal(10000, #log)
      assert.equal("/sei/api/v1/nothing?101", log[1].path)
      assert.equal("/sei/api/v1/nothing?10100", log[10000].path)
    end)
  end)

  it("holds answers back without holding up others, and counts them", function()
    e:latency(200)
    local waiting, began = {}, socket.gettime()
    for k = 1, 8 do
      waiting[k] = assert(socket.connect("127.0.0.1", e.port))
      waiting[k]:send "GET /sei/api/v1/org/users/schema HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\n\r\n"
    end
    assert.is_true(#e:state() > 0) -- the control address is never held back
    for k = 1, 8 do
      assert.truthy(waiting[k]:receive "*l":find "200")
      waiting[k]:close()
    end
    local took = socket.gettime() - began
    assert.is_true(took >= 0.19 and took < 1.4, tostring(took))
    local counters = e:counters()
    assert.equal(8, counters.requests)
    assert.equal(8, counters.most_under_way)
    assert.same({ ["200"] = 8 }, counters.by_status)
    e:clear_counters()
    assert.equal(0, e:counters().requests)
  end)

  it("lives on when a client goes away in the middle", function()
    e:latency(50)
    for k = 1, 5 do
      local c = assert(socket.connect("127.0.0.1", e.port))
      c:send(("POST /sei/api%s HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\nContent-Length: %d\r\n\r\n{}")
        :format(LIST, k % 2 == 0 and 2 or 99))
      c:close()
    end
    e:latency(0)
    e:await_under_way(0)
    assert.equal(40, e:api("POST", LIST, "{}")._metadata.total_count)
  end)

  it("shows the state whole, as changes and as a digest", function()
    local v = dkjson.decode(e:state())
    assert.equal(40, #v.contributors)
    local digest = e:state "digest"
    local c = v.contributors[1]
    e:api("PATCH", "/v2/developers/identities",
      { { email = c.email, integrationId = 5328, identity = "zz" } })
    assert.not_equal(digest, e:state "digest")
    local changes = dkjson.decode(e:state "changes")
    assert.equal(1, #changes.changed)
    assert.equal(#c.integration_user_ids + 1, #changes.changed[1].integration_user_ids)
    assert.equal(400, select(2, e:request("GET", e.host .. "/_emulator/state?form=x")))
    e:reset()
    assert.equal(digest, e:state "digest")
  end)

  it("gives the same bytes for the same seed, others for another", function()
    local same <close> = emulator.start { people = 40, seed = 9 }
    local other <close> = emulator.start { people = 40, seed = 10 }
    local function page(x)
      return (x:request("POST", LIST, { ["x-api-key"] = "k" }, '{"page_size":40}'))
    end
    assert.equal(page(e), page(same))
    assert.not_equal(page(e), page(other))
  end)

  it("starts at once and stays lean with a million people #alone", function()
    local began = socket.gettime()
    local large <close> = emulator.start { people = 1000000, accounts = 1000000 }
    local started = socket.gettime() - began
    assert.is_true(started < 1 * (tonumber(os.getenv "SEI_SLOW") or 1), tostring(started))
    local v = large:api("POST", LIST, { page = 199999, page_size = 5 })
    assert.equal("1000000", v.records[5].id)
    local email = v.records[4].email
    local found = large:api("POST", LIST, { filter = { email = email } })
    assert.equal("999999", found.records[1].id)
    local last = large:api("GET", "/v2/developers/identities?pageIndex=199999&pageSize=5")
    assert.equal(5, #last.records)
  end)

  it("ends on SIGTERM with what it is doing left undone", function()
    local pipe = assert(io.popen((os.getenv "SEI_COMMAND" or "sei")
      .. " emulator --latency-ms 60000 2>&1 & echo $!; wait $!; echo status $?", "r"))
    local pid = pipe:read "l"
    local port = pipe:read("l"):match ":(%d+)/"
    local c = assert(socket.connect("127.0.0.1", tonumber(port)))
    c:send "GET /sei/api/v1/org/users/schema HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\n\r\n"
    os.execute("kill " .. pid)
    assert.equal("status 0", pipe:read "l")
    pipe:close()
    c:close()
  end)

  it("refuses wrong options by name, with exit status 1", function()
    for text, options in pairs {
      ['unknown quirk "dangle"'] = "--quirk dangle=3",
      ['quirk drop-rows: takes'] = "--quirk drop-rows=x",
      ["a port is 0 to 65535"] = "--port 70000",
      ["expected a whole number"] = "--people many",
      ["no/such/file"] = "--load no/such/file",
    } do
      local pipe = assert(io.popen((os.getenv "SEI_COMMAND" or "sei") .. " emulator " .. options
        .. " 2>&1 </dev/null; echo status $?", "r"))
      local out = pipe:read "a"
      pipe:close()
      assert.truthy(out:find(text, 1, true), out)
      assert.truthy(out:find "status 1\n$", out)
    end
  end)

  it("says in --help what every quirk and fault is", function()
    local pipe = assert(io.popen((os.getenv "SEI_COMMAND" or "sei") .. " emulator --help", "r"))
    local out = pipe:read "a"
    pipe:close()
    local v = dkjson.decode((e:request("GET", e.host .. "/_emulator")))
    for _, q in ipairs(v.quirks) do assert.truthy(out:find(q.name .. q.takes, 1, true), q.name) end
    for line in out:gmatch "[^\n]+" do assert.is_true(utf8.len(line) <= 100, line) end
  end)
end)
