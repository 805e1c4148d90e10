--- The emulator: from a request to its answer.
--
-- Order: log, control address, faults, login page, limits, key, route, lock,
-- handler, then what the quirks do to the answer.
local Cache = require "sei.sandbox.cache"
local Log = require "sei.sandbox.log"
local Store = require "sei.sandbox.store"
local auth = require "sei.sandbox.auth"
local control = require "sei.sandbox.control"
local fault = require "sei.sandbox.fault"
local host = require "sei.sandbox.host"
local limits = require "sei.sandbox.limits"
local quirk = require "sei.sandbox.quirk"
local reply = require "sei.sandbox.reply"
local request = require "sei.sandbox.request"
local routes = require "sei.sandbox.routes"

local Emulator = {}
Emulator.__index = Emulator

local LOCK_TEXT <const> = "Failed to obtain org user lock: another update is in progress"

--- Makes one.
-- @tparam table options `population`, `api_key` (nil: any), `latency` in seconds,
-- `quirks`: array of { name, value }, checked already
function Emulator.new(options)
  local self = setmetatable({ options = options, counted = {} }, Emulator)
  self:reset()
  return self
end

--- Everything as it was at the start.
function Emulator:reset()
  self.store = Store.new(self.options.population)
  self.cache = Cache.new(function() return self.store.generation end)
  self.log, self.latency = Log.new(), self.options.latency or 0
  self.locks, self.writing = {}, 0
  self.developers, self.selection = nil, nil
  self:clear_counters()
  self:clear_quirks()
  for _, one in ipairs(self.options.quirks or {}) do assert(self:set_quirk(one[1], one[2])) end
end

--- All counters to 0, but for what is under way.
function Emulator:clear_counters()
  local under_way = self.counters and self.counters.under_way or 0
  self.counters = { requests = 0, under_way = under_way, most_under_way = under_way,
    by_status = {}, bytes_received = 0 }
end

-- The one quirk that is a matter of the population. A loaded one has a number of
-- them of its own, and cannot have more.
local function tell_store(self)
  local n, own = self.quirks:get "dangling", self.store.population.dangling
  if own and (n == 0 or n > own) then n = own end
  self.store:set_dangling(n)
end

--- Sets a quirk; see quirk.lua.
function Emulator:set_quirk(name, value, path)
  local ok, err = self.quirks:set(name, value, path)
  if ok and name == "dangling" then tell_store(self) end
  return ok, err
end

--- Clears quirks; see quirk.lua.
function Emulator:clear_quirks(name, path)
  if not self.quirks then self.quirks = quirk.new() end
  self.quirks:clear(name, path)
  tell_store(self)
end

-- ---- the way of a request ----

local function login_page(self, how)
  if how ~= "redirect" then return reply.login(math.tointeger(tonumber(how))) end
  local answer = reply.login(302)
  table.move({ "Location", ("http://127.0.0.1:%d/auth/#/signin"):format(self.port or 0) }, 1, 2,
    #answer.headers + 1, answer.headers)
  return answer
end

-- A write may have to wait for its turn, which this server answers with 500.
local function lock(self, r, row)
  local rule = row[5] and self.quirks:get("write-lock", r.path)
  if not rule then return nil end
  if rule.held > 0 or self.writing > 0 then
    rule.held = math.max(0, rule.held - 1)
    return row[4](500, LOCK_TEXT)
  end
  self.writing = self.writing + 1
  self.locks[r.id] = true
  return nil, rule.seconds
end

local function no_route(r, methods)
  if methods == "" then return reply.framework(404, "No endpoint " .. r.path, r.full_path) end
  local text = ("Method '%s' is not supported."):format(r.method)
  local answer = reply.framework(405, text, r.full_path)
  table.move({ "Allow", methods }, 1, 2, #answer.headers + 1, answer.headers)
  return answer
end

-- What comes before the endpoint is reached; nil if nothing does.
local function gate(self, r)
  local page = self.quirks:get("html-login", r.path)
  if page then return login_page(self, page) end
  local key, style = auth.check(r.headers, self.options.api_key, self.quirks:get("auth", r.path))
  if not key then return routes.error_of(r.path)(401, style) end
  local limit = self.quirks:get("limits", r.path)
  local what = limit and limits.exceeded(limit, r, key, style, host.now())
  if what then return reply.gateway(429, "TOO_MANY_REQUESTS", "Too many requests: " .. what) end
  if r.raw.body_length > #r.raw.body then
    return reply.framework(413, "The body is too large.", r.full_path)
  end
  return nil
end

local function endpoint(self, r)
  local answer = gate(self, r)
  if answer then return answer end
  local row, captured = routes.find(r.method, r.path)
  if not row then return no_route(r, captured) end
  local locked, seconds = lock(self, r, row)
  if locked then return locked end
  r.captured = captured
  answer = row[3](self, r)
  if seconds then answer.delay = seconds end
  return answer
end

local function replace_success(self, r, answer)
  if answer.status ~= 200 then return end
  if self.quirks:get("plain-ok", r.path) then
    answer.headers, answer.body = { "Content-Type", "text/plain" }, "ok"
  elseif self.quirks:get("empty-ok", r.path) then
    answer.headers, answer.body = {}, ""
  end
end

local function add_retry_after(self, r, answer)
  if answer.status ~= 429 and answer.status ~= 503 then return end
  local form = self.quirks:get("retry-after", r.path)
  if not form then return end
  table.move({ "Retry-After", limits.retry_after(form, host.time()) }, 1, 2, #answer.headers + 1,
    answer.headers)
end

local function answer_api(self, r)
  local broken = self.quirks:take_fault(r.path)
  local answer
  if broken and broken.early then
    answer = fault.instead(broken)
  else
    answer = endpoint(self, r)
    replace_success(self, r, answer)
  end
  add_retry_after(self, r, answer)
  if broken and not broken.early then fault.apply(broken, answer) end
  return answer
end

local function count(self, r, answer, entry)
  local c, status = self.counters, tostring(answer.status or "none")
  c.requests, c.under_way = c.requests + 1, c.under_way + 1
  c.most_under_way = math.max(c.most_under_way, c.under_way)
  c.bytes_received = c.bytes_received + r.raw.body_length
  c.by_status[status] = (c.by_status[status] or 0) + 1
  entry.status, entry.ended = answer.status or 0, answer.ending
end

--- Answers a request of the host.
function Emulator:handle(raw)
  local r = request.new(raw)
  if control.is_ours(r) then return control.handle(self, r) end
  local entry = self.log:add(raw, host.time())
  self.counted[r.id] = true
  local ok, answer = xpcall(answer_api, debug.traceback, self, r)
  if not ok then
    io.stderr:write("sei emulator: ", tostring(answer), "\n")
    answer = reply.framework(500, "The emulator failed; its standard error says why.", r.full_path)
  end
  count(self, r, answer, entry)
  answer.delay = math.max(answer.delay or 0, self.latency)
  return answer
end

--- A request's answer is out, or its connection gone.
function Emulator:done(id)
  if self.locks[id] then
    self.locks[id] = nil
    self.writing = self.writing - 1
  end
  if self.counted[id] then
    self.counted[id] = nil
    self.counters.under_way = self.counters.under_way - 1
  end
end

--- Serves until it is told to stop.
-- @tparam host listening made by host.listen
-- @tparam boolean until_eof stops when standard input ends
-- @tparam function on_ready called with the port when it serves
-- @treturn string why it stopped
function Emulator:run(listening, until_eof, on_ready)
  self.port = listening:port()
  return listening:run(function(raw) return self:handle(raw) end,
    function(id) self:done(id) end, function() on_ready(self.port) end, until_eof)
end

return Emulator
