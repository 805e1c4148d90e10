--- What says where developer records come from, and what becomes of others: checked alike
-- for a call, for a recipe and for the command line.
-- @module sei.developers.input

local options = require "sei.options"

local input = {}

-- Option → its types.
input.KEYS = { file = "string", rows = "table|callable", header = "table", filter = "callable",
  encoding = "string", delimiter = "string", columns = "table", missing = '"keep"|"remove"',
  check = "boolean", read = '"download"|"list"', guard = "table" }

-- Limits of the option `guard`, and their types.
input.LIMITS = { removals = "count", changes = "count" }

--- Raises unless columns are declared as they shall be.
-- @tparam ?table columns
-- @tparam string what messages call what has them
function input.check_columns(columns, what)
  for field, column in pairs(columns or {}) do
    if type(field) ~= "string" or type(column) ~= "string" and column ~= false then
      error(("bad option 'columns' for %s (field = column, or false, expected, got %s = %s)")
        :format(what, tostring(field), tostring(column)), 0)
    end
  end
end

--- Raises a sentence for what is wrong.
-- @tparam string what messages call what was given
-- @tparam table given
-- @tparam ?table known option → its types (KEYS)
-- @tparam ?table defaults
-- @treturn table a new one, with the defaults
function input.check(what, given, known, defaults)
  local o = options.check(what, given, known or input.KEYS, defaults or {})
  if (o.file == nil) == (o.rows == nil) then
    error(("%s needs either the option 'file' or 'rows'%s"):format(what,
      o.file and ", not both" or ""), 0)
  elseif o.rows and o.header == nil then
    error(("bad option 'header' for %s (names of the columns expected, got nothing)"):format(what),
      0)
  end
  input.check_columns(o.columns, what)
  require "sei.source.bytes".check_encoding(o.encoding, what)
  if o.delimiter then require "sei.source.csv".check({ delimiter = o.delimiter }, what) end
  o.guard = options.check("the option 'guard' of " .. what, o.guard, input.LIMITS)
  return o
end

return input
