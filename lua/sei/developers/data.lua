--- Developers as rows of cells: what HR wrote down, with its lines.
--
-- An export comes in any encoding, with any delimiter; what is sent is made anew
-- from its cells. What cannot be read at all is told in the service's own words
-- (api.md section 5), before anything is sent.
-- @module sei.developers.data

local bytes = require "sei.source.bytes"
local core = require "sei.core"
local csv = require "sei.source.csv"
local options = require "sei.options"

local data = {}

local HINT <const> = "nothing was sent"

-- What a reader of CSV says → which of the service's types that is.
local TYPES <const> = {
  { "of the header has no name", "BLANK_CSV_COLUMN_NAME" },
  { "the text is empty", "EMPTY_CSV" }, { "has no header", "EMPTY_CSV" },
  { "", "INVALID_CSV" },
}

local function type_of(message)
  for _, row in ipairs(TYPES) do
    if message:find(row[1], 1, true) then return row[2] end
  end
end

-- An error of the reader becomes one of the flow: with its type, as a row.
local function refuse(name, err)
  if not core.is_error(err) or err.kind ~= "decode" then error(err, 0) end
  local kind = type_of(err.message)
  local reason = err.message:gsub("^.-:%d+: ", "")
  if reason:sub(1, #name + 2) == name .. ": " then reason = reason:sub(#name + 3) end
  err.code = kind
  err.rows = { { type = kind, line = err.line, reason = reason,
    remedy = require "sei.developers.check".remedy(kind) } }
  err.class = "never_sent"
  err.file = err.file or name
  err.hint = err.hint and ("%s; %s"):format(HINT, err.hint) or HINT
  error(err, 0)
end

local function text_of(value)
  if value == nil or value == core.json.null then return "" end
  if math.type(value) == "float" and math.tointeger(value) then value = math.tointeger(value) end
  return tostring(value)
end

local function is_blank(row)
  for i = 1, #row do
    if row[i]:find "%S" then return false end
  end
  return true
end

-- Whether the caller's filter leaves the row out; what it raises is told with the line.
local function is_left_out(self, row, line)
  if not self.filter then return false end
  local ok, answer = pcall(self.filter, row)
  if ok then return not answer end
  if core.is_error(answer) then error(answer, 0) end
  error(core.error { kind = "io", file = self.name, line = line,
    message = ("%s:%d: the filter failed: %s"):format(self.name, line, tostring(answer)) }, 0)
end

local function add(self, cells, line, row)
  if is_blank(cells) then
    self.blank = self.blank + 1
    return
  elseif is_left_out(self, row, line) then
    self.left_out = self.left_out + 1
    return
  end
  cells.line = line
  self.rows[#self.rows + 1] = cells
end

-- The first name that is none or comes twice is told. Readers of files find most of them.
local function check_header(header, name)
  local seen = {}
  for i, column in ipairs(header) do
    if type(column) ~= "string" or not column:find "%S" then
      error(core.error { kind = "decode", line = 1,
        message = ("%s:1: column %d of the header has no name"):format(name, i) }, 0)
    elseif seen[column] then
      error(core.error { kind = "decode", line = 1, message = ("%s:1: the header names %q twice, "
        .. "in columns %d and %d"):format(name, column, seen[column], i) }, 0)
    end
    seen[column] = i
  end
end

-- ---- files ----

local function read_file(self, given)
  local inputs = bytes.inputs({ file = given.file, encoding = given.encoding },
    "sei.developers.upload")
  local one = csv.table(inputs[1], given)
  local _ <close> = setmetatable({}, { __close = one.close })
  check_header(one.names, self.name)
  self.columns = one.names
  while true do
    local ok, row, line = pcall(one.next)
    if not ok then error(one.hint(row), 0) end
    if row == nil then return end
    local cells = {}
    for i, name in ipairs(one.names) do cells[i] = text_of(row[name]) end
    add(self, cells, line, row)
  end
end

-- ---- rows of Lua ----

local function iterator(rows)
  if options.callable(rows) then return rows end
  local i = 0
  return function()
    i = i + 1
    return rows[i]
  end
end

local IS_CELL <const> = { ["nil"] = true, string = true, number = true, boolean = true }

local function take(self, row, line)
  if type(row) ~= "table" then
    error(core.error { kind = "decode", message = ("rows:%d: a table was expected, got a %s")
      :format(line, type(row)) }, 0)
  end
  local source = type(row.source) == "table" and row.source
  if source and math.type(source.line) == "integer" then line = source.line end
  local cells, is_array = {}, #row > 0
  for i, name in ipairs(self.columns) do
    local value = is_array and row[i]
    if not is_array then value = row[name] end
    if not IS_CELL[type(value)] and value ~= core.json.null then
      error(core.error { kind = "decode", line = line, message = ("rows:%d: %s: a text or a number "
        .. "was expected, got a %s"):format(line, name, type(value)) }, 0)
    end
    cells[i] = text_of(value)
  end
  add(self, cells, line, row)
end

local function read_rows(self, given)
  check_header(given.header, self.name)
  self.columns = given.header
  local number = 0
  for row, line in iterator(given.rows) do
    number = number + 1
    take(self, row, math.type(line) == "integer" and line or number)
  end
end

-- ---- all of it ----

--- Reads what is to be uploaded. Raises an error object for what cannot be read.
-- @tparam table given `file`, `encoding`, `delimiter`; or `rows` and `header`; `filter`
-- @treturn table `name`, `columns` (array), `rows` (arrays of texts, each with `line`), `blank`
-- (how many rows had nothing in them), `left_out` (how many the filter did not want)
function data.read(given)
  local self = { name = given.file or "rows", rows = {}, blank = 0, left_out = 0,
    filter = given.filter }
  local ok, err = pcall(given.file and read_file or read_rows, self, given)
  if not ok then refuse(self.name, err) end
  if #self.rows == 0 then
    refuse(self.name, core.error { kind = "decode", file = given.file,
      message = self.name .. ": the text is empty: there is no row below the header"
        .. (self.left_out > 0 and " that the filter leaves in" or "") })
  end
  return self
end

--- The digest of what was read, wherever it stood.
-- @tparam table self of data.read
-- @treturn string 64 hexadecimal digits
function data.digest(self)
  local sum = core.digest.new()
  sum:add(assert(core.json.encode(self.columns)) .. "\n")
  for _, row in ipairs(self.rows) do
    sum:add(table.concat(row, "\31") .. "\30")
  end
  return sum:hex()
end

return data
