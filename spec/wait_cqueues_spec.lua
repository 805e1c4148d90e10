-- The event loop of cqueues: the same client in coroutines of a controller.
local emulator = require "spec.support.emulator"
local inside = require "spec.support.inside"
local pages = require "spec.support.pages"
local sei = require "sei"

local found, cqueues = pcall(require, "cqueues")
if not found then
  describe("cqueues", function()
    pending "lua-cqueues is not installed"
  end)
  return
end

local SLOW <const> = math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10)

local function count(...)
  local n = 0
  for _ in ... do n = n + 1 end
  return n
end

describe("under cqueues", function()
  local e, client, loop

  setup(function() e = emulator.start { people = 300, accounts = 200 } end)
  before_each(function()
    e:reset()
    loop = cqueues.new()
    client = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = sei.wait.cqueues }
  end)
  after_each(function()
    client:close()
    loop:close()
  end)
  teardown(function() e:stop() end)

  -- Runs the loop until all of its coroutines are done.
  local function run()
    assert(loop:loop(20 * SLOW))
    assert.is_true(loop:empty())
  end

  it("several calls of several clients share the loop with its timers", function()
    local other <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = sei.wait.cqueues }
    local done, ticks, left = {}, 0, 12
    e:latency(20)
    loop:wrap(function()
      while left > 0 do
        cqueues.sleep(0.001)
        ticks = ticks + 1
      end
    end)
    for i = 1, left do
      loop:wrap(function()
        local c = i % 2 == 0 and other or client
        local n = count(c:list_contributors { page_size = 100, window = 1 })
        done[i] = n + #assert(c:get_schema()).fields
        left = left - 1
      end)
    end
    run()
    for i = 1, 12 do assert.equal(306, done[i]) end
    assert.is_true(ticks > 10, ticks)
  end)

  it("a deadline ends a call that nobody answers", function()
    local server <close> = pages.serve(function() return nil end)
    local one <close> = server:client { wait = sei.wait.cqueues }
    local kinds = {}
    for i, seconds in ipairs { 0.2, 0.1 } do
      loop:wrap(function()
        local _, err = one:get_schema { timeout = seconds * SLOW }
        kinds[#kinds + 1] = err.kind .. " " .. i
      end)
    end
    run()
    assert.same({ "timeout 2", "timeout 1" }, kinds)
  end)

  it("those who wait are told when the client is closed; its number serves the next", function()
    e:latency(60000)
    local kinds, fd = {}, client:pollfd()
    local function note(ok, err) kinds[#kinds + 1] = not ok and err.kind or "none" end
    for _ = 1, 3 do
      loop:wrap(function() note(client:get_schema()) end)
    end
    loop:wrap(function() note(pcall(count, client:list_contributors())) end)
    assert(loop:step(0))
    client:close()
    for _ = 1, 4 do assert(loop:step(0)) end -- at once, not when something times out
    assert.is_true(loop:empty())
    assert.same({ "closed", "closed", "closed", "closed" }, kinds)
    e:latency(0)
    client = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = sei.wait.cqueues }
    assert.equal(fd, client:pollfd())
    loop:wrap(function() note(nil, { kind = client:get_schema() and "answered" }) end)
    run()
    assert.equal("answered", kinds[5])
  end)

  it("those who wait are told when all is cancelled", function()
    e:latency(60000)
    local kind
    loop:wrap(function() kind = select(2, client:get_schema()).kind end)
    loop:wrap(function()
      cqueues.sleep(0.005)
      client:cancel()
    end)
    run()
    assert.equal("cancelled", kind)
  end)

  it("a controller that is dropped in mid-wait leaves nothing", function()
    e:latency(60000)
    for _ = 1, 5 do
      loop:wrap(function() return count(client:list_contributors { window = 4 }) end)
      loop:wrap(function() return client:get_schema() end)
    end
    assert(loop:step(0))
    assert.equal(10, client:active())
    loop:close()
    loop = cqueues.new()
    collectgarbage()
    collectgarbage()
    assert.equal(0, client:active())
  end)

  it("iterators that use a client wait through either wrap", function()
    local n = 0
    for _, wrap in ipairs { sei.wait.wrap, require "cqueues.auxlib".wrap } do
      loop:wrap(function()
        for email in wrap(function()
          for c in client:list_contributors { page_size = 20 } do coroutine.yield(c.email) end
        end) do
          n = n + (email:find "@" and 1 or 0)
        end
      end)
    end
    run()
    assert.equal(600, n)
  end)

  it("blocks nobody: outside a controller it is misuse", function()
    local message = select(2, pcall(client.get_schema, client))
    assert.matches("^bad option 'wait'", message)
    local co = coroutine.wrap(function() return pcall(client.get_schema, client) end)
    message = select(2, co())
    assert.matches("^bad option 'wait': .* in a coroutine of cqueues", message)
  end)
end)

describe("inside the loop of cqueues #proof", function()
  for _, spec in ipairs(inside.SPECS) do
    it("the spec of " .. spec .. " passes", function() print(inside.run("cqueues", spec)) end)
  end
end)
