--- What a report shows: a plan, what became of it and what was left to people,
-- as plain texts.
-- @module sei.report.data

local core = require "sei.core"
local csv = require "sei.review.csv"
local file = require "sei.plan.file"

local data = {}

local null <const> = core.json.null

-- ---- rows of the plan ----

local function text(value)
  if value == nil or value == null then return "" end
  if type(value) == "string" then return value end
  return core.json.encode(value, { canonical = true }) or tostring(value)
end

--- The place of a mapping: its integration, or the previous API's application.
-- @tparam table row of a plan
-- @treturn string "" for contributors
function data.place(row) return text(row.integration_id or row.application_type) end

-- { field, before, after } each, by name.
local function fields_of(row)
  local names, list = {}, core.json.array {}
  for name in pairs(row.after or {}) do names[#names + 1] = name end
  table.sort(names, file.comparer())
  for i, name in ipairs(names) do
    list[i] = core.json.array { name, text((row.before or {})[name]), text(row.after[name]) }
  end
  return list
end

-- What a rule compared on one side; nil if it does not say.
local function side(value)
  if type(value) ~= "table" then return nil end
  local before, after = text(value.before), text(value.after)
  if before == "" then before, after = after, "" end
  if before == "" then return nil end
  if after == "" or after == before then return ("“%s”"):format(before) end
  return ("“%s” as “%s”"):format(before, after)
end

-- Evidence as a sentence: what the rule compared, and who came next.
local function evidence_of(row)
  local given, parts = type(row.evidence) == "table" and row.evidence or {}, {}
  local left, right = side(given.left), side(given.right)
  if left and right and left ~= right then
    parts[1] = ("account %s, person %s"):format(left, right)
  else
    parts[1] = left or right or text(row.key) ~= "" and ("“%s”"):format(text(row.key)) or nil
  end
  if text(given.runner_up) ~= "" then
    parts[#parts + 1] = "next is " .. text(given.runner_up) .. (text(given.margin) ~= ""
      and (", %s behind"):format(text(given.margin)) or "")
  end
  return table.concat(parts, " · ")
end

local function identity_of(row)
  if row.what == "contributor" then return file.name(row) end
  return text(row.identity)
end

local function email_of(value)
  return type(value) == "table" and text(value.email) or ""
end

-- One row as the page's script reads it; see lists_js.lua.
local function row_of(row, fate)
  local before, after = email_of(row.before), email_of(row.after)
  local kind = row.kind
  if row.what == "contributor" then
    before, after = fields_of(row), ""
    if kind == "change" then kind = "fields" end
  end
  return core.json.array { kind, data.place(row), identity_of(row), before, after, text(row.rule),
    row.class == "probable" and "probable" or "", evidence_of(row),
    text(row.message or row.reason), fate or "" }
end

--- The rows that the page lists.
-- @tparam table plan
-- @tparam ?table fates what became of rows, by their number in the plan
-- @tparam ?boolean keep whether those that stay as they are belong to them
-- @treturn {table,...}
function data.rows(plan, fates, keep)
  local list = core.json.array {}
  for i, row in ipairs(plan.rows) do
    if keep or row.kind ~= "keep" then list[#list + 1] = row_of(row, fates and fates[i]) end
  end
  return list
end

-- ---- coverage ----

local function is_open(r) return r.class == "review" or r.class == "none" end

local function by_number(a, b)
  local x, y = tonumber(a), tonumber(b)
  if x and y and x ~= y then return x < y end
  if (x == nil) ~= (y == nil) then return x ~= nil end
  return a < b
end

local function new_group(place)
  return { place = place, accounts = 0, before = 0, after = 0, change = 0, conflict = 0, open = 0 }
end

local function count(group, row)
  group.accounts = group.accounts + 1
  if row.before and email_of(row.before) ~= "" then
    group.before, group.after = group.before + 1, group.after + 1
  elseif row.kind == "add" then
    group.after = group.after + 1
  elseif row.kind == "conflict" then
    group.conflict = group.conflict + 1
  end
  if row.kind == "change" then group.change = group.change + 1 end
end

--- How many accounts of each integration are mapped, before and after the plan.
--
-- An account that was left undecided counts as not mapped: the plan says
-- nothing of it. One without an integration belongs to the plan's only one, if
-- it has only one.
-- @tparam table plan
-- @tparam ?{table,...} review rows of a review file
-- @treturn {table,...} by place: `place`, `accounts`, `before`, `after`, `change`, `conflict`,
-- `open`; the first one is the sum, its place ""
function data.coverage(plan, review)
  local groups, places = {}, {}
  local function group_of(place)
    if not groups[place] then
      groups[place] = new_group(place)
      places[#places + 1] = place
    end
    return groups[place]
  end
  for _, row in ipairs(plan.rows) do
    if row.what ~= "contributor" then count(group_of(data.place(row)), row) end
  end
  local only = #places == 1 and places[1] or ""
  for _, r in ipairs(review or {}) do
    if is_open(r) then
      local group = group_of(r.integration_id ~= "" and r.integration_id or only)
      group.open, group.accounts = group.open + 1, group.accounts + 1
    end
  end
  table.sort(places, by_number)
  local sum = new_group ""
  local list = { sum }
  for _, place in ipairs(places) do
    local group = groups[place]
    list[#list + 1] = group
    for name, value in pairs(group) do
      if name ~= "place" then sum[name] = sum[name] + value end
    end
    if place == "" then group.place = "none given" end
  end
  return list
end

-- ---- the review file ----

--- The review file as the page holds it: the very cells that it gives back.
-- @tparam {table,...} rows see sei.review.row
-- @tparam table how `delimiter`, `newline`, `bom`, `extra`
-- @tparam string name of the file to download
-- @treturn table
function data.review(rows, how, name)
  local columns = csv.columns(how.extra)
  local list = core.json.array {}
  for i, r in ipairs(rows) do
    local cells, line = csv.cells(r, how.extra), core.json.array {}
    for k, column in ipairs(columns) do line[k] = tostring(cells[column]) end
    line[#line + 1] = r.damaged and "damaged" or ""
    list[i] = line
  end
  return { columns = core.json.array(columns), rows = list, name = name,
    delimiter = how.delimiter or ",", newline = how.newline or "\n", bom = how.bom or false }
end

return data
