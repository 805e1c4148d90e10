-- generate - makes four of the files beside it: an HR export, a GitLab export, a
-- lookup table and what is mapped already, all of invented people. The same seed
-- gives the same bytes.
--
--   lua5.4 examples/data/generate.lua FOLDER
--
-- Of the accounts most show an address that HR knows, some only a login that
-- the lookup table explains, and some nothing that anybody knows.

local folder = arg[1] or error("usage: generate.lua FOLDER", 0)

local GIVEN = { "Ada", "Björn", "Chloé", "Dorota", "Emre", "Fatima", "Giulia", "Hiroshi", "Inês",
  "Jakub", "Kwame", "Linh", "Małgorzata", "Noor", "Oluwaseun", "Priya", "Quentin", "Renée" }
local FAMILY = { "Andersen", "Brand", "Castro", "Dahl", "Eriksen", "Fontaine", "García", "Hoang",
  "Ito", "Jovanović", "Kowalska", "Lindqvist", "Mbeki", "Núñez", "Okafor", "Petrov", "Rossi",
  "Szabó" }
local PLAIN = { ["ö"] = "o", ["é"] = "e", ["ê"] = "e", ["ł"] = "l", ["í"] = "i", ["ć"] = "c",
  ["ú"] = "u", ["ñ"] = "n", ["ó"] = "o" }

-- A generator of our own, so that every Lua gives the same files.
local state = 20261
local function below(n)
  state = (state * 1103515245 + 12345) % 2147483648
  return state // 65536 % n
end

local function plain(name)
  return (name:gsub("[\xC2-\xF4][\x80-\xBF]*", PLAIN):lower())
end

local function save(name, header, rows)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(header, "\n", table.concat(rows, "\n"), "\n")
  assert(file:close())
end

local people, accounts, lookup, used = {}, {}, {}, {}
while #people < 40 do
  local given, family = GIVEN[1 + below(#GIVEN)], FAMILY[1 + below(#FAMILY)]
  local email = plain(given) .. "." .. plain(family) .. "@example.com"
  if not used[email] then
    used[email] = true
    people[#people + 1] = email .. "," .. given .. " " .. family
    local login = plain(given):sub(1, 1) .. plain(family)
    local kind = below(10)
    if kind < 6 then
      accounts[#accounts + 1] = login .. "," .. given .. " " .. family .. ","
        .. (kind < 2 and email:upper() or email)
    elseif kind < 9 then
      accounts[#accounts + 1] = login .. "," .. given .. ","
      if kind < 8 then lookup[#lookup + 1] = login .. "," .. email end
    end
  end
end
accounts[#accounts + 1] = "renovate-bot,Renovate Bot,bot@renovate.example"
accounts[#accounts + 1] = "xX_coder_Xx,,someone@mail.example"

save("people.csv", "email,name", people)
save("gitlab.csv", "login,name,email", accounts)
save("lookup.csv", "login,email", lookup)

-- The first account is mapped, and the second one to the person of the third.
local function email_of(i) return people[i]:match "^[^,]*" end
local function login_of(i) return accounts[i]:match "^[^,]*" end
save("identities.csv", "email,integrationId,identity",
  { email_of(1) .. ",5323," .. login_of(1), email_of(3) .. ",5323," .. login_of(2) })
