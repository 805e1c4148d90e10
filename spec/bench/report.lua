-- report - medians become ratios, and these with all else the parts of a report
-- (page.lua).
local growth = require "spec.bench.growth"

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

-- A row with both sides: their ratio, and whether its limit is kept.
local function settle(one, measure)
  one.ratio = one.ours / one.against
  one.text = { shown(one.ours, measure), shown(one.against, measure) }
  if one.limit then one.kept = one.ratio <= one.limit end
  return one
end

-- Why a row has no ratio.
local function missing(row, one, heats)
  for _, heat in ipairs { row.heat, row.against or row.heat, row.beyond } do
    if not heats[heat] then return heat .. " was not run" end
  end
  return one.ours and (one.other or "every peer") .. " cannot be run here" or "we did not run"
end

--- One object for each row, with a ratio where it could be measured.
function report.ratios(rows, heats, contestants)
  local list = {}
  for _, row in ipairs(rows) do
    local against = row.against or row.heat
    local other = row.best and best_of(heats[against] or {}, contestants, row.measure)
      or row.other
    local one = { job = row[1], heat = row.heat, limit = row.limit, other = other }
    one.ours = value_of(heats, row, row.heat, "sei")
    one.against = row.value or other and value_of(heats, row, against, other)
    if one.ours and one.against then settle(one, row.measure)
    else one.missing = missing(row, one, heats) end
    list[#list + 1] = one
  end
  return list
end

--- The same of what programs of their own told (rows.lua).
function report.told(list)
  local result = {}
  for i, row in ipairs(list) do
    result[i] = settle({ job = row.job, limit = row.limit, other = row.other, ours = row.ours,
      against = row.against }, row.measure)
  end
  return result
end

-- ---- parts ----

local function mark(kept)
  if kept == nil then return "" end
  return kept and "✓" or "✗"
end

local function number(x) return x and ("%.2f"):format(x) or "-" end

local function ratio_table(ratios)
  local rows = {}
  for i, one in ipairs(ratios) do
    if one.ratio then
      rows[i] = { one.job, one.text[1], ("%s (%s)"):format(one.text[2], one.other),
        number(one.ratio), number(one.limit), mark(one.kept) }
    else
      rows[i] = { one.job, "-", "-", "not measured", number(one.limit), "" }
    end
  end
  return { columns = { "job", "ours", "against", "ratio", "limit", "kept" }, rows = rows }
end

-- How many limits were kept, and what was not measured and why.
local function verdict(ratios)
  local kept, all, lacking, list = 0, 0, {}, {}
  for _, one in ipairs(ratios) do
    if one.ratio and one.limit then all, kept = all + 1, kept + (one.kept and 1 or 0) end
    if one.missing then
      if not lacking[one.missing] then list[#list + 1] = one.missing end
      lacking[one.missing] = (lacking[one.missing] or 0) + 1
    end
  end
  local parts = { { text = ("%d of %d limits are kept. A ratio is ours by the other's, of medians "
    .. "from one run; absolute times say nothing beyond this machine."):format(kept, all) } }
  if #list > 0 then
    for i, why in ipairs(list) do
      list[i] = ("not measured: %d of the rows, since %s"):format(lacking[why], why)
    end
    parts[2] = { list = list }
  end
  return parts
end

local function heat_part(heat, medians, order)
  local setting = heat.page_size and (", page %d, window %d, %d ms"):format(heat.page_size,
    heat.window, heat.latency or 0) or ""
  local rows = {}
  for _, who in ipairs(order) do
    local m = medians[who.name]
    if m then
      rows[#rows + 1] = { who.name, shown(m.wall), shown(m.cpu), shown(m.user), shown(m.system),
        shown(m.rss, "rss"), ("%d"):format(m.rounds) }
    end
  end
  local parts = { { columns = { "contestant", "wall", "CPU", "user", "system", "peak RSS",
    "rounds" }, rows = rows } }
  if #heat.left_out > 0 then
    local list = {}
    for i, text in ipairs(heat.left_out) do list[i] = "left out: " .. text end
    parts[2] = { list = list }
  end
  return { fold = heat.name .. ": " .. heat.job .. setting, parts = parts }
end

local function growth_parts(all, figures)
  local show, rows = growth.shown, {}
  for i, job in ipairs(all) do
    local first, last = job.runs[1], job.runs[#job.runs]
    rows[i] = { job.title, ("%s to %s"):format(show.count(first.records), show.count(last.records)),
      show.seconds(last.cpu), show.seconds(job.seconds_each),
      number(job.exponent), show.bytes(first.peak), show.bytes(last.peak),
      show.each(job), mark(job.kept) }
  end
  return {
    { heading = "Growth" },
    { columns = { "job", "records", "CPU at most", "a record", "exponent", "peak at least",
      "peak at most", "bytes a record", "kept" }, rows = rows },
    { text = "Each size in a process of its own; what a job begins with is not in its time, "
      .. "but in its memory. The exponent is fitted to CPU time: 1 is linear, and n log n comes to "
      .. "1.1. Streams must not grow; a list remembers a fingerprint of every record." },
    { figure = "growth-time", svg = figures["growth-time"] },
    { figure = "growth-memory", svg = figures["growth-memory"] },
  }
end

local function append(parts, more) table.move(more, 1, #more, #parts + 1, parts) end

--- The whole report. `result`: ratios, heats (with medians), growth, figures, left_out.
-- @treturn table parts, for page.lua
function report.parts(result, order)
  local parts = { ratio_table(result.ratios) }
  append(parts, verdict(result.ratios))
  if result.growth then append(parts, growth_parts(result.growth, result.figures)) end
  if #result.heats > 0 then parts[#parts + 1] = { heading = "Heats" } end
  for _, heat in ipairs(result.heats) do
    parts[#parts + 1] = heat_part(heat, heat.medians, order)
  end
  local list = {}
  for i, one in ipairs(result.left_out) do
    list[i] = ("left out everywhere: %s, %s"):format(one.name, one.why)
  end
  if #list > 0 then append(parts, { { heading = "Left out" }, { list = list } }) end
  return parts
end

return report
