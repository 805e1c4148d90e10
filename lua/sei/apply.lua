--- Does what a plan says: exactly that, once, and so that it can be resumed.
--
-- In this order: the approved digest is compared, the guards of the plan are
-- looked at, the account's lock is taken, and all that the plan touches is read
-- again. If anything of it is neither as the plan saw it nor as the plan wants
-- it, nothing is written. Then the rows go in few large batches, identities
-- first, each of them in the journal before it is sent; at the end everything
-- is read back, and the report tells of every row.
--
-- An apply that was ended, in whatever way, goes on when it is called again in
-- the same way: what was sent without an answer is looked for first, and only
-- what is not there is sent again.
-- @module sei.apply

local attempt = require "sei.attempt"
local batch = require "sei.apply.batch"
local core = require "sei.core"
local directory = require "sei.plan.directory"
local file = require "sei.plan.file"
local gate = require "sei.gate"
local guard = require "sei.guard"
local history = require "sei.apply.history"
local journal = require "sei.journal"
local lock = require "sei.lock"
local options = require "sei.options"
local remote = require "sei.apply.remote"
local result = require "sei.apply.result"

local apply = {}

local NAMED <const> = 10    -- records that a message names

-- ---- gates ----

local function check_approval(self, approve)
  if approve:lower() == self.plan.digest then return end
  gate.refuse("approval", ("the plan %s has the digest %s, approved was %s"):format(self.plan.path,
    self.plan.digest, approve), "look at it with 'sei show', and approve the digest that it has")
end

local function check_guards(self)
  local failed = guard.failed(self.plan.header)
  if #failed == 0 then return end
  local sentences = {}
  for i, one in ipairs(failed) do sentences[i] = guard.tell(one) end
  gate.refuse("guard", "a guard stops the plan: " .. table.concat(sentences, "; "),
    "a guard is overridden by a number, when the plan is made")
end

local function check_target(self)
  gate.target(self.client, self.plan.header.target, "the plan",
    "apply it with the configuration that it was made with")
end

-- ---- where every row stands ----

local function drift_of(item, found)
  local row = item.row
  local want = row.what == "contributor" and "as the plan saw it"
    or row.before and row.before.email or "nobody's"
  return { row = item.number, name = file.name(row), expected = want, found = found or "nobody's",
    text = ("%s is %s (%s)"):format(file.name(row), row.what == "contributor"
      and (found and "changed" or "gone") or found or "nobody's", row.what == "contributor"
      and (found or "there is no such contributor") or "it was " .. want) }
end

-- Looks at all rows. Answers those that are to be sent, those that somebody
-- else changed, and those that were sent before, without an answer, and are there.
local function sort(self, there, items)
  local due, drifted, found_there = {}, {}, {}
  for _, item in ipairs(items) do
    local past = self.history.rows[item.number]
    local where, found = there:look(item.row)
    if where == "after" then
      if past and past.known == "sent" then found_there[#found_there + 1] = item end
      item.fate, item.already = "accepted", not past
    elseif where == "before" then
      due[#due + 1] = item
    else
      drifted[#drifted + 1] = drift_of(item, found)
    end
  end
  return due, drifted, found_there
end

local function refuse_drift(self, drifted)
  local texts = {}
  for i = 1, math.min(#drifted, NAMED) do texts[i] = drifted[i].text end
  if #drifted > NAMED then texts[#texts + 1] = ("and %d more"):format(#drifted - NAMED) end
  local one = #drifted == 1
  error(core.error { kind = "refused", code = "drift", rows = drifted,
    message = ("%d of %d records %s not what the plan saw: %s"):format(#drifted, #self.items,
      one and "is" or "are", table.concat(texts, "; ")),
    hint = "nothing was written; make a new plan" }, 0)
end

-- ---- the journal ----

-- Opens it if it is there: an apply is resumed.
local function resume(self)
  local handle = io.open(self.journal_path, "rb")
  self.history = history.of {}
  if not handle then return end
  handle:close()
  local err
  self.journal, err = journal.open(self.journal_path)
  if not self.journal then error(err, 0) end
  self.history = history.of(self.journal.events)
  self.journal.events = nil
  local ok
  ok, err = history.check(self.history, self.journal_path, self.plan.digest)
  if not ok then error(err, 0) end
  self.number = self.history.number
end

local function write(self, events)
  if #events == 0 then return end
  local ok, err = self.journal:append(events)
  if not ok then error(err, 0) end
end

-- The directory's version, where the service tells it: the schema's, if the list of
-- versions has it (api.md section 3; which one is active is told nowhere else).
local function version_of(self)
  local ok, version = pcall(function()
    local schema = self.client:get_schema()
    local now = schema and math.tointeger(tonumber(schema.version))
    local versions <close> = self.client:list_versions { max_items = 1000 }
    for one in versions do
      if now and math.tointeger(tonumber(one.version)) == now then return now end
    end
  end)
  return ok and version or nil
end

local function begin(self)
  if not self.journal then
    local err
    self.journal, err = journal.open(self.journal_path)
    if not self.journal then error(err, 0) end
  end
  if self.history.beginning then return end
  local header = self.plan.header
  write(self, { journal.beginning { plan = self.plan.digest, target = header.target,
    rows = #self.items, version = self.has_contributors and version_of(self) or nil,
    header = { name = header.name, class = header.class, writes = header.writes,
      directory = header.directory, limits = self.limits } } })
end

-- ---- sending ----

local function tell(self, facts)
  if self.progress then self.progress(facts) end
end

-- Sends what is due of one kind, unless somebody wants it to stop.
local function send(self, there, due)
  local list = batch.cut(due, there, self.batch_size)
  for i, one in ipairs(list) do
    if self.stop and self.stop() then
      error(core.error { kind = "cancelled", message = "the apply was stopped",
        hint = "run the same command again to go on" }, 0)
    end
    local ok, err = batch.send(self, one)
    if not ok then error(err, 0) end
    self.done = self.done + #one.items
    tell(self, { phase = "send", done = self.done, rows = self.due, batch = i, batches = #list })
  end
end

local function split(items)
  local identities, contributors = {}, {}
  for _, item in ipairs(items) do
    table.insert(item.row.what == "contributor" and contributors or identities, item)
  end
  return identities, contributors
end

-- The identities that were written are in the contributors' records, too: these
-- are read anew, and looked at once more.
local function refresh(self, contributors)
  local rows = {}
  for i, item in ipairs(contributors) do rows[i] = item.row end
  local there = remote.read(self.client, rows)
  local due, drifted = sort(self, there, contributors)
  local by_number, failed = {}, {}
  for _, item in ipairs(contributors) do by_number[item.number] = item end
  for i, one in ipairs(drifted) do
    local item = by_number[one.row]
    item.fate, item.reason = "drift", one.text
    failed[i] = { row = one.row, reason = one.text, class = "drift" }
  end
  if #failed > 0 then write(self, { { event = "failed", batch = self.number, rows = failed } }) end
  return there, due
end

local function send_all(self, there, due)
  local identities, contributors = split(due)
  self.done, self.due = 0, #due
  send(self, there, identities)
  if #contributors == 0 then return end
  if #identities > 0 then there, contributors = refresh(self, contributors) end
  send(self, there, contributors)
end

-- ---- reading back ----

local function is_expected(item) return item.fate == "accepted" or item.fate == "unknown" end

-- A cloud id that is not seen proves nothing (api.md section 4 no. 12).
local function judge(there, item)
  local where, found, field = there:look(item.row)
  if where == "after" then
    item.fate = "verified"
  elseif item.row.what == "cloud_id" and where == "before" then
    return false
  elseif item.fate == "accepted" then
    item.fate, item.field = "missing", field or (item.row.what == "contributor" and nil or "email")
    item.reason = ("acknowledged, but not there when read back: found %s"):format(found or
      item.row.before and item.row.what ~= "contributor" and item.row.before.email
      or "what was there before")
  end
  return true
end

local function verify(self)
  local rows, fingerprints = {}, {}
  local verified, missing = core.json.array {}, core.json.array {}
  for _, item in ipairs(self.items) do
    if is_expected(item) then rows[#rows + 1] = item.row end
  end
  if #rows == 0 then return end
  tell(self, { phase = "verify", rows = #rows })
  local there, unseen = remote.read(self.client, rows, self.read), 0
  for _, item in ipairs(self.items) do
    if is_expected(item) then
      if not judge(there, item) then unseen = unseen + 1 end
      if item.fate == "verified" then
        verified[#verified + 1] = item.number
        local record = item.row.what == "contributor" and there:record(item.row)
        if record then fingerprints[tostring(item.number)] = directory.fingerprint(record) end
      elseif item.fate == "missing" then
        missing[#missing + 1] = { row = item.number, field = item.field, reason = item.reason }
      end
    end
  end
  if unseen > 0 then
    table.insert(self.warnings, ("%d rows were not seen when read back, which proves nothing here")
      :format(unseen))
  end
  write(self, { { event = "verified", rows = verified, missing = missing,
    fingerprints = next(fingerprints) and fingerprints or nil,
    version = self.has_contributors and version_of(self) or nil } })
end

-- ---- all of it ----

local function report(self, state)
  return result.new({ plan = self.plan.digest, journal = self.journal_path, sent = self.sent,
    batches = self.batches, warnings = self.warnings, state = state }, self.items)
end

local function remember(self)
  local ok, err = guard.remember(self.plan.header)
  if not ok then
    table.insert(self.warnings, "the sizes of the inputs could not be remembered: " .. err.message)
  end
end

-- A plan that was applied to its end is not looked at again.
local function finished(self)
  for _, item in ipairs(self.items) do
    item.fate, item.already = "verified", self.history.rows[item.number] == nil
  end
  table.insert(self.warnings, 1, "the plan was applied before; nothing was sent")
  return report(self, "done")
end

local function work(self)
  tell(self, { phase = "read", rows = #self.items })
  local rows = {}
  for i, item in ipairs(self.items) do rows[i] = item.row end
  local there = remote.read(self.client, rows, self.read)
  check_target(self)
  local due, drifted, found_there = sort(self, there, self.items)
  if #drifted > 0 then refuse_drift(self, drifted) end
  local adds = 0
  for _, item in ipairs(due) do adds = adds + (item.row.kind == "add" and 1 or 0) end
  tell(self, { phase = "begin", rows = #due, irreversible = adds,
    resumed = self.history.beginning ~= nil })
  self.begun = true
  begin(self)
  local numbers = {}
  for i, item in ipairs(found_there) do numbers[i] = item.number end
  if #numbers > 0 then
    write(self, { { event = "acknowledged", batch = self.number, rows = numbers,
      read_back = true } })
  end
  send_all(self, there, due)
  verify(self)
  local done = report(self)
  write(self, { { event = "end", state = done.state } })
  if done.state == "done" then remember(self) end
  return done
end

-- An error after the apply has begun comes with what became of every row.
local function with_report(self, problem)
  if self.journal and self.begun and core.is_error(problem) and problem.kind == "cancelled" then
    self.journal:append { { event = "end", state = "stopped" } }
  end
  if core.is_error(problem) and self.begun then
    for _, item in ipairs(self.items) do
      if item.fate == "accepted" and not item.already then
        item.reason = "acknowledged; not read back yet"
      end
    end
    problem.report = report(self, "stopped")
    problem.hint = problem.hint or "run the same command again to go on"
  end
  error(problem, 0)
end

local function run(self, approve)
  check_approval(self, approve)
  check_guards(self)
  if #self.items == 0 then
    remember(self)
    return report(self, "done")
  end
  require "sei.endpoint".need_key(self.client)
  check_target(self)
  local held <close>, err = lock.take(self.plan.header.target, self.lock_folder)
  if not held then error(err, 0) end
  local _ <close> = setmetatable({}, { __close = function()
    if self.journal then self.journal:close() end
  end })
  resume(self)
  if self.history.state == "done" then return finished(self) end
  local ok, done = pcall(work, self)
  if ok then return done end
  return with_report(self, done)
end

-- The rows that are to be written, with their numbers in the plan.
local function load_plan(path)
  local items, number = {}, 0
  local plan, err = file.read(path, function(row)
    number = number + 1
    if row.kind == "add" or row.kind == "change" then
      items[#items + 1] = { number = number, row = row }
    end
    return false
  end)
  if not plan then error(err, 0) end
  return plan, items
end

local function limits_of(header)
  local limits = {}
  for _, one in ipairs(header.guards) do
    if one.name == "changes" or one.name == "fields" then limits[one.name] = one.limit end
  end
  return limits
end

local function prepare(given)
  local plan, items = load_plan(given.plan)
  local self = { client = given.client, plan = plan, items = items, sent = 0, batches = 0,
    number = 0, warnings = core.json.array {},
    journal_path = given.journal or given.plan .. ".journal",
    lock_folder = given.lock, read = given.read, stop = given.stop, progress = given.progress,
    batch_size = given.batch_size, limits = limits_of(plan.header) }
  for _, item in ipairs(items) do
    if item.row.what == "contributor" then self.has_contributors = true end
  end
  return run(self, given.approve)
end

local KNOWN <const> = { client = "userdata", plan = "string", approve = "string",
  journal = "string", lock = "string", read = '"list"|"download"', stop = "callable",
  progress = "callable", batch_size = "positive" }

--- Applies a plan; see `sei.apply`.
-- @tparam table given options
-- @treturn ?table the report; or nil and an error object
function apply.run(given)
  given = options.check("sei.apply", given or {}, KNOWN)
  for _, name in ipairs { "client", "plan", "approve" } do
    if given[name] == nil or given[name] == "" then
      error(("sei.apply needs the option '%s'%s"):format(name, name == "approve"
        and ": the digest of the plan that somebody looked at" or ""), 2)
    end
  end
  return attempt.call(prepare, given)
end

return apply
