--- A plan as text: for whoever is to approve it, at 80 columns.
--
-- Sections: where it goes and what stops it, counts by integration and by rule,
-- changes (before → after), additions, fields, conflicts with their reasons, what
-- is protected, what was not decided. Long lists are cut, and say how much was cut.
-- @module sei.show

local core = require "sei.core"
local file = require "sei.plan.file"
local guard = require "sei.guard"
local report = require "sei.report"

local show = {}

local WIDTH <const>, LIMIT <const> = 80, 20
local null <const> = core.json.null
local cell <const>, width <const> = report.cell, report.width

-- ---- the summary ----

local function sorted(map, less)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names, less)
  return names
end

local function by_number(a, b)
  local x, y = tonumber(a), tonumber(b)
  if x and y and x ~= y then return x < y end
  return a < b
end

-- A plan that takes nothing back has no such column.
local function kinds_of(groups)
  local kinds, some = {}, false
  for _, one in pairs(groups) do some = some or (one.irreversible or 0) > 0 end
  for _, kind in ipairs(file.KINDS) do
    if kind ~= "irreversible" or some then kinds[#kinds + 1] = kind end
  end
  return kinds
end

local function count_table(heading, groups, less)
  local kinds = kinds_of(groups)
  local columns = { heading, table.unpack(kinds) }
  local rows = {}
  for i, name in ipairs(sorted(groups, less)) do
    rows[i] = { name }
    for k, kind in ipairs(kinds) do rows[i][k + 1] = groups[name][kind] or 0 end
  end
  return report.table(columns, rows)
end

local function add_counts(out, counts)
  local total = {}
  for _, kind in ipairs(file.KINDS) do
    total[kind] = counts[kind] - (counts.fields[kind] or 0)
  end
  if next(counts.by_integration) then
    local groups = { all = total }
    for name, one in pairs(counts.by_integration) do groups[name] = one end
    out[#out + 1] = "\n" .. count_table("integration", groups, by_number)
  end
  if next(counts.by_rule) then
    out[#out + 1] = "\n" .. count_table("rule", counts.by_rule)
  end
  if next(counts.fields) then
    out[#out + 1] = "\n" .. count_table("fields", { contributors = counts.fields })
  end
end

local function plural(n, one, many) return ("%d %s"):format(n, n == 1 and one or many) end

-- What no row speaks of.
local function add_undecided(out, counts)
  local words = {}
  local function add(n, one, many)
    if n and n > 0 then words[#words + 1] = "  " .. plural(n, one, many) .. "\n" end
  end
  add(counts.review, "account is left for a person to decide",
    "accounts are left for a person to decide")
  add(counts.none, "account comes near nobody", "accounts come near nobody")
  add(counts.probable, "probable decision is not written (class = \"probable\" would)",
    "probable decisions are not written (class = \"probable\" would)")
  add(counts.ignored, "account is ignored, as somebody decided",
    "accounts are ignored, as somebody decided")
  if #words > 0 then out[#out + 1] = "\nNot decided\n" .. table.concat(words) end
end

local function add_head(out, plan)
  local header = plan.header
  local target = header.target
  out[#out + 1] = ("Plan %sfor %s%s\n"):format(header.name and cell(header.name) .. " " or "",
    cell(target.base_url), target.account and " (account " .. cell(target.account) .. ")" or "")
  for _, name in ipairs { "people", "accounts" } do
    local one = header.inputs and header.inputs[name]
    if one then
      out[#out + 1] = ("  %s: %d%s\n"):format(name, one.count, one.skipped
        and (" (%d bad rows were left out)"):format(one.skipped) or "")
    end
  end
  local there = header.directory
  if there then
    out[#out + 1] = ("  directory: %s, %s\n"):format(plural(there.people, "person", "people"),
      plural(there.mappings, "mapping", "mappings"))
  end
end

local function add_guards(out, header)
  out[#out + 1] = "\nGuards\n"
  for _, one in ipairs(header.guards) do
    out[#out + 1] = ("  %s  %s\n"):format(one.passed and "ok  " or "STOP", cell(guard.tell(one)))
  end
end

-- ---- rows ----

local function value(v)
  if v == nil or v == null then return "(none)" end
  if type(v) == "string" then return cell(v) end
  return core.json.encode(v, { canonical = true }) or tostring(v)
end

local function difference(row)
  local before, after = row.before or {}, row.after or {}
  if row.what ~= "contributor" then
    local now = value(before.email)
    if row.kind == "conflict" or row.kind == "irreversible" then return now end
    if row.kind == "add" then return "→ " .. value(after.email) end
    if row.kind == "keep" then return now end
    return now .. " → " .. value(after.email)
  end
  local parts = {}
  for _, name in ipairs(sorted(after)) do
    parts[#parts + 1] = ("%s: %s → %s"):format(cell(name), value(before[name]), value(after[name]))
  end
  return table.concat(parts, "; ")
end

-- A key that is the address itself is not said twice; why nothing can be taken
-- back, the heading says.
local function why(row)
  if row.kind == "irreversible" then return "" end
  if row.reason then return cell(row.message or row.reason) end
  if not row.rule then return "" end
  local evidence = row.evidence or {}
  local left = type(evidence.left) == "table" and evidence.left.before
  local email = type(row.after) == "table" and row.after.email
  if email and left == email then return "by " .. cell(row.rule) end
  return ("by %s%s"):format(cell(row.rule), left and " " .. value(left)
    or row.key and " " .. value(row.key) or "")
end

-- Cells beside each other where they fit, else each on a line of its own.
local function lay_out(rows, most)
  local names, first, second = {}, 0, 0
  for i, row in ipairs(rows) do
    names[i] = { cell(file.name(row)), difference(row), why(row) }
    first, second = math.max(first, width(names[i][1])), math.max(second, width(names[i][2]))
  end
  first = math.min(first, most // 3)
  second = math.min(second, math.max(0, most - first - 4))
  local lines = {}
  local function pad(text, to) return text .. (" "):rep(to - width(text)) end
  for _, cells in ipairs(names) do
    local line = "  " .. pad(cells[1], first)
    if width(cells[1]) > first then line = line .. "\n  " .. (" "):rep(first) end
    line = line .. "  " .. pad(cells[2], second)
    local room = most - first - second - 6
    if cells[3] == "" then
      line = line:gsub(" +$", "")
    elseif width(cells[3]) <= room and width(cells[2]) <= second then
      line = line .. "  " .. cells[3]
    else
      line = line:gsub(" +$", "") .. "\n  " .. (" "):rep(first) .. "    " .. cells[3]
    end
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end

local TITLES <const> = {
  { "change", "Changes", false }, { "change", "Fields that change", true },
  { "add", "Additions, which the service cannot take back", false },
  { "irreversible", "What the service cannot take back: these stay as they are", nil },
  { "conflict", "Conflicts, which are not written", nil },
  { "protected", "Protected, and left alone", nil }, { "keep", "Kept as they are", nil },
}

local function rows_of(plan, kind, contributors)
  local list = {}
  for _, row in ipairs(plan.rows) do
    local fits = contributors == nil or contributors == (row.what == "contributor")
    if row.kind == kind and fits then list[#list + 1] = row end
  end
  return list
end

-- The first ones of a list, and how many more there are.
local function cut(list, limit)
  if #list <= limit then return list, "" end
  return table.move(list, 1, limit, 1, {}), ("  … and %d more (--rows shows all)\n"):format(
    #list - limit)
end

local function add_rows(out, plan, options)
  for _, title in ipairs(TITLES) do
    local kind = title[1]
    local list = options.kind == nil and kind ~= "keep" or options.kind == kind
    list = list and rows_of(plan, kind, title[3]) or {}
    if #list > 0 then
      local shown, rest = cut(list, options.limit)
      out[#out + 1] = ("\n%s (%d)\n%s\n%s"):format(title[2], #list,
        lay_out(shown, options.width), rest)
    end
  end
end

local function add_missing(out, header, limit)
  local list = header.missing or {}
  if #list == 0 then return end
  local shown, rest = cut(list, limit)
  local lines = {}
  for i, email in ipairs(shown) do lines[i] = "  " .. cell(email) end
  out[#out + 1] = ("\nIn the directory and not among the people; nothing is removed (%d)\n%s\n%s")
    :format(#list, table.concat(lines, "\n"), rest)
end

-- ---- all of it ----

local function verdict(plan)
  local header = plan.header
  local counts = header.counts
  local writes = counts.add + counts.change
  if #guard.failed(header) > 0 then
    return ("%s, but a guard stops the plan: it cannot be applied."):format(
      plural(writes, "row would be written", "rows would be written"))
  elseif writes == 0 then
    return "Nothing to do."
  end
  local tail = header.irreversible > 0 and (" %s cannot be taken back."):format(
    plural(header.irreversible, "addition", "additions")) or ""
  return plural(writes, "row is to be written.", "rows are to be written.") .. tail
end

--- A plan as text.
-- @tparam table plan what sei.plan or sei.plan.file.read gave
-- @tparam ?table options `width` in columns (80); `limit`: rows of each list (20); `rows`: all of
-- them, whatever the limit; `kind`: only rows of this kind
-- @treturn string lines
function show.text(plan, options)
  options = options or {}
  local limit = options.rows and math.huge or options.limit or LIMIT
  local out = {}
  add_head(out, plan)
  add_guards(out, plan.header)
  add_counts(out, plan.header.counts)
  add_rows(out, plan, { kind = options.kind, limit = limit, width = options.width or WIDTH })
  if options.kind == nil then
    add_undecided(out, plan.header.counts)
    add_missing(out, plan.header, limit)
  end
  out[#out + 1] = ("\n%s\ndigest: %s\n"):format(verdict(plan), plan.digest)
  return table.concat(out)
end

--- A plan as one JSON object: `digest`, `header`, and `rows` where they are wanted.
-- @tparam table plan
-- @tparam ?table options `rows`: with all rows; `kind`: with the rows of this kind
-- @treturn string one line
function show.json(plan, options)
  options = options or {}
  local rows
  if options.rows or options.kind then
    rows = core.json.array {}
    for _, row in ipairs(plan.rows) do
      if options.kind == nil or row.kind == options.kind then rows[#rows + 1] = row end
    end
  end
  return assert(core.json.encode({ digest = plan.digest, header = plan.header, rows = rows },
    { canonical = true })) .. "\n"
end

return show
