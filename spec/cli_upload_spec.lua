-- sei upload: the file is checked before anything is sent, and every row's fate
-- is told.
local command = require "spec.support.command"
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local HEAD <const> = "email,integrationId,identity\n"

local e, folder, people

setup(function()
  folder = shell.folder()
  e = emulator.start { people = 20 }
  people = {}
  for i, one in ipairs(e:api("POST", "/v1/org/users/list", { page_size = 50 }).records) do
    people[i] = one.email
  end
end)
teardown(function()
  e:stop()
  shell.remove(folder)
end)
before_each(function() e:reset() end)

local function file(text)
  local path = folder .. "/rows.csv"
  local out = assert(io.open(path, "wb"))
  out:write(text)
  out:close()
  return path
end

local function upload(words) return command.run(e, "upload " .. words) end

local function has(text, wanted) assert.truthy(text:find(wanted, 1, true), text) end

-- Requests that write.
local function writes()
  local n = 0
  for _, one in ipairs(e:log()) do
    if one.method ~= "GET" then n = n + 1 end
  end
  return n
end

local function owner(login)
  local text = e:request("GET", "/v2/developers/identities",
    { ["x-api-key"] = "k", accept = "text/csv" })
  for email, identity in text:gmatch "([^,\r\n]*),%d+,([^,\r\n]*)" do
    if identity == login then return email end
  end
end

describe("sei upload", function()
  it("sends rows and says what became of them", function()
    local path = file(HEAD .. people[1] .. ",5322,new-1\n" .. people[2] .. ",5322,new-2\n")
    local text, status = upload("identities --verify " .. path)
    assert.equal(0, status, text)
    assert.equal("2 of 2 rows accepted in 1 request\n2 of 2 rows found when read back\n", text)
    assert.equal(people[1], owner "new-1")
    text, status = upload("identities --repair " .. path)
    assert.equal(0, status, text)
    path = file("email,applicationType,cloudId\n" .. people[3] .. ",GITHUB,new-3\n")
    text, status = upload("cloud-ids " .. path)
    assert.equal(0, status, text)
    has(text, "1 of 1 rows accepted")
  end)

  it("tells rows that the service refused, with status 1", function()
    local path = file(HEAD .. people[1] .. ",5322,new-1\nnobody@x.example,5322,new-2\n")
    local text, status = upload("identities " .. path)
    assert.equal(1, status, text)
    has(text, "1 of 2 rows accepted")
    has(text, "row 2 (line 3) rejected:")
    assert.equal(people[1], owner "new-1")
  end)

  local BAD <const> = { "row,two,three\n", "5322,x\n" }

  it("checks a file by its lines without asking anybody", function()
    e:clear_log()
    local path = file(HEAD .. "a@x.example,5322,one\n" .. "a@x.example,zz,two\n"
      .. "b@x.example,5322,one\n" .. "A@x.example,5322,one\n" .. ",5322,three\n")
    local text, status = upload("identities --dry-run " .. path)
    assert.equal(1, status, text)
    assert.equal(([[
%s:3: integrationId must be an integer, is string ("zz")
%s:6: email is empty
%s:4: contradiction: b@x.example, but line 2 says a@x.example
%s:5: the same as line 2
%s: 5 rows, 2 bad, 1 contradiction, 1 twice
]]):gsub("%%s", path), text)
    text, status = command.run(nil, "upload identities --dry-run "
      .. file(HEAD .. "a@x.example,5322,one\n"))
    assert.equal(0, status, text)
    has(text, "1 row, 0 bad, 0 contradictions, 0 twice")
    assert.same({}, e:log())
    for i, rows in ipairs(BAD) do
      text, status = upload("identities --dry-run " .. file(i == 1 and rows or HEAD .. rows))
      assert.equal(1, status, text)
      has(text, "rows.csv:")
    end
    text, status = upload("identities --dry-run " .. file(HEAD))
    assert.equal(1, status)
    has(text, "no rows to send")
    local many = {}
    for i = 1, 30 do many[i] = ("a@x.example,x%d,l\n"):format(i) end
    text = upload("identities --dry-run " .. file(HEAD .. table.concat(many)))
    has(text, "and 10 more lines like that")
  end)

  it("sends nothing of a file with a bad row, unless it may leave it out", function()
    local path = file(HEAD .. people[1] .. ",5322,new-1\n" .. people[2] .. ",zz,new-2\n")
    e:clear_log()
    local text, status = upload("identities " .. path)
    assert.equal(1, status, text)
    has(text, "rows.csv:3: integrationId must be an integer")
    has(text, "nothing was sent; mend the file, or send the other rows with --skip-bad")
    assert.equal(0, writes())
    text, status = upload("identities --skip-bad " .. path)
    assert.equal(1, status, text)
    has(text, "1 of 2 rows accepted in 1 request")
    has(text, "row 2 (line 3) not sent:")
    assert.equal(people[1], owner "new-1")
    path = file(HEAD .. people[1] .. ",5322,new-4\n" .. people[2] .. ",5322,new-4\n")
    e:clear_log()
    text, status = upload("identities --skip-bad " .. path)
    assert.equal(1, status, text)
    has(text, "contradiction")
    assert.equal(0, writes())
  end)

  it("uploads developers as a preview, and activates it", function()
    local path = file("email,name,boss\n" .. people[1] .. ",Somebody,\n")
    local text, status = upload("developers " .. path)
    assert.equal(0, status, text)
    has(text, "The upload is version 1, a preview.\n")
    has(text, "activated: --activate.")
    e:api("PUT", "/v2/developers/versions/1/fieldMappings", { fieldMappings = {
      { fieldType = "EMAIL", columnName = "email" }, { fieldType = "NAME", columnName = "name" },
      { fieldType = "MANAGER_EMAIL", columnName = "boss" } } })
    text, status = upload("developers --replace --activate " .. path)
    assert.equal(0, status, text)
    has(text, "Version 2 is active.\n")
    assert.equal("Somebody", e:api("GET", "/v2/developers?pageSize=50", nil,
      { accept = "application/json" }).records[1].name)
    local bad = file("email,name,boss\n" .. people[1] .. ",Somebody,\n" .. people[2]
      .. ",,nobody@x.example\n")
    text, status = upload("developers --replace " .. bad)
    assert.equal(1, status, text)
    has(text, bad .. ":3: name is empty; fill it in, or take the row out\n")
    has(text, "is no developer of the upload")
    for words, pattern in pairs { ["identities --activate"] = "--activate is for developers",
      ["developers --verify"] = "developers are uploaded whole",
      ["developers --skip-bad"] = "developers are uploaded whole",
      ["identitees"] = "Did you mean 'identities'?" } do
      local told, code = upload(words .. " " .. path)
      assert.equal(1, code, words)
      has(told, pattern)
    end
  end)
end)
