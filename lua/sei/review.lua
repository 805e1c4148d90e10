--- The review file: what the rules left to a person, and what the person said.
--
--     local file = "review.csv"
--     local decided = sei.review.read { file = file, missing = "nothing" }
--     local result = assert(sei.match.run { people = people, accounts = accounts,
--       decided = assert(decided) })
--     assert(sei.review.merge(file, result))
--
-- One row per account, the first two columns for a person to fill in:
--
-- * `accept`: the first candidate; `accept 2`: the second
-- * `reject`: none of the candidates; `reject 2`: not the second, or not the one
--   under `person`. That pair is never proposed again
-- * `choose`: the person whose e-mail or id stands under `person`, also one who
--   was not proposed; it takes an earlier `reject` of that person back
-- * `ignore`: never ask again about this account
-- * nothing: not decided
--
-- `class` tells where the account stands: "review" and "none" are open, "settled"
-- are those that need nothing, "absent" accounts were not in the last input and
-- wait. `rejected`, `before`, `chosen`, `person_1` … and `check` are for the next
-- reading and must stay as they are; `note` and columns of your own are kept.
--
-- The file may be sorted, filtered and saved with `;`, a byte order mark or
-- other line ends. Cells that a spreadsheet would run or change have an
-- apostrophe in front. Whatever could mean two things is refused.
-- @module sei.review

local core = require "sei.core"
local attempt = require "sei.attempt"
local decided = require "sei.decided"
local decision = require "sei.review.decision"
local match = require "sei.match"
local merging = require "sei.review.merging"
local options = require "sei.options"
local row = require "sei.review.row"

local review = {}

-- ---- files ----

local function codec(format) return require("sei.review." .. format) end

local function exists(path)
  local handle = io.open(path, "rb")
  if handle then handle:close() end
  return handle ~= nil
end

-- The whole text. Raises an error object.
local function text_of(path)
  local handle, message = io.open(path, "rb")
  local text = handle and handle:read "a"
  if handle then handle:close() end
  if not text then
    error(core.error { kind = "io", message = message or path .. ": cannot be read",
      file = path }, 0)
  end
  if text:find "^\xFF\xFE" or text:find "^\xFE\xFF" then
    error(core.error { kind = "decode", file = path, message = path .. ": is UTF-16",
      hint = "save it as CSV UTF-8" }, 0)
  end
  return text
end

-- Rows, how they were written, malformed rows.
local function load(path)
  local text = text_of(path)
  local format = text:gsub("^\u{FEFF}", ""):find "^%s*{" and "json" or "csv"
  local rows, how, problems = codec(format).read(text, path)
  how.format = format
  return rows, how, problems
end

-- ---- reading ----

local function problem_of(r, path, column, value, sentence)
  local where = r.line and "line " .. r.line or "row " .. r.number
  return { file = path, line = r.line, row = r.number, column = column, value = value,
    account = r.account,
    message = ("%s, %s, column '%s': %s"):format(path, where, column, sentence) }
end

-- What the row says as an entry of sei.decided; nil if nothing; nil and a problem.
local function entry_of(r, path)
  if not row.speaks(r) then return nil end
  if r.check ~= row.check(r) or r.account == "" then
    return nil, problem_of(r, path, "check", r.check, ("the cells that sei wrote in this row were "
      .. "changed (account '%s'); take the row as it was, and decide again"):format(r.account))
  end
  local said, why, column = decision.read(r)
  if not said then return nil, problem_of(r, path, column, r[column], why) end
  local reject = {}
  for _, list in ipairs { r.rejected, said.reject or {} } do
    for _, key in ipairs(list) do
      if key ~= said.choose then reject[#reject + 1] = key end
    end
  end
  if not (said.choose or said.ignore or #reject > 0) then return nil end
  return { account = r.account, choose = said.choose, ignore = said.ignore,
    shown = said.shown, reject = #reject > 0 and reject or nil,
    seen = { integration_id = r.integration_id, login = r.login, name = r.name, email = r.email },
    source = { file = path, line = r.line, row = r.number } }
end

-- Raises all problems as one error object.
local function raise(path, problems)
  local first = problems[1]
  local more = #problems > 1 and (" (and %d more, see rows)"):format(#problems - 1) or ""
  error(core.error { kind = "decode", file = path, line = first.line, column = first.column,
    message = first.message .. more, rows = problems }, 0)
end

-- Entries of all rows that say something; each row gets its own as `entry`.
local function entries_of(rows, path, problems)
  local entries = {}
  for _, r in ipairs(rows) do
    local entry, problem = entry_of(r, path)
    r.entry, entries[#entries + 1] = entry, entry
    problems[#problems + 1] = problem
  end
  if #problems > 0 then raise(path, problems) end
  decided.new(entries) -- two rows may contradict each other
  return entries
end

local function read(checked)
  if checked.missing == "nothing" and not exists(checked.file) then return {} end
  local rows, _, problems = load(checked.file)
  return entries_of(rows, checked.file, problems)
end

--- Reads what was decided, for the option `decided` of sei.match.run.
--
-- A file with a cell that cannot be understood gives no decision at all, but an
-- error object that names the first such cell (file, line, column, value, the
-- nearest right word) and has all of them in `rows`.
-- @tparam table given `file`: its path, CSV or JSON; `missing`: "nothing" if a file that is not
-- there is no error but has no decisions
-- @treturn ?{table,...} entries of sei.decided.new; or nil and an error object
function review.read(given)
  local checked = options.check("sei.review.read", given or {},
    { file = "string", missing = '"nothing"' })
  if not checked.file then
    error("bad option 'file' for sei.review.read (path expected, got nothing)", 2)
  end
  return attempt.call(read, checked)
end

-- ---- writing ----

local OPTIONS <const> = { file = "string", format = '"csv"|"json"', delimiter = "string",
  bom = "boolean", newline = '"\n"|"\r\n"', overwrite = "boolean" }

-- Raises where a file could not hold a row.
local function check_texts(rows)
  for _, r in ipairs(rows) do
    local column = row.unwritable(r)
    if column then
      error(core.error { kind = "encode", message = ("the '%s' of account %q is not valid UTF-8, "
        .. "or has a NUL"):format(column, r.account) }, 0)
    end
  end
end

local function check_rows(rows)
  check_texts(rows)
  for _, r in ipairs(rows) do r.check = row.check(r) end
end

-- The file appears whole, or stays what it was. Raises an error object.
local function save(rows, how)
  check_rows(rows)
  local file, err = core.file(how.file)
  if not file then error(err, 0) end
  local out <close> = file
  local ok
  local function write(piece) return core.file_write(out, piece) end
  if how.format == "json" then
    ok, err = codec "json".write(rows, write)
  else
    ok, err = codec "csv".write(rows, how, write)
  end
  if ok then ok, err = core.file_commit(out) end
  if not ok then error(err, 0) end
end

local function check_result(result, name, number)
  if type(result) ~= "table" or type(result.review) ~= "table" or type(result.none) ~= "table" then
    error(("bad argument #%d to '%s' (a result of sei.match.run expected)"):format(number, name), 3)
  end
end

local function rows_of(from)
  if type(from) == "string" then
    local rows, how, problems = load(from)
    entries_of(rows, from, problems)
    check_texts(rows)
    for _, r in ipairs(rows) do r.damaged = r.check ~= row.check(r) end
    return rows, how
  end
  local rows = merging.rows(from, {}, match.key)
  check_rows(rows)
  return rows, { format = "csv" }
end

--- The rows of a review file, for whoever shows them.
-- @param from path of a file, or a result of sei.match.run: what would be written of it
-- @treturn ?{table,...} rows, see sei.review.row, `damaged` if cells that sei wrote were changed,
-- so that nothing can be decided there; or nil and an error object
-- @treturn table how the file was written: `format`, `delimiter`, `newline`, `bom`, `extra`
function review.rows(from)
  if type(from) ~= "string" then check_result(from, "rows", 1) end
  return attempt.call(rows_of, from)
end

local function counted(rows)
  local counts = { review = 0, none = 0, settled = 0, absent = 0 }
  for _, r in ipairs(rows) do counts[r.class] = counts[r.class] + 1 end
  return counts
end

local function format_of(checked)
  return checked.format or (checked.file:lower():find "%.json$" and "json" or "csv")
end

local function write(result, checked)
  if not checked.overwrite and exists(checked.file) then
    error(core.error { kind = "io", file = checked.file, message = checked.file .. ": is there "
      .. "already, and decisions may be in it", hint = "sei.review.merge keeps them; "
      .. "overwrite=true does not" }, 0)
  end
  local rows = merging.rows(result, {}, match.key)
  save(rows, { file = checked.file, format = format_of(checked), bom = checked.bom,
    delimiter = checked.delimiter or ",", newline = checked.newline or "\n" })
  return counted(rows)
end

--- Writes the undecided accounts of a result to a new file.
-- @tparam table result of sei.match.run
-- @tparam table given `file`: its path; `format`: "csv" or "json" (default: by the name, else CSV);
-- for CSV `delimiter` (","), `bom` (false; true lets Excel see that it is UTF-8), `newline` ("\n");
-- `overwrite`: true replaces a file that is there, decisions included
-- @treturn ?table how many rows of each class it has; or nil and an error object
-- @usage assert(sei.review.write(result, { file = "review.csv", delimiter = ";", bom = true }))
function review.write(result, given)
  check_result(result, "write", 1)
  local checked = options.check("sei.review.write", given or {}, OPTIONS)
  if not checked.file then
    error("bad option 'file' for sei.review.write (path expected, got nothing)", 2)
  end
  return attempt.call(write, result, checked)
end

local function merge(path, result, checked)
  checked.file = checked.file or path
  if checked.file == path and not exists(path) then
    checked.overwrite = true
    return write(result, checked)
  end
  local old, how, problems = load(path)
  entries_of(old, path, problems)
  local rows = merging.rows(result, old, match.key)
  local function option(name, default)
    if checked[name] ~= nil then return checked[name] end
    if how[name] ~= nil then return how[name] end
    return default
  end
  save(rows, { file = checked.file, bom = option("bom", false), extra = how.extra,
    delimiter = option("delimiter", ","), newline = option("newline", "\n"),
    format = checked.format or checked.file ~= path and format_of(checked) or how.format })
  return counted(rows)
end

--- Writes a new review file that keeps every decision of an old one, also those
-- about accounts that are no longer there.
--
-- An account or a person that changed since is open again; what was decided
-- stands under `before` then. What was accepted is written as `choose` and the
-- person, since the order of candidates may change. On an error the old file
-- stays as it is.
-- @tparam string path of the old file; one that is not there has no decisions
-- @tparam table result of sei.match.run
-- @tparam ?table given options as of sei.review.write; `file` is the old one unless given, and the
-- way of writing is the old file's
-- @treturn ?table how many rows of each class it has; or nil and an error object
function review.merge(path, result, given)
  if type(path) ~= "string" or path == "" then
    error("bad argument #1 to 'merge' (path of a review file expected)", 2)
  end
  check_result(result, "merge", 2)
  local checked = options.check("sei.review.merge", given or {}, OPTIONS)
  return attempt.call(merge, path, result, checked)
end

return review
