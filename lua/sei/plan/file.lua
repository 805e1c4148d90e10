--- The plan file: JSON Lines, a header and then a row for each mapping.
--
-- Canonical: members by name, rows in one order, no times, no paths, so that the
-- same inputs give the same bytes; whoever approves its digest approves exactly
-- these bytes. What is written is what can be read: both sides check alike.
-- @module sei.plan.file

local core = require "sei.core"

local file = {}

local null <const> = core.json.null
local FORMAT <const> = 1
local PIECE <const> = 256 * 1024
local CANONICAL <const> = { canonical = true }

-- What a row may be, in the order in which they are shown. "irreversible" rows are
-- in the plans of sei.undo: additions, which the service cannot take back.
file.KINDS = { "add", "change", "keep", "protected", "conflict", "irreversible" }

local IS_KIND = {}
for _, kind in ipairs(file.KINDS) do IS_KIND[kind] = true end

-- ---- one row ----

local function is_text(value) return type(value) == "string" and value ~= "" end

local function is_email(side) return type(side) == "table" and is_text(side.email) end

-- The number of an integration, or why there is none.
local function check_place(row)
  if row.what == "cloud_id" then
    return not is_text(row.application_type) and "its application_type is missing"
  end
  return math.type(row.integration_id) ~= "integer" and row.kind ~= "conflict"
    and "its integration_id is no whole number"
end

local function check_identity(row)
  if not is_text(row.identity) then return "its identity is missing" end
  local problem = check_place(row)
  if problem then return problem end
  if row.kind == "add" and (row.before ~= nil or not is_email(row.after)) then
    return "an addition has 'after' with an email and no 'before'"
  elseif row.kind == "change" and not (is_email(row.before) and is_email(row.after)) then
    return "a change has 'before' and 'after', each with an email"
  end
end

local function check_contributor(row)
  if not is_text(row.id) then return "its id is missing" end
  if row.kind == "add" then return "contributors are not added by a plan" end
  if row.kind == "change" and not (type(row.before) == "table" and type(row.after) == "table"
    and is_text(row.fingerprint)) then
    return "a change has 'before', 'after' and 'fingerprint'"
  end
end

local CHECK = { identity = check_identity, cloud_id = check_identity,
  contributor = check_contributor }

-- What is wrong with a row; nil: nothing.
local function problem_of(row)
  if type(row) ~= "table" then return "it is no object" end
  if not IS_KIND[row.kind] then return ("there is no kind %q"):format(tostring(row.kind)) end
  local check = CHECK[row.what]
  if not check then return ("there is nothing called %q"):format(tostring(row.what)) end
  if row.kind == "conflict" and not is_text(row.reason) then return "a conflict has a reason" end
  if row.kind == "irreversible" and not is_text(row.reason) then
    return "what is irreversible has a reason"
  end
  return check(row)
end

-- ---- the order of rows ----

local RANK = { identity = 1, cloud_id = 2, contributor = 3 }

-- Lua compares strings by the locale, which a host program may have set; the
-- order of a plan must not depend on it.
local function by_bytes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local function by_locale(a, b) return a < b end

--- How to compare strings by their bytes, here and now.
-- @treturn function of two strings: whether the first one comes first
function file.comparer()
  local locale = os.setlocale(nil, "collate")
  return (locale == "C" or locale == "POSIX") and by_locale or by_bytes
end

--- Sorts strings by their bytes.
-- @tparam {string,...} list changed in place
function file.sort(list)
  local less = file.comparer()
  if less == by_locale then less = nil end -- the same, without a call for each pair
  table.sort(list, less)
end

-- What rows are sorted by, as one string: numbers of integrations go by size,
-- everything else by bytes. No two rows have the same.
local function key_of(row)
  return ("%d%s%s\0%s"):format(RANK[row.what],
    row.integration_id and ("%020d"):format(row.integration_id) or "",
    row.application_type or "", row.identity or row.id)
end

--- What a person calls the thing that a row is about: "5323/jdoe".
-- @tparam table row
-- @treturn string
function file.name(row)
  if row.what == "contributor" then return row.email or "contributor " .. row.id end
  return ("%s/%s"):format(row.integration_id or row.application_type or "?", row.identity)
end

-- ---- counts ----

local function count_in(counts, group, name, kind)
  if name == nil then return end
  local all = counts[group]
  local one = all[name] or {}
  all[name] = one
  one[kind] = (one[kind] or 0) + 1
end

local function no_counts()
  local counts = { by_integration = {}, by_rule = {}, fields = {} }
  for _, kind in ipairs(file.KINDS) do counts[kind] = 0 end
  return counts
end

local function count_row(counts, row)
  local kind = row.kind
  counts[kind] = counts[kind] + 1
  if row.what == "contributor" then
    counts.fields[kind] = (counts.fields[kind] or 0) + 1
  else
    local place = row.integration_id or row.application_type
    count_in(counts, "by_integration", place and tostring(place), kind)
    count_in(counts, "by_rule", row.rule, kind)
  end
end

--- Counts rows: by kind, and by kind within each integration and each rule.
-- @tparam {table,...} rows
-- @treturn table a number for each kind, `by_integration`, `by_rule`, `fields` (contributors, by
-- kind)
function file.count(rows)
  local counts = no_counts()
  for _, row in ipairs(rows) do count_row(counts, row) end
  return counts
end

-- A sentence about the first count that differs; nil: they agree.
local function differing(counts, found)
  for _, kind in ipairs(file.KINDS) do
    if counts[kind] ~= found[kind] then
      return ("its header speaks of %s '%s' rows, it has %d"):format(tostring(counts[kind]), kind,
        found[kind])
    end
  end
end

-- ---- writing ----

local function encode(row)
  local text, err = core.json.encode(row, CANONICAL)
  if text then return text end
  err.message = ("the plan's row %s cannot be written: %s"):format(
    row.what and file.name(row):gsub("[^%g ]", "?") or "header", err.message)
  return nil, err
end

local function misuse(format, ...) error(("bad plan: " .. format):format(...), 4) end

-- The rows in their order; raises for what no plan may hold.
local function ordered(rows)
  local by_key, keys = {}, {}
  for i, row in ipairs(rows) do
    local problem = problem_of(row)
    if problem then misuse("row %d: %s", i, problem) end
    local key = key_of(row)
    if by_key[key] then misuse("two rows for %s", file.name(row)) end
    by_key[key], keys[i] = row, key
  end
  file.sort(keys)
  for i, key in ipairs(keys) do keys[i] = by_key[key] end
  return keys
end

local function header_of(header, rows)
  local full, counts = {}, file.count(rows)
  for name, value in pairs(header) do full[name] = value end
  for name, value in pairs(header.counts or {}) do
    if counts[name] == nil then counts[name] = value end
  end
  full.kind, full.format, full.counts = "header", FORMAT, counts
  full.guards = core.json.array(full.guards or {})
  full.irreversible = 0
  for _, row in ipairs(rows) do
    if row.kind == "add" then full.irreversible = full.irreversible + 1 end
  end
  return full
end

-- `before` stands there in each row that says what will be.
local function line_of(row)
  if row.after == nil or row.before ~= nil then return encode(row) end
  row.before = null
  local text, err = encode(row)
  row.before = nil
  return text, err
end

-- Writes pieces of the lines; keeps the digest of what was written.
local function write_lines(out, digest, header, rows)
  local text, err = encode(header)
  local held, size = {}, 0
  for i = 1, #rows + 1 do
    if not text then return nil, err end
    held[#held + 1] = text
    size = size + #text
    if size > PIECE or i > #rows then
      held[#held + 1] = ""
      local piece = table.concat(held, "\n")
      digest:add(piece)
      local ok, problem = true, nil
      if out then ok, problem = core.file_write(out, piece) end
      if not ok then return nil, problem end
      held, size = {}, 0
    end
    if i <= #rows then text, err = line_of(rows[i]) end
  end
  return true
end

local function create(path)
  if path then return core.file(path, true) end
end

--- Writes a plan: its owner's alone (mode 0600), whole or not at all.
--
-- Sorts a copy of the rows, counts them into `header.counts` (counts of other
-- names that are there already stay), and sets `kind`, `format` and
-- `irreversible`. Raises for rows that no plan may hold.
-- @tparam ?string path nil: only its digest is wanted
-- @tparam table header
-- @tparam {table,...} rows
-- @treturn ?table `header` and `rows` as they were written, `digest`, `path`; or nil and an
-- error object
function file.write(path, header, rows)
  rows = ordered(rows)
  header = header_of(header, rows)
  local digest = core.digest.new()
  local out <close>, problem = create(path)
  if problem then return nil, problem end
  local ok, err = write_lines(out, digest, header, rows)
  if ok and out then ok, err = core.file_commit(out) end
  if not ok then return nil, err end
  return { header = header, rows = rows, digest = digest:hex(), path = path }
end

-- ---- reading ----

local function bad(path, line, format, ...)
  local why = format:format(...)
  return nil, core.error { kind = "decode", file = path, line = line,
    message = ("%s:%d: %s"):format(path, line, why),
    hint = "make the plan anew with 'sei plan'; a plan is not edited by hand" }
end

local function check_header(path, header, problem)
  if type(header) ~= "table" or header.kind ~= "header" then
    return bad(path, 1, "not a plan that 'sei plan' made%s",
      header == nil and problem and ": " .. problem.message or "")
  end
  if header.format ~= FORMAT then
    return bad(path, 1, "a plan of format %s; this version reads %d", tostring(header.format),
      FORMAT)
  end
  if type(header.counts) ~= "table" or type(header.target) ~= "table" then
    return bad(path, 1, "the header lacks 'counts' or 'target'")
  end
  for i, guard in ipairs(type(header.guards) == "table" and header.guards or {}) do
    if type(guard) ~= "table" or not is_text(guard.name) or type(guard.passed) ~= "boolean" then
      return bad(path, 1, "guard %d has no name or no result", i)
    end
  end
  return header
end

-- The next row of `self`; nil at the end; nil, err.
local function next_row(self)
  local text = self.next_line()
  if not text then return nil end
  self.line = self.line + 1
  self.sum:add(text)
  local row, problem = core.json.decode(text)
  if row == nil then return bad(self.path, self.line, "%s", problem.message) end
  if type(row) == "table" and row.before == null then row.before = nil end
  local wrong = problem_of(row)
  if wrong then return bad(self.path, self.line, "%s", wrong) end
  local key = key_of(row)
  if self.last and not self.less(self.last, key) then
    return bad(self.path, self.line, "%s stands in the wrong order, or twice", file.name(row))
  end
  self.last = key
  return row
end

local function open(path)
  local handle, problem = io.open(path, "rb")
  if not handle then return nil, core.error { kind = "io", file = path, message = problem } end
  local self = { path = path, handle = handle, next_line = handle:lines "L", line = 1,
    sum = core.digest.new(), less = file.comparer() }
  local ok, text = pcall(self.next_line)
  if not ok then
    handle:close()
    return nil, core.error { kind = "io", file = path,
      message = ("%s: %s"):format(path, tostring(text)) }
  end
  self.sum:add(text or "")
  local header, err = check_header(path, core.json.decode(text or ""))
  if not header then
    handle:close()
    return nil, err
  end
  self.header = header
  return self
end

local function read_rows(self, keep)
  local rows, counts = {}, no_counts()
  local row, err = next_row(self)
  while row do
    count_row(counts, row)
    if keep == nil or keep(row) then rows[#rows + 1] = row end
    row, err = next_row(self)
  end
  if err then return nil, err end
  local wrong = differing(self.header.counts, counts)
  if wrong then return bad(self.path, self.line, "%s: it was cut or edited", wrong) end
  return rows
end

--- Reads a plan. `before` that is null in the file is nil here.
--
-- The digest is that of the very bytes that the rows came from.
-- @tparam string path
-- @tparam ?function keep is given each row; only those that it answers true for are kept
-- @treturn ?table `header`, `rows`, `digest`, `path`; or nil and an error object with the line
function file.read(path, keep)
  local self, err = open(path)
  if not self then return nil, err end
  local _ <close> = self.handle
  local ok, rows, problem = pcall(read_rows, self, keep)
  if not ok then
    return nil, core.error { kind = "io", file = path,
      message = ("%s: %s"):format(path, tostring(rows)) }
  end
  if not rows then return nil, problem end
  return { header = self.header, rows = rows, digest = self.sum:hex(), path = path }
end

--- The digest of a plan file, what `sha256sum` prints.
-- @tparam string path
-- @treturn ?string 64 hexadecimal digits; or nil and an error object
function file.digest(path) return core.digest.file(path) end

return file
