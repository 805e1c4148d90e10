-- context - the jobs of a host program in C: the Lua side of ext/sei.h.
--
-- A job is a coroutine. Where it waits for a client it yields to the host, which
-- comes back by step() when the descriptor of the context says so. In C are that
-- descriptor, the slices of time and the log (ext/lua/host_hub.c).
local attempt = require "sei.attempt"
local core = require "sei.core"
local key = require "sei.key"
local usual = core.usual
local waiters = require "sei.wait.waiters"

local clock = waiters.clock

-- What a job yields when it waits for a client.
local WAITING <const> = {}

-- Seconds that a step goes on if there is something to do at once.
local SLICE <const> = 0.003

-- Fields of an error object that a host is told, if JSON can hold them.
local FIELDS <const> = { "kind", "message", "hint", "status", "code", "request_id", "method", "url",
  "body", "attempts", "class", "retry_after", "rows", "file", "line", "column", "traceback" }

-- ---- errors ----

-- Errors of the interface itself, whose kinds recipes do not have.
local Own <const> = {}

local function told(fields)
  local object = {}
  for _, name in ipairs(FIELDS) do
    local value = fields[name]
    if value ~= nil and core.json.encode(value) then object[name] = value end
  end
  return object
end

-- An error as a host sees it, whatever was raised.
local function error_of(problem, traceback)
  if core.is_error(problem) or getmetatable(problem) == Own then return told(problem) end
  if problem == "not enough memory" then return { kind = "memory", message = problem } end
  local text = type(problem) == "string" and problem
    or ("an error that is no text but %s"):format(type(problem))
  if not utf8.len(text) then text = text:gsub("[\x80-\xFF]", "?") end
  local file, line = text:match "^([^\n:]+):(%d+): "
  return told { kind = "script", message = text, traceback = traceback, file = file,
    line = math.tointeger(tonumber(line)) }
end

local function fail(kind, message, fields)
  local object = { kind = kind, message = message }
  for name, value in pairs(fields or {}) do object[name] = value end
  error(setmetatable(object, Own), 0)
end

-- ---- what a job is given ----

local function decoded(text, name)
  if text == nil then return core.json.null end
  local value, err = core.json.decode(text)
  if value == nil then
    fail("decode", ("the job's %s is no JSON: %s"):format(name, err.message), { line = err.line,
      column = err.column })
  end
  return value
end

-- {"env": NAME} and so on, or the key itself.
local function key_of(given)
  if type(given) ~= "table" then return given end
  local source, value = next(given)
  if type(source) ~= "string" or next(given, source) ~= nil or not key[source]
    or source == "source" then
    fail("misuse", "the client's api_key: a string, {\"env\": NAME}, {\"file\": PATH} or "
      .. "{\"command\": [WORD, …]} expected")
  end
  return key[source](value)
end

local function object_of(text, name)
  local object = decoded(text, name)
  if type(object) == "table" then return object end
  fail("misuse", ("the job's %s: a JSON object expected, got %s"):format(name, type(object)))
end

-- What f answers; what it finds wrong with its options is the host's misuse.
local function checked(f, ...)
  local ok, result, err = pcall(f, ...)
  if ok then return result, err end
  if type(result) ~= "string" then error(result, 0) end
  fail("misuse", attempt.sentence(result))
end

local function options_of(text)
  local options = object_of(text, "client")
  options.api_key = checked(key_of, options.api_key)
  return options
end

local function read(path)
  local recipe = require "sei.recipe"
  local text, err = recipe.read(path)
  if not text then error(err, 0) end
  return recipe.source(text)
end

-- Modules that stand beside a recipe are found.
local function reach(path)
  local pattern = (path:match "^(.*/)[^/]*$" or "./") .. "?.lua"
  if not (";" .. package.path .. ";"):find(";" .. pattern .. ";", 1, true) then
    package.path = pattern .. ";" .. package.path
  end
end

local function chunk_of(given, client)
  local name = given.file and "@" .. given.file or "=" .. (given.name or "recipe")
  local text = given.file and read(given.file) or given.text
  local names = setmetatable({ client = client, sei = require "sei",
    arg = { [0] = given.file or given.name or "recipe" } }, { __index = _G })
  local chunk, message = load(text, name, "t", names)
  if not chunk then
    fail("decode", message, { file = given.file,
      line = math.tointeger(tonumber(message:match "^[^\n]-:(%d+):")) })
  end
  if given.file then reach(given.file) end
  return chunk
end

-- ---- what a job does ----

-- path: of the plan file, "" for none.
local function plan_of(recipe, client, path)
  if not client then fail("misuse", "there is no client to plan with: give the job one") end
  if type(recipe) ~= "table" then
    fail("misuse", ("a plan is to be made, and what was run returned no recipe, but %s")
      :format(recipe == nil and "nothing" or type(recipe)))
  end
  -- else it could name another client, and another file than the job's
  local sound, problem = require "sei.recipe".check(recipe, "the recipe")
  if not sound then fail("decode", problem) end
  path = path ~= "" and path or nil
  local options = { client = client, file = path }
  for name, value in pairs(recipe) do options[name] = value end
  local made, err = require "sei".plan(options)
  if not made then error(err, 0) end
  return { digest = made.digest, header = made.header, writes = made.writes, file = path,
    failed = core.json.array(made.failed) }
end

local function encoded(result)
  if result == nil then result = core.json.null end
  local text, problem = core.json.encode(result, { canonical = true })
  if text then return text end
  fail("encode", "what the recipe returned is nothing for JSON: " .. problem.message)
end

local function work(chunk, input, client, path)
  local result, err = chunk(input)
  if result == nil and err ~= nil then error(err, 0) end
  if path then result = plan_of(result, client, path) end
  return encoded(result)
end

-- The same for a recipe that need not be trusted.
local function work_sandboxed(options)
  local run, err = checked(require "sei.sandboxed".run, options)
  if not run then error(err, 0) end
  return encoded(run.value)
end

-- What a sandboxed recipe finds as `inputs`; null: nothing.
local function inputs_of(text)
  local value = decoded(text, "input")
  if type(value) == "table" then return value end
  if value == core.json.null then return nil end
  fail("misuse", ("the job's input: with sandbox it is a JSON object or array, and not a %s")
    :format(type(value)))
end

-- Keys of the job itself are not for `sandbox`.
local function sandbox_of(given)
  if given.plan then
    fail("misuse", "a job has either plan or sandbox: a plan is made outside of a sandbox")
  end
  local options = object_of(given.sandbox, "sandbox")
  for _, name in ipairs { "text", "file", "name", "inputs", "client", "pause" } do
    if options[name] ~= nil then
      fail("misuse", ("the job's sandbox: %s is a field of the job itself"):format(name))
    end
  end
  options.text, options.file, options.name = given.text, given.file, given.name
  options.inputs = inputs_of(given.input)
  options.client = given.client and options_of(given.client) or nil
  options.pause = function() coroutine.yield() end
  return options
end

-- ---- what a context keeps from its jobs ----

local LEVELS <const> = { "error", "warn", "info", "debug" }

local function log_of(hub, options)
  if not options.log then return nil end
  return { level = LEVELS[options.log_level], format = options.log_json and "json" or "text",
    to = function(line)
      -- no text of JSON can have the pattern within a string
      local level = options.log_json and line:match '"level":"(%a+)"' or line:match "^%S+ (%a+)"
      hub.log(level, line)
    end }
end

local function print_to(hub)
  return function(...)
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    local text = table.concat(words, "\t") .. "\n"
    for line in text:gmatch "([^\n]*)\n" do hub.log("info", line) end
  end
end

-- The process is the host's.
local function refuse(name, f)
  return function(...)
    if f and (...) == nil then return f(...) end
    error(core.error { kind = "refused",
      message = ("os.%s is not for recipes in a host program"):format(name),
      hint = name == "exit" and "return from the recipe, or raise an error" or nil }, 2)
  end
end

-- ---- a context ----

local Context = {}
Context.__index = Context

function Context:watch(fd, seconds, wake, client)
  local one = { fd = fd, due = seconds and clock() + seconds, wake = wake, client = client }
  if fd then
    self.hub.add(fd)
    self.by_fd[fd] = one
  end
  self.watches[one] = true
  return function() self:forget(one) end
end

function Context:forget(one)
  if not self.watches[one] then return end
  self.watches[one] = nil
  if one.fd then
    self.by_fd[one.fd] = nil
    self.hub.remove(one.fd)
  end
end

-- How a coroutine waits: the job's own yields to the host, any other to the one
-- that resumed it.
function Context:park(entry)
  local co, job = coroutine.running(), self.job
  if job and co == job.co then
    entry.resume = function() job.ready = true end
    coroutine.yield(WAITING)
  else
    entry.co = co
    coroutine.yield(entry)
  end
end

-- Wakes those whose descriptor is readable or whose time has come.
function Context:serve()
  local now, list = clock(), {}
  for _, fd in ipairs(self.hub.ready()) do list[#list + 1] = self.by_fd[fd] end
  for one in pairs(self.watches) do
    if one.due and one.due <= now then list[#list + 1] = one end
  end
  for _, one in ipairs(list) do
    if self.watches[one] then
      self:forget(one)
      one.wake()
    end
  end
end

-- The client of a job serves the next one, too, if that gives the same options:
-- its connections stay open.
function Context:client_of(text)
  if text == nil then return nil end
  local digest, kept = core.digest.sha256(text), self.kept
  if kept and kept.digest == digest and pcall(kept.client.pollfd, kept.client) then
    return kept.client
  end
  local client = checked(require "sei".client, options_of(text))
  if kept then kept.client:close() end
  self.kept = { digest = digest, client = client }
  return client
end

-- Clients that only coroutines of this job wait for go with it; those that
-- nobody knows any more are collected, and their requests end.
function Context:clear()
  local own = self.kept and self.kept.client
  if own and own:active() > 0 then own:cancel() end
  local list, open = {}, false
  for one in pairs(self.watches) do list[#list + 1] = one.client end
  for _, client in ipairs(list) do pcall(client.close, client) end
  for one in pairs(self.watches) do self:forget(one) end
  for client in pairs(self.seen) do
    open = open or client ~= own and pcall(client.pollfd, client)
  end
  if open then collectgarbage() end
end

function Context:finish(status, fields, text)
  self.job = nil
  self.hub.leave()
  self:clear()
  self.status = status
  self.text = text or fields and assert(core.json.encode(fields, { canonical = true }))
  self.kind, self.message = fields and fields.kind, fields and fields.message
end

function Context:fail(problem, traceback)
  local fields = error_of(problem, traceback)
  self:finish(fields.kind == "memory" and "memory" or "failed", fields)
end

-- What a job's coroutine calls: a function and its arguments.
function Context:task_of(given)
  if given.sandbox then return work_sandboxed, { sandbox_of(given) } end
  local input = decoded(given.input, "input")
  local client = self:client_of(given.client)
  return work, { chunk_of(given, client), input, client, given.plan }
end

-- Begins a job; raises nothing but for lack of memory.
function Context:start(given)
  self.status, self.text, self.kind, self.message = "running", nil, nil, nil
  local ok, problem = pcall(function()
    local f, arguments = self:task_of(given)
    local job = { ready = true, arguments = arguments, co = coroutine.create(f) }
    self.job = job
    self.hub.enter(job.co)
  end)
  if not ok then self:fail(problem) end
end

function Context:cancelled()
  self:finish("cancelled", { kind = "cancelled", message = "the host cancelled the job" })
end

local function resume(job)
  local first = job.arguments
  job.ready, job.arguments = false, nil
  if first then return coroutine.resume(job.co, table.unpack(first, 1, 4)) end
  return coroutine.resume(job.co)
end

function Context:advance()
  local job = self.job
  self.hub.begin()
  local ok, value = resume(job)
  if not ok then
    local trace = type(value) == "string" and debug.traceback(job.co) or nil
    self.hub.leave()
    coroutine.close(job.co)
    if self.hub.cancelled() then return self:cancelled() end
    return self:fail(value, trace)
  end
  if coroutine.status(job.co) == "dead" then return self:finish("ok", nil, value) end
  if value == nil then
    job.ready = true -- its slice of time is over
  elseif value ~= WAITING then
    self:abandon()
    self:fail("the recipe yielded a value; coroutine.yield() without one lets the host have"
      .. " its turn")
  end
end

-- Closes the job's variables wherever it is.
function Context:abandon()
  local job = self.job
  if not job then return end
  self.hub.leave()
  pcall(coroutine.close, job.co)
end

-- Seconds until there is something to do; nil: whenever the descriptor says so.
function Context:patience()
  if not self.job then return nil end
  if self.job.ready then return 0 end
  local due = math.huge
  for one in pairs(self.watches) do due = math.min(due, one.due or due) end
  return due < math.huge and math.max(0, due - clock()) or nil
end

function Context:once()
  if self.hub.cancelled() then
    self:abandon()
    return self:cancelled()
  end
  if not self.job.ready then
    local ok, problem = pcall(self.serve, self)
    if not ok then
      self:abandon()
      return self:fail(problem)
    end
  end
  if self.job.ready then self:advance() end
end

-- Goes on with the job. Returns the seconds that the host may wait.
function Context:step()
  local since = clock()
  repeat
    self:once()
    local seconds = self:patience()
  until not self.job or seconds ~= 0 or clock() - since > SLICE
  -- Cancelled meanwhile: the descriptor may have been read, and would say nothing.
  if self.job and self.hub.cancelled() then return 0 end
  return self:patience()
end

-- Whatever was under way is given up: memory ran out in the midst of it.
function Context:drop()
  self:abandon()
  self:finish("memory", { kind = "memory", message = "not enough memory" })
end

return function(hub, options)
  local self = setmetatable({ hub = hub, watches = {}, by_fd = {}, job = nil, status = "ok",
    seen = setmetatable({}, { __mode = "k" }) }, Context)
  local pause = waiters.new(function(...) return self:watch(...) end,
    function(entry) return self:park(entry) end)
  usual.wait = waiters.own(function(client, at_once)
    self.seen[client] = true
    return pause(client, at_once)
  end)
  usual.log = log_of(hub, options)
  if options.log then print = print_to(hub) end -- luacheck: ignore 121
  os.exit, os.setlocale = refuse "exit", refuse("setlocale", os.setlocale) -- luacheck: ignore 122
  return self
end
