-- The event loop of luv: coroutines that wait, are closed, raise, share a
-- client or have their own; and a host that keeps its turn.
local emulator = require "spec.support.emulator"
local inside = require "spec.support.inside"
local pages = require "spec.support.pages"
local sei = require "sei"
local shell = require "spec.support.shell"

local found, uv = pcall(require, "luv")
if not found then
  describe("luv", function()
    pending "lua-luv is not installed"
  end)
  return
end

local guest = require "spec.support.guest"

local SLOW <const> = guest.SLOW
local handles, descriptors = guest.handles, guest.descriptors

local function spawn(f)
  local co = coroutine.create(f)
  assert(coroutine.resume(co))
  return co
end

local function count(...)
  local n = 0
  for _ in ... do n = n + 1 end
  return n
end

describe("under luv", function()
  local e, client

  setup(function() e = emulator.start { people = 300, accounts = 200 } end)
  before_each(function()
    e:reset()
    client = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = sei.wait.luv }
  end)
  after_each(function()
    client:close()
    uv.run()
    assert.equal(0, handles())
  end)
  teardown(function() e:stop() end)

  it("several calls of several clients share the loop with its timers", function()
    local other <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = sei.wait.luv }
    local done, ticks, left = {}, 0, 12
    local timer = uv.new_timer()
    timer:start(1, 1, function() ticks = ticks + 1 end)
    e:latency(20)
    for i = 1, left do
      spawn(function()
        local c = i % 2 == 0 and client or other
        done[i] = count(c:list_contributors { page_size = 100, window = 1 })
          + #assert(c:get_schema()).fields
        left = left - 1
        if left == 0 then timer:close() end
      end)
    end
    uv.run()
    for i = 1, 12 do assert.equal(306, done[i]) end
    assert.is_true(ticks > 10, ticks)
  end)

  it("a sandboxed recipe lets the loop have its turn, whether it waits or works", function()
    local done, ticks = {}, 0
    local timer = uv.new_timer()
    timer:start(1, 1, function() ticks = ticks + 1 end)
    for i = 1, 2 do
      spawn(function()
        local run = assert(sei.sandboxed { text = [[
          local n, s = 0, 0
          for c in client:list_contributors() do n = n + 1 end
          local work = coroutine.wrap(function() for i = 1, 2e6 do s = s + i end return s end)
          return { n, work() }]], client = { base_url = e.url, api_key = "test-key", pace = false,
            retries = 0, wait = sei.wait.luv } })
        done[i] = run.value
        if done[1] and done[2] then timer:close() end
      end)
    end
    uv.run()
    assert.same({ { 300, 2000001000000 }, { 300, 2000001000000 } }, done)
    assert.is_true(ticks > 10, ticks)
  end)

  it("a call is answered while another one waits", function()
    local order = {}
    e:quirk("fault", ("slow-%.1f:1"):format(0.3 * SLOW), "/v1/org/users/versions")
    spawn(function()
      local n = count(client:list_versions())
      order[#order + 1] = "slow " .. n
    end)
    spawn(function()
      assert(client:get_schema())
      order[#order + 1] = "fast"
    end)
    uv.run()
    assert.same({ "fast", "slow 1" }, order)
  end)

  it("a deadline ends a call that nobody answers", function()
    local server <close> = pages.serve(function() return nil end)
    local one <close> = server:client { wait = sei.wait.luv }
    local kinds = {}
    for i, seconds in ipairs { 0.2, 0.1 } do
      spawn(function()
        local _, err = one:get_schema { timeout = seconds * SLOW }
        kinds[#kinds + 1] = err.kind .. " " .. i
      end)
    end
    uv.run()
    assert.same({ "timeout 2", "timeout 1" }, kinds)
  end)

  it("a coroutine that is closed in mid-wait leaves nothing", function()
    e:latency(60000)
    local before = descriptors()
    local jobs = {
      function() return count(client:list_contributors { window = 5 }) end,
      function() return count(client:download_identities()) end,
      function() return client:get_schema() end,
    }
    local all = {}
    for i = 1, 9 do all[i] = spawn(jobs[i % 3 + 1]) end
    uv.run "nowait"
    assert.equal(9, client:active())
    assert.is_true(handles() > 0)
    for i = 9, 1, -2 do assert.is_true(coroutine.close(all[i])) end
    assert.equal(4, client:active())
    for i = 2, 8, 2 do assert.is_true(coroutine.close(all[i])) end
    assert.equal(0, client:active())
    assert.equal(0, handles())
    assert.is_false(uv.run())
    client:close()
    assert.is_true(descriptors() <= before)
  end)

  it("those who wait are told when the client is closed", function()
    e:latency(60000)
    local kinds = {}
    local function note(ok, err) kinds[#kinds + 1] = not ok and err.kind or "none" end
    for _ = 1, 3 do
      spawn(function() note(client:get_schema()) end)
    end
    spawn(function() note(pcall(count, client:list_contributors())) end)
    local timer = uv.new_timer()
    timer:start(5, 0, function()
      timer:close()
      client:close()
      assert.same({}, kinds)
    end)
    uv.run()
    assert.same({ "closed", "closed", "closed", "closed" }, kinds)
  end)

  it("those who wait are told when all is cancelled", function()
    e:latency(60000)
    local kind
    spawn(function() kind = select(2, client:get_schema()).kind end)
    uv.run "nowait"
    client:cancel()
    uv.run()
    assert.equal("cancelled", kind)
  end)

  it("a number that is used again belongs to the new client", function()
    e:latency(60000)
    local fd = client:pollfd()
    local _, kind = spawn(function() return client:get_schema() end), nil
    uv.run "nowait"
    client:close()
    client = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = sei.wait.luv }
    assert.equal(fd, client:pollfd())
    e:latency(0)
    spawn(function() kind = client:get_schema() and "answered" end)
    uv.run()
    assert.equal("answered", kind)
  end)

  it("what one coroutine raises keeps none of the others waiting", function()
    local done = {}
    local client2 <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = sei.wait.luv }
    for i = 1, 4 do
      spawn(function()
        assert(pcall(function() assert(client2:get_schema()) end))
        local ok, problem = pcall(function()
          assert(client2:get_schema())
          if i == 2 then error "mine" end
        end)
        done[i] = ok or problem:match "mine$"
      end)
    end
    uv.run()
    assert.same({ true, "mine", true, true }, done)
  end)

  it("blocks nobody: outside a coroutine it is misuse", function()
    local message = select(2, pcall(client.get_schema, client))
    assert.matches("^bad option 'wait': .* call it in a coroutine", message)
    spawn(function()
      message = select(2, pcall(table.sort, { 2, 1 }, function(a, b)
        return client:get_schema() and a < b
      end))
    end)
    uv.run()
    assert.matches("^bad option 'wait'", message)
  end)

  it("an iterator that uses a client waits through sei.wait.wrap", function()
    local function names()
      for c in client:list_contributors { page_size = 20 } do coroutine.yield(c.email) end
    end
    local function twice()
      for email in sei.wait.wrap(names) do
        coroutine.yield(email)
        coroutine.yield(email)
      end
    end
    local n, problem = 0, nil
    spawn(function()
      for email in sei.wait.wrap(twice) do n = n + (email:find "@" and 1 or 0) end
      local _, err = pcall(function()
        for email in coroutine.wrap(names) do print(email:upper()) end
      end)
      problem = err
    end)
    uv.run()
    assert.equal(600, n)
    assert.matches("sei.wait.wrap instead of coroutine.wrap", problem)
  end)

  it("an iterator within a coroutine that is closed goes with it", function()
    e:latency(60000)
    local co = spawn(function()
      for _ in sei.wait.wrap(function() client:get_schema() end) do count() end
    end)
    assert.equal(1, client:active())
    assert.is_true(coroutine.close(co))
    assert.equal(0, client:active())
    assert.equal(0, handles())
  end)

  it("rows that come from another call are written while they are read", function()
    local report
    spawn(function()
      report = client:update_contributors(sei.wait.wrap(function()
        for c in client:list_contributors { page_size = 50 } do coroutine.yield(c) end
      end), { batch_size = 100 })
    end)
    uv.run()
    assert.equal(300, report.accepted)
  end)

  it("clients that come and go use the same handles and descriptors", function()
    local function several()
      for _ = 1, 5 do
        local one <close> = sei.client { base_url = e.url, api_key = "test-key",
          pace = false, retries = 0, wait = sei.wait.luv }
        local co = spawn(function() return one:get_schema() end)
        uv.run()
        assert.equal("dead", coroutine.status(co))
      end
    end
    local function all()
      for _ = 1, 3 do
        collectgarbage()
        uv.run "nowait"
      end
      local n = 0
      uv.walk(function() n = n + 1 end)
      return n + descriptors()
    end
    local before = all()
    several()
    assert.equal(before, all())
  end)

  -- luv frees a handle that was closed when its state ends, and its loop uses
  -- it then; the C library fills what is freed.
  it("a script may end at any moment", function()
    for _, last in ipairs { "uv.run() client:close()", "uv.run 'nowait' client:close()",
      "uv.run 'nowait'", "uv.run 'nowait' coroutine.close(co)",
      "uv.run 'nowait' client = nil collectgarbage() collectgarbage()" } do
      local text, status = shell.run(("MALLOC_PERTURB_=165 %s -e %s"):format(shell.lua(),
        shell.quote(([[
          local uv, sei = require "luv", require "sei"
          local client = sei.client { base_url = %q, api_key = "test-key", pace = false,
            wait = sei.wait.luv }
          local co
          for _ = 1, 3 do
            co = coroutine.create(function() assert(client:get_schema()) end)
            assert(coroutine.resume(co))
          end
          %s
          os.exit(true, true)]]):format(e.url, last))))
      assert.equal("0 ", status .. " " .. text, last)
    end
  end)
end)

describe("inside the loop of luv #proof", function()
  for _, spec in ipairs(inside.SPECS) do
    it("the spec of " .. spec .. " passes", function() print(inside.run("luv", spec)) end)
  end
end)
