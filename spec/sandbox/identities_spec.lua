-- Identities and cloud ids as the emulator serves them, seen from outside.
local emulator = require "spec.support.emulator"

local IDENTITIES <const> = "/v2/developers/identities"

describe("the emulator's identities", function()
  local e, people

  setup(function()
    e = emulator.start { people = 60, accounts = 90, seed = 3 }
    people = e:api("POST", "/v1/org/users/list", { page_size = 60 }).records
  end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  local function get(query) return e:api("GET", IDENTITIES .. (query or "")) end

  local function of(email)
    local found = {}
    for _, one in ipairs(get("?pageSize=500&emails=" .. email).records) do
      found[#found + 1] = one.integrationId .. " " .. one.identity
    end
    return found
  end

  describe("as JSON", function()
    it("come in pages from 0", function()
      local v, status = get "?pageSize=40&pageIndex=2"
      assert.equal(200, status)
      assert.equal(10, #v.records)
      assert.same({ page = 2, page_size = 40, total_count = 90, has_next = false,
        next_page = require "dkjson".null }, v._metadata)
      assert.equal("integer", math.type(v.records[1].integrationId))
      assert.equal(50, #get().records)
    end)

    it("are searched and sorted", function()
      local v = get("?searchKey=integrationId&searchValue=5323&pageSize=500"
        .. "&sortKey=identity&sortOrder=desc")
      assert.is_true(#v.records > 5)
      for k, one in ipairs(v.records) do
        assert.equal(5323, one.integrationId)
        assert.is_true(k == 1 or v.records[k - 1].identity >= one.identity)
      end
      assert.equal(v._metadata.total_count, #v.records)
      local a, b = people[1].email, people[2].email
      local some = get(("?emails=%s,%s&pageSize=500"):format(a, b:gsub("@", "%%40")))
      assert.equal(#people[1].integration_user_ids + #people[2].integration_user_ids, #some.records)
      assert.equal(#some.records, #get(("?emails=%s&emails=%s"):format(a, b)).records)
    end)

    it("refuse a query that makes no sense", function()
      for _, query in ipairs { "?pageIndex=-1", "?pageSize=0", "?pageSize=x", "?sortKey=colour",
        "?sortKey=email&sortOrder=up", "?searchKey=colour&searchValue=x" } do
        local v, status = get(query)
        assert.equal(400, status, query)
        assert.equal("error", v.status)
        assert.equal("string", type(v.message))
      end
    end)

    it("wear every envelope", function()
      local function shape(name)
        e:quirk("identities-envelope", name)
        return (get "?pageSize=3")
      end
      assert.equal(3, #shape "array")
      assert.equal(3, #shape "records".records)
      assert.equal(3, #shape "content".content)
      assert.equal(3, #shape "data-content".data.content)
      assert.equal(3, #shape "data".data)
      assert.is_nil(shape "unknown".records)
    end)
  end)

  it("are downloaded as CSV", function()
    local text, status, headers = e:request("GET", IDENTITIES,
      { ["x-api-key"] = "k", accept = "text/csv" })
    assert.equal(200, status)
    assert.equal("text/csv", headers["content-type"])
    local n, first = 0, nil
    for line in text:gmatch "(.-)\r\n" do
      n, first = n + 1, first or line
    end
    assert.equal("email,integrationId,identity", first)
    assert.equal(91, n)
    for _, one in ipairs(get("?pageSize=90").records) do
      local line = ("\n%s,%d,%s\r\n"):format(one.email, one.integrationId, one.identity)
      assert.truthy(text:find(line, 1, true), line)
    end
  end)

  describe("are written", function()
    local function patch(rows) return e:api("PATCH", IDENTITIES, rows) end

    it("by JSON: a new one, and one that somebody had", function()
      local a, b = people[1], people[2]
      local taken = b.integration_user_ids[1]
      local v, status = patch {
        { email = a.email:upper(), integrationId = 5322, identity = "brand-new" },
        { email = a.email, integrationId = tonumber(taken.integration_id),
          identity = taken.user_id },
      }
      assert.equal(200, status)
      assert.equal("success", v.status)
      local mine = of(a.email)
      assert.equal(#a.integration_user_ids + 2, #mine)
      assert.equal(#b.integration_user_ids - 1, #of(b.email))
      local c = e:api("POST", "/v1/org/users/list", { filter = { id = "1" } }).records[1]
      assert.equal(#mine, #c.integration_user_ids)
    end)

    it("and the CSV says so too, with quotes where it needs them", function()
      patch { { email = people[1].email, integrationId = 5324, identity = 'odd, "name"' } }
      local text = e:request("GET", IDENTITIES, { ["x-api-key"] = "k", accept = "text/csv" })
      assert.truthy(text:find(',5324,"odd, ""name"""\r\n', 1, true))
    end)

    it("by a CSV in a form", function()
      local v, status = e:upload("PATCH", IDENTITIES,
        ("integrationId,identity,email\r\n5325,\"a,\"\"b\"\"\",%s\n5323,x y,%s"):format(
          people[3].email, people[3].email))
      assert.equal(200, status)
      assert.equal("success", v.status)
      local list = of(people[3].email)
      assert.equal('5325 a,"b"', list[#list - 1])
      assert.equal("5323 x y", list[#list])
    end)

    it("back and forth, to the same state", function()
      local state = e:state()
      local account = people[4].integration_user_ids[1]
      local function give(email)
        patch { { email = email, integrationId = tonumber(account.integration_id),
          identity = account.user_id } }
      end
      give(people[5].email)
      assert.not_equal(state, e:state())
      give(people[4].email)
      assert.equal(state, e:state())
      assert.truthy(e:state "changes":find('"changed":[\n]', 1, true))
    end)

    it("or refused whole, with the row named", function()
      local state, email = e:state(), people[1].email
      local good = { email = email, integrationId = 5322, identity = "fine" }
      for text, row in pairs {
        ["Row 2: Developer with email nobody@x.example not found"] =
          { email = "nobody@x.example", integrationId = 5322, identity = "x" },
        ["Row 2: Integration 1 not found"] = { email = email, integrationId = 1, identity = "x" },
        ["Row 2: integrationId must be a whole number"] =
          { email = email, integrationId = "5322", identity = "x" },
        ["Row 2: identity is required"] = { email = email, integrationId = 5322, identity = "" },
        ["Row 2: email is required"] = { integrationId = 5322, identity = "x" },
      } do
        local v, status = patch { good, row }
        assert.equal(400, status, text)
        assert.equal("error", v.status)
        assert.truthy(v.message:find(text, 1, true), v.message)
      end
      local v, status = patch "[]"
      assert.equal(400, status)
      assert.truthy(v.message:find "no rows")
      assert.equal(state, e:state())
    end)

    it("or refused with the line of the CSV named", function()
      for text, csv in pairs {
        ["Line 1: the column identity is missing"] = "email,integrationId\r\na,1\r\n",
        ["Line 3: 2 fields instead of 3"] = "email,integrationId,identity\r\na,1,b\r\na,1\r\n",
        ["Line 2: a quote that is never closed"] = 'email,integrationId,identity\r\n"a,1,b\r\n',
        ["There are no rows"] = "",
        ["not UTF-8"] = "email,integrationId,identity\r\n\255,1,b\r\n",
        ["Row 1: Developer with email a not"] = "email,integrationId,identity\r\na,5322,b\r\n",
        ['Row 1: Integration "x" not found'] = "email,integrationId,identity\r\na,x,b\r\n",
      } do
        local v, status = e:upload("PATCH", IDENTITIES, csv)
        assert.equal(400, status, text)
        assert.truthy(v.message:find(text, 1, true), v.message)
      end
      local v, status = e:api("PATCH", IDENTITIES, "x",
        { ["content-type"] = "multipart/form-data" })
      assert.equal(400, status)
      assert.truthy(v.message:find "boundary")
    end)
  end)

  describe("of the previous API", function()
    local function add(rows)
      return e:api("POST", "/v2/developers/cloud-ids", { integrationUsers = rows })
    end

    it("are written by application type", function()
      local v, status = add { { email = people[1].email, applicationType = "BITBUCKET_CLOUD",
        cloudId = "cloudy" } }
      assert.equal(200, status)
      assert.same({ status = "success", message = "Developer identities updated successfully." }, v)
      local list = of(people[1].email)
      assert.equal("5326 cloudy", list[#list])
      v, status = e:upload("POST", "/v2/developers/cloud-ids/upload",
        ("email,applicationType,cloudId\r\n%s,CUSTOM,mine\r\n"):format(people[1].email))
      assert.equal(200, status)
      assert.equal("success", v.status)
      list = of(people[1].email)
      assert.equal("5328 mine", list[#list])
    end)

    it("are refused without one of the three", function()
      for text, row in pairs {
        ["email is required"] = { applicationType = "GITHUB", cloudId = "x" },
        ["applicationType is required"] = { email = "a", cloudId = "x" },
        ["cloudId is required"] = { email = "a", applicationType = "GITHUB" },
        ["applicationType ABACUS is unknown"] = { email = "a", applicationType = "ABACUS",
          cloudId = "x" },
      } do
        local v, status = add { row }
        assert.equal(400, status, text)
        assert.truthy(v.message:find(text, 1, true), v.message)
      end
    end)
  end)
end)
