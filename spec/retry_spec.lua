-- retry - what is sent again, how often, when; and what never is. Against a scripted server that
-- counts requests: the client's word for it is not enough.
local sei = require "sei"
local socket = require "socket"

local every = require "spec.support.every"
local pages = require "spec.support.pages"
local wire = require "spec.support.wire_server"

local SCHEMA <const> = '{"version":1,"fields":[]}'

-- A server with the answers of a list, the last one for ever.
local function scripted(...)
  local answers = { ... }
  return wire.serve(function(_, n) return answers[math.min(n, #answers)] end)
end

local function always(status, headers)
  return scripted(wire.reply(status, '{"message":"as the server says"}', headers))
end

local function asked(server, name, options, more)
  local client <close> = server:client(options)
  local started = wire.now()
  local value, err = every[name].call(client, more)
  return value, err, wire.now() - started
end

-- Nobody listens there, and nobody else is given the port while the socket is kept.
local function closed_port()
  local held = socket.tcp()
  assert(held:bind("127.0.0.1", 0))
  local _, port = held:getsockname()
  return math.tointeger(tonumber(port)), held
end

describe("an answer that is no success", function()
  local TRANSIENT = { [408] = true, [429] = true, [500] = true, [502] = true, [503] = true,
    [504] = true }
  local STATUSES = { 301, 400, 401, 403, 404, 405, 408, 409, 412, 413, 422, 429, 431, 500, 501,
    502, 503, 504, 507, 599 }

  local function prove(name, status)
    local server <close> = always(status)
    local value, err = asked(server, name, { retries = 1 })
    local reads = every[name].reads
    local repeated = TRANSIENT[status] and (reads or status == 429)
    assert.is_nil(value)
    assert.equal(status, err.status)
    -- a list that is refused for its size asks for smaller pages instead
    local smaller = every[name].kind == "list" and name ~= "list_licensed" and status == 413
    if not smaller then
      assert.equal(repeated and 2 or 1, #server.requests, name .. " " .. status)
      assert.equal(#server.requests, #err.attempts)
    end
    if status // 100 ~= 3 then assert.matches("as the server says", err.message) end
    local unknown = status // 100 == 5 or status == 408 or status == 400
    assert.equal(not reads and (unknown and "unknown" or "rejected") or nil, err.class)
  end

  for _, status in ipairs(STATUSES) do
    it(("%d of a read, a write and an upload"):format(status), function()
      for _, name in ipairs { "get_schema", "patch_identities", "upload_cloud_ids" } do
        prove(name, status)
      end
    end)
  end

  for _, endpoint in ipairs(every.endpoints) do
    it("503 of " .. endpoint.name, function() prove(endpoint.name, 503) end)
    it("any of " .. endpoint.name .. " #proof", function()
      for _, status in ipairs(STATUSES) do prove(endpoint.name, status) end
    end)
  end
end)

describe("how often", function()
  for retries = 0, 3 do
    it(("%d times more with retries = %d"):format(retries, retries), function()
      local server <close> = always(503, { ["Retry-After"] = "0" })
      local _, err = asked(server, "get_schema", { retries = retries })
      assert.equal(retries + 1, #server.requests)
      assert.equal(retries + 1, #err.attempts)
      for i, attempt in ipairs(err.attempts) do
        assert.equal(503, attempt.status)
        assert.is_true(attempt.delay >= 0 and attempt.delay <= 0.2)
        assert.equal(i == 1, attempt.delay == 0)
        assert.equal("number", type(attempt.duration))
      end
    end)
  end

  it("backs off by the rule, between nothing and base * 2^n #alone", function()
    for _ = 1, 2 do
      local server <close> = always(502)
      local _, err, took = asked(server, "get_schema")
      assert.equal(4, #err.attempts)
      local sum = 0
      for i, attempt in ipairs(err.attempts) do
        assert.is_true(attempt.delay <= (i == 1 and 0 or 0.2 * 2 ^ (i - 2)))
        sum = sum + attempt.delay
      end
      assert.is_true(took >= sum - 0.01)
      assert.is_true(took <= sum + 0.2 * wire.slow, ("%g s after %g s"):format(took, sum))
    end
  end)

  it("a success ends it", function()
    local server <close> = scripted(wire.reset, wire.reply(500), wire.reply(200, SCHEMA))
    local client <close> = server:client()
    assert.equal(1, client:get_schema().version)
    local stats = client:stats()
    assert.same({ 1, 3, 2, 2 }, { stats.calls, stats.attempts, stats.retries, stats.failed })
  end)

  -- 500 in the bucket, 5 for each
  it("a hundred times in all while nothing goes well", function()
    local server <close> = always(503, { ["Retry-After"] = "0" })
    local client <close> = server:client { wait = wire.yield }
    local calls, attempts = {}, 0
    for i = 1, 40 do
      calls[i] = function()
        local _, err = client:get_schema()
        attempts = attempts + #err.attempts
      end
    end
    server:together(client, calls)
    assert.equal(140, attempts)
    assert.equal(140, #server.requests)
  end)
end)

describe("Retry-After #alone", function()
  local DAYS = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" }
  local FORMS = {
    { "seconds", function(s) return tostring(s) end },
    { "the date of RFC 9110", function(s)
      return os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + s)
    end },
    { "the date of RFC 850", function(s)
      local t = os.time() + s
      return DAYS[os.date("!*t", t).wday] .. os.date("!, %d-%b-%y %H:%M:%S GMT", t)
    end },
    { "the date of asctime", function(s)
      return os.date("!%a %b %e %H:%M:%S %Y", os.time() + s)
    end },
  }

  for i, form in ipairs(FORMS) do
    local seconds = i == 2 and 2 or 1
    it("is waited for, as " .. form[1], function()
      local server <close> = wire.serve(function(_, n)
        if n == 1 then
          return wire.reply(i % 2 == 0 and 503 or 429, "", { ["Retry-After"] = form[2](seconds) })
        end
        return wire.reply(200, SCHEMA)
      end)
      local value, err, took = asked(server, "get_schema")
      assert.is_nil(err)
      assert.equal(1, value.version)
      -- a date has whole seconds: up to one of them is over already
      assert.is_true(took >= seconds - 1, ("came after %g s"):format(took))
      assert.is_true(took <= seconds + 0.2 + 0.2 * wire.slow, ("came after %g s"):format(took))
    end)

    it("of more than a minute fails at once, as " .. form[1], function()
      local server <close> = wire.serve(function()
        return wire.reply(429, "", { ["Retry-After"] = form[2](90) })
      end)
      local _, err, took = asked(server, "get_schema")
      assert.equal(1, #server.requests)
      assert.is_true(err.retry_after > 87 and err.retry_after <= 90)
      assert.is_true(took < 0.2 * wire.slow)
    end)
  end

  it("of a minute is within the limit, beyond the deadline it fails at once", function()
    local server <close> = always(503, { ["Retry-After"] = "60" })
    local _, err, took = asked(server, "get_schema", { timeout = 30 })
    assert.equal(1, #err.attempts)
    assert.equal(60, err.retry_after)
    assert.is_true(took < 0.2 * wire.slow)
  end)

  for _, bad in ipairs { "-1", "soon", "1.5.2", "99999999999999999999", "", "0x10" } do
    it(("that is %q does no harm"):format(bad), function()
      local server <close> = scripted(wire.reply(503, "", { ["Retry-After"] = bad }),
        wire.reply(200, SCHEMA))
      local value, err, took = asked(server, "get_schema", { timeout = 3 })
      if value then
        assert.is_true(took < 1)
      else
        assert.equal(1, #err.attempts) -- it was read as a very long time
        assert.is_true(err.retry_after > 60)
      end
    end)
  end
end)

describe("the deadline #alone", function()
  it("is not passed by a delay", function()
    for _ = 1, 3 do
      local server <close> = always(503)
      local _, err, took = asked(server, "get_schema", { timeout = 0.3, retries = 10 })
      assert.is_true(took <= 0.4 * wire.slow)
      assert.is_true(err.kind == "http" or err.kind == "timeout")
      assert.is_true(#err.attempts < 11)
    end
  end)

  it("holds for all attempts together", function()
    local server <close> = scripted(nil)
    local client <close> = server:client { timeout = 0.5, attempt_timeout = 0.1, retries = 10 }
    local started = wire.now()
    local _, err = client:get_schema()
    assert.equal("timeout", err.kind)
    assert.is_true(wire.now() - started <= 0.5 + 0.1 * wire.slow)
    assert.is_true(#err.attempts >= 2)
  end)
end)

describe("a page that is cut off", function()
  -- Page `bad` of `list` breaks in every place of a coarse grid once.
  local function walk(cut, ending, options)
    local honest = pages.honest(1000)
    local broken = {}
    local server <close> = wire.serve(function(r)
      local json = require "dkjson".decode(r.body)
      local body = honest(json)
      local whole = wire.reply(200, body)
      if broken[json.page] then return whole end
      broken[json.page] = true
      return { whole:sub(1, #whole - #body + math.floor(#body * cut)), 0.01, ending }
    end)
    local client <close> = server:client { retries = 2 }
    local seen, count = {}, 0
    for record in client:list_contributors(options) do
      assert.is_nil(seen[record.id], "twice: " .. record.id)
      seen[record.id], count = true, count + 1
      assert.equal("n" .. record.id, record.name)
      assert.equal(tostring(count), record.id)
    end
    assert.equal(1000, count)
    assert.equal(2 * 1000 // options.page_size, #server.requests)
  end

  for _, cut in ipairs { 0, 0.001, 0.5, 0.999 } do
    it(("after %g of its body is read again: nothing is lost or doubled"):format(cut), function()
      walk(cut, wire.reset, { page_size = 500, window = 1 })
      walk(cut, wire.close, { page_size = 250, window = 4 })
      walk(cut, wire.reset, { page_size = 250, window = 4, fields = { "name", "id" } })
    end)
  end

  it("too often ends the walk with the records before it", function()
    local honest = pages.honest(1000)
    local server <close> = wire.serve(function(r)
      local json = require "dkjson".decode(r.body)
      local whole = wire.reply(200, honest(json))
      if json.page == 2 then return { whole:sub(1, -20), wire.reset } end
      return whole
    end)
    local client <close> = server:client { retries = 1 }
    local count = 0
    local ok, err = pcall(function()
      for record in client:list_contributors { page_size = 100, window = 4 } do
        count = count + 1
        assert.equal(tostring(count), record.id)
      end
    end)
    assert.is_false(ok)
    assert.equal("connect", err.kind)
    assert.equal(2, #err.attempts)
    assert.equal(200, count)
  end)
end)

describe("a stream", function()
  local HEAD = "email,integrationId,identity\n"
  local ROWS = {}
  for i = 1, 20000 do ROWS[i] = ("p%d@example.com,1,login-%d\n"):format(i, i) end
  local CSV = HEAD .. table.concat(ROWS)

  local function csv_reply() return wire.reply(200, CSV, { ["Content-Type"] = "text/csv" }) end

  it("is asked for again before its first byte", function()
    local head = csv_reply():match "^.-\r\n\r\n"
    local server <close> = scripted(wire.reset, wire.reply(503), { head, 0.05, wire.reset },
      csv_reply())
    local rows = asked(server, "download_identities")
    assert.equal(20000, #rows)
    assert.equal(4, #server.requests)
  end)

  it("is not asked for again behind it", function()
    local whole = csv_reply()
    local server <close> = scripted({ whole:sub(1, #whole // 2), 0.1, wire.reset }, whole)
    local client <close> = server:client()
    local rows = 0
    local ok, err = pcall(function()
      for row in client:download_identities() do
        rows = rows + 1
        assert.equal("login-" .. rows, row.identity)
      end
    end)
    assert.is_false(ok)
    assert.equal("connect", err.kind)
    assert.is_true(rows > 0)
    assert.equal(1, #server.requests)
  end)

  it("leaves no half file behind", function()
    local whole = csv_reply()
    local server <close> = scripted({ whole:sub(1, #whole // 2), 0.05, wire.reset }, whole)
    local client <close> = server:client()
    local path = os.tmpname()
    os.remove(path)
    local value, err = client:download_identities { file = path }
    assert.is_nil(value)
    assert.equal("connect", err.kind)
    assert.is_nil(io.open(path))
  end)

  it("of records is read again or fails, but no record comes twice", function()
    local body = pages.licensed(20000)
    local whole = wire.reply(200, body)
    for _, part in ipairs { 0.0001, 0.3, 0.9 } do
      local cut = #whole - #body + math.floor(#body * part)
      local server <close> = scripted({ whole:sub(1, cut), 0.02, wire.reset }, whole)
      local client <close> = server:client()
      local count = 0
      local ok, err = pcall(function()
        for record in client:list_licensed() do
          count = count + 1
          assert.equal(tostring(count), record.org_user_ref_id)
        end
      end)
      if ok then
        assert.equal(20000, count)
        assert.equal(2, #server.requests)
      else
        assert.equal("connect", err.kind)
        assert.is_true(count > 0, tostring(err))
        assert.equal(1, #server.requests)
      end
    end
  end)
end)

describe("a write", function()
  local WRITES = {}
  for _, endpoint in ipairs(every.endpoints) do
    if not endpoint.reads then WRITES[#WRITES + 1] = endpoint.name end
  end

  -- What becomes of every write that meets such an answer first, then success.
  local function each(first, requests, class)
    for _, name in ipairs(WRITES) do
      local server <close> = scripted(first, wire.reply(200, '{"status":"success"}'))
      local value, err = asked(server, name, { attempt_timeout = 0.1 * wire.slow })
      assert.equal(requests, #server.requests, name)
      assert.equal(class == nil, value ~= nil, name)
      if class then assert.equal(class, err.class, name) end
    end
  end

  local half = wire.reply(200, '{"status":"success"}'):sub(1, -10)

  it("is not sent again after a reset", function() each(wire.reset, 1, "unknown") end)
  it("is not sent again after a polite end", function() each(wire.close, 1, "unknown") end)
  it("is not sent again after half a reply", function()
    each({ half, wire.reset }, 1, "unknown")
  end)
  it("is not sent again after a timeout", function() each({}, 1, "unknown") end)
  it("is not sent again after a 500", function() each(wire.reply(500, "oops"), 1, "unknown") end)
  it("is not sent again after a 503 with Retry-After", function()
    each(wire.reply(503, "", { ["Retry-After"] = "0" }), 1, "unknown")
  end)
  it("is not sent again after noise", function() each("\0\1\2\r\n\r\n", 1, "unknown") end)
  it("is not sent again after a 400", function() each(wire.reply(400), 1, "unknown") end)
  it("is not sent again after a 404", function() each(wire.reply(404), 1, "rejected") end)
  it("is sent again after a 429", function()
    each(wire.reply(429, "", { ["Retry-After"] = "0" }), 2)
  end)
  it("is sent again behind the write lock", function()
    each(wire.reply(500, '{"error":"Failed to obtain org user lock: another update"}'), 2)
  end)

  it("is sent again when it surely was not sent", function()
    local port, held = closed_port()
    for _, name in ipairs(WRITES) do
      local client <close> = sei.client { base_url = ("http://127.0.0.1:%d/sei/api"):format(port),
        api_key = "k-" .. name, retries = 1, pace = false }
      local _, err = every[name].call(client)
      assert.equal("connect", err.kind)
      assert.equal("never_sent", err.class)
      assert.equal(2, #err.attempts, name)
      for _, attempt in ipairs(err.attempts) do assert.equal("never_sent", attempt.class) end
    end
    held:close()
  end)

  it("that is fed is never sent twice: its bytes are gone", function()
    local server <close> = always(429, { ["Retry-After"] = "0" })
    local client <close> = server:client()
    local value, err = client:upload_identities { rows = {
      { email = "person@example.com", integrationId = 1, identity = "login" } } }
    assert.is_nil(value)
    assert.equal("rejected", err.class)
    assert.is_true(#server.requests >= 1)
  end)

  it("sends the same bytes again", function()
    for _, name in ipairs(WRITES) do
      local server <close> = scripted(wire.reply(429, "", { ["Retry-After"] = "0" }),
        wire.reply(200, '{"status":"success"}'))
      assert(asked(server, name))
      -- the boundary of a form is another one each time
      local function bare(r)
        local boundary = r.head:match "boundary=(%S+)"
        return boundary and r.body:gsub(boundary:gsub("%p", "%%%0"), "B") or r.body
      end
      assert.equal(bare(server.requests[1]), bare(server.requests[2]), name)
    end
  end)
end)
