--- The host's side of a sandboxed recipe's client: takes questions, which are
-- data, and gives answers, which are data.
--
-- Nothing here is what keeps a recipe from doing what it may not: that is the
-- grant of its client, in C. Here it gets a message that names the remedy.
-- @module sei.sandboxed.service

local attempt = require "sei.attempt"
local core = require "sei.core"
local options = require "sei.options"
local waiters = require "sei.wait.waiters"

local service = {}

local BATCH <const> = 100     -- records that an iterator hands over at once
local OPEN <const> = 64       -- iterators at once
local MEMORY <const> = 64 << 20 -- bytes: the default of the option 'memory'
local TIME <const> = 10       -- seconds: that of 'time'
local REJECTED <const> = 200  -- bytes that a rejected row is told in
local ROWS_AT_ONCE <const> = 1024 -- rows between two looks at the clock

local ROWS <const> = { known = {} }
for _, row in ipairs(core.endpoints) do ROWS[#ROWS + 1], ROWS.known[row.name] = row, row end

local Service = {}
Service.__index = Service

-- ---- what may be called ----

local function check_name(name)
  if ROWS.known[name] then return end
  error(("bad option 'operations' for sei.sandboxed (no operation is called '%s'%s)"):format(name,
    options.suggest(name, ROWS.known)), 0)
end

-- Set of the operations that may be called; those that write are told apart by `writes`.
local function allowed(given, writes)
  local set = {}
  if given == nil then
    for _, row in ipairs(ROWS) do
      set[row.name] = row.effect == "reads" or writes == "dry_run" or nil
    end
    return set
  end
  for _, name in ipairs(type(given) == "table" and given or { given }) do
    check_name(name)
    if ROWS.known[name].effect == "writes" and writes == "refuse" then
      error(("bad option 'operations' for sei.sandboxed ('%s' writes: give writes = \"dry_run\" "
        .. "or \"send\", too)"):format(name), 0)
    end
    set[name] = true
  end
  return set
end

-- The grant of the client: what is only rehearsed is not even allowed.
local function grant_of(given, set)
  local sends, list = given.writes == "send", {}
  for _, row in ipairs(ROWS) do
    if set[row.name] and (sends or row.effect == "reads") then list[#list + 1] = row.name end
  end
  -- an empty list is no list of strings: nothing may be asked then
  return { operations = #list > 0 and list or nil, hosts = given.hosts, writes = sends,
    requests = #list > 0 and (given.requests or 100) or 0, time = given.time or TIME }
end

--- Makes the client of a recipe, and what answers for it.
-- @tparam table given the options of sei.sandboxed
-- @treturn table to be closed; `client`, `writes` (what the recipe wrote, or would have), and
-- `answer`, a method that takes a question and gives the answer
function service.new(given)
  local writes = given.writes or "refuse"
  local set, made = allowed(given.operations, writes), {}
  for name, value in pairs(given.client) do made[name] = value end
  made.grant = grant_of(given, set)
  local client = require "sei".client(made)
  return setmetatable({ client = client, allowed = set, mode = writes, open = {}, count = 0,
    writes = {}, room = given.memory or MEMORY,
    deadline = waiters.clock() + (given.time or TIME) }, Service)
end

--- The methods of a client for sei.sandboxed.inside.
-- @treturn {table,...} { name, kind } each
function service.methods()
  local list = {}
  for i, row in ipairs(ROWS) do list[i] = { row.name, row.kind } end
  return list
end

-- ---- errors ----

local FIELDS <const> = { "kind", "message", "hint", "status", "code", "class", "request_id",
  "method", "url", "retry_after", "rows" }

-- An error object as data.
local function plain(err)
  local copy = {}
  for _, name in ipairs(FIELDS) do copy[name] = err[name] end
  return copy
end

local function answer_of(ok, ...)
  if not ok then
    local problem = ...
    if core.is_error(problem) then return "failed", plain(problem) end
    return "misuse", attempt.sentence(problem)
  end
  local value, err = ...
  if value == nil and core.is_error(err) then return "failed", plain(err) end
  return "ok", ...
end

-- ---- questions ----

-- The options of a call; those that would read or write files, or are functions, are none.
local function checked(name, given)
  if given == nil then return {} end
  if type(given) ~= "table" then
    error(("bad options for %s (table expected, got %s)"):format(name, type(given)), 0)
  end
  for _, option in ipairs { "file", "to" } do
    if given[option] ~= nil then
      error(("a sandboxed recipe has no option '%s' for %s"):format(option, name), 0)
    end
  end
  if given.row ~= nil and given.row ~= "table" then -- of each row one value goes over
    error(("a sandboxed recipe has no option 'row' for %s but \"table\""):format(name), 0)
  end
  return given
end

local function check_allowed(self, name)
  local row = ROWS.known[name]
  if not row then error("a client has no method '" .. tostring(name) .. "'", 0) end
  if self.allowed[name] then return row end
  error(core.error { kind = "refused", code = "grant",
    message = ("this recipe may not call %s"):format(name),
    hint = row.effect == "writes" and "it is for the host to allow it: the options 'operations' "
      .. "and 'writes' of sei.sandboxed" or "it is for the host to allow it: the option "
      .. "'operations' of sei.sandboxed" }, 0)
end

-- Keeps a write for the result. What is kept is the host's memory, and the recipe's to answer for.
local function keep(self, write, bytes)
  self.room = self.room - bytes
  if self.room < 0 then
    error(core.error { kind = "refused", code = "memory",
      message = ("%s: what this recipe would have written takes more than it may have")
        :format(write.operation),
      hint = "the option 'memory' of sei.sandboxed gives it more" }, 0)
  end
  self.writes[#self.writes + 1] = write
end

-- Rows that would be sent: those that the service would never take are named.
local function rehearse_rows(self, name, rows, given, header)
  local rejected = {}
  local out = core.rows(name, math.maxinteger, math.maxinteger >> 1, header)
  for i, row in ipairs(rows) do
    if i % ROWS_AT_ONCE == 0 and waiters.clock() >= self.deadline then break end -- so is all else
    local ok, reason, field, value = core.rows_check(out, row)
    if not ok then
      rejected[#rejected + 1] = { row = i, field = field, value = value, reason = reason }
    end
  end
  keep(self, { operation = name, rows = rows, options = given, rejected = rejected },
    self.asked + REJECTED * #rejected)
  return { dry_run = true, rows = #rows, accepted = #rows - #rejected, rejected = rejected }
end

local function rehearse_upload(self, name, given)
  require "sei.write".check_upload(self.client, name, given)
  local header = given.header or core.csv_header(self.client, name)
  return rehearse_rows(self, name, given.rows, given,
    type(header) == "string" and { header } or header)
end

-- A write that is not sent; its arguments are checked as if it were.
local function rehearse(self, row, a, b, c)
  local name = row.name
  local given = checked(name, row.kind == "upload" and a
    or row.kind == "send" and (row.takes_body and c or not row.takes_body and b)
    or row.kind == "rows" and b or nil)
  core.check_call(name, given)
  if row.kind == "upload" then return rehearse_upload(self, name, given) end
  if row.kind == "rows" then
    require "sei.write".check_rows(a, name)
    return rehearse_rows(self, name, a, given)
  end
  require "sei.endpoint".check_sent(self.client, row, a, row.takes_body and b or nil)
  keep(self, { operation = name, version_id = a, options = given,
    body = row.takes_body and b or nil }, self.asked)
  return { dry_run = true }
end

local function call(self, name, a, b, c)
  local row = check_allowed(self, name)
  if row.kind == "rows" and type(a) ~= "table" then
    error(("bad argument #1 to '%s' (array of rows expected, got %s)"):format(name,
      a == nil and "nothing" or type(a)), 0)
  end
  if row.kind == "rows" then checked(name, a) end -- f { file = … } is a way to call it
  if row.effect == "writes" and self.mode ~= "send" then return rehearse(self, row, a, b, c) end
  if row.kind == "object" or row.kind == "upload" then
    return self.client[name](self.client, checked(name, a))
  elseif row.kind == "rows" or not row.takes_body then
    return self.client[name](self.client, a, checked(name, b))
  end
  return self.client[name](self.client, a, b, checked(name, c))
end

local function open(self, name, given)
  check_allowed(self, name)
  if self.count >= OPEN then
    error(("a sandboxed recipe may have %d iterators at once"):format(OPEN), 0)
  end
  local nextone, state, first, closing = self.client[name](self.client, checked(name, given))
  local id = #self.open + 1
  self.open[id], self.count = { nextone, state, first, closing }, self.count + 1
  return id
end

local function finish(self, id)
  if not self.open[id] then return end
  local _ <close> = self.open[id][4]
  self.open[id], self.count = false, self.count - 1
end

-- Records of an iterator, and whether these were the last. What fails after some is told when
-- these have gone over.
local function more(self, id)
  local one = self.open[id]
  if not one then error("there is no such iterator", 0) end
  local items = {}
  while #items < BATCH and not one.failed do
    local ok, item = pcall(one[1], one[2], one[3])
    if not ok then
      one.failed = { item }
    elseif item == nil then
      finish(self, id)
      return items, true
    else
      items[#items + 1] = item
    end
  end
  if #items > 0 then return items, false end
  finish(self, id)
  error(one.failed[1], 0)
end

local QUESTIONS <const> = { call = call, open = open, next = more }

-- Answers a question, an array with its `n`, by such a one. `bytes`: what the question counts for.
function Service:answer(question, bytes)
  self.asked = bytes
  local f = QUESTIONS[question[1]]
  if not f then return table.pack("misuse", "there is no such question") end
  return table.pack(answer_of(pcall(f, self, table.unpack(question, 2, question.n))))
end

-- What lets the host's event loop have its turn, if the client waits in one.
function Service:pause()
  local state = core.state(self.client)
  local wait = state.wait or core.usual.wait
  if not wait or not coroutine.isyieldable() or not require "sei.wait.waiters".is_made(wait) then
    return nil
  end
  return function() state.since = wait(self.client, true) end
end

-- Ends what is under way.
function Service:close() self.client:close() end

Service.__close = Service.close

return service
