--- CSV read byte by byte, as RFC 4180 and the head of ext/data/csv.h say, with
-- no regard to speed: what the specs hold the reader to.
-- @module spec.support.csv_plain
local plain = {}

-- Where a byte stands: its line, and in characters its place in the line.
local function place(text, at)
  local line, begin, i = 1, 1, 1
  while i < at do
    local ch = text:sub(i, i)
    if ch == "\n" or ch == "\r" then
      -- the LF of a CRLF may be the byte at `at` itself
      if ch == "\n" or text:sub(i + 1, i + 1) ~= "\n" then line, begin = line + 1, i + 1 end
    end
    i = i + 1
  end
  local _, more = text:sub(begin, at - 1):gsub("[\x80-\xBF]", "")
  return line, at - begin - more + 1
end

local function problem(text, at, what)
  local line, column = place(text, at)
  return nil, { line = line, column = column, what = what }
end

-- The field from `at` on; where it ends; or nil and a problem.
local function quoted(text, at, delimiter)
  local i, out = at + 1, {}
  while i <= #text do
    local ch, after = text:sub(i, i), text:sub(i + 1, i + 1)
    if ch == "\0" then return problem(text, i, "a NUL byte") end
    if ch == '"' and after ~= '"' then
      if after ~= "" and after ~= delimiter and after ~= "\r" and after ~= "\n" then
        return problem(text, i + 1, "text stands behind a closing quote")
      end
      return table.concat(out), i + 1
    end
    out[#out + 1] = ch
    i = i + (ch == '"' and 2 or 1)
  end
  return problem(text, at, "the quoted field that begins here has no closing quote")
end

local function unquoted(text, at, delimiter)
  for i = at, #text do
    local ch = text:sub(i, i)
    if ch == delimiter or ch == "\r" or ch == "\n" then return text:sub(at, i - 1), i end
    if ch == "\0" then return problem(text, i, "a NUL byte") end
    if ch == '"' then
      return problem(text, i, "a quote stands inside a field that does not begin with one")
    end
  end
  return text:sub(at), #text + 1
end

local function row(text, at, delimiter)
  local fields = {}
  while true do
    local read = text:sub(at, at) == '"' and quoted or unquoted
    local field, after = read(text, at, delimiter)
    if not field then return nil, after end
    fields[#fields + 1] = field
    if text:sub(after, after) ~= delimiter then return fields, after end
    at = after + 1
  end
end

--- Reads a text.
-- @tparam string text
-- @tparam string delimiter
-- @treturn {table,...} {line=, fields=} for each row
-- @treturn ?table where the text stops being CSV: {line=, column=, what=}
function plain.read(text, delimiter)
  local rows = {}
  if text:find "^\xFF\xFE" or text:find "^\xFE\xFF" then
    return rows, { line = 1, column = 1, what = "the text is UTF-16, not UTF-8" }
  end
  text = text:gsub("^\xEF\xBB\xBF", "")
  local at = text:find "[^\r\n]"
  while at do
    local fields, after = row(text, at, delimiter)
    if not fields then return rows, after end
    rows[#rows + 1] = { line = (place(text, at)), fields = fields }
    at = text:find("[^\r\n]", after)
  end
  return rows
end

return plain
