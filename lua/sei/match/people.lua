--- The people that accounts are matched with, found by their keys.
--
-- Rules get this as their second argument: `people:by(kind, key)`,
-- `people:all()`, `people:get(id)`.
-- @module sei.match.people

local core = require "sei.core"
local view = require "sei.match.view"

local people = {}
people.__index = people
people.__name = "sei.people"

local NONE <const> = {}

--- Where a record comes from, for a message: "people.csv line 7" or "record 7".
-- @tparam table record
-- @tparam number number of the record
-- @treturn string
function people.place(record, number)
  local source = type(record.source) == "table" and record.source or NONE
  if source.file and source.line then return ("%s line %s"):format(source.file, source.line) end
  if source.line then return ("line %s"):format(source.line) end
  return ("record %d"):format(number)
end

--- Hands each record of an array or an iterator to a function. Raises an error
-- object for a record that is none.
-- @param records array, function or callable that yields records
-- @tparam string what "people" or "accounts"
-- @tparam function each called with the record and its number from 1
function people.read(records, what, each)
  local number = 0
  local function take(record)
    number = number + 1
    if type(record) ~= "table" then
      error(core.error { kind = "decode", line = number,
        message = ("record %d of the %s is no table but %s"):format(number, what, type(record)),
        hint = "each record is a table with fields such as email, name, login" }, 0)
    end
    each(record, number)
  end
  local meta = getmetatable(records)
  if type(records) == "function" or type(meta) == "table" and meta.__call then
    for record in records do take(record) end
  else
    for _, record in ipairs(records) do take(record) end
  end
end

-- The id of a person who has none is the address, else the name.
local function id_of(one)
  local email = view.keys(one, "email")[1]
  return view.text(one.record.id) or email or view.text(one.record.name)
end

local function add(self, record, number)
  local one = view.new(record, "person")
  local id = id_of(one)
  if not id then
    error(core.error { kind = "decode", line = number,
      message = ("a person has neither id, email nor name (%s)"):format(
        people.place(record, number)),
      hint = "give it one of them or leave the record out" }, 0)
  end
  local other = self.by_id[id]
  if other then
    error(core.error { kind = "decode", line = number,
      message = ("two people have the id %q: %s and %s"):format(id,
        people.place(self.list[other], other), people.place(record, number)),
      hint = "give each person an id of their own, or leave one of the records out" }, 0)
  end
  if not view.text(record.id) then record.id = id end
  self.list[number], self.views[number], self.by_id[id] = record, one, number
  self.number[record], self.ids[number] = number, id
end

--- Reads people. A person without `id` gets one: the first address in lower
-- case, else the name.
-- @param records array or iterator of people
-- @treturn people
function people.new(records)
  local self = setmetatable({ list = {}, views = {}, by_id = {}, ids = {}, number = {},
    index = {} }, people)
  people.read(records, "people", function(record, number) add(self, record, number) end)
  return self
end

-- key → number of the one person who has it, or array of numbers.
local function index_of(self, kind, derive)
  local index = self.index[kind]
  if index then return index end
  index = {}
  for number, one in ipairs(self.views) do
    local keys = view.derive(one, kind, derive)
    for i = 1, #keys do
      local key = keys[i]
      local there = index[key]
      if not there then
        index[key] = number
      elseif type(there) == "number" then
        index[key] = { there, number }
      else
        there[#there + 1] = number
      end
    end
  end
  self.index[kind] = index
  return index
end

--- All keys of a kind, to be read: key → the number of the one person who has
-- it, or an array of numbers.
-- @tparam string kind
-- @tparam ?function derive what makes the keys of a rule's own kind
-- @treturn table
function people:keys(kind, derive) return index_of(self, kind, derive) end

--- The numbers of the people who have a key.
-- @tparam string kind
-- @tparam string key
-- @treturn number|{number,...}|nil one number, or several
function people:numbers(kind, key) return index_of(self, kind)[key] end

local function records(self, there)
  if not there then return {} end
  if type(there) == "number" then return { self.list[there] } end
  local list = {}
  for i, number in ipairs(there) do list[i] = self.list[number] end
  return list
end

--- The people who have a key. A new array; the records are the ones given to
-- match.run.
--
-- The kinds: "email" (in lower case), "login" (lower case; known logins and those in
-- substitute addresses), "name" (the words of sei.text.tokens in alphabetical order with a
-- space between), "handle" (login, local part or a name in one piece; letters and digits in
-- lower case alone), "login_form" (first+last, f+last and so on), "nickname" (given and
-- family name).
-- @tparam string kind
-- @tparam string key
-- @treturn {table,...} in the order of the people
function people:by(kind, key)
  if not view.knows(kind) then
    error(("bad argument #1 to 'by' (no such kind of key: '%s')"):format(tostring(kind)), 2)
  end
  return records(self, index_of(self, kind)[key])
end

--- The people with an id or an e-mail address.
-- @tparam string name upper and lower case are alike in an address
-- @treturn {table,...}
function people:find(name)
  local number = self.by_id[name]
  if number then return { self.list[number] } end
  return self:by("email", name:lower())
end

-- How many people have a word in their full names.
local function counts_of(self)
  local counts = self.word_counts
  if counts then return counts end
  counts = {}
  for _, one in ipairs(self.views) do
    local seen = {}
    for _, words in ipairs(one.tokens) do
      for _, word in ipairs(#words >= 2 and words or {}) do
        if not seen[word] then counts[word] = (counts[word] or 0) + 1 end
        seen[word] = true
      end
    end
  end
  self.word_counts = counts
  return counts
end

--- How many people have a word in a full name.
-- @tparam string word folded
-- @treturn number
function people:with_word(word) return counts_of(self)[word] or 0 end

--- All people, in their order: the array of the engine itself, to be read.
-- @treturn {table,...}
function people:all() return self.list end

--- The person with an id.
-- @tparam string id
-- @treturn ?table
function people:get(id) return self.list[self.by_id[id]] end

function people:__len() return #self.list end

return people
