-- misuse - wrong calls and bad input: each raises or returns an error that names
-- the argument, field, file or line, the value (never a secret) and the remedy.

local sei = require "sei"

local KEY <const> = "pat.acct.id.canary-7f3a"
local BASE <const> = "http://127.0.0.1:9/sei/api"

local function client(more)
  local options = { base_url = BASE, api_key = KEY }
  for k, v in pairs(more or {}) do options[k] = v end
  return sei.client(options)
end

local function temporary(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

-- What is raised or returned, as text; the temporary name stands as FILE.
local function told(call, path)
  local ok, value, err = pcall(call)
  local problem
  if not ok then problem = value elseif value == nil then problem = err end
  assert.is_not_nil(problem, "the call went through")
  local text = tostring(problem)
  if path then
    os.remove(path)
    text = text:gsub(path:gsub("%p", "%%%0"), "FILE")
  end
  assert.is_nil(text:find("canary", 1, true), "the key is shown: " .. text)
  return text
end

-- { title, call, part of the message, … }
local function each(cases)
  for _, case in ipairs(cases) do
    it(case[1], function()
      local text = told(case[2])
      for i = 3, #case do
        assert.is_truthy(text:find(case[i], 1, true), ("%q is not in: %s"):format(case[i], text))
      end
    end)
  end
end

describe("sei.client", function()
  each {
    { "needs options", function() sei.client() end, "either 'region'", "or 'base_url'" },
    { "takes a table", function() sei.client "prod1" end, "takes a table of options, got string" },
    { "takes region or base_url", function() client { region = "prod1" } end,
      "either 'region'", "not both" },
    { "knows its regions", function() sei.client { region = "prod9", api_key = KEY } end,
      "'region'", "prod1|prod2|prod3|eu", "got 'prod9'" },
    { "suggests the option meant", function() client { pagesize = 5, windw = 5 } end,
      "unknown option", "for sei.client" },
    { "suggests windw → window", function() client { windw = 5 } end,
      "unknown option 'windw' for sei.client", "did you mean 'window'?" },
    { "suggests apikey → api_key", function() client { apikey = KEY } end,
      "unknown option 'apikey'", "did you mean 'api_key'?" },
    { "suggests conect_timeout", function() client { conect_timeout = 5 } end,
      "did you mean 'connect_timeout'?" },
    { "wants names, not positions", function() client { "prod1" } end,
      "options of sei.client are named" },
    { "needs a key", function() sei.client { base_url = BASE } end, "'api_key'", "got nothing" },
    { "wants a key that is a string or source", function() client { api_key = 42 } end,
      "'api_key'", "string or key source expected, got number" },
    { "wants a source that can be called", function() client { api_key = {} } end,
      "'api_key'", "got table" },
    { "refuses an empty key", function() client { api_key = "" } end, "'api_key'", "is empty" },
    { "refuses CR and LF in a key", function() client { api_key = "canary\r\nX-Evil: 1" } end,
      "'api_key'", "line break" },
    { "refuses NUL in a key", function() client { api_key = "canary\0x" } end,
      "'api_key'", "control character" },
    { "refuses a blank in a key", function() client { api_key = "canary canary" } end,
      "'api_key'", "blank" },
    { "knows the styles of auth", function() client { auth = "basic" } end,
      "'auth'", "x-api-key|apikey|bearer|raw", "got 'basic'" },
    { "wants columns in a list of strings", function() sei.csv.read { file = "x", fields = {} } end,
      "'fields'", "got a table without items" },
    { "wants nothing else in the list", function()
      sei.csv.read { file = "x", fields = { "email", 2 } } end,
      "'fields'", "got a table whose item 2 is of type number" },
    { "wants a text in each of them", function()
      sei.csv.read { file = "x", fields = { "email", "" } } end,
      "'fields'", "got a table whose item 2 is empty or has control characters" },
    { "window from 1", function() client { window = 0 } end,
      "'window'", "integer from 1 to 64", "got 0" },
    { "window to 64", function() client { window = 65 } end, "'window'", "got 65" },
    { "window whole", function() client { window = 1.5 } end, "'window'", "got 1.5" },
    { "window a number", function() client { window = "4" } end, "'window'", "got '4'" },
    { "timeout above 0", function() client { timeout = 0 } end,
      "'timeout'", "number above 0", "got 0" },
    { "timeout not negative", function() client { timeout = -1 } end, "'timeout'", "got -1" },
    { "timeout a number", function() client { timeout = "soon" } end, "'timeout'", "got 'soon'" },
    { "timeout not NaN", function() client { timeout = 0 / 0 } end, "'timeout'" },
    { "allow_http a boolean", function() client { allow_http = 1 } end,
      "'allow_http'", "boolean expected, got 1" },
    { "wait a function", function() client { wait = "poll" } end,
      "'wait'", "function expected, got 'poll'" },
    { "max_body at least 1024", function() client { max_body = 10 } end, "'max_body'", "got 10" },
    { "CR LF in the account", function() client { account = "a\r\nX: y" } end,
      "'account'", "a string with control characters" },
    { "CR LF in the user agent", function() client { user_agent = "a\r\nX: y" } end,
      "'user_agent'", "control characters" },
    { "a group is a table", function() client { identities = "records" } end,
      "'identities'", "table expected" },
    { "options of a group are known", function() client { identities = { envelop = "data" } } end,
      "unknown option 'envelop' for identities", "did you mean 'envelope'?" },
    { "a URL without a scheme",
      function() sei.client { base_url = "app.harness.io", api_key = KEY } end,
      "'base_url'", "app.harness.io" },
    { "a URL with another scheme",
      function() sei.client { base_url = "ftp://h/sei/api", api_key = KEY } end,
      "'base_url'", "ftp://h/sei/api" },
    { "plain http to the world",
      function() sei.client { base_url = "http://example.com/sei/api", api_key = KEY } end,
      "'base_url'", "allow_http" },
    { "a password in the URL", function()
      sei.client { base_url = "https://user:canary@h/sei/api", api_key = KEY } end,
        "'base_url'", "not shown" },
    { "a query in the URL",
      function() sei.client { base_url = "https://h/sei/api?x=1", api_key = KEY } end,
      "'base_url'", "query" },
    { "a line break in the URL",
      function() sei.client { base_url = "https://h/a\nb", api_key = KEY } end,
      "'base_url'", "control characters" },
  }
end)

describe("key sources", function()
  each {
    { "env wants a name", function() sei.key.env() end, "'env'", "string expected, got nil" },
    { "file wants a path", function() sei.key.file(1) end,
      "'file'", "string expected, got number" },
    { "command wants words", function() sei.key.command "pass" end,
      "'command'", "array of strings" },
    { "command wants strings", function() sei.key.command { "pass", 1 } end,
      "word 2 is not a string" },
    { "an unset variable", function()
      return client { api_key = sei.key.env "SEI_NO_SUCH_VARIABLE" }:get_schema() end,
      "auth:", "SEI_NO_SUCH_VARIABLE is not set" },
    { "a missing file",
      function() return client { api_key = sei.key.file "/no/such/key" }:get_schema() end,
      "auth:", "/no/such/key", "No such file" },
    { "a failing command",
      function() return client { api_key = sei.key.command { "false" } }:get_schema() end,
      "auth:", "the key command false failed" },
    { "a silent command",
      function() return client { api_key = sei.key.command { "true" } }:get_schema() end,
      "auth:", "printed nothing" },
    { "a function that gives no string", function()
      return client { api_key = function() return 5 end }:get_schema() end, "auth:", "number" },
  }
end)

describe("lists", function()
  each {
    { "suggest pagesize → page_size", function() client():list_contributors { pagesize = 5 } end,
      "unknown option 'pagesize' for list_contributors", "did you mean 'page_size'?" },
    { "page_size from 1", function() client():list_contributors { page_size = 0 } end,
      "'page_size'", "integer from 1 to 100000", "got 0" },
    { "page_size an integer", function() client():list_versions { page_size = "50" } end,
      "'page_size'", "got '50'" },
    { "max_items not negative", function() client():list_contributors { max_items = -1 } end,
      "'max_items'", "got -1" },
    { "fields are strings", function() client():list_contributors { fields = { 1 } } end,
      "'fields'", "array of strings expected" },
    { "filter is a table", function() client():list_contributors { filter = "email=x" } end,
      "'filter'", "table expected" },
    { "filter can be JSON", function() client():list_contributors { filter = { f = print } } end,
      "'filter'", "f", "function" },
    { "filter only where there is one", function() client():list_versions { filter = {} } end,
      "list_versions takes no option 'filter'" },
    { "on_drift is one of three", function() client():list_contributors { on_drift = "ignore" } end,
      "'on_drift'", "error|warn|repair", "got 'ignore'" },
    { "resume is a token", function() client():list_contributors { resume = "yesterday" } end,
      "'resume'", "not a resume token" },
    { "version is a string", function() client():list_contributors { version = 512 } end,
      "'version'", "got 512" },
    { "version without line breaks",
      function() client():list_contributors { version = "1\r\nX: y" } end,
      "'version'", "control characters" },
    { "emails are strings", function() client():list_developers { emails = { true } } end,
      "'emails'" },
    { "query has names", function() client():list_identities { query = { "x" } } end, "'query'" },
    { "query has plain values", function() client():list_identities { query = { x = true } } end,
      "'query'" },
    { "options are a table", function() client():list_contributors(50) end,
      "list_contributors takes a table of options, got number" },
    { "an unpaged list has no pages", function() client():list_licensed { page_size = 5 } end,
      "unknown option 'page_size' for list_licensed" },
  }
end)

describe("rows", function()
  local function one(call, row)
    local report = assert(client()[call](client(), { row }))
    assert.equal(0, report.accepted)
    return report.rejected[1], tostring(report)
  end

  local function bad(title, call, row, field, reason)
    it(title, function()
      local r, text = one(call, row)
      assert.equal(field, r.field)
      assert.is_truthy(r.reason:find(reason, 1, true), r.reason)
      assert.is_truthy(text:find("row 1 not sent", 1, true), text)
    end)
  end

  bad("a missing field", "patch_identities", { email = "a@b.c", identity = "x" }, "integrationId",
    "is missing")
  bad("a field of another type", "patch_identities",
    { email = "a@b.c", integrationId = "5322", identity = "x" }, "integrationId",
      "must be an integer, is string")
  bad("a fraction", "patch_identities",
    { email = "a@b.c", integrationId = 1.5, identity = "x" }, "integrationId",
      "must be an integer, is number")
  bad("an empty field", "patch_identities",
    { email = "", integrationId = 1, identity = "x" }, "email", "is empty")
  bad("a misspelt field", "patch_identities",
    { email = "a@b.c", integrationId = 1, identity = "x", integration_id = 1 },
    "integration_id", "did you mean 'integrationId'?")
  bad("null", "patch_identities",
    { email = sei.null, integrationId = 1, identity = "x" }, "email", "is missing")
  bad("invalid UTF-8", "patch_identities",
    { email = "a@b.c", integrationId = 1, identity = "\xFF" }, "identity", "UTF-8")
  bad("a row that is no table", "patch_identities", "a@b.c", "", "a row must be a table, is string")
  bad("a contributor without integration_user_ids", "update_contributors",
    { id = "3" }, "integration_user_ids", "is missing")
  bad("a contributor without id and email", "update_contributors",
    { full_name = "x", integration_user_ids = {} }, "id|email", "one is needed")
  bad("an address over 150 characters", "update_contributors",
    { email = ("x"):rep(151), integration_user_ids = {} }, "email",
      "has 151 characters, the service keeps 150")
  bad("an e-mail that is no string", "delete_developers", 5, "email", "must be a string")
  bad("a missing type", "add_cloud_ids", { email = "a@b.c", cloudId = "x" }, "applicationType",
    "is missing")

  each {
    { "rows are needed", function() client():patch_identities() end,
      "bad argument #1 to 'patch_identities'", "got nothing" },
    { "rows are an array", function() client():patch_identities "rows.csv" end, "got string" },
    { "one row goes in braces, too", function() client():patch_identities { email = "a@b.c" } end,
      "array of rows expected", "in braces" },
    { "misspelt options", function() client():patch_identities({}, { batchsize = 5 }) end,
      "unknown option 'batchsize' for patch_identities", "did you mean 'batch_size'?" },
    { "batches have rows", function() client():patch_identities({}, { batch_size = 0 }) end,
      "'batch_size'", "got 0" },
    { "what is not documented is asked for", function() client():activate_version(1) end,
      "activate_version is not documented", "undocumented = true" },
    { "a version is a whole number", function()
      client { undocumented = true }:activate_version "1}" end,
      "for activate_version", "whole number expected" },
    { "a version id is needed", function() client():activate_developers() end,
      "bad argument #1 to 'activate_developers'", "got nothing" },
    { "field mappings are needed", function() client():map_developer_fields "7" end,
      "bad argument #2 to 'map_developer_fields'", "table expected" },
  }
end)

describe("files", function()
  each {
    { "an upload needs rows", function() client():upload_identities {} end,
      "either the option 'file' or 'rows'" },
    { "and only one of them", function() client():upload_identities { file = "x", rows = {} } end,
      "not both" },
    { "an upload's file must be there",
      function() return client():upload_identities { file = "/no/such.csv" } end,
      "io:", "/no/such.csv", "No such file" },
    { "a download's folder must be there", function()
      return client():download_identities { file = "/no/such/folder/x.csv" } end,
        "io:", "No such file" },
    { "a download goes to one place", function()
      client():download_identities { file = "x", to = print } end,
        "either the option 'file' or 'to', not both" },
    { "to is a function", function() client():download_identities { to = "x.csv" } end,
      "'to'", "function expected" },
    { "rows of developers need a header",
      function() return client():upload_developers { rows = { { a = 1 } } } end,
      "'header'" },
  }

  local function file(title, text, ...)
    local parts = { ... }
    it(title, function()
      local path = temporary(text)
      local message = told(function() return client():upload_identities { file = path } end, path)
      for _, part in ipairs(parts) do
        assert.is_truthy(message:find(part, 1, true), ("%q is not in: %s"):format(part, message))
      end
    end)
  end

  file("an empty file", "", "FILE", "empty")
  file("a header alone", "email,integrationId,identity\n", "FILE", "no rows")
  file("a column is missing", "email,integrationId,login\na@b.c,1,x\n", "FILE", "identity")
  file("a ragged row", "email,integrationId,identity\na@b.c,1,x\na@b.c,1\n", "FILE:3:", "2 fields",
    "3")
  file("a quote that never ends", 'email,integrationId,identity\n"a@b.c,1,x\n', "FILE:2", "quote")
  file("a bad number", "email,integrationId,identity\na@b.c,1,x\nd@e.f,one,y\n", "FILE:3:",
    "integrationId",
    "must be an integer")
  file("an empty cell", "email,integrationId,identity\na@b.c,1,\n", "FILE:2:", "identity",
    "is empty")
  file("invalid UTF-8", "email,integrationId,identity\na@b.c,1,\xFF\n", "FILE:2", "UTF-8")
end)

describe("CSV and JSON", function()
  each {
    { "read needs a source", function() sei.csv.read {} end, "file" },
    { "read takes one source", function() sei.csv.read { file = "a", text = "b" } end, "file" },
    { "read suggests delimitr", function() sei.csv.read { text = "a", delimitr = ";" } end,
      "delimiter" },
    { "delimiter is one byte", function() sei.csv.read { text = "a", delimiter = "ab" } end,
      "delimiter" },
    { "write needs a target", function() sei.csv.write {} end, "file" },
    { "decode wants a string", function() sei.json.decode(5) end, "string expected" },
    { "broken JSON", function() return sei.json.decode '{"a":}' end, "decode" },
    { "functions are no JSON", function() return sei.json.encode { f = print } end, "function" },
    { "NaN is no JSON", function() return sei.json.encode { 0 / 0 } end, "[1]" },
  }
end)

describe("a closed client", function()
  it("says so", function()
    local c = client()
    c:close()
    local value, err = c:get_schema()
    assert.is_nil(value)
    assert.equal("closed", err.kind)
    assert.has_error(function() c:list_contributors() end)
  end)
end)

it("shows no key in the client's own text", function()
  assert.is_nil(tostring(client()):find("canary", 1, true))
  assert.is_nil(tostring(sei.key.env "HOME"):find(os.getenv "HOME", 1, true))
end)
