--- What the rules see of a person or an account: the fields cleaned once, the
-- keys of each kind derived when a rule first asks for them.
--
-- A key is a string; two records that have a key of one kind in common may be
-- the same person. A view has the fields `record`, `side` ("person" or
-- "account"), and arrays: `emails`, `names`, `logins`, `tokens` (for each name
-- its folded words).
-- @module sei.match.view

local core = require "sei.core"

local byte, null = string.byte, core.json.null
local fold, tokens_of = core.text.fold, core.text.tokens

local view, meta = {}, {}

-- Of tens of thousands of records most have none of this or that.
local NONE <const> = {}

--- A field as text without space around it; "", null and what is no text count
-- as missing.
-- @treturn ?string
function view.text(value)
  if value == nil or value == null then return nil end
  local kind = type(value)
  if kind == "number" then value = tostring(value) elseif kind ~= "string" then return nil end
  local first, last = byte(value, 1), byte(value, -1)
  if not first then return nil end
  if first > 32 and last > 32 then return value end
  return value:match "^%s*(.*%S)"
end

-- The one value of a field and those of its plural, each once, in order.
local function values_of(record, one, many)
  local first, more = view.text(record[one]), record[many]
  if type(more) ~= "table" then return first and { first } or NONE end
  local list = { first }
  local seen = { [first or ""] = true }
  for _, value in ipairs(more) do
    value = view.text(value)
    if value and not seen[value] then
      seen[value] = true
      list[#list + 1] = value
    end
  end
  return list
end

-- ---- addresses ----

-- The user behind GitHub's and GitLab's substitute addresses, and the number
-- of the user if it is there: 1234+user@users.noreply.github.com (GitHub Docs,
-- "Setting your commit email address"), 1234-user@users.noreply.gitlab.com
-- (GitLab Docs, "User profile", private commit email).
local function noreply(email)
  if not email:find("@users.noreply.", 1, true) then return nil end
  local part, host = email:match "^([^@]+)@users%.noreply%.([^@]+)$"
  if not part then return nil end
  local number, user = part:match "^(%d+)[+-](.+)$"
  return user or part, number and host .. "#" .. number
end

-- What is before the @, without a +tag; nil for a substitute address.
local function local_part(email)
  local part = email:match "^([^@]+)@"
  if not part or noreply(email) then return nil end
  return part:match "^([^+]+)%+" or part
end

--- The user whom an address names: behind a substitute address, else the local
-- part without a +tag.
-- @tparam string email
-- @treturn ?string nil for what is no address
function view.user(email) return noreply(email:lower()) or local_part(email) end

--- Letters and digits alone: "J.Smith-2" → "jsmith2".
-- @tparam string value
-- @treturn string
function view.squeeze(value)
  if not value:find "[\x80-\xFF]" then return (value:lower():gsub("[^%w]", "")) end
  return (fold(value, { titles = false }):gsub(" ", ""))
end

-- ---- names ----

-- Addresses in a name are no part of it.
local function bare(name)
  if not name:find("@", 1, true) then return name end
  local rest = {}
  for word in name:gmatch "%S+" do
    if not word:find("@", 1, true) then rest[#rest + 1] = word end
  end
  return #rest > 0 and table.concat(rest, " ") or name:match "^[^@]*"
end

local CAMEL <const> = { camel = true }

-- The words of each name. A name in one piece, "annLee", is taken apart.
local function words_of(names)
  if #names == 0 then return NONE end
  local list = {}
  for i, name in ipairs(names) do
    local rest = bare(name)
    local words = tokens_of(rest)
    if #words == 1 and not rest:find "%s%S" then words = tokens_of(rest, CAMEL) end
    list[i] = words
  end
  return list
end

--- Whether a name is written as a person's full name: words with space between
-- them, no digits.
-- @tparam string name
-- @treturn boolean
function view.is_full(name)
  return name:find "%S%s+%S" ~= nil and not name:find "%d"
end

--- The combinations of given and family name that logins are made of.
-- @tparam {string,...} tokens of one name
-- @treturn table form → what it is made of: "full", "f+last", "last+f", "first+l", "initials+last"
function view.forms(tokens)
  local forms, first, last = {}, tokens[1], tokens[#tokens]
  if #tokens < 2 then return forms end
  local function add(form, made_of)
    if #form >= 5 and not forms[form] then forms[form] = made_of end
  end
  local f, l = first:match(utf8.charpattern), last:match(utf8.charpattern)
  add(table.concat(tokens), "full")
  add(first .. last, "full")
  add(last .. first, "full")
  if #tokens > 2 then
    add(table.concat(tokens, "", 2) .. first, "full")
    local initials = {}
    for i = 1, #tokens - 1 do initials[i] = tokens[i]:match(utf8.charpattern) end
    add(table.concat(initials) .. last, "initials+last")
  end
  add(f .. last, "f+last")
  add(last .. f, "last+f")
  add(first .. l, "first+l")
  return forms
end

-- ---- kinds of keys ----

--- Appends to two arrays that grow together, each key once; none if it is nil
-- or empty. The arrays are short.
-- @tparam {string,...} keys
-- @tparam {string,...} before
-- @tparam ?string key
-- @tparam string value that it comes from
function view.add(keys, before, key, value)
  if not key or key == "" then return end
  for i = 1, #keys do
    if keys[i] == key then return end
  end
  keys[#keys + 1], before[#before + 1] = key, value
end

local add = view.add

-- kind → function(view) → keys, values before normalisation (same indices)
local kinds = {}

-- The address, in lower case: RFC 5321 section 2.4 lets a host tell "A" and
-- "a" apart in a local part, but no provider does.
function kinds.email(v)
  local emails = v.emails
  local keys = emails
  for i = 1, #emails do
    local lower = emails[i]:lower()
    if lower ~= emails[i] then
      if keys == emails then keys = table.move(emails, 1, #emails, 1, {}) end
      keys[i] = lower
    end
  end
  return keys, emails
end

-- Logins that a provider guarantees: known ones, and users and their numbers
-- in substitute addresses.
function kinds.login(v)
  if #v.logins == 0 and #v.emails == 0 then return NONE, NONE end
  local keys, before = {}, {}
  for _, email in ipairs(v.emails) do
    local user, number = noreply(email:lower())
    add(keys, before, number, email)
    add(keys, before, user, email)
  end
  for _, login in ipairs(v.logins) do add(keys, before, login:lower(), login) end
  return keys, before
end

-- Full names: the words in alphabetical order. A single word is no full name.
function kinds.name(v)
  if #v.names == 0 then return NONE, NONE end
  local keys, before = {}, {}
  for i, words in ipairs(v.tokens) do
    if #words >= 2 then
      local sorted = table.move(words, 1, #words, 1, {})
      table.sort(sorted)
      add(keys, before, table.concat(sorted, " "), v.names[i])
    end
  end
  return keys, before
end

-- Full names in another form: without the initial in their middle, or with
-- what the given name is short for (marked, so that a short form and a lost
-- initial do not meet: two differences are too many).
function kinds.nickname(v)
  if #v.names == 0 then return NONE, NONE end
  local short = require("sei.match.words").short_forms
  local keys, before = {}, {}
  for i, words in ipairs(v.tokens) do
    local name, first, last = v.names[i], words[1], words[#words]
    if #words == 2 and view.is_full(name) then
      add(keys, before, first .. " " .. last, name)
      add(keys, before, first .. "~ " .. last, name)
      for _, long in ipairs(short[first] or {}) do add(keys, before, long .. "~ " .. last, name) end
    elseif #words == 3 and view.is_full(name) and utf8.len(words[2]) == 1 then
      add(keys, before, first .. " " .. last, name)
    end
  end
  return keys, before
end

-- What people are called in a tool: logins, local parts, names in one piece;
-- letters and digits alone.
function kinds.handle(v)
  local keys, before = {}, {}
  for _, login in ipairs(v.logins) do add(keys, before, view.squeeze(login), login) end
  for _, email in ipairs(v.emails) do
    local value = view.user(email)
    if value then add(keys, before, view.squeeze(value), email) end
  end
  for _, name in ipairs(v.names) do
    if not bare(name):find "%S%s+%S" then add(keys, before, view.squeeze(bare(name)), name) end
  end
  return keys, before
end

-- A person has the forms of the names; an account its handles, also without
-- the digits at their end.
function kinds.login_form(v)
  local keys, before = {}, {}
  if v.side == "person" then
    for i, words in ipairs(v.tokens) do
      for form in pairs(view.forms(words)) do add(keys, before, form, v.names[i]) end
    end
    return keys, before
  end
  local handles, values = view.keys(v, "handle")
  for i, handle in ipairs(handles) do add(keys, before, handle, values[i]) end
  for i, handle in ipairs(handles) do
    local letters = handle:match "^(.-)%d+$"
    if letters and #letters >= 7 then add(keys, before, letters, values[i]) end
  end
  return keys, before
end

-- ---- the view ----

-- field → function(view) that makes it
local fields = {
  emails = function(v) return values_of(v.record, "email", "emails") end,
  names = function(v) return values_of(v.record, "name", "names") end,
  logins = function(v) return values_of(v.record, "login", "logins") end,
  tokens = function(v) return words_of(v.names) end,
  -- kind → keys, and keys → the values that they come from
  keys_of = function() return {} end,
}

function meta.__index(v, field)
  local make = fields[field]
  if not make then return nil end
  local value = make(v)
  rawset(v, field, value)
  return value
end

--- The keys of a kind, derived anew.
-- @tparam table v a view
-- @tparam string kind
-- @tparam ?function derive what makes them, for a kind of a rule's own
-- @treturn {string,...} keys
-- @treturn {string,...} the values that they come from
function view.derive(v, kind, derive) return (derive or kinds[kind])(v) end

--- The keys of a kind: derived once, then remembered.
-- @tparam table v a view
-- @tparam string kind
-- @tparam ?function derive what makes them, for a kind of a rule's own
-- @treturn {string,...} keys
-- @treturn {string,...} the values that they come from
function view.keys(v, kind, derive)
  local known = v.keys_of
  local keys = known[kind]
  if keys then return keys, known[keys] end
  local before
  keys, before = (derive or kinds[kind])(v)
  known[kind], known[keys] = keys, before
  return keys, before
end

--- Whether there are keys of this kind.
-- @treturn boolean
function view.knows(kind) return kinds[kind] ~= nil end

--- A new view of a record, which stays as it is.
-- @tparam table record
-- @tparam string side "person" or "account"
-- @treturn table
function view.new(record, side)
  return setmetatable({ record = record, side = side }, meta)
end

return view
