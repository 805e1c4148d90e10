-- The v1 family as the emulator serves it, seen from outside.
local emulator = require "spec.support.emulator"

local LIST <const> = "/v1/org/users/list"

describe("the emulator's contributors", function()
  local e

  setup(function() e = emulator.start { people = 120, accounts = 150, seed = 7 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  local function list(body, query)
    local v, status = e:api("POST", LIST .. (query or ""), body)
    return v, status
  end

  local function one(id, query) return list({ filter = { id = { id } } }, query).records[1] end

  local function put(rows) return e:api("PUT", "/v1/org/users", rows) end

  describe("list", function()
    it("gives the first 50 from page 0 by default", function()
      local v, status = list("{}")
      assert.equal(200, status)
      assert.equal(50, #v.records)
      assert.same({ page = 0, page_size = 50, total_count = 120, has_next = true, next_page = 1,
        non_users_count = 0 }, v._metadata)
    end)

    it("ends: the last page is short and says so", function()
      local v = list { page = 2, page_size = 50 }
      assert.equal(20, #v.records)
      assert.is_false(v._metadata.has_next)
      assert.equal(0, #list({ page = 3, page_size = 50 }).records)
    end)

    it("walks over everybody exactly once", function()
      local seen, n = {}, 0
      for page = 0, 7 do
        for _, c in ipairs(list({ page = page, page_size = 17 }).records) do
          assert.is_nil(seen[c.id])
          seen[c.id], n = true, n + 1
        end
      end
      assert.equal(120, n)
    end)

    it("shapes a record as documented", function()
      local c = one "3"
      for _, name in ipairs { "id", "org_uuid", "full_name", "email", "version" } do
        assert.equal("string", type(c[name]), name)
      end
      assert.equal("integer", math.type(c.created_at))
      assert.equal("integer", math.type(c.updated_at))
      assert.equal("string", type(c.integration_user_ids[1].integration_id))
      assert.equal("string", type(c.integration_user_ids[1].user_id))
      assert.equal(c.email:lower(), c.email)
    end)

    it("says [] for no accounts, and keeps 64-bit integers", function()
      local text = e:request("POST", LIST, { ["x-api-key"] = "k" },
        '{"filter":{"id":["10","13"]}}')
      assert.truthy(text:find('"integration_user_ids":[],', 1, true))
      assert.truthy(text:find('"serial":9223372036854775807', 1, true))
    end)

    it("filters by e-mail address, name and id, together or alone", function()
      local c = one "5"
      assert.equal("5", list({ filter = { email = c.email:upper() } }).records[1].id)
      assert.equal("5", list({ filter = { full_name = { c.full_name }, id = "5" } }).records[1].id)
      local named = list({ filter = { full_name = c.full_name } }).records
      assert.is_true(#named >= 1)
      for _, other in ipairs(named) do assert.equal(c.full_name, other.full_name) end
      assert.equal(0, #list({ filter = { id = { "5" }, email = { one("6").email } } }).records)
      local both = list { filter = { id = { "6", "5", "nobody" } }, page_size = 1, page = 1 }
      assert.equal("6", both.records[1].id)
      assert.equal(2, both._metadata.total_count)
    end)

    it("refuses what it does not understand, by name", function()
      for body, text in pairs {
        ['{"page":-1}'] = "page must be", ['{"page_size":0}'] = "page_size must be",
        ['{"page":1.5}'] = "page must be", ['{"page":"1"}'] = "page must be",
        ['{"filter":[]}'] = "filter must be an object", ['{"filter":{"x":1}}'] = 'unknown filter',
        ["[]"] = "must be an object", ["{"] = "not JSON", ['{"a":1,}'] = "not JSON",
        ["{} {}"] = "not JSON", ['{"a":01}'] = "not JSON", ['{"a":"\255"}'] = "not UTF-8",
      } do
        local v, status = list(body)
        assert.equal(400, status, body)
        assert.truthy(v.error:find(text, 1, true), body .. " -> " .. v.error)
      end
    end)
  end)

  describe("put", function()
    it("replaces the whole record, matched by id", function()
      local before = one "3"
      local v, status = put { { id = "3", email = "New.Name@Example.COM", full_name = "New",
        integration_user_ids = before.integration_user_ids } }
      assert.equal(200, status)
      assert.equal("string", type(v.message))
      local after = one "3"
      assert.equal("new.name@example.com", after.email)
      assert.equal("New", after.full_name)
      assert.same({}, after.additional_fields) -- was not sent: is lost
      assert.same(before.integration_user_ids, after.integration_user_ids)
      assert.equal(before.org_uuid, after.org_uuid)
      assert.equal("2", after.version)
      assert.equal(0, #list({ filter = { email = { before.email } } }).records)
    end)

    it("matches by e-mail address, in any case", function()
      local c = one "4"
      put('[{"email":"' .. c.email:upper() .. '","full_name":"X","integration_user_ids":[]}]')
      assert.equal("X", one("4").full_name)
      assert.equal(0, #one("4").integration_user_ids)
    end)

    it("keeps what it is sent exactly", function()
      put [=[[{"id":"5","email":"five@x.example","full_name":"Fünf \"\\ \u0001 🦊",
        "integration_user_ids":[],"additional_fields":{"n":9223372036854775807,
        "big":123456789012345678901234567890,"f":1.50,"e":[],"o":{},"z":null,"t":true}}]]=]
      local text = e:request("POST", LIST, { ["x-api-key"] = "k" }, '{"filter":{"id":"5"}}')
      for _, part in ipairs { '"n":9223372036854775807', '"f":1.50', '"e":[]', '"o":{}', '"z":null',
        '"big":123456789012345678901234567890', '"t":true', '"Fünf \\"\\\\ \\u0001 🦊"' } do
        assert.truthy(text:find(part, 1, true), part)
      end
    end)

    it("adds who is unknown and has no id", function()
      put { { email = "new@x.example", full_name = "New",
        integration_user_ids = { { integration_id = "5323", user_id = "new-login" } } } }
      local c = list({ filter = { email = "new@x.example" } }).records[1]
      assert.equal("121", c.id)
      assert.equal("new-login", c.integration_user_ids[1].user_id)
      assert.equal(121, list("{}")._metadata.total_count)
    end)

    it("moves an account from whoever had it", function()
      local from = one "1"
      local account = from.integration_user_ids[1]
      put { { id = "2", email = one("2").email, full_name = "Two",
        integration_user_ids = { account } } }
      assert.same({ account }, one("2").integration_user_ids)
      assert.equal(#from.integration_user_ids - 1, #one("1").integration_user_ids)
    end)

    it("refuses a batch whole, and says why", function()
      local state = e:state()
      local c = one "3"
      local long = ("ü"):rep(151)
      local none = setmetatable({}, { __jsontype = "array" })
      local good = { id = "4", email = one("4").email, full_name = "Y",
        integration_user_ids = none }
      local function row(changes)
        local r = { id = "3", email = c.email, full_name = "X", integration_user_ids = none }
        for name, v in pairs(changes) do r[name] = v ~= "missing" and v or nil end
        return { good, r }
      end
      for _, case in ipairs {
        { row { id = "9999", email = "no@x.example" }, 404, "Contributor with ID 9999 not found" },
        { row { integration_user_ids = "missing" }, 400, "integration_user_ids" },
        { row { integration_user_ids = setmetatable({}, { __jsontype = "object" }) }, 400,
          "integration_user_ids must be an array" },
        { row { full_name = long }, 400, "longer than 150" },
        { row { email = ("a"):rep(140) .. "@x.example.com" }, 400, "longer than 150" },
        { row { integration_user_ids = { { integration_id = "99", user_id = "x" } } }, 400,
          "Integration with ID 99 not found" },
        { row { integration_user_ids = { { integration_id = 5322, user_id = "x" } } }, 400,
          "needs strings" },
        { row { email = one("7").email }, 400, "not that of the contributor with ID 3" },
        { row { additional_fields = { 1 } }, 400, "additional_fields" },
        { { email = "x" }, 400, "must be an array" },
        { "[3]", 400, "must be an object" },
      } do
        local v, status = put(case[1])
        assert.equal(case[2], status, case[3])
        assert.truthy(v.error:find(case[3], 1, true), v.error)
      end
      assert.equal(state, e:state())
      assert.equal("1", tostring(e:api("GET", "/v1/org/users/versions").count))
    end)
  end)

  describe("versions", function()
    it("come with every put, newest first, and page", function()
      put { { id = "1", email = one("1").email, full_name = "A",
        integration_user_ids = one("1").integration_user_ids } }
      put { { id = "1", email = one("1").email, full_name = "B",
        integration_user_ids = one("1").integration_user_ids } }
      local v = e:api("GET", "/v1/org/users/versions?page_size=2&page=0")
      assert.same({ page_size = 2, page = 0, has_next = true, total_count = 3 }, v._metadata)
      assert.equal(2, v.count)
      assert.same({ id = "3", name = "Version 3", version = 3 }, v.records[1])
      assert.equal(1, #e:api("GET", "/v1/org/users/versions?page_size=2&page=1").records)
    end)

    it("pin what was", function()
      local was = one "1"
      put { { id = "1", email = was.email, full_name = "Later", integration_user_ids = {
        { integration_id = "5322", user_id = "elsewhere" } } },
        { email = "late@x.example", full_name = "Late", integration_user_ids = {
        { integration_id = "5322", user_id = "late" } } } }
      assert.same(was, one("1", "?version=1"))
      assert.equal("Later", one("1", "?version=2").full_name)
      assert.equal(120, list("{}", "?version=1")._metadata.total_count)
      assert.equal(121, list("{}", "?version=2")._metadata.total_count)
      local v, status = list("{}", "?version=9")
      assert.equal(404, status)
      assert.truthy(v.error)
    end)

    it("are activated again, and then go on from there", function()
      local state = e:state()
      local was = one "1"
      local function name_it(name)
        put { { id = "1", email = was.email, full_name = name,
          integration_user_ids = was.integration_user_ids } }
      end
      name_it "Two"
      local _, status = e:api("POST", "/v1/org/users/versions", { active_version = 1 })
      assert.equal(200, status)
      assert.equal(state, e:state())
      assert.equal(was.full_name, one("1").full_name)
      local second = one("9", "?version=2")
      e:api("PATCH", "/v2/developers/identities",
        { { email = second.email, integrationId = 5328, identity = "afterwards" } })
      assert.same(second, one("9", "?version=2"))
      name_it "Three"
      assert.equal("Three", one("1").full_name)
      assert.equal("Two", one("1", "?version=2").full_name)
      assert.equal(was.full_name, one("1", "?version=1").full_name)
      e:quirk("versions", "off")
      _, status = e:api("POST", "/v1/org/users/versions", { active_version = 1 })
      assert.equal(405, status)
    end)
  end)

  it("serves the schema", function()
    local v, status = e:api("GET", "/v1/org/users/schema")
    assert.equal(200, status)
    assert.equal("integer", math.type(v.version))
    assert.equal("integer", math.type(v.created_at))
    local f = v.fields[1]
    assert.same({ "integer", "string", "boolean" },
      { math.type(f.index), type(f.key), type(f.system_field) })
  end)

  it("lists the licensed in one answer, however many there are", function()
    local v, status = e:api("POST", "/v1/sei_contributor/list", "{}")
    assert.equal(200, status)
    assert.equal(120, v.org_user_count)
    assert.equal(120, #v.org_user_details)
    assert.equal(150, v.integration_user_count)
    local one_of_them = v.org_user_details[2]
    assert.equal("2", one_of_them.org_user_ref_id)
    local account = one_of_them.integration_user_details[1]
    assert.equal("integer", math.type(account.integration_id))
    assert.equal(one("2").integration_user_ids[1].user_id, account.cloud_id)
  end)
end)
