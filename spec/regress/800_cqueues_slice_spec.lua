-- All coroutines that waited for one client were resumed in one step of cqueues'
-- loop, each with a page to decode and a script's work: nothing else in the loop
-- had its turn until all of them were done.
local emulator = require "spec.support.emulator"
local sei = require "sei"

local found, cqueues = pcall(require, "cqueues")
if not found then
  describe("coroutines of cqueues that share a client", function()
    pending "lua-cqueues is not installed"
  end)
  return
end

local TOGETHER <const>, PAGES <const> = 6, 5

-- What a script does with a page; longer than any slice.
local function work()
  local start = os.clock()
  repeat until os.clock() - start > 0.004
end

describe("coroutines of cqueues that share a client", function()
  local e, client

  setup(function()
    e = emulator.start { people = 20 * PAGES }
    client = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0,
      wait = sei.wait.cqueues }
  end)
  teardown(function()
    client:close()
    e:stop()
  end)

  -- Calls on_page(i) for each page of each walk and on_turn() once in a step.
  local function list_all(on_page, on_turn)
    local loop, left = cqueues.new(), TOGETHER
    for i = 1, TOGETHER do
      loop:wrap(function()
        local n = 0
        for _ in client:list_contributors { page_size = 20, window = 1 } do
          if n % 20 == 0 then
            work()
            on_page(i)
          end
          n = n + 1
        end
        assert.equal(20 * PAGES, n)
        left = left - 1
      end)
    end
    loop:wrap(function()
      while left > 0 do
        on_turn()
        cqueues.poll(0)
      end
    end)
    assert(loop:loop())
    loop:close()
  end

  it("let the loop have its turn when the slice is used up, and each other theirs", function()
    local seen, most, done, spread = 0, 0, {}, 0
    for i = 1, TOGETHER do done[i] = 0 end
    list_all(function(i)
      seen, done[i] = seen + 1, done[i] + 1
      spread = math.max(spread, math.max(table.unpack(done)) - math.min(table.unpack(done)))
    end, function()
      most, seen = math.max(most, seen), 0
    end)
    assert.same({ PAGES, PAGES, PAGES, PAGES, PAGES, PAGES }, done)
    assert.is_true(most <= TOGETHER // 2, most) -- all of them before, in every step
    assert.is_true(spread < PAGES, spread)
  end)

  it("close in the middle of the queue, and the others go on", function()
    local loop, ended = cqueues.new(), 0
    local other = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0,
      wait = sei.wait.cqueues }
    for i = 1, TOGETHER do
      loop:wrap(function()
        local n = 0
        local ok = pcall(function()
          for _ in other:list_contributors { page_size = 20, window = 1 } do
            n = n + 1
            if n % 20 == 1 then work() end
            if i == 1 and n == 21 then other:close() end
            if i == 2 and n == 5 then error "mine" end
          end
        end)
        assert.is_false(ok)
        ended = ended + 1
      end)
    end
    assert(loop:loop(20))
    assert.equal(TOGETHER, ended)
    loop:close()
  end)
end)
