-- endpoints/contributors - the functions of /v1/org/users and the licensed
-- contributors: every byte of the request, the reply as another client reads
-- it, and each documented failure.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local wire = require "spec.support.wire"

local KEY <const> = "pat.acct1.key7.not-a-secret"

describe("contributors", function()
  local e, client

  setup(function()
    e = emulator.start { people = 12, quirks = { "dangling=3" } }
    client = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
  end)

  teardown(function()
    client:close()
    e:stop()
  end)

  before_each(function() e:reset() end)

  describe("list_versions", function()
    it("sends this and nothing else", function()
      assert.equal(1, #wire.all(client:list_versions { page_size = 50 }))
      assert.equal([[
GET /sei/api/v1/org/users/versions?page_size=50&page=0
Host: HOST
User-Agent: sei/1
Accept: application/json
x-api-key: pat.acct1.key7.not-a-secret
Harness-Account: acct1
Accept-Encoding: gzip

]], wire.only(e))
    end)

    it("delivers every version, newest first", function()
      for _ = 1, 6 do
        assert(client:update_contributors(wire.all(client:list_contributors { max_items = 1 })))
      end
      local versions = wire.all(client:list_versions { page_size = 3 })
      assert.same(wire.oracle(e, "GET", "/v1/org/users/versions").records, versions)
      assert.equal(7, #versions)
      assert.equal("string", type(versions[1].id))
      assert.equal("integer", math.type(versions[1].version))
    end)
  end)

  describe("activate_version", function()
    it("sends this and nothing else, and delivers the reply", function()
      local one <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0,
        undocumented = true }
      local record = wire.all(client:list_contributors { max_items = 1 })[1]
      assert(client:update_contributors { record })
      e:clear_log()
      local reply = assert(one:activate_version(1))
      assert.equal([[
POST /sei/api/v1/org/users/versions
Host: HOST
User-Agent: sei/1
Accept: application/json
Content-Type: application/json
x-api-key: pat.acct1.key7.not-a-secret
Harness-Account: acct1
Accept-Encoding: gzip
Content-Length: 20

{"active_version":1}]], wire.only(e))
      assert.equal("Version 1 is active.", reply.message)
      assert.equal(1, assert(client:get_schema()).version)
    end)

    it("tells that the service has no such thing, or no such version", function()
      local one <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0,
        undocumented = true }
      local reply, err = one:activate_version "99"
      assert.is_nil(reply)
      assert.same({ "rejected", 404 }, { err.kind, err.status })
      e:quirk("versions", "off")
      reply, err = one:activate_version(1)
      assert.is_nil(reply)
      assert.equal(405, err.status)
    end)
  end)

  describe("get_schema", function()
    it("sends this and nothing else", function()
      assert(client:get_schema())
      assert.equal([[
GET /sei/api/v1/org/users/schema
Host: HOST
User-Agent: sei/1
Accept: application/json
x-api-key: pat.acct1.key7.not-a-secret
Harness-Account: acct1
Accept-Encoding: gzip

]], wire.only(e))
    end)

    it("delivers the schema, its integers as integers", function()
      local schema = assert(client:get_schema())
      assert.same(wire.oracle(e, "GET", "/v1/org/users/schema"), schema)
      assert.equal("integer", math.type(schema.version))
      assert.equal(1500000000000, schema.created_at)
      assert.is_true(schema.fields[1].system_field)
    end)

    it("takes further query parameters, in the order of their names", function()
      assert(client:get_schema { query = { zone = "a b", at = { 1, "ü&=" }, n = 2.5 } })
      assert.equal("/sei/api/v1/org/users/schema?at=1&at=%C3%BC%26%3D&n=2.5&zone=a%20b",
        e:log()[1].path)
    end)
  end)

  describe("list_contributors", function()
    it("sends this and nothing else", function()
      wire.all(client:list_contributors { page_size = 50 })
      assert.equal([[
POST /sei/api/v1/org/users/list
Host: HOST
User-Agent: sei/1
Accept: application/json
Content-Type: application/json
x-api-key: pat.acct1.key7.not-a-secret
Harness-Account: acct1
Accept-Encoding: gzip
Content-Length: 37

{"page":0,"page_size":50,"filter":{}}]], wire.only(e))
    end)

    it("sends the version in the query and the filter in the body", function()
      wire.all(client:list_contributors { version = "1", page_size = 5,
        filter = { include_dangling_logins = false, email = { "a@b.c", "d@e.f" } } })
      local one = e:log()[1]
      assert.equal("/sei/api/v1/org/users/list?version=1", one.path)
      assert.equal('{"page":0,"page_size":5,"filter":{"email":["a@b.c","d@e.f"],'
        .. '"include_dangling_logins":false}}', one.body)
    end)

    it("delivers people and logins that belong to nobody, page by page", function()
      local got = wire.all(client:list_contributors { page_size = 4 })
      local want = wire.oracle(e, "POST", "/v1/org/users/list", '{"page_size":100}')
      assert.equal(15, #got)
      assert.same(want.records, got)
    end)

    it("delivers a pinned version without them", function()
      assert.equal(12, #wire.all(client:list_contributors { version = "1" }))
    end)

    it("raises for a version that there is not", function()
      local ok, err = pcall(wire.all, client:list_contributors { version = "77" })
      assert.is_false(ok)
      assert.equal("http", err.kind)
      assert.equal(404, err.status)
      assert.equal("the service refused the request: Version 77 not found.", err.message)
    end)

    it("raises for a filter that the service does not know", function()
      local ok, err = pcall(wire.all, client:list_contributors { filter = { colour = "red" } })
      assert.is_false(ok)
      assert.equal(400, err.status)
      assert.matches("unknown filter \"colour\"", err.message, 1, true)
    end)
  end)

  describe("update_contributors", function()
    local ROW = { id = "3", email = "third@example.com", full_name = "Zoë Third",
      integration_user_ids = { { integration_id = "5322", user_id = "third" } },
      additional_fields = { region = "emea" } }

    it("sends this and nothing else, members in the order of their names", function()
      assert(client:update_contributors { ROW })
      assert.equal([=[
PUT /sei/api/v1/org/users
Host: HOST
User-Agent: sei/1
Accept: application/json
Content-Type: application/json
x-api-key: pat.acct1.key7.not-a-secret
Harness-Account: acct1
Accept-Encoding: gzip
Content-Length: 172

[{"additional_fields":{"region":"emea"},"email":"third@example.com","full_name":"Zoë Third",]=]
        .. [=["id":"3","integration_user_ids":[{"integration_id":"5322","user_id":"third"}]}]]=],
        wire.only(e))
    end)

    it("sends an empty list as a list", function()
      local c = wire.all(client:list_contributors { max_items = 1 })[1]
      c.integration_user_ids = sei.json.array {}
      e:clear_log()
      assert(client:update_contributors { c })
      assert.is_truthy(e:log()[1].body:find('"integration_user_ids":[]', 1, true))
    end)

    it("changes what is there and delivers a report", function()
      local report = assert(client:update_contributors { ROW })
      assert.equal(1, report.rows)
      assert.equal(1, report.accepted)
      assert.same({}, report.rejected)
      assert.same({ { first = 1, last = 1, rows = 1, status = 200,
        reply = { message = "Successfully updated 1 contributors." } } }, report.batches)
      assert.equal("1 of 1 rows accepted in 1 request", tostring(report))
      local now = wire.oracle(e, "POST", "/v1/org/users/list", '{"filter":{"id":"3"}}').records[1]
      assert.equal("Zoë Third", now.full_name)
      assert.same({ region = "emea" }, now.additional_fields)
    end)

    it("tells a 404 that names its row in the text", function()
      local row = { id = "999", integration_user_ids = sei.json.array {} }
      local report, err = client:update_contributors { row }
      assert.is_nil(report)
      assert.equal("rejected", err.kind)
      assert.equal(404, err.status)
      assert.equal("the service refused the request: Contributor with ID 999 not found.",
        err.message)
      assert.equal('{"error":"Contributor with ID 999 not found."}', err.body)
      assert.same({ first = 1, last = 1 }, err.rows)
      assert.equal(0, err.report.accepted)
    end)

    it("tells a 400", function()
      local report, err = client:update_contributors {
        { id = "3", email = "a@b.c", integration_user_ids = { { integration_id = "1",
          user_id = "x" } } } }
      assert.is_nil(report)
      assert.equal("rejected", err.kind)
      assert.equal(400, err.status)
      assert.matches("Integration with ID 1 not found.", err.message, 1, true)
    end)
  end)

  describe("list_licensed", function()
    it("sends this and nothing else", function()
      wire.all(client:list_licensed())
      assert.equal([[
POST /sei/api/v1/sei_contributor/list
Host: HOST
User-Agent: sei/1
Accept: application/json
Content-Type: application/json
x-api-key: pat.acct1.key7.not-a-secret
Harness-Account: acct1
Accept-Encoding: gzip
Content-Length: 2

{}]], wire.only(e))
    end)

    it("delivers its one reply as records, and the counts beside them", function()
      local want = wire.oracle(e, "POST", "/v1/sei_contributor/list", "{}")
      local walk = client:list_licensed()
      assert.same(want.org_user_details, wire.all(walk))
      assert.equal(12, walk:meta().org_user_count)
      assert.equal(want.integration_user_count, walk:meta().integration_user_count)
    end)

    it("asks once, however few are wanted", function()
      assert.equal(2, #wire.all(client:list_licensed { max_items = 2 }))
      assert.equal(1, #e:log())
    end)
  end)
end)
