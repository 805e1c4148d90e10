-- Whose are the Bitbucket accounts, by the company's directory?
--
-- People come from LDAP as ldapsearch writes them, accounts from Bitbucket Server's
-- API. What is certain, and what SEI does not know yet, is sent in one call and
-- read back.
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/07_ldif_bitbucket.lua \
--     DIRECTORY.ldif BITBUCKET_USERS.json INTEGRATION_ID
--
-- The people: ldapsearch -E pr=1000/noprompt '(objectClass=inetOrgPerson)' uid cn mail
-- The accounts: GET /rest/api/latest/admin/users?limit=1000&start=0 and so on; a file in
-- which the last page is missing is refused.

local sei = require "sei"
local report = require "sei.report"

local people_file, accounts_file, integration = arg[1], arg[2], math.tointeger(arg[3])
if not integration then
  io.stderr:write("usage: 07_ldif_bitbucket.lua DIRECTORY.ldif BITBUCKET_USERS.json ",
    "INTEGRATION_ID\n")
  os.exit(1)
end

local client = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
}

local function must(value, err)
  if value then return value end
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

-- What SEI has of this integration now: login → address.
local function mapped()
  local owner = {}
  for _, account in ipairs(must(sei.source.directory(client,
      { what = "identities", integration_id = integration }):all())) do
    owner[account.login] = account.mapped_to
  end
  return owner
end

local people = sei.source.ldif { file = people_file }
local result = must(sei.match.run { people = people,
  accounts = sei.source.bitbucket { file = accounts_file, integration_id = integration } })

local before, rows, shown = mapped(), {}, {}
for _, row in ipairs(result.decisions) do
  local login, email = row.account.login, row.person.email
  if row.class == "certain" and before[login] ~= email then
    rows[#rows + 1] = { email = email, integrationId = integration, identity = login }
  end
  shown[#shown + 1] = { login, email, row.rule, before[login] == email and "known" or row.class }
end
io.write(report.table({ "login", "person", "rule", "state" }, shown))
for _, row in ipairs(result.review) do
  io.write(("%s: %s\n"):format(row.account.login, row.message))
end
for why, count in pairs(people:counts().passed) do
  io.write(("%s: %d times %s\n"):format(people_file:match "[^/]*$", count, why))
end

if #rows > 0 then
  local sent = must(client:patch_identities(rows))
  io.write(tostring(sent), "\n")
  local after = mapped()
  for _, row in ipairs(rows) do
    if after[row.identity] ~= row.email then
      io.write(("%s is not mapped to %s\n"):format(row.identity, row.email))
      os.exit(1)
    end
  end
end
io.write(("%d sent and read back\n"):format(#rows))
