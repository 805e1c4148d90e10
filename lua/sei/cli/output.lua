--- Where a command's result goes, and in which form: CSV, JSON, JSON Lines or a
-- table. Records are written while they come.
local core = require "sei.core"
local report = require "sei.report"

local output = {}

local EPIPE <const> = 32
local PIECE <const> = 64 * 1024 -- bytes that are gathered before they are written
local LOOKED_AT <const> = 200   -- rows that decide how wide a table's columns are
local NARROWEST <const> = 8     -- columns of the screen that a table's column keeps

--- What is raised when whoever read our output went away: no error to tell.
output.CLOSED = setmetatable({}, { __name = "sei.closed",
  __tostring = function() return "nobody reads the output any more" end })

-- ---- places ----

local function fail_io(path, problem)
  error(core.error { kind = "io", file = path, message = ("%s: %s"):format(path, problem) }, 0)
end

local function check_write(ok, problem, code)
  if ok then return end
  if code == EPIPE then error(output.CLOSED, 0) end
  fail_io("standard output", problem)
end

local function to_stdout()
  io.stdout:setvbuf("full", PIECE)
  return {
    write = function(text) check_write(io.stdout:write(text)) end,
    flush = function() check_write(io.stdout:flush()) end,
    commit = function() check_write(io.stdout:flush()) end,
  }
end

-- The file appears when it is whole; what is not committed is gone when it is
-- collected, at the end of the process at the latest.
local function to_file(path)
  local file, err = core.file(path)
  if not file then error(err, 0) end
  local pieces, bytes = {}, 0
  local function flush()
    local ok, problem = core.file_write(file, table.concat(pieces))
    if not ok then error(problem, 0) end
    pieces, bytes = {}, 0
  end
  return {
    write = function(text)
      pieces[#pieces + 1], bytes = text, bytes + #text
      if bytes >= PIECE then flush() end
    end,
    flush = function() end,
    commit = function()
      flush()
      local ok, problem = core.file_commit(file)
      if not ok then error(problem, 0) end
    end,
  }
end

--- Opens the place. It must be committed; a file that is not is not there.
-- @tparam ?string path of a file; nil or "-": standard output
-- @treturn table `write(text)`, `flush()`, `commit()`: each raises what fails
function output.place(path)
  if path == nil or path == "-" then return to_stdout() end
  return to_file(path)
end

-- ---- cells ----

local null = core.json.null

-- 5322/jane-d; 5323/jane
local function accounts_text(list)
  local words = {}
  for i, one in ipairs(list) do
    local who = type(one) == "table" and (one.user_id or one.cloud_id or one.identity)
    local where = who and (one.integration_id or one.integrationId)
    if not where then return nil end
    words[i] = ("%s/%s"):format(where, who)
  end
  return table.concat(words, "; ")
end

--- A value as the text of a cell.
function output.text(value)
  if value == nil or value == null then return "" end
  if type(value) ~= "table" then return tostring(value) end
  if #value > 0 then
    local text = accounts_text(value)
    if text then return text end
  elseif next(value) == nil then
    return ""
  end
  return assert(core.json.encode(value, { canonical = true }))
end

--- A member of a record, by name or by a path as additional_fields.region.
function output.member(record, name)
  local value = record[name]
  if value ~= nil then return value end
  value = record
  for step in name:gmatch "[^.]+" do
    if type(value) ~= "table" then return nil end
    value = value[step]
  end
  return value
end

-- ---- forms: row(record), finish() ----

local forms = {}

function forms.csv(place, fields, options)
  local header = not options.resumed and fields or nil
  local writer = core.csv.write { to = function(text)
    place.write(text)
    return true
  end, header = header, guard = options.guard }
  local function check(ok, err)
    if not ok then error(err, 0) end
  end
  return {
    row = function(record)
      local cells = {}
      for i, name in ipairs(fields) do cells[i] = output.text(output.member(record, name)) end
      check(writer:row(cells))
    end,
    finish = function() check(writer:close()) end,
  }
end

local function chosen(record, fields)
  if not fields then return record end
  local some = {}
  for _, name in ipairs(fields) do some[name] = output.member(record, name) end
  return some
end

local function encode(value) return assert(core.json.encode(value, { canonical = true })) end

function forms.jsonl(place, fields)
  return {
    row = function(record) place.write(encode(chosen(record, fields)) .. "\n") end,
    finish = function() end,
  }
end

function forms.json(place, fields)
  local before = "[\n"
  return {
    row = function(record)
      place.write(before .. encode(chosen(record, fields)))
      before = ",\n"
    end,
    finish = function() place.write(before == "[\n" and "[]\n" or "\n]\n") end,
  }
end

-- ---- tables ----

-- A text within so many columns of the screen.
local function clip(text, columns)
  if report.width(text) <= columns then return text end
  local used, last = 1, 0
  for at, code in utf8.codes(text) do
    local next_at = at + #utf8.char(code)
    used = used + report.width(text:sub(at, next_at - 1))
    if used > columns then break end
    last = next_at - 1
  end
  return text:sub(1, last) .. "…"
end

-- The widest columns give way until all fit.
local function shrink(widths, room)
  local total = 2 * (#widths - 1)
  for _, w in ipairs(widths) do total = total + w end
  while room and total > room do
    local widest = 1
    for i, w in ipairs(widths) do
      if w > widths[widest] then widest = i end
    end
    if widths[widest] <= NARROWEST then break end
    widths[widest], total = widths[widest] - 1, total - 1
  end
end

-- Off the screen nothing is cut: a wide cell pushes the others away.
local function table_line(cells, widths, is_cut)
  local parts = {}
  for i, text in ipairs(cells) do
    if is_cut then text = clip(text, widths[i]) end
    parts[i] = text .. (" "):rep(widths[i] - report.width(text))
  end
  return (table.concat(parts, "  "):gsub(" +$", "")) .. "\n"
end

function forms.table(place, fields, options)
  local held, widths, cut = {}, nil, options.width ~= nil
  local function begin()
    widths = {}
    local rule = {}
    for i, name in ipairs(fields) do
      widths[i] = report.width(name)
      for _, cells in ipairs(held) do widths[i] = math.max(widths[i], report.width(cells[i])) end
    end
    shrink(widths, options.width)
    for i, w in ipairs(widths) do rule[i] = ("-"):rep(w) end
    place.write(table_line(fields, widths, cut) .. table_line(rule, widths, cut))
    for _, cells in ipairs(held) do place.write(table_line(cells, widths, cut)) end
    held = nil
  end
  return {
    row = function(record)
      local cells = {}
      for i, name in ipairs(fields) do
        cells[i] = report.cell(output.text(output.member(record, name)))
      end
      if widths then
        place.write(table_line(cells, widths, cut))
      else
        held[#held + 1] = cells
        if #held == LOOKED_AT then
          begin()
          place.flush()
        end
      end
    end,
    finish = function()
      if not widths then begin() end
    end,
  }
end

--- Makes a writer of records.
-- @tparam string form "csv", "json", "jsonl" or "table"
-- @tparam table place what output.place gave
-- @tparam ?{string,...} fields names or paths, in their order; JSON without them: whole records
-- @tparam table options `guard`: of CSV, see sei.csv.write; `resumed`: CSV without a header row;
-- `width`: of the screen, for a table (nil: any)
-- @treturn table `row(record)`, `finish()`: they raise what fails
function output.form(form, place, fields, options) return forms[form](place, fields, options) end

return output
