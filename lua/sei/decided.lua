--- What a person decided about accounts, replayed before any rule.
--
-- A decision is remembered by the account's stable key (sei.match.key), with
-- what was seen of the account and of the person then. It holds as long as
-- both are what they were; where not, the account goes to review with the
-- reason, and the decision stays in the review file.
-- @module sei.decided

local core = require "sei.core"

local null = core.json.null

local decided = {}
local meta = { __index = {} }
local methods = meta.__index

-- What a decision compares: blanks, letter case and a missing value are no
-- difference, since exports differ in these from one day to the next.
local function plain(value)
  if value == nil or value == null then return "" end
  return (tostring(value):gsub("%s+", " "):match "^ ?(.-) ?$"):lower()
end

-- A person's texts that an entry may name: the id and all addresses.
local function names_of(person)
  local names = { plain(person.id), plain(person.email) }
  if type(person.emails) == "table" then
    for _, email in ipairs(person.emails) do names[#names + 1] = plain(email) end
  end
  return names
end

local function place(entry)
  local source = entry.source
  if type(source) ~= "table" then return "" end
  if source.row then return ("%s, row %s: "):format(source.file or "decided", source.row) end
  return ("%s:%s: "):format(source.file or "decided", source.line or "?")
end

local function fail(entry, sentence, ...)
  local source = type(entry.source) == "table" and entry.source or {}
  error(core.error { kind = "decode", message = place(entry) .. sentence:format(...),
    file = source.file, line = source.line }, 0)
end

-- A sentence for each thing that an entry says.
local function said(entry)
  if entry.ignore then return "ignore" end
  if entry.choose then return "choose " .. tostring(entry.choose) end
  return "reject"
end

local function check(entry, number)
  if type(entry) ~= "table" then
    error(("bad option 'decided' (entry %d is a %s, a table expected)"):format(number,
      type(entry)), 0)
  end
  if plain(entry.account) == "" then fail(entry, "a decision without the key of an account") end
  if entry.ignore and entry.choose then
    fail(entry, "account '%s' is ignored and mapped at once", entry.account)
  end
  if entry.reject ~= nil and type(entry.reject) ~= "table" then
    fail(entry, "'reject' of account '%s' is no array of persons", entry.account)
  end
  return entry
end

local function same(a, b)
  return said(a) == said(b) or not (a.ignore or a.choose) or not (b.ignore or b.choose)
end

-- Two entries of one account: they complete each other or contradict.
local function join(before, entry)
  if not same(before, entry) then
    fail(entry, "'%s' for account '%s', but %s%s", said(entry), entry.account,
      place(before):gsub(": $", " says "), "'" .. said(before) .. "'")
  end
  local reject = {}
  for _, list in ipairs { before.reject or {}, entry.reject or {} } do
    for _, name in ipairs(list) do reject[#reject + 1] = name end
  end
  local main = (before.ignore or before.choose) and before or entry
  local both = {}
  for k, v in pairs(main) do both[k] = v end
  both.reject = reject
  return both
end

--- Takes what a review file says (sei.review.read), or entries made by hand.
-- @tparam {table,...} entries `account` (its stable key) and one or more of `choose` (a person's
-- id or e-mail), `ignore` (true) and `reject` (an array of ids or e-mails); `seen` (the account's
-- fields then), `shown` (the person then), `source`
-- @treturn table with the methods `replay(account, key, find)`: `{ignore=true}`, `{person=}`,
-- `{reason=, message=, people=}` for review, or nil; `rejected(key, person)`: whether the pair was;
-- `entry(key)`. Raises an error object if two entries contradict each other
function decided.new(entries)
  local self = setmetatable({ entries = {}, no = {} }, meta)
  for i, entry in ipairs(entries or {}) do
    check(entry, i)
    local key = tostring(entry.account)
    local before = self.entries[key]
    self.entries[key] = before and join(before, entry) or entry
  end
  for key, entry in pairs(self.entries) do
    local no = {}
    for _, name in ipairs(entry.reject or {}) do no[plain(name)] = true end
    self.no[key] = next(no) and no or nil
  end
  return self
end

-- decided:entry(key): what was decided about an account, or nil.
function methods:entry(key) return key ~= nil and self.entries[key] or nil end

-- decided:rejected(key, person): whether that pair must not be proposed again.
-- A person who was chosen is not rejected, by whatever name.
function methods:rejected(key, person)
  local no = key ~= nil and self.no[key]
  if not no then return false end
  local chosen, found = plain(self.entries[key].choose), false
  for _, name in ipairs(names_of(person)) do
    if name ~= "" then
      if name == chosen then return false end
      found = found or no[name] == true
    end
  end
  return found
end

--- What is different about an account since a decision.
-- @tparam table seen its fields then
-- @tparam table account
-- @treturn ?string "its name was 'A' and is 'B'"; nil if the account is what it was
function decided.change(seen, account)
  for _, field in ipairs { "integration_id", "login", "name", "email" } do
    local before, now = plain(seen[field]), plain(account[field])
    if before ~= "" and now ~= "" and before ~= now then
      return ("its %s was '%s' and is '%s'"):format(field, tostring(seen[field]),
        tostring(account[field]))
    end
  end
  return nil
end

-- Whether the person still has the name or an address of what was shown then,
-- "Jane Doe <jane@example.com>".
local function known(shown, person)
  local text = plain(shown)
  if text == "" then return true end
  local name, email = text:match "^(.-) ?<([^<>]*)>$"
  local names = names_of(person)
  names[#names + 1] = plain(person.name)
  local some = false
  for i = 2, #names do -- without the id
    if names[i] ~= "" then
      some = true
      if names[i] == (name or text) or names[i] == email then return true end
    end
  end
  return not some
end

local function review(entry, reason, people, sentence, ...)
  return { reason = reason, message = sentence:format(...), people = people, entry = entry }
end

-- decided:replay(account, key, find): what to do before any rule is asked. find
-- is called with an id or e-mail and answers the array of people who have it.
-- nil: nothing was decided; {ignore=true}, {person=}, or for review {reason=,
-- message=, people=} with the reason "person_gone", "person_ambiguous",
-- "person_changed" or "account_changed"; each with the `entry`.
function methods:replay(account, key, find)
  local entry = self:entry(key)
  if not entry then return nil end
  if entry.ignore then return { ignore = true, entry = entry } end
  if not entry.choose then return nil end
  local people = find(tostring(entry.choose)) or {}
  if #people == 0 then
    return review(entry, "person_gone", people,
      "'%s' was chosen, but nobody among the people has that id or e-mail", entry.choose)
  elseif #people > 1 then
    return review(entry, "person_ambiguous", people,
      "'%s' was chosen, but %d people have that id or e-mail", entry.choose, #people)
  end
  local difference = decided.change(entry.seen or {}, account)
  if difference then
    return review(entry, "account_changed", people,
      "'%s' was chosen when the account was another: %s", entry.choose, difference)
  elseif not known(entry.shown, people[1]) then
    return review(entry, "person_changed", people,
      "'%s' was chosen when that was %s", entry.choose, entry.shown)
  end
  return { person = people[1], entry = entry }
end

return decided
