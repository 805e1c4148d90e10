-- Every fault of the emulator, seen on a bare socket.
local emulator = require "spec.support.emulator"
local dkjson = require "dkjson"

local LIST <const> = "/v1/org/users/list"

describe("the emulator's fault", function()
  local e

  setup(function() e = emulator.start { people = 30, seed = 2 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  local function bytes(method, path, body)
    return ("%s /sei/api%s HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\nContent-Length: %d\r\n\r\n%s")
      :format(method, path, #body, body)
  end

  -- Status, head and body of what comes, and how it ends.
  local function ask(seconds)
    local text, ended = e:raw(bytes("POST", LIST, '{"page_size":30}'), seconds or 5)
    local head, body = text:match "^(.-\r\n)\r\n(.*)$"
    return { status = tonumber(text:match "^HTTP/1.1 (%d+)"), head = head or "", body = body or "",
      ended = ended, length = head and tonumber(head:match "Content%-Length: (%d+)") }
  end

  local function write()
    return e:raw(bytes("PUT", "/v1/org/users",
      '[{"email":"w@x.example","full_name":"W","integration_user_ids":[]}]')
      :gsub("\r\n", "\r\nConnection: close\r\n", 1), 5)
  end

  local function people()
    e:clear()
    return e:api("POST", LIST, "{}")._metadata.total_count
  end

  it("reset-before: a reset, and nothing was done", function()
    e:quirk("fault", "reset-before")
    local text, ended = write()
    assert.same({ "", "reset" }, { text, ended })
    assert.equal(30, people())
  end)

  it("reset-acted: a reset, but it was done", function()
    e:quirk("fault", "reset-acted")
    local text, ended = write()
    assert.same({ "", "reset" }, { text, ended })
    assert.equal(31, people())
  end)

  it("reset-within: half of the body, then a reset", function()
    e:quirk("fault", "reset-within")
    local r = ask()
    assert.equal(200, r.status)
    assert.equal(r.length // 2, #r.body)
    assert.equal("reset", r.ended)
  end)

  it("reset-after: the whole body, then a reset", function()
    e:quirk("fault", "reset-after")
    local r = ask()
    assert.equal(r.length, #r.body)
    assert.equal("reset", r.ended)
  end)

  it("truncated: half of the body, then a polite end", function()
    e:quirk("fault", "truncated")
    local r = ask()
    assert.equal(r.length // 2, #r.body)
    assert.equal("closed", r.ended)
  end)

  it("wrong-length: ten bytes more than announced", function()
    e:quirk("fault", "wrong-length")
    local r = ask()
    assert.equal(r.length + 10, #r.body)
    assert.equal(1, select(2, r.head:gsub("Content%-Length", "")))
    assert.truthy(dkjson.decode(r.body))
  end)

  it("slow: the body in pieces, for so many seconds; others are served meanwhile #alone",
    function()
    local socket = require "socket"
    e:quirk("fault", "slow-0.4")
    local slow = assert(socket.connect("127.0.0.1", e.port))
    local began = socket.gettime()
    slow:send(bytes("POST", LIST, "{}"))
    assert.truthy(slow:receive "*l":find "200")
    local answered = e:api("GET", "/v1/org/users/schema")
    assert.truthy(answered.fields)
    assert.is_true(socket.gettime() - began < 0.35)
    local length
    repeat
      local line = slow:receive "*l"
      length = tonumber(line:match "^Content%-Length: (%d+)") or length
    until line == ""
    assert.equal(length, #slow:receive(length))
    local took = socket.gettime() - began
    slow:close()
    assert.is_true(took >= 0.35 and took < 3, tostring(took))
  end)

  it("bad-gzip: says gzip, and ends too early", function()
    e:quirk("fault", "bad-gzip")
    local _, _, headers = e:api("POST", LIST, "{}")
    assert.equal("gzip", headers["content-encoding"])
    e:quirk("fault", "bad-gzip")
    local text = e:request("POST", LIST, { ["x-api-key"] = "k" }, "{}")
    assert.equal("\31\139\8", text:sub(1, 3))
    local stored = ("<I2"):unpack(text, 12)
    assert.is_true(#text - 15 < stored)
    assert.equal('{"records":', text:sub(16, 26))
  end)

  it("bad-utf8, deep-json, garbage: a body that no client can want", function()
    e:quirk("fault", "bad-utf8")
    local text = e:request("POST", LIST, { ["x-api-key"] = "k" }, "{}")
    assert.is_nil(utf8.len(text))
    e:quirk("fault", "deep-json")
    text = e:request("POST", LIST, { ["x-api-key"] = "k" }, "{}")
    assert.equal(("["):rep(100000) .. ("]"):rep(100000), text)
    e:quirk("fault", "garbage")
    local status, headers
    text, status, headers = e:request("POST", LIST, { ["x-api-key"] = "k" }, "{}")
    assert.same({ 200, "application/json" }, { status, headers["content-type"] })
    assert.is_nil((dkjson.decode(text)))
  end)

  it("status-NNN: an answer of the gateway, and nothing was done", function()
    for _, status in ipairs { 429, 500, 503, 418 } do
      e:quirk("fault", "status-" .. status)
      assert.equal(status, tonumber(write():match "^HTTP/1.1 (%d+)"))
    end
    assert.equal(30, people())
  end)

  it("comes at the N-th request, and so many times; several add up", function()
    e:quirk("fault", "status-500@2:2")
    e:quirk("fault", "status-503@5")
    local statuses = {}
    for k = 1, 6 do statuses[k] = select(2, e:api("POST", LIST, "{}")) end
    assert.same({ 200, 500, 500, 200, 503, 200 }, statuses)
  end)

  it("comes always, and for some paths only", function()
    e:quirk("fault", "status-500:always", "/v2")
    for _ = 1, 3 do
      assert.equal(200, select(2, e:api("POST", LIST, "{}")))
      assert.equal(500, select(2, e:api("GET", "/v2/developers")))
    end
    assert.equal(200, select(2, e:request("GET", e.host .. "/_emulator")))
  end)

  it("breaks streamed answers as well", function()
    e:quirk("fault", "truncated")
    local text, ended = e:raw(bytes("GET", "/v2/developers/identities",
      ""):gsub("\r\n", "\r\nAccept: text/csv\r\n", 1), 5)
    local head, body = text:match "^(.-\r\n)\r\n(.*)$"
    assert.equal(tonumber(head:match "Content%-Length: (%d+)") // 2, #body)
    assert.equal("closed", ended)
  end)
end)
