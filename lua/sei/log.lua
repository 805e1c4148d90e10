--- A line for everything that happens to a client's requests.
--
-- The option `log` of `sei.client` is a function that is called with each line,
-- a file to which the lines go, or a table:
--
-- * `to`: the function or the file
-- * `level`: "error" (calls that failed), "warn" (attempts that failed, and
--   repetitions), "info" (each attempt and batch; the default), "debug" (pages,
--   requests, headers, beginnings of bodies)
-- * `format`: "text" (the default: columns, then name=value) or "json" (one
--   object a line: the fields of sei.event and `level`; `time` as in RFC 3339)
--
-- No line ever holds a key. Of headers only Accept, Content-Type, User-Agent and
-- traceparent of requests, and Content-Type, Content-Length, Retry-After,
-- X-Request-Id, Date and Server of replies are shown. A log that fails never
-- breaks a call: what it raised goes to `warn`.
--
-- @module sei.log

local core = require "sei.core"

local log = {}

local LEVELS <const> = { error = 1, warn = 2, info = 3, debug = 4 }
local FORMATS <const> = { text = true, json = true }
local OPTIONS <const> = { to = true, level = true, format = true }

-- In this order, behind the columns; how each is written.
local SECONDS <const> = "%.3fs"
local DETAILS <const> = {
  { "status", "%d" }, { "duration", SECONDS }, { "bytes", "%d" }, { "sent", "%d" },
  { "page", "%d" }, { "count", "%d" }, { "offset", "%d" }, { "total", "%d" },
  { "rows", "%d" }, { "first", "%d" }, { "last", "%d" }, { "attempt", "%d" },
  { "delay", SECONDS, zero = true }, { "waited", SECONDS, zero = true }, { "class", "%s" },
  { "call", "%d" }, { "reason", "%q" }, { "traceparent", "%s" }, { "excerpt", "%q" },
}

-- Who stops on purpose has no error.
local STOPPED <const> = { ["cancelled"] = true, ["given up"] = true }

local function level_of(e)
  if e.event == "request" or e.event == "page" then return "debug" end
  if e.event == "retry" or e.event == "lost" then return "warn" end
  if e.ok or STOPPED[e.reason] then return "info" end
  return e.event == "response" and e.final and "error" or "warn"
end

-- Seconds since 1970 as in RFC 3339, with milliseconds.
local function stamp(time)
  local whole = math.floor(time)
  return os.date("!%Y-%m-%dT%H:%M:%S", whole)
    .. (".%03dZ"):format(math.floor((time - whole) * 1000))
end

local function add_headers(words, headers)
  local names = {}
  for name in pairs(headers) do
    if name ~= "traceparent" then names[#names + 1] = name end -- it has a place of its own
  end
  table.sort(names)
  for _, name in ipairs(names) do words[#words + 1] = ("%s=%q"):format(name, headers[name]) end
end

local function text(e, level)
  local words = { ("%s %-5s %-8s"):format(stamp(e.time), level, e.event) }
  if e.endpoint then words[2] = ("%-20s %-5s"):format(e.endpoint, e.method) end
  words[#words + 1] = e.url
  for _, row in ipairs(DETAILS) do
    local name, form = row[1], row[2]
    local value = e[name]
    if value and not (row.zero and value < 0.0005) then
      words[#words + 1] = (name .. "=" .. form):format(value)
    end
  end
  if e.headers then add_headers(words, e.headers) end
  return table.concat(words, " ")
end

local function json(e, level)
  local object = {}
  for name, value in pairs(e) do object[name] = value end
  object.time, object.level = stamp(e.time), level
  return assert(core.json.encode(object, { canonical = true }))
end

-- What only the most talkative level shows; the event is a hook's, too.
local function without_details(e)
  local copy = {}
  for name, value in pairs(e) do copy[name] = value end
  copy.headers, copy.excerpt = nil, nil
  return copy
end

local function callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

-- A function that takes a line, or nil and what is wrong.
local function sink(to)
  if io.type(to) == "file" then
    return function(line) assert(to:write(line, "\n")) end
  end
  if callable(to) then return to end
  return nil, ("function or open file expected, got %s"):format(io.type(to) or type(to))
end

local function check(options)
  for name in pairs(options) do
    if not OPTIONS[name] then
      return ("unknown option '%s': to, level and format are known"):format(tostring(name))
    end
  end
  if options.level ~= nil and not LEVELS[options.level] then
    return ("level: one of error|warn|info|debug expected, got %s")
      :format(type(options.level) == "string" and options.level or type(options.level))
  end
  if options.format ~= nil and not FORMATS[options.format] then
    return "format: one of text|json expected"
  end
end

--- Makes a log out of the option `log`.
-- @param value see above
-- @treturn ?table {write = function(event), wants = {kind = true}, excerpts = boolean}; or nil
-- and what is wrong with the value
function log.new(value)
  local options = type(value) == "table" and not callable(value) and value or { to = value }
  local problem = check(options)
  if problem then return nil, problem end
  local put, why = sink(options.to)
  if not put then return nil, why end
  local most = LEVELS[options.level or "info"]
  local format = options.format == "json" and json or text
  local is_debug = most == LEVELS.debug
  return {
    wants = { response = true, retry = most >= LEVELS.warn, batch = most >= LEVELS.warn,
      request = is_debug, page = is_debug },
    excerpts = is_debug,
    write = function(e)
      local level = level_of(e)
      if LEVELS[level] > most then return end
      put(format(is_debug and e or without_details(e), level))
    end,
  }
end

return log
