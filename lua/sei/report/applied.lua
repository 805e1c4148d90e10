--- What became of a plan's rows, as its journal tells it.
-- @module sei.report.applied

local history = require "sei.apply.history"
local journal = require "sei.journal"

local applied = {}

-- "rejected: no such person", or the word alone.
local function with(word, entry)
  local why = entry.reason or entry.field
  return why and ("%s: %s"):format(word, why) or word
end

local FAILED <const> = { drift = "changed meanwhile", unknown = "unknown",
  never_sent = "not sent" }

-- Event → what it says of one of its rows, as number and word.
local SAYS <const> = {
  sent = function(entry) return entry.row, "unknown" end,
  acknowledged = function(number) return number, "accepted" end,
  verified = function(number) return number, "verified" end,
  rejected = function(entry) return entry.row, with("rejected", entry) end,
  failed = function(entry) return entry.row, with(FAILED[entry.class] or "not sent", entry) end,
}

local function fates_of(events)
  local fates = {}
  for _, event in ipairs(events) do
    local says = SAYS[event.event]
    for _, entry in ipairs(says and event.rows or {}) do
      local number, word = says(entry)
      fates[number] = word
    end
    for _, entry in ipairs(event.event == "verified" and event.missing or {}) do
      fates[entry.row] = with("not there", entry)
    end
  end
  return fates
end

--- Reads a journal.
-- @tparam string path
-- @tparam table plan whose journal it must be
-- @treturn ?table `fates`, number of a row → a word, and why; `state` ("done", "incomplete",
-- "stopped", nil: it did not end), `started`, `who`, `there` and `wanted`, how many rows are as the
-- plan wants them and how many it wants; or nil and an error object
function applied.read(path, plan)
  local read, err = journal.read(path)
  if not read then return nil, err end
  local past = history.of(read.events)
  local ok, other = history.check(past, path, plan.digest)
  if not ok then return nil, other end
  local self = { fates = fates_of(read.events), state = past.state, there = 0, wanted = 0,
    started = (past.beginning or {}).started, who = (past.beginning or {}).who }
  for i, row in ipairs(plan.rows) do
    if row.kind == "add" or row.kind == "change" then
      local fate = self.fates[i]
      self.wanted = self.wanted + 1
      if fate == "verified" or fate == "accepted" then self.there = self.there + 1 end
      self.fates[i] = fate or "not sent"
    end
  end
  return self
end

return applied
