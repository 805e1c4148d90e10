-- endpoints/identities - the functions of identities and of cloud ids: every
-- byte of the request, the reply as another client reads it, and each
-- documented failure.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local wire = require "spec.support.wire"

local KEY <const> = "eyJhbGciOiJub25lIn0="

-- The headers of every request with this key, up to its own.
local function head(line, accept, ...)
  local lines = { line, "Host: HOST", "User-Agent: sei/1" }
  lines[#lines + 1] = "Accept: " .. accept
  for _, one in ipairs { ... } do lines[#lines + 1] = one end
  return table.concat(lines, "\n") .. "\n"
end

local REST <const> = "Authorization: ApiKey eyJhbGciOiJub25lIn0=\nAccept-Encoding: gzip\n"

describe("identities", function()
  local e, client, row

  setup(function()
    e = emulator.start { people = 12 }
    client = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
  end)

  teardown(function()
    client:close()
    e:stop()
  end)

  before_each(function()
    e:reset()
    row = wire.oracle(e, "GET", "/v2/developers/identities?pageSize=1").records[1]
    e:clear_log()
  end)

  local function refused(err, status, words)
    assert.equal("rejected", err.kind)
    assert.equal(status, err.status)
    assert.equal("the service refused the request: " .. words, err.message)
  end

  describe("list_identities", function()
    it("sends this and nothing else", function()
      wire.all(client:list_identities())
      assert.equal(head("GET /sei/api/v2/developers/identities?pageSize=500&pageIndex=0",
        "application/json") .. REST .. "\n", wire.only(e))
    end)

    it("sends its filters and its order", function()
      wire.all(client:list_identities { emails = { "a@b.c", "d+e@f.g" }, searchKey = "identity",
        searchValue = "x y", sortKey = "email", sortOrder = "desc", page_size = 7 })
      assert.equal("/sei/api/v2/developers/identities?emails=a%40b.c&emails=d%2Be%40f.g"
        .. "&searchKey=identity&searchValue=x%20y&sortKey=email&sortOrder=desc"
        .. "&pageSize=7&pageIndex=0", e:log()[1].path)
    end)

    it("takes the names of its page parameters from the client", function()
      local other <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0,
        identities = { page = "pageNo", page_size = "limit" } }
      assert(other:list_identities { page_size = 100 }())
      assert.matches("?limit=100&pageNo=0", e:log()[1].path, 1, true)
    end)

    it("asks once without page parameters where there are no pages", function()
      local other <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0,
        identities = { paged = false } }
      assert.equal(12, #wire.all(other:list_identities()))
      assert.equal("/sei/api/v2/developers/identities", e:log()[1].path)
    end)

    it("delivers every identity", function()
      local want = wire.oracle(e, "GET", "/v2/developers/identities?pageSize=100")
      local got = wire.all(client:list_identities { page_size = 5 })
      assert.equal(12, #got)
      assert.same(want.records, got)
      assert.equal("integer", math.type(got[1].integrationId))
    end)

    for _, shape in ipairs { "records", "array", "content", "data-content", "data" } do
      it("reads the envelope " .. shape, function()
        e:quirk("identities-envelope", shape)
        assert.same(row, wire.all(client:list_identities())[1])
      end)
    end

    it("names the keys of an envelope that it does not know, and takes an override", function()
      e:quirk("identities-envelope", "unknown")
      local ok, err = pcall(wire.all, client:list_identities())
      assert.is_false(ok)
      assert.equal("protocol", err.kind)
      assert.matches("it has the keys .*payload", err.message)
      assert.matches("options for this group of endpoints", err.hint, 1, true)
      local other <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0,
        identities = { envelope = "payload.rows" } }
      assert.same(row, other:list_identities()())
    end)
  end)

  describe("download_identities", function()
    it("sends this and nothing else", function()
      wire.all(client:download_identities())
      assert.equal(head("GET /sei/api/v2/developers/identities", "text/csv") .. REST .. "\n",
        wire.only(e))
    end)

    it("delivers rows by column", function()
      local rows = wire.all(client:download_identities())
      assert.equal(12, #rows)
      assert.same({ email = row.email, integrationId = tostring(row.integrationId),
        identity = row.identity }, rows[1])
    end)
  end)

  describe("patch_identities", function()
    it("sends this and nothing else", function()
      assert(client:patch_identities { { email = row.email, integrationId = row.integrationId,
        identity = "näme \"1\"\n" } })
      assert.equal(head("PATCH /sei/api/v2/developers/identities", "application/json",
        "Content-Type: application/json") .. REST .. "Content-Length: 89\n\n"
        .. '[{"email":"lukasz.westman1@example.com","identity":"näme \\"1\\"\\n",'
        .. '"integrationId":5325}]', wire.only(e))
    end)

    it("maps the identity and delivers a report", function()
      local report = assert(client:patch_identities { { email = row.email,
        integrationId = row.integrationId, identity = "a-new-one" } })
      assert.equal(1, report.accepted)
      assert.same({ status = "success", message = "Developer identities updated successfully." },
        report.batches[1].reply)
      assert.is_truthy(wire.oracle(e, "GET", "/v2/developers/identities", nil, "text/csv")
        :find(row.email .. ",5325,a-new-one\r\n", 1, true))
    end)

    it("tells a 400", function()
      local report, err = client:patch_identities { { email = "nobody@example.com",
        integrationId = row.integrationId, identity = "x" } }
      assert.is_nil(report)
      refused(err, 400, "Row 1: Developer with email nobody@example.com not found.")
    end)

    it("tells a 401 and names the other style", function()
      e:quirk("auth", "x-api-key")
      local report, err = client:patch_identities { row }
      assert.is_nil(report)
      assert.equal("auth", err.kind)
      assert.equal(401, err.status)
      assert.equal("the service does not accept the API key: "
        .. "This kind of authorization is not accepted.", err.message)
      assert.equal("the key was sent in the style 'apikey'; "
        .. 'some endpoints want auth = "x-api-key"', err.hint)
    end)
  end)

  local CSV_HEAD <const> = "--BOUNDARY\n"
    .. 'Content-Disposition: form-data; name="file"; filename="%s"' .. "\n"
    .. "Content-Type: text/csv\n\n"

  describe("upload_identities", function()
    it("sends this and nothing else", function()
      assert(client:upload_identities { rows = { { email = row.email, integrationId = 5325,
        identity = 'say "hi", twice' } } })
      assert.equal(head("PATCH /sei/api/v2/developers/identities", "application/json")
        .. REST .. "Content-Length: LENGTH\n"
        .. "Content-Type: multipart/form-data; boundary=BOUNDARY\n\n"
        .. CSV_HEAD:format "upload.csv" .. "email,integrationId,identity\n"
        .. 'lukasz.westman1@example.com,5325,"say ""hi"", twice"\n\n--BOUNDARY--\n', wire.only(e))
    end)

    it("maps the identities", function()
      local report = assert(client:upload_identities { rows = { { email = row.email,
        integrationId = 5325, identity = 'say "hi", twice' } } })
      assert.equal(1, report.accepted)
      assert.equal("CSV processed and developer identities updated successfully.",
        report.batches[1].reply.message)
      assert.is_truthy(wire.oracle(e, "GET", "/v2/developers/identities", nil, "text/csv")
        :find('5325,"say ""hi"", twice"', 1, true))
    end)

    it("takes the columns from the client where the service names them otherwise", function()
      local other <close> = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0,
        identities = { csv_header = { "identity", "email", "integrationId" } } }
      assert(other:upload_identities { rows = { row } })
      assert.is_truthy(e:log()[1].body:find("\r\n\r\nidentity,email,integrationId\n", 1, true))
    end)

    it("tells a 400", function()
      local report, err = client:upload_identities { rows = { { email = row.email,
        integrationId = 7, identity = "x" } } }
      assert.is_nil(report)
      refused(err, 400, "Row 1: Integration 7 not found.")
    end)
  end)

  describe("add_cloud_ids", function()
    local function cloud_id(kind)
      return { email = row.email, applicationType = kind or "GITHUB", cloudId = "octo" }
    end

    it("sends this and nothing else", function()
      assert(client:add_cloud_ids { cloud_id(), cloud_id "GITLAB_CLOUD" })
      assert.equal(head("POST /sei/api/v2/developers/cloud-ids", "application/json",
        "Content-Type: application/json") .. REST .. "Content-Length: 196\n\n"
        .. '{"integrationUsers":[{"applicationType":"GITHUB","cloudId":"octo",'
        .. '"email":"lukasz.westman1@example.com"},{"applicationType":"GITLAB_CLOUD",'
        .. '"cloudId":"octo","email":"lukasz.westman1@example.com"}]}', wire.only(e))
    end)

    it("maps them and warns of a type that is not documented", function()
      local report = assert(client:add_cloud_ids { cloud_id() })
      assert.same({}, report.warnings)
      local _, err = client:add_cloud_ids({ cloud_id(), cloud_id "SMOKE_SIGNAL" },
        { on_reject = "stop" })
      refused(err, 400, "Row 2: applicationType SMOKE_SIGNAL is unknown.")
      assert.same({ { row = 2,
        message = "applicationType 'SMOKE_SIGNAL' is not a documented one; passed on as it is" } },
        err.report.warnings)
    end)
  end)

  describe("upload_cloud_ids", function()
    it("sends this and nothing else", function()
      assert(client:upload_cloud_ids { rows = { { email = row.email, applicationType = "GITHUB",
        cloudId = "octo" } } })
      assert.equal(head("POST /sei/api/v2/developers/cloud-ids/upload", "application/json")
        .. REST .. "Content-Length: LENGTH\n"
        .. "Content-Type: multipart/form-data; boundary=BOUNDARY\n\n"
        .. CSV_HEAD:format "upload.csv" .. "email,applicationType,cloudId\n"
        .. "lukasz.westman1@example.com,GITHUB,octo\n\n--BOUNDARY--\n", wire.only(e))
    end)

    it("tells a 400", function()
      local report, err = client:upload_cloud_ids { rows = { { email = "no@b.c",
        applicationType = "GITHUB", cloudId = "octo" } } }
      assert.is_nil(report)
      refused(err, 400, "Row 1: Developer with email no@b.c not found.")
    end)
  end)
end)
