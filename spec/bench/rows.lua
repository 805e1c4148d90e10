-- rows - how a program of the benchmark hands its results to the runner, which
-- starts it with --rows as its last word.
local rows = {}

local FIELDS <const> = { "job", "measure", "ours", "other", "against", "limit" }

--- Prints them for the runner; nothing where nobody asked.
-- @tparam {string,...} words the program's command line
-- @tparam table list array of { job, measure ("cpu" and "wall" in seconds, "rss" in KiB), ours,
-- other (against what), against, limit (of ours / against) }
function rows.tell(words, list)
  if words[#words] ~= "--rows" then return end
  for _, row in ipairs(list) do
    local values = {}
    for i, name in ipairs(FIELDS) do values[i] = tostring(row[name]) end
    print("row\t" .. table.concat(values, "\t"))
  end
end

--- Takes them out of what a program printed.
-- @tparam string text
-- @treturn table the list
-- @treturn string the rest
function rows.take(text)
  local list = {}
  local rest = text:gsub("row\t([^\n]*)\n", function(line)
    local row = {}
    for value in (line .. "\t"):gmatch "([^\t]*)\t" do
      row[FIELDS[#row + 1]] = tonumber(value) or value
      row[#row + 1] = value
    end
    for i = #row, 1, -1 do row[i] = nil end
    list[#list + 1] = row
    return ""
  end)
  return list, rest
end

return rows
