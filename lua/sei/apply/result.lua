--- What became of a plan's rows: the report of an apply.
-- @module sei.apply.result

local core = require "sei.core"
local file = require "sei.plan.file"
local report = require "sei.report"

local result = {}

--- What became of a plan that was applied.
-- @table result
-- @field plan its digest
-- @field journal path
-- @field rows how many rows of the plan are to be written
-- @field state "done": all of them are there; "incomplete": some are not; "stopped": the apply
-- ended before its end
-- @field verified how many were found there when read back (those that were there before, too)
-- @field accepted how many more the service acknowledged, and that cannot be read back
-- @field already how many of the verified ones were there before anything was sent
-- @field sent how many rows were sent, and `batches`, in how many batches, by this very call
-- @field others array of {row=, name=, fate=, reason=, field=}: every row that is not there, in the
-- plan's order. fate is "rejected" by the service, "missing" when read back, "drift" (somebody
-- else changed it meanwhile), "unknown", or "not_sent"
-- @field warnings array of strings
local methods = { __name = "sei.result" }

-- What is said of a row's fate.
local WORDS <const> = {
  rejected = "rejected", missing = "not there", drift = "changed meanwhile", unknown = "unknown",
  not_sent = "not sent",
}

-- Rows that are where they shall be, by fate.
local THERE <const> = { verified = true, accepted = true }

--- Whether all is well with a row.
function result.is_there(item) return THERE[item.fate] == true end

--- Counts rows into a report.
-- @tparam table facts `plan`, `journal`, `sent`, `batches`, `warnings`
-- @tparam {table,...} items {number=, row=, fate=, reason=, field=, already=}; without a fate it
-- was not sent
-- @treturn table
function result.new(facts, items)
  local self = setmetatable({ rows = #items, verified = 0, accepted = 0, already = 0,
    others = core.json.array {} }, methods)
  for name, value in pairs(facts) do self[name] = value end
  for _, item in ipairs(items) do
    if THERE[item.fate] then
      self[item.fate] = self[item.fate] + 1
      if item.already then self.already = self.already + 1 end
    else
      table.insert(self.others, { row = item.number, name = file.name(item.row),
        fate = item.fate or "not_sent", reason = item.reason, field = item.field })
    end
  end
  self.state = self.state or (#self.others == 0 and "done" or "incomplete")
  return self
end

local function summary(self)
  local parts = {}
  local there = self.verified + self.accepted
  parts[1] = ("%d of %d rows are as planned"):format(there, self.rows)
  if self.accepted > 0 then
    parts[#parts + 1] = ("%d of them cannot be read back"):format(self.accepted)
  end
  if self.already > 0 then
    parts[#parts + 1] = ("%d were so before"):format(self.already)
  end
  parts[#parts + 1] = ("%d sent in %d %s"):format(self.sent, self.batches,
    self.batches == 1 and "batch" or "batches")
  return table.concat(parts, "; ")
end

-- Neighbours that were not sent, for one reason, are one line.
local function lines_of(self)
  local lines, i, all = {}, 1, self.others
  while i <= #all do
    local one, last = all[i], i
    while one.fate == "not_sent" and all[last + 1] and all[last + 1].fate == "not_sent"
      and all[last + 1].reason == one.reason do
      last = last + 1
    end
    local name = report.cell(one.name)
    if last > i + 2 then
      name = ("%s … %s (%d rows)"):format(name, report.cell(all[last].name), last - i + 1)
    else
      last = i
    end
    lines[#lines + 1] = ("  %s  %s: %s%s"):format(name, WORDS[one.fate],
      one.field and one.field ~= "" and report.cell(one.field) .. " " or "",
      report.cell(one.reason or "the apply ended before"))
    i = last + 1
  end
  return lines
end

-- The report as text: a summary, then each row that is not as planned.
function methods.__tostring(self)
  local lines = { summary(self) }
  table.move(lines_of(self), 1, #self.others, 2, lines)
  for _, warning in ipairs(self.warnings or {}) do lines[#lines + 1] = "warning: " .. warning end
  return table.concat(lines, "\n")
end

return result
