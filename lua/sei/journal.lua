--- The journal of an apply: what was about to be sent, and what became of it.
--
-- JSON Lines that are only added to, each on the disk before what it speaks of
-- goes on. A line is one event:
--
--     {"event":"sent","batch":1,…,"n":2,"prev":"<sum of line 1>","sum":"<hex>"}
--
-- `n` counts the lines; `sum` is the SHA-256 of the line without its last member
-- (`,"sum":"…"`), and `prev` the sum of the line before: a line that was changed,
-- left out or put elsewhere is found. A last line without an end was being
-- written when the machine or the process stopped; it is cut off.
--
-- Events, in the order in which they come:
--
-- * `begin`: `plan` (digest), `format`, `target`, `header` (of the plan: `name`, `class`, `writes`,
--   `directory`, and `limits` of its guards), `rows` (how many are to be written), `started` (UTC),
--   `who`; `version`, the directory's version before the first write, where the service tells it
-- * `sent`: `batch`, `rows`, each with `row` (its number in the plan, from 1) and the plan's
--   `what`, `integration_id`, `identity`, `id`, …, `before`, `after`, and of contributors the
--   `fingerprint` that the record is to have then; written before the request
-- * `acknowledged`: `batch`, `rows` (numbers); `read_back`: they were found there, after a request
--   without an answer
-- * `rejected`: `batch`, `rows` of {row=, reason=, field=}
-- * `failed`: `batch`, `rows` of {row=, reason=, class=}: "never_sent", "drift", or "unknown": none
--   could tell
-- * `verified`: `rows` (numbers) found when read back, `missing` of {row=, field=, sent=, found=},
--   `fingerprints` of contributors (row → what sei.plan.file calls fingerprint), `version`
-- * `reactivate`, then `reactivated` or `kept`: before and after `version` of the directory was
--   made the active one again, or was not, by sei.undo.reactivate
-- * `end`: `state`: "done", "incomplete" (some rows are not there) or "stopped"
-- @module sei.journal

local core = require "sei.core"

local journal = {}

local FORMAT <const> = 1
local BEGINNING <const> = '{"event":"begin"'

-- ---- lines ----

-- A line's end: what is before it, closed again, is what was summed.
local function line_of(event, n, previous)
  local full = {}
  for name, value in pairs(event) do full[name] = value end
  full.n, full.prev = n, previous
  local text, err = core.json.encode(full, { canonical = true })
  if not text then return nil, err end
  local sum = core.digest.sha256(text)
  return text:sub(1, -2) .. ',"sum":"' .. sum .. '"}\n', sum
end

local function bad(path, line, format, ...)
  return nil, core.error { kind = "refused", code = "journal", file = path, line = line,
    message = ("%s:%d: "):format(path, line) .. format:format(...),
    hint = "if it was edited, put the original back; nothing was sent" }
end

-- The event of a whole line; or nil and an error object.
local function event_of(self, text)
  local n = self.lines + 1
  local body, sum = text:match '^(.*),"sum":"(%x+)"}\n$'
  if not body then
    return bad(self.path, n, n == 1 and "no journal that 'sei apply' wrote"
      or "the line is no event of a journal")
  end
  body = body .. "}"
  if core.digest.sha256(body) ~= sum then
    return bad(self.path, n, "the line was changed: its sum does not fit")
  end
  local event = core.json.decode(body)
  if type(event) ~= "table" or type(event.event) ~= "string" then
    return bad(self.path, n, "the line is no event of a journal")
  elseif event.n ~= n or event.prev ~= self.sum then
    return bad(self.path, n, "the line does not follow the one before: lines are missing, or "
      .. "were put there")
  elseif (n == 1) ~= (event.event == "begin") then
    return bad(self.path, n, "a journal has one event 'begin', its first")
  elseif n == 1 and event.format ~= FORMAT then
    return bad(self.path, n, "a journal of format %s; this version reads %d",
      tostring(event.format), FORMAT)
  end
  self.lines, self.sum, self.size = n, sum, self.size + #text
  return event
end

-- Whether a piece at the end is one of ours: of a foreign file nothing is cut off.
local function is_torn(self, text)
  if self.lines > 0 then return true end
  return text:sub(1, #BEGINNING) == BEGINNING:sub(1, #text)
end

-- ---- reading ----

local function read_lines(self, handle)
  for text in handle:lines "L" do
    if text:sub(-1) ~= "\n" then
      if not is_torn(self, text) then
        return bad(self.path, self.lines + 1, "no journal that 'sei apply' wrote")
      end
      self.torn = true
      break
    end
    local event, err = event_of(self, text)
    if not event then return nil, err end
    self.events[#self.events + 1] = event
  end
  return self
end

--- Reads a journal and checks every line of it. Nothing is changed.
-- @tparam string path
-- @treturn ?table `path`, `events` (array), `lines`, `size` (bytes up to the last whole line),
-- `sum`, `torn` (there is a piece of a line after that); or nil and an error object
function journal.read(path)
  local handle <close>, problem = io.open(path, "rb")
  if not handle then return nil, core.error { kind = "io", file = path, message = problem } end
  local self = { path = path, events = {}, lines = 0, size = 0, torn = false }
  local ok, result, err = pcall(read_lines, self, handle)
  if ok then return result, err end
  return nil, core.error { kind = "io", file = path,
    message = ("%s: %s"):format(path, tostring(result)) }
end

-- ---- writing ----

local Journal = {}
Journal.__index = Journal

--- Opens a journal to add to it; makes it if it is not there. Nobody else can
-- have it open meanwhile. A torn last line is cut off.
-- @tparam string path
-- @treturn ?table what `journal.read` gives, with `append` and `close`; or nil and an error object
function journal.open(path)
  local file, err = core.journal.open(path)
  if file == false then
    return nil, core.error { kind = "refused", code = "lock", file = path,
      message = path .. ": another process is writing this journal" }
  elseif not file then
    return nil, err
  end
  local self, problem = journal.read(path)
  if not self then
    file:close()
    return nil, problem
  end
  self.file = file
  if self.torn then
    local cut, why = file:cut(self.size)
    if not cut then
      file:close()
      return nil, why
    end
  end
  return setmetatable(self, Journal)
end

-- Adds an array of events; they are on the disk when it answers true. nil and an
-- error object: then none of them is there.
function Journal:append(events)
  local texts, lines, sum = {}, self.lines, self.sum
  for i, event in ipairs(events) do
    local text, result = line_of(event, lines + 1, sum)
    if not text then return nil, result end
    texts[i], lines, sum = text, lines + 1, result
  end
  local text = table.concat(texts)
  local ok, err = self.file:append(text)
  if not ok then
    err.hint = "nothing is sent that the journal cannot hold; make room and run the same "
      .. "command again"
    return nil, err
  end
  self.lines, self.sum, self.size = lines, sum, self.size + #text
  return true
end

-- Lets others have it; safe to call twice.
function Journal:close() self.file:close() end

Journal.__close = Journal.close

--- The first event of a new journal. Its name must stay its first member, by which
-- a beginning that was cut off is known.
-- @tparam table facts `plan`, `target`, `header`, `rows`, `version`
-- @treturn table an event
function journal.beginning(facts)
  local event = { event = "begin", format = FORMAT, started = os.date "!%Y-%m-%dT%H:%M:%SZ" }
  for name, value in pairs(facts) do event[name] = value end
  local me = core.journal.me()
  event.who = ("%s@%s"):format(me.user, me.host)
  return event
end

return journal
