--- A result and what an old review file says, as the rows of the new file.
-- @module sei.review.merging

local decided = require "sei.decided"
local row = require "sei.review.row"

local merging = {}

-- ---- what the old file says, by account ----

-- Two rows of one account: notes of both.
local function join_texts(a, b)
  if a == "" or a == b then return b end
  return b == "" and a or a .. "; " .. b
end

local function join(before, r)
  before.note = join_texts(before.note, r.note)
  before.before = join_texts(before.before, r.before)
  for name, value in pairs(r.extra) do
    before.extra[name] = join_texts(before.extra[name] or "", value)
  end
end

-- account → { entry=, note=, before=, extra=, row= }, and the accounts in order
local function remembered(old)
  local by_account, order, entries = {}, {}, {}
  for _, r in ipairs(old) do
    if row.speaks(r) then
      entries[#entries + 1] = r.entry
      if by_account[r.account] then
        join(by_account[r.account], r)
      else
        local extra = {}
        for name, value in pairs(r.extra) do extra[name] = value end
        by_account[r.account] = { note = r.note, before = r.before, extra = extra, row = r }
        order[#order + 1] = r.account
      end
    end
  end
  local said = decided.new(entries)
  for account, memory in pairs(by_account) do memory.entry = said:entry(account) or {} end
  return by_account, order, said
end

-- ---- one row ----

-- Rejected keys, each once, without a person who was chosen since.
local function rejected_of(keys, chosen)
  local list, seen = {}, {}
  for _, key in ipairs(keys or {}) do
    if not seen[key] and key ~= chosen then list[#list + 1] = key end
    seen[key] = true
  end
  return list
end

local function take_choice(r, entry, person)
  local shown = person and row.shown(person) or entry.shown or ""
  r.decision, r.person = "choose", person and row.person_key(person) or entry.choose
  r.rejected = rejected_of(r.rejected, r.person)
  r.chosen, r.before = shown ~= "" and row.chosen(r.person, shown) or "", ""
end

-- Takes over what is remembered; `from` is the result's row, if there is one.
local function remember(r, memory, from)
  local entry, seen = memory.entry, memory.entry.seen or {}
  r.note, r.extra, r.before, r.rejected = memory.note, memory.extra, memory.before,
    rejected_of(entry.reject, entry.choose)
  local changed = from and decided.change(seen, from.account)
    or r.reason == "account_changed" or r.reason == "person_changed"
  if entry.ignore then
    r.decision, r.before, r.class = "ignore", "", r.class == "absent" and "absent" or "settled"
  elseif entry.choose and changed then
    r.before = "choose " .. entry.choose .. (entry.shown and " = " .. entry.shown or "")
  elseif entry.choose then
    take_choice(r, entry, from and from.rule == "decided" and from.person or nil)
  end
  for _, name in ipairs { "integration_id", "login", "name", "email" } do
    if r[name] == "" then r[name] = row.text(seen[name]) end
  end
end

local function without_rejected(r, from, said)
  local left = {}
  for i, c in ipairs(r.candidates) do
    if not said:rejected(r.account, from.candidates[i].person) then left[#left + 1] = c end
  end
  r.candidates = left
end

local function open_row(from, key, class, memory, said)
  local r = row.of(from, key, class)
  if not memory then return r end
  remember(r, memory, from)
  without_rejected(r, from, said)
  -- All that can be said of it was said.
  if r.decision == "" and r.before == "" and #r.candidates == 0 and #r.rejected > 0 then
    r.decision, r.class = "reject", "settled"
  end
  return r
end

local function settled_row(from, key, memory)
  local r = row.of(from, key, "settled")
  r.candidates, r.reason, r.message = {}, "", ""
  remember(r, memory, from)
  return r
end

local function absent_row(memory)
  local r = row.new()
  for _, name in ipairs { "account", "integration_id", "login", "name", "email" } do
    r[name] = memory.row[name]
  end
  r.class = "absent"
  remember(r, memory)
  if r.decision == "" and #r.rejected > 0 then r.decision = "reject" end
  return r
end

-- ---- all rows ----

--- The rows of a new review file: open ones first, then those that need
-- nothing, then those of accounts that are not there.
-- @tparam table result of sei.match.run
-- @tparam {table,...} old rows of the old file, each with its `entry` if it says something
-- @tparam function key_of sei.match.key
-- @treturn {table,...}
function merging.rows(result, old, key_of)
  local memories, order, said = remembered(old)
  local lists, there = { review = {}, none = {}, settled = {}, absent = {} }, {}
  local function add(r) table.insert(lists[r.class], r) end
  for _, class in ipairs { "review", "none" } do
    for _, from in ipairs(result[class]) do
      local key = key_of(from.account) or ""
      there[key] = true
      add(open_row(from, key, class, memories[key], said))
    end
  end
  for _, name in ipairs { "decisions", "ignored" } do
    for _, from in ipairs(result[name] or {}) do
      local key = key_of(from.account) or ""
      there[key] = true
      if memories[key] then add(settled_row(from, key, memories[key])) end
    end
  end
  for _, key in ipairs(order) do
    if not there[key] then add(absent_row(memories[key])) end
  end
  local rows = {}
  for _, class in ipairs { "review", "none", "settled", "absent" } do
    table.move(lists[class], 1, #lists[class], #rows + 1, rows)
  end
  return rows
end

return merging
