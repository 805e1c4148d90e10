-- Whose is this login?
--
-- People from an HR export and accounts from a tool's export go in. Each
-- account is matched by the lookup table, then by e-mail; the identities are
-- uploaded with one call and read back; what could not be matched is shown.
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/03_map_identities.lua \
--     PEOPLE.csv ACCOUNTS.csv LOOKUP.csv INTEGRATION_ID
--
-- PEOPLE has the columns email,name; ACCOUNTS login,name,email; LOOKUP
-- login,email. A key that leads to two people decides nothing.

local sei = require "sei"
local report = require "sei.report"

local people_file, accounts_file, lookup_file = arg[1], arg[2], arg[3]
local integration = math.tointeger(arg[4])
if not integration then
  io.stderr:write("usage: 03_map_identities.lua PEOPLE.csv ACCOUNTS.csv LOOKUP.csv ",
    "INTEGRATION_ID\n")
  os.exit(1)
end

local client = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
}

-- key -> person; false once a second person has the same key.
local function index(rows, key, value)
  local map = {}
  for row in rows do
    local k, v = row[key]:lower(), value(row)
    if k ~= "" then
      if map[k] ~= nil and map[k] ~= v then v = false end
      map[k] = v
    end
  end
  return map
end

local function email(row) return row.email:lower() end

local by_email = index(sei.csv.read { file = people_file, columns = { "email", "name" } },
  "email", email)
local by_login = index(sei.csv.read { file = lookup_file, columns = { "login", "email" } },
  "login", email)

local identities, table_rows, unmatched = {}, {}, {}
for account in sei.csv.read { file = accounts_file, columns = { "login", "name", "email" } } do
  local address, rule = by_login[account.login:lower()], "lookup"
  if address == nil then address, rule = by_email[account.email:lower()], "e-mail" end
  if address and not by_email[address] then
    unmatched[#unmatched + 1] = { account.login, account.name, "HR does not know " .. address }
  elseif address then
    identities[#identities + 1] =
      { email = address, integrationId = integration, identity = account.login }
    table_rows[#table_rows + 1] = { account.login, address, rule }
  else
    unmatched[#unmatched + 1] = { account.login, account.name,
      address == false and "more than one person has this " .. rule
        or account.email == "" and "shows no address, is in no lookup table"
        or "HR does not know " .. account.email }
  end
end

local sent, err = client:upload_identities { rows = identities }
if not sent then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

-- Only reading back proves a write.
local there = {}
for row in client:download_identities() do
  there[row.integrationId .. "\0" .. row.identity] = row.email
end
local confirmed = 0
for i, id in ipairs(identities) do
  local ok = there[id.integrationId .. "\0" .. id.identity] == id.email
  if ok then confirmed = confirmed + 1 end
  table_rows[i][4] = ok and "yes" or "NO"
end

io.write("Matched and uploaded\n\n",
  report.table({ "login", "person", "matched by", "read back" }, table_rows),
  "\nNot matched\n\n", report.table({ "login", "name", "why" }, unmatched),
  ("\n%d accounts: %d matched, %d of them read back, %d left for a person to decide\n"):format(
    #identities + #unmatched, #identities, confirmed, #unmatched))
os.exit(confirmed == #identities, true)
