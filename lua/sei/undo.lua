--- Takes back what an apply did, by a plan that says the opposite.
--
-- The journal of the apply is all that is needed. What was changed is changed
-- back, identities and fields alike; what was added stays, since the service
-- has no way to remove it, and is listed in rows of the kind "irreversible".
-- The plan passes the same gates as any other: somebody looks at it and
-- approves its digest, its guards count what it changes, and it is refused if
-- anything is not as the apply left it.
-- @module sei.undo

local core = require "sei.core"
local file = require "sei.plan.file"
local guard = require "sei.guard"
local history = require "sei.apply.history"
local journal = require "sei.journal"
local options = require "sei.options"

local undo = {}

-- ---- rows ----

local NAMES <const> = { "what", "integration_id", "application_type", "identity", "id", "email" }

local function inverse(one)
  local sent, row = one.row, { rule = "undo" }
  for _, name in ipairs(NAMES) do row[name] = sent[name] end
  if sent.before == nil then
    row.kind, row.before = "irreversible", sent.after
    row.reason, row.message = "no_removal", "the service has no way to remove it"
    return row
  end
  row.kind, row.before, row.after = "change", sent.after, sent.before
  row.fingerprint = sent.what == "contributor" and (one.fingerprint or sent.fingerprint) or nil
  return row
end

--- The rows that take back what was written, or may have been: what was not is
-- already as it was.
-- @tparam table past of sei.apply.history
-- @treturn {table,...} rows of a plan
function undo.rows(past)
  local rows, numbers = {}, {}
  for number, one in pairs(past.rows) do
    if one.known == "sent" or one.known == "acknowledged" then numbers[#numbers + 1] = number end
  end
  table.sort(numbers)
  for i, number in ipairs(numbers) do rows[i] = inverse(past.rows[number]) end
  return rows
end

-- ---- the header ----

local function facts_of(rows, there)
  local facts = { changes = 0, fields = 0, protected = 0, mappings = there.mappings or 0,
    contributors = there.people or 0, inputs = {} }
  for _, row in ipairs(rows) do
    if row.kind == "change" and row.what ~= "contributor" then
      facts.changes = facts.changes + 1
    elseif row.kind == "change" and require "sei.plan.fields".loses(row) then
      facts.fields = facts.fields + 1
    end
  end
  return facts
end

-- A plan that was allowed to change so many may be taken back.
local function header_of(beginning, rows, given)
  local of, limits = beginning.header or {}, {}
  for name, value in pairs(of.limits or {}) do limits[name] = value end
  for name, value in pairs(given.guard or {}) do limits[name] = value end
  return { name = of.name, target = beginning.target, class = of.class, writes = of.writes,
    directory = of.directory, inputs = {}, undoes = beginning.plan,
    guards = guard.check(facts_of(rows, of.directory or {}), limits) }
end

-- ---- all of it ----

local function warnings_of(past)
  if past.state == "done" then return {} end
  local unsure = 0
  for _, one in pairs(past.rows) do
    if one.known == "sent" then unsure = unsure + 1 end
  end
  local list = { "the apply did not come to its end: only what it sent is taken back" }
  if unsure > 0 then
    list[2] = ("%d rows may have been written or not; those that were not stay as they are")
      :format(unsure)
  end
  return list
end

local KNOWN <const> = { journal = "string", file = "string", guard = "table" }
local LIMITS <const> = { changes = "count", fields = "count" }

--- Makes the inverse plan; see `sei.undo`.
-- @tparam table given options
-- @treturn ?table the plan; or nil and an error object
function undo.make(given)
  given = options.check("sei.undo", given or {}, KNOWN)
  if given.journal == nil then error("sei.undo needs the option 'journal': its path", 2) end
  given.guard = options.check("the option 'guard' of sei.undo", given.guard, LIMITS)
  local read, err = journal.read(given.journal)
  if not read then return nil, err end
  local past = history.of(read.events)
  if not past.beginning then
    return nil, core.error { kind = "decode", file = given.journal,
      message = given.journal .. ": nothing was begun, so there is nothing to take back" }
  elseif past.beginning.what == "developers" then
    return nil, core.error { kind = "refused", code = "journal", file = given.journal,
      message = given.journal .. " is the journal of developer records",
      hint = "'sei developers undo PREVIEW' takes them back" }
  end
  local rows = undo.rows(past)
  local made
  made, err = file.write(given.file, header_of(past.beginning, rows, given), rows)
  if not made then return nil, err end
  made.writes = made.header.counts.add + made.header.counts.change
  made.failed = guard.failed(made.header)
  made.warnings = warnings_of(past)
  return made
end

return undo
