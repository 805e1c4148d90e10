-- sei get: what the service has, as a table, CSV or JSON; and in the midst of it
-- a reader that goes away, a full disk, a field that nobody has.
local command = require "spec.support.command"
local dkjson = require "dkjson"
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local e, folder

setup(function()
  folder = shell.folder()
  e = emulator.start { people = 230, quirks = { "dangling=4" } }
end)
teardown(function()
  e:stop()
  shell.remove(folder)
end)
before_each(function() e:reset() end)

local function get(words, variables) return command.run(e, "get " .. words, variables) end

local function contents(path)
  local f = io.open(path, "rb")
  if not f then return nil end
  local text = f:read "a"
  f:close()
  return text
end

local function decode(text) return (dkjson.decode(text, 1, dkjson.null)) end

local function contributors()
  local list = {}
  for _, one in ipairs(e:api("POST", "/v1/org/users/list", { page_size = 1000 }).records) do
    list[#list + 1] = one
  end
  return list
end

describe("sei get", function()
  it("writes every record, the same in each form", function()
    local all = contributors()
    local lines = get "contributors --jsonl --page-size 50"
    local i = 0
    for line in lines:gmatch "[^\n]+" do
      i = i + 1
      assert.same(all[i], (decode(line)))
    end
    assert.equal(#all, i)
    assert.same(all, (decode((get "contributors --json"))))
    i = 0
    for row in sei.csv.read { text = (get "contributors --csv") } do
      i = i + 1
      assert.equal(all[i].email, row.email)
      assert.equal(#all[i].integration_user_ids, select(2, row.integration_user_ids:gsub("/", "")))
      assert.same(all[i].additional_fields or {},
        decode(row.additional_fields ~= "" and row.additional_fields or "{}"))
    end
    assert.equal(#all, i)
    assert.equal("[]\n", (get "developers --json --filter emails=nobody@x.example"))
    assert.equal("", (get "developers --jsonl --filter emails=nobody@x.example"))
  end)

  it("knows six things", function()
    local first = {
      identities = "email,integrationId,identity\n",
      licensed = "org_user_ref_id,email,full_name,integration_user_details\n1,",
      schema = "index,key,display_name,type,system_field,description\n1,full_name,Name,string,",
      versions = "id,name,version\n1,Version 1,1\n", developers = "email,name,additionalFields,",
    }
    for what, beginning in pairs(first) do
      local text, status = get(what)
      assert.equal(0, status, text)
      assert.equal(beginning, text:sub(1, #beginning))
    end
    local want = e:request("GET", "/v2/developers/identities",
      { accept = "text/csv", ["x-api-key"] = "k" })
    assert.equal(want:gsub("\r", ""), (get "identities"))
    local one = dkjson.decode((get "identities --jsonl --max 1"))
    assert.equal("integer", math.type(one.integrationId))
    assert.is_number(dkjson.decode((get "schema --json")).created_at)
  end)

  it("prints a table on a terminal, within the window, CSV elsewhere", function()
    local text = get "contributors --table --max 3"
    assert.matches("^id  email +full_name +integration_user_ids +additional_fields\n%-%-  %-+",
      text)
    assert.equal(5, select(2, text:gsub("\n", "")))
    assert.matches("^id,email,", (get "contributors --max 3"))
  end)

  it("takes fields by name and by path, in their order", function()
    local all = contributors()
    local text = get "contributors --max 2 --fields additional_fields.region,email"
    assert.equal(("additional_fields.region,email\n%s,%s\n%s,%s\n"):format(
      all[1].additional_fields.region, all[1].email, all[2].additional_fields.region,
      all[2].email), text)
    local one = dkjson.decode((get "contributors --jsonl --max 1 -f id,additional_fields.region"))
    assert.same({ id = all[1].id, ["additional_fields.region"] = all[1].additional_fields.region },
      one)
    local status
    text, status = get "contributors --max 2 -f email,ful_name"
    assert.equal(0, status)
    assert.matches("sei: no record has the field 'ful_name' (did you mean 'full_name'?)\n", text,
      1, true)
  end)

  it("filters where the service filters", function()
    local all = contributors()
    local text = get "contributors --jsonl --filter include_dangling_logins=false"
    assert.equal(#all - 4, select(2, text:gsub("\n", "")))
    text = get(("developers --jsonl --filter emails=%s,%s"):format(all[1].email, all[2].email))
    assert.equal(2, select(2, text:gsub("\n", "")))
    text = get "identities --query note=1 --max 1"
    assert.equal(2, select(2, text:gsub("\n", "")))
    local log = e:log()
    assert.matches("note=1", log[#log].path, 1, true)
    for words, pattern in pairs {
      ["identities --filter serchKey=x"] = "unknown name 'serchKey' (did you mean 'searchKey'?)",
      ["licensed --filter a=b"] = "takes none", ["schema --filter a=b"] = "takes none",
      ["contributors --filter x"] = "NAME=VALUE expected",
      ["schema --page-size 3"] = "sei get schema has no pages",
      ["contributers"] = "Did you mean 'contributors'?", ["contributors --feilds a"] =
        "Did you mean '--fields'?", ["contributors --max 0"] = "a whole number from 1",
    } do
      local told, status = get(words)
      assert.equal(1, status, words)
      assert.truthy(told:find(pattern, 1, true), told)
    end
  end)

  it("writes a file whole or not at all", function()
    local path = folder .. "/out.csv"
    local text, status = get("versions -o " .. path)
    assert.equal("", text)
    assert.equal(0, status)
    assert.equal("id,name,version\n1,Version 1,1\n", contents(path))
    e:quirk("fault", "status-500@4:always")
    text, status = get("contributors --jsonl --page-size 20 --retries 0 --output " .. path)
    assert.equal(1, status, text)
    assert.matches("HTTP 500", text)
    assert.equal("id,name,version\n1,Version 1,1\n", contents(path))
    assert.same({ path }, shell.files(folder .. "/*"))
    text, status = get("versions -o " .. folder .. "/no/such")
    assert.equal(1, status)
    assert.matches("No such file or directory\n$", text)
  end)

  it("says that the disk is full, and leaves nothing", function()
    local path = folder .. "/full.jsonl"
    local text, status = shell.run(("ulimit -f 32; trap '' XFSZ; %s get contributors --jsonl -o %s")
      :format(command.line(e), path))
    assert.equal(1, status, text)
    assert.matches("full.jsonl: File too large", text, 1, true)
    assert.is_nil(contents(path))
    assert.same({}, shell.files(path .. "*"))
    text, status = get "contributors > /dev/full"
    assert.equal(1, status)
    assert.equal("sei: io: standard output: No space left on device\n", text)
  end)

  it("ends quietly when the reader of a pipe had enough", function()
    local text = shell.run("{ " .. command.line(e) .. " get contributors --jsonl --page-size 20; "
      .. "echo $? >&3; } 3>" .. folder .. "/status | head -n 1")
    assert.equal(1, select(2, text:gsub("\n", "")), text)
    assert.equal("141\n", contents(folder .. "/status"))
  end)

  it("guards cells for spreadsheets when it is asked to", function()
    e:api("PUT", "/v1/org/users", { { email = contributors()[1].email, full_name = "=1+1",
      integration_user_ids = setmetatable({}, { __jsontype = "array" }) } })
    assert.truthy(get "contributors -f full_name --max 300":find("\n=1+1\n", 1, true))
    assert.truthy(get "contributors -f full_name --spreadsheet":find("\n'=1+1\n", 1, true))
  end)
end)

describe("where the service is", function()
  it("is asked for, and its place told when it is wrong", function()
    local text, status = command.run(nil, "get versions")
    assert.equal(1, status)
    assert.matches("it is not known where the service is; give --region or --base-url", text, 1,
      true)
    text = command.run(e, "get versions --base-url http://x.example/a", { SEI_BASE_URL = "" })
    assert.matches("sei: decode: --base-url: bad option 'base_url'", text, 1, true)
    text, status = command.run(e, "get versions --api-key=" .. ("x"):rep(20))
    assert.equal(1, status)
    assert.is_nil(text:find("xxxx", 1, true))
  end)

  it("may come from a file; a key from a file or a command", function()
    local path = folder .. "/config"
    local f = assert(io.open(path, "w"))
    f:write(("base_url = %s\napi_key_command = printf 'a-%%s' key\nretries=0\n"):format(e.url))
    f:close()
    e:clear_log()
    local text, status = command.run(nil, "get versions --config " .. path)
    assert.equal(0, status, text)
    local log = e:log()
    assert.equal("a-key", log[#log].header["x-api-key"])
    text, status = command.run(nil, "get versions --api-key-command 'echo other'",
      { SEI_CONFIG = path })
    assert.equal(0, status, text)
    log = e:log()
    assert.equal("other", log[#log].header["x-api-key"])
  end)
end)

describe("its log", function()
  it("masks addresses unless it is told not to", function()
    local path = folder .. "/log"
    local email = contributors()[1].email
    local text = get(("developers --filter emails=%s --log %s -v -o /dev/null"):format(email, path))
    local masked = email:sub(1, 1) .. "***"
    assert.is_nil(text:find(email:match "^[^@]+", 1, true))
    assert.truthy(text:find("list_developers", 1, true))
    assert.truthy(text:find(masked, 1, true), text)
    assert.equal(text, contents(path))
    get(("developers --filter emails=%s --log %s --log-addresses -o /dev/null"):format(email, path))
    assert.truthy(contents(path):find(email:match "^[^@]+", 1, true))
    text = get(("contributors --max 3 -v --log-level debug -o /dev/null"))
    assert.truthy(text:find("***@", 1, true), text)
    assert.is_nil(text:find(email:match "^[^@]+@", 1, true))
    text = get("versions --log " .. folder .. "/no/log")
    assert.truthy(text:find("No such file", 1, true))
  end)
end)
