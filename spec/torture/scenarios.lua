--- What the torture program does while memory fails: every public call.
--
-- `dofile` of this file gives the list; the program calls the chunk with the
-- name of a scenario, the emulator's address and a folder, and gets three
-- functions: the call under torture, the judge of what came of it, and what
-- must go well afterwards with the same client (nil: nothing).
--
-- A scenario: `name`; `quirks` of the emulator; `runs` at most, where each one
-- takes long; `make(env)` → call, again. `again` is the call itself where it
-- is not given, `false` for none.
local name, url, folder = ...

local list = {}

local function scenario(row) list[#list + 1] = row end

-- ---- what they need ----

local function count(iterator, ...)
  local n = 0
  for _ in iterator, ... do n = n + 1 end
  return n
end

local function must(value, ...)
  if not value then error(..., 0) end
  return value
end

-- A refusal is an answer, too.
local function answered(value, err)
  if value or type(err) == "table" and err.status then return value or err end
  error(err, 0)
end

-- Rows for people that the emulator knows; the last one is not sent.
local function identities(env)
  local one = must(env.client():list_contributors { max_items = 1 }()).email
  return {
    { email = one, integrationId = 5322, identity = "atorture" },
    { email = one, integrationId = 5322, identity = "btorture-é" },
    { email = one, integrationId = "no number", identity = "c" },
  }
end

local CLOUD_IDS = {
  { email = "a.torture@example.com", applicationType = "GITHUB", cloudId = "atorture" },
  { email = "b.torture@example.com", applicationType = "ODD", cloudId = "btorture" },
}

-- ---- reading ----

for _, method in ipairs { "get_schema", "get_developer_schema" } do
  scenario { name = method, make = function(env)
    local client = env.client()
    return function() return client[method](client) end
  end }
end

for _, method in ipairs { "list_versions", "list_contributors", "list_identities",
  "list_developers", "list_licensed" } do
  scenario { name = method, make = function(env)
    local client = env.client { window = 4 }
    local options = method ~= "list_licensed" and { page_size = 7 } or {}
    return function() return count(client[method](client, options)) end
  end }
end

scenario { name = "list, break, resume, repair", make = function(env)
  local client = env.client { window = 4 }
  return function()
    local token
    local options = { page_size = 5, fields = { "email" }, on_drift = "repair",
      filter = { include_dangling_logins = false } }
    do
      local walk <close> = client:list_contributors(options)
      for _ = 1, 12 do walk() end
      token = walk:resume()
      must(walk:total() and walk:meta() and tostring(walk))
      walk:drift()
    end
    options.resume = token
    for one in client:list_contributors(options) do if one then break end end
    client:cancel()
    return client:stats().calls > 0
  end
end }

-- Whoever goes on with an iterator that raised gets an answer, too.
scenario { name = "list, go on after an error", make = function(env)
  local client = env.client { window = 2 }
  return function()
    local walk <close> = client:list_contributors { page_size = 4, max_items = 20 }
    local n, failure = 0, nil
    for _ = 1, 40 do
      local ok, record = pcall(walk)
      if not ok then failure = failure or record
      elseif not record then break
      else n = n + 1 end
    end
    if failure then error(failure, 0) end
    return n == 20, "not all records came"
  end
end }

-- The same of a stream: rows come in their order, none twice, until it gives up.
scenario { name = "download, go on after an error", make = function(env)
  local client = env.client()
  local all = {}
  for row in client:download_identities() do all[#all + 1] = row.identity end
  return function()
    local stream <close> = client:download_identities()
    local n, failure = 0, nil
    for _ = 1, #all + 5 do
      local ok, row = pcall(stream)
      if not ok then failure = failure or row
      elseif not row then break
      else
        n = n + 1
        if row.identity ~= all[n] then return nil, "row " .. n .. " is wrong" end
      end
    end
    if failure then error(failure, 0) end
    return n == #all, "not all rows came"
  end
end }

scenario { name = "download_identities to a file", make = function(env)
  local client = env.client()
  local path = env.folder .. "/out.csv"
  return function() return client:download_identities { file = path } end
end }

scenario { name = "download_identities", make = function(env)
  local client = env.client()
  return function()
    local n = count(client:download_identities())
    local rows = {}
    must(client:download_identities { to = function(row) rows[#rows + 1] = row.email end })
    for row in client:download_identities() do if row.email then break end end
    must(client:download_identities { row = "values", fields = "email", to = function(email)
      must(rows[#rows] ~= nil and #email > 0)
      rows[#rows] = nil
    end })
    return #rows == 0 and n > 0
  end
end }

scenario { name = "download_developers", make = function(env)
  local client = env.client()
  return function()
    return client:download_developers { emails = { "x@example.com" }, to = function() end }
  end
end }

-- ---- writing ----

scenario { name = "patch_identities", make = function(env)
  local client, rows = env.client(), identities(env)
  return function()
    local report, err = client:patch_identities(rows, { batch_size = 1 })
    return report and tostring(report), err
  end
end }

scenario { name = "add_cloud_ids", make = function(env)
  local client = env.client()
  return function() return answered(client:add_cloud_ids(CLOUD_IDS)) end
end }

scenario { name = "update_contributors", make = function(env)
  local client = env.client()
  local one = must(client:list_contributors { max_items = 1 }())
  return function() return client:update_contributors { one } end
end }

scenario { name = "patch_developers, delete_developers", make = function(env)
  local client = env.client()
  return function()
    answered(client:patch_developers { { email = "nobody@example.com", region = "emea" } })
    return answered(client:delete_developers { "nobody@example.com" })
  end
end }

scenario { name = "upload_developers and what follows", make = function(env)
  local client = env.client()
  local rows = { { name = "A", email = "a.torture@example.com" } }
  local header = { "name", "email" }
  local mappings = { fieldMappings = { { fieldType = "NAME", columnName = "name" },
    { fieldType = "EMAIL", columnName = "email" } } }
  return function()
    local one = answered(client:upload_developers { rows = rows, header = header })
    answered(client:reupload_developers { rows = rows, header = header })
    local version = one.batches and one.batches[1].reply.versionId or "1"
    answered(client:map_developer_fields(version, mappings))
    return answered(client:activate_developers(version))
  end
end }

scenario { name = "upload_identities from a file", make = function(env)
  local client = env.client()
  local row = identities(env)[1]
  local path = env.file("in.csv", ("email,integrationId,identity\n%s,5322,x\n"):format(row.email))
  return function() return client:upload_identities { file = path } end
end }

scenario { name = "patch_identities from a file", make = function(env)
  local client = env.client()
  local row = identities(env)[1]
  local path = env.file("in.csv", ("email,integrationId,identity\n%s,5322,x\n%s,007,\"y\"\n,1,z\n")
    :format(row.email, row.email))
  return function()
    local report, err = client:patch_identities { file = path, batch_size = 1 }
    return report and tostring(report), err
  end
end }

scenario { name = "upload_identities, upload_cloud_ids", make = function(env)
  local client, rows = env.client(), identities(env)
  return function()
    must(client:upload_identities { rows = rows })
    local i = 0
    return answered(client:upload_cloud_ids { rows = function()
      i = i + 1
      return CLOUD_IDS[i], i
    end })
  end
end }

-- ---- failures of the service ----

local function failing(title, quirks, runs, options)
  scenario { name = title, quirks = quirks, runs = runs, make = function(env)
    options = options or { retries = 0 }
    local client = env.client(options)
    local function call()
      local value, err = client:get_schema()
      if value then return nil, "it did not fail" end
      if env.sei.is_error(err) then return #tostring(err) > 0 end
      error(err, 0)
    end
    return call
  end }
end

failing("a refusal", { "fault=status-500:always" })
failing("a login page", { "html-login=200" })
failing("a redirect", { "html-login=redirect" })
failing("garbage", { "fault=garbage:always" })
failing("damaged gzip", { "fault=bad-gzip:always" })
failing("too short", { "fault=truncated:always" })
failing("a retry", { "fault=status-503:always" }, 40, { retries = 1 })
failing("a newer key", { "auth=raw" }, nil,
  { retries = 0, api_key = function() return "a-key-" .. os.clock() end })

-- Two wait for the key; memory may fail in either of them.
scenario { name = "a newer key for two", quirks = { "auth=raw" }, make = function(env)
  local client = env.client { retries = 0, wait = coroutine.yield,
    api_key = function() return "a-key-" .. os.clock() end }
  local function one()
    local _, err = client:get_schema()
    if not env.sei.is_error(err) then error(err, 0) end
  end
  return function()
    local threads, failure = { coroutine.create(one), coroutine.create(one) }, nil
    for _ = 1, 20 do
      for i = #threads, 1, -1 do
        local ok, problem = coroutine.resume(threads[i])
        if not ok then failure = failure or problem end
        if coroutine.status(threads[i]) == "dead" then table.remove(threads, i) end
      end
      while client:active() > 0 do -- both answers are there when somebody looks
        env.core.poll(client:pollfd(), client:timeout())
        client:step()
      end
    end
    if #threads > 0 then return nil, "somebody waits for ever" end
    if failure then error(failure, 0) end
    return true
  end
end }

scenario { name = "a stream that ends too early", quirks = { "fault=truncated:always" },
  make = function(env)
    local client = env.client { retries = 0 }
    return function()
      local ok, err = pcall(count, client:list_licensed())
      if not ok and not env.sei.is_error(err) then error(err, 0) end
      local done, problem = client:download_identities { file = env.folder .. "/out.csv" }
      return not ok and not done, problem or "it did not fail"
    end
  end }

-- ---- clients ----

scenario { name = "a client", make = function(env)
  local path = env.file("key.csv", "a-key-of-a-file\n")
  return function()
    local client <close> = env.sei.client { base_url = env.url, account = "acc",
      api_key = env.sei.key.file(path), pace = { rate = 10000, burst = 10000, -- forgotten soon
        file = env.folder .. "/pace" }, proxy = "http://127.0.0.1:1", user_agent = "torture",
      traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      identities = { envelope = "records" }, cloud_ids = { csv_header = { "a", "b" } } }
    must(client:get_schema())
    return #tostring(client) > 0 and client:active() == 0
  end
end }

scenario { name = "a client with a pace", make = function(env)
  local client = env.client { pace = { rate = 10000, burst = 10000 } }
  return function() return client:get_schema() end, function()
    local value, err = client:get_schema()
    if value and not require "sei.core".has_key(client) then return nil, "no key" end
    return value, err
  end
end }

scenario { name = "closed with transfers in flight", make = function(env)
  return function()
    local client = env.client { window = 4 }
    local walk = client:list_contributors { page_size = 3 }
    local stream = client:download_identities()
    must(walk())
    for _ = 1, 3 do client:step() end
    client:close()
    local ok, err = pcall(count, stream) -- all of it may have come before
    return ok or env.sei.is_error(err), err
  end
end }

scenario { name = "left with transfers in flight", make = function(env)
  return function()
    local client = env.client { window = 4 }
    local walk = client:list_contributors { page_size = 3 }
    client:download_identities()
    must(walk())
    env.kept = { client, walk } -- the state is closed with them
    return client:pollfd() >= 0 and client:events() == "r" and (client:timeout() or 0) >= 0
  end, false
end }

scenario { name = "misuse", make = function(env)
  local client = env.client()
  return function()
    local _, one = pcall(env.sei.client, { regio = "prod1" })
    local _, two = pcall(client.list_contributors, client, { page_size = "x" })
    local _, three = pcall(client.patch_identities, client, 7)
    for _, text in ipairs { one, two, three } do
      if not tostring(text):find "bad" and not tostring(text):find "unknown" then
        error(text, 0)
      end
    end
    return true
  end
end }

-- ---- without a client ----

scenario { name = "sei.json", make = function(env)
  local json = env.sei.json
  local text = '{"a":[1,2.5,"x\\u00e9",[],{}],"b":null,"' .. ("k"):rep(300) .. '":"'
    .. ("v"):rep(3000) .. '","c":[' .. ("[1,2],"):rep(40) .. '3]}'
  return function()
    local value = must(json.decode(text))
    value.more = json.array { 1, 2, 3 }
    must(json.decode(must(json.encode(value, { canonical = true }))))
    local bad, err = json.decode '{"a":'
    return not bad and env.sei.is_error(err), err
  end
end }

scenario { name = "sei.similarity", make = function(env)
  local similarity = env.sei.similarity
  local a, b = ("Ana María "):rep(60), ("Maria Anna "):rep(50)
  return function()
    for measure, f in pairs(similarity) do
      if f(a, b) ~= f(b, a) or f("ana", "nna") ~= f("nna", "ana") then return nil, measure end
    end
    return similarity.dice(a, a:upper(), { n = 3, fold = true }) == 1
  end
end }

scenario { name = "sei.match.join", make = function(env)
  local join = env.sei.match.join
  local left, right = {}, {}
  for i = 1, 40 do
    left[i] = ("Ana%d María"):format(i)
    right[i] = (i % 3 == 0 and "ana%d maria" or "%d maria ana" .. ("x"):rep(i * 9)):format(i)
  end
  return function()
    local hits = must(join(left, right, { cutoff = 0.8, fold = true }))
    for _, hit in ipairs(hits) do
      if hit[3] < 0.8 then return nil, "a hit is wrong" end
    end
    local none, err = join(left, right, { cutoff = 0, limit = 5 })
    return not none and env.sei.is_error(err) and #hits > 12, err
  end
end }

scenario { name = "sei.text", make = function(env)
  local text = env.sei.text
  local long = ("Dr. Zoë Ḱłoś-O’Hara, Ph.D. "):rep(60)
  local domains = { ["old.example"] = "GoogleMail.com", ["ä.example"] = "ö.example" }
  return function()
    must(text.fold(long, { camel = true, order = true }) ~= "", "nothing left")
    must(text.fold(("Ada Byron "):rep(600)) ~= "", "nothing left")
    must(#text.tokens(long, { "titles", "order", "case" }) > 60, "words are missing")
    must(text.normalize_email("A.Da+x@OLD.example", { domains = domains }) == "ada@gmail.com")
    must(text.local_part "ada@example.com" == "ada" and text.is_generic "no-reply")
    local ok, problem = pcall(text.fold, "x", { "cas" })
    must(not ok)
    return tostring(problem):find("did you mean", 1, true), problem
  end
end }

scenario { name = "sei.csv", make = function(env)
  local csv = env.sei.csv
  local text = "name,email\n" .. ('"a ""b"" c",x@example.com\n'):rep(30)
  return function()
    local out = {}
    local to_text = must(csv.write { to = function(bytes) out[#out + 1] = bytes end,
      header = { "name", "email" } })
    local to_file = must(csv.write { file = env.folder .. "/rows.csv",
      header = { "name", "email" } })
    for row in csv.read { text = text } do
      to_text:row(row)
      to_file:row(row)
    end
    must(to_text:close())
    must(to_file:close())
    must(count(csv.read { file = env.folder .. "/rows.csv", header = false }) == 31)
    local ok, err = pcall(count, csv.read { text = 'a,b\n"x,y\n' })
    return not ok and env.sei.is_error(err), err
  end
end }

scenario { name = "sei.csv, values and spans", make = function(env)
  local read = env.sei.csv.read
  local text = "id,name,email\n" .. ('7,"a ""b"" c",x@example.com\n'):rep(30)
  return function()
    local n = 0
    for full, id, line in read { text = text, row = "values", fields = { "name", "id" } } do
      n = n + 1
      must(full == 'a "b" c' and id == "7" and line == n + 1)
    end
    for row, from, to, line in read { text = text, row = "spans", fields = "name" } do
      n = n - 1
      must(row:sub(from, to) == 'a "b" c' and line == 31 - n)
    end
    for row, from, to, line in read { text = text .. "8,c,d\n", row = "spans", fields = "id" } do
      n = n + 1
      must(row:sub(from, to) == (n > 30 and "8" or "7") and line == n + 1)
    end
    local ok, err = pcall(read { text = text, row = "values", fields = { "name", "mail" } })
    return n == 31 and not ok and env.sei.is_error(err), err
  end
end }

-- The same index goes on after an account that it had no memory for.
scenario { name = "sei.match.index", make = function(env)
  local people = {}
  for i = 1, 40 do
    people[i] = { id = i, name = ("First%d Läst%d"):format(i, i * 7),
      email = ("f.last%d@example.com"):format(i), logins = { "login" .. i } }
  end
  local kept = env.sei.match.index(people)
  local account = { name = "first7 last49", login = "LOGIN7", email = "f.last7@example.com" }
  return function()
    local made = env.sei.match.index(people)
    return made:rank(account)[1][1] == 7 and kept:rank(account)[1][1] == 7, "another one was found"
  end
end }

scenario { name = "sei.csv, go on after an error", make = function(env)
  local csv = env.sei.csv
  local lines = {}
  for i = 1, 60 do lines[i] = ("%d,\"%s \"\"q\"\"\"\n"):format(i, ("x"):rep(i)) end
  local text = table.concat(lines)
  return function()
    local out = {}
    local writer = csv.write { to = function(bytes) out[#out + 1] = bytes end }
    local at = 0
    local reader = csv.read { header = false, chunks = function()
      local piece = at < #text and text:sub(at + 1, at + 100) or nil
      at = at + 100
      return piece
    end }
    local failure
    for i = 1, 60 do
      local ok, row
      for _ = 1, 3 do
        ok, row = pcall(reader)
        if ok then break end
        failure = failure or row
      end
      if not ok then error(failure, 0) end
      if row and row[1] ~= tostring(i) then return nil, "row " .. i .. " is wrong" end
      for _ = 1, 3 do
        local written, why = pcall(writer.row, writer, row)
        if written then break end
        failure = failure or why
      end
    end
    must(writer:close())
    if failure then error(failure, 0) end
    return table.concat(out) == text, "the text is another one"
  end
end }

scenario { name = "sei.plan, read again and shown", make = function(env)
  local sei, client = env.sei, env.client()
  local person = must(client:list_contributors { max_items = 1 }())
  local path = env.folder .. "/plan.jsonl"
  return function()
    local plan = must(sei.plan { client = client, file = path, protect = "5322/root",
      guard = { state = env.folder .. "/state.json" }, rules = { sei.rule.email() },
      match = { candidates = 0 }, people = { { email = person.email, name = "A B" } },
      accounts = { { integration_id = 5322, login = "new", email = person.email } },
      fields = function() return { region = "tortured" } end })
    must(require "sei.guard".remember(plan.header))
    local again = must(require "sei.plan.file".read(path))
    must(#require "sei.show".text(again) > 100)
    return again.digest == plan.digest and plan.writes == 2, "the plan is another one"
  end
end }

scenario { name = "activate_version", make = function(env)
  local client = env.client { undocumented = true }
  return function() return answered(client:activate_version(1)) end
end }

-- A plan of one identity, applied and taken back; what an earlier failure left
-- half done is no matter.
scenario { name = "sei.apply and sei.undo", runs = 400, make = function(env)
  local sei, client = env.sei, env.client()
  local file, path = require "sei.plan.file", env.folder .. "/applied.jsonl"
  local first, second
  for one in client:download_identities() do
    first = first or one
    if one.email ~= first.email then second = one break end
  end
  local plan = must(file.write(path, { target = require "sei.core".target(client), guards = {},
    class = "certain", writes = "identities" }, { { kind = "change", what = "identity",
      identity = first.identity, integration_id = math.tointeger(tonumber(first.integrationId)),
      before = { email = first.email }, after = { email = second.email } } }))
  local function apply(one)
    os.remove(one.path .. ".journal")
    local report = must(sei.apply { client = client, plan = one.path, approve = one.digest,
      lock = env.folder .. "/lock" })
    must(tostring(report))
    return report.state == "done"
  end
  return function()
    must(apply(plan), "the plan was not applied")
    local back = must(sei.undo { journal = path .. ".journal", file = env.folder .. "/back.jsonl" })
    return apply(back), "the plan was not taken back"
  end
end }

scenario { name = "sei.source, files", make = function(env)
  local source = env.sei.source
  local latin = ("login;Full Name\n" .. ("u;Zo\xEB\n"):rep(30))
  local json = '{"values":[' .. ('{"name":"a","emailAddress":"a@x","type":"NORMAL"},\n'):rep(20)
    .. '{"name":"b"}],"isLastPage":true}'
  local ldif = ("dn: a\ncn:: Wm/Dqw==\nmail: a@\n x\n\n"):rep(20)
  local path = env.file("people.csv", latin)
  return function()
    must(#must(source.csv { file = path, encoding = "latin-1" }:all()) == 30)
    must(#must(source.bitbucket { text = json }:all()) == 21)
    must(must(source.ldif { text = ldif }:all())[20].name == "Zo\u{EB}")
    local read, err = source.json { text = '[{"login":"a"},{"login":tru]' }:all()
    return not read and env.sei.is_error(err), err
  end
end }

scenario { name = "sei.source, .mailmap", make = function(env)
  local source = env.sei.source
  local text = ("A B <a@x> <b@x>\nC <c@x> Cee <d@x>\n"):rep(5)
  return function()
    local out = env.folder .. "/mailmap"
    must(source.write_mailmap(source.mailmap { text = text }, { file = out }))
    return #must(source.mailmap { file = out }:all()) == 2
  end
end }

scenario { name = "sei.source.directory", make = function(env)
  local client = env.client()
  return function()
    local s = env.sei.source.directory(client, { what = "accounts", list = { max_items = 20 } })
    return #must(s:all()) > 0
  end
end }

scenario { name = "sei.error", make = function(env)
  return function()
    local err = env.sei.error { kind = "http", message = "no", method = "GET", url = "u",
      status = 500, hint = "h" }
    return tostring(err) == "http: no (HTTP 500, GET u); h", tostring(err)
  end
end }

-- ---- recipes that need not be trusted ----

scenario { name = "sandboxed", make = function(env)
  return function()
    local run = must(env.sei.sandboxed { text = [[
      local seen = {}
      for k, v in ("a=1, b=2"):gmatch "(%w)=(%w)" do seen[k] = v:rep(3, "-"):gsub("%d", "%0%0") end
      local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
      print(co(), pcall(error, "x"), setmetatable({}, { __tostring = function() return "t" end }))
      table.sort(seen, function(a, b) return a < b end)
      return { seen, inputs, sei.text.fold "X" }]], inputs = { { "data", 1.5, true } } })
    return run.value
  end
end }

scenario { name = "sandboxed with a client", runs = 150, make = function(env)
  return function()
    local run = must(env.sei.sandboxed { text = [[
      local one
      for c in client:list_contributors { max_items = 3 } do one = c.email end
      return client:patch_identities { { email = one, integrationId = 1, identity = "x" } }]],
      writes = "dry_run", client = { base_url = url, api_key = "a-key-for-torture", pace = false,
        timeout = 3 } })
    return run.value
  end
end }

if not name then return list end

-- ---- one of them ----

local sei = require "sei"

local clients = {}

local env = { sei = sei, core = require "sei.core", url = url, folder = folder }

--- A client for the emulator, without a pace.
function env.client(options)
  local all = { base_url = url, api_key = "a-key-for-torture", pace = false, timeout = 3 }
  for option, value in pairs(options or {}) do all[option] = value end
  local client = sei.client(all)
  clients[#clients + 1] = client
  return client
end

function env.file(file, text)
  local path = folder .. "/" .. file
  local f = assert(io.open(path, "w"))
  assert(f:write(text))
  f:close()
  return path
end

-- Lua's own words when its stack cannot grow are "stack overflow".
local function memory(problem)
  if sei.is_error(problem) then return true end
  for _, words in ipairs { "not enough memory", "Cannot allocate memory", "stack overflow" } do
    if tostring(problem):find(words, 1, true) then return true end
  end
end

-- Nothing is under way for calls that are over, whatever became of them.
local function lost()
  if env.kept then return end
  collectgarbage()
  collectgarbage()
  for _, client in ipairs(clients) do
    if client:active() ~= 0 then return client:active() .. " transfers are still under way" end
  end
end

local function judge(fired, ok, value, problem)
  if not ok then problem = value end
  if not (ok and value) and not (fired and memory(problem)) then
    return "it ended with " .. tostring(problem)
  end
  return lost()
end

for _, row in ipairs(list) do
  if row.name == name then
    local call, again = row.make(env)
    if again == nil then again = call end
    return call, judge, again
  end
end
error("no scenario " .. name)
