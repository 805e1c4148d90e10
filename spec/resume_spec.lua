-- Resume tokens: where a walk stood, to go on later with exactly the rest.
local emulator = require "spec.support.emulator"
local pages = require "spec.support.pages"
local sei = require "sei"

local COUNT <const> = 23

local function ids_of(walk)
  local ids = {}
  for record in walk do ids[#ids + 1] = record.id end
  return table.concat(ids, " ")
end

local function numbers(first, last)
  local list = {}
  for i = first, last do list[#list + 1] = i end
  return table.concat(list, " ")
end

-- A walk of which n records were taken.
local function taken(client, n, options)
  local walk = client:list_contributors(options)
  for _ = 1, n do assert.is_table(walk()) end
  return walk
end

local function refuses(pattern, f, ...)
  local ok, problem = pcall(f, ...)
  assert.is_false(ok, "it should have been refused")
  assert.is_string(problem)
  assert.matches(pattern, problem)
end

describe("a resume token", function()
  local e, client

  setup(function()
    e = emulator.start { people = COUNT }
    client = sei.client { base_url = e.url, api_key = "canary-key-1234", pace = false, retries = 0 }
  end)
  before_each(function() e:reset() end)
  teardown(function()
    client:close()
    e:stop()
  end)

  it("gives exactly the rest after every record, whatever the pages", function()
    for _, size in ipairs { 1, 2, 5, 23, 100 } do
      for _, window in ipairs { 1, 3 } do
        local walk = client:list_contributors { page_size = size, window = window }
        for k = 0, COUNT do
          local where = ("page_size %d, window %d, after %d"):format(size, window, k)
          if k > 0 then assert.equal(tostring(k), walk().id, where) end
          assert.equal(numbers(k + 1, COUNT),
            ids_of(client:list_contributors { resume = walk:resume() }), where)
        end
        assert.is_nil(walk())
        assert.equal("", ids_of(client:list_contributors { resume = walk:resume() }))
      end
    end
  end)

  it("goes on at another page size as well", function()
    for k = 0, COUNT do
      local walk = taken(client, k, { page_size = 5 })
      for _, size in ipairs { 1, 3, 7, 50 } do
        assert.equal(numbers(k + 1, COUNT), ids_of(client:list_contributors {
          resume = walk:resume(), page_size = size }), k .. " at " .. size)
      end
      walk:close()
    end
  end)

  it("works after break, after close and after the end", function()
    for k = 1, COUNT do
      local walk = client:list_contributors { page_size = 4 }
      for record in walk, nil, nil, walk do
        if record.id == tostring(k) then break end
      end
      assert.equal(numbers(k + 1, COUNT),
        ids_of(client:list_contributors { resume = walk:resume() }))
    end
  end)

  it("goes through a list in portions", function()
    local all, token, rounds = {}, nil, 0
    repeat
      local walk, before = client:list_contributors {
        page_size = 4, max_items = 3, resume = token }, #all
      for record in walk do all[#all + 1] = record.id end
      token = walk:resume()
      rounds = rounds + 1
    until #all == before or rounds > 20
    assert.equal(numbers(1, COUNT), table.concat(all, " "))
    assert.equal(9, rounds)
  end)

  it("can be made from a resumed walk", function()
    local token
    for k = 1, COUNT do
      local walk = client:list_contributors { page_size = 5, resume = token }
      assert.equal(tostring(k), walk().id)
      token = walk:resume()
      walk:close()
    end
    assert.equal("", ids_of(client:list_contributors { resume = token }))
  end)

  it("asks for nothing that was handed out but the page it stands on", function()
    local token = taken(client, 13, { page_size = 5 }):resume()
    e:clear_log()
    ids_of(client:list_contributors { resume = token, window = 1 })
    local log = e:log()
    assert.equal(3, #log)
    assert.matches('"page":2,"page_size":5,', log[1].body)
  end)

  it("is printable, short and without any secret", function()
    local token = taken(client, 3, { page_size = 2,
      filter = { include_dangling_logins = false } }):resume()
    assert.matches("^[%w.%-]+$", token)
    assert.is_true(#token <= 512)
    assert.is_nil(token:find("canary", 1, true))
    assert.is_nil(token:find(e.host:match "%d+$", 1, true))
    assert.is_nil(token:find("dangling", 1, true))
    local other <close> = sei.client { base_url = e.url, api_key = "another-key",
      pace = false, retries = 0 }
    assert.equal(token, taken(other, 3, { page_size = 2,
      filter = { include_dangling_logins = false } }):resume())
  end)

  it("is refused by another query, endpoint, account or address", function()
    local token = taken(client, 3, { page_size = 2 }):resume()
    local other = "belongs to another query"
    refuses(other, client.list_contributors, client, { resume = token, version = "1" })
    refuses(other, client.list_contributors, client,
      { resume = token, filter = { include_dangling_logins = true } })
    refuses(other, client.list_contributors, client, { resume = token, query = { x = "1" } })
    refuses(other, client.list_identities, client, { resume = token })
    local account <close> = sei.client { base_url = e.url, api_key = "canary-key-1234",
      pace = false, retries = 0,
      account = "acme" }
    refuses(other, account.list_contributors, account, { resume = token })
    local e2 <close> = emulator.start { people = 3 }
    local address <close> = sei.client { base_url = e2.url, api_key = "canary-key-1234",
      pace = false, retries = 0 }
    refuses(other, address.list_contributors, address, { resume = token })
    -- What does not change the records does not matter.
    assert.equal(numbers(4, COUNT), ids_of(client:list_contributors { resume = token,
      window = 9, fields = { "id" }, timeout = 7, on_drift = "warn" }))
  end)

  it("is refused when it is damaged: every byte of it counts", function()
    local token = taken(client, 7, { page_size = 3, window = 1 }):resume()
    e:clear_log()
    for i = 1, #token do
      for _, c in ipairs { "0", "7", "x", ".", " ", "\0", "\xff" } do
        local bad = token:sub(1, i - 1) .. c .. token:sub(i + 1)
        if bad ~= token then
          refuses("bad option 'resume' for list_contributors", client.list_contributors, client,
            { resume = bad })
        end
      end
      refuses("bad option 'resume'", client.list_contributors, client,
        { resume = token:sub(1, i - 1) })
      refuses("bad option 'resume'", client.list_contributors, client,
        { resume = token:sub(1, i - 1) .. token:sub(i + 1) })
    end
    for _, bad in ipairs { "", "x", "sei1", "sei1.", ("9"):rep(600), token .. token,
      token .. ("."):rep(600), "null", "sei9" .. token:sub(5) } do
      refuses("bad option 'resume'", client.list_contributors, client, { resume = bad })
    end
    refuses("expected, got 7", client.list_contributors, client, { resume = 7 })
    assert.equal(0, #e:log())
  end)

  it("may be pasted with blanks around it", function()
    local token = taken(client, 20):resume()
    assert.equal("21 22 23", ids_of(client:list_contributors { resume = "  " .. token .. " " }))
    refuses("control characters", client.list_contributors, client, { resume = token .. "\n" })
  end)

  it("is not to be had of a list that is not paged", function()
    local walk <close> = client:list_licensed()
    refuses("list_licensed is not paged: it cannot be resumed", walk.resume, walk)
    refuses("unknown option 'resume' for list_licensed", client.list_licensed, client,
      { resume = "x" })
  end)

  it("works for the other paged lists", function()
    local function identities(options)
      local list = {}
      for row in client:list_identities(options) do list[#list + 1] = row.identity end
      return list
    end
    local all = identities()
    local walk = client:list_identities { page_size = 4 }
    for k = 1, #all do
      assert.equal(all[k], walk().identity)
      assert.same(table.move(all, k + 1, #all, 1, {}), identities { resume = walk:resume() })
    end
  end)
end)

describe("a walk that fails", function()
  it("hands out nothing twice when it is resumed, wherever the reply was cut off", function()
    local whole = pages.honest(COUNT)
    for page = 0, 4 do
      for _, share in ipairs { 0, 1, 30, 50, 90, 99 } do
        for _, window in ipairs { 1, 3 } do
          local broken = true
          local server <close> = pages.serve(function(r)
            local body = whole(r)
            if broken and r.page == page then return body, 200, #body * share // 100 end
            return body
          end)
          local client <close> = server:client()
          local walk, ids = client:list_contributors { page_size = 5, window = window }, {}
          local ok, err = pcall(function()
            for record in walk do ids[#ids + 1] = record.id end
          end)
          assert.is_false(ok)
          assert.is_true(sei.is_error(err), tostring(err))
          assert.is_true(err.kind == "protocol" or err.kind == "connect", err.kind)
          local again, same = pcall(walk)
          assert.is_false(again)
          assert.equal(err, same)
          assert.equal(numbers(1, page * 5), table.concat(ids, " "))
          broken = false
          for record in client:list_contributors { resume = walk:resume() } do
            ids[#ids + 1] = record.id
          end
          assert.equal(numbers(1, COUNT), table.concat(ids, " "))
        end
      end
    end
  end)

  for _, fault in ipairs { "reset-before", "reset-within", "truncated", "wrong-length",
    "status-500", "garbage", "bad-utf8", "bad-gzip", "deep-json" } do
    it("resumes behind the fault " .. fault, function()
      local e <close> = emulator.start { people = 60 }
      local client <close> = sei.client { base_url = e.url, api_key = "test-key",
        pace = false, retries = 0 }
      e:quirk("fault", fault .. "@4:always")
      local walk, ids = client:list_contributors { page_size = 10, window = 1 }, {}
      local ok, err = pcall(function()
        for record in walk do ids[#ids + 1] = record.id end
      end)
      assert.is_false(ok)
      assert.is_true(sei.is_error(err), tostring(err))
      assert.equal(numbers(1, 30), table.concat(ids, " "))
      e:clear()
      assert.equal(numbers(31, 60), ids_of(client:list_contributors { resume = walk:resume() }))
    end)
  end
end)
