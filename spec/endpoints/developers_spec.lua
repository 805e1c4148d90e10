-- endpoints/developers - the functions of developer records: every byte of the
-- request, the reply as another client reads it, and each documented failure.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local wire = require "spec.support.wire"

local KEY <const> = "a.key-without-an-account"

local function request(line, body, more)
  local accept = line:find "^CSV " and "text/csv" or "application/json"
  return (line:gsub("^CSV ", "")) .. "\nHost: HOST\nUser-Agent: sei/1\n"
    .. "Accept: " .. accept .. "\n"
    .. (more ~= "form" and body and "Content-Type: application/json\n" or "")
    .. "x-api-key: " .. KEY .. "\nAccept-Encoding: gzip\n"
    .. (more == "form" and "Content-Length: LENGTH\n"
      .. "Content-Type: multipart/form-data; boundary=BOUNDARY\n"
      or body and "Content-Length: " .. #body .. "\n" or "") .. "\n" .. (body or "")
end

local function form(csv)
  return '--BOUNDARY\nContent-Disposition: form-data; name="file"; filename="upload.csv"\n'
    .. "Content-Type: text/csv\n\n" .. csv .. "\n--BOUNDARY--\n"
end

local HEADER <const> = { "name", "email", "manager_email", "team" }
local ROWS <const> = {
  { name = "Ada Byron", email = "ada@example.com", manager_email = "", team = "engines" },
  { name = "Max, Jr.", email = "max@example.com", manager_email = "ada@example.com", team = "" },
}
local CSV <const> = "name,email,manager_email,team\nAda Byron,ada@example.com,,engines\n"
  .. '"Max, Jr.",max@example.com,ada@example.com,\n'
local MAPPING <const> = { fieldMappings = sei.json.array {
  { columnName = "name", fieldType = "NAME" }, { columnName = "email", fieldType = "EMAIL" },
  { columnName = "manager_email", fieldType = "MANAGER_EMAIL" },
} }

describe("developers", function()
  local e, client

  setup(function()
    e = emulator.start { people = 12 }
    client = sei.client { base_url = e.url, api_key = KEY, pace = false, retries = 0 }
  end)

  teardown(function()
    client:close()
    e:stop()
  end)

  before_each(function() e:reset() end)

  -- The first upload and its mapping, which other calls need.
  local function ready()
    local report = assert(client:upload_developers { rows = ROWS, header = HEADER })
    local version = report.batches[1].reply.versionId
    assert(client:map_developer_fields(version, MAPPING))
    e:clear_log()
    return version
  end

  local function rejected(status, code, ok, err)
    assert.is_nil(ok)
    assert.equal("rejected", err.kind)
    assert.equal(status, err.status)
    assert.equal(code, err.code)
    return err
  end

  describe("list_developers", function()
    it("sends this and nothing else", function()
      wire.all(client:list_developers())
      assert.equal(request "GET /sei/api/v2/developers?pageSize=500&pageIndex=0", wire.only(e))
    end)

    it("sends its filters and its order", function()
      wire.all(client:list_developers { emails = "a@b.c", developerRefIds = { "1", "2" },
        searchKey = "name", searchValue = "Ada", sortKey = "name", sortOrder = "desc" })
      assert.equal("/sei/api/v2/developers?emails=a%40b.c&developerRefIds=1&developerRefIds=2"
        .. "&searchKey=name&searchValue=Ada&sortKey=name&sortOrder=desc"
        .. "&pageSize=500&pageIndex=0", e:log()[1].path)
    end)

    it("delivers every developer", function()
      local want = wire.oracle(e, "GET", "/v2/developers?pageSize=100")
      local got = wire.all(client:list_developers { page_size = 5 })
      assert.equal(12, #got)
      assert.same(want.records, got)
    end)

    it("raises for an order that there is not", function()
      local ok, err = pcall(wire.all, client:list_developers { sortOrder = "sideways" })
      assert.is_false(ok)
      assert.equal("http", err.kind)
      assert.equal("INVALID_REQUEST", err.code)
      assert.matches("sortOrder must be asc or desc", err.message, 1, true)
    end)
  end)

  describe("download_developers", function()
    it("sends this and nothing else", function()
      wire.all(client:download_developers { emails = "a@b.c" })
      assert.equal(request "CSV GET /sei/api/v2/developers?emails=a%40b.c", wire.only(e))
    end)

    it("delivers rows by column", function()
      local rows = wire.all(client:download_developers())
      assert.equal(12, #rows)
      local text = wire.oracle(e, "GET", "/v2/developers", nil, "text/csv")
      local fields = {}
      for cell in text:match "^[^\n]*\n([^\r\n]*)":gmatch "[^,]*" do fields[#fields + 1] = cell end
      assert.equal(fields[1], rows[1].name)
      assert.equal(fields[2], rows[1].email)
    end)
  end)

  describe("get_developer_schema", function()
    it("sends this and nothing else", function()
      assert(client:get_developer_schema())
      assert.equal(request "GET /sei/api/v2/developers/schema", wire.only(e))
    end)

    it("delivers it", function()
      assert.same(wire.oracle(e, "GET", "/v2/developers/schema"),
        assert(client:get_developer_schema()))
    end)
  end)

  describe("upload_developers", function()
    it("sends this and nothing else", function()
      assert(client:upload_developers { rows = ROWS, header = HEADER })
      assert.equal(request("POST /sei/api/v2/developers", form(CSV), "form"), wire.only(e))
    end)

    it("delivers the preview with its versionId in the report", function()
      local report = assert(client:upload_developers { rows = ROWS, header = HEADER })
      local preview = report.batches[1].reply
      assert.equal("1", preview.versionId)
      assert.equal(2, preview.totalCount)
      assert.same(ROWS, preview.preview)
    end)

    local function upload(csv)
      local path = os.tmpname()
      finally(function() os.remove(path) end)
      local file = assert(io.open(path, "wb"))
      file:write(csv)
      file:close()
      return client:upload_developers { file = path }
    end

    it("tells BLANK_CSV_COLUMN_NAME", function()
      local err = rejected(400, "BLANK_CSV_COLUMN_NAME", client:upload_developers {
        rows = { { "a", "b" } }, header = { "name", " " } })
      assert.equal("the service refused the request: BLANK_CSV_COLUMN_NAME (0 developers)",
        err.message)
    end)

    it("finds what is wrong with a file before it sends it", function()
      for _, csv in ipairs { "", "name,email\n", "name,email\na\n", 'name,"email\n' } do
        local ok, err = upload(csv)
        assert.is_nil(ok)
        assert.equal("decode", err.kind)
      end
      assert.equal(0, #e:log())
    end)
  end)

  describe("map_developer_fields", function()
    it("sends this and nothing else", function()
      assert(client:upload_developers { rows = ROWS, header = HEADER })
      e:clear_log()
      assert(client:map_developer_fields(1, MAPPING))
      assert.equal(request("PUT /sei/api/v2/developers/versions/1/fieldMappings",
        '{"fieldMappings":[{"columnName":"name","fieldType":"NAME"},'
        .. '{"columnName":"email","fieldType":"EMAIL"},'
        .. '{"columnName":"manager_email","fieldType":"MANAGER_EMAIL"}]}'), wire.only(e))
    end)

    it("delivers the reply, and the developers are there", function()
      assert(client:upload_developers { rows = ROWS, header = HEADER })
      assert.same({ versionId = "1", status = "SUCCESS", active = true, developerCount = 2 },
        assert(client:map_developer_fields("1", MAPPING)))
      assert.equal(2, #wire.all(client:list_developers()))
    end)

    it("escapes the version id", function()
      local err = rejected(404, "RESOURCE_NOT_FOUND",
        client:map_developer_fields("a/b ü?", MAPPING))
      assert.equal("/sei/api/v2/developers/versions/a%2Fb%20%C3%BC%3F/fieldMappings",
        e:log()[1].path)
      assert.equal("00000000-0000-4000-8000-000000000000", err.request_id)
    end)

    it("tells a missing mapping", function()
      assert(client:upload_developers { rows = ROWS, header = HEADER })
      rejected(400, "MISSING_NAME_OR_EMAIL_OR_MANAGER_EMAIL_FIELD_MAPPING",
        client:map_developer_fields("1", { fieldMappings = sei.json.array {
          { columnName = "name", fieldType = "NAME" } } }))
    end)

    local BAD = {
      REQUIRED_VALUE_MISSING = { "", "max@example.com", "ada@example.com" },
      DUPLICATE_EMAIL = { "Max", "ada@example.com", "ada@example.com" },
      CIRCULAR_REFERENCE = { "Max", "max@example.com", "max@example.com" },
      MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS = { "Max", "max@example.com", "x@example.com" },
    }
    for code, row in pairs(BAD) do
      it("tells " .. code .. " with its sample", function()
        assert(client:upload_developers { header = HEADER, rows = {
          ROWS[1], { name = row[1], email = row[2], manager_email = row[3], team = "t" } } })
        local err = rejected(400, code, client:map_developer_fields("1", MAPPING))
        assert.equal(code, err.rows[1].errorType)
        assert.equal("table", type(err.rows[1].sampleErrorDevelopers[1]))
        assert.matches(code .. ".*developers", err.message)
      end)
    end
  end)

  describe("reupload_developers", function()
    it("tells a 412 before the first upload is done", function()
      local err = rejected(412, "PRECONDITION_FAILED",
        client:reupload_developers { rows = ROWS, header = HEADER })
      assert.equal("upload developer records and map their fields first", err.hint)
    end)

    it("sends this and nothing else, and delivers the preview", function()
      ready()
      local report = assert(client:reupload_developers { rows = ROWS, header = HEADER })
      assert.equal(request("PUT /sei/api/v2/developers", form(CSV), "form"), wire.only(e))
      assert.equal("2", report.batches[1].reply.versionId)
    end)
  end)

  describe("activate_developers", function()
    it("tells a 412 before the first upload is done", function()
      rejected(412, "PRECONDITION_FAILED", client:activate_developers "1")
    end)

    it("sends this and nothing else, and delivers the reply", function()
      local version = ready()
      local reply = assert(client:activate_developers(version))
      assert.equal(request("PATCH /sei/api/v2/developers/versions/1", '{"active":true}'),
        wire.only(e))
      assert.is_true(reply.active)
    end)

    it("tells a version that there is not", function()
      ready()
      rejected(404, "RESOURCE_NOT_FOUND", client:activate_developers "9")
    end)
  end)

  describe("patch_developers", function()
    it("tells a 412 before the first upload is done", function()
      rejected(412, "PRECONDITION_FAILED", client:patch_developers { ROWS[1] })
    end)

    it("sends this and nothing else, and changes the record", function()
      ready()
      local report = assert(client:patch_developers { { name = "Ada King",
        email = "ada@example.com", manager_email = "" } })
      assert.equal(request("PATCH /sei/api/v2/developers",
        '[{"email":"ada@example.com","manager_email":"","name":"Ada King"}]'), wire.only(e))
      assert.same({ status = "SUCCESS", developerCount = 1 }, report.batches[1].reply)
      local now = wire.oracle(e, "GET", "/v2/developers?emails=ada%40example.com").records
      assert.equal("Ada King", now[1].name)
      assert.equal("engines", now[1].additionalFields.team)
    end)
  end)

  describe("delete_developers", function()
    it("sends this and nothing else, and the record is gone", function()
      ready()
      local report = assert(client:delete_developers { "max@example.com" })
      assert.equal(request("DELETE /sei/api/v2/developers", '{"emails":["max@example.com"]}'),
        wire.only(e))
      assert.equal("1 of 1 rows accepted in 1 request", tostring(report))
      assert.equal(1, #wire.oracle(e, "GET", "/v2/developers").records)
    end)

    it("tells a developer that there is not", function()
      local err = rejected(404, "RESOURCE_NOT_FOUND", client:delete_developers { "x@example.com" })
      assert.matches("Developers not found: x@example.com", err.message, 1, true)
    end)

    it("tells who would be left with a manager who is gone", function()
      ready()
      local err = rejected(400, "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS",
        client:delete_developers { "ada@example.com" })
      assert.equal("max@example.com", err.rows[1].sampleErrorDevelopers[1].email)
    end)
  end)
end)
