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
function rows.take(text)
  local list = {}
  for line in text:gmatch "row\t([^\n]*)\n" do
    local row, i = {}, 0
    for value in line:gmatch "[^\t]+" do
      i = i + 1
      row[FIELDS[i]] = tonumber(value) or value
    end
    list[#list + 1] = row
  end
  return list
end

return rows
