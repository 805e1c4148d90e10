-- Small pages that come faster than they are used: several requests go out together, nothing is
-- waited for meanwhile, and all is as if page came after page.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local socket = require "socket"

local PEOPLE <const>, SIZE <const>, WINDOW <const> = 400, 2, 8

describe("pages that wait to be used", function()
  local e

  setup(function() e = emulator.start { people = PEOPLE } end)
  teardown(function() e:stop() end)

  -- Reads all of them; after every so many records the pages that come meanwhile pile up.
  local function read(client, options)
    local ids = {}
    options = options or {}
    options.page_size, options.window = SIZE, WINDOW
    for record in client:list_contributors(options) do
      ids[#ids + 1] = record.id
      if #ids % (SIZE * WINDOW) == 0 then socket.sleep(0.005) end
    end
    return ids
  end

  local function open(options)
    options = options or {}
    options.base_url, options.api_key, options.pace, options.retries = e.url, "test-key", false, 0
    return sei.client(options)
  end

  local function expected()
    local client <close> = open()
    local ids = {}
    for record in client:list_contributors { page_size = PEOPLE } do ids[#ids + 1] = record.id end
    assert.equal(PEOPLE, #ids)
    return ids
  end

  -- Reads all and says how often was waited.
  local function read_waiting(want)
    local waits = 0
    local client <close> = open {
      wait = function(c)
        waits = waits + 1
        sei.wait.block(c)
      end,
    }
    assert.same(want, read(client))
    assert.equal(PEOPLE // SIZE, client:stats().attempts)
    return waits
  end

  it("are handed out in order, each asked for once", function() read_waiting(expected()) end)

  -- About 30 times; 200 times, were they asked for one by one.
  it("are not waited for one by one #alone", function()
    local want, least = expected(), PEOPLE
    for _ = 1, 3 do least = math.min(least, read_waiting(want)) end
    local most = (tonumber(os.getenv "SEI_SLOW") or 1) > 1 and 1 or 0.75
    assert.is_true(least <= most * PEOPLE // SIZE, least .. " waits")
  end)

  it("are told one by one to who listens, each before its records", function()
    local told, seen = {}, 0
    local client <close> = open {
      on_page = function(page) told[#told + 1] = { count = page.count, seen = seen } end,
    }
    for _ in client:list_contributors { page_size = SIZE, window = WINDOW } do
      seen = seen + 1
      if seen % (SIZE * WINDOW) == 0 then socket.sleep(0.005) end
    end
    assert.equal(PEOPLE, seen)
    assert.equal(PEOPLE // SIZE, #told)
    for i, page in ipairs(told) do
      assert.equal(SIZE, page.count)
      assert.equal((i - 1) * SIZE, page.seen)
    end
  end)

  it("wake another coroutine that waits for the same client", function()
    local client <close> = open { wait = function(c) coroutine.yield(c) end }
    local want, done = expected(), {}
    local tasks = {}
    for i = 1, 3 do tasks[i] = coroutine.create(function() done[i] = read(client) end) end
    local one = { getfd = function() return client:pollfd() end }
    for round = 1, 100000 do
      for i = #tasks, 1, -1 do
        assert(coroutine.resume(tasks[i]))
        if coroutine.status(tasks[i]) == "dead" then table.remove(tasks, i) end
      end
      if not tasks[1] then break end
      assert.is_true(round < 100000)
      local start, seconds = socket.gettime(), client:timeout()
      socket.select({ one }, nil, math.min(seconds or 9, 9))
      assert.is_true(socket.gettime() - start < 8, "nobody was woken for 8 s")
    end
    for i = 1, 3 do assert.same(want, done[i]) end
  end)

  it("are forgotten when the loop ends early, and resumed behind the last record", function()
    local client <close> = open()
    local want, got = expected(), {}
    local walk = client:list_contributors { page_size = SIZE, window = WINDOW }
    for record in walk do
      got[#got + 1] = record.id
      if #got == WINDOW * SIZE then socket.sleep(0.02) end
      if #got == WINDOW * SIZE + 3 then break end
    end
    local token = walk:resume()
    walk:close()
    assert.equal(0, client:active())
    for _, id in ipairs(read(client, { resume = token })) do got[#got + 1] = id end
    assert.same(want, got)
  end)
end)
