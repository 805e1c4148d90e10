-- sandboxed: recipes that a host need not trust: what goes in, what comes out, what the client of
-- one may do, and what every mistake says.
local core = require "sei.core"
local emulator = require "spec.support.emulator"
local sei = require "sei"

local function run(text, options)
  local all = { text = text }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.sandboxed(all)
end

local function value(text, options)
  local result = assert(run(text, options))
  return result.value
end

local function fails(text, options)
  local result, err = run(text, options)
  assert.is_nil(result)
  assert.is_true(sei.is_error(err))
  return err
end

local function misuse(words, options)
  local ok, problem = pcall(function() sei.sandboxed(options) end)
  assert.is_false(ok)
  assert.equal("string", type(problem))
  assert.matches(words, problem, 1, true)
  assert.matches("^[^\n:]*sandboxed_spec%.lua:%d+: ", problem)
end

describe("a sandboxed recipe", function()
  it("gives back a copy of what it returns", function()
    assert.equal(3, value "return 1 + 2")
    assert.is_nil(value "")
    assert.equal(2.5, value "return 2.5, 'the second is left out'")
    assert.equal("integer", math.type(value "return 2 ^ 53 // 1 | 0"))
    assert.equal("a\0b", value "return 'a\\0b'")
    assert.same({ "x", { y = true }, [1.5] = false },
      value "return { 'x', { y = true }, [1.5] = false }")
    assert.equal(sei.null, value "return sei.null")
    assert.is_nil(getmetatable(value "return setmetatable({}, { __index = {} })"))
  end)

  it("has a copy of its inputs", function()
    local inputs = { people = { { email = "a@example.com" } } }
    assert.equal("a@example.com", value([[
      local email = inputs.people[1].email
      inputs.people[1].email = "b"
      return email]], { inputs = inputs }))
    assert.equal("a@example.com", inputs.people[1].email)
    assert.equal("x", value("return arg[1]", { inputs = { arg = { "x" } } }))
  end)

  it("tells what it used, and what it printed", function()
    local result = assert(run "print('a', 1, nil) print() for i = 1, 1e6 do end")
    assert.equal("a\t1\tnil\n\n", result.output)
    assert.is_false(result.output_cut)
    assert.is_true(result.instructions > 9e5 and result.instructions < 2e6)
    assert.is_true(result.memory > 20000 and result.memory < 200000)
    assert.is_true(result.seconds > 0 and result.requests == 0)
    assert.same({}, result.writes)
    result = assert(run("for i = 1, 100 do print(i) end", { max_output = 10 }))
    assert.is_true(result.output_cut)
    assert.equal("1\n2\n3\n4\n5\n", result.output)
  end)

  it("may be a file", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write "\xEF\xBB\xBF#!/usr/bin/env sei\nreturn 7"
    file:close()
    assert.equal(7, assert(sei.sandboxed { file = path }).value)
    os.remove(path)
    local result, err = sei.sandboxed { file = path }
    assert.is_nil(result)
    assert.equal("io", err.kind)
    assert.equal(path, err.file)
    result, err = sei.sandboxed { file = "." }
    assert.is_nil(result)
    assert.equal("io", err.kind)
  end)

  it("has sei.text and sei.similarity, for texts of a bounded length", function()
    assert.equal(sei.text.fold "Ärger Öl", value "return sei.text.fold 'Ärger Öl'")
    assert.equal(sei.similarity.osa("ca", "abc"), value "return sei.similarity.osa('ca', 'abc')")
    assert.matches("4096 bytes", tostring(fails "sei.text.fold(('x'):rep(5000))"))
  end)

  it("does not see another one, nor the host", function()
    assert(run "x = 1 string.x = 2 _G.sei.text.fold = nil")
    assert.same({}, value "return { x, string.x }")
    assert.equal("a", value "return sei.text.fold 'A'")
    assert.is_nil(string.x) -- luacheck: ignore
  end)
end)

describe("what a sandboxed recipe does wrong", function()
  it("is told with name and line", function()
    local err = fails("\n\nerror 'no way'", { name = "theirs" })
    assert.equal("decode: theirs:3: no way", tostring(err))
    assert.equal(3, err.line)
    assert.equal("theirs", err.file)
    err = fails "\nfor _ in ipairs(nil) do end"
    assert.equal(2, err.line)
    assert.matches("recipe:2: attempt to index", err.message, 1, true)
    err = fails "return {\n people = ,\n}"
    assert.equal("decode", err.kind)
    assert.equal(2, err.line)
    assert.matches("recipe:2: unexpected symbol", err.message, 1, true)
    assert.matches("an error that is no text but table", fails "error {}" .message, 1, true)
    assert.matches("no text but function", fails "error(print)" .message, 1, true)
    assert.matches("it yields", fails "coroutine.yield()" .message, 1, true)
    assert.matches("nil", fails "error()" .message, 1, true)
  end)

  it("keeps the fields of an error object, and nothing else", function()
    local err = fails [[error { kind = "http", message = "m\27[2J", status = 404, code = "c",
      hint = "h", url = {}, extra = "x" }]]
    assert.same({ "http", "recipe: m?[2J", 404, "c", "h" },
      { err.kind, err.message, err.status, err.code, err.hint })
    assert.is_nil(err.url)
    assert.is_nil(err.extra)
    assert.equal("decode", fails [[error { kind = "nonsense", message = "m" }]] .kind)
  end)

  it("is no data that could leave, named by its place", function()
    local err = fails "return { people = { {}, { f = print } } }"
    assert.equal("encode", err.kind)
    assert.matches("at .people[2].f, cannot leave: it is a function", err.message, 1, true)
    err = fails("return ('x'):rep(2000)", { max_result = 1024 })
    assert.matches("too large", err.message, 1, true)
    assert.matches("in a circle", fails "local t = {} t.t = t return t" .message, 1, true)
    assert.matches("coroutine", fails "return coroutine.running()" .message, 1, true)
  end)

  it("is going beyond a limit, whatever it catches", function()
    local err = fails("while true do pcall(function() while true do end end) end", { time = 0.02 })
    assert.equal("refused", err.kind)
    assert.equal("time", err.code)
    assert.matches("its 0.02 seconds were over; the option 'time' gives it more", tostring(err), 1,
      true)
    err = fails("print 'first' while true do pcall(function() while true do end end) end",
      { instructions = 100000 })
    assert.equal("instructions", err.code)
    assert.is_true(err.report.instructions < 110000)
    assert.equal("first\n", err.report.output)
    err = fails("local t = {} while true do pcall(function() t[#t + 1] = { t } end) end",
      { memory = 1 << 20 })
    assert.equal("memory", err.code)
    assert.is_true(err.report.memory <= 1 << 20)
    assert.matches("1048576 bytes", err.message, 1, true)
  end)

  it("is doing its work in coroutines that are too short to be seen", function()
    local err = fails([[
      local n = 0
      while true do
        coroutine.wrap(function() for i = 1, 400 do end end)()
        n = n + 1
        if n % 100 == 0 then print(n) end
      end]], { instructions = 1000000 })
    assert.equal("instructions", err.code)
    local last = tonumber(err.report.output:match "(%d+)\n$")
    assert.is_true(last > 500 and last <= 2500, last)
  end)

  it("is handing out what takes long to copy", function()
    local err = fails("local t = {} for i = 1, 25 do t = { t, t } end return t",
      { time = 0.1, max_result = 1 << 32 })
    assert.equal("time", err.code)
    assert.is_true(err.report.seconds < 2)
  end)

  it("is setting a metatable that would run behind its back", function()
    for _, name in ipairs { "__gc", "__mode", "__close" } do
      local err = fails("setmetatable({}, { " .. name .. " = print })")
      assert.matches("has no " .. name, err.message, 1, true)
    end
    assert.matches("__call", fails("setmetatable({}, { __call = {} })").message, 1, true)
  end)

  it("is being too long", function()
    local err = fails(("-"):rep(65537))
    assert.equal("too_large", err.kind)
    assert.matches("inputs", err.hint, 1, true)
    assert.is_nil(value(("-"):rep(65536)))
  end)
end)

describe("what a host does wrong", function()
  it("raises", function()
    misuse("table of options expected, got nil", nil)
    misuse("either the option 'text' or 'file'", {})
    misuse("not both", { text = "", file = "x" })
    misuse("unknown option 'memmory' for sei.sandboxed (did you mean 'memory'?)",
      { text = "", memmory = 1 })
    misuse("bad option 'memory' for sei.sandboxed", { text = "", memory = 10 })
    misuse("bad option 'time' for sei.sandboxed", { text = "", time = 0 })
    misuse("bad option 'text' for sei.sandboxed (string expected, got function)", { text = print })
    misuse("bad option 'inputs' for sei.sandboxed (inputs.f: it is a function",
      { text = "", inputs = { f = print } })
    misuse("bad option 'writes' for sei.sandboxed", { text = "", writes = "maybe" })
    misuse("there is no option 'client'", { text = "", operations = "get_schema" })
    misuse("(inputs[1]: it is too large; the option 'memory' makes room)",
      { text = "", memory = 1 << 20, inputs = { ("x"):rep(2 << 20) } })
    local client = { base_url = "http://127.0.0.1:9/", api_key = "a-key" }
    misuse("did you mean 'get_schema'?", { text = "", client = client, operations = "get_shema" })
    misuse("'patch_identities' writes: give writes", { text = "", client = client,
      operations = { "get_schema", "patch_identities" } })
    misuse("(it has a grant", { text = "", client = { region = "prod1", grant = {} } })
    misuse("either 'region'", { text = "", client = {} })
  end)
end)

describe("a sandboxed recipe and its host's loop", function()
  local BUSY <const> = [[
    local function work(n) local s = 0 for i = 1, n do s = s + i end return s end
    local out = {}
    local numbers = coroutine.wrap(function()
      for i = 1, 5 do
        work(2e5)
        coroutine.yield(i)
        pcall(function() work(2e5) error "x" end)
      end
    end)
    for n in numbers do out[#out + 1] = n end
    table.sort(out, function(a, b)
      return coroutine.wrap(function() work(2e4) return a > b end)()
    end)
    local ok, err = xpcall(function() work(2e5) error "y" end, function(e) work(2e5) return e end)
    out[#out + 1] = ("x"):gsub("x", function() return coroutine.wrap(work)(1e5) end)
    out[#out + 1] = err
    return out]]

  it("take turns, and nothing is different", function()
    local pauses = 0
    local all = { 5, 4, 3, 2, 1, "5000050000", "recipe:14: y" }
    assert.same(all, value(BUSY))
    assert.same(all, value(BUSY, { pause = function() pauses = pauses + 1 end }))
    assert.is_true(pauses >= 5, pauses)
  end)

  it("end together", function()
    local pauses, cause = 0, { "the host has enough" }
    local ok, problem = pcall(sei.sandboxed, { text = "while true do pcall(error) end",
      pause = function()
        pauses = pauses + 1
        if pauses == 3 then error(cause) end
      end })
    assert.is_false(ok)
    assert.equal(cause, problem)
    local err = fails("while true do end", { time = 0.03,
      pause = function() pauses = pauses + 1 end })
    assert.equal("time", err.code)
  end)

  it("may be coroutines of their own", function()
    local co = coroutine.wrap(function()
      return value(BUSY, { pause = function() coroutine.yield "pause" end })
    end)
    local pauses, last = 0
    repeat
      last = co()
      pauses = pauses + 1
    until last ~= "pause"
    assert.equal(7, #last)
    assert.is_true(pauses > 5, pauses)
  end)
end)

describe("the client of a sandboxed recipe", function()
  local e

  setup(function() e = emulator.start { people = 230 } end)
  teardown(function() if e then e:stop() end end)

  local function with(options)
    local all = { client = { base_url = e.url, api_key = "test-key", pace = false, retries = 0 } }
    for name, v in pairs(options or {}) do all[name] = v end
    return all
  end

  -- Requests that the emulator answered so far.
  local function mappings()
    local n = 0
    local client <close> = sei.client { base_url = e.url, api_key = "test-key", pace = false }
    for row in client:download_identities() do
      n = n + (row.identity:find "^sandboxed" and 1 or 0)
    end
    return n
  end

  local ROWS <const> = [[
    local one = client:list_contributors { max_items = 1 }().email
    local rows = { { email = one, integrationId = 5322, identity = "sandboxed" },
      { email = one, integrationId = "x", identity = "y" } } ]]

  it("reads", function()
    local result = assert(run([[
      local n, emails = 0, {}
      for c in client:list_contributors { page_size = 50 } do n = n + 1 emails[c.email] = true end
      local rows = 0
      for row in client:download_identities() do rows = rows + #row.email // #row.email end
      return { n = n, rows = rows, schema = type((client:get_schema())) }]], with()))
    assert.equal(230, result.value.n)
    assert.is_true(result.value.rows > 0)
    assert.equal("table", result.value.schema)
    assert.is_true(result.requests >= 6)
  end)

  it("is used in coroutines and below pcall", function()
    assert.same({ 230, true }, value([[
      local list = coroutine.wrap(function()
        local ok = pcall(function()
          for c in client:list_contributors() do coroutine.yield(c) end
        end)
        coroutine.yield(ok)
      end)
      local n = 0
      for c in list do
        if type(c) ~= "table" then return { n, c } end
        n = n + 1
      end]], with()))
  end)

  it("tells errors as a client outside", function()
    local result = value([[
      local value, err = client:get_schema()
      local ok, raised = pcall(function() for c in client:list_contributors() do end end)
      local ok2, misused = pcall(client.get_schema, client, { tiemout = 1 })
      local ok3, unknown = pcall(function() return client.get_shema end)
      return { value == nil, err.kind, err.status, sei.is_error(err), tostring(err), ok,
        raised.kind, ok2, misused, unknown }]], with { client = { base_url = e.url .. "/nowhere",
          api_key = "test-key", pace = false, retries = 0 } })
    assert.same({ true, "http", 404, true }, table.move(result, 1, 4, 1, {}))
    assert.matches("^http: ", result[5])
    assert.same({ false, "http", false }, table.move(result, 6, 8, 1, {}))
    assert.matches("did you mean 'timeout'", result[9], 1, true)
    assert.matches("no method 'get_shema'", result[10], 1, true)
    local err = fails("error(select(2, client:get_schema()))", with { client = {
      base_url = e.url .. "/nowhere", api_key = "test-key", pace = false, retries = 0 } })
    assert.same({ "http", 404 }, { err.kind, err.status })
  end)

  it("only reads, if nothing else is said", function()
    local before = mappings()
    local err = value(ROWS .. "return select(2, client:patch_identities(rows))", with())
    assert.same({ "refused", "grant" }, { err.kind, err.code })
    assert.matches("patch_identities", err.message, 1, true)
    err = value("return select(2, client:get_schema())", with { operations = "list_versions" })
    assert.same({ "refused", "grant" }, { err.kind, err.code })
    assert.equal(before, mappings())
  end)

  it("rehearses writes: what it would send is kept", function()
    local before = mappings()
    local result = assert(run(ROWS .. [[
      return { client:patch_identities(rows), client:upload_identities { rows = rows },
        client:activate_developers("7"), client:map_developer_fields("7", { a = 1 }) }]],
      with { writes = "dry_run" }))
    assert.equal(before, mappings())
    local first = result.value[1]
    assert.same({ true, 2, 1 }, { first.dry_run, first.rows, first.accepted })
    assert.same({ 2, "integrationId" }, { first.rejected[1].row, first.rejected[1].field })
    local names = {}
    for i, one in ipairs(result.writes) do names[i] = one.operation end
    assert.same({ "patch_identities", "upload_identities", "activate_developers",
      "map_developer_fields" }, names)
    assert.equal("sandboxed", result.writes[1].rows[1].identity)
    assert.equal("7", result.writes[3].version_id)
    local ok, text = pcall(value, "client:patch_identities { email = 1 }",
      with { writes = "dry_run" })
    assert.is_false(ok)
    assert.matches("one row goes in braces", tostring(text), 1, true)
  end)

  it("writes where the host says so, and what it says", function()
    local before = mappings()
    local report = value(ROWS .. "return client:patch_identities(rows)",
      with { writes = "send", operations = { "list_contributors", "patch_identities" } })
    assert.same({ 2, 1 }, { report.rows, report.accepted })
    assert.equal(before + 1, mappings())
  end)

  it("has no files and no functions to give", function()
    for _, call in ipairs { "client:download_identities { file = 'x' }",
      "client:upload_identities { file = 'spec/sandboxed_spec.lua' }",
      "client:patch_identities { file = 'spec/sandboxed_spec.lua' }",
      "client:patch_identities({}, { file = 'spec/sandboxed_spec.lua' })" } do
      local _, err = run(call, with { writes = "send", operations = { "download_identities",
        "upload_identities", "patch_identities" } })
      assert.matches("has no option 'file'", tostring(err), 1, true)
    end
    assert.matches("it is a function", tostring(fails("client:download_identities { to = print }",
      with())), 1, true)
  end)

  it("has a number of requests", function()
    local err = value([[
      local err
      for i = 1, 10 do err = select(2, client:get_schema()) end
      return err]], with { requests = 3 })
    assert.equal("grant", err.code)
    assert.matches("no request left", err.message, 1, true)
  end)

  it("asks the hosts that are listed", function()
    assert.is_table(value("return (client:get_schema())", with { hosts = "127.0.0.1" }))
    assert.is_table(value("return (client:get_schema())",
      with { hosts = { "example.com", "127.0.0.1:" .. e.port } }))
    local err = value("return select(2, client:get_schema())", with { hosts = "127.0.0.1:1" })
    assert.equal("grant", err.code)
  end)

  it("is made however little time there is", function()
    local err = fails("client:get_schema() while true do end", with { time = 1e-9,
      inputs = { ("x"):rep(1e6) } })
    assert.equal("time", err.code)
  end)

  it("waits no longer than the recipe may", function()
    local slow <close> = emulator.start { people = 3, latency_ms = 1500 }
    local start = os.time()
    local err = fails("client:get_schema() while true do end", with { time = 0.1,
      client = { base_url = slow.url, api_key = "test-key", pace = false } })
    assert.equal("time", err.code)
    assert.is_true(os.time() - start < 60)
    assert.is_true(err.report.seconds < 1.4)
  end)
end)

describe("a client with a grant", function()
  local e

  setup(function() e = emulator.start { people = 3 } end)
  teardown(function() if e then e:stop() end end)

  local function granted(grant)
    return sei.client { base_url = e.url, api_key = "test-key", pace = false, retries = 0,
      grant = grant }
  end

  local function refused(words, ...)
    local result, err = ...
    assert.is_nil(result)
    assert.same({ "refused", "grant" }, { err.kind, err.code })
    assert.matches(words, err.message, 1, true)
  end

  it("is held to it in C, whatever Lua does", function()
    local client <close> = granted { requests = 2 }
    local rows = { { email = "a@example.com", integrationId = 1, identity = "x" } }
    assert(client:get_schema())
    refused("may only read", client:patch_identities(rows))
    refused("may only read", client:activate_developers "7")
    local file = os.tmpname()
    assert.is_table(client:download_identities { file = file })
    refused("no request left", client:get_schema())
    os.remove(file)
    local ok, err = pcall(function() for _ in client:list_contributors() do end end) -- luacheck: ignore
    assert.is_false(ok)
    assert.equal("grant", err.code)
    assert.equal(0, core.granted(client))
    assert.equal(2, client:stats().attempts)
    -- below every method
    ok, err = pcall(core.call, client, "get_schema", {}, {})
    assert.is_false(ok)
    assert.equal("grant", err.code)
  end)

  it("names operations", function()
    local client <close> = granted { operations = { "get_schema", "upload_identities" },
      writes = true }
    assert(client:get_schema())
    refused("may not call get_developer_schema", client:get_developer_schema())
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write "email,integrationId,identity\na@example.com,1,x\n"
    file:close()
    refused("may not read a file", client:upload_identities { file = path })
    os.remove(path)
  end)

  it("has a time", function()
    local client <close> = granted { time = 1e-9 }
    refused("time was over", client:get_schema())
  end)

  it("is checked when it is made", function()
    for words, grant in pairs {
      ["did you mean 'get_schema'?"] = { operations = "get_shema" },
      ["writes, and 'writes' is not true"] = { operations = { "patch_identities" } },
      ["unknown option 'host' for grant (did you mean 'hosts'?)"] = { host = "x" },
      ["bad option 'requests' for grant"] = { requests = -1 },
    } do
      local ok, problem = pcall(granted, grant)
      assert.is_false(ok)
      assert.matches(words, problem, 1, true)
    end
  end)
end)
