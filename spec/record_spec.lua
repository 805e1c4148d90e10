-- record - a script that is recorded against the emulator says the same when it
-- is replayed without any network.
local core = require "sei.core"
local emulator = require "spec.support.emulator"
local raw = require "spec.support.raw"
local sei = require "sei"
local shell = require "spec.support.shell"
local support = require "spec.support.csv"

local KEY <const> = "test-key-1234"

-- What a script saw, as text: values by their JSON, errors by their fields.
local function words(value)
  if sei.is_error(value) then
    return (("%s %s %s %s class=%s attempts=%d retry_after=%s"):format(value.kind, value.status,
      value.message, value.code, value.class, value.attempts and #value.attempts or 0,
      value.retry_after):gsub("https?://[^/]+", ""))
  elseif type(value) == "table" then
    return core.json.encode(value, { canonical = true }) or "a table that is no JSON"
  end
  return tostring(value)
end

local function call(out, client, name, ...)
  local value, err = client[name](client, ...)
  out[#out + 1] = name .. " → " .. words(value) .. " " .. words(err)
end

local function list(out, client, name, options, stop)
  local ok, problem = pcall(function()
    local n = 0
    for record in client[name](client, options) do
      out[#out + 1] = words(record)
      n = n + 1
      if n == stop then break end
    end
  end)
  out[#out + 1] = name .. (ok and " ended" or " → " .. words(problem))
end

-- Records the script against one server and replays it without any. The script
-- gets a list for what it saw, and a function that makes a client.
local function both(scratch, server_options, script)
  local path = scratch .. "/recording"
  local function run(options, recording)
    local out = {}
    script(out, function(more)
      local all = { recording = recording, pace = false }
      for name, value in pairs(options) do all[name] = value end
      for name, value in pairs(more or {}) do all[name] = value end
      return sei.client(all)
    end)
    return table.concat(out, "\n")
  end
  local recorder = assert(sei.record(path))
  local first = run(server_options, recorder)
  assert(recorder:close())
  local replay = assert(sei.replay(path))
  local second = run({ base_url = "https://sei.example.com/x/sei/api",
    retries = server_options.retries }, replay)
  return first, second, replay, path
end

-- The first lines that are not the same, or "".
local function difference(first, second)
  local one, other = first:gmatch "[^\n]+", second:gmatch "[^\n]+"
  for line in one do
    local there = other()
    if there ~= line then return ("%s\n  replayed as\n%s"):format(line, there) end
  end
  return other() or ""
end

local function same(scratch, server_options, script)
  local first, second, replay, path = both(scratch, server_options, script)
  assert.equal("", difference(first, second))
  assert(replay:finish())
  return first, path
end

describe("a recording", function()
  local e, scratch

  setup(function() e = emulator.start { people = 230, accounts = 60 } end)
  teardown(function() e:stop() end)
  before_each(function()
    e:reset()
    e:clear()
    scratch = shell.folder()
  end)
  after_each(function() shell.remove(scratch) end)

  local function options(more)
    local all = { base_url = e.url, api_key = KEY, retries = 1 }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  it("answers lists: paged, in windows, broken off, unpaged, with filters", function()
    local text = same(scratch, options(), function(out, make)
      for _, window in ipairs { 1, 2, 7 } do
        local client <close> = make { window = window }
        list(out, client, "list_contributors", { page_size = 30 })
        list(out, client, "list_contributors", { page_size = 20 }, 33)
        list(out, client, "list_identities", { page_size = 25, max_items = 40 })
        list(out, client, "list_licensed")
        list(out, client, "list_licensed", {}, 3)
        list(out, client, "list_versions", { page_size = 10 })
        list(out, client, "list_contributors", { filter = { include_dangling_logins = false },
          fields = { "email" } })
      end
    end)
    assert.is_true(#text > 100000)
  end)

  it("answers downloads", function()
    local text = same(scratch, options(), function(out, make)
      local client <close> = make()
      local file = scratch .. "/identities.csv"
      os.remove(file)
      local done = assert(client:download_identities { file = file })
      out[#out + 1] = done.bytes .. support.slurp(file)
      client:download_identities { to = function(row) out[#out + 1] = words(row) end }
      local n = 0
      for row in client:download_identities() do
        out[#out + 1] = words(row)
        n = n + 1
        if n == 5 then break end
      end
      call(out, client, "download_developers", { file = scratch .. "/none/x.csv" })
    end)
    assert.is_true(#text > 2000)
  end)

  local function identities(make)
    local rows = {}
    local client <close> = make()
    for row in client:list_identities { max_items = 30 } do rows[#rows + 1] = row end
    return rows
  end

  it("answers writes: rows, files, rows as a file, and their reports", function()
    same(scratch, options(), function(out, make)
      local rows = identities(make)
      local client <close> = make()
      call(out, client, "patch_identities", rows, { batch_size = 8 })
      call(out, client, "upload_identities", { rows = rows })
      local path = support.spit(scratch .. "/rows.csv", "email,integrationId,identity\n"
        .. rows[1].email .. ",1,x\xC3\xA9\n")
      call(out, client, "upload_identities", { file = path })
      call(out, client, "add_cloud_ids",
        { { email = rows[1].email, applicationType = "GITHUB", cloudId = "c1" } })
      call(out, client, "map_developer_fields", "7", { a = 1, b = { c = 2, d = 3 } })
      call(out, client, "delete_developers", { "nobody@example.com" })
      call(out, client, "get_schema")
      call(out, client, "get_developer_schema")
    end)
  end)

  local FAULTS <const> = { "reset-before", "reset-acted", "reset-within", "truncated", "bad-gzip",
    "wrong-length", "garbage", "bad-utf8", "status-400", "status-401", "status-403", "status-404",
    "status-412", "status-429", "status-500", "status-503" }

  for _, fault in ipairs(FAULTS) do
    it("answers as it failed: " .. fault, function()
      local first = same(scratch, options(), function(out, make)
        for _, count in ipairs { "1", "always" } do
          local client <close> = make()
          for _, name in ipairs { "get_schema", "list_contributors", "list_licensed",
            "download_identities", "patch_identities", "upload_identities" } do
            e:clear()
            e:quirk("fault", fault .. "@1:" .. count)
            if name:find "^list" then
              list(out, client, name)
            elseif name == "patch_identities" then
              call(out, client, name, { { email = "a@b.c", integrationId = 1, identity = "x" } })
            elseif name == "upload_identities" then
              call(out, client, name,
                { rows = { { email = "a@b.c", integrationId = 1, identity = "x" } } })
            elseif name == "download_identities" then
              call(out, client, name, { to = function(row) out[#out + 1] = words(row) end })
            else
              call(out, client, name)
            end
          end
        end
      end)
      assert.matches("attempts=%d", first)
    end)
  end

  it("answers login pages, redirects, limits, empty and plain replies", function()
    same(scratch, options(), function(out, make)
      for _, quirk in ipairs { { "html-login", "200" }, { "html-login", "403" },
        { "html-login", "redirect" }, { "plain-ok" }, { "empty-ok" }, { "has-next-lies" },
        { "max-page-size", "40" }, { "identities-envelope", "data-content" },
        { "write-lock", "held:1" }, { "drift", "3:1" } } do
        e:clear()
        e:quirk(quirk[1], quirk[2])
        local client <close> = make()
        call(out, client, "get_schema")
        list(out, client, "list_contributors", { page_size = 100, on_drift = "repair" })
        list(out, client, "list_identities")
        call(out, client, "patch_identities",
          { { email = "a@b.c", integrationId = 1, identity = "x" } })
      end
    end)
  end)

  it("answers who waits for a retry at once, and keeps Retry-After", function()
    local function script(out, make)
      e:quirk("fault", "status-503@1:1")
      e:quirk("retry-after", "imf:1")
      local client <close> = make()
      call(out, client, "get_schema")
      e:clear()
      e:quirk("fault", "status-503@1:always")
      e:quirk("retry-after", "rfc850:100")
      local _, err = client:get_schema()
      out[#out + 1] = tostring(err.retry_after > 95 and err.retry_after <= 102)
    end
    local _, _, replay = both(scratch, options(), script)
    assert(replay:finish())
    replay = assert(sei.replay(scratch .. "/recording"))
    local start, seen, delays = os.clock(), {}, {}
    script(seen, function()
      return sei.client { region = "eu", recording = replay,
        on_retry = function(x) delays[#delays + 1] = x.delay end }
    end)
    assert.matches("true$", seen[#seen])
    assert.same({ 0.0 }, delays)
    assert.is_true(os.clock() - start < 0.5)
  end)

  it("answers a client whose key was renewed", function()
    local function service(r)
      if r.head:find "key%-1" then return raw.reply(401, '{"error":"expired"}') end
      return raw.reply(200, '{"fields":[]}')
    end
    local server <close> = raw.serve(service)
    local n = 0
    local text = same(scratch, { base_url = server.url, wait = server.wait,
      api_key = function()
        n = n + 1
        return "the-key-" .. n
      end }, function(out, make)
      local client <close> = make()
      call(out, client, "get_schema")
    end)
    assert.matches("fields", text)
    -- without a newer key the 401 stands, in both
    text = same(scratch, { base_url = server.url, wait = server.wait,
      api_key = function() return "the-key-1" end }, function(out, make)
      local client <close> = make()
      call(out, client, "get_schema")
    end)
    assert.matches("auth 401", text)
  end)

  it("answers a read that was redirected", function()
    local server <close> = raw.serve(function(r)
      if r.path:find "schema$" then
        return raw.reply(307, "", { Location = "/sei/api/v1/elsewhere" })
      end
      return raw.reply(200, '{"fields":[1]}')
    end)
    local text = same(scratch, { base_url = server.url, wait = server.wait, api_key = KEY },
      function(out, make)
        local client <close> = make()
        call(out, client, "get_schema")
      end)
    assert.matches('{"fields":%[1%]}', text)
    assert.equal(2, #server.requests)
  end)

  it("answers coroutines that share a client", function()
    same(scratch, options(), function(out, make)
      local client <close> = make { wait = function(c)
        if c:timeout() then core.poll(c:pollfd(), 0.05) end
        coroutine.yield()
      end }
      local texts, alive = {}, {}
      for i = 1, 4 do
        alive[i] = coroutine.create(function()
          local mine = {}
          if i % 2 == 0 then list(mine, client, "list_contributors", { page_size = 10 * i }) end
          call(mine, client, "get_schema")
          texts[i] = table.concat(mine, "\n")
        end)
      end
      for _ = 1, 100000 do
        local left = false
        for _, co in ipairs(alive) do
          if coroutine.status(co) ~= "dead" then
            assert(coroutine.resume(co))
            left = true
          end
        end
        if not left then break end
      end
      for i = 1, 4 do out[i] = texts[i] end
    end)
  end)

  it("goes with hooks, logs and counts", function()
    local events = {}
    local function script(out, make)
      local names, pages = {}, {} -- a page is told while the next is under way: apart
      e:quirk("fault", "status-503@1:1")
      local client <close> = make { on_request = function(x) names[#names + 1] = x.event end,
        on_retry = function(x) names[#names + 1] = x.event end,
        on_page = function(x) pages[#pages + 1] = x.event .. x.page end,
        on_response = function(x) names[#names + 1] = x.event .. tostring(x.ok) .. x.bytes end }
      list(out, client, "list_contributors", { page_size = 100, window = 1 })
      local s = client:stats()
      out[#out + 1] = table.concat({ s.calls, s.attempts, s.retries, s.failed, s.pages, s.records,
        s.bytes_received }, " ")
      out[#out + 1] = table.concat(names, " ") .. "; " .. table.concat(pages, " ")
      events[#events + 1] = #names + #pages
    end
    same(scratch, options(), script)
    assert.is_true(events[1] > 6 and events[1] == events[2])
  end)
end)

describe("a replay is strict:", function()
  local function service(r)
    return raw.reply(200, '{"status":"success","message":"' .. #r.body .. '"}')
  end

  -- The same members, put into the table in another order.
  local function columns(from, to, by)
    local object = {}
    for i = from, to, by do object["column" .. i] = i end
    return object
  end

  -- A recording of get_schema, patch_identities, get_developer_schema and
  -- map_developer_fields.
  local function recorded(scratch)
    local path = scratch .. "/r"
    local recorder = assert(sei.record(path))
    local server <close> = raw.serve(service)
    local client <close> = server:client { recording = recorder }
    assert(client:get_schema())
    assert(client:patch_identities { { email = "a@b.c", integrationId = 1, identity = "x" } })
    assert(client:get_developer_schema())
    assert(client:map_developer_fields("7", columns(1, 30, 1)))
    assert(recorder:close())
    return path, server
  end

  local function client_of(path)
    local replay = assert(sei.replay(path))
    return sei.client { region = "prod1", recording = replay }, replay
  end

  it("what is not in it is an error that says what was expected", function()
    local client, replay = client_of(recorded(support.scratch(finally)))
    local _, err = client:patch_identities {
      { email = "a@b.c", integrationId = 2, identity = "x" } }
    assert.equal("protocol", err.kind)
    assert.matches("has no PATCH /v2/developers/identities with this body; expected is GET /v1",
      err.message)
    assert.equal(1, #err.attempts)
    _, err = client:get_schema { query = { a = "b" } }
    assert.matches("has no GET /v1/org/users/schema%?a=b; expected is GET /v1/org/users/schema$",
      err.message)
    assert.is_table(client:get_schema())
    _, err = client:get_schema()
    assert.matches("has no GET /v1/org/users/schema any more; expected is PATCH", err.message)
    local _, problem = replay:finish()
    assert.equal("protocol", problem.kind)
    assert.matches("3 recorded and never asked for: PATCH /v2/developers/identities, "
      .. "GET /v2/developers/schema, PUT %S+; 3 asked for and not recorded: PATCH", problem.message)
  end)

  it("in any order of different ones, and of an object's members", function()
    local client, replay = client_of(recorded(support.scratch(finally)))
    assert(client:get_developer_schema())
    assert(client:patch_identities { { identity = "x", integrationId = 1, email = "a@b.c" } })
    assert(client:map_developer_fields("7", columns(30, 1, -1)))
    assert(client:get_schema())
    assert.is_true(replay:finish())
    assert.is_true(replay:close())
  end)

  it("a body that was edited by hand is the same in another order and spacing", function()
    local path = recorded(support.scratch(finally))
    local text, n = support.slurp(path):gsub('%[{(\\"[^,]+),(\\"[^,]+),(\\"[^,]+)}%]',
      "[ {%3 , %1,%2} ]")
    assert.equal(1, n)
    local client, replay = client_of(support.spit(path, text))
    assert(client:patch_identities { { identity = "x", integrationId = 1, email = "a@b.c" } })
    local _, err = replay:finish()
    assert.is_nil(err.message:find("not recorded", 1, true))
  end)

  it("it never asks the network nor the key's source", function()
    local path, server = recorded(support.scratch(finally))
    local n = #server.requests
    local replay = assert(sei.replay(path))
    local client <close> = sei.client { base_url = server.url, recording = replay,
      api_key = function() error "asked" end }
    assert(client:get_schema())
    assert.equal(n, #server.requests)
    assert.is_nil(client:timeout())
  end)

  it("a reply that never came is missed only by who waits for it", function()
    local path = support.scratch(finally) .. "/r"
    local recorder = assert(sei.record(path))
    local server <close> = raw.serve(function() return nil end)
    local client <close> = server:client { recording = recorder, wait = function(c)
      if #server.requests > 0 then c:cancel() end
      server:serve(c)
    end }
    local _, err = client:get_schema()
    assert.equal("cancelled", err.kind)
    assert(recorder:close())
    local again <close>, replay = client_of(path)
    _, err = again:get_schema()
    assert.equal("protocol", err.kind)
    assert.matches("was given up when it was recorded", err.message)
    assert.is_true(replay:finish())
  end)
end)

describe("the file of a recording", function()
  local function with(scratch, handler, f, options)
    local path = scratch .. "/r"
    local recorder = assert(sei.record(path, options))
    local server <close> = raw.serve(handler)
    local client <close> = server:client { recording = recorder }
    f(client)
    return path, recorder
  end

  it("is its owner's alone, whatever was there", function()
    local scratch = support.scratch(finally)
    support.spit(scratch .. "/r", ("old"):rep(1000))
    shell.run("chmod 666 " .. shell.quote(scratch .. "/r"))
    local path = with(scratch, function() return raw.reply(200, "{}") end,
      function(client) assert(client:get_schema()) end)
    assert.matches("^%-rw%-%-%-%-%-%-%- ", (shell.run("ls -l " .. shell.quote(path))))
    assert.is_nil(support.slurp(path):find "old")
  end)

  it("cannot be a link, a folder, a pipe or nowhere", function()
    local scratch = support.scratch(finally)
    support.spit(scratch .. "/kept", "kept")
    shell.run(("cd %s && ln -s kept link && mkfifo pipe"):format(shell.quote(scratch)))
    for _, name in ipairs { "link", "", "none/r", "pipe" } do
      local recorder, err = sei.record(scratch .. "/" .. name)
      assert.is_nil(recorder)
      assert.equal("io", err.kind)
    end
    assert.equal("kept", support.slurp(scratch .. "/kept"))
    assert.has_error(function() sei.record() end,
      "bad argument #1 to 'record' (path expected, got nil)")
    assert.has_error(function() sei.record("x", { max = 1 }) end,
      "bad argument #2 to 'record' ({max_bytes = integer from 1024} expected)")
  end)

  it("is bounded; what does not fit ends it and breaks no call", function()
    local told, plain = {}, warn
    _G.warn = function(text) told[#told + 1] = text end -- luacheck: ignore
    finally(function() _G.warn = plain end) -- luacheck: ignore
    for _, size in ipairs { 300, 5000 } do
      local scratch = shell.folder()
      local path, recorder = with(scratch,
        function() return raw.reply(200, '{"a":"' .. ("x"):rep(size) .. '"}') end,
        function(client) for _ = 1, 6 do assert(client:get_schema()) end end, { max_bytes = 2000 })
      local _, err = recorder:close()
      assert.equal("too_large", err.kind)
      assert.is_true(#support.slurp(path) < 2200)
      local replay = assert(sei.replay(path))
      local client <close> = sei.client { region = "prod1", recording = replay }
      for _ = 1, 3 do
        local value, problem = client:get_schema()
        if not value then
          assert.matches("the recording is incomplete: it would be over 2000", problem.message)
        end
      end
      shell.remove(scratch)
    end
    assert.equal(2, #told)
    assert.matches("ends early", told[1])
  end)

  it("holds bytes that are no text", function()
    local scratch = support.scratch(finally)
    local bytes = {}
    for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
    local body = "email,integrationId,identity\n\"" .. table.concat(bytes):gsub('"', '""')
      .. "\",1,x\n"
    local path = with(scratch,
      function() return raw.reply(200, body, { ["Content-Type"] = "text/csv" }) end,
      function(client) client:download_identities { file = scratch .. "/a" } end)
    local client <close> = sei.client { region = "prod1", recording = assert(sei.replay(path)) }
    client:download_identities { file = scratch .. "/b" }
    assert.equal(body, support.slurp(scratch .. "/a"))
    assert.equal(body, support.slurp(scratch .. "/b"))
  end)

  it("is refused when it is none", function()
    local scratch = support.scratch(finally)
    local head = '{"sei":"recording","version":1}\n'
    for text, what in pairs { [""] = "r:1: not a recording", ["x"] = "r:1: not a recording",
      ["{}\n"] = "r:1: not a recording", ['{"sei":"recording","version":2}\n'] = "r:1: not a",
      [head .. "{"] = "r:2: not a recorded request", [head .. "{}"] = "no method and path",
      [head .. '{"request":{"method":1,"path":"/"}}'] = "r:2: not a recorded request" } do
      local replay, err = sei.replay(support.spit(scratch .. "/r", text))
      assert.is_nil(replay, text)
      assert.equal("decode", err.kind)
      assert.is_truthy(err.message:find(what, 1, true), err.message)
    end
    local _, err = sei.replay(scratch .. "/none")
    assert.equal("io", err.kind)
    _, err = sei.replay(scratch)
    assert.is_truthy(err)
  end)

  it("may be several clients'", function()
    local path = support.scratch(finally) .. "/r"
    local recorder = assert(sei.record(path))
    local server <close> = raw.serve(function() return raw.reply(200, "{}") end)
    for _ = 1, 2 do
      local client <close> = server:client { recording = recorder }
      assert(client:get_schema())
    end
    assert(recorder:close())
    local replay = assert(sei.replay(path))
    for _ = 1, 2 do
      local client <close> = sei.client { region = "prod1", recording = replay }
      assert(client:get_schema())
    end
    assert.is_true(replay:finish())
  end)

  it("is what the option wants", function()
    for _, value in ipairs { "r.jsonl", {}, true } do
      local ok, problem = pcall(sei.client, { region = "prod1", api_key = KEY, recording = value })
      assert.is_false(ok)
      assert.matches("'recording' for sei.client", problem)
    end
  end)
end)
