-- Walks over lists: the same records in the same order whatever the page size
-- and the window, and exactly the requests that arithmetic gives.
local emulator = require "spec.support.emulator"
local pages = require "spec.support.pages"
local sei = require "sei"
local socket = require "socket"

local function ids_of(walk)
  local ids = {}
  for record in walk do ids[#ids + 1] = record.id end
  return ids
end

-- What is asked for: page/page_size of each request in the emulator's log.
local function asked(e)
  local list = {}
  for _, entry in ipairs(e:log()) do
    local page, size = entry.body:match '"page":(%d+),"page_size":(%d+)'
    if not page then
      page = entry.path:match "pageIndex=(%d+)" or entry.path:match "page=(%d+)"
      size = entry.path:match "pageSize=(%d+)" or entry.path:match "page_size=(%d+)"
    end
    list[#list + 1] = page .. "/" .. size
  end
  return table.concat(list, " ")
end

local function expect_error(kind, walk)
  local seen = {}
  local ok, err = pcall(function() for record in walk do seen[#seen + 1] = record.id end end)
  assert.is_false(ok, "the walk should have failed")
  assert.is_true(sei.is_error(err), tostring(err))
  assert.equal(kind, err.kind, tostring(err))
  return err, seen
end

local function pages_for(count, size) return (count + size - 1) // size end

describe("80,715 contributors", function()
  -- A tenth of them where everything is many times slower: under valgrind, or when the collector
  -- runs all the time.
  local PEOPLE <const> = (tonumber(os.getenv "SEI_SLOW") or 1) < 10 and 80715 or 8071
  local e, client, reference

  setup(function()
    e = emulator.start { people = PEOPLE, quirks = { "has-next-lies" } }
    client = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0 }
  end)
  teardown(function()
    client:close()
    e:stop()
  end)

  -- Every record in full, as canonical text; the emulator numbers its people.
  local function compare(size, window)
    local n, first = 0, not reference
    reference = reference or {}
    for record in client:list_contributors { page_size = size, window = window } do
      n = n + 1
      local text = sei.json.encode(record, { canonical = true })
      if first then reference[n] = text end
      if record.id ~= tostring(n) or reference[n] ~= text then
        error(("record %d at page_size %d, window %d: %s"):format(n, size, window, text))
      end
    end
    return n
  end

  for _, size in ipairs { 1000, 500, 50 } do
    for _, window in ipairs { 1, 4, 16 } do
      it(("are the same at page_size %d, window %d"):format(size, window), function()
        e:clear_counters()
        assert.equal(PEOPLE, compare(size, window))
        local counters = e:counters()
        assert.equal(pages_for(PEOPLE, size), counters.requests)
        assert.equal(counters.requests, counters.by_status["200"])
        assert.is_true(counters.most_under_way <= window, counters.most_under_way)
        assert.equal(0, client:active())
      end)
    end
  end
end)

describe("a walk", function()
  local e, client

  setup(function()
    e = emulator.start { people = 120, accounts = 130 }
    client = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0 }
  end)
  before_each(function() e:reset() end)
  teardown(function()
    client:close()
    e:stop()
  end)

  for _, lies in ipairs { false, true } do
    it("sends as many requests as there are pages, has_next "
      .. (lies and "lying" or "true"), function()
      for size = 1, 130, 3 do
        e:reset()
        if lies then e:quirk "has-next-lies" end
        assert.equal(120, #ids_of(client:list_contributors { page_size = size, window = 3 }))
        assert.equal(pages_for(120, size), e:counters().requests, "page_size " .. size)
      end
    end)
  end

  it("sends one request for an empty list and for one that fits", function()
    local empty <close> = emulator.start { people = 0, quirks = { "has-next-lies" } }
    local other <close> = sei.client { base_url = empty.url, api_key = "test-key",
      pace = false, retries = 0 }
    for _ in other:list_contributors() do error "there is nobody" end
    assert.equal(1, empty:counters().requests)
    ids_of(client:list_contributors { page_size = 120 })
    assert.equal("0/120", asked(e))
  end)

  it("asks for page after page", function()
    ids_of(client:list_contributors { page_size = 50, window = 1 })
    assert.equal("0/50 1/50 2/50", asked(e))
  end)

  it("pages through the other lists in their own way", function()
    e:quirk "has-next-lies"
    local n = 0
    for _ in client:list_identities { page_size = 50, window = 1 } do n = n + 1 end
    assert.equal(130, n)
    assert.equal("0/50 1/50 2/50", asked(e))
    e:clear_log()
    n = 0
    for _ in client:list_versions { page_size = 50 } do n = n + 1 end
    assert.equal(1, n)
    assert.equal("0/50", asked(e))
  end)

  it("hands out max_items and sends no request beyond them", function()
    for size = 1, 61, 12 do
      for _, most in ipairs { 0, 1, 2, 12, 13, 60, 119, 120, 121, 5000 } do
        e:clear_counters()
        local ids = ids_of(client:list_contributors {
          page_size = size, max_items = most, window = 4 })
        local wanted = math.min(most, 120)
        assert.equal(wanted, #ids)
        assert.equal(wanted > 0 and tostring(wanted) or nil, ids[#ids])
        assert.equal(pages_for(wanted, size), e:counters().requests,
          ("page_size %d, max_items %d"):format(size, most))
        assert.equal(0, client:active())
      end
    end
  end)

  it("fails when more pages than max_pages are needed, behind the last one", function()
    local err, seen = expect_error("too_large",
      client:list_contributors { page_size = 25, max_pages = 3 })
    assert.equal(75, #seen)
    assert.matches("max_pages", err.message)
    assert.matches("total_count is 120", err.message)
    assert.equal(3, e:counters().requests)
    assert.equal(120, #ids_of(client:list_contributors { page_size = 25, max_pages = 5 }))
  end)

  it("sends the filter as it is, on every page", function()
    local emails = {}
    for record in client:list_contributors { max_items = 7 } do
      emails[#emails + 1] = record.email
    end
    e:clear_log()
    local ids = ids_of(client:list_contributors { page_size = 3, window = 1,
      filter = { email = emails } })
    assert.equal(7, #ids)
    local log = e:log()
    assert.equal(3, #log)
    for i, entry in ipairs(log) do
      assert.equal(('{"page":%d,"page_size":3,"filter":{"email":%s}}')
        :format(i - 1, sei.json.encode(emails)), entry.body)
    end
  end)

  it("pins a version in the query", function()
    client:update_contributors { { id = "3", email = "somebody.else@example.com",
      full_name = "Somebody Else", integration_user_ids = sei.json.array {} } }
    e:clear_log()
    local function email(version)
      for record in client:list_contributors { version = version } do
        if record.id == "3" then return record.email end
      end
    end
    local newest
    for row in client:list_versions { max_items = 1 } do newest = row.version end
    e:clear_log()
    assert.equal("somebody.else@example.com", email(tostring(newest)))
    assert.not_equal("somebody.else@example.com", email(tostring(newest - 1)))
    assert.matches("/v1/org/users/list%?version=" .. newest .. "$", e:log()[1].path)
  end)

  it("leaves out what fields does not name, at every page size", function()
    for _, size in ipairs { 7, 500 } do
      local n = 0
      for record in client:list_contributors { page_size = size, fields = { "email" } } do
        n = n + 1
        local key, value = next(record)
        assert.equal("email", key)
        assert.is_string(value)
        assert.is_nil(next(record, key))
      end
      assert.equal(120, n)
    end
    for record in client:list_contributors { fields = { "id", "integration_user_ids" } } do
      assert.is_string(record.id)
      assert.is_table(record.integration_user_ids)
      assert.is_nil(record.email)
    end
  end)

  it("tells the total and the metadata", function()
    local walk = client:list_contributors { page_size = 50 }
    assert.is_nil(walk:total())
    assert.same({}, walk:meta())
    walk()
    assert.equal(120, walk:total())
    assert.equal(120, walk:meta()._metadata.total_count)
    assert.is_nil(walk:drift())
    walk:close()
  end)

  it("hands out unlinked logins, whose ids are all 0, each once", function()
    e:quirk("dangling", 40)
    local linked, unlinked = 0, {}
    for record in client:list_contributors { page_size = 17, window = 3 } do
      if record.id == "0" then
        unlinked[record.integration_user_ids[1].integration_id .. " "
          .. record.integration_user_ids[1].user_id] = true
      else
        linked = linked + 1
      end
    end
    local n = 0
    for _ in pairs(unlinked) do n = n + 1 end
    assert.equal(120, linked)
    assert.equal(40, n)
  end)
end)

describe("the window", function()
  it("is how many requests are under way at once", function()
    local e <close> = emulator.start { people = 400,
      latency_ms = 30 * math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10) }
    local client <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, window = 5 }
    for _, window in ipairs { 1, 2, 8, 64, false } do
      e:clear_counters()
      -- some more pages than the window holds
      local options, n = { page_size = window == 64 and 4 or 20, window = window or nil }, 0
      for _ in client:list_contributors(options) do n = n + 1 end
      assert.equal(400, n)
      assert.equal(window or 5, e:counters().most_under_way)
    end
  end)

  it("is how many pages wait in memory while nobody takes them", function()
    for _, window in ipairs { 1, 3, 10 } do
      local server <close> = pages.list(1000)
      local client <close> = server:client()
      local walk = client:list_contributors { page_size = 10, window = window }
      walk()
      for _ = 1, 500 do
        client:step()
        server:serve()
      end
      assert.equal(1 + window, #server.requests)
      walk:close()
    end
  end)
end)

describe("a service that does not do as it is told", function()
  -- The walk's records as "1 2 3 …", and the number of requests.
  local function walk_over(handler, options)
    local server <close> = pages.serve(handler)
    local client <close> = server:client()
    local ids = ids_of(client:list_contributors(options))
    return table.concat(ids, " "), #server.requests
  end

  local function failing(kind, handler, options)
    local server <close> = pages.serve(handler)
    local client <close> = server:client()
    local err, seen = expect_error(kind, client:list_contributors(options))
    assert.is_true(#server.requests < 50)
    return err, seen
  end

  it("ends at an empty page where there is no total", function()
    local function without_total(r)
      local first = r.page * r.page_size + 1
      return pages.page(pages.records(first, math.min(first + r.page_size - 1, 10)),
        { has_next = true, next_page = r.page + 1 })
    end
    local ids, requests = walk_over(without_total, { page_size = 5 })
    assert.equal("1 2 3 4 5 6 7 8 9 10", ids)
    assert.equal(3, requests)
    ids, requests = walk_over(without_total, { page_size = 4 })
    assert.equal("1 2 3 4 5 6 7 8 9 10", ids)
    assert.is_true(requests == 3 or requests == 4)
  end)

  it("fails at a page that comes twice, with and without a total", function()
    for _, total in ipairs { 1000, false } do
      local err, seen = failing("paging_loop", function(r)
        return pages.page(pages.records(1, r.page_size),
          { total_count = total or nil, has_next = true, next_page = r.page + 1 })
      end, { page_size = 10, window = 4 })
      assert.equal(10, #seen)
      assert.matches("repeats itself", err.message)
      assert.matches("page 1", err.message)
    end
  end)

  it("fails at pages that come round again", function()
    local _, seen = failing("drift", function(r)
      local first = r.page % 3 * 10 + 1
      return pages.page(pages.records(first, first + 9), { total_count = 1000 })
    end, { page_size = 10 })
    assert.equal(30, #seen)
    _, seen = failing("paging_loop", function(r)
      local first = r.page % 3 * 10 + 1
      return pages.page(pages.records(first, first + 9), { total_count = 1000 })
    end, { page_size = 10, on_drift = "warn" })
    assert.equal(30, #seen)
  end)

  it("takes a whole list where no page was sent", function()
    local ids, requests = walk_over(function() return pages.page(pages.records(1, 9)) end,
      { page_size = 4 })
    assert.equal("1 2 3 4 5 6 7 8 9", ids)
    assert.equal(1, requests)
  end)

  it("fails at an empty page before the end", function()
    local err, seen = failing("drift", function(r)
      if r.page == 2 then return pages.page({}, { total_count = 50 }) end
      return pages.page(pages.records(r.page * 10 + 1, r.page * 10 + 10), { total_count = 50 })
    end, { page_size = 10 })
    assert.equal(20, #seen)
    assert.matches("held 0 records where 10 were due", err.message)
  end)

  it("fails with numbers that cannot be", function()
    failing("protocol", function() return pages.page({}, { total_count = math.maxinteger }) end)
  end)
end)

describe("the page size", function()
  local e, client

  setup(function()
    e = emulator.start { people = 230 }
    client = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0 }
  end)
  before_each(function() e:reset() end)
  teardown(function()
    client:close()
    e:stop()
  end)

  -- All of 1 to 230 once and in order.
  local function check(walk, where)
    local n = 0
    for record in walk do
      n = n + 1
      if record.id ~= tostring(n) then
        error(("%s: %s came where %d was due"):format(where, record.id, n))
      end
    end
    assert.equal(230, n, where)
  end

  for _, cap in ipairs { "", ":cap" } do
    it("shrinks when it is " .. (cap == "" and "refused" or "capped")
      .. ", and no record is lost or twice", function()
      for _, most in ipairs { 2, 7, 30, 64, 99, 229, 230, 231 } do
        for _, size in ipairs { 5, 16, 31, 100, 230, 1000 } do
          for _, window in ipairs { 1, 4 } do
            e:quirk("max-page-size", most .. cap)
            check(client:list_contributors { page_size = size, window = window },
              ("max-page-size=%d%s, page_size %d, window %d"):format(most, cap, size, window))
          end
        end
      end
    end)

    it("shrinks in the middle of a walk when it is " .. (cap == "" and "refused" or "capped"),
      function()
      for _, most in ipairs { 1, 3, 7, 20, 33 } do
        for _, at in ipairs { 1, 39, 40, 41, 100 } do
          for _, window in ipairs { 1, 2 } do
            e:clear()
            local walk, n = client:list_contributors { page_size = 40, window = window }, 0
            check(function()
              n = n + 1
              if n == at then e:quirk("max-page-size", most .. cap) end
              return walk()
            end, ("max-page-size=%d%s after %d, window %d"):format(most, cap, at, window))
          end
        end
      end
    end)
  end

  it("halves from the same record on, aligned, until it is taken", function()
    e:quirk("max-page-size", "30")
    check(client:list_contributors { page_size = 200, window = 1 }, "halved")
    assert.equal("0/200 0/100 0/50 0/25 1/25 2/25 3/25 4/25 5/25 6/25 7/25 8/25 9/25", asked(e))
    e:reset()
    local walk, n = client:list_contributors { page_size = 100, window = 1 }, 0
    check(function()
      n = n + 1
      if n == 1 then
        local first = walk()
        local start = socket.gettime() -- the next request has left and comes before the quirk
        while asked(e) ~= "0/100 1/100" and socket.gettime() - start < 5 do client:step() end
        e:quirk("max-page-size", "30")
        return first
      end
      return walk()
    end, "halved behind the first page")
    assert.equal("0/100 1/100 2/100 4/50 8/25 9/25", asked(e))
  end)

  it("goes on at its new size in a resumed walk", function()
    e:quirk("max-page-size", "30")
    local walk = client:list_contributors { page_size = 100 }
    for _ = 1, 40 do walk() end
    local token = walk:resume()
    walk:close()
    e:clear_log()
    local ids = ids_of(client:list_contributors { resume = token, window = 1 })
    assert.equal(190, #ids)
    assert.equal("41", ids[1])
    assert.equal("1/25", asked(e):match "^%S+")
  end)

  it("cannot go below 1", function()
    local server <close> = pages.serve(function()
      return '{"error":"page_size is too large"}', 400
    end)
    local other <close> = server:client()
    local err = expect_error("http", other:list_contributors { page_size = 8 })
    assert.equal(400, err.status)
    assert.equal(4, #server.requests)
  end)
end)

describe("break", function()
  it("cancels what is under way, and the service sees its connections closed", function()
    local server <close> = pages.serve(function(r)
      if r.page == 0 then return pages.honest(1000)(r) end
    end)
    local client <close> = server:client()
    for record in client:list_contributors { page_size = 10, window = 6 } do
      for _ = 1, 100 do
        client:step()
        server:serve()
      end
      assert.equal(6, client:active())
      if record.id == "1" then break end
    end
    assert.equal(7, #server.requests)
    assert.equal(0, client:active())
    local start = socket.gettime()
    while server.closed < 6 and socket.gettime() - start < 5 do server:serve() end
    assert.equal(6, server.closed)
    assert.is_nil(client:timeout() and client:step() and client:timeout())
  end)

  it("ends the requests of the emulator, too", function()
    local e <close> = emulator.start { people = 1000 }
    local client <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0 }
    local walk = client:list_contributors { page_size = 10, window = 4 }
    e:quirk("fault", "slow-20@2:always", "/v1/org/users/list")
    walk()
    local start = socket.gettime()
    while e:counters().under_way < 4 and socket.gettime() - start < 5 do client:step() end
    assert.equal(4, client:active())
    walk:close()
    assert.equal(0, client:active())
    while e:counters().under_way > 0 and socket.gettime() - start < 15 do client:step() end
    assert.equal(0, e:counters().under_way)
    assert.is_true(socket.gettime() - start < 15)
  end)

  it("leaves the client as it was", function()
    local server <close> = pages.list(500)
    local client <close> = server:client()
    for _ = 1, 30 do
      for record in client:list_contributors { page_size = 10 } do
        if record.id == "1" then break end
      end
    end
    assert.equal(500, #ids_of(client:list_contributors()))
    assert.equal(0, client:active())
  end)

  it("closes a walk that an error left", function()
    local server <close> = pages.list(500)
    local client <close> = server:client()
    local ok, problem = pcall(function()
      for _ in client:list_contributors { page_size = 10, window = 5 } do error "mine" end
    end)
    assert.is_false(ok)
    assert.matches("mine$", problem)
    assert.equal(0, client:active())
  end)
end)
