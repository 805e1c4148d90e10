-- sei.source.ldif: RFC 2849, and what attributes of directories mean.
local sei = require "sei"
local support = require "spec.support.csv"
local ldif = sei.source.ldif

local function all(text, options)
  options = options or {}
  options.text = text
  return assert(ldif(options):all())
end

local function failure(text, options)
  options = options or {}
  options.text, options.name = text, "x.ldif"
  local list, err = ldif(options):all()
  assert.is_nil(list)
  return err
end

local ENTRIES <const> = [[
# extended LDIF
#
# a long comment that is
 folded

version: 1

dn: uid=ada,ou=people,dc=example,dc=com
objectClass: top
objectClass: inetOrgPerson
UID: ada
cn:: QWRhIEzDtnZlbGFjZQ==
cn: Ada L.
mail: ada@exa
 mple.com
mail: ada.l@example.com
proxyaddresses: SMTP:ada@example.com
proxyaddresses: smtp:al@example.com
proxyaddresses: X500:/o=x
jpegPhoto:: /9j/
empty:
description;lang-en:  two blanks

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: CN=Bob,DC=example,DC=com
objectClass: user
sAMAccountName: bob
givenName: Bob
sn: Baker
userAccountControl: 514
objectGUID:: AAECAwQFBgcICQoLDA0ODw==

dn: CN=PC1,DC=example,DC=com
objectClass: user
objectClass: computer
cn: PC1

# search reference
ref: ldap://other.example.com/dc=other

# search result
search: 2
result: 0 Success

# numResponses: 5
]]

describe("sei.source.ldif", function()
  it("reads what ldapsearch writes", function()
    for _, ending in ipairs { "\n", "\r\n" } do
      local text = ENTRIES:gsub("\n", ending)
      for _, size in ipairs { 1, 7, 100000 } do
        local s = ldif { chunks = support.pieces(text, size), name = "people.ldif" }
        local list = assert(s:all())
        assert.equal(2, #list)
        local ada, bob = list[1], list[2]
        assert.same({ "ada", "Ada L\u{F6}velace", "ada@example.com",
          { "ada.l@example.com", "al@example.com" }, { "Ada L." } },
          { ada.login, ada.name, ada.email, ada.emails, ada.names })
        assert.same({ { "top", "inetOrgPerson" }, "/9j/", "", "two blanks",
          "uid=ada,ou=people,dc=example,dc=com" }, { ada.objectClass, ada["jpegPhoto::"],
          ada.empty, ada["description;lang-en"], ada.dn })
        assert.same({ file = "people.ldif", line = 8 }, ada.source)
        assert.same({ "bob", "Bob Baker", false, "03020100-0504-0706-0809-0a0b0c0d0e0f", 28 },
          { bob.login, bob.name, bob.active, bob.objectGUID, bob.source.line })
        local counts = s:counts()
        assert.same({ ["not a person: organizationalUnit"] = 1, referral = 1,
          ["not a person: user computer"] = 1, ["result of the search"] = 1 }, counts.passed)
        assert.equal(2, counts.records)
      end
    end
  end)

  it("takes other attributes for fields, in any case", function()
    local r = all("dn: x\nemployeeNumber: 7\nUID: u\nxmail: a@x\n", { columns = {
      id = "EMPLOYEENUMBER", email = "XMail", login = false,
      name = function(entry) return entry.uid:upper() end } })[1]
    assert.same({ "7", "a@x", "U" }, { r.id, r.email, r.name })
    assert.is_nil(r.login)
  end)

  it("asks a filter instead of the classes", function()
    local list = all("dn: a\ncn: A\nobjectClass: groupOfNames\n\ndn: b\ncn: B\n",
      { filter = function(entry) return entry.dn == "a" end })
    assert.same({ "A" }, { list[1].name, list[2] })
  end)

  it("knows locked accounts", function()
    local list = all("dn: a\nuid: a\nnsAccountLock: TRUE\n\n"
      .. "dn: b\nuid: b\nuserAccountControl: 512\n\ndn: c\nuid: c\n")
    assert.same({ false, true }, { list[1].active, list[2].active })
    assert.is_nil(list[3].active)
  end)

  it("refuses changes, files and what is no LDIF", function()
    for text, want in pairs {
      ["dn: a\nchangetype: modify\nadd: x\nx: y\n-\n"] = { "a change (changetype: modify)", 1 },
      ["dn: a\ncontrol: 1.2.3 true\n"] = { "a change (control", 1 },
      ["dn: a\ncn: A\njpegPhoto:< file:///etc/passwd\n"] = { "no file is read", 3 },
      ["dn: a\ncn:: QQ=\n"] = { "'cn' is not base64", 2 },
      ["dn: a\ncn:: Q=QQ\n"] = { "'cn' is not base64", 2 },
      ["dn: a\nfoo\n"] = { "no \"attribute: value\"", 2 },
      ["cn: x\n"] = { "does not begin with 'dn:'", 1 },
      [" x\n"] = { "continues nothing", 1 },
      ["version: 2\n\ndn: x\ncn: y\n"] = { "version of LDIF must be 1", 1 },
      ["version: 2\ndn: x\ncn: y\n"] = { "version of LDIF must be 1", 1 },
      ["dn: a\ncn: A\n\nsearch: 2\nresult: 4 Size limit exceeded\n"] =
        { "entries are missing: result 4 Size limit exceeded", 4 },
      ["dn: a\ncn: \xE9\n"] = { "'cn' is not valid UTF-8", 2 },
      ["dn: a\ncn: A\ndn: b\n"] = { "two dn", 1 },
      ["dn: a\nmail:: /w==\nl: x\n"] = { "needs a login, a name or an e-mail address", 1 },
    } do
      local err = failure(text)
      assert.matches(want[1], err.message, 1, true)
      assert.same({ "decode", "x.ldif", want[2] }, { err.kind, err.file, err.line })
    end
  end)

  it("goes on behind a bad record, but not behind a search that failed", function()
    local told = {}
    local s = ldif { text = "dn: a\nfoo\ncn: A\n\ndn: b\ncn: B\n\ncn: C\n\ndn: d\nuid: d\n",
      on_bad = function(err) told[#told + 1] = err.line end }
    local list = assert(s:all())
    assert.same({ "B", "d", 2, 8 }, { list[1].name, list[2].login, told[1], told[2] })
    assert.same({ ["no LDIF"] = 1, ["no dn"] = 1 }, s:counts().reasons)
    assert.matches("entries are missing", failure("dn: a\ncn: A\n\nresult: 3 Time limit exceeded\n",
      { on_bad = function() end }).message, 1, true)
  end)

  it("reads the version right above the first record, and Latin-1", function()
    local list = all("version: 1\ndn: a\ncn: Zo\xEB\n", { encoding = "latin-1" })
    assert.same({ "Zo\u{EB}", 2 }, { list[1].name, list[1].source.line })
  end)

  -- Values of any bytes, folded anywhere, in base64 where they need it.
  it("reads back what was written", function()
    local seed = 20240607
    local function random(n)
      seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
      return (seed >> 8) % n
    end
    local ALPHABET <const> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    local function base64(raw)
      local out = {}
      for i = 1, #raw, 3 do
        local a, b, c = raw:byte(i, i + 2)
        local n = a << 16 | (b or 0) << 8 | (c or 0)
        for k, shift in ipairs { 18, 12, 6, 0 } do
          local at = (n >> shift & 63) + 1
          out[#out + 1] = (k == 3 and not b or k == 4 and not c) and "=" or ALPHABET:sub(at, at)
        end
      end
      return table.concat(out)
    end
    local function fold(line)
      local out, at = {}, 1
      while at <= #line do
        local n = 1 + random(30)
        out[#out + 1] = line:sub(at, at + n - 1)
        at = at + n
      end
      return table.concat(out, "\n ")
    end
    local POOL <const> = { "a", "Z", " ", ":", "<", "#", "\u{E9}", "\u{1F600}", "\n", "\r", "-",
      "9" }
    local lines, want = {}, {}
    for i = 1, 300 do
      local parts = {}
      for k = 1, random(20) do parts[k] = POOL[1 + random(#POOL)] end
      local value = "x" .. table.concat(parts) .. "y"
      want[i] = value
      local line = (value:find "[\r\n\x80-\xFF]" or random(4) == 0) and "cn:: " .. base64(value)
        or "cn: " .. value
      lines[#lines + 1] = "dn: uid=" .. i .. "\n" .. fold(line) .. "\nuid: u" .. i .. "\n"
    end
    local list = all(table.concat(lines, "\n"))
    assert.equal(300, #list)
    for i, r in ipairs(list) do assert.same({ want[i], "u" .. i }, { r.cn, r.login }) end
  end)
end)
