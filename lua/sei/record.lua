--- Recordings: what a client asked and what it got, in a file; and the same
-- answers again without any network, so that a script can be tested offline.
--
-- The file holds a line of JSON for each attempt, without any key and without
-- what stands under the name of a secret ("password", "token", …); records are
-- as they were, so only its owner may read it (mode 0600). See `sei.record` and
-- `sei.replay`.
-- @module sei.record

local core = require "sei.core"

local record = {}

local VERSION <const> = 1
local MAX_BYTES <const> = 64 * 1024 * 1024
local SHOWN <const> = 5        -- requests that a message lists

-- ---- bytes as JSON ----

-- What is no UTF-8 goes as one character a byte.
local function put_bytes(object, name, bytes)
  if bytes == nil then return end
  if utf8.len(bytes) then
    object[name] = bytes
  else
    object[name .. "_bytes"] = bytes:gsub("[\x80-\xFF]", function(c) return utf8.char(c:byte()) end)
  end
end

local function take_bytes(object, name)
  local bytes = object[name .. "_bytes"]
  if not bytes then return object[name] end
  return (bytes:gsub(utf8.charpattern, function(c) return string.char(utf8.codepoint(c)) end))
end

-- ---- writing ----

local recorder = { __name = "sei.recorder" }
recorder.__index = recorder

-- The recording ends here, and says so: a call never fails for it.
local function stop(self, why)
  if not self.file then return end
  self.incomplete = why
  self.file:write(assert(core.json.encode { incomplete = why }), "\n")
  self.file:close()
  self.file = nil
  warn("sei: the recording " .. self.path .. " ends early: " .. why)
end

local function line_of(r)
  local request, reply = { method = r.method, path = r.path }, { headers = r.headers }
  put_bytes(request, "body", r.body)
  put_bytes(request, "file", r.file)
  reply.status = r.status
  put_bytes(reply, "body", r.reply)
  local line = { endpoint = r.endpoint, request = request, reply = reply, renewed = r.renewed }
  if r.failure then
    line.failure = { kind = r.failure, problem = r.problem, sent = r.sent or false,
      taken = r.taken }
  end
  return assert(core.json.encode(line, { canonical = true })) .. "\n"
end

local function write(self, r)
  if not self.file then return end
  local line = line_of(r)
  if r.cut or self.bytes + #line > self.max_bytes then
    return stop(self, ("it would be over %d bytes (max_bytes)"):format(self.max_bytes))
  end
  local ok, problem = self.file:write(line)
  if not ok then return stop(self, problem) end
  self.bytes = self.bytes + #line
end

-- Called between the steps of a client.
function recorder:attend(client)
  local r, wrote = core.next_record(client), false
  while r do
    write(self, r)
    r, wrote = core.next_record(client), true
  end
  if core.lost_records(client) > 0 then stop(self, "there was no memory for a request") end
  if wrote and self.file then self.file:flush() end
  return false
end

function recorder:start(client)
  core.record(client, self.max_bytes)
end

function recorder:close()
  if self.file then
    local file = self.file
    self.file = nil
    local ok, problem = file:close()
    if not ok then return nil, core.error { kind = "io", message = problem, file = self.path } end
  end
  if not self.incomplete then return true end
  return nil, core.error { kind = "too_large", file = self.path,
    message = ("the recording %s ends early: %s"):format(self.path, self.incomplete) }
end

function recorder:__close() self:close() end

function recorder:__tostring() return ("sei.recorder (%s)"):format(self.path) end

--- Starts a recording; see `sei.record`.
-- @tparam string path
-- @tparam ?table options `max_bytes`
-- @treturn ?table the recorder; or nil and an error object
function record.recorder(path, options)
  local max = options and options.max_bytes or MAX_BYTES
  local file, err = core.private_file(path)
  if not file then return nil, err end
  local head = assert(core.json.encode { sei = "recording", version = VERSION }) .. "\n"
  file:write(head)
  return setmetatable({ path = path, file = file, bytes = #head, max_bytes = max }, recorder)
end

-- ---- reading ----

local replay = { __name = "sei.replay" }
replay.__index = replay

-- The members of an object have no order, and people edit recordings.
local function canonical(body)
  local value = core.json.decode(body)
  return value ~= nil and core.json.encode(value, { canonical = true }) or body
end

-- What makes two requests the same.
local function name_of(request)
  local body, file = take_bytes(request, "body"), take_bytes(request, "file")
  return table.concat({ request.method, request.path,
    file and "file" or "body", file or body and canonical(body) or "" }, "\n")
end

local function words_for(entry) return entry.method .. " " .. entry.path end

local function entry_of(line)
  local request, reply, failure = line.request, line.reply or {}, line.failure or {}
  return {
    name = name_of(request), method = request.method, path = request.path,
    renewed = line.renewed, given_up = failure.kind == "cancelled",
    open = failure.kind == "cancelled" or failure.taken,
    answer = { status = reply.status, headers = reply.headers, reply = take_bytes(reply, "body"),
      failure = failure.kind, problem = failure.problem, sent = failure.sent },
  }
end

local function bad(path, number, why)
  return nil, core.error { kind = "decode", file = path, line = number,
    message = ("%s:%d: %s"):format(path, number, why) }
end

local function is_head(line)
  return type(line) == "table" and line.sei == "recording" and line.version == VERSION
end

local function is_entry(line)
  local request = type(line) == "table" and line.request
  return type(request) == "table" and type(request.method) == "string"
    and type(request.path) == "string"
end

local function add_entry(self, entry)
  self.entries[#self.entries + 1] = entry
  local queue = self.queues[entry.name] or { at = 1 }
  self.queues[entry.name] = queue
  queue[#queue + 1] = entry
end

local function load_lines(self, file)
  local number = 0
  for text in file:lines() do
    number = number + 1
    local line, problem = core.json.decode(text)
    if number == 1 and not is_head(line) then
      return bad(self.path, 1, "not a recording that sei.record made")
    elseif type(line) == "table" and line.incomplete then
      self.incomplete = line.incomplete
    elseif number > 1 and is_entry(line) then
      add_entry(self, entry_of(line))
    elseif number > 1 then
      return bad(self.path, number, "not a recorded request: "
        .. (line == nil and problem.message or "it has no method and path"))
    end
  end
  if number == 0 then return bad(self.path, 1, "not a recording that sei.record made") end
  return true
end

--- Reads a recording; see `sei.replay`.
-- @tparam string path
-- @treturn ?table the replay; or nil and an error object
function record.replay(path)
  local file, problem = io.open(path, "rb")
  if not file then return nil, core.error { kind = "io", file = path, message = problem } end
  local self = setmetatable({ path = path, entries = {}, queues = {}, strange = {},
    held = setmetatable({}, { __mode = "k" }) }, replay)
  local ok, good, err = pcall(load_lines, self, file)
  file:close()
  if not ok then return bad(path, 1, "cannot be read: " .. tostring(good)) end
  if not good then return nil, err end
  return self
end

-- ---- answering ----

local function first_left(self)
  for _, entry in ipairs(self.entries) do
    if not entry.served and not entry.given_up then return entry end
  end
end

-- Why a request has no answer: what was expected instead.
local function complain(self, request)
  local text = ("%s has no %s"):format(self.path, words_for(request))
  for _, entry in ipairs(self.entries) do
    if entry.method == request.method and entry.path == request.path then
      text = text .. (self.queues[name_of(request)] and " any more" or " with this body")
      break
    end
  end
  local expected = first_left(self)
  text = text .. (expected and "; expected is " .. words_for(expected)
    or "; all that it has was asked for")
  return text .. (self.incomplete and " (the recording is incomplete: " .. self.incomplete .. ")"
    or "")
end

local function next_entry(self, request)
  local queue = self.queues[name_of(request)]
  local entry = queue and queue[queue.at]
  if not entry then return nil end
  queue.at = queue.at + 1
  entry.served = true
  return entry
end

local function answer(self, client, request)
  local entry = next_entry(self, request)
  if not entry then
    local problem = complain(self, request)
    self.strange[#self.strange + 1] = words_for(request)
    core.answer(client, request.id, { failure = "protocol", problem = problem, last = true })
  elseif entry.open then
    -- its end comes when the script has taken what there is; if it was given
    -- up when it was recorded, the script will do so again
    local a = entry.answer
    core.answer(client, request.id,
      { status = a.status, headers = a.headers, reply = a.reply, open = true })
    self.held[client] = self.held[client] or {}
    table.insert(self.held[client], { id = request.id, entry = entry })
  else
    core.answer(client, request.id, entry.answer)
  end
end

-- Called between the steps of a client; true: there is something to step for.
function replay:attend(client)
  local request, answered = core.next_ask(client), false
  while request do
    answer(self, client, request)
    request, answered = core.next_ask(client), true
  end
  return answered
end

-- The end of a reply that was not whole.
local function broken_end(self, entry)
  local a = entry.answer
  if not entry.given_up then
    return { status = a.status, headers = a.headers, failure = a.failure, problem = a.problem,
      sent = a.sent, last = true }
  end
  return { failure = "protocol", last = true,
    problem = ("%s: %s was given up when it was recorded; its reply is not there")
      :format(self.path, words_for(entry)) }
end

-- Called when a script waits for something: no more comes of what is open.
-- True: there is something to step for.
function replay:stuck(client)
  local held = self.held[client] or {}
  self.held[client] = nil
  for _, one in ipairs(held) do core.answer(client, one.id, broken_end(self, one.entry)) end
  return #held > 0
end

-- A newer key, if it helped when it was recorded.
function replay:next_key()
  for _, entry in ipairs(self.entries) do
    if entry.renewed and not entry.served then
      self.keys = (self.keys or 0) + 1
      return "replayed-key-" .. self.keys
    end
  end
end

function replay.start(_, client) core.replay(client) end

local function listed(words, list)
  local shown = table.concat(list, ", ", 1, math.min(#list, SHOWN))
  if #list > SHOWN then shown = shown .. (" and %d more"):format(#list - SHOWN) end
  return ("%d %s: %s"):format(#list, words, shown)
end

function replay:finish()
  local left, parts = {}, {}
  for _, entry in ipairs(self.entries) do
    if not entry.served and not entry.given_up then left[#left + 1] = words_for(entry) end
  end
  if #left > 0 then parts[1] = listed("recorded and never asked for", left) end
  if #self.strange > 0 then
    parts[#parts + 1] = listed("asked for and not recorded", self.strange)
  end
  if #parts == 0 then return true end
  return nil, core.error { kind = "protocol", file = self.path,
    message = self.path .. ": " .. table.concat(parts, "; ") }
end

replay.close = replay.finish

function replay:__tostring() return ("sei.replay (%s)"):format(self.path) end

--- What a value is: "records", "replays", or nil for anything else.
-- @param value the option `recording` of sei.client
-- @treturn ?string
function record.kind(value)
  local meta = getmetatable(value)
  return meta == recorder and "records" or meta == replay and "replays" or nil
end

return record
