--- The rule that looks an account up in a table.
-- @module sei.rule.lookup

local core = require "sei.core"
local options = require "sei.options"
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

-- ---- the table ----

-- A key with two values, or without one, is an error.
local function add(entries, given_key, value, where)
  local wanted, key = clean(value), clean(given_key)
  if not key or not wanted then
    raise(("an entry of the lookup table has no %s (%s)"):format(key and "person" or "key", where),
      "give both, or leave the entry out")
  end
  local there = entries[key]
  if there and there.wanted ~= wanted then
    raise(("the lookup key %q has two values: %q (%s) and %q (%s)"):format(key, there.value,
      there.where, view.text(value), where), "leave one of the two out")
  end
  entries[key] = there or { wanted = wanted, value = view.text(value), where = where }
end

-- The first of some columns that a record has.
local function first_of(record, columns)
  for _, column in ipairs(columns) do
    if view.text(record[column]) then return record[column] end
  end
  return nil
end

local function from_records(entries, records, from, to)
  people.read(records, "lookup table", function(record, number)
    add(entries, first_of(record, from), first_of(record, to), people.place(record, number))
  end)
end

local function from_map(entries, map)
  for key, value in pairs(map) do
    if type(value) == "table" then
      raise(("the lookup key %q leads to a table"):format(tostring(key)),
        "a person's id or e-mail address is expected")
    end
    add(entries, key, value, ("key %q"):format(tostring(key)))
  end
end

-- Records of a file, or the one object that a JSON file is.
local function from_file(entries, path, from, to)
  local handle, problem = io.open(path, "rb")
  if not handle then error(core.error { kind = "io", message = problem, file = path }, 0) end
  local text = handle:read "a" or ""
  handle:close()
  if not text:find "^%s*[%[{]" then
    local rows, line = core.csv.read { text = text }, nil
    from_records(entries, function()
      local row
      row, line = rows()
      if row then row.source = { file = path, line = line } end
      return row
    end, from, to)
    return
  end
  local value, err = core.json.decode(text)
  if value == nil then
    err.file, err.message = path, path .. ": " .. err.message
    error(err, 0)
  end
  if #value > 0 then from_records(entries, value, from, to) else from_map(entries, value) end
end

local function entries_of(checked)
  local entries, given = {}, checked.table
  local field = type(checked.key) == "string" and checked.key or "key"
  local from = checked.from and { checked.from } or { field, "key" }
  local to = checked.to and { checked.to }
    or { "person", "person_id", field ~= "email" and "email" or nil }
  if checked.file then
    from_file(entries, checked.file, from, to)
  elseif options.callable(given) or #given > 0 then
    from_records(entries, given, from, to)
  else
    from_map(entries, given)
  end
  return entries
end

-- ---- the rule ----

local function decide(self, account, all)
  local before = view.text(type(self.key) == "string" and account[self.key]
    or type(self.key) ~= "string" and self.key(account) or nil)
  if not before then return nil, "the account has no such key" end
  local key = before:lower()
  local entry = self.entries[key]
  if not entry then return nil, ("the table does not have %q"):format(key) end
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
  if (checked.table == nil) == (checked.file == nil) then
    error("bad options for sei.rule.lookup (one of table and file expected)", 3)
  end
  return { identity = true, explicit = true, key = checked.key, decide = decide,
    entries = entries_of(checked) }
end

return lookup
