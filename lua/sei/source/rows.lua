--- People and accounts from Lua: see `sei.source.rows`.
-- @module sei.source.rows

local attempt = require "sei.attempt"
local base = require "sei.source.base"
local core = require "sei.core"
local opt = require "sei.options"
local record = require "sei.source.record"

local rows = {}

local KINDS <const> = base.join(base.options, { name = "string" })

local function from_array(array)
  return function()
    local i = 0
    return function()
      i = i + 1
      return array[i]
    end
  end
end

local function from_callable(callable)
  local used = false
  return function()
    if used and type(callable) == "function" then
      error("this source has walked its iterator and can be walked only once; give it an array, "
        .. "or a source", 0)
    end
    used = true
    return function() return (callable()) end
  end
end

-- What is given stays as it is: records are copies.
local function copy_of(row, name, number)
  if type(row) ~= "table" then
    error(core.error { kind = "decode", file = name, line = number, record = number,
      reason = "no table", message = ("%s:%d: a table was expected, got a %s"):format(name, number,
        type(row)), hint = "each row is a table such as {login = \"…\", name = \"…\"}" }, 0)
  end
  local copy = {}
  for key, value in pairs(row) do copy[key] = value end
  return copy
end

local function open(input, source)
  local next_row, number = input.open(), 0
  return {
    mapping = record.by_members(source.options.columns),
    next = function()
      local row = next_row()
      if row == nil then return nil end
      number = number + 1
      local copy = copy_of(row, input.name, number)
      local from = type(copy.source) == "table" and copy.source
      if from then copy.source = nil end
      return copy, from and from.line or number, from and from.file
    end,
  }
end

--- Makes the source; see `sei.source.rows`.
-- @tparam {table,...}|function given
-- @tparam ?table options
-- @treturn source
function rows.new(given, options)
  return attempt.check(2, function()
    local what = "sei.source.rows"
    local o = opt.check(what, options, KINDS)
    record.check_columns(o.columns, what)
    local callable = opt.callable(given)
    if not callable and type(given) ~= "table" then
      error(("bad argument #1 to 'rows' (array or iterator expected, got %s)"):format(type(given)),
        0)
    end
    local input = { name = o.name or "rows",
      open = callable and from_callable(given) or from_array(given) }
    return base.new("rows", o, { input }, open)
  end)
end

return rows
