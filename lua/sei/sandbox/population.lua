--- An organisation made from a seed: people and the accounts that they have.
--
-- Everything about person i and account j is a pure function of the seed and
-- the number, computed when asked for: a million people cost nothing until
-- they are looked at, and the same seed gives the same bytes.
--
-- Every tenth person has no account. The accounts go round the others, so
-- that whose an account is, and which accounts somebody has, is arithmetic.
-- Accounts beyond `accounts` belong to nobody yet (api.md no. 5), but are named
-- after somebody: they are what there is to map.
local json = require "sei.sandbox.json"
local names = require "sei.sandbox.names"

local Population = {}
Population.__index = Population

local GOLDEN <const> = 0x9e3779b97f4a7c15
local GIVEN, GIVEN_PLAIN = names.given, names.given_plain
local FAMILY, FAMILY_PLAIN = names.family, names.family_plain
local DOMAIN = names.domains
local GIVENS <const>, FAMILIES <const> = #names.given, #names.family

--- The integrations that an organisation has, in the order of its accounts.
Population.integrations = {
  { id = 5322, type = "github", application = "GITHUB" },
  { id = 5323, type = "gitlab", application = "GITLAB_CLOUD" },
  { id = 5324, type = "bitbucket_server", application = "BITBUCKET_SERVER" },
  { id = 5325, type = "jira", application = "JIRA" },
  { id = 5326, type = "bitbucket_cloud", application = "BITBUCKET_CLOUD" },
  { id = 5327, type = "harness_code", application = "HARNESS_CODE" },
  { id = 5328, type = "custom", application = "CUSTOM" },
}

-- splitmix64's finaliser: 64 bits that look random.
local function mix(x)
  x = (x ~ (x >> 30)) * 0xbf58476d1ce4e5b9
  x = (x ~ (x >> 27)) * 0x94d049bb133111eb
  return x ~ (x >> 31)
end

--- Makes an organisation.
-- @tparam int seed
-- @tparam int people how many
-- @tparam int accounts how many of them are linked to somebody
function Population.new(seed, people, accounts)
  local busy = people - people // 10
  local bits = mix(seed)
  return setmetatable({
    seed = bits, people = people, accounts = busy > 0 and accounts or 0, busy = busy,
    max_id = people, managers = true,
    uuid_first = ("%02x-"):format(bits & 0xff),
    uuid_middle = ("%x-4%03x-8%03x-%06x"):format(bits >> 8 & 0xf, bits >> 12 & 0xfff,
      bits >> 24 & 0xfff, bits >> 40),
  }, Population)
end

-- What person i is made of: bits, given name and family name (numbers).
local function traits(self, i)
  local h = mix(self.seed + i * GOLDEN)
  return h, (h & 0xffff) % GIVENS + 1, (h >> 16 & 0xffff) % FAMILIES + 1
end

-- A few names are harder than others: beyond the BMP, with quotes, with a comma.
local function full_name(h, g, f)
  local kind = h >> 40 & 127
  if kind > 2 then return GIVEN[g] .. " " .. FAMILY[f] end
  if kind == 0 then return "𠮷" .. GIVEN[g] .. " 🦊 " .. FAMILY[f] end
  if kind == 1 then return GIVEN[g] .. ' "' .. GIVEN_PLAIN[g]:sub(1, 2) .. '\\o/" ' .. FAMILY[f] end
  return FAMILY[f] .. ", " .. GIVEN[g]
end

local function email(h, g, f, i)
  return GIVEN_PLAIN[g] .. "." .. FAMILY_PLAIN[f] .. i .. "@" .. DOMAIN[(h >> 48 & 3) + 1]
end

local REGION, DEPARTMENT = {}, {}
for i, name in ipairs(names.regions) do REGION[i] = ',"region":"' .. name .. '"' end
for i, name in ipairs(names.departments) do
  DEPARTMENT[i] = '{"department":"' .. name .. '","employee_no":'
end

local MORE_FIELDS <const> = ',"remote":true,"seat":{"desk":"B-12","floor":3,"near":{}},'
  .. '"serial":9223372036854775807,"since":-9007199254740993,"skills":["c","lua",[]],'
  .. '"tutor":null,"weight":0.1}'

-- How the additional fields end: one in 97 has some of every kind.
local function fields_end(i) return i % 97 == 13 and MORE_FIELDS or "}" end

-- The additional fields as JSON, names sorted (as json.encode has them).
local function fields(h, i)
  return DEPARTMENT[(h >> 52 & 7) + 1] .. i .. REGION[(h >> 50 & 3) + 1] .. fields_end(i)
end

-- Numbers of three hexadecimal or four decimal digits: faster than format.
local HEX, DECIMAL = {}, {}
for bits = 0, 4095 do HEX[bits] = ("%03x"):format(bits) end
for n = 0, 9999 do DECIMAL[n] = ("%04d"):format(n) end

-- The bits are a person's own, the rest is the seed's.
local function uuid(self, h)
  return HEX[h >> 52] .. HEX[h >> 40 & 4095] .. self.uuid_first .. HEX[h >> 28 & 4095]
    .. self.uuid_middle .. HEX[h >> 12 & 4095] .. HEX[h & 4095]
end

-- The time when a record was made: ms, between 2017 and 2020.
local function born(h)
  return "15" .. DECIMAL[(h & 0xffff) % 10000] .. DECIMAL[(h >> 16 & 0xffff) % 10000] .. "000"
end

-- ---- accounts ----

-- Whose account j is, or is named after.
local function person_of(self, j)
  if j > self.accounts then
    return self.people > 0 and (mix(self.seed ~ j * GOLDEN) >> 1) % self.people + 1 or 0
  end
  local slot = (j - 1) % self.busy
  return slot + slot // 9 + 1
end

-- Which of a person's accounts j is, from 0: each goes to another integration.
local function round_of(self, j)
  return self.busy > 0 and (j - 1) // self.busy or 0
end

local LOGIN = {
  function(g, f, j) return GIVEN_PLAIN[g]:sub(1, 1) .. FAMILY_PLAIN[f] .. "-" .. j end,
  function(g, f, j) return GIVEN_PLAIN[g] .. "." .. FAMILY_PLAIN[f] .. j end,
  function(g, f, j) return FAMILY_PLAIN[f] .. "_" .. GIVEN_PLAIN[g]:sub(1, 1) .. j end,
  function(_, _, j, h)
    return "712020:" .. HEX[h & 4095] .. HEX[h >> 12 & 4095] .. "5e-0" .. HEX[h >> 24 & 4095]
      .. "-4a1c-9d2e-" .. HEX[j >> 36] .. HEX[j >> 24 & 4095] .. HEX[j >> 12 & 4095]
      .. HEX[j & 4095]
  end,
}

local function login(self, j, h, g, f)
  local which = ((h >> 56) + round_of(self, j)) & 3
  return 5322 + which, LOGIN[which + 1](g, f, j, h)
end

--- Account j.
-- @treturn int integration id
-- @treturn string login
-- @treturn int whose it is, 0 for nobody's
function Population:account(j)
  local i = person_of(self, j)
  local integration, name = login(self, j, traits(self, i))
  return integration, name, j <= self.accounts and i or 0
end

--- Whose account j is; 0 for nobody's.
function Population:owner(j)
  return j <= self.accounts and person_of(self, j) or 0
end

--- The name shown for an account.
function Population:account_name(j)
  return full_name(traits(self, person_of(self, j)))
end

--- An identity in one go: e-mail address, integration id, login, person.
function Population:identity(j)
  local i = person_of(self, j)
  local h, g, f = traits(self, i)
  local integration, name = login(self, j, h, g, f)
  return email(h, g, f, i), integration, name, i
end

--- The same as a line of CSV, only faster; nil if the person is in `changed`.
function Population:identity_line(j, changed)
  local i = person_of(self, j)
  if changed[i] then return nil end
  local h, g, f = traits(self, i)
  local integration, name = login(self, j, h, g, f)
  return GIVEN_PLAIN[g] .. "." .. FAMILY_PLAIN[f] .. i .. "@" .. DOMAIN[(h >> 48 & 3) + 1] .. ","
    .. integration .. "," .. name .. "\r\n"
end

--- The numbers of a person's accounts.
function Population:accounts_of(i)
  local list = {}
  if i % 10 == 0 then return list end
  for j = i - (i - 1) // 10, self.accounts, self.busy do list[#list + 1] = j end
  return list
end

--- The account of that integration and login, if it is one of ours.
-- @tparam int integration
-- @tparam string name
-- @tparam int highest the highest number that there is
function Population:find_account(integration, name, highest)
  local digits = name:match "%d+$"
  local j = integration == 5325 and tonumber(name:sub(-12), 16) or math.tointeger(tonumber(digits))
  if not j or j < 1 or j > highest then return nil end
  local its_integration, its_name = self:account(j)
  return its_integration == integration and its_name == name and j or nil
end

-- ---- people ----

--- The person with that e-mail address, in lower case.
function Population:find_person(address)
  local i = math.tointeger(tonumber((address:match "^[a-z.]+(%d+)@")))
  if not i or i < 1 or i > self.people then return nil end
  local h, g, f = traits(self, i)
  return email(h, g, f, i) == address and i or nil
end

--- The person with that id.
function Population:find_id(id)
  local i = id:find "^[1-9]%d*$" and math.tointeger(tonumber(id))
  return i and i <= self.people and i or nil
end

--- Person i as a record; see store.lua for its shape.
function Population:record(i)
  local h, g, f = traits(self, i)
  local made = math.tointeger(tonumber(born(h)))
  return {
    id = tostring(i), uuid = uuid(self, h), full_name = full_name(h, g, f),
    email = email(h, g, f, i), fields = fields(h, i), accounts = self:accounts_of(i),
    version = 1, created_at = made, updated_at = made,
  }
end

local HEAD = {}
for k = 1, 4 do HEAD[5321 + k] = '{"integration_id":"' .. 5321 + k .. '","user_id":"' end

local function user_ids(self, i, h, g, f)
  if i % 10 == 0 then return "" end
  local j = i - (i - 1) // 10
  if j > self.accounts then return "" end
  local integration, name = login(self, j, h, g, f)
  local text = HEAD[integration] .. name .. '"}'
  for next_j = j + self.busy, self.accounts, self.busy do
    integration, name = login(self, next_j, h, g, f)
    text = text .. "," .. HEAD[integration] .. name .. '"}'
  end
  return text
end

--- Person i as the JSON of a contributor: record() rendered, only faster, in
-- one expression because every text in between would cost as much again.
function Population:contributor(i)
  local h, g, f = traits(self, i)
  local kind, id, made = h >> 40 & 127, tostring(i), born(h)
  local name = GIVEN[g] .. " " .. FAMILY[f]
  if kind < 3 then name = json.quote(full_name(h, g, f)):sub(2, -2) end
  return '{"id":"' .. id .. '","org_uuid":"' .. HEX[h >> 52] .. HEX[h >> 40 & 4095]
    .. self.uuid_first .. HEX[h >> 28 & 4095] .. self.uuid_middle .. HEX[h >> 12 & 4095]
    .. HEX[h & 4095] .. '","full_name":"' .. name .. '","email":"'
    .. GIVEN_PLAIN[g] .. "." .. FAMILY_PLAIN[f] .. id .. "@" .. DOMAIN[(h >> 48 & 3) + 1]
    .. '","integration_user_ids":[' .. user_ids(self, i, h, g, f) .. '],"additional_fields":'
    .. DEPARTMENT[(h >> 52 & 7) + 1] .. id .. REGION[(h >> 50 & 3) + 1] .. fields_end(i)
    .. ',"version":"1","created_at":' .. made .. ',"updated_at":' .. made .. "}"
end

return Population
