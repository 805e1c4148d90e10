-- The developers' table as the emulator serves it, seen from outside.
local emulator = require "spec.support.emulator"

local DEVELOPERS <const> = "/v2/developers"
local FIRST <const> = "Name,Email,Boss,Team\r\nAda,Ada@x.example,,Core\r\n"
  .. "Bo,bo@x.example,ada@x.example,\r\n"
local MAPPING <const> = { fieldMappings = {
  { fieldType = "NAME", columnName = "Name" }, { fieldType = "EMAIL", columnName = "Email" },
  { fieldType = "MANAGER_EMAIL", columnName = "Boss" },
} }

describe("the emulator's developers", function()
  local e

  setup(function() e = emulator.start { people = 40, seed = 5 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  local function get(query) return e:api("GET", DEVELOPERS .. (query or "")) end

  local function map(version, mapping)
    return e:api("PUT", ("/v2/developers/versions/%s/fieldMappings"):format(version), mapping)
  end

  local function activate(version)
    return e:api("PATCH", "/v2/developers/versions/" .. version, { active = true })
  end

  local function first_upload()
    local v = e:upload("POST", DEVELOPERS, FIRST)
    local _, status = map(v.versionId, MAPPING)
    assert.equal(200, status)
    return v.versionId
  end

  local function kinds(v)
    local list = {}
    for k, err in ipairs(v.errors) do list[k] = err.errorType end
    return list
  end

  it("are the contributors, listed in pages", function()
    local v, status = get "?pageSize=15&pageIndex=2"
    assert.equal(200, status)
    assert.equal(10, #v.records)
    local d = v.records[1]
    local c = e:api("POST", "/v1/org/users/list", { filter = { id = { "31" } } }).records[1]
    assert.equal(31, d.developerRefId)
    assert.equal(c.email, d.email)
    assert.equal(c.full_name, d.name)
    assert.same(c.additional_fields, d.additionalFields)
  end)

  it("are found by address, number and attribute, and sorted", function()
    local d = get("?developerRefIds=7").records[1]
    assert.equal(7, d.developerRefId)
    assert.equal(7, get("?emails=" .. d.email).records[1].developerRefId)
    local v = get("?searchKey=region&searchValue=EMEA&pageSize=40&sortKey=name")
    assert.is_true(#v.records > 1)
    for k, one in ipairs(v.records) do
      assert.equal("emea", one.additionalFields.region)
      assert.is_true(k == 1 or v.records[k - 1].name <= one.name)
    end
  end)

  it("are downloaded as CSV", function()
    local text, status = e:request("GET", DEVELOPERS, { ["x-api-key"] = "k", accept = "text/csv" })
    assert.equal(200, status)
    assert.equal("name,email,manager_email,region,department,employee_no", text:match "^[^\r]*")
    assert.equal(41, select(2, text:gsub("\r\n", "")))
  end)

  it("answer 412 until the first upload is mapped", function()
    local _, status = e:upload("PUT", DEVELOPERS, FIRST)
    assert.equal(412, status)
    _, status = e:api("PATCH", DEVELOPERS, { { email = "x@x.example", name = "X" } })
    assert.equal(412, status)
    local v
    v, status = e:upload("POST", DEVELOPERS, FIRST)
    assert.equal(200, status)
    _, status = activate(v.versionId)
    assert.equal(412, status)
    assert.equal(40, get()._metadata.total_count)
  end)

  it("are set up: upload, preview, mapping, schema", function()
    local v = e:upload("POST", DEVELOPERS, FIRST)
    assert.equal(2, v.totalCount)
    assert.same({ "Name", "Email", "Boss", "Team" }, v.columns)
    assert.equal("Core", v.preview[1].Team)
    local _, status = map(v.versionId, MAPPING)
    assert.equal(200, status)
    local records = get().records
    assert.equal(2, #records)
    assert.equal("ada@x.example", records[1].email)
    assert.equal("ada@x.example", records[2].managerEmail)
    assert.equal("Core", records[1].additionalFields.Team)
    local schema = e:api("GET", "/v2/developers/schema")
    assert.same({ columnName = "Team", fieldType = "CUSTOM" }, schema.fieldMappings[4])
    _, status = activate(v.versionId)
    assert.equal(200, status)
  end)

  it("are replaced by a re-upload only once it is activated", function()
    first_upload()
    local v, status = e:upload("PUT", DEVELOPERS, "Name,Email,Boss\r\nAda L,ada@x.example,\r\n")
    assert.equal(200, status)
    assert.equal(2, #get().records)
    v, status = activate(v.versionId)
    assert.is_true(v.active)
    assert.equal(200, status)
    assert.equal(1, #get().records)
    assert.equal("Ada L", get().records[1].name)
    v, status = activate "77"
    assert.equal(404, status)
    assert.equal("ERROR", v.status)
  end)

  it("are patched: changed, merged, added", function()
    first_upload()
    local _, status = e:api("PATCH", DEVELOPERS, {
      { email = "BO@x.example", Team = "Data" },
      { email = "cy@x.example", name = "Cy", managerEmail = "bo@x.example", Office = "Oslo" },
    })
    assert.equal(200, status)
    local records = get().records
    assert.equal("Bo", records[2].name)
    assert.equal("Data", records[2].additionalFields.Team)
    assert.equal("ada@x.example", records[2].managerEmail)
    assert.equal("bo@x.example", records[3].managerEmail)
    assert.equal("Oslo", records[3].additionalFields.Office)
  end)

  it("are deleted, but for managers and strangers", function()
    first_upload()
    local function delete(...) return e:api("DELETE", DEVELOPERS, { emails = { ... } }) end
    local v, status = delete "ada@x.example"
    assert.equal(400, status)
    assert.same({ "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS" }, kinds(v))
    v, status = delete("ada@x.example", "bo@x.example")
    assert.same({ 200, 2 }, { status, v.developerCount })
    assert.equal(0, #get().records)
    assert.equal(404, select(2, delete "ada@x.example"))
  end)

  it("name everything that is wrong with a file", function()
    for kind, csv in pairs {
      EMPTY_CSV = "Name,Email\r\n", INVALID_CSV = 'Name,Email\r\n"Ada,x\r\n',
      BLANK_CSV_COLUMN_NAME = "Name, ,Email\r\na,b,c\r\n",
    } do
      local v, status = e:upload("POST", DEVELOPERS, csv)
      assert.equal(400, status, kind)
      assert.equal("FAILURE", v.status)
      assert.same({ kind }, kinds(v))
    end
    local v, status = e:upload("POST", DEVELOPERS, "Name,Email\r\na\r\n")
    assert.equal(400, status)
    assert.same({ "INVALID_CSV" }, kinds(v))
  end)

  it("name everything that is wrong with a mapping", function()
    local v = e:upload("POST", DEVELOPERS, FIRST)
    local answer, status = map(v.versionId, { { fieldType = "NAME", columnName = "Name" } })
    assert.equal(400, status)
    assert.same({ "MISSING_NAME_OR_EMAIL_OR_MANAGER_EMAIL_FIELD_MAPPING" }, kinds(answer))
    answer = map(v.versionId, { NAME = "Name", EMAIL = "Mail", MANAGER_EMAIL = "Boss" })
    assert.same({ "REQUIRED_FIELD_MISSING" }, kinds(answer))
    assert.equal("Mail", answer.errors[1].fieldName)
    assert.equal(40, get()._metadata.total_count)
  end)

  it("name everything that is wrong with the rows, with samples", function()
    first_upload()
    local lines = { "Name,Email,Boss" }
    for k = 1, 9 do lines[#lines + 1] = (",p%d@x.example,gone@x.example"):format(k) end
    lines[#lines + 1] = "A,a@x.example,b@x.example\r\nB,b@x.example,a@x.example"
    lines[#lines + 1] = "A2,a@x.example,"
    local v, status = e:upload("PUT", DEVELOPERS, table.concat(lines, "\r\n"))
    assert.equal(400, status)
    assert.same({ "REQUIRED_VALUE_MISSING", "DUPLICATE_EMAIL",
      "MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS" }, { table.unpack(kinds(v), 1, 3) })
    assert.equal(9, v.errors[1].errorDeveloperCount)
    assert.equal(5, #v.errors[1].sampleErrorDevelopers)
    assert.equal("p1@x.example", v.errors[1].sampleErrorDevelopers[1].Email)
    v = e:upload("PUT", DEVELOPERS,
      "Name,Email,Boss\r\nA,a@x.example,b@x.example\r\nB,b@x.example,a@x.example\r\n")
    assert.same({ "CIRCULAR_REFERENCE" }, kinds(v))
    assert.equal(2, v.errors[1].errorDeveloperCount)
  end)
end)
