-- Plans and applies go through all rows between two requests: the host's loop has
-- its turn in between, and what comes out is the same.
local guest = require "spec.support.guest"
local plans = require "spec.support.plans"
local sei = require "sei"
local shell = require "spec.support.shell"
local turn = require "sei.wait.turn"

local ROWS <const> = 2000

-- A loop that is told by hand when to call: `turns` counts how often it was
-- asked to come back at once.
local function by_hand()
  local host, ring = { turns = 0 }, nil
  host.wait = sei.wait.new(function(fd, seconds, wake)
    ring = { fd = fd, seconds = seconds, wake = wake }
    if seconds == 0 then host.turns = host.turns + 1 end
    return function() ring = nil end
  end)
  function host.run(f)
    local result
    local co = coroutine.create(function() result = table.pack(pcall(f)) end)
    assert(coroutine.resume(co))
    while not result do
      local one = ring
      ring = nil
      if one.fd then require "sei.core".poll(one.fd, one.seconds) end
      one.wake()
    end
    assert(table.unpack(result, 1, result.n))
    return table.unpack(result, 2, result.n)
  end
  return host
end

describe("a coroutine that shares its host's loop", function()
  local host, client

  setup(function()
    host = by_hand()
    client = sei.client { base_url = "http://127.0.0.1:1", api_key = "k-1234", pace = false,
      wait = host.wait }
  end)
  teardown(function() client:close() end)

  local function busy()
    local start = os.clock()
    repeat until os.clock() - start > 0.004
  end

  -- Texts by a seed, some of them equal.
  local function texts(n, random)
    local list = {}
    for i = 1, n do list[i] = ("%05d"):format(random(0, n)) end
    return list
  end

  it("sorts as table.sort does", function()
    local random = guest.random_of(7)
    local function downwards(a, b) return a > b end
    for _, n in ipairs { 0, 1, 511, 512, 513, 1024, 1025, 1536, 1537, 5000 } do
      for _, less in ipairs { false, downwards } do
        local list = texts(n, random)
        local copy = table.move(list, 1, n, 1, {})
        table.sort(copy, less or nil)
        host.run(function() turn.share(client, turn.sort, list, less or nil) end)
        assert.same(copy, list)
      end
    end
  end)

  it("lets the loop have its turn in a loop over rows, and nowhere else", function()
    local list, seen = { "a", "b", "c" }, {}
    local function all()
      turn.take() -- the slice may be an old one
      host.turns = 0
      for i, value in turn.each(list) do
        busy()
        seen[#seen + 1] = value .. i
      end
      busy()
      turn.take()
      return #seen
    end
    assert.equal(3, host.run(all))
    assert.equal(0, host.turns)
    assert.equal(6, host.run(function() return turn.share(client, all) end))
    assert.equal(3, host.turns)
    assert.same({ "a1", "b2", "c3", "a1", "b2", "c3" }, seen)
    assert.equal(9, turn.share(client, all)) -- outside a coroutine nobody can yield
    assert.equal(0, host.turns)
    host.run(function() pcall(turn.share, client, error) all() end) -- it is over with the function
    assert.equal(0, host.turns)
  end)

  it("is told what was raised, and goes where it cannot yield", function()
    local problem = select(2, host.run(function()
      return pcall(turn.share, client, function() error({ "mine" }, 0) end)
    end))
    assert.same({ "mine" }, problem)
    local function less(a, b)
      busy()
      turn.take()
      return a < b
    end
    local list = { 2, 1 }
    host.run(function() turn.share(client, table.sort, list, less) end)
    assert.same({ 1, 2 }, list)
  end)
end)

describe("a plan and its apply", function()
  local e, folder

  setup(function()
    folder = shell.folder()
    e = plans.emulator(folder, ROWS)
  end)
  teardown(function()
    e:stop()
    shell.remove(folder)
  end)

  local function new_client(wait) return plans.client(e, { wait = wait }) end

  local function options(client, name)
    local people, accounts = {}, {}
    for i = 1, ROWS do
      local email = ("p%d@x.example"):format(i)
      people[i] = { id = tostring(i), email = email, name = "Person " .. i }
      accounts[i] = { integration_id = plans.LAB, login = "n" .. i * 7919 % ROWS, email = email }
    end
    return { client = client, people = people, accounts = accounts, file = folder .. "/" .. name,
      guard = { state = false } }
  end

  it("let the host's loop have its turn, and come out the same", function()
    local host = by_hand()
    local client <close> = new_client(host.wait)
    local blocking <close> = new_client()
    local expected = assert(sei.plan(options(blocking, "one.jsonl")))
    local plan = host.run(function() return assert(sei.plan(options(client, "two.jsonl"))) end)
    assert.equal(expected.digest, plan.digest)
    assert.equal(ROWS, plan.writes)
    assert.is_true(host.turns >= 2, host.turns)
    host.turns = 0
    local report = host.run(function() return assert(plans.apply(client, plan, folder)) end)
    assert.equal("done", report.state)
    assert.equal(ROWS, report.verified)
    assert.is_true(host.turns >= 2, host.turns)
  end)
end)
