-- sei.json as scripts see it: exact values there and back, errors that say
-- where, and a builder whose memory of earlier records never shows.
local cjson = require "cjson"
local sei = require "sei"

local json = sei.json
local decode, encode = json.decode, json.encode

-- The value, or the failure with its message.
local function read(text, options)
  local value, err = decode(text, options)
  assert(err == nil, err and err.message)
  return value
end

local function write(value, options)
  local text, err = encode(value, options)
  assert(text, err and err.message)
  return text
end

local function canonical(value)
  return write(value, { canonical = true })
end

-- The message with which `text` is refused.
local function refusal(text, options)
  local value, err = decode(text, options)
  assert.is_nil(value)
  assert.equal("decode", err.kind)
  return err.message
end

local function cannot(value)
  local text, err = encode(value)
  assert.is_nil(text)
  assert.equal("encode", err.kind)
  return err.message
end

describe("json.decode", function()
  it("keeps integers and floats apart", function()
    local v = read "[1, 1.0, -0, 1e2, 9223372036854775807, -9223372036854775808, 0]"
    local types = {}
    for i, x in ipairs(v) do types[i] = math.type(x) end
    assert.same({ "integer", "float", "float", "float", "integer", "integer", "integer" }, types)
    assert.equal(math.maxinteger, v[5])
    assert.equal(math.mininteger, v[6])
    assert.equal(-math.huge, 1 / v[3])
  end)

  it("has cjson's null", function()
    assert.equal(cjson.null, json.null)
    assert.equal(cjson.null, sei.null)
    assert.equal(cjson.null, read "null")
    assert.equal(cjson.null, read '{"a":null}'.a)
    assert.equal(cjson.null, read "[null]"[1])
  end)

  it("reads scalars", function()
    assert.is_true(read "true")
    assert.is_false(read " false ")
    assert.equal("a\0b", read '"a\\u0000b"')
    assert.equal("\u{20ac}\u{1f600}", read '"\\u20ac\\ud83d\\ude00"')
    assert.equal(7, read "\xef\xbb\xbf7")
  end)

  it("lets the last of equal names win", function()
    assert.same({ a = 3, b = 2 }, read '{"a":1,"b":2,"a":3}')
  end)

  it("marks arrays, empty ones too", function()
    local v = read '{"a":[],"b":{},"c":[[]]}'
    assert.is_true(json.is_array(v.a))
    assert.is_false(json.is_array(v.b))
    assert.is_true(json.is_array(v.c))
    assert.is_true(json.is_array(v.c[1]))
    assert.is_false(json.is_array(v))
    assert.equal('{"a":[],"b":{},"c":[[]]}', canonical(v))
  end)

  it("names what is wrong, where, with an excerpt", function()
    local message = refusal '{\n  "a": 1,\n  "b": x\n}'
    assert.matches("expected a value", message, 1, true)
    assert.matches("byte offset 19 (line 3, column 8)", message, 1, true)
    assert.matches('"b": x', message, 1, true)
    assert.matches("byte offset 3 ", refusal "[1,", 1, true)
    assert.matches("the text is empty", refusal "", 1, true)
  end)

  it("shows no control or foreign bytes in an excerpt", function()
    assert.is_nil(refusal("[\27[31m \xff \0]"):find "[^\x20-\x7e]")
  end)

  it("refuses what RFC 8259 does not allow", function()
    for _, text in ipairs {
      "[1,]", '{"a":1,}', "[01]", "[.5]", "[1.]", "[+1]", "[0x10]", "[NaN]", "[-Infinity]",
      "nul", "tru", "{a:1}", "{'a':1}", '{"a"}', "[1 2]", "[1]]", "1 2", '"a\nb"', '"\\x41"',
      '"\\u12"', '"abc', "[", "{", '{"a":', "/*c*/1", "1 \xef\xbb\xbf", "\xff\xfe1\0", "[1e]",
      "-", "--1", "\0", "[\f1]",
    } do
      refusal(text)
    end
  end)

  it("refuses what no Lua value can be", function()
    assert.matches("too large", refusal "[1e999]", 1, true)
    assert.matches("surrogate", refusal '"\\ud800"', 1, true)
    assert.matches("invalid UTF-8 in a string at byte offset 2", refusal '"a\xffb"', 1, true)
    assert.matches("invalid UTF-8", refusal '{"\xed\xa0\x80":1}', 1, true)
  end)

  it("limits depth and length", function()
    assert.is_table(read(("["):rep(128) .. ("]"):rep(128)))
    assert.matches("too deeply", refusal(("["):rep(129) .. ("]"):rep(129)), 1, true)
    assert.is_table(read(("["):rep(512) .. ("]"):rep(512), { max_depth = 512 }))
    assert.matches("too deeply", refusal("[[1]]", { max_depth = 1 }), 1, true)
    assert.matches("too deeply", refusal(('{"a":'):rep(100000)), 1, true)
    assert.matches("max_bytes", refusal("[1,2,3]", { max_bytes = 6 }), 1, true)
    assert.same({ 1, 2, 3 }, read("[1,2,3]", { max_bytes = 7 }))
  end)

  it("raises on misuse", function()
    assert.error_matches(function() decode() end, "string expected")
    assert.error_matches(function() decode(12) end, "string expected")
    assert.error_matches(function() decode("1", { maxdepth = 3 }) end, "max_depth")
    assert.error_matches(function() decode("1", { max_depth = 513 }) end, "max_depth")
    assert.error_matches(function() decode("1", { fields = "id" }) end, "fields")
    assert.error_matches(function() decode("{}", { fields = { 1 } }) end, "fields")
  end)
end)

describe("json.decode's fields", function()
  local text = '{"id":1,"skip":{"id":2,"x":["]}"]},"email":"a","n\\u0061me":{"id":3},"z":[1]}'

  it("choose members of an object, at its own level", function()
    local v = read(text, { fields = { "id", "name" } })
    assert.same({ id = 1, name = { id = 3 } }, v)
  end)

  it("choose members of every object in an array", function()
    local v = read("[" .. text .. ",7," .. text .. ',{"email":null}]', { fields = { "email" } })
    assert.is_true(json.is_array(v))
    assert.same('[{"email":"a"},7,{"email":"a"},{"email":null}]', canonical(v))
  end)

  it("may change from call to call", function()
    for i = 1, 20 do
      local names = { ({ "id", "email", "z" })[i % 3 + 1], i % 2 == 0 and "name" or nil }
      local want = {}
      for _, name in ipairs(names) do want[name] = read(text)[name] end
      assert.same(want, read(text, { fields = names }))
    end
  end)

  it("are checked even where they are skipped", function()
    refusal('{"id":1,"x":[1,}', { fields = { "id" } })
    refusal('[{"id":1,"x":"a\nb"}]', { fields = { "id" } })
    refusal('[{"id":1}', { fields = { "id" } })
    refusal('[{"id":1}] 2', { fields = { "id" } })
  end)

  it("leave other values alone", function()
    assert.equal(1, read("1", { fields = { "id" } }))
    assert.same({}, read("[]", { fields = { "id" } }))
    assert.same({}, read("{}", { fields = { "id" } }))
    assert.same({}, read('{"a":1}', { fields = {} }))
    assert.equal("[12345678901234567890]",
      write(read("[12345678901234567890]", { fields = { "id" } })))
  end)
end)

describe("integers beyond 64 bits", function()
  local text = '{"a":123456789012345678901,"b":[1,-99999999999999999999,"99999999999999999999"],'
    .. '"c":9223372036854775807,"d":"123456789012345678901"}'

  it("are strings of their digits, and known to be numbers", function()
    local v = read(text)
    assert.equal("123456789012345678901", v.a)
    assert.is_true(json.is_big(v, "a"))
    assert.is_false(json.is_big(v, "c"))
    assert.is_false(json.is_big(v, "d"))
    assert.is_false(json.is_big(v.b, 1))
    assert.is_true(json.is_big(v.b, 2))
    assert.is_false(json.is_big(v.b, 3))
    assert.is_true(json.is_array(v.b))
    assert.is_false(json.is_array(v))
  end)

  it("are written as they were", function()
    assert.equal(text, canonical(read(text)))
  end)

  it("are strings once they were changed", function()
    local v = read(text)
    v.a, v.b[2] = "12", "x"
    assert.is_false(json.is_big(v, "a"))
    assert.equal('"12"', write(v):match '"a":([^,}]*)')
    assert.equal('[1,"x","99999999999999999999"]', write(v.b))
    v.a = "123456789012345678901"
    assert.equal("123456789012345678901", write(v):match '"a":([^,}]*)')
  end)

  it("stand anywhere in an array", function()
    for n = 1, 40 do
      local items = {}
      for i = 1, n do items[i] = i == n and "12345678901234567890" or i % 7 == 6
        and "-10000000000000000000" or tostring(i) end
      local t = "[" .. table.concat(items, ",") .. "]"
      assert.equal(t, write(read(t)))
    end
  end)

  it("leave no trace when a later member of the same name is no such number", function()
    local v = read '{"a":12345678901234567890,"a":"12345678901234567890"}'
    assert.is_false(json.is_big(v, "a"))
    assert.equal('{"a":"12345678901234567890"}', write(v))
    assert.equal('{"a":12345678901234567890}', write(read '{"a":1,"a":12345678901234567890}'))
  end)

  it("go together with the mark of an array", function()
    local v = read '{"a":12345678901234567890}'
    json.array(v)
    assert.is_true(json.is_array(v))
    assert.is_true(json.is_big(v, "a"))
    local b = json.array(read "[12345678901234567890]")
    assert.is_true(json.is_array(b))
    assert.is_true(json.is_big(b, 1))
  end)

  it("are plain strings where no table holds them", function()
    assert.equal("12345678901234567890", read "12345678901234567890")
    assert.is_false(json.is_big({}, "a"))
    assert.is_false(json.is_big(json.array {}, 1))
    assert.error_matches(function() json.is_big("x", 1) end, "table expected")
  end)
end)

describe("json.encode", function()
  it("writes scalars", function()
    for text, value in pairs {
      ["1"] = 1, ["1.0"] = 1.0, ["-0.0"] = -0.0, ["0.1"] = 0.1, ["1e300"] = 1e300,
      ["-9223372036854775808"] = math.mininteger, ["true"] = true, ["false"] = false,
      ["null"] = sei.null, ['""'] = "", ['"a\\"\\\\\\n\\u0001\\u007f\\u2028"'] =
        'a"\\\n\1\127\u{2028}', ['"\u{e9}/"'] = "\u{e9}/",
    } do
      assert.equal(text, write(value))
    end
  end)

  it("tells arrays from objects", function()
    assert.equal("{}", write {})
    assert.equal("[]", write(json.array {}))
    assert.equal("[]", write(json.array()))
    assert.equal("[1,2]", write { 1, 2 })
    assert.equal("[1,2]", write(json.array { 1, 2 }))
    assert.equal("[[],{}]", write { json.array {}, {} })
    assert.equal('{"1":2}', write { ["1"] = 2 })
  end)

  it("orders members by bytes if asked to", function()
    local v = { b = 1, a = 2, B = 3, ["\u{e9}"] = 4, aa = 5, [""] = 6, ["a\0"] = 7 }
    assert.equal('{"":6,"B":3,"a":2,"a\\u0000":7,"aa":5,"b":1,"\u{e9}":4}', canonical(v))
    assert.equal(#canonical(v), #write(v))
    assert.same(v, read(write(v)))
  end)

  it("gives the same text for the same value, however it was made", function()
    local names, a, b = {}, {}, {}
    for i = 1, 300 do names[i] = "name" .. i * 7919 % 1000 end
    for i = 1, #names do a[names[i]] = i end
    for i = #names, 1, -1 do b[names[i]] = i end
    assert.equal(canonical(a), canonical(b))
  end)

  it("names the place of what cannot be written", function()
    assert.matches("a function at .a.b[2]", cannot { a = { b = { 1, print } } }, 1, true)
    assert.matches('at [3]["x y"]', cannot { 1, 2, { ["x y"] = 0 / 0 } }, 1, true)
    assert.matches("not finite", cannot(math.huge), 1, true)
    assert.matches("UTF-8 at .email", cannot { email = "\xff" }, 1, true)
    assert.matches('a name that is not UTF-8 at ["a?"]', cannot { ["a\xff"] = 1 }, 1, true)
    assert.matches("a userdata at [1]", cannot { io.stdout }, 1, true)
    assert.matches("a coroutine at [1]", cannot { coroutine.create(print) }, 1, true)
    assert.matches("nil", cannot(nil), 1, true)
  end)

  it("refuses tables that are neither array nor object", function()
    assert.matches("holes at .a", cannot { a = { 1, nil, 3 } }, 1, true)
    assert.matches("holes", cannot { [2] = 1 }, 1, true)
    assert.matches("both names and numbers", cannot { 1, x = 2 }, 1, true)
    assert.matches("both names and numbers", cannot { x = 2, [5] = 1 }, 1, true)
    assert.matches("neither names nor indices", cannot { [true] = 1 }, 1, true)
    assert.matches("neither names nor indices", cannot { [1.5] = 1 }, 1, true)
    assert.matches("neither names nor indices", cannot { [0] = 1 }, 1, true)
    assert.matches("neither names nor indices", cannot { a = 1, [print] = 1 }, 1, true)
    assert.matches("name in an array", cannot(json.array { a = 1 }), 1, true)
    local text, err = encode({ a = 1, [2] = 2 }, { canonical = true })
    assert.is_nil(text)
    assert.matches("both names and numbers", err.message, 1, true)
  end)

  it("ends cycles and great depth", function()
    local cycle = {}
    cycle.next = { cycle }
    assert.matches("512", cannot(cycle), 1, true)
    assert.is_true(#cannot(cycle) < 400)
    local deep = json.array {}
    for _ = 2, 512 do deep = { deep } end
    assert.equal(("["):rep(512) .. ("]"):rep(512), write(deep))
    cannot { deep }
  end)

  it("calls no metamethods", function()
    local function never() error "called" end
    local t = setmetatable({ a = 1 }, { __index = never, __pairs = never, __len = never,
      __tostring = never, __name = "mine" })
    assert.equal('{"a":1}', write(t))
  end)

  it("raises on misuse", function()
    assert.error_matches(function() encode() end, "value expected")
    assert.error_matches(function() encode({}, { canonic = true }) end, "canonical")
    assert.error_matches(function() encode({}, { canonical = 1 }) end, "canonical")
  end)
end)

describe("json.array", function()
  it("marks and answers the same table", function()
    local t = {}
    assert.equal(t, json.array(t))
    assert.is_true(json.is_array(t))
    assert.equal(t, json.array(t))
    assert.equal("sei.array", getmetatable(t).__name)
  end)

  it("does not take a table's own metatable away", function()
    local t = setmetatable({}, {})
    assert.error_matches(function() json.array(t) end, "metatable")
    assert.error_matches(function() json.array "x" end, "table expected")
  end)

  it("is asked of any value", function()
    for _, v in ipairs { 1, "x", true, print, {} } do assert.is_false(json.is_array(v)) end
    assert.is_false(json.is_array(nil))
    assert.is_false(json.is_array(setmetatable({}, {})))
  end)
end)

describe("what the builder remembers", function()
  -- The same text through the builder, whatever it saw before.
  local function same(text)
    assert.equal(text, canonical(read(text)))
  end

  it("does not show when members are missing, new, or in another order", function()
    for _, text in ipairs {
      '{"a":1,"b":2,"c":3}', '{"a":1,"c":3}', '{"c":3}', "{}", '{"a":1,"b":2,"bb":4,"c":3}',
      '{"b":2}', '{"aa":1,"b":2}', '{"a":[1],"b":{"a":1}}', '{"a":{"b":[]},"b":[{"a":1}]}',
      "[1]", '"a"', '[{"a":1},{"b":1},[{"a":1}],{"a":{"a":1}}]', '{"":1}', '{"":1,"a":2}',
      '{"a\\"b":1,"a\\\\n":2}', '{"a\\n":1}', '{"a\\\\n":3}',
    } do
      same(text)
      same(text)
    end
    assert.same({ c = 1, b = 2, a = 3 }, read '{"c":1,"b":2,"a":3}')
    assert.same({ a = 3, b = 2, c = 1 }, read '{ "a" : 3 , "b":2,\n"c" :1}')
  end)

  it("does not mistake raw text for a name that only looks like it", function()
    local backslash_n, newline = "a\\n", "a\n"
    assert.same({ first = { [backslash_n] = 1 } }, read '{"first":{"a\\\\n":1}}')
    assert.same({ first = { [newline] = 1 } }, read '{"first":{"a\\n":1}}')
    assert.same({ first = { [backslash_n] = 1 } }, read '{"first":{"a\\\\n":1}}')
    assert.same({ second = { ['x":1,"y'] = 5 } }, read '{"second":{"x\\":1,\\"y":5}}')
    assert.same({ second = { x = 1, y = 5 } }, read '{"second":{"x":1,"y":5}}')
  end)

  it("does not show in arrays of any size", function()
    for _, n in ipairs { 0, 1, 15, 16, 17, 31, 32, 33, 100, 4095, 4096, 4097, 10000, 3, 17, 0 } do
      local items = {}
      for i = 1, n do items[i] = i end
      same("[" .. table.concat(items, ",") .. "]")
      same('{"a":[[' .. table.concat(items, "],[") .. "]]}")
    end
  end)

  it("makes room for what waits at every level", function()
    local text = ("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,"):rep(500) .. ("]"):rep(500)
    text = text:gsub(",]", "]", 1)
    local v = read(text, { max_depth = 500 })
    assert.equal(text, write(v))
    text = ('{"a":1,"b":['):rep(250) .. ("]}"):rep(250)
    assert.equal(text, canonical(read(text, { max_depth = 500 })))
  end)

  it("is bounded, however many names there are", function()
    for round = 1, 4 do
      local members = {}
      for i = 1, 2000 do members[i] = ('"n%d_%d":{"v%d":%d}'):format(round % 2, i, i, i) end
      table.sort(members)
      local v = read("{" .. table.concat(members, ",") .. "}")
      for i = 1, 2000 do assert.equal(i, v[("n%d_%d"):format(round % 2, i)]["v" .. i]) end
      same '{"id":1,"name":"x","tags":[{"a":1},{"b":2}]}'
    end
    same('{"' .. ("n"):rep(64) .. '":1,"' .. ("n"):rep(300) .. '":2,"x":3}')
  end)

  it("survives failures in the middle of a record", function()
    local text = '{"a":[1,{"b":"c","d":[[]]}],"e":{"f":null}}'
    for i = 1, #text - 1 do
      refusal(text:sub(1, i))
      same(text)
    end
  end)

  it("survives a finalizer that decodes while a text is decoded", function()
    local ran = 0
    local function litter()
      for _ = 1, 50 do
        setmetatable({}, { __gc = function()
          ran = ran + 1
          local v = decode('{"z":[' .. ran .. '],"id":{"z":"\\n"},"name":1}')
          assert(v.z[1] == ran)
        end })
      end
    end
    local records = {}
    for i = 1, 200 do records[i] = ('{"id":%d,"name":"n\\t%d","tags":["t%d"]}'):format(i, i, i) end
    local text = "[" .. table.concat(records, ",") .. "]"
    collectgarbage "generational"
    for _ = 1, 30 do
      litter()
      assert.equal(text, canonical(read(text)))
    end
    collectgarbage "incremental"
    litter()
    collectgarbage()
    assert.is_true(ran > 0)
  end)
end)

describe("a record read and written back", function()
  it("is the same record", function()
    local text = '{"additional_fields":{"region":"emea"},"created_at":1706745600000,'
      .. '"dynamic_column_aggs_x":1.0,"email":"ann@example.com","full_name":"Ann Ex",'
      .. '"id":"3","integration_user_ids":[],"org_uuid":"0b5e","updated_at":null,"version":"512"}'
    assert.equal(text, canonical(read(text)))
  end)
end)
