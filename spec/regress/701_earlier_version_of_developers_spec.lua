-- The emulator took a second activation of a version for done, although another
-- one had been activated meanwhile.
local emulator = require "spec.support.emulator"

describe("a version of developers that was active before", function()
  it("is what there is again, with its fields", function()
    local e <close> = emulator.start { people = 3 }
    local function upload(method, text)
      return e:upload(method, "/v2/developers", text).versionId
    end
    local function activate(version)
      local _, status = e:api("PATCH", "/v2/developers/versions/" .. version, { active = true })
      assert.equal(200, status)
      return e:api("GET", "/v2/developers").records
    end
    local first = upload("POST", "Name,Email,Boss,Team\r\nAda,ada@x.example,,Core\r\n")
    e:api("PUT", "/v2/developers/versions/1/fieldMappings", { fieldMappings = {
      { fieldType = "NAME", columnName = "Name" }, { fieldType = "EMAIL", columnName = "Email" },
      { fieldType = "MANAGER_EMAIL", columnName = "Boss" } } })
    local second = upload("PUT", "Name,Email,Boss,Site\r\nBo,bo@x.example,,Rome\r\n")
    assert.equal("Bo", activate(second)[1].name)
    local schema = e:api("GET", "/v2/developers/schema")
    assert.equal("Site", schema.fieldMappings[4].columnName)
    local records = activate(first)
    assert.equal(1, #records)
    assert.equal("Ada", records[1].name)
    assert.same({ Team = "Core" }, records[1].additionalFields)
    assert.equal("Team", e:api("GET", "/v2/developers/schema").fieldMappings[4].columnName)
  end)
end)
