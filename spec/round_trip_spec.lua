-- A record that is read and written back is the same record: the emulator's
-- state, canonical text, is the same bytes before and after.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local function rows_of(walk)
  local rows = {}
  for row in walk do rows[#rows + 1] = row end
  return rows
end

-- Writes all contributors back and compares.
local function write_back(e, client, options)
  local before = e:state()
  local rows = rows_of(client:list_contributors { page_size = 37 })
  local report, err = client:update_contributors(rows, options)
  assert.is_nil(err)
  assert.equal(#rows, report.accepted)
  assert.equal(0, #report.rejected)
  local after = e:state()
  assert.is_true(before == after, "the state changed")
  return rows, before
end

describe("contributors", function()
  it("written back unchanged leave the state byte for byte", function()
    local e <close> = emulator.start { people = 1200, accounts = 2500 }
    local client <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0 }
    local rows, state = write_back(e, client)
    assert.equal(1200, #rows)
    assert.equal(2, e:counters().by_status["200"] - 33)
    -- What shall survive is there at all.
    for _, text in ipairs { '"integration_user_ids":[]', "9223372036854775807",
      "-9007199254740993", "𠮷", "🦊", '\\"', ':{}', ',[]]', ':null', ':0.1' } do
      assert.is_truthy(state:find(text, 1, true), text)
    end
    write_back(e, client, { batch_size = 7 })
  end)

  it("written with one field less do change it", function()
    local e <close> = emulator.start { people = 50 }
    local client <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0 }
    local before = e:state()
    local rows = rows_of(client:list_contributors())
    rows[17].additional_fields.region = nil
    assert(client:update_contributors(rows))
    assert.is_false(before == e:state())
  end)
end)

-- Custom fields as JSON texts, each as hard as JSON allows.
local HARD <const> = {
  '{}', '{"a":[]}', '{"a":{}}', '{"a":[[],{},[{}]]}', '{"a":""}', '{"":"empty name"}',
  '{"a":0}', '{"a":-1}', '{"a":9007199254740993}', '{"a":-9223372036854775808}',
  '{"a":9223372036854775807}', '{"a":0.1}', '{"a":1e-7}', '{"a":123456789.12345679}',
  '{"a":5e-324}', '{"a":1.7976931348623157e308}', '{"a":[1,2.5,"3",null,true,false]}',
  '{"a":null,"b":null}', '{"a":"\\u0000"}', '{"a":"\\"\\\\/\\b\\f\\n\\r\\t"}',
  '{"a":"\\u2028\\u2029\\u007f"}', '{"a":"𝒮𝓔𝓘 😀 𠮷 é e\u{301} \u{200d}"}',
  '{"𠮷":"key beyond the BMP"}', '{"a":18446744073709551615}',
  '{"a":[-9223372036854775809,{"b":100000000000000000000}]}', '{"a":-0.0,"b":2.5e300}',
  '{"a":"\\ud83e\\udd8a"}', '{"a b.c[1]\\n":{"$ref":"#"}}', '{"__index":{"__gc":1}}',
  '{"a":' .. ("["):rep(40) .. ("]"):rep(40) .. '}', '{"1":"one","2":"two"}',
  '{"a":[null]}', '{"a":[null,null]}', '{"a":"' .. ("x"):rep(70000) .. '"}',
}

describe("custom fields", function()
  local file, e, client

  setup(function()
    file = os.tmpname()
    local out = assert(io.open(file, "w"))
    for i, fields in ipairs(HARD) do
      out:write(('{"id":"%d","full_name":"N %d","email":"n%d@example.com",'):format(i, i, i),
        '"integration_user_ids":', i % 2 == 0 and "[]"
          or ('[{"integration_id":"5322","user_id":"login \\u00e9 𠮷 %d"}]'):format(i),
        ',"additional_fields":', fields, ',"version":"1","created_at":1500000000001,',
        '"updated_at":1500000000002}\n')
    end
    out:close()
    e = emulator.start { load = { file } }
    client = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0 }
  end)
  teardown(function()
    client:close()
    e:stop()
    os.remove(file)
  end)

  it("of every shape survive", function()
    local rows = write_back(e, client)
    assert.equal(#HARD, #rows)
  end)

  it("survive one by one, and through JSON text in between", function()
    local before = e:state()
    for row in client:list_contributors { page_size = 5 } do
      local text = sei.json.encode(row)
      local copy = assert(sei.json.decode(text))
      assert.equal(sei.json.encode(row, { canonical = true }),
        sei.json.encode(copy, { canonical = true }))
      assert(client:update_contributors { copy })
    end
    assert.is_true(before == e:state())
  end)

  it("survive with only the fields that a write needs", function()
    local before = e:state()
    local rows = rows_of(client:list_contributors { fields = { "id", "email", "full_name",
      "integration_user_ids", "additional_fields" } })
    assert(client:update_contributors(rows))
    assert.is_true(before == e:state())
  end)

  it("can be changed one at a time, and back", function()
    local before = e:state()
    local rows = rows_of(client:list_contributors())
    for _, row in ipairs(rows) do row.additional_fields.added = sei.json.array {} end
    assert(client:update_contributors(rows))
    assert.is_false(before == e:state())
    for _, row in ipairs(rows_of(client:list_contributors())) do
      assert.equal("[]", sei.json.encode(row.additional_fields.added))
    end
    rows = rows_of(client:list_contributors())
    for _, row in ipairs(rows) do row.additional_fields.added = nil end
    assert(client:update_contributors(rows))
    assert.is_true(before == e:state())
  end)
end)

describe("identities", function()
  local e, client

  setup(function()
    e = emulator.start { people = 700, accounts = 1500 }
    client = sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0 }
  end)
  teardown(function()
    client:close()
    e:stop()
  end)

  it("listed and written back leave the state as it was", function()
    local before = e:state()
    local rows = rows_of(client:list_identities { page_size = 100 })
    assert.equal(1500, #rows)
    assert.equal(1500, assert(client:patch_identities(rows)).accepted)
    assert.is_true(before == e:state())
  end)

  it("go straight from the list into the write", function()
    local before = e:state()
    assert.equal(1500, assert(client:patch_identities(client:list_identities())).accepted)
    assert.is_true(before == e:state())
  end)

  it("downloaded and uploaded leave the state as it was, as file and as rows", function()
    local before, folder = e:state(), shell.folder()
    local file = folder .. "/identities.csv"
    assert(client:download_identities { file = file })
    assert.equal(1500, assert(client:upload_identities { file = file }).accepted)
    assert.is_true(before == e:state())
    local rows = {}
    for row in client:download_identities() do rows[#rows + 1] = row end
    assert.equal(1500, #rows)
    assert.equal(1500, assert(client:upload_identities { rows = rows }).accepted)
    assert.is_true(before == e:state())
    shell.remove(folder)
  end)
end)
