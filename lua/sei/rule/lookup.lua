--- The rule that looks an account up in a table.
-- @module sei.rule.lookup

local core = require "sei.core"
local people = require "sei.match.people"
local view = require "sei.match.view"

local lookup = {}

local function raise(message, hint)
  error(core.error { kind = "decode", message = message, hint = hint }, 0)
end

local function clean(value)
  value = view.text(value)
  return value and value:lower()
end

-- Records {key=, person=}, each with the place it comes from.
local function add(entries, key, value, where)
  local wanted = clean(value)
  key = clean(key)
  if not key or not wanted then
    raise(("a lookup entry lacks its %s (%s)"):format(key and "person" or "key", where),
      "give both, or leave the entry out")
  end
  local there = entries[key]
  if there and there.wanted ~= wanted then
    raise(("the lookup key %q has two values: %q (%s) and %q (%s)"):format(key, there.value,
      there.where, tostring(value), where), "leave one of the two lines out")
  end
  entries[key] = there or { wanted = wanted, value = tostring(value), where = where }
end

local function entries_of(given, account_field)
  local entries = {}
  local is_list = type(given) ~= "table" or #given > 0 or getmetatable(given)
  if not is_list then
    for key, value in pairs(given) do add(entries, key, value, ("key %q"):format(key)) end
    return entries
  end
  people.read(given, "lookup", function(record, number)
    local key = record.key
    if key == nil then key = record[account_field] end
    local value = record.person
    if value == nil then value = record.person_id end
    if value == nil and account_field ~= "email" then value = record.email end
    add(entries, key, value, people.place(record, number))
  end)
  return entries
end

local function decide(self, account, all)
  local before = view.text(account[self.field])
  local key = before and before:lower()
  local entry = key and self.entries[key]
  if not entry then return nil end
  local person = all:get(entry.value) or all:get(entry.wanted)
  local found = person and { person } or all:by("email", entry.wanted)
  if #found == 0 then
    error(("the lookup key %q leads to %q, who is not among the people (%s)")
      :format(key, entry.value, entry.where), 0)
  end
  return found, { key = key, left = { before = before, after = key },
    right = { before = entry.value, after = entry.wanted } }
end

--- See sei.rule.lookup.
function lookup.lookup(checked)
  if checked.table == nil then
    error("bad option 'table' for sei.rule.lookup (table or iterator expected, got nothing)", 3)
  end
  return { identity = true, explicit = true, field = checked.key, decide = decide,
    entries = entries_of(checked.table, checked.key) }
end

return lookup
