--- The service's errors about developers as rows, for whoever calls its functions one by one.
-- @module sei.developers.faults

local check = require "sei.developers.check"
local data = require "sei.developers.data"
local mapping = require "sei.developers.mapping"
local there = require "sei.developers.there"

local faults = {}

local PLACES <const> = { NAME = "name", EMAIL = "email", MANAGER_EMAIL = "manager" }

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
  local value, list = mapping.reader(read.columns), {}
  for i, cells in ipairs(read.rows) do
    local base, fields = {}, {}
    for _, entry in ipairs(made.list) do
      local text = value(cells, entry)
      if entry.role then base[PLACES[entry.role]] = text else fields[entry.name] = text end
    end
    list[i] = there.developer(base.email, base.name, base.manager, fields)
    list[i].line = cells.line
  end
  return list, mapping.roles(made)
end

--- Whether an error is one that names developers.
-- @param err anything
-- @treturn boolean
function faults.is_told(err)
  local rows = type(err) == "table" and err.rows
  return type(rows) == "table" and type(rows[1]) == "table" and rows[1].errorType ~= nil
end

--- Brings an error back to what was sent. Raises an error object if that cannot be read.
-- @tparam table err
-- @tparam table given `file`, or `rows` (and `header`); `columns`
-- @treturn {table,...} see sei.developers.check
function faults.of(err, given)
  if not faults.is_told(err) then return {} end
  local list, roles = sent(given)
  return check.explain(err.rows, list, roles)
end

return faults
