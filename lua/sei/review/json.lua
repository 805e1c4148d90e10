--- The review file as JSON: one object, its rows one to a line.
-- @module sei.review.json

local core = require "sei.core"
local options = require "sei.options"
local row = require "sei.review.row"

local null = core.json.null

local json = {}

local FORMAT <const> = "sei review 1"

-- What a row may have; the rest is misspelt.
local KNOWN = { candidates = true, rejected = true, extra = true }
for _, name in ipairs(row.TEXTS) do KNOWN[name] = true end

-- ---- writing ----

local function object_of(r)
  local object = { candidates = core.json.array {}, rejected = core.json.array {},
    extra = next(r.extra) and r.extra or nil }
  for _, name in ipairs(row.TEXTS) do object[name] = r[name] end
  for i, c in ipairs(r.candidates) do
    object.candidates[i] = { person = c.person, shown = c.shown, score = c.score, why = c.why }
  end
  for i, key in ipairs(r.rejected) do object.rejected[i] = key end
  return object
end

--- Writes rows.
-- @tparam {table,...} rows
-- @tparam function write called with pieces of the file; answers true, or nil and an error object
-- @treturn ?boolean true; or nil and the error object
function json.write(rows, write)
  local ok, err = write(('{"format":"%s","rows":['):format(FORMAT))
  for i, r in ipairs(rows) do
    if not ok then return nil, err end
    local text, problem = core.json.encode(object_of(r), { canonical = true })
    if not text then return nil, problem end
    ok, err = write((i > 1 and ",\n" or "\n") .. text)
  end
  if ok then ok, err = write "\n]}\n" end
  return ok, err
end

-- ---- reading ----

local function fail(file, sentence, ...)
  error(core.error { kind = "decode", file = file,
    message = ("%s: "):format(file) .. sentence:format(...) }, 0)
end

local function texts_of(list, what, file)
  if list == nil or list == null then return {} end
  if type(list) ~= "table" then fail(file, "%s is no array", what) end
  return list
end

local function text_of(value, what, file)
  if value == nil or value == null then return "" end
  if type(value) ~= "string" then
    fail(file, "%s is a %s; a text is expected", what, type(value))
  end
  return value
end

local function from_object(object, number, file)
  local where = ("row %d"):format(number)
  if type(object) ~= "table" then fail(file, "%s is no object", where) end
  for name in pairs(object) do
    if not KNOWN[name] then
      fail(file, "%s has an unknown field '%s'%s", where, name, options.suggest(name, KNOWN))
    end
  end
  local r = row.new()
  r.number = number
  for _, name in ipairs(row.TEXTS) do
    r[name] = text_of(object[name], where .. ", " .. name, file)
  end
  for i, c in ipairs(texts_of(object.candidates, where .. ", candidates", file)) do
    if type(c) ~= "table" then fail(file, "%s, candidate %d is no object", where, i) end
    local of = ("%s, candidate %d, "):format(where, i)
    r.candidates[i] = { person = text_of(c.person, of .. "person", file),
      shown = text_of(c.shown, of .. "shown", file), why = text_of(c.why, of .. "why", file),
      score = type(c.score) == "number" and c.score or 0 }
  end
  for i, key in ipairs(texts_of(object.rejected, where .. ", rejected", file)) do
    r.rejected[i] = text_of(key, where .. ", rejected", file)
  end
  for name, value in pairs(texts_of(object.extra, where .. ", extra", file)) do
    r.extra[name] = text_of(value, where .. ", extra", file)
  end
  return r
end

--- Reads the text of a file. Raises an error object if it is no review file.
-- @tparam string text
-- @tparam string file its name, for messages
-- @treturn {table,...} rows, each with its `number`: lines are not known
-- @treturn table an empty table: nothing to know of how it was written
-- @treturn {table,...} always empty: JSON is whole or not at all
function json.read(text, file)
  local whole, err = core.json.decode((text:gsub("^\u{FEFF}", "")))
  if whole == nil then fail(file, "%s", err and err.message or "is no JSON") end
  if type(whole) ~= "table" or whole.format ~= FORMAT or type(whole.rows) ~= "table" then
    fail(file, 'is no review file: an object with "format": "%s" and "rows" is expected', FORMAT)
  end
  local rows, extra, seen = {}, {}, {}
  for i, object in ipairs(whole.rows) do
    rows[i] = from_object(object, i, file)
    for name in pairs(rows[i].extra) do
      if not seen[name] then extra[#extra + 1] = name end
      seen[name] = true
    end
  end
  table.sort(extra)
  return rows, { extra = extra }, {}
end

return json
