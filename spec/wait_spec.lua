-- What the other specs show of a client that blocks, they show inside an event
-- loop, too: some of them are run once more here, with every test a coroutine of
-- the loop; all of them by wait_luv_spec.lua and wait_cqueues_spec.lua.
-- And a loop that sei.wait.new is told of: examples/hosts/any_loop.lua.
local emulator = require "spec.support.emulator"
local inside = require "spec.support.inside"
local sei = require "sei"
local shell = require "spec.support.shell"

for _, host in ipairs { "luv", "cqueues" } do
  describe("inside the loop of " .. host, function()
    if not pcall(require, host) then
      pending("lua-" .. host .. " is not installed")
      return
    end

    it("the spec of a group of endpoints passes", function()
      inside.run(host, "endpoints/identities")
    end)

    it("plans are applied, resumed and refused", function()
      inside.run(host, "apply", "an apply")
    end)
  end)
end

describe("inside a loop that sei.wait.new is told of", function()
  local e
  setup(function() e = emulator.start { people = 120, accounts = 200 } end)
  teardown(function() e:stop() end)

  it("the example's calls run side by side", function()
    local text, status = shell.run(("SEI_BASE_URL=%s SEI_API_KEY=k-1234 %s %s"):format(e.url,
      shell.lua(), "examples/hosts/any_loop.lua"))
    assert.equal(0, status, text)
    local lines = {}
    for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
    table.sort(lines)
    assert.same({ "get_schema\t6", "list_contributors\t120", "list_identities\t200",
      "list_versions\t1" }, lines)
  end)

  -- A loop that is told by hand when to call.
  local function by_hand()
    local host = { watches = {} }
    host.wait = sei.wait.new(function(fd, seconds, wake)
      local one = { fd = fd, seconds = seconds, wake = wake }
      host.watches[one] = true
      return function() host.watches[one] = nil end
    end)
    function host.turn()
      local one = next(host.watches)
      assert.is_nil(next(host.watches, one)) -- never two for one client
      host.watches[one] = nil
      if one.fd then require "sei.core".poll(one.fd, one.seconds) end
      one.wake()
    end
    host.client = sei.client { base_url = e.url, api_key = "k-1234", pace = false, retries = 0,
      wait = host.wait }
    return host
  end

  it("what a coroutine raises reaches the host when all others had their turn", function()
    local host, done, problems = by_hand(), 0, {}
    for i = 1, 5 do
      assert(coroutine.resume(coroutine.create(function()
        assert(host.client:get_schema())
        if i == 2 then error "mine" end
        done = done + 1
      end)))
    end
    while next(host.watches) do
      local ok, problem = pcall(host.turn)
      if not ok then problems[#problems + 1] = problem end
    end
    assert.equal(4, done)
    assert.equal(1, #problems)
    assert.matches("mine\nstack traceback:\n.*wait_spec.lua", problems[1])
    host.client:close()
  end)

  it("the host has its turn although nothing need be waited for", function()
    local host, seen, most = by_hand(), 0, 0
    assert(coroutine.resume(coroutine.create(function()
      for _ in host.client:list_contributors { page_size = 2, window = 16 } do
        seen = seen + 1
        local start = os.clock() -- as a script that has something to do
        repeat until os.clock() - start > 0.002
      end
    end)))
    while next(host.watches) do
      local before = seen
      host.turn()
      most = math.max(most, seen - before)
    end
    assert.equal(120, seen)
    assert.is_true(most <= 6, most) -- of 3 ms each, but no page is cut
    host.client:close()
  end)
end)
