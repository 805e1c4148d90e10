--- The control address /_emulator: quirks, log, state, counters, while it runs.
local json = require "sei.sandbox.json"
local quirk = require "sei.sandbox.quirk"
local reply = require "sei.sandbox.reply"
local state = require "sei.sandbox.state"
local write = require "sei.sandbox.write"

local control = {}

local PREFIX <const> = "/_emulator"

--- Is the request for the control address?
function control.is_ours(r)
  return r.full_path == PREFIX or r.full_path:sub(1, #PREFIX + 1) == PREFIX .. "/"
end

local function done() return reply.json '{"status":"done"}' end

local function show_quirks(app) return reply.value(json.array(app.quirks:list())) end

local function text_of(v)
  if v == nil or v == json.null then return nil end
  if type(v) == "boolean" then return v and "on" or "off" end
  return type(v) == "table" and "" or tostring(v)
end

local function set_quirk(app, r)
  local body, err = write.object(r)
  if not body then return reply.v1(400, err) end
  local ok
  ok, err = app:set_quirk(text_of(body.name) or "", text_of(body.value), text_of(body.path))
  if not ok then return reply.v1(400, err) end
  return show_quirks(app)
end

local function clear_quirks(app, r)
  app:clear_quirks(r.query.name, r.query.path)
  return done()
end

local function show_log(app) return reply.content("application/x-ndjson", app.log:lines()) end

local function clear_log(app)
  app.log = getmetatable(app.log).new()
  return done()
end

local function show_state(app, r)
  local form = r.query.form or "full"
  if not state[form] then return reply.v1(400, "form is full, changes or digest") end
  return reply.json(state[form](app.store))
end

local function set_latency(app, r)
  local body, err = write.object(r)
  if not body then return reply.v1(400, err) end
  local ms = tonumber(json.encode(body.ms))
  if not ms or ms < 0 or ms > 3600000 then return reply.v1(400, "ms is 0 to 3600000") end
  app.latency = ms / 1000
  return done()
end

local function show_counters(app) return reply.value(app.counters) end

local function clear_counters(app)
  app:clear_counters()
  return done()
end

local function reset(app)
  app:reset()
  return done()
end

local ROWS = {
  { "GET", "/quirks", show_quirks, "the quirks that are set" },
  { "POST", "/quirks", set_quirk, 'sets one: {"name", "value", "path": only paths that begin so}' },
  { "DELETE", "/quirks", clear_quirks, "clears all, or ?name= and ?path=" },
  { "GET", "/log", show_log, "the requests seen, a line of JSON for each" },
  { "DELETE", "/log", clear_log, "forgets them" },
  { "GET", "/state", show_state, "all records, canonical; ?form=changes or digest" },
  { "PUT", "/latency", set_latency, 'holds every answer back: {"ms"}' },
  { "GET", "/counters", show_counters, "requests, under_way, most_under_way, by_status" },
  { "DELETE", "/counters", clear_counters, "to 0" },
  { "POST", "/reset", reset, "records, quirks, log and counters as at the start" },
}

local function index()
  local addresses, quirks = {}, {}
  for k, row in ipairs(ROWS) do
    addresses[k] = { method = row[1], path = PREFIX .. row[2], what = row[4] }
  end
  for k, row in ipairs(quirk.rows) do
    quirks[k] = { name = row[1], takes = row[2], number = row[3], what = row[4] }
  end
  return reply.value { addresses = json.array(addresses), quirks = json.array(quirks) }
end

--- Answers a request for it.
function control.handle(app, r)
  local path = r.full_path:sub(#PREFIX + 1):gsub("/$", "")
  if path == "" and r.method == "GET" then return index() end
  for _, row in ipairs(ROWS) do
    if row[1] == r.method and row[2] == path then return row[3](app, r) end
  end
  return reply.v1(404, ("There is no %s %s; GET %s lists what there is.")
    :format(r.method, r.full_path, PREFIX))
end

return control
