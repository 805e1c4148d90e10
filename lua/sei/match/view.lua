--- What the rules see of a person or an account: the fields cleaned once, the
-- keys of each kind derived when a rule first asks for them.
--
-- A key is a string; two records that have a key of one kind in common may be
-- the same person. Each kind below says where its keys come from.
-- @module sei.match.view

local core = require "sei.core"
local fold = require "sei.match.fold"

local null = core.json.null

local view, meta = {}, {}

--- A field as text without space around it; "", null and what is no text count
-- as missing.
-- @treturn ?string
function view.text(value)
  if value == nil or value == null then return nil end
  local kind = type(value)
  if kind == "number" then value = tostring(value) elseif kind ~= "string" then return nil end
  value = value:match "^%s*(.-)%s*$"
  return value ~= "" and value or nil
end

-- The one value of a field and those of its plural, each once, in order.
local function values_of(record, one, many)
  local list, seen = {}, {}
  local function add(value)
    value = view.text(value)
    if value and not seen[value] then
      seen[value] = true
      list[#list + 1] = value
    end
  end
  add(record[one])
  local more = record[many]
  if type(more) == "table" then
    for _, value in ipairs(more) do add(value) end
  end
  return list
end

-- ---- kinds of keys ----

-- kind → function(view) → keys, values before normalisation (same indices)
local kinds = {}

-- The address, in lower case: RFC 5321 section 2.4 lets a host tell "A" and
-- "a" apart in a local part, but no provider does.
function kinds.email(v)
  local keys = {}
  for i, value in ipairs(v.emails) do keys[i] = value:lower() end
  return keys, v.emails
end

-- Full names: the folded tokens in alphabetical order. A single token is no
-- full name and gives no key.
function kinds.name(v)
  local keys, before = {}, {}
  for _, value in ipairs(v.names) do
    local tokens = fold.tokens(value)
    if #tokens >= 2 then
      table.sort(tokens)
      keys[#keys + 1] = table.concat(tokens, " ")
      before[#before + 1] = value
    end
  end
  return keys, before
end

-- The stable key of the record.
function kinds.id(v)
  local id = view.text(v.record.id)
  return { id }, { id }
end

-- ---- the view ----

function meta.__index(v, field)
  local value
  if field == "emails" then value = values_of(v.record, "email", "emails")
  elseif field == "names" then value = values_of(v.record, "name", "names")
  elseif field == "logins" then value = values_of(v.record, "login", "logins")
  else return view[field] end
  rawset(v, field, value)
  return value
end

--- The keys of a kind: derived once, then remembered.
-- @tparam table v a view
-- @tparam string kind
-- @treturn {string,...} keys
-- @treturn {string,...} the values that they come from
function view.keys(v, kind)
  local keys, before = rawget(v, kind), rawget(v, kind .. "_before")
  if not keys then
    keys, before = kinds[kind](v)
    rawset(v, kind, keys)
    rawset(v, kind .. "_before", before)
  end
  return keys, before
end

--- Whether there are keys of this kind.
function view.knows(kind) return kinds[kind] ~= nil end

--- A new view of a record, which stays as it is.
-- @tparam table record
-- @treturn table
function view.new(record) return setmetatable({ record = record }, meta) end

return view
