-- Lists that change while they are read: an error, a warning, or read again.
local emulator = require "spec.support.emulator"
local pages = require "spec.support.pages"
local sei = require "sei"
local shell = require "spec.support.shell"

local function ids_of(walk)
  local ids = {}
  for record in walk do ids[#ids + 1] = math.tointeger(tonumber(record.id)) end
  return ids
end

-- All of 1 to count, in any order, none twice.
local function assert_complete(count, ids)
  table.sort(ids)
  for i = 1, count do assert.equal(i, ids[i]) end
  assert.equal(count, #ids)
end

local function assert_none_twice(ids)
  local seen = {}
  for _, id in ipairs(ids) do
    assert.is_nil(seen[id], "twice: " .. id)
    seen[id] = true
  end
end

local function failing(walk)
  local ids = {}
  local ok, err = pcall(function() for record in walk do ids[#ids + 1] = record.id end end)
  assert.is_false(ok, "the walk should have failed")
  assert.is_true(sei.is_error(err), tostring(err))
  return err, ids
end

describe("a list that moves", function()
  local e, client

  setup(function()
    e = emulator.start { people = 100 }
    client = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0 }
  end)
  before_each(function() e:reset() end)
  teardown(function()
    client:close()
    e:stop()
  end)

  it("stands still by default, and says so", function()
    local walk = client:list_contributors { page_size = 10 }
    assert_complete(100, ids_of(walk))
    assert.is_nil(walk:drift())
  end)

  for _, rows in ipairs { 1, 3, 10, 25 } do
    describe("by " .. rows, function()
      before_each(function() e:quirk("drift", tostring(rows)) end)

      it("is an error at the first sign, unless told otherwise", function()
        local walk = client:list_contributors { page_size = 10, window = 1 }
        local err, ids = failing(walk)
        assert.equal("drift", err.kind)
        assert.equal(10, #ids)
        assert.matches("total_count went from 100 to " .. 100 - rows, err.message)
        assert.matches("on_drift", err.hint)
        assert.equal(100, walk:drift().total_before)
        assert.equal(100 - rows, walk:drift().total_after)
        assert.matches("moved while it was read", walk:drift().message)
      end)

      it("is counted with on_drift = warn, and nothing comes twice", function()
        local walk = client:list_contributors { page_size = 10, window = 1, on_drift = "warn" }
        local ids = ids_of(walk)
        assert_none_twice(ids)
        local drift = walk:drift()
        assert.is_true(drift.duplicates > 0)
        assert.equal(100, drift.total_before)
        assert.matches(("%d record"):format(drift.duplicates), drift.message)
        -- The first rows hide on every other page: so many were overtaken each time.
        assert.is_true(#ids < 100)
      end)

      it("is an error with on_drift = repair if it never stands still", function()
        local walk = client:list_contributors { page_size = 10, window = 1, on_drift = "repair" }
        local err, ids = failing(walk)
        assert.equal("drift", err.kind)
        assert.matches("still moved after it was read 3 times more", err.message)
        assert_none_twice(ids)
        assert.is_true(e:counters().requests <= 4 * 11)
      end)

      it("is complete with on_drift = repair once it stands still", function()
        for _, times in ipairs { 1, 2, 5 } do
          for _, window in ipairs { 1, 4 } do
            e:reset()
            e:quirk("drift", rows .. ":" .. times)
            local walk = client:list_contributors { page_size = 10, window = window,
              on_drift = "repair" }
            assert_complete(100, ids_of(walk))
            assert.is_true(walk:drift() ~= nil)
          end
        end
      end)
    end)
  end

  it("gives max_items new records, however often it is read", function()
    for _, most in ipairs { 5, 15, 37, 60, 99, 100 } do
      e:reset()
      e:quirk("drift", "3:2")
      local ids = ids_of(client:list_contributors { page_size = 10, window = 1,
        on_drift = "repair", max_items = most })
      assert_none_twice(ids)
      assert.equal(most, #ids)
    end
  end)

  it("is noticed by every choice when only the total moves", function()
    for _, how in ipairs { "error", "warn", "repair" } do
      local server <close> = pages.serve(function(r)
        local first = r.page * 10 + 1
        return pages.page(pages.records(first, math.min(first + 9, 30)),
          { total_count = r.page == 1 and 31 or 30 })
      end)
      local other <close> = server:client()
      local walk = other:list_contributors { page_size = 10, on_drift = how, window = 1 }
      if how == "warn" then
        assert_complete(30, ids_of(walk))
        assert.equal(31, walk:drift().total_after)
      else
        assert.equal("drift", failing(walk).kind)
      end
    end
  end)

  it("is noticed when records come twice and the total stands still", function()
    local function handler(r)
      local first = r.page * 10 + 1 - (r.page >= 2 and 3 or 0)
      return pages.page(pages.records(first, math.min(first + 9, 40)), { total_count = 40 })
    end
    local server <close> = pages.serve(handler)
    local other <close> = server:client()
    local err, ids = failing(other:list_contributors { page_size = 10 })
    assert.equal("drift", err.kind)
    assert.matches("3 records came twice; first seen on page 2", err.message)
    assert.equal(20, #ids)
    local walk = other:list_contributors { page_size = 10, on_drift = "warn" }
    ids = ids_of(walk)
    assert_none_twice(ids)
    assert.equal(37, #ids)
    assert.equal(3, walk:drift().duplicates)
  end)

  it("counts nothing that max_items cut off", function()
    e:quirk("drift", "1")
    assert.equal(10, #ids_of(client:list_contributors { page_size = 10, max_items = 10 }))
    local walk = client:list_contributors { page_size = 10, max_items = 35, on_drift = "warn",
      window = 1 }
    assert.equal(35, #ids_of(walk))
    assert_none_twice(ids_of(client:list_contributors { page_size = 10, max_items = 35,
      on_drift = "warn" }))
  end)

  it("between a walk and its resumption is told as well", function()
    local walk = client:list_contributors { page_size = 10 }
    for _ = 1, 25 do walk() end
    local token = walk:resume()
    walk:close()
    assert(client:update_contributors { { full_name = "New Person", email = "new@example.com",
      integration_user_ids = sei.json.array {} } })
    local err = failing(client:list_contributors { resume = token })
    assert.equal("drift", err.kind)
    assert.matches("total_count went from 100 to 101", err.message)
    err = failing(client:list_contributors { resume = token, on_drift = "repair" })
    assert.matches("a resumed walk cannot be repaired, start a new one", err.message)
    local rest = client:list_contributors { resume = token, on_drift = "warn" }
    assert.equal(76, #ids_of(rest))
    assert.equal(101, rest:drift().total_after)
  end)

  it("is resumed from its start when it is being repaired", function()
    e:quirk("drift", "5:1")
    local walk = client:list_contributors { page_size = 10, window = 1, on_drift = "repair" }
    for _ = 1, 40 do walk() end
    local token = walk:resume()
    walk:close()
    assert_complete(100, ids_of(client:list_contributors { resume = token }))
  end)
end)

describe("on_drift = warn", function()
  local SCRIPT <const> = [[
    local sei = require "sei"
    local client = sei.client { base_url = arg[1], api_key = "test-key", pace = false, retries = 0 }
    local n = 0
    for _ in client:list_contributors { page_size = 10, window = 1, on_drift = arg[2] } do
      n = n + 1
    end
    print(n)]]

  local function run(flags, e, how)
    local file = os.tmpname()
    local out = assert(io.open(file, "w"))
    out:write(SCRIPT)
    out:close()
    local text, status = shell.run(("%s %s %s %s %s"):format(shell.lua(), flags, file, e.url, how))
    os.remove(file)
    return text, status
  end

  it("tells it through Lua's warn, once, at the end", function()
    local e <close> = emulator.start { people = 100, quirks = { "drift=2" } }
    local text, status = run("-W", e, "warn")
    assert.equal(0, status, text)
    local _, count = text:gsub("Lua warning: ", "")
    assert.equal(1, count, text)
    assert.matches("Lua warning: sei: list_contributors: the list moved while it was read: "
      .. "total_count went from 100 to 98, %d+ records came twice", text)
    e:reset()
    assert.matches("^%d+\n$", (run("", e, "warn")))
    e:clear()
    assert.equal("100\n", (run("-W", e, "warn")))
  end)
end)
