--- People and accounts as a plan takes them: read whole, and their digest.
-- @module sei.plan.input

local core = require "sei.core"
local file = require "sei.plan.file"
local options = require "sei.options"

local input = {}

-- Endings of files, and which source reads them.
local READERS <const> = { csv = "csv", tsv = "csv", json = "json", jsonl = "json",
  ndjson = "json", ldif = "ldif", mailmap = "mailmap" }

local function fail(what, sentence, hint)
  error(core.error { kind = "decode", hint = hint,
    message = ("the recipe's '%s' %s"):format(what, sentence) }, 0)
end

local function by_path(path, what)
  local ending = path:match "%.([^./]+)$"
  local reader = READERS[(ending or ""):lower()]
  if not reader then
    fail(what, ("is %s, and nothing reads files that end so"):format(path),
      "known are .csv, .tsv, .json, .jsonl, .ndjson, .ldif and .mailmap; otherwise give a source, "
      .. "sei.source.csv { file = … } for one")
  end
  return require "sei.source"[reader] { file = path }
end

-- Calls a function of the recipe; what it raises is told with its name.
local function call(what, f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  if core.is_error(result) then error(result, 0) end
  fail(what, "failed: " .. tostring(result))
end

local function is_array(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

-- What to walk: an array or something callable.
local function opened(given, what, client)
  if type(given) == "function" then
    given = call(what, given, client)
    if not is_array(given) and not options.callable(given) and type(given) ~= "string" then
      fail(what, ("is a function that returned %s"):format(type(given) == "table"
        and "one record" or type(given)), "let it return a source, an array or an iterator")
    end
  end
  if type(given) == "string" then return by_path(given, what) end
  return given
end

local function take(list, record, what)
  if type(record) ~= "table" then
    fail(what, ("has a record that is no table but %s, number %d"):format(type(record), #list + 1),
      "each record is a table with fields such as email, name, login")
  end
  list[#list + 1] = record
end

--- Reads people or accounts. Raises an error object for what cannot be read.
-- @param given as a recipe has it
-- @tparam string what "people" or "accounts"
-- @tparam client client
-- @treturn {table,...}
function input.read(given, what, client)
  local source, list = opened(given, what, client), {}
  if options.callable(source) then
    call(what, function()
      for record in source do take(list, record, what) end
    end)
  elseif is_array(source) then
    for i = 1, #source do take(list, source[i], what) end
  else
    fail(what, "is a table, but no array of records", "write { {email = …}, … }, or give a source")
  end
  return list
end

-- ---- digests ----

-- A record that JSON cannot hold: its plain fields, bytes as they are.
local function plainly(record)
  local parts = {}
  for name, value in pairs(record) do
    local kind = type(value)
    if kind == "string" then
      parts[#parts + 1] = ("%q=%q"):format(tostring(name), value)
    elseif kind == "number" or kind == "boolean" then
      parts[#parts + 1] = ("%q=%s"):format(tostring(name), tostring(value))
    end
  end
  table.sort(parts)
  return table.concat(parts, "\n")
end

local CANONICAL <const> = { canonical = true }

-- Where a record stood is no part of what it is. The record is the caller's: it
-- gets its `source` back whatever happens.
local function text_of(record)
  local source = record.source
  record.source = nil
  local ok, text = pcall(core.json.encode, record, CANONICAL)
  record.source = source
  if not ok then error(text, 0) end
  return text or plainly(record)
end

--- The digest of records, whatever their order and wherever they stood.
-- @tparam {table,...} records
-- @treturn string 64 hexadecimal digits
function input.digest(records)
  local texts = {}
  for i, record in ipairs(records) do texts[i] = text_of(record) end
  file.sort(texts)
  texts[#texts + 1] = ""
  return core.digest.sha256(table.concat(texts, "\n"))
end

return input
