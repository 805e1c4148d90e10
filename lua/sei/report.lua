--- What people read: tables whose columns stand under each other.
-- @module sei.report

local report = {}

-- Ranges of characters that take another number of columns than one: combining
-- marks and joiners none, East Asian scripts and pictures two. Blocks of
-- Unicode, coarse on purpose.
local COLUMNS <const> = {
  { 0x300, 0x36F, 0 }, { 0x1100, 0x115F, 2 }, { 0x200B, 0x200D, 0 }, { 0x2E80, 0xA4CF, 2 },
  { 0xAC00, 0xD7A3, 2 }, { 0xF900, 0xFAFF, 2 }, { 0xFE00, 0xFE0F, 0 }, { 0xFE30, 0xFE6F, 2 },
  { 0xFF00, 0xFF60, 2 }, { 0x1F300, 0x1FAFF, 2 }, { 0x20000, 0x3FFFD, 2 },
}

local function columns_of(c)
  for _, range in ipairs(COLUMNS) do
    if c < range[1] then return 1 end
    if c <= range[2] then return range[3] end
  end
  return 1
end

--- How many columns a text takes on a terminal.
-- @tparam string text one line of UTF-8
-- @treturn integer
function report.width(text)
  local columns = 0
  for _, c in utf8.codes(text) do columns = columns + columns_of(c) end
  return columns
end

local width = report.width

-- What a terminal obeys without showing it: control characters of the second
-- set (ECMA-48), and what turns the direction of writing.
local UNSHOWN <const> = { "\xC2[\x80-\x9F]", "\xE2\x80[\x8E\x8F\xA8-\xAE]",
  "\xE2\x81[\xA6-\xA9]" }

--- A value as one line that a terminal can show, whatever came.
-- @param value nil: ""
-- @treturn string
function report.cell(value)
  local text = value == nil and "" or tostring(value)
  text = text:gsub("[%c]", " ")
  if not utf8.len(text) then return (text:gsub("[\x80-\xFF]", "?")) end
  for _, pattern in ipairs(UNSHOWN) do text = text:gsub(pattern, "?") end
  return text
end

local cell = report.cell

local function line(cells, widths, numeric)
  local parts = {}
  for i, text in ipairs(cells) do
    local pad = (" "):rep(widths[i] - width(text))
    parts[i] = numeric[i] and pad .. text or text .. pad
  end
  return (table.concat(parts, "  "):gsub(" +$", ""))
end

--- An aligned table as text, with a line under its heading. Columns of
-- numbers stand to the right.
-- @tparam {string,...} columns headings
-- @tparam {table,...} rows arrays of values, or tables by heading
-- @treturn string lines, the last one ended too
function report.table(columns, rows)
  local lines, widths, numeric = { {} }, {}, {}
  for i, name in ipairs(columns) do
    lines[1][i], widths[i], numeric[i] = cell(name), width(cell(name)), #rows > 0
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, name in ipairs(columns) do
      local value = row[i]
      if value == nil then value = row[name] end
      cells[i] = cell(value)
      widths[i] = math.max(widths[i], width(cells[i]))
      numeric[i] = numeric[i] and type(value) == "number"
    end
    lines[#lines + 1] = cells
  end
  for i, cells in ipairs(lines) do lines[i] = line(cells, widths, numeric) end
  local rule = {}
  for i, w in ipairs(widths) do rule[i] = ("-"):rep(w) end
  table.insert(lines, 2, table.concat(rule, "  "))
  return table.concat(lines, "\n") .. "\n"
end

return report
