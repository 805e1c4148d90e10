--- What became of the rows of a write: the report.
-- @module sei.outcome

local core = require "sei.core"

local outcome = {}

--- What became of the rows. Each is in exactly one of three places: counted in
-- `accepted`, or told in `rejected` or in `unknown`.
-- @table report
-- @field rows how many were given
-- @field accepted how many the service acknowledged, or were found to be there when a
-- request without an answer was read back
-- @field rejected array of {row=, last=, line=, field=, value=, reason=, class=}: what was surely
-- not done. class is "never_sent", or "rejected" by the service. With `last` an entry stands for
-- all rows from `row` to `last`
-- @field unknown array of {row=, last=, line=, reason=}: nobody can tell whether it was done
-- @field verified how many of the accepted rows were found when read back; nil: not asked for
-- @field missing array of {row=, line=, field=, sent=, found=}: accepted, but not there when read
-- back; found is nil where there is no such record
-- @field warnings array of {row=, line=, message=}
-- @field batches array of {first=, last=, rows=, status=, reply=}, one for each request that was
-- acknowledged; read_back = true: it was not, but its rows were found
local report = { __name = "sei.report" }

local SHOWN = 10    -- entries of a kind in a report's text

--- Makes an empty report.
function outcome.new()
  return setmetatable({ rows = 0, accepted = 0, rejected = {}, unknown = {}, warnings = {},
    batches = {} }, report)
end

-- ---- entries ----

local function sorted_in(list, entry)
  local at = #list + 1
  while at > 1 and list[at - 1].row > entry.row do at = at - 1 end
  table.insert(list, at, entry)
end

--- Files one row that was surely not written. Entries stay in the rows' order.
-- @tparam table entry {row=, last=, line=, field=, value=, reason=, class=}
function outcome.reject(result, entry) sorted_in(result.rejected, entry) end

-- Neighbours become one entry.
local function runs(items, file)
  local from
  for i, item in ipairs(items) do
    from = from or item
    local next_item = items[i + 1]
    if not next_item or next_item.row ~= item.row + 1 then
      file { row = from.row, last = item ~= from and item.row or nil, line = from.line }
      from = nil
    end
  end
end

--- Files rows that surely were not written, all for one reason.
-- @tparam {table,...} items {row=, line=} in their order
function outcome.reject_all(result, items, class, reason)
  runs(items, function(entry)
    entry.class, entry.reason = class, reason
    outcome.reject(result, entry)
  end)
end

--- Files rows of which nobody can tell.
function outcome.doubt_all(result, items, reason)
  runs(items, function(entry)
    entry.reason = reason
    sorted_in(result.unknown, entry)
  end)
end

--- The rows from first to last that no entry tells about, as {row=} in their order. For
-- those of which none was accepted.
function outcome.rest(result, first, last)
  local told, items = {}, {}
  for _, list in ipairs { result.rejected, result.unknown } do
    for i = #list, 1, -1 do
      local entry = list[i]
      for row = math.max(first, entry.row), math.min(last, entry.last or entry.row) do
        told[row] = true
      end
    end
  end
  for row = first, last do
    if not told[row] then items[#items + 1] = { row = row } end
  end
  return items
end

-- ---- the text ----

-- One value on one line, and not a long one.
local function shown(value)
  if value == nil then return "nothing" end
  local text = type(value) == "table" and core.json.encode(value) or tostring(value)
  text = text:gsub("%c", " ")
  return #text > 60 and text:sub(1, 57) .. "..." or text
end

local function place(entry)
  if entry.last then return ("rows %d-%d"):format(entry.row, entry.last) end
  return ("row %d%s"):format(entry.row, entry.line and (" (line %d)"):format(entry.line) or "")
end

local function with_field(entry, text)
  return (entry.field or "") ~= "" and entry.field .. " " .. text or text
end

local function rejected_line(entry)
  if entry.class == "rejected" then return { place(entry), "rejected:", entry.reason } end
  return { place(entry), "not sent:", with_field(entry, entry.reason) }
end

local function unknown_line(entry) return { place(entry), "unknown:", entry.reason } end

local function missing_line(entry)
  return { place(entry), "missing:", with_field(entry, ("sent %s, found %s")
    :format(shown(entry.sent), shown(entry.found))) }
end

-- How many rows entries stand for.
local function count(list, from)
  local n = 0
  for i = from, #list do n = n + (list[i].last or list[i].row) - list[i].row + 1 end
  return n
end

local function add(lines, list, line, what)
  for i = 1, math.min(#list, SHOWN) do lines[#lines + 1] = line(list[i]) end
  if #list > SHOWN then
    lines[#lines + 1] = ("and %d more rows that %s"):format(count(list, SHOWN + 1), what)
  end
end

-- Cells of lines that stand under each other; a line that is a text stays.
local function aligned(lines)
  local width = { 0, 0 }
  for _, line in ipairs(lines) do
    for k = 1, type(line) == "table" and 2 or 0 do width[k] = math.max(width[k], #line[k]) end
  end
  for i, line in ipairs(lines) do
    if type(line) == "table" then
      lines[i] = ("%s%s %s%s %s"):format(line[1], (" "):rep(width[1] - #line[1]), line[2],
        (" "):rep(width[2] - #line[2]), line[3])
    end
  end
  return lines
end

local function refused(entry) return entry.class == "rejected" end

local function only(list, test, wanted)
  local some = {}
  for _, entry in ipairs(list) do
    if test(entry) == wanted then some[#some + 1] = entry end
  end
  return some
end

function report.__tostring(self)
  local lines, missing = {}, self.missing or {}
  add(lines, only(self.rejected, refused, false), rejected_line, "were not sent")
  add(lines, only(self.rejected, refused, true), rejected_line, "were rejected")
  add(lines, self.unknown, unknown_line, "may have been written or not")
  add(lines, missing, missing_line, "were accepted and are not there")
  aligned(lines)
  if self.verified then
    table.insert(lines, 1, ("%d of %d rows found when read back"):format(self.verified,
      self.accepted))
  end
  local batches = #self.batches -- those that went through; what was sent may be more
  table.insert(lines, 1, ("%d of %d rows accepted%s"):format(self.accepted, self.rows,
    batches == 0 and "" or (" in %d %s"):format(batches, batches == 1 and "request" or "requests")))
  return table.concat(lines, "\n")
end

return outcome
