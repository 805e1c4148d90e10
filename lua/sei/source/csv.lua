--- People and accounts from CSV: see `sei.source.csv`.
-- @module sei.source.csv

local attempt = require "sei.attempt"
local base = require "sei.source.base"
local bytes = require "sei.source.bytes"
local core = require "sei.core"
local opt = require "sei.options"
local record = require "sei.source.record"

local csv = {}

local DELIMITERS <const> = { ",", ";", "\t" }
local LOOKED_AT <const> = 20     -- rows by which a delimiter is told

local KINDS <const> = base.join(base.options, bytes.options,
  { delimiter = "string", header = "table", ragged = '"error"|"fill"' })

-- Looks at a few rows: how wide the first is, how many are as wide.
local function look(tape, delimiter)
  local seen = { delimiter = delimiter, width = 0, rows = 0, same = 0 }
  local ok, problem = pcall(function()
    for row in core.csv.read { chunks = tape(), header = false, delimiter = delimiter,
        utf8 = false } do
      seen.rows = seen.rows + 1
      if seen.rows == 1 then seen.width, seen.names = #row, row end
      if #row == seen.width then seen.same = seen.same + 1 end
      if seen.rows == LOOKED_AT then break end
    end
  end)
  if not ok then
    if not core.is_error(problem) or problem.kind ~= "decode" then error(problem, 0) end
    seen.rows = seen.rows + 1
  end
  seen.share = seen.rows > 0 and seen.same / seen.rows or 0
  return seen
end

local function better(a, b)
  if a.width == 1 or b.width == 1 then return a.width > b.width end
  if a.share ~= b.share then return a.share > b.share end
  return a.width > b.width
end

-- The delimiter that makes a table of the text; the first row.
local function detect(tape, name)
  local best, as_good
  for _, delimiter in ipairs(DELIMITERS) do
    local seen = look(tape, delimiter)
    if not best or better(seen, best) then
      best, as_good = seen, nil
    elseif seen.width > 1 and not better(best, seen) then
      as_good = seen
    end
  end
  if as_good then
    error(core.error { kind = "decode", file = name, line = 1, field = "delimiter",
      message = ("%s:1: the delimiter may be %q or %q"):format(name, best.delimiter,
        as_good.delimiter), hint = "say which with the option 'delimiter'" }, 0)
  end
  return best.delimiter, best.names
end

-- Spreadsheets write a first line "sep=;" for themselves. It stays an empty
-- line, so that lines keep their numbers.
local function without_sep(pull)
  local first = ""
  repeat
    local piece = pull()
    first = first .. (piece or "")
  until not piece or #first >= 6
  local delimiter, rest = first:match "^[Ss][Ee][Pp]=(.)(\r?\n.*)$"
  if not delimiter then delimiter, rest = first:match "^\"[Ss][Ee][Pp]=(.)\"(\r?\n.*)$" end
  local given = false
  return function()
    if given then return pull() end
    given = true
    return rest or first
  end, delimiter
end

local HINTS <const> = {
  { "not valid UTF%-8", "is it Latin-1? say encoding = \"windows-1252\", or save it as UTF-8" },
  { "a NUL byte", "is it UTF-16? say encoding = \"utf-16le\", or save it as UTF-8" },
}

local function hint(err)
  if not core.is_error(err) or err.kind ~= "decode" then return err end
  for _, row in ipairs(HINTS) do
    if err.message:find(row[1]) then err.hint = row[2] end
  end
  return err
end

local function hinted(ok, ...)
  if ok then return ... end
  error(hint((...)), 0)
end

local function prepare(input, options, pull)
  local rest, from_sep = without_sep(pull)
  local tape = bytes.tape(rest)
  local delimiter, names = options.delimiter or from_sep, options.header
  if delimiter then
    names = names or look(tape, delimiter).names
  else
    local first
    delimiter, first = detect(tape, input.name)
    names = names or first
  end
  local read, _, _, reader = core.csv.read { chunks = tape(true), delimiter = delimiter,
    name = input.name, header = options.header or true, ragged = options.ragged }
  if not names then hinted(pcall(read)) end -- says that the text is empty
  for _, name in ipairs(names) do
    if not utf8.len(name) then hinted(pcall(read)) end -- says where
  end
  return read, reader, names
end

--- Opens an input of bytes.inputs as rows by column, whatever the columns are called.
-- @tparam table input
-- @tparam table options checked: `encoding`, `delimiter`, `header`, `ragged`
-- @treturn table `next` (gives a row and its line), `names` (the header), `hint` (adds one to an
-- error that `next` raised), `close`
function csv.table(input, options)
  local pull, close = bytes.open(input, options.encoding)
  local reader
  local function shut()
    if reader then reader:close() end
    close()
  end
  local ok, made = pcall(function()
    local next_row, names
    next_row, reader, names = prepare(input, options, pull)
    return { next = next_row, names = names, hint = hint, close = shut }
  end)
  if ok then return made end
  shut()
  error(made, 0)
end

--- Opens an input of bytes.inputs; for other sources, too.
-- @tparam table input
-- @tparam table options checked
-- @tparam ?function choose the option `columns` by the header's names
-- @treturn table what base.new's `open` returns
function csv.open(input, options, choose)
  local one = csv.table(input, options)
  local ok, mapping = pcall(function()
    local columns = options.columns
    if choose then columns = choose(one.names) end
    return record.by_header(one.names, columns, { file = input.name, line = 1 })
  end)
  if not ok then
    one.close()
    error(mapping, 0)
  end
  one.mapping = mapping
  return one
end

local function open(input, source) return csv.open(input, source.options) end

--- Raises a sentence unless a delimiter and a header can be.
-- @tparam table o `delimiter`, `header`
-- @tparam string what messages call what has them
function csv.check(o, what)
  local ok, problem = pcall(core.csv.read,
    { text = "", delimiter = o.delimiter, header = o.header })
  if not ok then error((tostring(problem):gsub("sei%.csv%.read", what)), 0) end
end

--- Makes the source; see `sei.source.csv`.
-- @tparam table options
-- @treturn source
function csv.new(options)
  return attempt.check(2, function()
    local what = "sei.source.csv"
    local o = opt.check(what, options, KINDS)
    record.check_columns(o.columns, what)
    csv.check(o, what)
    return base.new("csv", o, bytes.inputs(o, what), open)
  end)
end

return csv
