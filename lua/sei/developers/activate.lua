--- The second half of the flow: an approved version becomes what there is.
--
-- The gates are those of sei.apply: the approved digest, the preview's guards, the
-- account, one writer at a time, and everything is read again first; if anybody
-- changed a developer meanwhile, nothing is written. The first upload is mapped,
-- which saves it (api.md section 3); later ones are activated. Whatever the answer
-- was, all developers are read back and compared, and the error or the report says
-- in which step it stands.
-- @module sei.developers.activate

local check = require "sei.developers.check"
local core = require "sei.core"
local gate = require "sei.gate"
local journal = require "sei.journal"
local lock = require "sei.lock"
local mapping = require "sei.developers.mapping"
local preview = require "sei.developers.preview"
local there = require "sei.developers.there"

local activate = {}

local NAMED <const> = 10 -- developers that a message names

-- ---- gates ----

local function check_approval(self)
  local one = self.preview
  if type(self.given.approve) == "string" and self.given.approve:lower() == one.digest then
    return
  end
  gate.refuse("approval", ("the preview %s has the digest %s, approved was %s"):format(
    one.path or "(not in a file)", one.digest, self.given.approve or "nothing"),
    "look at it with 'sei developers preview', and approve the digest that it has")
end

local function check_guards(self)
  local why = preview.stopped(self.preview.header)
  if not why then return end
  gate.refuse("guard", "a guard stops the preview: " .. why,
    "a guard is overridden by a number, when the file is uploaded")
end

local function check_target(self)
  gate.target(self.client, self.preview.header.target, "the preview",
    "use the configuration that it was uploaded with")
end

-- ---- where it stands ----

local function read(self)
  return there.read(self.client, there.schema(self.client), self.given.read)
end

-- "before", "after", or "other" with who differs from the preview.
local function state_of(self, now)
  local digest, header = there.digest(now), self.preview.header
  if digest == header.after then return "after" end
  if digest == header.before then return "before" end
  return "other"
end

local function names_of(rows)
  local names = {}
  for i = 1, math.min(#rows, NAMED) do names[i] = rows[i].email end
  if #rows > NAMED then names[#names + 1] = ("and %d more"):format(#rows - NAMED) end
  return table.concat(names, ", ")
end

-- Who is neither as the preview saw them nor as it wants them: by its rows alone, the others are
-- only known as a digest.
local function refuse_drift(self, now)
  local strange = {}
  for _, row in ipairs(self.preview.rows) do
    local one, want = now.by_email[row.email], row.before
    local moved = (one == nil) ~= (want == nil)
    for name, value in pairs(one and want or {}) do
      local field = name:match "^fields%.(.*)$"
      local found = field and (one.fields[field] or "") or not field and one[name]
      moved = moved or found ~= value
    end
    if moved then strange[#strange + 1] = row end
  end
  local who = #strange > 0 and ("these among others: " .. names_of(strange))
    or "developers whom the preview leaves as they are"
  error(core.error { kind = "refused", code = "drift", rows = strange,
    message = "the developers are not what the preview saw; somebody changed " .. who,
    hint = "nothing was written; upload the file again for a new preview" }, 0)
end

-- ---- the journal ----

local function note(self, event)
  if not self.journal then return end
  local ok, err = self.journal:append { event }
  if not ok then error(err, 0) end
end

local function open_journal(self)
  if not self.journal_path then return end
  local err
  self.journal, err = journal.open(self.journal_path)
  if not self.journal then error(err, 0) end
  local first = self.journal.events and self.journal.events[1]
  self.journal.events = nil
  if not first then
    return note(self, journal.beginning { what = "developers", plan = self.preview.digest,
      target = self.preview.header.target, rows = preview.writes(self.preview.header),
      version = self.preview.header.version })
  elseif first.what ~= "developers" or first.plan ~= self.preview.digest then
    gate.refuse("journal", self.journal_path .. " is the journal of something else",
      "name another one with the option 'journal'")
  end
end

-- ---- the requests ----

local function step(self, name)
  self.step = name
  if self.given.progress then self.given.progress { step = name } end
end

local function body_of(self)
  local made = { list = self.preview.header.mapping }
  local body = mapping.body(made)
  if self.given.body then return self.given.body(body, self.preview.header) end
  return body
end

-- The first upload: mapped, and activated if the answer does not say that it is.
local function save(self)
  local version = self.preview.header.version
  if self.preview.header.first then
    step(self, "map")
    note(self, { event = "sent", step = "map", version = version, rows = {}, batch = 1 })
    local reply, err = self.client:map_developer_fields(version, body_of(self))
    if reply == nil then return nil, err end
    if type(reply) == "table" and reply.active == true then return true end
  end
  step(self, "activate")
  note(self, { event = "sent", step = "activate", version = version, rows = {}, batch = 2 })
  local reply, err = self.client:activate_developers(version)
  if reply == nil then return nil, err end
  return true
end

-- ---- the end ----

--- What became of an activation.
-- @table result
-- @field state "done": all developers are as the preview says; "incomplete": some are not
-- @field version the upload's
-- @field step the last one that was done: "map", "activate", "verify"
-- @field developers how many there are now
-- @field verified how many of the preview's rows were found when read back
-- @field others array of {email=, expected=, found=, kind=}: the rows that were not
-- @field already true: nothing had to be sent
-- @field preview its digest
-- @field journal path; nil: a preview that is in no file has none
local methods = { __name = "sei.developers.result" }

function methods.__tostring(self)
  local cell, lines = require "sei.report".cell, {}
  lines[1] = ("version %s is active; %d developers; %d of %d changes found when read back"):format(
    cell(self.version), self.developers, self.verified, self.verified + #self.others)
  if self.already then lines[2] = "it was so before; nothing was sent" end
  for _, one in ipairs(self.others) do
    lines[#lines + 1] = ("  %s  %s: expected %s, found %s"):format(cell(one.email), one.kind,
      cell(one.expected), cell(one.found))
  end
  return table.concat(lines, "\n")
end

local function shown(values)
  if not values then return "nobody" end
  local parts = {}
  for name, value in pairs(values) do
    parts[#parts + 1] = ("%s=%q"):format(name:gsub("^fields%.", ""), value)
  end
  table.sort(parts)
  return table.concat(parts, " ")
end

-- Which developers are not as they shall be: `from` is what there was before.
local function others_of(self, from, now)
  local list = core.json.array {}
  local wanted = there.changed(from, self.preview.rows)
  for _, row in ipairs((there.compare(wanted, now))) do
    list[#list + 1] = { email = row.email, kind = row.kind == "remove" and "missing"
      or row.kind == "add" and "should not be there" or "differs",
      expected = shown(row.before), found = shown(row.after) }
  end
  return list
end

local function result(self, facts)
  facts.version, facts.step = self.preview.header.version, self.step
  facts.preview, facts.journal = self.preview.digest, self.journal_path
  facts.verified = math.max(0, #self.preview.rows - #facts.others)
  facts.state = #facts.others == 0 and "done" or "incomplete"
  note(self, { event = "verified", rows = {}, missing = #facts.others })
  note(self, { event = "end", state = facts.state })
  return setmetatable(facts, methods)
end

local STANDS <const> = {
  before = "nothing was changed: the developers are as they were",
  after = "it was done all the same: the developers are as the preview says",
  other = "the developers are neither as they were nor as the preview says",
}

-- A step that failed: what there is now is looked at, and told.
local function failed(self, err)
  local ok, now = pcall(read, self)
  local where = ok and state_of(self, now) or "unknown"
  if where == "after" and err.class == "unknown" then return now end
  if check.is_told(err) then
    local all = {}
    for _, row in ipairs(self.preview.rows) do
      if row.after then
        local fields = {}
        for name, value in pairs(row.after) do fields[name:gsub("^fields%.", "")] = value end
        all[#all + 1] = there.developer(row.email, row.after.name, row.after.manager, fields)
        all[#all].line = row.line
      end
    end
    local told = check.explain(err.rows, all, mapping.roles { list = self.preview.header.mapping })
    local new = check.error(told, { name = self.preview.header.source
      and self.preview.header.source.name, sent = true, status = err.status })
    new.errors, new.request_id, new.class = err.rows, err.request_id, err.class
    err = new
  end
  err.step, err.version, err.where = self.step, self.preview.header.version, where
  err.hint = ("in the step '%s' of version %s; %s; %s"):format(self.step,
    self.preview.header.version, STANDS[where] or "whether it was done cannot be read",
    where == "before" and "activate the same preview again to go on, or upload the file again"
      or "activate the same preview again: it looks first and sends only what is not done")
  note(self, { event = "end", state = "stopped", step = self.step, where = where })
  error(err, 0)
end

local function finish(self, before, now, already)
  self.step = "verify"
  local others = core.json.array {}
  if there.digest(now) ~= self.preview.header.after then
    others = others_of(self, before, now)
  end
  return result(self, { developers = #now.list, others = others, already = already or nil })
end

local function run(self)
  open_journal(self)
  step(self, "read")
  local now = read(self)
  local where = state_of(self, now)
  if where == "other" then refuse_drift(self, now) end
  -- the first upload must be mapped even where its developers are those that there are
  if where == "after" and not self.preview.header.first then
    step(self, "verify")
    return finish(self, now, now, true)
  end
  local done, err = save(self)
  local after
  if not done then after = failed(self, err) end
  if not after then
    local ok
    step(self, "verify")
    ok, after = pcall(read, self)
    if not ok then
      if not core.is_error(after) then error(after, 0) end
      after.step, after.version = "verify", self.preview.header.version
      after.hint = ("the service acknowledged version %s; that it is there could not be read; "
        .. "activate the same preview again: it looks first"):format(after.version)
      error(after, 0)
    end
  end
  return finish(self, now, after)
end

--- Activates an approved preview. Raises an error object.
-- @tparam client client
-- @tparam table given checked options of sei.developers.activate
-- @treturn table `state`, `version`, `developers`, `verified`, `others`, …
function activate.run(client, given)
  local one = given.preview
  if type(one) == "string" then
    local read_one, err = preview.read(one)
    if not read_one then error(err, 0) end
    one = read_one
  end
  local self = { client = client, given = given, preview = one,
    journal_path = given.journal or one.path and one.path .. ".journal" }
  check_approval(self)
  check_guards(self)
  require "sei.endpoint".need_key(client)
  check_target(self)
  local held <close>, problem = lock.take(one.header.target, given.lock)
  if not held then error(problem, 0) end
  local _ <close> = setmetatable({}, { __close = function()
    if self.journal then self.journal:close() end
  end })
  return run(self)
end

return activate
