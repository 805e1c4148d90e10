-- Organisations that the emulator reads from files.
local emulator = require "spec.support.emulator"
local loaded = require "sei.sandbox.loaded"

local LIST <const> = "/v1/org/users/list"

describe("the emulator loads", function()
  local files

  before_each(function() files = {} end)
  after_each(function() for _, name in ipairs(files) do os.remove(name) end end)

  local function file(text)
    local name = os.tmpname()
    files[#files + 1] = name
    local f = assert(io.open(name, "wb"))
    f:write(text)
    f:close()
    return name
  end

  local function started(...) return emulator.start { load = { ... } } end

  it("people and identities from CSV, in either order", function()
    local people = file('email,name,team\r\nAda@X.example,"Lovelace, Ada",Core\r\n'
      .. "bo@x.example,Bo,\r\n")
    local ids = file("email,integrationId,identity\nada@x.example,5322,ada\n,5323,stray\n"
      .. "ada@x.example,77,a\n")
    for _, order in ipairs { { people, ids }, { ids, people } } do
      local e <close> = started(table.unpack(order))
      local v = e:api("POST", LIST, "{}")
      assert.equal(3, v._metadata.total_count)
      assert.equal(1, v._metadata.non_users_count)
      local ada = v.records[1]
      assert.same({ "1", "ada@x.example", "Lovelace, Ada", { team = "Core" } },
        { ada.id, ada.email, ada.full_name, ada.additional_fields })
      assert.same({ { integration_id = "5322", user_id = "ada" },
        { integration_id = "77", user_id = "a" } }, ada.integration_user_ids)
      assert.equal("stray", v.records[3].integration_user_ids[1].user_id)
      assert.equal(2, #e:api("GET", "/v2/developers/identities").records)
    end
  end)

  it("people without names from identities alone", function()
    local e <close> = started(file "email,integrationId,identity\nada@x.example,5322,ada\n")
    assert.equal("ada", e:api("POST", LIST, "{}").records[1].full_name)
  end)

  it("its own export, as JSON and as JSON Lines, to the same people", function()
    local from <close> = emulator.start { people = 60, accounts = 80, quirks = { "dangling=4" } }
    local text = from:request("POST", LIST, { ["x-api-key"] = "k" }, '{"page_size":100}')
    local lines = text:match '^{"records":%[(.*)%],"_metadata":.*$':gsub("},{\"id\"", "}\n{\"id\"")
    for _, name in ipairs { file(text), file(lines) } do
      local e <close> = started(name)
      assert.equal(from:state(), e:state())
    end
  end)

  it("them so that they can be written and let go", function()
    local e <close> = started(file "email,name\na@x.example,A\nb@x.example,B\n",
      file "email,integrationId,identity\na@x.example,5322,one\n")
    local state = e:state()
    local function give(email)
      return select(2, e:api("PATCH", "/v2/developers/identities",
        { { email = email, integrationId = 5322, identity = "one" } }))
    end
    assert.equal(200, give "b@x.example")
    assert.not_equal(state, e:state())
    assert.equal(200, give "a@x.example")
    assert.equal(state, e:state())
    assert.equal(400, give "c@x.example")
    e:api("PUT", "/v1/org/users",
      '[{"email":"c@x.example","full_name":"C","integration_user_ids":[]}]')
    assert.equal("3", e:api("POST", LIST, { filter = { email = "c@x.example" } }).records[1].id)
  end)

  it("nothing from a bad file, and says where it is bad", function()
    for text, content in pairs {
      [":3: 1 fields instead of 2"] = "email,name\na@x,A\nb@x\n",
      [":2: a quote that is never closed"] = 'email,name\n"a@x,A\n',
      [":2: email is missing"] = "email,name\n,A\n",
      [":3: A@X is there twice"] = "email,name\na@x,A\nA@X,B\n",
      [":1: neither people"] = "name,login\nA,a\n",
      [":2: integrationId is no whole number"] = "email,integrationId,identity\na@x,github,a\n",
      [":3: integration 5322 has a twice"] =
        "email,integrationId,identity\na@x,5322,a\nb@x,5322,a\n",
      [":1: the file is empty"] = " \n",
      [":2: expected , or }"] = '{"email":"a@x","name":"A"}\n{"email":"b@x" "name":"B"}\n',
      [":2: expected , or ]"] = '[{"email":"a@x","name":"A"}\n{"email":"b@x"}]',
      ["record 2: email is missing"] = '[{"email":"a@x"},{"name":"B"}]',
      ["no array of records"] = '{"records":7}',
    } do
      local name = file(content)
      local population, err = loaded.read { name }
      assert.is_nil(population, text)
      assert.truthy(err:find(name, 1, true) == 1 and err:find(text, 1, true), err)
    end
    local _, err = loaded.read { "no/such/file" }
    assert.truthy(err:find "no/such/file")
  end)
end)
