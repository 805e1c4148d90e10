-- The emulator's parts that are easier to test from inside.
local Cache = require "sei.sandbox.cache"
local Population = require "sei.sandbox.population"
local Sequence = require "sei.sandbox.sequence"
local Store = require "sei.sandbox.store"
local csv = require "sei.sandbox.csv"
local dkjson = require "dkjson"
local json = require "sei.sandbox.json"
local limits = require "sei.sandbox.limits"
local nearest = require "sei.sandbox.nearest"
local record = require "sei.sandbox.record"

describe("the emulator's", function()
  describe("population", function()
    it("renders a record as it describes it", function()
      local p = Population.new(4, 500, 900)
      local store = Store.new(p)
      for i = 1, 500 do
        assert.equal(record.contributor(store, p:record(i)), p:contributor(i))
      end
    end)

    it("finds everybody and every account again", function()
      for _, size in ipairs { { 1, 3 }, { 9, 9 }, { 10, 0 }, { 95, 400 }, { 0, 5 } } do
        local p = Population.new(1, size[1], size[2])
        local seen = {}
        for i = 1, p.people do
          local r = p:record(i)
          assert.equal(i, p:find_person(r.email))
          assert.equal(i, p:find_id(r.id))
          for _, j in ipairs(r.accounts) do
            assert.is_nil(seen[j])
            seen[j] = true
            local integration, login, owner = p:account(j)
            assert.equal(i, owner)
            assert.equal(i, p:owner(j))
            assert.equal(j, p:find_account(integration, login, p.accounts))
            local line = ("%s,%d,%s\r\n"):format(r.email, integration, login)
            assert.equal(line, p:identity_line(j, {}))
          end
        end
        for j = 1, p.accounts do assert.is_true(seen[j]) end
      end
    end)

    it("has names of every kind, and records of about the documented size", function()
      local p, bytes, kinds = Population.new(1, 5000, 5000), 0, {}
      for i = 1, p.people do
        local text = p:contributor(i)
        bytes = bytes + #text
        local fields = p:record(i).fields
        assert.equal(json.encode(json.decode(fields)), fields)
        local c = assert(dkjson.decode(text))
        if c.full_name:find "[\128-\255]" then kinds.foreign = true end
        if c.full_name:find "[\240-\244]" then kinds.astral = true end
        if c.full_name:find '"' then kinds.quote = true end
        if c.full_name:find "," then kinds.comma = true end
        if not c.integration_user_ids[1] then kinds.none = true end
        if c.additional_fields.serial == math.maxinteger then kinds.large = true end
      end
      assert.same({ foreign = true, astral = true, quote = true, comma = true, none = true,
        large = true }, kinds)
      assert.is_true(math.abs(bytes / p.people - 345) < 35, tostring(bytes / p.people))
    end)
  end)

  it("sequence is a list without the list (1,000 random steps)", function()
    math.randomseed(42)
    local low, high = 5, 40
    local sequence, model = Sequence.new(low, high), {}
    for x = low, high do model[x] = true end
    for _ = 1, 1000 do
      local x = math.random(1, 60)
      if x >= low then
        if math.random(2) == 1 then
          sequence:insert(x)
          model[x] = true
        else
          sequence:remove(x)
          model[x] = nil
        end
      end
      local list = {}
      for y = 1, 60 do if model[y] then list[#list + 1] = y end end
      assert.equal(#list, sequence:total())
      local k = math.random(1, 60)
      assert.equal(list[k], sequence:at(k))
    end
    local list = {}
    for k, x in sequence:from(1) do list[k] = x end
    assert.equal(sequence:total(), #list)
  end)

  it("cache forgets what is old, and everything after a change", function()
    local generation = 0
    local cache = Cache.new(function() return generation end)
    local megabyte = ("x"):rep(1 << 20)
    cache:put("a", "A")
    for k = 1, 40 do cache:put(k, megabyte) end
    assert.equal("A", cache:get "a") -- moves on: it was used
    for k = 41, 80 do cache:put(k, megabyte) end
    assert.equal("A", cache:get "a")
    assert.is_nil(cache:get(1))
    generation = 1
    assert.is_nil(cache:get "a")
  end)

  describe("JSON", function()
    it("reads and writes what there is, exactly", function()
      local text = '{"a":[],"b":{},"c":[1,-0,1.50,1e400,123456789012345678901234567890],'
        .. '"d":"\\u0000é🦊\\"\\\\","e":null,"f":[true,false]}'
      assert.equal(text, json.encode(assert(json.decode(text))))
      assert.equal("é𝄞", json.decode '"\\u00e9\\ud834\\udd1e"')
      assert.equal(math.maxinteger, json.decode "9223372036854775807")
      assert.equal(math.mininteger, json.decode "-9223372036854775808")
      assert.equal("9223372036854775808", json.encode(json.decode "9223372036854775808"))
      assert.is_true(json.is_array(json.decode "[]"))
      assert.is_true(json.is_object(json.decode "{}"))
    end)

    it("refuses what is not JSON", function()
      for _, text in ipairs { "", " ", "[1,]", "[1 2]", '{"a":1,}', '{"a" 1}', "{a:1}", "[01]",
        "+1", ".5", "1.", "1e", "-", "[1]]", "nul", "NaN",
        '"\1"', '"\\x"', '"\\ud800"', '"\\udc00"', '"\\ud800\\u0041"', '"abc', "/**/1",
        '"\255"', "[", "{", ("["):rep(201) } do
        local v, err = json.decode(text)
        assert.is_nil(v, text)
        assert.truthy(err:find "at byte %d+$", err)
      end
    end)
  end)

  it("CSV reads quotes, breaks and byte order marks, and counts lines", function()
    local rows = {}
    for line, fields in csv.rows '\239\187\191a,"b ""x"""\r\n\r\n"c\nd",\r"",e' do
      rows[#rows + 1] = { line, table.unpack(fields) }
    end
    assert.same({ { 1, "a", 'b "x"' }, { 3, "c\nd", "" }, { 5, "", "e" } }, rows)
    assert.equal('a,"b,","""c""","d\n"\r\n', csv.line { "a", "b,", '"c"', "d\n" })
    for _, text in ipairs { '"a', 'a"b', '"a"b' } do
      assert.is_false((pcall(function() for _ in csv.rows(text) do end end)))
    end
  end)

  it("dates are those of RFC 9110", function()
    local at = 784111776 -- one second before the RFC's example
    for form, text in pairs { imf = "Sun, 06 Nov 1994 08:49:37 GMT",
      rfc850 = "Sunday, 06-Nov-94 08:49:37 GMT", asctime = "Sun Nov  6 08:49:37 1994" } do
      assert.equal(text, limits.retry_after({ form = form, seconds = 1 }, at))
    end
    assert.equal("1", limits.retry_after({ form = "seconds", seconds = 1 }, at))
  end)

  it("suggestions name the nearest, or all", function()
    local known = { "drop-rows", "drift", "dangling" }
    assert.equal(' (did you mean "drop-rows"?)', nearest("droprows", known))
    assert.equal(' (did you mean "dangling"?)', nearest("dnagling", known))
    assert.equal(" (there are: drop-rows, drift, dangling)", nearest("zzzzzz", known))
  end)
end)
