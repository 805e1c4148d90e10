--- People and accounts from JSON: see `sei.source.json`.
-- @module sei.source.json

local attempt = require "sei.attempt"
local base = require "sei.source.base"
local bytes = require "sei.source.bytes"
local core = require "sei.core"
local opt = require "sei.options"
local record = require "sei.source.record"

local json = {}

local KINDS <const> = base.join(base.options, bytes.options,
  { at = "string", lines = "boolean", partial = "boolean" })

-- The last page says that it is not the last one.
local function cut_off(name)
  return core.error { kind = "decode", file = name, field = "partial",
    message = name .. ": the last page in it says that there are more pages",
    hint = "fetch them all, or say partial = true if that is meant" }
end

-- Records of any values that stand one after the other.
local function values(pull, name, at, partial)
  local items, failure = core.json_items(name, at), nil
  return function()
    if failure then error(failure, 0) end
    while true do
      local value, line = core.items_next(items)
      if value == false then
        failure = line and not partial and cut_off(name) or nil
        if failure then error(failure, 0) end
        return nil
      end
      if value then return value, line end
      core.items_feed(items, pull())
    end
  end
end

local function bad_line(name, number, message, column)
  error(core.error { kind = "decode", file = name, line = number, column = column,
    reason = "not JSON", message = ("%s:%d: %s"):format(name, number, message) }, 0)
end

-- Records of JSON Lines, each line for itself.
local function lines(pull, name)
  local next_line = bytes.lines(pull, name)
  return function()
    while true do
      local line, number = next_line()
      if not line then return nil end
      if line:find "%S" then
        local value, err = core.json.decode(line)
        if err then
          local problem = err.message:gsub(" at byte offset %d+ %(line %d+, column (%d+)%)",
            " (column %1)")
          bad_line(name, number, problem, tonumber(err.message:match "column (%d+)%)"))
        end
        if type(value) ~= "table" or value == core.json.null or core.json.is_array(value) then
          bad_line(name, number, "an object was expected, this line is another value")
        end
        return value, number
      end
    end
  end
end

local function is_lines(options, name)
  if options.lines ~= nil then return options.lines end
  return not options.at and (name:find "%.jsonl$" or name:find "%.ndjson$") ~= nil
end

--- Reads an input's records; for other sources, too.
-- @tparam table input of bytes.inputs
-- @tparam table options `encoding`, `at`, `lines`, `partial`
-- @treturn function gives the next one and its line
-- @treturn function closes
function json.reader(input, options)
  local pull, close = bytes.open(input, options.encoding)
  if is_lines(options, input.name) then return lines(pull, input.name), close end
  return values(pull, input.name, options.at, options.partial), close
end

local function open(input, source)
  local next_value, close = json.reader(input, source.options)
  return { next = next_value, close = close,
    mapping = record.by_members(source.options.columns) }
end

--- Makes the source; see `sei.source.json`.
-- @tparam table options
-- @treturn source
function json.new(options)
  return attempt.check(2, function()
    local what = "sei.source.json"
    local o = opt.check(what, options, KINDS)
    record.check_columns(o.columns, what)
    if o.at and o.lines then error(what .. " takes either 'at' or 'lines', not both", 0) end
    return base.new("json", o, bytes.inputs(o, what), open)
  end)
end

return json
