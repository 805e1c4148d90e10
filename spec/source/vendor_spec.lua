-- Exports of the tools: each as its API gives it, with invented people.
local sei = require "sei"
local support = require "spec.support.csv"
local source = sei.source

local function all(kind, text, options)
  options = options or {}
  options.text = text
  local s = source[kind](options)
  local list, err = s:all()
  assert(list, err)
  return list, s
end

-- The fields of a record that say who it is.
local function who(r)
  return { id = r.id, login = r.login, name = r.name, email = r.email, emails = r.emails,
    active = r.active, bot = r.bot }
end

describe("sei.source.gitlab", function()
  local USERS <const> = [[
[{"id":11,"username":"alovelace","name":"Ada Lovelace","state":"active","locked":false,
  "avatar_url":null,"web_url":"https://gitlab.example.com/alovelace","public_email":"ada@home.test",
  "email":"ada@example.com","commit_email":"11-alovelace@users.noreply.gitlab.example.com",
  "identities":[{"provider":"saml","extern_uid":"ada@corp.test"}],"bot":false},
 {"id":12,"username":"bob","name":"Bob","state":"blocked","email":"","public_email":null}]
[{"id":13,"username":"project_7_bot_ab12","name":"ci","state":"active"}]
]]

  it("reads users, pages one after the other", function()
    local list = all("gitlab", USERS, { integration_id = 5323 })
    assert.same({ id = "11", login = "alovelace", name = "Ada Lovelace", email = "ada@example.com",
      emails = { "ada@home.test", "11-alovelace@users.noreply.gitlab.example.com",
        "ada@corp.test" }, active = true, bot = false }, who(list[1]))
    assert.same({ id = "12", login = "bob", name = "Bob", active = false, bot = false },
      who(list[2]))
    assert.same({ true, "5323", 6 },
      { list[3].bot, list[3].integration_id, list[3].source.line })
    assert.is_false(list[1].locked)
    assert.equal(5, list[2].source.line)
  end)

  it("reads members of a group and SAML identities", function()
    local list = all("gitlab", [[
[{"id":1,"username":"rs","name":"R S","state":"active","access_level":30,"email":null,
  "group_saml_identity":{"extern_uid":"rs@corp.test","provider":"group_saml"}}]
[{"user_id":2,"extern_uid":"x@corp.test","active":true}] ]])
    assert.same({ "rs", "rs@corp.test" }, { list[1].login, list[1].email })
    assert.same({ "2", "x@corp.test" }, { list[2].id, list[2].email })
  end)

  it("reads a CSV, JSON Lines and UTF-16", function()
    local list = all("gitlab", "Username;Name;Email\nrs;R S;rs@x\n")
    assert.same({ "rs", "R S", "rs@x" }, { list[1].login, list[1].name, list[1].email })
    local path = support.spit(support.scratch(finally) .. "/u.ndjson",
      '{"id":1,"username":"a"}\n{"id":2,"username":"b"}\n')
    list = assert(source.gitlab { file = path }:all())
    assert.same({ "b", 2 }, { list[2].login, list[2].source.line })
    list = all("gitlab", "\xFF\xFE" .. ('[{"username":"a"}]'):gsub(".", "%0\0"))
    assert.equal("a", list[1].login)
    local chunks = source.gitlab { chunks = support.pieces(USERS, 5) }
    assert.equal(3, #assert(chunks:all()))
  end)

  it("says when it is another tool's", function()
    local _, err = source.gitlab { text = '[{"accountId":"x","displayName":"X"}]',
      name = "x.json" }:all()
    assert.equal("x.json:1: this is no account of gitlab: it has none of the members username, "
      .. "extern_uid", err.message)
    assert.matches("it has accountId, displayName", err.hint, 1, true)
    _, err = source.gitlab { text = '{"message":"401 Unauthorized"}' }:all()
    assert.matches("it has message", err.hint, 1, true)
  end)

  it("takes other columns", function()
    local list = all("gitlab", USERS, { columns = { id = "web_url", name = false } })
    assert.same({ "https://gitlab.example.com/alovelace", "Ada Lovelace" },
      { list[1].id, list[1]._name })
    assert.is_nil(list[1].name)
  end)
end)

describe("sei.source.github", function()
  it("reads users and members", function()
    local list, s = all("github", [[
[{"login":"alove","id":1,"node_id":"x","type":"User","site_admin":false},
 {"login":"dependabot[bot]","id":2,"type":"Bot"},{"login":"acme","id":3,"type":"Organization"}]
{"login":"alove","id":1,"type":"User","name":"Ada Lovelace","email":"ada@x.test",
 "suspended_at":"2024-01-01T00:00:00Z"} ]])
    assert.same({ id = "1", login = "alove", bot = false }, who(list[1]))
    assert.is_true(list[2].bot)
    assert.same({ id = "1", login = "alove", name = "Ada Lovelace", email = "ada@x.test",
      active = false, bot = false }, who(list[3]))
    assert.same({ ["an organization"] = 1 }, s:counts().passed)
  end)

  it("reads the identities of a SAML provider", function()
    local page = [[{"data":{"organization":{"samlIdentityProvider":{"ssoUrl":"https://x",
"externalIdentities":{"pageInfo":{"hasNextPage":%s,"endCursor":"Y"},"edges":[
{"node":{"guid":"g","samlIdentity":{"nameId":"ada@corp.test","emails":[{"value":"ada@corp.test"},
 {"value":"al@corp.test"}]},"scimIdentity":null,"user":{"login":"alove","name":null}}},
{"node":{"guid":"h","samlIdentity":{"nameId":"u4711"},"user":{"login":"bob","email":""}}},
{"node":{"guid":"i","samlIdentity":{"nameId":"eve@corp.test"},"user":null}}]}}}}}]]
    local list, s = all("github", page:format "true" .. "\n" .. page:format "false")
    assert.equal(4, #list)
    assert.same({ login = "alove", email = "ada@corp.test", emails = { "al@corp.test" } },
      who(list[1]))
    assert.same({ login = "bob" }, who(list[2]))
    assert.same({ ["no login is linked"] = 2 }, s:counts().passed)
    local _, err = source.github { text = page:format "true" }:all()
    assert.matches("there are more pages", err.message, 1, true)
  end)

  it("reads members by GraphQL", function()
    local list = all("github", [[{"data":{"organization":{"membersWithRole":{"nodes":[
{"login":"alove","name":"Ada","email":"","organizationVerifiedDomainEmails":["ada@corp.test"],
 "databaseId":7}],"pageInfo":{"hasNextPage":false}}}}}]])
    assert.same({ id = "7", login = "alove", name = "Ada", email = "ada@corp.test" }, who(list[1]))
  end)

  it("reads an organization's exports", function()
    local list = all("github", "login,name,tfa_enabled,is_public,role,last_active,saml_name_id\n"
      .. "alove,Ada L,true,false,Member,2024-01-01,ada@corp.test\n")
    assert.same({ login = "alove", name = "Ada L", email = "ada@corp.test" }, who(list[1]))
    assert.equal("Member", list[1].role)
    list = all("github", '[{"login":"alove","name":"Ada L","saml_name_id":"ada@corp.test"}]')
    assert.equal("ada@corp.test", list[1].email)
    list = all("github", "GitHub com login,GitHub com name,GitHub com verified domain emails\n"
      .. "alove,Ada L,\"ada@corp.test, al@corp.test\"\n")
    assert.same({ "alove", "ada@corp.test", { "al@corp.test" } },
      { list[1].login, list[1].email, list[1].emails })
  end)
end)

describe("sei.source.bitbucket", function()
  it("reads Server's users", function()
    local list = all("bitbucket", [[
{"size":2,"limit":25,"isLastPage":false,"values":[
 {"name":"alove","emailAddress":"ada@x.test","active":true,"displayName":"Ada Lovelace","id":101,
  "slug":"alove","type":"NORMAL","directoryName":"LDAP","deletable":true},
 {"name":"svc","active":false,"displayName":"CI","id":102,"slug":"svc","type":"SERVICE"}],"start":0,
 "nextPageStart":2}
{"size":0,"limit":25,"isLastPage":true,"values":[],"start":2} ]])
    assert.same({ id = "101", login = "alove", name = "Ada Lovelace", email = "ada@x.test",
      active = true, bot = false }, who(list[1]))
    assert.same({ id = "102", login = "svc", name = "CI", active = false, bot = true },
      who(list[2]))
    assert.equal(2, list[1].source.line)
  end)

  it("reads a workspace's members", function()
    local list = all("bitbucket", [[{"pagelen":50,"values":[{"type":"workspace_membership",
"permission":"member","user":{"type":"user","uuid":"{a-b}","account_id":"712020:ab",
 "nickname":"alove","display_name":"Ada Lovelace"}}],"page":1,"size":1}]])
    assert.same({ id = "712020:ab", login = "alove", name = "Ada Lovelace", bot = false },
      who(list[1]))
    assert.equal("member", list[1].permission)
    local _, err = source.bitbucket { text = '{"values":[{"user":{"nickname":"a"}}],'
      .. '"next":"https://api.bitbucket.org/2.0/workspaces/x/members?page=2"}' }:all()
    assert.matches("there are more pages", err.message, 1, true)
  end)
end)

describe("sei.source.jira", function()
  it("reads Cloud's users", function()
    local list = all("jira", [[
[{"self":"https://x","accountId":"712020:c4","accountType":"atlassian",
"emailAddress":"ada@x.test","displayName":"Ada Lovelace","active":true,"timeZone":"UTC"},
{"accountId":"557058:f1","accountType":"app","displayName":"Automation","active":true}] ]])
    assert.same({ id = "712020:c4", name = "Ada Lovelace", email = "ada@x.test", active = true,
      bot = false }, who(list[1]))
    assert.is_true(list[2].bot)
    assert.equal(3, list[2].source.line)
  end)

  it("reads Server's users", function()
    local list = all("jira", [[[{"self":"x","key":"JIRAUSER10100","name":"alove",
"emailAddress":"ada@x.test","displayName":"Ada Lovelace","active":false}] ]])
    assert.same({ id = "JIRAUSER10100", login = "alove", name = "Ada Lovelace",
      email = "ada@x.test", active = false }, who(list[1]))
    assert.equal("alove", list[1]._name)
  end)

  it("reads an organization's exports, where User name is a name", function()
    local list = all("jira", "User id,User name,email,User status,Added to org\n"
      .. "712020:c4,Ada Lovelace,ada@x.test,Active,2024-01-01\n5b1:x,B,,Suspended,\n")
    assert.same({ id = "712020:c4", name = "Ada Lovelace", email = "ada@x.test", active = true },
      who(list[1]))
    assert.same({ id = "5b1:x", name = "B", active = false }, who(list[2]))
    list = all("jira", "Name,Email,Atlassian ID,Status\nAda L,ada@x.test,712020:c4,deactivated\n")
    assert.same({ id = "712020:c4", name = "Ada L", email = "ada@x.test", active = false },
      who(list[1]))
    list = all("jira", "Username,Full Name,Email\nalove,Ada L,a@x\n")
    assert.same({ login = "alove", name = "Ada L", email = "a@x" }, who(list[1]))
  end)
end)

describe("sei.source.azure", function()
  it("reads the graph's users", function()
    local list, s = all("azure", [[{"count":4,"value":[
{"subjectKind":"user","domain":"t","principalName":"ada@corp.test","mailAddress":"Ada.L@corp.test",
 "origin":"aad","originId":"o","displayName":"Ada Lovelace","descriptor":"aad.X"},
{"subjectKind":"user","principalName":"bob@corp.test","mailAddress":"","origin":"aad",
 "displayName":"Bob","descriptor":"aad.Y","isDeletedInOrigin":true},
{"subjectKind":"user","domain":"Build","principalName":"5e2f","origin":"vsts",
 "displayName":"Project Build Service","descriptor":"svc.Z"},
{"subjectKind":"group","principalName":"[x]\\Team","displayName":"Team","descriptor":"vssgp.A"}]}]])
    assert.same({ id = "aad.X", login = "ada@corp.test", name = "Ada Lovelace",
      email = "Ada.L@corp.test", emails = { "ada@corp.test" }, bot = false }, who(list[1]))
    assert.same({ id = "aad.Y", login = "bob@corp.test", name = "Bob", email = "bob@corp.test",
      active = false, bot = false }, who(list[2]))
    assert.same({ id = "svc.Z", login = "5e2f", name = "Project Build Service", bot = true },
      who(list[3]))
    assert.same({ ["a group"] = 1 }, s:counts().passed)
  end)

  it("reads user entitlements", function()
    local list = all("azure", [[{"members":[{"id":"1","user":{"subjectKind":"user","origin":"aad",
"principalName":"ada@corp.test","displayName":"Ada","descriptor":"aad.X"},
"lastAccessedDate":"2024-01-01"}],"continuationToken":null}]])
    assert.same({ id = "aad.X", login = "ada@corp.test", name = "Ada", email = "ada@corp.test",
      bot = false }, who(list[1]))
    assert.equal("1", list[1]._id)
  end)
end)

describe("sei.source.rows", function()
  it("takes an array, again and again, and leaves it as it is", function()
    local rows = { { login = "a", profile = { mail = "a@x" } }, { userName = "b" } }
    local s = source.rows(rows, { columns = { email = "profile.mail" }, integration_id = "7",
      name = "made" })
    for _ = 1, 2 do
      local list = assert(s:all())
      assert.same({ "a", "a@x", "7", "b" },
        { list[1].login, list[1].email, list[1].integration_id, list[2].login })
      assert.same({ file = "made", line = 2 }, list[2].source)
    end
    assert.same({ { login = "a", profile = { mail = "a@x" } }, { userName = "b" } }, rows)
  end)

  it("takes iterators: a function once, a source again", function()
    local i = 0
    local s = source.rows(function()
      i = i + 1
      return i <= 3 and { login = "u" .. i } or nil
    end)
    assert.equal(3, #assert(s:all()))
    assert.error_matches(function() s:all() end, "can be walked only once")
    s = source.rows(source.csv { text = "login\na\n", name = "x.csv" })
    for _ = 1, 2 do
      local list = assert(s:all())
      assert.same({ file = "x.csv", line = 2 }, list[1].source)
    end
  end)

  it("says what is no row", function()
    local _, err = source.rows { { login = "a" }, "b" }:all()
    assert.equal("rows:2: a table was expected, got a string", err.message)
    local s = source.rows({ 1, { login = "a" } }, { on_bad = function() end })
    assert.same({ 1, 1 }, { #assert(s:all()), s:counts().skipped })
    assert.error_matches(function() source.rows(7) end, "array or iterator expected, got number")
  end)
end)
