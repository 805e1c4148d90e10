--- The service's errors about developers as rows, for whoever calls its functions one by one.
-- @module sei.developers.faults

local check = require "sei.developers.check"
local data = require "sei.developers.data"
local mapping = require "sei.developers.mapping"
local there = require "sei.developers.there"

local faults = {}

-- Names of an array's rows, sorted: what a header would be.
local function names_of(rows)
  local seen, names = {}, {}
  for _, row in ipairs(rows) do
    for name in pairs(type(row) == "table" and row or {}) do
      if type(name) == "string" and not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

-- What was sent as developers with lines, and the columns of the roles.
local function sent(given)
  local read = data.read { file = given.file, rows = given.rows,
    header = given.rows and (given.header or names_of(given.rows)) }
  local made = mapping.make { columns = read.columns, declared = given.columns, missing = "remove" }
  return there.of_rows(read, made), mapping.roles(made)
end

--- Brings an error back to what was sent. Raises an error object if that cannot be read.
-- @tparam table err
-- @tparam table given `file`, or `rows` (and `header`); `columns`
-- @treturn {table,...} see sei.developers.check
function faults.of(err, given)
  if not check.is_told(err) then return {} end
  local list, roles = sent(given)
  return check.explain(err.rows, list, roles)
end

return faults
