-- csv - pure Lua: lines, split at commas; a line with a quote more slowly.
--   lua5.4 csv.lua csv_named FILE
-- Rows are tables by column name. Fields with line breaks would need more.
local function split_quoted(line, columns)
  local row, at, k = {}, 1, 1
  repeat
    local value, after
    if line:byte(at) == 34 then
      value, after = line:match('^"(.-)"()%f[,\0]', at)
      value = value:gsub('""', '"')
    else
      value, after = line:match("^([^,]*)()", at)
    end
    row[columns[k]], k, at = value, k + 1, after + 1
  until after > #line
  return row
end

local function split(line, columns)
  if line:find('"', 1, true) then return split_quoted(line, columns) end
  local row, k = {}, 0
  for value in line:gmatch "[^,]*" do
    k = k + 1
    row[columns[k]] = value
  end
  return row
end

local file = assert(io.open(arg[2]))
local columns, n, sum = {}, 0, 0
for name in file:read "l":gmatch "[^,]+" do columns[#columns + 1] = name end
for line in file:lines() do
  local row = split(line, columns)
  n, sum = n + 1, sum + #row.email + #row.integrationId + #row.identity
end
print(("records %d sum %d"):format(n, sum))
