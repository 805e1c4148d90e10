-- deadlines and cancelling: whatever a request is doing, it ends in time, and at once when told.
-- (Looking up a name that hangs: spec/c/http_phase_test.c, which brings a resolver of its own.)
local core = require "sei.core"
local sei = require "sei"
local socket = require "socket"
local every = require "spec.support.every"
local wait = require "sei.wait"
local wire = require "spec.support.wire_server"

local LATE <const> = 0.1 * wire.slow    -- seconds that a deadline may be missed by
-- Reading the system's certificates is one step, before which no deadline is looked at: some 10 ms,
-- but seconds for a program that interprets each instruction.
local TLS_LATE <const> = LATE + ((os.getenv "SEI_UNDER" or "") == "" and 0 or 10)
local PROMPT <const> = 0.05 * wire.slow -- seconds that a cancel may take

local SCHEMA <const> = wire.reply(200, '{"version":1,"fields":[]}')

-- ---- the phases: each a server, a client's options, and a call that stays there ----

local function schema(client) return client:get_schema() end

local long_file

local function upload(client)
  local one <close> = core.call(client, "upload_identities", {}, { file = long_file })
  return wait.result(one)
end

-- A listener whose queue is full answers no SYN. Its connections are kept in `held`.
local function full_listener(held)
  local listener = socket.tcp()
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen(0))
  local _, port = listener:getsockname()
  for i = 1, 8 do
    held[i] = socket.tcp()
    held[i]:settimeout(0)
    held[i]:connect("127.0.0.1", port)
  end
  held[#held + 1] = listener
  socket.select(nil, held, 0.05)
  return math.tointeger(tonumber(port))
end

local function silent() return wire.serve(function() end) end

local PHASES = {
  { name = "connecting", call = schema, limits = { "attempt_timeout", "connect_timeout" },
    serve = function()
      local server = silent()
      server.held = {}
      local port = full_listener(server.held)
      return server, { base_url = ("http://127.0.0.1:%d/sei/api"):format(port) }
    end },
  { name = "TLS", call = schema, limits = { "attempt_timeout", "connect_timeout" }, late = TLS_LATE,
    serve = function()
      local server = wire.serve(function() end, { deaf = true })
      return server, { base_url = ("https://127.0.0.1:%d/sei/api"):format(server.port) }
    end },
  { name = "uploading", call = upload, limits = { "attempt_timeout", "stall_timeout" },
    serve = function() return wire.serve(function() end, { deaf = true }), {} end },
  { name = "waiting for the reply", call = schema, limits = { "attempt_timeout", "stall_timeout" },
    serve = function() return silent(), {} end },
  { name = "the body", call = schema, limits = { "attempt_timeout", "stall_timeout" },
    serve = function() return wire.serve(function() return SCHEMA:sub(1, -5) end), {} end },
  { name = "a slow body", call = schema, limits = { "attempt_timeout" },
    serve = function()
      return wire.serve(function()
        local steps = { SCHEMA:sub(1, -20) }
        for i = -19, -2 do
          steps[#steps + 1] = 0.08
          steps[#steps + 1] = SCHEMA:sub(i, i)
        end
        return steps
      end), {}
    end },
  { name = "backing off", call = schema, limits = {},
    serve = function()
      return wire.serve(function() return wire.reply(503, "", { ["Retry-After"] = "1" }) end), {}
    end },
  { name = "pacing", call = schema, limits = {},
    before = schema,
    serve = function()
      return wire.serve(function() return SCHEMA end), { pace = { rate = 0.1, burst = 1 } }
    end },
}

setup(function()
  long_file = os.tmpname()
  local file = assert(io.open(long_file, "wb"))
  for _ = 1, 16 do file:write(("x"):rep(1024 * 1024)) end
  file:close()
end)

teardown(function() os.remove(long_file) end)

-- ---- what is done to them ----

-- Calls f(server, client) with a client in that phase's hands.
local function with(phase, options, f)
  local server <close>, own = phase.serve()
  for name, value in pairs(options) do own[name] = value end
  local client <close> = server:client(own)
  if phase.before then
    if own.wait then
      server:together(client, { function() assert(phase.before(client)) end })
    else
      assert(phase.before(client))
    end
  end
  f(server, client)
end

-- Runs the phase's call and tells how long it took.
local function timed(phase, client)
  local started = wire.now()
  local value, err = phase.call(client)
  assert.is_nil(value)
  assert.is_true(sei.is_error(err))
  return err, wire.now() - started
end

for _, phase in ipairs(PHASES) do
  describe("in the phase: " .. phase.name .. " #alone", function()
    it("the call's timeout holds", function()
      -- nothing waits for longer than the call may take: backing off it ends at once
      local backs_off = phase.name == "backing off"
      with(phase, { timeout = 0.3, retries = backs_off and 3 or 0 }, function(_, client)
        local err, took = timed(phase, client)
        assert.equal(backs_off and "http" or "timeout", err.kind)
        assert.is_true(backs_off or took >= 0.29, ("too early: %g s"):format(took))
        assert.is_true(took <= 0.3 + (phase.late or LATE), ("too late: %g s"):format(took))
        assert.is_true(not backs_off or took <= LATE, ("it waited: %g s"):format(took))
        assert.equal(0, client:active())
      end)
    end)

    for _, limit in ipairs(phase.limits) do
      it(limit .. " holds", function()
        with(phase, { [limit] = 0.3, retries = 0, timeout = 10 }, function(_, client)
          local err, took = timed(phase, client)
          assert.equal("timeout", err.kind)
          -- libcurl's own timer for connecting has whole milliseconds
          assert.is_true(took >= 0.28, ("after %g s"):format(took))
          assert.is_true(took <= 0.3 + (phase.late or LATE), ("after %g s"):format(took))
          assert.equal(1, #err.attempts)
        end)
      end)
    end

    it("a cancel is heard", function()
      with(phase, { timeout = 20 }, function(server, client)
        local told
        server:after(0.15, function()
          told = wire.now()
          client:cancel()
        end)
        local err = timed(phase, client)
        assert.equal("cancelled", err.kind)
        assert.is_true(wire.now() - told <= PROMPT, ("after %g s"):format(wire.now() - told))
        assert.equal(0, client:active())
      end)
    end)

    it("a cancelled client can be used again", function()
      with(phase, { timeout = 20, pace = phase.before and { rate = 8, burst = 1 } or false },
        function(server, client)
          server:after(0.05, function() client:cancel() end)
          phase.call(client)
          server.handler, server.deaf = function() return SCHEMA end, false
          if phase.name ~= "connecting" and phase.name ~= "TLS" then
            assert(client:get_schema())
          end
        end)
    end)

    it("closing is heard", function()
      with(phase, { timeout = 20 }, function(server, client)
        local told
        server:after(0.15, function()
          told = wire.now()
          client:close()
        end)
        local err = timed(phase, client)
        assert.equal("closed", err.kind)
        assert.is_true(wire.now() - told <= PROMPT)
        if phase.call == upload then assert.equal("unknown", err.class) end
      end)
    end)

    it("a coroutine that is closed leaves nothing under way", function()
      with(phase, { timeout = 20, wait = wire.yield }, function(server, client)
        local thread = coroutine.create(phase.call)
        assert(coroutine.resume(thread, client))
        local till = wire.now() + 0.15
        server:after(0.15, function() end)
        while wire.now() < till do
          server:serve(client)
          assert(coroutine.resume(thread))
        end
        assert.equal("suspended", coroutine.status(thread))
        local told = wire.now()
        assert(coroutine.close(thread))
        assert.equal(0, client:active())
        assert.is_true(wire.now() - told <= PROMPT)
      end)
    end)
  end)
end

describe("an iterator #alone", function()
  local pages = require "spec.support.pages"

  -- Serves the first page, then nothing any more.
  local function first_page_only()
    local honest = pages.honest(1000)
    return wire.serve(function(r)
      local json = require "dkjson".decode(r.body)
      if json.page == 0 then return wire.reply(200, honest(json)) end
    end)
  end

  it("that is left by break cancels its pages", function()
    local server <close> = first_page_only()
    local client <close> = server:client()
    local told
    for record in client:list_contributors { page_size = 100, window = 4 } do
      if record.id == "100" then
        for _ = 1, 1000 do
          if #server.requests >= 4 then break end
          client:step()
          server:serve(client)
        end
        assert.is_true(client:active() >= 3)
        told = wire.now()
        break
      end
    end
    assert.is_true(wire.now() - told <= PROMPT)
    assert.equal(0, client:active())
    for _ = 1, 1000 do
      if server.closed >= 3 then break end
      client:step()
      server:serve()
    end
    assert.is_true(server.closed >= 3) -- that of the first page may be kept
  end)

  it("has a deadline for each page", function()
    local server <close> = first_page_only()
    local client <close> = server:client { timeout = 0.3 }
    local count, started = 0, wire.now()
    local ok, err = pcall(function()
      for _ in client:list_contributors { page_size = 100, window = 2 } do count = count + 1 end
    end)
    assert.is_false(ok)
    assert.equal("timeout", err.kind)
    assert.equal(100, count)
    assert.is_true(wire.now() - started <= 0.3 + 2 * LATE)
  end)

  it("fails when the client is cancelled", function()
    local server <close> = first_page_only()
    local client <close> = server:client()
    server:after(0.1, function() client:cancel() end)
    local ok, err = pcall(function()
      for _ in client:list_contributors { page_size = 100, window = 4 } do assert(true) end
    end)
    assert.is_false(ok)
    assert.equal("cancelled", err.kind)
  end)
end)

describe("a download #alone", function()
  it("has no attempt_timeout, but stall and deadline hold", function()
    local rows = ("p@example.com,1,login\n"):rep(10)
    for _, limit in ipairs { "stall_timeout", "timeout", "attempt_timeout" } do
      local head = wire.reply(200, ("x"):rep(1000), { ["Content-Type"] = "text/csv" })
        :match "^.-\r\n\r\n"
      local server <close> = wire.serve(function()
        return { head, "email,integrationId,identity\n" .. rows }
      end)
      local client <close> = server:client { [limit] = 0.3 }
      if limit == "attempt_timeout" then server:after(0.8, function() client:cancel() end) end
      local started = wire.now()
      local value, err = every.download_identities.call(client)
      local took = wire.now() - started
      assert.is_nil(value)
      if limit == "attempt_timeout" then
        assert.equal("cancelled", err.kind)
      else
        assert.equal("timeout", err.kind)
        assert.is_true(took >= 0.29 and took <= 0.3 + LATE, limit .. " " .. took)
      end
    end
  end)
end)

describe("a client that waits for a newer key", function()
  it("can be cancelled by the key source itself", function()
    local server <close> = wire.serve(function() return wire.reply(401) end)
    local client
    local asked = 0
    client = server:client { api_key = function()
      asked = asked + 1
      if asked > 1 then client:cancel() end
      return "key-" .. asked
    end }
    local value, err = client:get_schema()
    client:close()
    assert.is_nil(value)
    -- it had its answer already: a 401, once
    assert.equal("auth", err.kind)
    assert.equal(1, #err.attempts)
  end)
end)
