-- hooks - what happens to a client's requests is told, in order and whole, and
-- no hook can break a call.
local emulator = require "spec.support.emulator"
local raw = require "spec.support.raw"
local sei = require "sei"

local TRACE <const> = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
local KINDS <const> = { "request", "response", "retry", "page", "batch" }

-- Options whose hooks write all events into the list.
local function listening(list, more)
  local options = { pace = false }
  for _, kind in ipairs(KINDS) do
    options["on_" .. kind] = function(e) list[#list + 1] = e end
  end
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

local function told(list)
  local words = {}
  for i, e in ipairs(list) do words[i] = e.event end
  return table.concat(words, " ")
end

-- What goes to `warn` while f runs.
local function warnings(f)
  local list, plain = {}, warn
  _G.warn = function(...) list[#list + 1] = table.concat { ... } end -- luacheck: ignore
  local ok, problem = pcall(f)
  _G.warn = plain -- luacheck: ignore
  assert(ok, problem)
  return list
end

local function ok_after(failures, status)
  return function(_, n)
    if n <= failures then
      return raw.reply(status, '{"error":"busy"}', { ["Retry-After"] = "0" })
    end
    return raw.reply(200, '{"fields":[]}', { ["X-Request-Id"] = "r-7", ["Set-Cookie"] = "a=b" })
  end
end

describe("hooks", function()
  it("tell of each attempt", function()
    local list = {}
    local server <close> = raw.serve(ok_after(1, 503))
    local client <close> = server:client(listening(list, { traceparent = TRACE }))
    assert.is_table(client:get_schema())
    assert.equal("request response retry request response", told(list))
    for i, e in ipairs(list) do
      assert.equal("get_schema", e.endpoint)
      assert.equal("GET", e.method)
      assert.equal(server.url .. "/v1/org/users/schema", e.url)
      assert.equal(1, e.call)
      assert.equal(i < 3 and 1 or 2, e.attempt)
      assert.equal(TRACE, e.traceparent)
      assert.is_true(math.abs(e.time - os.time()) < 60)
    end
    local first, failed, retry, _, last = table.unpack(list)
    assert.same({ Accept = "application/json", ["User-Agent"] = "sei/1", traceparent = TRACE },
      first.headers)
    assert.equal(0, first.sent)
    assert.same({ false, 503, "HTTP 503", "unknown", false },
      { failed.ok, failed.status, failed.reason, failed.class, failed.final })
    assert.same({ 503, "HTTP 503" }, { retry.status, retry.reason })
    assert.is_true(retry.delay >= 0 and retry.delay < 1)
    assert.same({ true, 200, 13, true }, { last.ok, last.status, last.bytes, last.final })
    assert.equal("r-7", last.headers["X-Request-Id"])
    assert.is_nil(last.headers["Set-Cookie"])
    assert.is_nil(last.reason)
    assert.is_true(last.duration > 0 and last.duration < 30)
    assert.is_true(last.waited >= retry.delay)
    assert.is_nil(last.excerpt)
  end)

  it("tell why there is no reply", function()
    local list = {}
    local client <close> = sei.client(listening(list,
      { base_url = "http://127.0.0.1:1/sei/api", api_key = "test-key", retries = 0 }))
    assert.is_nil((client:get_schema()))
    assert.equal("request response", told(list))
    assert.is_nil(list[2].status)
    assert.equal("never_sent", list[2].class)
    assert.matches("connect", list[2].reason)
    assert.is_true(list[2].final)
  end)

  it("tell of a newer key", function()
    local list, keys = {}, 0
    local server <close> = raw.serve(ok_after(1, 401))
    local client <close> = server:client(listening(list, { api_key = function()
      keys = keys + 1
      return "key-number-" .. keys
    end }))
    assert.is_table(client:get_schema())
    assert.equal("request response retry request response", told(list))
    assert.matches("newer key", list[3].reason)
    assert.is_false(list[2].final)
    assert.is_true(list[5].final)
  end)

  it("tell of what is given up", function()
    local list = {}
    local server <close> = raw.serve(function() return nil end)
    local client <close> = server:client(listening(list, { wait = function(c)
      if #server.requests > 0 then error("enough", 0) end
      server:serve(c)
    end }))
    local walk = client:list_contributors {}
    assert.same({ false, "enough" }, { pcall(walk) })
    walk:close()
    client:close()
    assert.equal("request response", told(list))
    assert.same({ "given up", true, false }, { list[2].reason, list[2].final, list[2].ok })
  end)

  it("tell when closing cancels", function()
    local list = {}
    local server <close> = raw.serve(function() return nil end)
    local client
    client = server:client(listening(list, { wait = function(c)
      if #server.requests > 0 then return c:close() end
      server:serve(c)
    end }))
    local _, value, err = pcall(client.get_schema, client)
    assert.is_nil(value)
    assert.equal("closed", err.kind)
    assert.equal("request response", told(list))
    assert.equal("cancelled", list[2].reason)
  end)
end)

describe("on_page and on_batch", function()
  local e

  setup(function() e = emulator.start { people = 250, accounts = 60 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() e:clear() end)

  local function client(list, more)
    local options = listening(list, more)
    options.base_url, options.api_key = e.url, "test-key"
    return sei.client(options)
  end

  local function only(list, kind)
    local some = {}
    for _, one in ipairs(list) do if one.event == kind then some[#some + 1] = one end end
    return some
  end

  it("tell of each page once, in order", function()
    for _, window in ipairs { 1, 4 } do
      local list, n = {}, 0
      local c <close> = client(list, { window = window })
      for _ in c:list_contributors { page_size = 100 } do n = n + 1 end
      local seen, total = only(list, "page"), 0
      assert.equal((n + 99) // 100, #seen)
      for i, page in ipairs(seen) do
        assert.same({ i, (i - 1) * 100, n, "list_contributors" },
          { page.page, page.offset, page.total, page.endpoint })
        total = total + page.count
      end
      assert.equal(n, total)
      local stats = c:stats()
      assert.same({ #seen, n }, { stats.pages, stats.records })
      assert.equal(stats.attempts, #only(list, "response"))
    end
  end)

  it("count records of a list without pages, and those handed out", function()
    local c <close> = client {}
    local n = 0
    for _ in c:list_licensed() do n = n + 1 end
    assert.equal(n, c:stats().records)
    assert.equal(0, c:stats().pages)
    for _ in c:list_contributors { max_items = 7, page_size = 5 } do n = n + 1 end
    assert.equal(n, c:stats().records)
  end)

  local function identities(n)
    local rows = {}
    local c <close> = client {}
    for row in c:list_identities { max_items = n } do rows[#rows + 1] = row end
    return rows
  end

  it("tell of each batch", function()
    local rows, list = identities(25), {}
    local c <close> = client(list)
    c:patch_identities(rows, { batch_size = 10 })
    local batches, n = only(list, "batch"), 0
    assert.equal(3, #batches)
    for i, b in ipairs(batches) do
      assert.same({ "patch_identities", true, 200 }, { b.endpoint, b.ok, b.status })
      assert.same({ i * 10 - 9, math.min(i * 10, 25) }, { b.first, b.last })
      assert.is_true(b.sent > 100)
      n = n + b.rows
    end
    assert.equal(25, n)
    local upload = {}
    local d <close> = client(upload)
    d:upload_identities { rows = rows }
    assert.equal(25, only(upload, "batch")[1].rows)
    local stats = c:stats()
    assert.is_true(stats.bytes_sent > 1000)
    assert.is_true(stats.bytes_received > 0)
  end)

  it("tell of a batch that was refused", function()
    local list = {}
    e:quirk("fault", "status-403:always")
    local c <close> = client(list)
    assert.is_nil((c:patch_identities { { email = "a@example.com", integrationId = 1,
      identity = "a" } }))
    local b = only(list, "batch")[1]
    assert.same({ false, 403, "HTTP 403", "rejected", 1 },
      { b.ok, b.status, b.reason, b.class, b.rows })
  end)
end)

describe("a hook", function()
  it("that raises breaks nothing and is told of", function()
    local server <close> = raw.serve(ok_after(1, 503))
    local options = {}
    for _, kind in ipairs(KINDS) do
      options["on_" .. kind] = function() error("on " .. kind .. " with test-key-1234") end
    end
    options.on_retry = function()
      error(setmetatable({}, { __tostring = function() error "again" end }))
    end
    local list = warnings(function()
      local client <close> = server:client(options)
      assert.is_table(client:get_schema())
    end)
    assert.equal(5, #list)
    assert.matches("^sei: on_request raised: .*on request with %*+$", list[1])
    assert.matches("cannot be shown", list[3])
  end)

  it("may use the client itself", function()
    local server <close> = raw.serve(ok_after(0))
    local inner, client = 0, nil
    client = server:client { on_request = function(e)
      if e.call == 1 then
        assert.is_table(client:get_developer_schema())
        inner = inner + 1
      end
    end }
    assert.is_table(client:get_schema())
    assert.equal(1, inner)
    client:close()
    assert.equal(2, #server.requests)
  end)

  it("may yield where waiting may", function()
    local server <close> = raw.serve(ok_after(0))
    local order = {}
    local client <close> = server:client {
      wait = function(c) server:serve(c) coroutine.yield "wait" end,
      on_request = function() order[#order + 1] = "before" coroutine.yield "hook"
        order[#order + 1] = "after" end,
      on_response = function() order[#order + 1] = "response" end,
    }
    local co, hooks = coroutine.wrap(function() return client:get_schema() end), 0
    for _ = 1, 1000 do
      local value = co()
      if value == "hook" then hooks = hooks + 1 end
      if type(value) == "table" then break end
    end
    assert.equal(1, hooks)
    assert.same({ "before", "after", "response" }, order)
  end)

  it("that is left in the midst stops no others", function()
    local server <close> = raw.serve(ok_after(0))
    local n = 0
    local client <close> = server:client {
      on_request = function() n = n + 1 if n == 1 then coroutine.yield() end end }
    do
      local co = coroutine.create(function() return client:get_schema() end)
      assert(coroutine.resume(co))
      coroutine.close(co)
    end
    assert.is_table(client:get_schema())
    assert.equal(2, n)
    local co = coroutine.create(function() n = 0 return client:get_schema() end)
    assert(coroutine.resume(co)) -- and forgotten
    co = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_table(client:get_schema())
    assert.equal(2, n)
  end)

  it("is called for a bounded number of events, the rest is counted", function()
    local server <close> = raw.serve(ok_after(0))
    local core, n = require "sei.core", 0
    local client <close> = server:client { on_response = function() n = n + 1 end }
    assert.is_table(client:get_schema())
    -- nobody takes them: only the client is stepped
    local calls = {}
    for _ = 1, 1100 do table.insert(calls, core.call(client, "get_schema", {}, {})) end
    for _ = 1, 100000 do
      client:step()
      if client:active() == 0 then break end
      server:serve(client)
    end
    assert.equal(0, client:active())
    client:step()
    assert.equal(1, n)
    assert.equal(100, client:stats().events_lost)
    client:close()
    assert.equal(1001, n)
  end)
end)

describe("traceparent", function()
  local function try(text)
    return pcall(sei.client, { base_url = "http://127.0.0.1:1/sei/api", api_key = "test-key",
      traceparent = text })
  end

  it("is sent as it is", function()
    local server <close> = raw.serve(ok_after(0))
    local client <close> = server:client { traceparent = TRACE }
    assert.is_table(client:get_schema())
    assert.matches("\r\ntraceparent: " .. TRACE:gsub("%p", "%%%0") .. "\r\n",
      server.requests[1].head)
  end)

  it("is refused when it is malformed", function()
    assert.is_true((try(TRACE)))
    for _, bad in ipairs { "x", TRACE .. "0", TRACE:upper(), TRACE:gsub("^00", "01"),
      TRACE:gsub("^00", "ff"), (TRACE:gsub("%-", "_")), TRACE:sub(1, -2) .. "g",
      "00-" .. ("0"):rep(32) .. "-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-" .. ("0"):rep(16) .. "-01" } do
      local ok, problem = try(bad)
      assert.is_false(ok, bad)
      assert.matches("bad option 'traceparent' for sei.client", problem)
    end
  end)
end)
