-- report - medians become ratios, a Markdown table and build/bench.json.
local report = {}

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local half = #sorted // 2
  return #sorted % 2 == 1 and sorted[half + 1] or (sorted[half] + sorted[half + 1]) / 2
end

--- Of a heat's runs, by contestant: median wall, cpu (seconds) and rss (KiB).
function report.medians(runs)
  local result = {}
  for name, list in pairs(runs) do
    local one = { rounds = #list }
    for _, measure in ipairs { "wall", "user", "system", "cpu", "rss" } do
      local values = {}
      for i, run in ipairs(list) do values[i] = run[measure] end
      one[measure] = median(values)
    end
    result[name] = one
  end
  return result
end

local function shown(value, measure)
  if measure == "rss" then return ("%.1f MiB"):format(value / 1024) end
  return value < 0.0995 and ("%.1f ms"):format(value * 1000) or ("%.2f s"):format(value)
end

-- The best of those that are neither we nor a floor.
local function best_of(heat, contestants, measure)
  local best
  for name, one in pairs(heat) do
    local who = contestants[name]
    if name ~= "sei" and not who.floor and (not best or one[measure] < heat[best][measure]) then
      best = name
    end
  end
  return best
end

-- A contestant's median in a heat, less what it takes in the heat `beyond`.
local function value_of(heats, row, heat, name)
  local of, less = heats[heat] and heats[heat][name], heats[row.beyond]
  if not of or row.beyond and not (less and less[name]) then return nil end
  return of[row.measure] - (less and less[name][row.measure] or 0)
end

--- One object for each row, with a ratio where it could be measured.
function report.ratios(rows, heats, contestants)
  local list = {}
  for _, row in ipairs(rows) do
    local against = row.against or row.heat
    local other = row.best and best_of(heats[against] or {}, contestants, row.measure)
      or row.other
    local one = { job = row[1], limit = row.limit, other = other }
    one.ours = value_of(heats, row, row.heat, "sei")
    one.against = row.value or other and value_of(heats, row, against, other)
    if one.ours and one.against then
      one.ratio = one.ours / one.against
      one.text = { shown(one.ours, row.measure), shown(one.against, row.measure) }
      one.kept = one.ratio <= row.limit
    end
    list[#list + 1] = one
  end
  return list
end

local function print_ratios(ratios)
  print "| job | ours | against | ratio | limit |\n|---|---|---|---|---|"
  for _, one in ipairs(ratios) do
    if one.ratio then
      print(("| %s | %s | %s (%s) | %s%.2f%s | %.2f |"):format(one.job, one.text[1], one.text[2],
        one.other, one.kept and "" or "**", one.ratio, one.kept and "" or "**", one.limit))
    else
      print(("| %s | - | - | not measured | %.2f |"):format(one.job, one.limit))
    end
  end
end

local function print_heat(heat, medians, order)
  local setting = heat.page_size and (", page %d, window %d, %d ms"):format(heat.page_size,
    heat.window, heat.latency or 0) or ""
  print(("\n%s: %s%s\n"):format(heat.name, heat.job, setting))
  print "| contestant | wall | CPU | user | system | peak RSS | rounds |"
  print "|---|---|---|---|---|---|---|"
  for _, who in ipairs(order) do
    local m = medians[who.name]
    if m then
      print(("| %s | %s | %s | %s | %s | %s | %d |"):format(who.name, shown(m.wall), shown(m.cpu),
        shown(m.user), shown(m.system), shown(m.rss, "rss"), m.rounds))
    end
  end
  for _, text in ipairs(heat.left_out or {}) do print("- left out: " .. text) end
end

--- Prints everything. `result`: heats (with medians), ratios, left_out.
function report.print(result, order)
  print_ratios(result.ratios)
  for _, heat in ipairs(result.heats) do print_heat(heat, heat.medians, order) end
  for _, one in ipairs(result.left_out) do
    print(("\nLeft out everywhere: %s, %s."):format(one.name, one.why))
  end
end

return report
