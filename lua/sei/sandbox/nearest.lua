--- The known name that a misspelt one most likely meant.

-- Insertions, deletions, substitutions and swaps of neighbours.
local function distance(a, b)
  local row, last = {}, {}
  for k = 0, #b do row[k] = k end
  for i = 1, #a do
    local before = last
    last, row = row, { [0] = i }
    for k = 1, #b do
      local same = a:byte(i) == b:byte(k)
      row[k] = math.min(last[k] + 1, row[k - 1] + 1, last[k - 1] + (same and 0 or 1))
      if i > 1 and k > 1 and a:byte(i) == b:byte(k - 1) and a:byte(i - 1) == b:byte(k) then
        row[k] = math.min(row[k], before[k - 2] + 1)
      end
    end
  end
  return row[#b]
end

--- @tparam string wrong
-- @tparam {string,...} known
-- @treturn string ' (did you mean "…"?)', or all that are known if none is near
return function(wrong, known)
  local best, least = nil, math.max(2, #wrong // 2) + 1
  for _, name in ipairs(known) do
    local d = distance(wrong:lower(), name)
    if name:sub(1, #wrong) == wrong:lower() and #wrong > 2 then d = 1 end
    if d < least then best, least = name, d end
  end
  if best then return (' (did you mean "%s"?)'):format(best) end
  return (" (there are: %s)"):format(table.concat(known, ", "))
end
