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
local EPOCH <const> = 1500000000000 -- ms; records are made in the 4 years after
local GIVEN, GIVEN_PLAIN = names.given, names.given_plain
local FAMILY, FAMILY_PLAIN = names.family, names.family_plain
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
    uuid_middle = ("-4%03x-8%03x-%08x"):format(bits & 0xfff, bits >> 12 & 0xfff, bits >> 32),
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
  return GIVEN_PLAIN[g] .. "." .. FAMILY_PLAIN[f] .. i .. "@" .. names.domains[(h >> 48 & 3) + 1]
end

local REGION, DEPARTMENT = {}, {}
for i, name in ipairs(names.regions) do REGION[i] = '{"region":"' .. name .. '","department":"' end
for i, name in ipairs(names.departments) do DEPARTMENT[i] = name .. '","employee_no":' end

-- The additional fields as JSON. One in 97 has some of every kind.
local function fields(h, i)
  local flat = REGION[(h >> 50 & 3) + 1] .. DEPARTMENT[(h >> 52 & 7) + 1] .. 1000000 + i
  if i % 97 ~= 13 then return flat .. "}" end
  return flat .. ',"badge":9223372036854775807,"since":-9007199254740993,"skills":["c","lua",[]],'
    .. '"desk":{"floor":3,"seat":"B-12","near":{}},"remote":true,"mentor":null,"share":0.1}'
end

-- Four hexadecimal digits of 16 bits; made when first wanted, faster than format.
local HEX = setmetatable({}, { __index = function(t, bits)
  t[bits] = ("%04x"):format(bits)
  return t[bits]
end })

-- The bits are a person's own (mix() is one to one), the middle is the seed's.
local function uuid(self, h)
  return HEX[h >> 48] .. HEX[h >> 32 & 0xffff] .. "-" .. HEX[h >> 16 & 0xffff] .. self.uuid_middle
    .. HEX[h & 0xffff]
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
    return ("712020:%08x-%04x-4%03x-a%03x-%012x"):format(h & 0xffffffff, h >> 32 & 0xffff,
      h >> 20 & 0xfff, h >> 40 & 0xfff, j)
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
  local born = EPOCH + (h >> 8 & 0x1fffffffff)
  return {
    id = tostring(i), uuid = uuid(self, h), full_name = full_name(h, g, f),
    email = email(h, g, f, i), fields = fields(h, i), accounts = self:accounts_of(i),
    version = 1, created_at = born, updated_at = born + (h & 0x3ffffff),
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

--- Person i as the JSON of a contributor: record() rendered, only faster.
function Population:contributor(i)
  local h, g, f = traits(self, i)
  local born = EPOCH + (h >> 8 & 0x1fffffffff)
  local name = full_name(h, g, f)
  if h >> 40 & 127 == 1 then name = json.quote(name):sub(2, -2) end
  return '{"id":"' .. i .. '","org_uuid":"' .. uuid(self, h) .. '","full_name":"' .. name
    .. '","email":"' .. email(h, g, f, i) .. '","integration_user_ids":['
    .. user_ids(self, i, h, g, f) .. '],"additional_fields":'
    .. fields(h, i) .. ',"version":"1","created_at":' .. born
    .. ',"updated_at":' .. born + (h & 0x3ffffff) .. "}"
end

return Population
