--- One row of a review file: an account, what is known, what was decided.
--
-- A row is a table of texts by the names of `row.COLUMNS`, with two arrays:
-- `candidates` (`{person=, shown=, score=, why=}`, `person` being the key) and
-- `rejected` (keys). CSV and JSON are two ways to write the same rows.
-- @module sei.review.row

local core = require "sei.core"

local null = core.json.null

local row = {}

-- The most candidates that a row shows.
row.MOST = 5

-- The texts of a row in the order of the file, what a person fills in first;
-- candidates and rejected stand in between, see sei.review.csv.
row.TEXTS = { "decision", "person", "class", "reason", "login", "name", "email", "message", "note",
  "integration_id", "account", "before", "chosen", "check" }

-- ---- making one ----

--- A value as a text; missing is "".
function row.text(value)
  if value == nil or value == null then return "" end
  return (tostring(value):match "^%s*(.-)%s*$")
end
local text = row.text

--- A person's stable key, as sei.match has it: the id, else the first e-mail
-- in lower case, else the name.
function row.person_key(person)
  local id, email = text(person.id), text(person.email):lower()
  if email == "" and type(person.emails) == "table" then email = text(person.emails[1]):lower() end
  return id ~= "" and id or email ~= "" and email or text(person.name)
end

--- A person as people see it: "Jane Doe <jane@example.com>".
function row.shown(person)
  local name, email = text(person.name), text(person.email)
  if email == "" then return name ~= "" and name or row.person_key(person) end
  return name ~= "" and ("%s <%s>"):format(name, email) or ("<%s>"):format(email)
end

--- What stands in `chosen`: the key and the person as it was then, so that the
-- latter is not taken for another person whom somebody writes in `person` later.
function row.chosen(key, shown) return ("%s = %s"):format(key, shown) end

-- One line: a spreadsheet shows no more.
local function one_line(value) return (text(value):gsub("%s+", " ")) end

--- An empty row.
function row.new()
  local r = { candidates = {}, rejected = {}, extra = {} }
  for _, name in ipairs(row.TEXTS) do r[name] = "" end
  return r
end

--- A row of a result of sei.match.run.
-- @tparam table from one of result.review, none, decisions or ignored
-- @tparam string key of the account
-- @tparam string class
-- @treturn table
function row.of(from, key, class)
  local r = row.new()
  r.account, r.class = key, class
  for _, name in ipairs { "integration_id", "login", "name", "email" } do
    r[name] = text(from.account[name])
  end
  r.reason, r.message = text(from.reason), one_line(from.message)
  for i, c in ipairs(from.candidates or {}) do
    if i > row.MOST then break end
    r.candidates[i] = { person = row.person_key(c.person), shown = one_line(row.shown(c.person)),
      score = type(c.score) == "number" and c.score or 0, why = one_line(c.why) }
  end
  return r
end

-- ---- the check ----

-- FNV-1a, 32 bits (Fowler, Noll and Vo), in letters: no program takes it for a
-- number. It guards against accidents, not against forgery.
local function fnv(s)
  local h = 0x811C9DC5
  for i = 1, #s do h = ((h ~ s:byte(i)) * 0x01000193) & 0xFFFFFFFF end
  return (("%08x"):format(h):gsub("%x", function(digit)
    return string.char(("a"):byte() + tonumber(digit, 16))
  end))
end

--- What the cell `check` must be: it covers every cell that decides for whom
-- and about whom a decision is. A spreadsheet that turned a login into a date,
-- or sorted some of the columns alone, is found out by it.
-- @tparam table r
-- @treturn string eight letters
function row.check(r)
  local parts = {}
  for _, name in ipairs { "account", "integration_id", "login", "name", "email", "before",
    "chosen" } do
    parts[#parts + 1] = r[name]
  end
  for i = 1, row.MOST do parts[#parts + 1] = r.candidates[i] and r.candidates[i].person or "" end
  for _, key in ipairs(r.rejected) do parts[#parts + 1] = key end
  return fnv(table.concat(parts, "\31"))
end

--- Whether anything in the row would be lost without it.
function row.speaks(r)
  if r.decision ~= "" or r.person ~= "" or r.note ~= "" or r.before ~= "" or #r.rejected > 0 then
    return true
  end
  for _, value in pairs(r.extra) do
    if value ~= "" then return true end
  end
  return false
end

--- Names a text of the row that no file can hold: invalid UTF-8, or a NUL.
-- @treturn ?string the column
function row.unwritable(r)
  local function bad(value) return not utf8.len(value) or value:find("\0", 1, true) end
  for _, name in ipairs(row.TEXTS) do
    if bad(r[name]) then return name end
  end
  for i, c in ipairs(r.candidates) do
    if bad(c.person) or bad(c.shown) or bad(c.why) then return "candidate_" .. i end
  end
  return nil
end

return row
