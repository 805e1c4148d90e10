-- errors - every kind of error reached for real, on reads and on writes, with
-- the fields that it has; every error body that is known; what a web page, a
-- plain text or nothing at all becomes.
local emulator = require "spec.support.emulator"
local scripted = require "spec.support.scripted"
local sei = require "sei"
local shell = require "spec.support.shell"
local socket = require "socket"
local wire = require "spec.support.wire"

local reply = scripted.reply
local KEY <const> = "pat.acct1.key7.not-a-secret"

-- The error of a call, returned or raised; the call must fail.
local function failure(call, ...)
  local ok, value, err = pcall(call, ...)
  if not ok then err = value else assert.is_nil(value) end
  assert.is_true(sei.is_error(err), "no error object: " .. tostring(err))
  return err
end

local IDENTITY = { email = "a@b.c", integrationId = 1, identity = "x" }

local function schema(client, options) return client:get_schema(options) end
local function list(client, options) return wire.all(client:list_contributors(options)) end
local function licensed(client) return wire.all(client:list_licensed()) end
local function rows(client) return wire.all(client:download_identities()) end
local function patch(client) return client:patch_identities { IDENTITY } end
local function upload(client) return client:upload_identities { rows = { IDENTITY } } end
local function send(client) return client:activate_developers "1" end

-- What a call tells of the one reply that a server gives to everything.
local function answered(bytes, call, options)
  local server <close> = scripted.start(function() return bytes end)
  local client <close> = server:client(options or {})
  return failure(call, client), server
end

describe("an error", function()
  it("has its kind, its words, and what was asked and came", function()
    local err, server = answered(reply(400, '{"error":"no such thing"}',
      { "Content-Type: application/json", "X-Request-Id: r-17", "Retry-After: 7" }), patch)
    assert.equal("rejected", err.kind)
    assert.equal("the service refused the request: no such thing", err.message)
    assert.equal(400, err.status)
    assert.equal("PATCH", err.method)
    assert.equal(server.url .. "/v2/developers/identities", err.url)
    assert.equal("r-17", err.request_id)
    assert.equal(7, err.retry_after)
    assert.equal('{"error":"no such thing"}', err.body)
    assert.same({ first = 1, last = 1 }, err.rows)
    assert.equal(1, #err.attempts)
    assert.equal(400, err.attempts[1].status)
    assert.equal("float", math.type(err.attempts[1].duration))
    assert.equal(0, err.report.accepted)
    assert.equal("rejected: the service refused the request: no such thing (HTTP 400, PATCH "
      .. err.url .. ", request r-17)", tostring(err))
  end)

  it("passes over a request id without a value", function()
    local err = answered(reply(400, "no", { "X-Request-Id: ", "X-Correlation-Id: c-17" }), patch)
    assert.equal("c-17", err.request_id)
    err = answered(reply(400, "no", { "X-Request-Id: " }), patch)
    assert.is_nil(err.request_id)
  end)

  it("has the hint at the end of its text", function()
    local err = answered(reply(412, ""), patch)
    assert.matches("without saying why %(HTTP 412, .-%); upload developer records and map "
      .. "their fields first$", tostring(err))
  end)

  it("is made by scripts in the same shape, too", function()
    local err = sei.error { kind = "cancelled", message = "not today" }
    assert.is_true(sei.is_error(err))
    assert.equal("cancelled: not today", tostring(err))
    assert.is_false(pcall(sei.error, { kind = "sad", message = "x" }))
    assert.is_false(pcall(sei.error, { kind = "http" }))
    assert.is_false(sei.is_error { kind = "http", message = "x" })
  end)
end)

describe("an error body", function()
  local LONG <const> = ("word "):rep(500)

  -- Title, status, body, kind of a write's error, message, other fields.
  local BODIES = {
    { "of v1", 400, '{"error":"Contributor with ID 3 not found."}', "rejected",
      "the service refused the request: Contributor with ID 3 not found." },
    { "of identities", 400, '{"status":"error","message":"Row 1: no."}', "rejected",
      "the service refused the request: Row 1: no." },
    { "of identities, 401", 401, '{"status":"error","message":"who?"}', "auth",
      "the service does not accept the API key: who?",
      hint = "the key was sent in the style 'x-api-key'; some endpoints want auth = \"apikey\"" },
    { "of developers", 400, '{"status":"FAILURE","errors":[{"errorType":"DUPLICATE_EMAIL",'
      .. '"fieldName":"email","errorDeveloperCount":2,"sampleErrorDevelopers":[{"email":"a"}]},'
      .. '{"errorType":"EMPTY_CSV","fieldName":null}]}', "rejected",
      "the service refused the request: DUPLICATE_EMAIL in field email (2 developers); EMPTY_CSV",
      code = "DUPLICATE_EMAIL" },
    { "of the gateway", 500, '{"status":"ERROR","code":"INTERNAL","message":"broke",'
      .. '"correlationId":"c-1","detailedMessage":null,"responseMessages":[]}', "http",
      "the service failed: broke", code = "INTERNAL", request_id = "c-1" },
    { "of the gateway, words in the details", 502, '{"status":"ERROR","code":"X","message":null,'
      .. '"correlationId":"c-2","detailedMessage":"upstream","responseMessages":[]}', "http",
      "the service failed: upstream", code = "X", request_id = "c-2" },
    { "of the gateway, words in the list", 503, '{"status":"ERROR","code":"X","message":"",'
      .. '"correlationId":"c-3","responseMessages":[{"code":"Y","message":"the list"}]}', "http",
      "the service failed: the list", code = "X", request_id = "c-3" },
    { "of the framework", 404, '{"timestamp":"2025-01-01T00:00:00","status":404,'
      .. '"error":"Not Found","message":"No endpoint","path":"/x"}', "rejected",
      "the service refused the request: No endpoint" },
    { "of the framework without words", 405, '{"timestamp":1,"status":405,'
      .. '"error":"Method Not Allowed","message":"","path":"/x"}', "http",
      "the service refused the request: Method Not Allowed" },
    { "of plain text", 500, "something\nbroke", "http", "the service failed: something broke" },
    { "of a lot of text", 500, LONG, "http", "the service failed: " .. LONG:sub(1, 300) .. "..." },
    { "of nothing", 500, "", "http", "the service failed: without saying why" },
    { "of blanks", 502, " \r\n ", "http", "the service failed: without saying why" },
    { "of broken JSON", 400, '{"error":"no', "rejected",
      'the service refused the request: {"error":"no' },
    { "of JSON that is no object", 400, "[1,2]", "rejected",
      "the service refused the request: [1,2]" },
    { "of JSON without words", 400, '{"x":1}', "rejected",
      'the service refused the request: {"x":1}' },
    { "of errors that are strings", 400, '{"errors":["one","two"]}', "rejected",
      "the service refused the request: one; two" },
    { "of control characters and bytes that are no UTF-8", 500, "a\0b\27[31mc\255d", "http",
      "the service failed: a b [31mc?d" },
    { "of text that is no UTF-8 from its beginning", 400, "\xFCber", "rejected",
      "the service refused the request: ?ber" },
    { "of a code with control characters", 400, '{"message":"m","code":"\\u001b[2J\\u0000x"}',
      "rejected", "the service refused the request: m", code = " [2J x" },
    { "of a long correlation id", 400, '{"message":"m","correlationId":"'
      .. ("x"):rep(400) .. '"}', "rejected", "the service refused the request: m",
      request_id = ("x"):rep(300) .. "..." },
    { "of a 200 that says that it failed", 200, '{"status":"error","message":"half of it"}',
      "rejected", "the service refused the request: half of it" },
    { "of a 200 with errors of developers", 200, '{"status":"FAILURE","errors":['
      .. '{"errorType":"INVALID_CSV"}]}', "rejected",
      "the service refused the request: INVALID_CSV", code = "INVALID_CSV" },
    { "of a 200 of v1", 200, '{"error":"later"}', "rejected",
      "the service refused the request: later" },
    { "of too many requests", 429, '{"message":"slow down"}', "http",
      "too many requests: slow down",
      hint = "the service allows 400 requests a minute for a key" },
    { "of a missing right", 403, '{"message":"no"}', "auth", "the key may not do this: no",
      hint = "the key needs the scope developer_records:read, for writes "
        .. "developer_records:write" },
  }

  for _, one in ipairs(BODIES) do
    it(one[1] .. " is read", function()
      local err = answered(reply(one[2], one[3]), patch)
      assert.equal(one[4], err.kind)
      assert.equal(one[5], err.message)
      assert.equal(one[2], err.status)
      for _, field in ipairs { "hint", "code", "request_id" } do
        assert.equal(one[field], err[field], field)
      end
    end)
  end

  it("lists its first ten errors, and err.rows has all", function()
    local errors = {}
    for i = 1, 30 do errors[i] = ('{"errorType":"E%d"}'):format(i) end
    local err = answered(reply(400, '{"errors":[' .. table.concat(errors, ",") .. "]}"), patch)
    assert.matches("E10$", err.message)
    assert.equal(30, #err.rows)
    assert.equal("E30", err.rows[30].errorType)
  end)

  it("with status 200 is an error of a read as well", function()
    local bytes = reply(200, '{"status":"error","message":"no schema today"}')
    local err = answered(bytes, schema)
    assert.equal("http", err.kind)
    assert.equal("the service refused the request: no schema today", err.message)
    err = answered(bytes, list)
    assert.equal("protocol", err.kind)
    assert.matches("no records in the reply.*; its message: no schema today$", err.message)
  end)

  it("that is large ends a stream at once", function()
    local begin = os.time()
    for _, call in ipairs { rows, licensed } do
      local err = answered(reply(500, ("x"):rep(1 << 21)), call)
      assert.equal("http", err.kind)
      assert.equal(500, err.status)
      err = answered(reply(200, "<!doctype html><title>Sign in</title>" .. ("x"):rep(1 << 21),
        {}), call)
      assert.equal("the service sent a web page titled 'Sign in' instead of data", err.message)
    end
    assert.is_true(os.time() - begin < 10)
  end)
end)

describe("a web page", function()
  local PAGES = {
    { "<!DOCTYPE html><html><head><title>\n Log in &amp; on </title></head><form>x</form>",
      "titled 'Log in &amp; on' instead" },
    { "  <html><body><form></form>", "the service sent a web page instead of data" },
    { "<!doctype html><title></title>", "the service sent a web page instead of data" },
    { "<HTML><TITLE lang=en>Up</TITLE>", "titled 'Up' instead" },
    { "<!doctype html><title>" .. ("t"):rep(999) .. "</title>", "titled '" .. ("t"):rep(300)
      .. "...' instead" },
    { "<!doctype html><title>open", "the service sent a web page instead of data" },
    { "no tag at all", "the service sent a web page instead of data",
      "Content-Type: text/html; charset=utf-8" },
  }
  local CALLS = { schema, list, licensed, rows, patch, upload, send }

  it("gives a sentence with its title, never its source", function()
    for _, page in ipairs(PAGES) do
      for _, call in ipairs(CALLS) do
        local err = answered(reply(200, page[1], { page[3] }), call)
        assert.equal("protocol", err.kind)
        assert.matches(page[2], err.message, 1, true)
        assert.is_nil(err.body)
        assert.is_nil(tostring(err):find "[Ff][Oo][Rr][Mm]>")
        assert.matches("often a login page", err.hint, 1, true)
      end
    end
  end)

  it("that comes with a refusal does the same", function()
    local err = answered(reply(502, "<html><title>Bad gateway</title><p>nginx</p>"), schema)
    assert.equal("the service failed: a web page titled 'Bad gateway'", err.message)
    assert.is_nil(err.body)
  end)
end)

describe("each fault of the service", function()
  local e, client, row

  setup(function()
    e = emulator.start { people = 30 }
    client = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
    row = client:list_identities { max_items = 1 }()
  end)

  teardown(function()
    client:close()
    e:stop()
  end)

  before_each(function() e:reset() end)

  local READS = { schema = schema, licensed = licensed, rows = rows,
    list = function(c) return list(c, { page_size = 10, window = 1 }) end,
    file = function(c)
      local path = os.tmpname()
      finally(function() os.remove(path) end)
      return c:download_identities { file = path }
    end }
  local WRITES = { patch = function(c) return c:patch_identities { row } end,
    upload = function(c) return c:upload_identities { rows = { row } } end }

  local function check(calls, quirk, value, kind, status, words)
    for name, call in pairs(calls) do
      e:reset()
      e:quirk(quirk, value)
      local err = failure(call, client)
      local what = name .. ": " .. tostring(err)
      assert.equal(kind, err.kind, what)
      assert.equal(status, err.status, what)
      assert.matches(words or "", err.message, 1, true)
      assert.is_string(err.method)
      assert.matches("^http://127.0.0.1:%d+/", err.url)
      assert.equal(status, err.attempts[1].status)
    end
  end

  -- Fault, then kind, status and words for reads; for writes where they differ.
  local FAULTS = {
    { "reset-before", "connect", nil, "Connection reset by peer" },
    { "reset-acted", "connect", nil, "Connection reset by peer" },
    { "reset-within", "connect", 200, "Connection reset by peer" },
    { "bad-gzip", "protocol", 200, "the reply's gzip data ends too early" },
    { "status-400", "http", 400, "asked for", "rejected" },
    { "status-401", "auth", 401, "the service does not accept the API key" },
    { "status-403", "auth", 403, "the key may not do this" },
    { "status-404", "http", 404, "asked for", "rejected" },
    { "status-409", "http", 409, "asked for", "rejected" },
    { "status-412", "http", 412, "asked for", "rejected" },
    { "status-413", "http", 413, "asked for", "rejected" },
    { "status-422", "http", 422, "asked for", "rejected" },
    { "status-429", "http", 429, "too many requests" },
    { "status-500", "http", 500, "the service failed: " },
    { "status-503", "http", 503, "the service failed: " },
  }
  for _, f in ipairs(FAULTS) do
    it(f[1] .. " is told by reads and writes", function()
      check(READS, "fault", f[1] .. ":always", f[2], f[3], f[4])
      check(WRITES, "fault", f[1] .. ":always", f[5] or f[2], f[3], f[4])
    end)
  end

  it("truncated is told by reads and writes", function()
    check(READS, "fault", "truncated:always", "connect", 200)
    check(WRITES, "fault", "truncated:always", "connect", 200)
  end)

  it("of the text itself is told by those who read it", function()
    local json = { schema = READS.schema, list = READS.list, licensed = READS.licensed }
    check(json, "fault", "garbage:always", "decode", 200, "the reply is not JSON: expected a value")
    check(json, "fault", "bad-utf8:always", "decode", 200, "invalid UTF-8 in a string")
    check(json, "fault", "wrong-length:always", "decode", 200, "the text ends too early")
    check({ READS.schema }, "fault", "deep-json:always", "decode", 200, "nested too deeply")
    check({ READS.list }, "fault", "deep-json:always", "protocol", 200, "bare array")
    local csv = { rows = READS.rows, file = READS.file }
    check(csv, "fault", "garbage:always", "protocol", 200, "JSON where CSV")
    check(csv, "fault", "deep-json:always", "protocol", 200, "JSON where CSV")
    check(csv, "plain-ok", nil, "decode", 200, "column")
  end)

  it("that asks for a login is told by all", function()
    for _, calls in ipairs { READS, WRITES } do
      check(calls, "html-login", "200", "protocol", 200, "a web page titled 'Harness'")
      check(calls, "html-login", "403", "auth", 403, "a web page titled 'Harness'")
      check(calls, "html-login", "redirect", "protocol", 302, "the service redirects elsewhere: "
        .. "http://127.0.0.1:" .. e.port .. "/auth/")
    end
  end)

  it("that says nothing is told by reads", function()
    check(READS, "empty-ok", nil, "protocol", 200, "the service sent an empty reply where ")
    check({ READS.schema, READS.list }, "plain-ok", nil, "decode", 200, "not JSON")
  end)

  it("that says nothing, or just ok, is an acknowledgement for a write", function()
    for quirk, message in pairs { ["plain-ok"] = "ok", ["empty-ok"] = "" } do
      for _, call in pairs(WRITES) do
        e:reset()
        e:quirk(quirk)
        local report = assert(call(client))
        assert.equal(1, report.accepted)
        assert.same({ message = message }, report.batches[1].reply)
      end
    end
  end)

  it("slow replies are waited for, until the time is over", function()
    e:quirk("fault", "slow-0.2:always")
    assert(client:get_schema())
    e:clear()
    e:quirk("fault", "slow-30:always")
    for _, call in ipairs { schema, function(c, o) return c:patch_identities({ row }, o) end,
      list } do
      local began = socket.gettime()
      local err = failure(call, client, { timeout = 0.3 })
      assert.equal("timeout", err.kind)
      assert.is_true(socket.gettime() - began >= 0.29, "it did not wait")
      assert.is_true(err.attempts[1].duration < 10, err.attempts[1].duration)
    end
  end)

  it("forms of Retry-After all come as seconds", function()
    e:quirk("fault", "status-429:always")
    assert.is_nil(failure(schema, client).retry_after)
    for _, form in ipairs { "seconds", "imf", "rfc850", "asctime" } do
      e:quirk("retry-after", form .. ":40")
      local wait = failure(schema, client).retry_after
      assert.is_true(wait > 30 and wait <= 41, form .. ": " .. tostring(wait))
    end
  end)

  it("paging_loop: a page like the one before", function()
    local page = {}
    for i = 1, 10 do page[i] = ('{"id":"%d"}'):format(i) end
    local err = answered(reply(200, '{"records":[' .. table.concat(page, ",")
      .. '],"_metadata":{"total_count":100}}'), function(c)
        return list(c, { page_size = 10, window = 1 })
      end)
    assert.equal("paging_loop", err.kind)
    assert.matches("^list_contributors: ", err.message)
    assert.equal("POST", err.method)
    assert.matches("/v1/org/users/list$", err.url)
  end)

  it("drift: the list moved while it was read", function()
    e:quirk("drift", "3:1")
    local err = failure(list, client, { page_size = 10, window = 1 })
    assert.equal("drift", err.kind)
    assert.matches("on_drift", err.hint, 1, true)
    assert.equal("POST", err.method)
  end)
end)

describe("the other kinds", function()
  it("connect: nobody listens", function()
    local server = scripted.start(function() end)
    server:stop()
    local client <close> = sei.client { base_url = server.url, api_key = KEY,
      pace = false, retries = 0 }
    for _, call in ipairs { schema, list, licensed, rows, patch, upload, send } do
      local err = failure(call, client)
      assert.equal("connect", err.kind)
      assert.is_nil(err.status)
      assert.matches("check base_url or region", err.hint, 1, true)
    end
  end)

  it("connect: no such host", function()
    local client <close> = sei.client { base_url = "https://no-such-host.invalid/sei/api",
      api_key = KEY, timeout = 20 }
    local err = failure(schema, client)
    assert.is_true(err.kind == "connect" or err.kind == "timeout", tostring(err))
  end)

  it("tls: the other side speaks no TLS", function()
    local server <close> = scripted.start(function() return reply(400, "") end, "bytes")
    local client <close> = server:client { base_url = "https" .. server.url:sub(5) }
    local err = failure(schema, client)
    assert.equal("tls", err.kind)
    assert.is_nil(err.status)
    assert.matches("ca_file", err.hint, 1, true)
  end)

  it("tls: the file of authorities cannot be used", function()
    local client <close> = sei.client { base_url = "https://127.0.0.1:9", api_key = KEY,
      pace = false, retries = 0,
      ca_file = "/no/such/file.pem", timeout = 5 }
    local err = failure(schema, client)
    assert.is_true(err.kind == "tls" or err.kind == "connect", tostring(err))
  end)

  it("timeout: not a byte comes", function()
    local server <close> = scripted.start(function() return nil end)
    local client <close> = server:client { timeout = 0.2 }
    local err = failure(schema, client)
    assert.equal("timeout", err.kind)
    assert.equal("the deadline passed while sending or waiting for the reply", err.message)
    local patient <close> = server:client { stall_timeout = 0.2 }
    err = failure(schema, patient)
    assert.equal("timeout", err.kind)
  end)

  it("too_large: a reply over max_body", function()
    local err = answered(reply(200, '{"x":"' .. ("y"):rep(4000) .. '"}'), schema,
      { max_body = 2000 })
    assert.equal("too_large", err.kind)
    assert.equal("the reply is over 2000 bytes", err.message)
    assert.matches("max_body", err.hint, 1, true)
  end)

  it("too_large: headers without end", function()
    local err = answered("HTTP/1.1 200 OK\r\n" .. ("X: " .. ("y"):rep(1000) .. "\r\n"):rep(400)
      .. "\r\n", schema)
    assert.equal("too_large", err.kind)
  end)

  it("too_large: more pages than allowed", function()
    local e <close> = emulator.start { people = 30 }
    local client <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
    local err = failure(list, client, { page_size = 5, max_pages = 2 })
    assert.equal("too_large", err.kind)
  end)

  it("protocol: no HTTP at all, or none that can be read", function()
    for _, bytes in ipairs { "SSH-2.0-server\r\n", "HTTP/9.9 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx" } do
      local err = answered(bytes, schema)
      assert.equal("protocol", err.kind, tostring(err))
    end
  end)

  it("closed: the client was closed before", function()
    local client = sei.client { base_url = "http://127.0.0.1:9", api_key = KEY,
      pace = false, retries = 0 }
    client:close()
    for _, call in ipairs { schema, list, licensed, rows, patch, upload, send } do
      local err = failure(call, client)
      assert.equal("closed", err.kind)
      assert.equal("the client is closed", err.message)
    end
    assert.equal("sei.client (closed)", tostring(client))
  end)

  it("closed: the client is closed while a call waits", function()
    local server <close> = scripted.start(function() return nil end)
    for _, call in ipairs { schema, list, licensed, rows, patch, upload, send } do
      local waits = 0
      local client = server:client { timeout = 5, wait = function(c)
        waits = waits + 1
        if waits > 3 then c:close() else server:wait(c) end
      end }
      local err = failure(call, client)
      assert.equal("closed", err.kind)
      assert.equal("the client is closed", err.message)
    end
  end)

  it("io: a file that cannot be read or written", function()
    local client <close> = sei.client { base_url = "http://127.0.0.1:9", api_key = KEY,
      pace = false, retries = 0 }
    local folder = shell.folder()
    finally(function() shell.remove(folder) end)
    for _, call in ipairs {
      function() return client:upload_identities { file = folder .. "/none.csv" } end,
      function() return client:upload_identities { file = folder } end,
      function() return client:download_identities { file = folder .. "/no/such.csv" } end,
      function() return client:download_identities { file = folder } end,
    } do
      local err = failure(call)
      assert.equal("io", err.kind)
      assert.matches("^" .. folder:gsub("%p", "%%%0") .. ".*: %u", err.message)
      assert.matches(folder, err.file, 1, true)
    end
  end)
end)
