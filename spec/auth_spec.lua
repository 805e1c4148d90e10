-- auth - where the key comes from, how it is sent, and that it is never shown:
-- not by tostring, not by an error of any function, not even when the service
-- repeats it.
local core = require "sei.core"
local emulator = require "spec.support.emulator"
local scripted = require "spec.support.scripted"
local sei = require "sei"
local shell = require "spec.support.shell"

local reply = scripted.reply

-- A key in the shape of the platform's, with the characters that encoders
-- escape; and that of SEI's own.
local CANARY <const> = "pat.acct1.Q2FuYXJ5.Canary/of+secrets=="
local SECRET <const> = "Q2FuYXJ5.Canary"

describe("a key's way into the request", function()
  local e

  setup(function() e = emulator.start { people = 3 } end)
  teardown(function() e:stop() end)
  before_each(function() e:reset() end)

  -- The credentials that a client with these options sends.
  local function sent(options)
    options.base_url, options.pace, options.retries = e.url, false, 0
    local client <close> = sei.client(options)
    assert(client:get_schema())
    local log = e:log()
    local h = log[#log].header
    return { h["x-api-key"], h.authorization or false, h["harness-account"] or false }
  end

  local function x_api_key(key, account) return { key, false, account or false } end
  local function authorization(text, account) return { nil, text, account or false } end

  it("has four styles", function()
    assert.same(x_api_key "k.e.y", sent { api_key = "k.e.y", auth = "x-api-key" })
    assert.same(authorization "ApiKey k.e.y", sent { api_key = "k.e.y", auth = "apikey" })
    assert.same(authorization "Bearer k.e.y", sent { api_key = "k.e.y", auth = "bearer" })
    assert.same(authorization "k.e.y", sent { api_key = "k.e.y", auth = "raw" })
  end)

  it("is ApiKey for a key that begins eyJ, else x-api-key", function()
    assert.same(authorization "ApiKey eyJhIjoxfQ==", sent { api_key = "eyJhIjoxfQ==" })
    assert.same(x_api_key "EyJhIjoxfQ", sent { api_key = "EyJhIjoxfQ" })
    assert.same(x_api_key "xeyJ1", sent { api_key = "xeyJ1" })
    assert.same(x_api_key("eyJhIjoxfQ=="), sent { api_key = "eyJhIjoxfQ==", auth = "x-api-key" })
  end)

  it("tells the account of a pat. or sat. key, and no other's", function()
    assert.same(x_api_key("pat.Acc_1.id.sec", "Acc_1"), sent { api_key = "pat.Acc_1.id.sec" })
    assert.same(x_api_key("sat.Acc_1.id.sec", "Acc_1"), sent { api_key = "sat.Acc_1.id.sec" })
    assert.same(x_api_key "tat.Acc_1.id.sec", sent { api_key = "tat.Acc_1.id.sec" })
    assert.same(x_api_key "pat.nothing", sent { api_key = "pat.nothing" })
    assert.same(x_api_key "pat..id.sec", sent { api_key = "pat..id.sec" })
  end)

  it("prefers the account that the script names", function()
    assert.same(x_api_key("pat.Acc_1.id.sec", "other"),
      sent { api_key = "pat.Acc_1.id.sec", account = "other" })
    assert.same(authorization("ApiKey eyJ1", "mine"), sent { api_key = "eyJ1", account = "mine" })
  end)

  it("takes a key of 4000 characters whole", function()
    local key = ("k"):rep(4000)
    assert.same(x_api_key(key), sent { api_key = key })
  end)
end)

describe("a key's source", function()
  local e, folder

  setup(function()
    e = emulator.start { people = 3, api_key = "right-key" }
    folder = shell.folder()
  end)

  teardown(function()
    e:stop()
    shell.remove(folder)
  end)

  local function client_of(source) return sei.client { base_url = e.url, api_key = source,
    pace = false, retries = 0 } end

  local function works(source)
    local client <close> = client_of(source)
    local schema, err = client:get_schema()
    return schema ~= nil, err
  end

  local function file(text, name)
    local path = folder .. "/" .. (name or "key")
    local out = assert(io.open(path, "wb"))
    out:write(text)
    out:close()
    return path
  end

  it("is a string", function()
    assert.is_true(works "right-key")
    local ok, err = works "wrong-key"
    assert.is_false(ok)
    assert.equal(401, err.status)
  end)

  it("is a function, or anything that can be called", function()
    assert.is_true(works(function() return "right-key" end))
    assert.is_true(works(setmetatable({}, { __call = function() return "right-key" end })))
  end)

  it("is the first line of a file", function()
    for _, text in ipairs { "right-key", "right-key\n", "  right-key \r\nsecond line\n",
      "\nright-key\n" } do
      assert.is_true(works(sei.key.file(file(text))), ("%q"):format(text))
    end
  end)

  it("is the first line that a command prints, whose words no shell looks at", function()
    assert.is_true(works(sei.key.command { "echo", "right-key" }))
    assert.is_true(works(sei.key.command { "printf", "%s\n", "right-key", "more" }))
    local path = file("right-key", "it's $(exit 1);`x`\"")
    assert.is_true(works(sei.key.command { "cat", path }))
  end)

  it("is an environment variable", function()
    local script = file(([[
local sei = require "sei"
local client = sei.client { base_url = %q, api_key = sei.key.env "A_KEY_FOR_A_SPEC" }
print(client:get_schema() and "in" or "out")]]):format(e.url), "script.lua")
    local lua = shell.lua() .. " " .. shell.quote(script)
    assert.equal("in\n", (shell.run("A_KEY_FOR_A_SPEC=right-key " .. lua)))
    assert.equal("out\n", (shell.run("A_KEY_FOR_A_SPEC=wrong-key " .. lua)))
  end)

  it("is not read before the first request, and then once", function()
    local reads = 0
    local client <close> = client_of(function()
      reads = reads + 1
      return "right-key"
    end)
    assert.equal(0, reads)
    assert(client:get_schema())
    assert(client:get_schema())
    local walk <close> = client:list_contributors()
    assert(walk())
    assert.equal(1, reads)
  end)

  -- What the first call tells of a source.
  local function told(source)
    local client <close> = client_of(source)
    local schema, err = client:get_schema()
    assert.is_nil(schema)
    assert.equal("auth", err.kind)
    assert.equal("see the option api_key of sei.client", err.hint)
    local ok, raised = pcall(client.list_contributors, client)
    assert.is_false(ok)
    assert.equal(err.message, raised.message)
    return err.message
  end

  it("tells why it has none", function()
    assert.equal("the environment variable NO_SUCH_KEY_AT_ALL is not set",
      told(sei.key.env "NO_SUCH_KEY_AT_ALL"))
    assert.equal("the key file cannot be read: " .. folder
      .. "/none: No such file or directory", told(sei.key.file(folder .. "/none")))
    assert.equal("the key file " .. file(" \n", "blank") .. " is empty",
      told(sei.key.file(folder .. "/blank")))
    assert.matches("^the key file " .. folder:gsub("%p", "%%%0") .. " is empty: .+",
      told(sei.key.file(folder)))
    assert.equal("the key command false failed (exit 1)", told(sei.key.command { "false" }))
    assert.equal("the key command true printed nothing", told(sei.key.command { "true" }))
    assert.equal("the key source gave no string but nil", told(function() return nil end))
    assert.equal("the vault is sealed", told(function() return nil, "the vault is sealed" end))
    assert.equal("the key source gave no string but table", told(function() return {} end))
  end)

  it("asks again after it had none", function()
    local answers = { false, "right-key" }
    local client <close> = client_of(function() return table.remove(answers, 1) or nil, "later" end)
    local schema, err = client:get_schema()
    assert.is_nil(schema)
    assert.equal("later", err.message)
    assert(client:get_schema())
  end)

  it("passes on what a function raises", function()
    local client <close> = client_of(function() error("no vault", 0) end)
    local ok, problem = pcall(client.get_schema, client)
    assert.is_false(ok)
    assert.equal("no vault", problem)
  end)

  local BAD = { "a key", "a\tkey", "key\r\nx-admin: yes", "key\n", "key\0", "\127key", "key\1" }

  it("may not hold a blank, a line break or another control character", function()
    for _, key in ipairs(BAD) do
      local ok, problem = pcall(client_of, key)
      assert.is_false(ok, ("%q"):format(key))
      assert.matches("bad option 'api_key' for sei.client (the API key has a blank, a line break "
        .. "or another control character in it)", problem, 1, true)
      assert.is_nil(problem:find("key\r", 1, true))
      assert.equal("the API key has a blank, a line break or another control character in it",
        told(function() return key end))
    end
    assert.equal("the API key has a blank, a line break or another control character in it",
      told(sei.key.file(file "two words\n")))
    local ok, problem = pcall(client_of, "")
    assert.is_false(ok)
    assert.matches("the API key is empty", problem, 1, true)
  end)

  it("is refused where it is none", function()
    for _, bad in ipairs { 5, true, {} } do
      local ok, problem = pcall(client_of, bad)
      assert.is_false(ok)
      assert.matches("api_key", problem)
    end
    for _, call in ipairs { function() sei.key.env() end, function() sei.key.env "" end,
      function() sei.key.file(7) end, function() sei.key.command "ls" end,
      function() sei.key.command {} end, function() sei.key.command { "ls", 7 } end,
      function() sei.key.command { "a\0b" } end } do
      local ok, problem = pcall(call)
      assert.is_false(ok)
      assert.matches("auth_spec.lua:%d+: bad argument #1 to '%a+'", problem)
    end
  end)
end)

-- ---- never shown ----

-- Every string that can be reached from a value, keys and metatables included.
local function strings_of(value, seen, out)
  if type(value) == "string" then
    out[#out + 1] = value
  elseif type(value) == "table" and not seen[value] then
    seen[value] = true
    for k, v in pairs(value) do
      strings_of(k, seen, out)
      strings_of(v, seen, out)
    end
    strings_of(getmetatable(value), seen, out)
  end
  if type(value) == "table" or type(value) == "userdata" then out[#out + 1] = tostring(value) end
  return out
end

-- The longest part of the key's secret that a text shows, however escaped.
local function shows(text)
  local plain = text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
    :gsub("\\u00(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
    :gsub("\\/", "/")
  return plain:find(SECRET, 1, true) ~= nil
end

local function assert_clean(value, what)
  for _, text in ipairs(strings_of(value, {}, {})) do
    assert.is_false(shows(text), what .. " shows the key: " .. text:sub(1, 400))
  end
end

local function drain(client, name)
  for _ in client[name](client) do end -- luacheck: ignore
  return true
end

-- One call of every function.
local CALLS = {
  patch_identities = function(c)
    return c:patch_identities { { email = "a@b.c", integrationId = 1, identity = "x" } }
  end,
  update_contributors = function(c)
    return c:update_contributors { { id = "1", integration_user_ids = sei.json.array {} } }
  end,
  add_cloud_ids = function(c)
    return c:add_cloud_ids { { email = "a@b.c", applicationType = "GITHUB", cloudId = "x" } }
  end,
  patch_developers = function(c) return c:patch_developers { { email = "a@b.c" } } end,
  delete_developers = function(c) return c:delete_developers { "a@b.c" } end,
  map_developer_fields = function(c) return c:map_developer_fields("1", { a = 1 }) end,
  activate_developers = function(c) return c:activate_developers "1" end,
  activate_version = function(c) return c:activate_version(1) end,
}
for _, row in ipairs(core.endpoints) do
  if not CALLS[row.name] then
    CALLS[row.name] = row.kind == "object" and function(c) return c[row.name](c) end
      or row.kind == "upload" and function(c)
        return c[row.name](c, { rows = { { email = "a@b.c", integrationId = 1, identity = "x",
          applicationType = "GITHUB", cloudId = "x" } },
          header = { "email", "integrationId", "identity", "applicationType", "cloudId" } })
      end
      or function(c) return drain(c, row.name) end
  end
end
-- The uploads' own rules: no other columns.
function CALLS.upload_identities(c)
  return c:upload_identities { rows = { { email = "a@b.c", integrationId = 1, identity = "x" } } }
end
function CALLS.upload_cloud_ids(c)
  return c:upload_cloud_ids { rows = { { email = "a@b.c", applicationType = "GITHUB",
    cloudId = "x" } } }
end

local function escaped(f) return (CANARY:gsub("[/+=]", f)) end

-- Replies that repeat the key wherever one can stand in a reply.
local ECHOES = {
  ["in the words"] = reply(400, '{"message":"bad key ' .. CANARY .. '"}'),
  ["in every member"] = reply(400, ('{"status":"ERROR","code":%q,"message":%q,"correlationId":%q,'
    .. '"detailedMessage":%q,"responseMessages":[{"message":%q}]}'):format(CANARY, CANARY, CANARY,
    CANARY, CANARY)),
  ["in the gateway's list"] = reply(500, '{"message":null,"responseMessages":[{"message":"'
    .. CANARY .. '"}]}'),
  ["in lists of rows"] = reply(400, ('{"status":"FAILURE","errors":[{"errorType":%q,'
    .. '"fieldName":%q,"errorDeveloperCount":1,"sampleErrorDevelopers":[{%q:%q}]},%q]}'):format(
    CANARY, CANARY, CANARY, CANARY, CANARY)),
  ["in plain text"] = reply(502, "upstream said " .. CANARY, { "Content-Type: text/plain" }),
  ["where a text is cut"] = reply(400, ("x"):rep(270) .. CANARY .. ("y"):rep(1750) .. CANARY),
  ["where an excerpt is cut"] = reply(400, ("x"):rep(2023) .. CANARY),
  ["escaped as in JSON"] = reply(400, '{"message":"' .. escaped(function(c)
    return ("\\u%04x"):format(c:byte())
  end) .. '"}'),
  ["with escaped slashes"] = reply(401, '{"message":"' .. escaped(function(c)
    return c == "/" and "\\/" or c
  end) .. '"}'),
  ["percent-encoded"] = reply(403, escaped(function(c) return ("%%%02X"):format(c:byte()) end)),
  ["in a login page's title"] = reply(200, "<html><title>" .. CANARY .. "</title></html>",
    { "Content-Type: text/html" }),
  ["in a redirect"] = reply(302, "", { "Location: https://login/" .. CANARY .. "?k=" .. CANARY }),
  ["in a request id"] = reply(500, "", { "X-Request-Id: " .. CANARY }),
  ["as the content encoding"] = reply(200, "x", { "Content-Encoding: " .. CANARY }),
  ["as a member's name"] = reply(200, '{"' .. CANARY .. '":1}'),
  ["as a failure with status 200"] = reply(200, '{"status":"error","message":"' .. CANARY .. '"}'),
  ["as text that is no JSON"] = reply(200, "key " .. CANARY),
  ["in a header that is none"] = "HTTP/1.1 200 OK\r\n" .. CANARY .. "\r\n\r\n{}",
  ["as the protocol"] = CANARY .. " 200 OK\r\n\r\n",
  ["as the length"] = "HTTP/1.1 200 OK\r\nContent-Length: " .. CANARY .. "\r\n\r\n{}",
  ["and goes away"] = "HTTP/1.1 500 " .. CANARY .. "\r\nContent-Length: 900\r\n\r\n" .. CANARY,
  ["twice in a CSV's header"] = reply(200, CANARY .. "," .. CANARY .. "\n1,2\n",
    { "Content-Type: text/csv" }),
}

describe("the key is never shown", function()
  -- Success is only for what may be said with the status 200.
  for title, bytes in pairs(ECHOES) do
    it("when the service repeats it " .. title, function()
      local failures = 0
      for name, call in pairs(CALLS) do
        local server <close> = scripted.start(function() return bytes end)
        local client <close> = server:client { api_key = CANARY, timeout = 10, undocumented = true }
        local ok, value, err = pcall(call, client)
        if not ok then err = value end
        assert.is_true(err == nil or sei.is_error(err), name .. ": " .. tostring(err))
        assert.is_true(#server.requests > 0, name .. " sent nothing")
        if err then
          failures = failures + 1
          assert_clean(err, name .. " " .. title)
        else
          assert_clean({ tostring(value), getmetatable(value) }, name)
        end
      end
      assert.is_true(failures > 0, "nothing failed")
    end)
  end

  it("by a batch that went through before one that did not", function()
    local n = 0
    local server <close> = scripted.start(function()
      n = n + 1
      return n == 1 and reply(200, '{"message":"thanks for ' .. CANARY .. '"}') or reply(500, "")
    end)
    local client <close> = server:client { api_key = CANARY }
    local rows = {}
    for i = 1, 1001 do rows[i] = { email = "a@b.c", integrationId = i, identity = "x" } end
    local report, err = client:patch_identities(rows)
    assert.is_nil(report)
    assert.equal(1000, err.report.accepted)
    assert.matches("^thanks for %*+$", err.report.batches[1].reply.message)
    assert_clean(err, "the report")
  end)

  it("in a URL that the script put it into", function()
    local server <close> = scripted.start(function() return reply(500, "") end)
    local client <close> = server:client { api_key = CANARY }
    local ok, err = client:get_schema { query = { key = CANARY } }
    assert.is_nil(ok)
    assert.matches("key=%*+$", err.url)
    assert_clean(err, "the URL")
  end)

  it("by tostring of what holds it", function()
    local client <close> = sei.client { base_url = "http://127.0.0.1:9", api_key = CANARY }
    local source = sei.key.command { "echo", CANARY }
    local walk = client:list_contributors()
    for _, thing in ipairs { client, walk, client:download_identities(), source } do
      assert.is_false(shows(tostring(thing)), tostring(thing))
    end
    walk:close()
  end)

  it("by a resume token", function()
    local server <close> = scripted.start(function()
      return reply(200, '{"records":[{"id":"1"},{"id":"2"}],"_metadata":{"total_count":2}}')
    end)
    local client <close> = server:client { api_key = CANARY }
    local walk = client:list_contributors()
    assert(walk())
    assert.is_false(shows(walk:resume()))
  end)

  it("by an option that is wrong", function()
    for _, options in ipairs { { api_key = CANARY }, { api_key = CANARY .. " " },
      { api_key = CANARY, base_url = "https://u:" .. CANARY .. "@h" },
      { api_key = CANARY, base_url = "https://h/?key=" .. CANARY },
      { api_key = { CANARY }, base_url = "https://h" } } do
      local ok, problem = pcall(sei.client, options)
      assert.is_false(ok)
      assert.is_false(shows(tostring(problem)), tostring(problem))
    end
  end)
end)
