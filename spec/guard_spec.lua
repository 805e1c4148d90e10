-- guard - what stops a plan, what is left alone, and what is remembered.
local guard = require "sei.guard"
local sei = require "sei"

local function facts(changes)
  local all = { changes = 0, mappings = 0, fields = 0, contributors = 0, protected = 0,
    inputs = { people = { count = 1 }, accounts = { count = 1 } } }
  for name, value in pairs(changes or {}) do all[name] = value end
  return all
end

local function judge(changes, limits)
  local failed = {}
  for _, one in ipairs(guard.check(facts(changes), limits or {})) do
    assert.truthy(#guard.tell(one) > 0)
    local name = one.input and one.name .. " " .. one.input or one.name
    if not one.passed then failed[#failed + 1] = name end
  end
  return table.concat(failed, ",")
end

describe("the guard", function()
  it("stops more than 10 changes, or more than 5 % of many", function()
    assert.equal("", judge { changes = 10 })
    assert.equal("changes", judge { changes = 11 })
    assert.equal("changes", judge { changes = 11, mappings = 219 })
    assert.equal("", judge { changes = 10, mappings = 219 })
    assert.equal("", judge { changes = 11, mappings = 220 })
    assert.equal("", judge { changes = 3000, mappings = 60000 })
    assert.equal("changes", judge { changes = 3001, mappings = 60000 })
    assert.equal("fields", judge { fields = 51, contributors = 1000 })
    assert.equal("", judge { fields = 50, contributors = 1000 })
  end)

  it("is overridden by a number, upwards and downwards", function()
    assert.equal("", judge({ changes = 500 }, { changes = 500 }))
    assert.equal("changes", judge({ changes = 501 }, { changes = 500 }))
    assert.equal("changes", judge({ changes = 1 }, { changes = 0 }))
    assert.equal("", judge({ fields = 7 }, { fields = 7 }))
  end)

  it("stops an empty input", function()
    local none = { count = 0 }
    assert.equal("empty", judge { inputs = { people = none, accounts = { count = 1 } } })
    assert.equal("", judge({ inputs = { people = none, accounts = { count = 1 } } }, { empty = 1 }))
    assert.equal("empty", judge({ inputs = { people = none, accounts = none } }, { empty = 1 }))
    assert.equal("", judge { inputs = { people = { count = 1 } } })
  end)

  it("stops an input that shrank by more than a tenth", function()
    local function shrunk(people, last, limit)
      return judge({ inputs = { people = { count = people } }, last = { people = last } },
        { shrunk = limit })
    end
    assert.equal("", shrunk(90, 100))
    assert.equal("shrunk people", shrunk(89, 100))
    assert.equal("", shrunk(200, 100))
    assert.equal("", shrunk(50, 100, 0.5))
    assert.equal("shrunk people", shrunk(49, 100, 0.5))
    assert.equal("shrunk people", shrunk(99, 100, 0))
    assert.equal("", shrunk(5, 0))
  end)
end)

describe("protect", function()
  local function names(given, row) return guard.protection(given)(row) end
  local pair = { integration_id = 5323, identity = "Svc-Build", after = { email = "a@x.example" } }

  it("knows addresses, before and after", function()
    local row = { integration_id = 1, identity = "a", before = { email = "Boss@x.example" },
      after = { email = "new@x.example" } }
    assert.equal("boss@x.example", names("boss@x.example", row))
    assert.equal("new@*", names({ "other@*", "new@*" }, row))
    assert.is_nil(names("ss@x.example", row))
    assert.is_nil(names("boss@xxexample", row))
    assert.equal("*@x.example", names("*@x.example", { id = "1", email = "c@x.example" }))
  end)

  it("knows pairs", function()
    assert.equal("5323/svc-*", names("5323/svc-*", pair))
    assert.equal("*/svc-build", names("*/svc-build", pair))
    assert.is_nil(names("532/svc-*", pair))
    assert.is_nil(names("*/svc", pair))
    assert.is_nil(names("*/a", { id = "1", email = "a" }))
  end)

  it("takes characters of patterns for themselves", function()
    local row = { integration_id = 1, identity = "a.b[c]%d", after = { email = "a+b@x.example" } }
    assert.equal("1/a.b[c]%d", names("1/a.b[c]%d", row))
    assert.is_nil(names("1/a.b[c]%%", row))
    assert.equal("a+b@x.example", names("a+b@x.example", row))
  end)

  it("asks functions", function()
    local function mine(row) return row.identity == "Svc-Build" end
    assert.equal("function 2", names({ "none@x.example", mine }, pair))
    assert.equal("function 1", names(mine, pair))
    assert.is_nil(names(nil, pair))
  end)

  it("refuses what protects nothing", function()
    assert.has_error(function() guard.protection { 5 } end,
      "bad option 'protect' (pattern or function expected as number 1, got number)")
    assert.has_error(function() guard.protection { emails = "a@*" } end)
    assert.has_error(function() guard.protection "" end)
  end)
end)

describe("the sizes of the inputs", function()
  local path

  before_each(function()
    path = os.tmpname()
    os.remove(path)
  end)
  after_each(function() os.remove(path) end)

  local TARGET <const> = { base_url = "https://sei.example", account = "a" }
  local function header(people)
    return { state = path, target = TARGET, inputs = { people = { count = people, digest = "x" } } }
  end

  it("are remembered for their target", function()
    assert.same({}, guard.recall(path, TARGET))
    assert.same({}, guard.recall(nil, TARGET))
    assert.is_true(guard.remember(header(120)))
    assert.same({ people = 120 }, guard.recall(path, TARGET))
    assert.same({}, guard.recall(path, { base_url = "https://other.example", account = "a" }))
    assert.same({}, guard.recall(path, { base_url = "https://sei.example" }))
    assert.is_true(guard.remember(header(7)))
    assert.same({ people = 7 }, guard.recall(path, TARGET))
    local pipe = io.popen("stat -c %a " .. path)
    assert.equal("600", pipe:read "l")
    pipe:close()
    assert.is_true(guard.remember { target = TARGET, inputs = {} })
  end)

  it("are an error where the file is another one's, and where it cannot be written", function()
    local file = assert(io.open(path, "wb"))
    file:write '{"format":1'
    file:close()
    local last, err = guard.recall(path, TARGET)
    assert.is_nil(last)
    assert.is_true(sei.is_error(err))
    assert.truthy(tostring(err):find("move it away", 1, true))
    file = assert(io.open(path, "wb"))
    file:write '{"format":1,"inputs":{"people":3}}'
    file:close()
    assert.same({}, guard.recall(path, TARGET))
    local one = header(1)
    one.state = "/nonexistent/x.json"
    local ok
    ok, err = guard.remember(one)
    assert.is_nil(ok)
    assert.equal("io", err.kind)
  end)
end)
