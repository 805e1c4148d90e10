--- The review file as CSV: made to be opened, sorted, filled in and saved by
-- any spreadsheet, and read back exactly.
-- @module sei.review.csv

local core = require "sei.core"
local row = require "sei.review.row"

local csv = {}

-- ---- columns ----

local FIRST <const> = { "decision", "person", "class", "reason", "login", "name", "email" }
local THEN <const> = { "message", "note", "integration_id", "account", "rejected", "before",
  "chosen" }

local COLUMNS, OURS = {}, {}
for _, name in ipairs(FIRST) do COLUMNS[#COLUMNS + 1] = name end
for i = 1, row.MOST do
  for _, name in ipairs { "candidate_", "score_", "why_" } do COLUMNS[#COLUMNS + 1] = name .. i end
end
for _, name in ipairs(THEN) do COLUMNS[#COLUMNS + 1] = name end
for i = 1, row.MOST do COLUMNS[#COLUMNS + 1] = "person_" .. i end
COLUMNS[#COLUMNS + 1] = "check"
for _, name in ipairs(COLUMNS) do OURS[name] = true end

-- What a decision cannot be read without. Others may be taken out.
local NEEDED <const> = { "decision", "person", "login", "name", "email", "integration_id",
  "account", "rejected", "before", "chosen", "person_1", "person_2", "person_3", "person_4",
  "person_5", "check" }

-- ---- cells ----

-- Beginnings of month names, English and those of neighbours: "mar10" and
-- "dec 1" become dates in a spreadsheet.
local MONTHS = {}
for name in ("jan feb mar apr may jun jul aug sep oct nov dec ene fev abr avr mai mag giu jui "
  .. "lug ago aou set okt ott out dic dez gen"):gmatch "%l+" do MONTHS[name] = true end

-- Whether a text that begins with a digit could be a number, a time or a date:
-- it could unless it has a word that belongs to none of them.
local function is_like_number(s)
  if s == "0" or s:find "^[1-9]%d*$" and #s <= 15 or s:find("@", 1, true) then return false end
  for word in s:lower():gmatch "%a%a+" do
    if not MONTHS[word:sub(1, 3)] and word ~= "am" and word ~= "pm" then return false end
  end
  return true
end

-- Whether a spreadsheet would take a cell for something else than this text:
-- a formula (OWASP, "CSV Injection"), a number written otherwise, a date, true.
local function is_guarded(s)
  if s == "" then return false end
  local first = s:sub(1, 1)
  if first == "'" or first:find "[=+%-@%s]" then return true end
  if first:find "[%d.,]" then return is_like_number(s) end
  local word = s:match "^(%a+)[%s%-/.]*%d+[%s%-/.,%d]*$"
  if word and MONTHS[word:sub(1, 3):lower()] then return true end
  local lower = s:lower()
  return lower == "true" or lower == "false"
end

--- A text as it stands in a cell: with an apostrophe in front if a spreadsheet
-- would change or run it, or if it begins with an apostrophe.
function csv.guard(s) return is_guarded(s) and "'" .. s or s end

--- The text of a cell. Spreadsheets drop the apostrophe of a cell that somebody
-- typed; that reads the same, as no guarded text begins with one.
function csv.unguard(cell) return cell:sub(1, 1) == "'" and cell:sub(2) or cell end

-- Keys in one cell: "a | b"; "|" and "\" of their own have a "\" before them.
local function join(keys)
  local parts = {}
  for i, key in ipairs(keys) do parts[i] = key:gsub("[\\|]", "\\%0") end
  return table.concat(parts, " | ")
end

local function split(cell)
  local keys, part = {}, {}
  local function finish()
    local key = table.concat(part):match "^%s*(.-)%s*$"
    if key ~= "" then keys[#keys + 1] = key end
    part = {}
  end
  local i = 1
  while i <= #cell do
    local c = cell:sub(i, i)
    if c == "\\" then
      i = i + 1
      c = cell:sub(i, i)
    elseif c == "|" then
      finish()
      c = ""
    end
    part[#part + 1] = c
    i = i + 1
  end
  finish()
  return keys
end

-- ---- writing ----

--- The names of the columns in the order of the file.
-- @tparam ?{string,...} extra columns that are not ours
-- @treturn {string,...}
function csv.columns(extra)
  local names = table.move(COLUMNS, 1, #COLUMNS, 1, {})
  return table.move(extra or {}, 1, #(extra or {}), #names + 1, names)
end

--- A row's cells as they stand in a file, by column.
-- @tparam table r see sei.review.row
-- @tparam ?{string,...} extra columns that are not ours
-- @treturn table
function csv.cells(r, extra)
  local cells = {}
  for _, name in ipairs(row.TEXTS) do cells[name] = csv.guard(r[name]) end
  for i = 1, row.MOST do
    local c = r.candidates[i]
    cells["candidate_" .. i] = c and csv.guard(c.shown) or ""
    -- Whole percent: "0.93" is a date or text where the comma is decimal.
    cells["score_" .. i] = c and math.floor(c.score * 100 + 0.5) or ""
    cells["why_" .. i] = c and csv.guard(c.why) or ""
    cells["person_" .. i] = c and csv.guard(c.person) or ""
  end
  cells.rejected = csv.guard(join(r.rejected))
  for _, name in ipairs(extra or {}) do cells[name] = csv.guard(r.extra[name] or "") end
  return cells
end

--- Writes rows.
-- @tparam {table,...} rows
-- @tparam table how `delimiter`, `newline`, `bom`, and `extra`, the names of columns that are not
-- ours and are kept
-- @tparam function write called with pieces of the file; answers true, or nil and an error object
-- @treturn ?boolean true; or nil and the error object
function csv.write(rows, how, write)
  local failed
  if how.bom then
    local ok, err = write "\u{FEFF}"
    if not ok then return nil, err end
  end
  local out = core.csv.write { header = csv.columns(how.extra), delimiter = how.delimiter,
    newline = how.newline, to = function(piece)
      local ok, err = write(piece)
      failed = failed or err
      return ok, tostring(err)
    end }
  for _, r in ipairs(rows) do
    local ok, err = out:row(csv.cells(r, how.extra))
    if not ok then return nil, failed or err end
  end
  local ok, err = out:close()
  if not ok then return nil, failed or err end
  return true
end

-- ---- reading ----

-- What parts the cells: the one of these that the first line has most of.
local function delimiter_of(line)
  local best, most = ",", 0
  for _, delimiter in ipairs { ",", ";", "\t", "|" } do
    local _, count = line:gsub("%" .. delimiter, "")
    if count > most then best, most = delimiter, count end
  end
  return best
end

--- What a text tells of how it was written. "sep=;" on a line of its own, which
-- Excel understands, is taken out of the text.
-- @tparam string text
-- @treturn table `delimiter`, `newline`, `bom`
-- @treturn string the text
function csv.format_of(text)
  local how = { bom = text:sub(1, 3) == "\u{FEFF}" }
  if how.bom then text = text:sub(4) end
  local sep = text:match "^sep=([,;\t|])\r?\n"
  if sep then text = text:gsub("^[^\r\n]*", "", 1) end
  local line, newline = text:match "^[\r\n]*([^\r\n]*)(\r?\n?)"
  how.delimiter = sep or delimiter_of(line)
  how.newline = newline == "\r\n" and newline or "\n"
  return how, text
end

local function from_cells(cells, line)
  local r = row.new()
  r.line, r.cells = line, cells
  for name, cell in pairs(cells) do cells[name] = csv.unguard(cell) end
  for _, name in ipairs(row.TEXTS) do r[name] = cells[name] or "" end
  for i = 1, row.MOST do
    local person = cells["person_" .. i]
    if person == "" then break end
    r.candidates[i] = { person = person, shown = cells["candidate_" .. i] or "",
      score = (tonumber(cells["score_" .. i]) or 0) / 100, why = cells["why_" .. i] or "" }
  end
  r.rejected = split(cells.rejected)
  return r
end

local function fail(file, sentence, ...)
  error(core.error { kind = "decode", file = file, line = 1,
    message = ("%s:1: "):format(file) .. sentence:format(...) }, 0)
end

local function near(name, names)
  local best = core.nearest(name, names)
  return best and (" (did '%s' become '%s'?)"):format(name, best) or ""
end

-- The names of all columns. Spreadsheets save empty columns behind the last,
-- which have none: they get one.
local function names_of(text, how, file)
  local names = core.csv.read { text = text, name = file, delimiter = how.delimiter,
    header = false }()
  local seen = {}
  for i, name in ipairs(names or {}) do
    if name == "" then name = ("column %d"):format(i) end
    if seen[name] then fail(file, "the header names '%s' twice", name) end
    names[i], seen[name] = name, true
  end
  for _, name in ipairs(NEEDED) do
    if not seen[name] then
      fail(file, "this is no review file, or its column '%s' is gone%s; found: %s", name,
        near(name, names or {}), table.concat(names or {}, ", "))
    end
  end
  return names
end

-- The names that are not ours, in order; not of empty columns without a name.
local function extra_of(names, rows)
  local extra = {}
  for _, name in ipairs(names) do
    local used = not OURS[name] and not name:find "^column %d+$"
    for _, r in ipairs(not OURS[name] and not used and rows or {}) do
      used = used or r.cells[name] ~= ""
    end
    if used then extra[#extra + 1] = name end
  end
  return extra
end

-- All rows but the header; what is wrong with one does not stop the others.
local function rows_of(text, how, file, names)
  local rows, problems, last = {}, {}, nil
  local next_row = core.csv.read { text = text, name = file, delimiter = how.delimiter,
    header = names, ragged = "fill" }
  next_row()
  while true do
    local ok, cells, line = pcall(next_row)
    if ok and not cells then return rows, problems end
    if ok then
      rows[#rows + 1] = from_cells(cells, line)
    elseif not core.is_error(cells) then
      error(cells, 0)
    elseif last and last.line == cells.line then
      return rows, problems -- it is for good
    else
      last = cells
      problems[#problems + 1] = cells
    end
  end
end

--- Reads the text of a file. Raises an error object if it is no review file.
-- @tparam string text
-- @tparam string file its name, for messages
-- @treturn {table,...} rows, each with its `line`
-- @treturn table how it was written, see csv.write
-- @treturn {table,...} error objects of rows that are malformed
function csv.read(text, file)
  local how
  how, text = csv.format_of(text)
  local names = names_of(text, how, file)
  local rows, problems = rows_of(text, how, file, names)
  how.extra = extra_of(names, rows)
  for _, r in ipairs(rows) do
    for _, name in ipairs(how.extra) do r.extra[name] = r.cells[name] end
  end
  return rows, how, problems
end

return csv
