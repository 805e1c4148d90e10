--- What the organisation is now: the population, and on top what writes changed.
--
-- A record is `{ id, uuid, full_name, email, fields, accounts, version,
-- created_at, updated_at }`: `fields` is the JSON text of the additional fields
-- as json.encode writes it, `accounts` an array of account numbers; `manager`,
-- once the developers' table was told, an e-mail address. Records are never
-- changed once stored; a change stores another.
--
-- People and accounts go by number. People: 1 to the population's, then those
-- that were added. Accounts: 1 to the population's, then the dangling, and from
-- EXTRA on those that only a write has ever named; they are forgotten when
-- nobody has them any more, while the others become dangling.
local Population = require "sei.sandbox.population"
local Sequence = require "sei.sandbox.sequence"

local Store = {}
Store.__index = Store

local EXTRA <const> = 1 << 40
local VERSIONS_KEPT <const> = 999 -- api.md no. 3
local WRITTEN <const> = 1800000000000 -- ms; the time of version 0, one second each

local function clean(self)
  local population = self.population
  self.people = {}        -- number -> record, false for one that is gone
  self.by_email = {}      -- address -> number, false
  self.by_id = {}         -- id of an added person -> number
  self.owners = {}        -- account -> person, false for nobody
  self.live = Sequence.new(1, population.people)
  self.linked = Sequence.new(1, population.accounts)
  self.dangling = Sequence.new(population.accounts + 1, population.accounts + self.dangling_count)
end

--- @tparam table population from population.lua or loaded.lua
function Store.new(population)
  local self = setmetatable({
    population = population, dangling_count = 0, generation = 0,
    last_person = population.people, last_id = population.max_id,
    extras = {}, by_account = {}, last_extra = EXTRA,
    integrations = {}, integration_of = {},
    versions = {}, active = 1, last_version = 1, oldest_version = 1,
  }, Store)
  for _, integration in ipairs(population.integrations or Population.integrations) do
    self.integrations[integration.id] = integration
    self.integration_of[integration.application] = integration.id
  end
  self.versions[1] = { changed = {} }
  clean(self)
  return self
end

--- Lets N accounts of the population that belong to nobody exist.
function Store:set_dangling(n)
  self.dangling_count = n
  self.dangling:set_high(self.population.accounts + n)
  self.generation = self.generation + 1
end

-- ---- accounts ----

--- Integration id and login of an account.
function Store:account(j)
  local extra = self.extras[j]
  if extra then return extra[1], extra[2] end
  return self.population:account(j)
end

--- The person who has the account, or false.
function Store:owner(j)
  local owner = self.owners[j]
  if owner ~= nil then return owner end
  if j >= EXTRA then return false end
  local i = self.population:owner(j)
  return i ~= 0 and i
end

--- The account of that integration and login.
-- @treturn int its number, a new one if nobody has named it before
function Store:account_number(integration, login)
  local j = self.population:find_account(integration, login,
    self.population.accounts + self.dangling_count)
  if j then return j end
  local key = integration .. "\0" .. login
  j = self.by_account[key]
  if not j then
    j = self.last_extra + 1
    self.last_extra, self.by_account[key], self.extras[j] = j, j, { integration, login }
  end
  return j
end

local function set_owner(self, j, i)
  self.owners[j] = i
  if i then
    self.linked:insert(j)
    self.dangling:remove(j)
  else
    self.linked:remove(j)
    if j < EXTRA then self.dangling:insert(j) end
  end
end

--- An identity: e-mail address, integration id, login; nil if it has no owner.
function Store:identity(j)
  local owner = self.owners[j]
  if owner == nil and j < EXTRA then
    local email, integration, login, i = self.population:identity(j)
    local record = self.people[i]
    return record and record.email or email, integration, login, i
  end
  if not owner then return nil end
  local integration, login = self:account(j)
  return self:person(owner).email, integration, login, owner
end

-- ---- people ----

--- The record of a person by number, or nil.
function Store:person(i)
  local record = self.people[i]
  if record ~= nil then return record or nil end
  if i > self.population.people or i < 1 then return nil end
  return self.population:record(i)
end

--- The number of the person with that e-mail address (in lower case), or nil.
function Store:find_email(email)
  local i = self.by_email[email]
  if i ~= nil then return i or nil end
  i = self.population:find_person(email)
  return i and self.people[i] ~= false and i or nil
end

--- The number of the person with that id, or nil.
function Store:find_id(id)
  local i = self.by_id[id] or self.population:find_id(id)
  return i and self.people[i] ~= false and i or nil
end

local function without(list, j)
  local rest = {}
  for _, other in ipairs(list) do
    if other ~= j then rest[#rest + 1] = other end
  end
  return rest
end

--- A copy of a record with some fields changed.
function Store.changed(record, changes)
  local copy = {}
  for name, v in pairs(record) do copy[name] = v end
  for name, v in pairs(changes) do copy[name] = v end
  return copy
end

local function place(self, i, record)
  self.people[i] = record
  self.versions[self.active].changed[i] = record
  if record then
    self.by_email[record.email] = i
    self.live:insert(i)
    if i > self.population.people then self.by_id[record.id] = i end
  else
    self.live:remove(i)
  end
end

local function move_accounts(self, i, old, record)
  local mine = {}
  for _, j in ipairs(record and record.accounts or {}) do
    mine[j] = true
    local owner = self:owner(j)
    if owner and owner ~= i then
      local other = self:person(owner)
      place(self, owner, Store.changed(other, { accounts = without(other.accounts, j) }))
    end
    if owner ~= i then set_owner(self, j, i) end
  end
  for _, j in ipairs(old and old.accounts or {}) do
    if not mine[j] and self:owner(j) == i then set_owner(self, j, false) end
  end
end

--- Stores a person's record; false deletes the person. Accounts that another
-- person had move over; accounts that it no longer has belong to nobody.
function Store:save(i, record)
  local old = self:person(i)
  if old and (not record or old.email ~= record.email) then self.by_email[old.email] = false end
  move_accounts(self, i, old, record)
  place(self, i, record)
  self.generation = self.generation + 1
end

--- Adds a person; `record` lacks its id.
-- @treturn int the person's number
function Store:add(record)
  local i = self.last_person + 1
  self.last_person, self.last_id = i, self.last_id + 1
  record.id = tostring(self.last_id)
  self:save(i, record)
  return i
end

--- Gives an account to a person, whoever had it.
function Store:link(j, i)
  if self:owner(j) == i then return end
  local record = self:person(i)
  local accounts = table.move(record.accounts, 1, #record.accounts, 1, {})
  accounts[#accounts + 1] = j
  self:save(i, Store.changed(record, { accounts = accounts, updated_at = self:now() }))
end

-- ---- versions (api.md no. 3) ----

--- The time that a record gets which is written now: ms, from the version
-- alone, so that the same requests give the same bytes.
function Store:now() return WRITTEN + self.last_version * 1000 end

--- Begins a new version, on top of the active one, and activates it.
-- @treturn int its number
function Store:new_version()
  local n = self.last_version + 1
  self.versions[n] = { parent = self.versions[self.active], changed = {} }
  self.last_version, self.active = n, n
  self.oldest_version = math.max(self.oldest_version, n - VERSIONS_KEPT + 1)
  return n
end

--- Is it a version that is kept?
function Store:has_version(n) return n >= self.oldest_version and n <= self.last_version end

-- What a version changed on top of the population: number -> record or false.
local function flattened(self, n)
  local people, version = {}, self.versions[n]
  while version do
    for i, record in pairs(version.changed) do
      if people[i] == nil then people[i] = record end
    end
    version = version.parent
  end
  return people
end

--- Makes an old version the active one. What is changed from now on goes on
-- top of it and leaves the versions that came of it alone.
function Store:activate(n)
  local people, before = flattened(self, n), self.versions[n]
  clean(self)
  self.active = n
  self.versions[n] = { parent = before, changed = {} }
  for i, record in pairs(people) do
    if record == false then self:save(i, false) end
  end
  for i, record in pairs(people) do
    if record then self:save(i, record) end
  end
  self.versions[n].changed = {} -- all of it is below already
  self.generation = self.generation + 1
end

--- A version as it was, for reading: has `person` and `live`. The active one
-- is the store itself.
function Store:snapshot(n)
  if n == self.active then return self end
  local cached = self.cached_snapshot
  if cached and cached.n == n and cached.generation == self.generation then return cached end
  local population = self.population
  local view = setmetatable({ n = n, generation = self.generation, people = flattened(self, n),
    population = population, live = Sequence.new(1, population.people), store = self },
    { __index = { person = Store.person, account = function(_, j) return self:account(j) end } })
  for i, record in pairs(view.people) do
    if record then view.live:insert(i) else view.live:remove(i) end
  end
  self.cached_snapshot = view
  return view
end

return Store
