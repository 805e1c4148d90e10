--- What a journal tells: which rows were sent, and what is known of them.
-- @module sei.apply.history

local core = require "sei.core"

local history = {}

local function take(self, event, known)
  for _, entry in ipairs(event.rows or {}) do
    local number = type(entry) == "table" and entry.row or entry
    local row = self.rows[number]
    if row then
      row.known = known
      row.reason = type(entry) == "table" and entry.reason or nil
    end
  end
end

local handlers = {}

function handlers.begin(self, event) self.beginning = event end

function handlers.sent(self, event)
  self.number = event.batch
  self.last = event
  for _, row in ipairs(event.rows) do
    local one = self.rows[row.row] or { times = 0 }
    one.row, one.known, one.batch, one.times = row, "sent", event.batch, one.times + 1
    self.rows[row.row] = one
  end
end

function handlers.acknowledged(self, event) take(self, event, "acknowledged") end

function handlers.rejected(self, event) take(self, event, "rejected") end

function handlers.failed(self, event)
  for _, entry in ipairs(event.rows) do
    take(self, { rows = { entry } }, entry.class == "unknown" and "sent" or "never_sent")
  end
end

function handlers.verified(self, event)
  for number, fingerprint in pairs(event.fingerprints or {}) do
    local one = self.rows[math.tointeger(tonumber(number))]
    if one then one.fingerprint = fingerprint end
  end
  self.version_after = event.version or self.version_after
end

-- The directory's version of before was made the active one; unless it is said
-- that it was not.
function handlers.reactivate(self) self.undone = true end

function handlers.kept(self) self.undone = nil end

handlers["end"] = function(self, event) self.state = event.state end

--- Goes through a journal's events.
-- @tparam {table,...} events of sei.journal
-- @treturn table `beginning` (the event, nil: nothing was begun), `number` (of the last batch),
-- `state` (of the last event `end`), `rows`: number → {row=, known=, batch=, fingerprint=}, where
-- known is "sent" (nobody knows what became of it), "acknowledged", "rejected" or "never_sent";
-- `version_after` (of the directory), `undone` (by an older version of it)
function history.of(events)
  local self = { rows = {}, number = 0 }
  for _, event in ipairs(events) do
    local handler = handlers[event.event]
    if handler then
      if event.event == "sent" then self.state = nil end
      handler(self, event)
    end
  end
  return self
end

--- Whether a journal is that of a plan; nil and an error object if not.
-- @tparam table self of history.of
-- @tparam string path of the journal
-- @tparam string digest of the plan
function history.check(self, path, digest)
  if self.undone then
    return nil, core.error { kind = "refused", code = "journal", file = path,
      message = path .. ": the plan was applied, and taken back by an older version of the "
        .. "directory",
      hint = "make a new plan; nothing was sent" }
  elseif not self.beginning or self.beginning.plan == digest then
    return true
  end
  return nil, core.error { kind = "refused", code = "journal", file = path,
    message = ("%s is the journal of another plan, with the digest %s"):format(path,
      tostring(self.beginning.plan)),
    hint = "give this plan another journal (option 'journal', --journal); nothing was sent" }
end

return history
