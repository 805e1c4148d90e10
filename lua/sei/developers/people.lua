--- The rows of developer records as people of a recipe.
-- @module sei.developers.people

local check = require "sei.developers.check"
local data = require "sei.developers.data"
local mapping = require "sei.developers.mapping"

local people = {}

-- Whose manager is whose does not matter here.
local function refuse(made, given, name)
  local faults = {}
  for _, one in ipairs(made.problems) do
    if one.field ~= "MANAGER_EMAIL" then faults[#faults + 1] = one end
  end
  if faults[1] then error(check.error(faults, { name = name, file = given.file }), 0) end
end

--- Reads them: by the columns that are named for the records, without the rows that their
-- filter leaves out. Raises an error object for what cannot be read.
-- @tparam table given options of sei.developers.upload
-- @treturn {table,...} each with `email`, `name`, its columns, and `source` ({file=, line=})
function people.of(given)
  local read = data.read(given)
  local made = mapping.make { columns = read.columns, declared = given.columns, missing = "remove" }
  refuse(made, given, read.name)
  local value, list = mapping.reader(read.columns), {}
  for i, cells in ipairs(read.rows) do
    local one = { source = { file = read.name, line = cells.line } }
    for k, column in ipairs(read.columns) do one[column] = cells[k] end
    for _, entry in ipairs(made.list) do
      if entry.role == "NAME" then one.name = value(cells, entry) end
      if entry.role == "EMAIL" then one.email = value(cells, entry) end
    end
    list[i] = one
  end
  return list
end

return people
