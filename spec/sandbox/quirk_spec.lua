-- Every switch of the emulator, seen from outside. Faults: fault_spec.lua.
local emulator = require "spec.support.emulator"

local LIST <const> = "/v1/org/users/list"
local IDENTITIES <const> = "/v2/developers/identities"

describe("the emulator's quirk", function()
  local e

  setup(function() e = emulator.start { people = 50, accounts = 60, seed = 11 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  local function list(body) return e:api("POST", LIST, body) end

  local function ids(body)
    local out = {}
    for k, c in ipairs(list(body).records) do out[k] = tonumber(c.id) end
    return out
  end

  local function rows(n)
    local out = {}
    for k = 1, n do
      out[k] = { email = ("new%d@x.example"):format(k), full_name = "New", integration_user_ids = {
        { integration_id = "5328", user_id = "new-" .. k } } }
    end
    return out
  end

  it("has-next-lies never ends, and the last pages are empty", function()
    e:quirk "has-next-lies"
    local v = list { page = 9, page_size = 50 }
    assert.equal(0, #v.records)
    assert.is_true(v._metadata.has_next)
    assert.equal(10, v._metadata.next_page)
    assert.is_true(e:api("GET", "/v1/org/users/versions")._metadata.has_next)
  end)

  it("drop-rows says 200 and drops exactly that share", function()
    e:quirk("drop-rows", "25")
    local v, status = e:api("PUT", "/v1/org/users", rows(40))
    assert.equal(200, status)
    assert.truthy(v.message:find "40")
    assert.equal(50 + 30, list("{}")._metadata.total_count)
    local c = list({ filter = { id = "1" } }).records[1]
    e:quirk("drop-rows", "100:all")
    local _, patched = e:api("PATCH", IDENTITIES,
      { { email = c.email, integrationId = 5328, identity = "lost" } })
    assert.equal(200, patched)
    assert.same(c, list({ filter = { id = "1" } }).records[1])
    e:quirk("drop-rows", "100")
    e:api("PATCH", IDENTITIES, { { email = c.email, integrationId = 5328, identity = "kept" } })
    assert.not_same(c, list({ filter = { id = "1" } }).records[1])
  end)

  it("dangling adds logins that belong to nobody, at the end", function()
    e:quirk("dangling", 3)
    local v = list { page = 0, page_size = 100 }
    assert.equal(53, #v.records)
    assert.equal(53, v._metadata.total_count)
    assert.equal(3, v._metadata.non_users_count)
    for k = 51, 53 do
      local c = v.records[k]
      assert.same({ "0", "", "0" }, { c.id, c.email, c.version })
      assert.equal(1, #c.integration_user_ids)
      assert.not_equal("", c.full_name)
    end
    local filtered = list { filter = { include_dangling_logins = false }, page_size = 100 }
    assert.equal(50, #filtered.records)
    assert.equal(0, filtered._metadata.non_users_count)
    assert.equal(50, #e:api("POST", LIST .. "?version=1", { page_size = 100 }).records)
  end)

  it("dangling logins are linked, and dangle again when they are let go", function()
    e:quirk("dangling", 3)
    local state = e:state()
    local v = list { page_size = 100 }
    local login = v.records[52].integration_user_ids[1]
    local p = v.records[1]
    e:api("PATCH", IDENTITIES, { { email = p.email, identity = login.user_id,
      integrationId = tonumber(login.integration_id) } })
    local after = list { page_size = 100 }
    assert.equal(52, #after.records)
    assert.equal(#p.integration_user_ids + 1, #after.records[1].integration_user_ids)
    e:api("PUT", "/v1/org/users", { p })
    assert.equal(state, e:state())
  end)

  it("write-lock refuses the second of two writes, before it does anything", function()
    e:quirk("write-lock", "0.3")
    local slow = assert(require "socket".connect("127.0.0.1", e.port))
    local body = '[{"email":"a@x.example","full_name":"A","integration_user_ids":[]}]'
    slow:send(("PUT /sei/api/v1/org/users HTTP/1.1\r\nHost: x\r\nx-api-key: k\r\n"
      .. "Content-Length: %d\r\n\r\n%s"):format(#body, body))
    e:await_under_way(1)
    local v, status = e:api("PUT", "/v1/org/users", rows(1))
    assert.equal(500, status)
    assert.truthy(v.error:find("Failed to obtain org user lock", 1, true))
    v, status = e:api("PATCH", IDENTITIES, {})
    assert.equal(500, status)
    assert.truthy(v.message:find("Failed to obtain org user lock", 1, true))
    assert.truthy(slow:receive "*l":find "200")
    slow:close()
    local _, after = e:api("PUT", "/v1/org/users", rows(1))
    assert.equal(200, after)
    assert.equal(52, list("{}")._metadata.total_count)
  end)

  it("write-lock=held refuses the next writes, whoever writes", function()
    e:quirk("write-lock", "held:2")
    local statuses = {}
    for k = 1, 3 do statuses[k] = select(2, e:api("PUT", "/v1/org/users", rows(1))) end
    assert.same({ 500, 500, 200 }, statuses)
  end)

  it("drift moves rows between pages, and pinned versions stay", function()
    e:quirk("drift", "3:1")
    local first = ids { page = 0, page_size = 10 }
    local second = ids { page = 1, page_size = 10 }
    assert.equal(10, first[10])
    assert.equal(14, second[1]) -- 11, 12 and 13 are missed
    assert.equal(21, ids({ page = 2, page_size = 10 })[1]) -- 21 to 23 come again
    assert.equal(31, ids({ page = 3, page_size = 10 })[1])
    e:quirk("drift", "3")
    for page = 0, 3 do
      local v = e:api("POST", LIST .. "?version=1", { page = page, page_size = 10 })
      assert.equal(tostring(page * 10 + 1), v.records[1].id)
    end
  end)

  it("strict-put=off keeps what is not sent", function()
    local c = list({ filter = { id = "3" } }).records[1]
    e:quirk("strict-put", "off")
    local _, status = e:api("PUT", "/v1/org/users", { { id = "3", full_name = "Other" } })
    assert.equal(200, status)
    local after = list({ filter = { id = "3" } }).records[1]
    assert.equal("Other", after.full_name)
    assert.same({ c.email, c.additional_fields, c.integration_user_ids },
      { after.email, after.additional_fields, after.integration_user_ids })
    e:quirk "strict-put"
    _, status = e:api("PUT", "/v1/org/users", { { id = "3", full_name = "Other" } })
    assert.equal(400, status)
  end)

  it("max-page-size refuses larger pages by number, or makes them smaller", function()
    e:quirk("max-page-size", "20")
    local v, status = list { page_size = 21 }
    assert.equal(400, status)
    assert.truthy(v.error:find "maximum is 20")
    assert.equal(20, #list({ page_size = 20 }).records)
    v, status = e:api("GET", IDENTITIES .. "?pageSize=21")
    assert.equal(400, status)
    assert.truthy(v.message:find "maximum is 20")
    e:quirk("max-page-size", "20:cap")
    v = list { page_size = 30, page = 1 }
    assert.equal(20, v._metadata.page_size)
    assert.equal("21", v.records[1].id)
    assert.equal(20, #e:api("GET", IDENTITIES .. "?pageSize=21").records)
  end)

  it("limits answers 429 without Retry-After, for each key on its own", function()
    e:quirk("limits", "3/60")
    local statuses = {}
    for k = 1, 5 do statuses[k] = select(2, list "{}") end
    assert.same({ 200, 200, 200, 429, 429 }, statuses)
    local v, status, headers = list "{}"
    assert.equal(429, status)
    assert.equal("ERROR", v.status)
    assert.is_nil(headers["retry-after"])
    assert.equal(200, select(2, e:api("POST", LIST, "{}", { ["x-api-key"] = "another" })))
  end)

  it("limits has the documented numbers", function()
    e:quirk "limits"
    local answers = {}
    for _ = 1, 401 do
      local _, status = e:request("GET", "/v1/org/users/schema", { ["x-api-key"] = "k" })
      answers[status] = (answers[status] or 0) + 1
    end
    assert.same({ [200] = 400, [429] = 1 }, answers)
    local large = ("%s%s"):format('{"filter":{}}', (" "):rep(500000))
    local _, first = e:api("POST", LIST, large)
    local _, second = e:api("POST", LIST, large)
    assert.same({ 200, 429 }, { first, second })
  end)

  it("retry-after says when, in four forms", function()
    e:quirk("fault", "status-429:always")
    for form, pattern in pairs {
      seconds = "^7$", imf = "^%a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT$",
      rfc850 = "^%a+day, %d%d%-%a%a%a%-%d%d %d%d:%d%d:%d%d GMT$",
      asctime = "^%a%a%a %a%a%a [ %d]%d %d%d:%d%d:%d%d %d%d%d%d$",
    } do
      e:quirk("retry-after", form .. ":7")
      local _, status, headers = list "{}"
      assert.equal(429, status)
      assert.truthy(headers["retry-after"]:find(pattern), headers["retry-after"])
    end
  end)

  it("html-login shows a page instead of JSON, or leads to one", function()
    for value, wanted in pairs { ["200"] = 200, ["403"] = 403, redirect = 302 } do
      e:quirk("html-login", value)
      local v, status, headers = list "{}"
      assert.equal(wanted, status)
      assert.truthy(headers["content-type"]:find "^text/html")
      assert.truthy(v:find "<html>")
      assert.equal(value == "redirect", headers.location ~= nil)
    end
  end)

  it("plain-ok and empty-ok hide a success that happened", function()
    e:quirk "plain-ok"
    local v, status = e:api("PUT", "/v1/org/users", rows(1))
    assert.same({ "ok", 200 }, { v, status })
    e:quirk("plain-ok", "off")
    e:quirk "empty-ok"
    v, status = e:api("PUT", "/v1/org/users", rows(2))
    assert.same({ "", 200 }, { v, status })
    e:clear()
    assert.equal(52, list("{}")._metadata.total_count)
    e:quirk "empty-ok"
    v, status = e:api("PUT", "/v1/org/users", "{")
    assert.equal(400, status)
    assert.truthy(v.error)
  end)

  it("hide-type leaves types out of the licensed list", function()
    local all = e:api("POST", "/v1/sei_contributor/list", "{}")
    e:quirk("hide-type", "jira")
    e:quirk("hide-type", "github")
    local v = e:api("POST", "/v1/sei_contributor/list", "{}")
    local types = {}
    for _, one in ipairs(v.org_user_details) do
      for _, account in ipairs(one.integration_user_details) do
        types[account.integration_type] = true
      end
    end
    assert.same({ gitlab = true, bitbucket_server = true }, types)
    assert.is_true(v.integration_user_count < all.integration_user_count)
    assert.equal(all.org_user_count, v.org_user_count)
  end)

  it("auth takes only some styles", function()
    e:quirk("auth", "apikey,bearer")
    assert.equal(401, select(2, list "{}"))
    for value, status in pairs { ["ApiKey k"] = 200, ["APIKEY k"] = 200, ["Bearer k"] = 200,
      k = 401 } do
      local _, got = e:request("POST", LIST, { authorization = value }, "{}")
      assert.equal(status, got, value)
    end
  end)

  it("is set for some paths only, and the last setting counts", function()
    e:quirk("html-login", "200", "/sei/api/v2/")
    assert.truthy(list("{}").records)
    assert.equal("string", type((e:api("GET", IDENTITIES))))
    e:quirk("html-login", "403", IDENTITIES)
    assert.equal(403, select(2, e:api("GET", IDENTITIES)))
    assert.equal(200, select(2, e:api("GET", "/v2/developers/schema")))
    e:quirk("html-login", "off", IDENTITIES)
    assert.equal("string", type((e:api("GET", IDENTITIES))))
    e:clear()
    assert.truthy(e:api("GET", IDENTITIES).records)
  end)

  it("is refused by name, with the nearest right one", function()
    for text, case in pairs {
      ['did you mean "drop-rows"?'] = { "drop-row", "3" },
      ['did you mean "reset-within"?'] = { "fault", "reset-witin" },
      ["takes 0 to 100"] = { "drop-rows", "101" }, ["takes a whole number"] = { "dangling", "-1" },
      ["takes N or N:cap"] = { "max-page-size", "0" }, ["takes FORM"] = { "retry-after", "imp" },
      ["takes 200, 403, redirect"] = { "html-login", "404" },
      ["@N counts from 1"] = { "fault", "slow@0" }, ["COUNT is"] = { "fault", "slow:0" },
      ["takes no value"] = { "plain-ok", "yes please" },
    } do
      local ok, err = pcall(e.quirk, e, case[1], case[2])
      assert.is_false(ok, text)
      assert.truthy(err:gsub('\\"', '"'):find(text, 1, true), err)
    end
  end)
end)
