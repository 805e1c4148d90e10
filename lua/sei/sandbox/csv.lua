--- CSV of the emulator (RFC 4180): a reader of whole texts, and a writer.
local csv = {}

-- The field that begins with a quote at `at`; answers it, and what is behind.
local function quoted(text, at, line)
  local from, pieces = at + 1, {}
  while true do
    local stop = text:find('"', from, true)
    if not stop then error({ csv = "a quote that is never closed", line = line }, 0) end
    pieces[#pieces + 1] = text:sub(from, stop - 1)
    if text:sub(stop + 1, stop + 1) ~= '"' then
      return table.concat(pieces), stop + 1
    end
    pieces[#pieces + 1] = '"'
    from = stop + 2
  end
end

local function field_at(text, at, line)
  if text:sub(at, at) == '"' then
    local field, behind = quoted(text, at, line)
    if not text:find("^[,\r\n]", behind) and behind <= #text then
      error({ csv = "text behind a closing quote", line = line }, 0)
    end
    return field, behind
  end
  local stop = text:find("[,\r\n]", at) or #text + 1
  local field = text:sub(at, stop - 1)
  if field:find('"', 1, true) then
    error({ csv = "a quote inside a field that has none around it", line = line }, 0)
  end
  return field, stop
end

local function line_breaks(text, from, to)
  local _, n = text:sub(from, to):gsub("\n", "")
  return n
end

-- One row from `at`: the row, what is behind, and the next line's number.
local function row_at(text, at, line)
  local row, n, begun = {}, 0, at
  while true do
    n = n + 1
    row[n], at = field_at(text, at, line)
    if text:sub(at, at) ~= "," then break end
    at = at + 1
  end
  local breaks = line_breaks(text, begun, at - 1)
  local _, stop = text:find("^\r?\n?", at)
  return row, stop + 1, line + breaks + 1
end

--- Iterates over the rows of a text: row number's line, array of fields.
-- Blank lines are left out. Raises `{ csv = what, line = number }`.
-- @tparam string text
function csv.rows(text)
  local at, line = text:find "^\239\187\191" and 4 or 1, 1
  return function()
    while at <= #text do
      local here = line
      local row, behind, next_line = row_at(text, at, line)
      at, line = behind, next_line
      if #row > 1 or row[1] ~= "" then return here, row end
    end
  end
end

--- One field, with quotes where it needs them.
function csv.field(value)
  if value:find '[,"\r\n]' then return '"' .. value:gsub('"', '""') .. '"' end
  return value
end

--- One line, with its end.
-- @tparam {string,...} fields
function csv.line(fields)
  local out = {}
  for i, field in ipairs(fields) do out[i] = csv.field(field) end
  return table.concat(out, ",") .. "\r\n"
end

return csv
