--- What the specs of CSV share: whole readings and writings, files to read.
-- @module spec.support.csv
local sei = require "sei"
local shell = require "spec.support.shell"

local support = {}

--- Reads everything.
-- @tparam table options of sei.csv.read
-- @treturn {table,...} the rows
-- @treturn {integer,...} the lines on which they begin
function support.rows_of(options)
  local rows, lines = {}, {}
  for row, line in sei.csv.read(options) do
    rows[#rows + 1], lines[#lines + 1] = row, line
  end
  return rows, lines
end

--- A function for the option `chunks` that gives a text in pieces.
-- @tparam string text
-- @tparam integer size bytes of a piece
function support.pieces(text, size)
  local at = 1
  return function()
    if at > #text then return nil end
    at = at + size
    return text:sub(at - size, at - 1)
  end
end

--- The text that a writer makes of rows.
-- @tparam table options of sei.csv.write
-- @tparam table ... the rows
function support.written(options, ...)
  local out = {}
  options.to = function(text) out[#out + 1] = text end
  local writer = assert(sei.csv.write(options))
  for _, row in ipairs { ... } do assert(writer:row(row)) end
  assert(writer:close())
  return table.concat(out)
end

--- A new folder that goes when the test ends.
-- @tparam function finally busted's
function support.scratch(finally)
  local dir = shell.folder()
  finally(function() shell.remove(dir) end)
  return dir
end

function support.slurp(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

--- Makes a file and returns its path.
function support.spit(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

--- What `ls -A` prints.
function support.listing(words)
  return (shell.run("ls -A " .. words))
end

return support
