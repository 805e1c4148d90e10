--- A program for canary_spec: every public function is driven to failure by a
-- service that repeats the key in every spelling, and all that can be said of
-- it is said: to standard output and error, to logs, hooks and files.
--
--     lua5.4 spec/support/canary.lua FOLDER LETTER
--
-- Everything goes below FOLDER/said; FOLDER/sent holds what the service sent,
-- to show that there was something to find.
local canary = require "spec.support.canary_key"
local core = require "sei.core"
local mime = require "mime"
local raw = require "spec.support.raw"
local sei = require "sei"

local folder = assert(arg[1])
local KEY <const> = canary.key(assert(arg[2]))
local OLD <const> = canary.old(arg[2])
warn "@on"

local function open(name) return assert(io.open(folder .. "/" .. name, "wb")) end

local sent = open "sent"

-- ---- saying all that a value holds ----

local function say(value, depth)
  depth = depth or 0
  if depth > 6 then return end
  print(tostring(value))
  if type(value) ~= "table" then return end
  for name, member in pairs(value) do
    print(tostring(name))
    say(member, depth + 1)
  end
end

-- ---- the service ----

local used = {}     -- keys that the client has read so far

local function escaped(text, form)
  return (text:gsub("[^%w]", function(c) return form:format(c:byte()) end))
end

-- Every spelling of a text.
local function spellings(text)
  local list = { text, core.json.encode(text):sub(2, -2), escaped(text, "%%%02X"),
    escaped(text, "%%%02x"), escaped(text, "%%25%02X"), escaped(text, "\\u%04x"),
    escaped(text, "&#%d;"), escaped(text, "&#x%x;"), (text:gsub("/", "\\/")) }
  for _, before in ipairs { "", "u", "us", "user:" } do
    local coded = mime.b64(before .. text)
    list[#list + 1] = coded
    list[#list + 1] = coded:gsub("+", "-"):gsub("/", "_")
    list[#list + 1] = escaped(coded, "%%%02X")
    list[#list + 1] = coded:gsub(("."):rep(20), "%0\r\n")
    list[#list + 1] = "Authorization: Basic " .. coded
  end
  return list
end

-- All spellings of the keys that were in use so far, and what was sent to us.
local function echo(request)
  local words = { request.head, request.body }
  for _, key in ipairs(used) do
    words[#words + 1] = "ApiKey " .. key
    words[#words + 1] = "Bearer " .. key
    for _, spelling in ipairs(spellings(key)) do words[#words + 1] = spelling end
  end
  return words
end

local function as_json(request)
  local words, key = echo(request), used[#used]
  return { error = "refused: " .. key, message = table.concat(words, " "), code = key,
    correlationId = key, detailedMessage = core.json.encode(words), token = "unknown-secret-0815",
    responseMessages = { { message = key } } }
end

local function json(request) return core.json.encode(as_json(request)) end

-- Spellings within a string of JSON as they stand.
local function loose(request)
  local words = {}
  for _, word in ipairs(echo(request)) do
    if not word:find '[%c"\\]' then words[#words + 1] = word end
  end
  return '{"error":"' .. table.concat(words, " ") .. '"}'
end

local function html(request)
  return "<!DOCTYPE html><title>" .. table.concat(echo(request), " "):gsub("<", "&lt;")
    .. "</title>"
end

local function rejected(request)
  local errors = {}
  for i, word in ipairs(echo(request)) do
    errors[i] = { errorType = word, fieldName = word, errorDeveloperCount = 2,
      sampleErrorDevelopers = { { email = word } } }
  end
  return core.json.encode { status = "FAILURE", errors = errors }
end

local LINE <const> = { ["X-Request-Id"] = KEY, Server = KEY, Date = KEY, ["Retry-After"] = KEY,
  ["Content-Type"] = "text/plain; " .. KEY, Location = "/sei/api/" .. escaped(KEY, "%%%02X") }
local HTML <const> = { ["Content-Type"] = "text/html" }
local TEXT <const> = { ["Content-Type"] = "text/plain" }

-- What the service answers, one way after another.
local WAYS <const> = {
  function(r) return raw.reply(400, json(r)) end,
  function(r) return raw.reply(500, json(r), LINE) end,
  function(r) return raw.reply(403, html(r), HTML) end,
  function(r) return raw.reply(200, html(r), HTML) end,
  function(r) return raw.reply(400, rejected(r)) end,
  function(r) return raw.reply(404, table.concat(echo(r), "\n"), TEXT) end,
  function(r) return raw.reply(422, loose(r)) end,
  function(r) return raw.reply(401, raw.gzip(json(r)), { ["Content-Encoding"] = "gzip" }) end,
  function() return raw.reply(200, core.json.encode { status = "error", message = KEY }) end,
  function() return raw.reply(302, "", LINE) end,
  function() return raw.reply(200, '{"broken":"' .. KEY .. "\n") end,
  function(r) return raw.reply(400, json(r):sub(1, -40), { ["Content-Length"] = #json(r) }) end,
  function()
    return raw.reply(200, core.json.encode { [KEY] = { KEY }, records = KEY, count = KEY })
  end,
  function() return raw.reply(200, 'email,"' .. KEY:gsub('"', '""') .. '"\n"' .. KEY .. "\"x,1\n",
    { ["Content-Type"] = "text/csv" }) end,
  function() return raw.reply(500, KEY:sub(1, 20)) end,
  function() return "HTTP/1.1 200 " .. KEY .. "\r\n" .. KEY .. "\r\n\r\n" end,
}

-- ---- every public function ----

local ROW <const> = { email = "a@example.com", integrationId = 1, identity = "a",
  applicationType = "GITHUB", cloudId = "a", integration_user_ids = sei.json.array {} }

local ROWS <const> = {
  update_contributors = { "email", "integration_user_ids" },
  patch_identities = { "email", "integrationId", "identity" },
  add_cloud_ids = { "email", "applicationType", "cloudId" }, patch_developers = { "email" },
}

local function rows_for(name)
  if name == "delete_developers" then return { "a@example.com" } end
  local row = {}
  for _, field in ipairs(ROWS[name]) do row[field] = ROW[field] end
  return { row }
end

-- What a call that went well hands out is data, whatever is in it.
local kinds = {}

function kinds.object(client, name)
  local value, err = client[name](client)
  return value ~= nil, err
end

function kinds.list(client, name) for _ in client[name](client) do end end

function kinds.download(client, name)
  say { client[name](client, { to = function() end }) }
  say { pcall(function() for _ in client[name](client) do end end) }
  return client[name](client, { file = folder .. "/" .. name .. ".csv" })
end

function kinds.rows(client, name) return client[name](client, rows_for(name)) end

function kinds.upload(client, name)
  local path = folder .. "/rows.csv"
  local file = assert(io.open(path, "wb"))
  file:write "email,integrationId,identity\na@example.com,1,a\n"
  file:close()
  if name ~= "upload_cloud_ids" then say { client[name](client, { file = path }) } end
  return client[name](client, { rows = { name == "upload_cloud_ids" and
    { email = "a@example.com", applicationType = "GITHUB", cloudId = "a" } or
    { email = "a@example.com", integrationId = 1, identity = "a" } },
    header = name:find "developers" and { "email" } or nil })
end

function kinds.send(client, name, row)
  if row.takes_body then return client[name](client, "7", { a = 1 }) end
  return client[name](client, "7")
end

local function drive(client)
  for _, row in ipairs(core.endpoints) do
    say { pcall(kinds[row.kind], client, row.name, row) }
    -- a caller who mixes things up
    say { pcall(client[row.name], client, { page_size = KEY, query = KEY, to = KEY, [KEY] = KEY }) }
    say { pcall(client[row.name], client, KEY) }
  end
  say(client:stats())
  say(client)
end

-- ---- all of it ----

local function logs(name)
  local text, lines = open("said/" .. name .. ".log"), open("said/" .. name .. ".jsonl")
  local function hook(e) say(e) end
  local clients = 0
  return function(more)
    clients = clients + 1
    local options = { log = { to = clients % 2 == 0 and text or lines, level = "debug",
      format = clients % 2 == 0 and "text" or "json" }, retries = 0, undocumented = true,
      on_request = hook, on_response = hook, on_retry = hook, on_page = hook,
      on_batch = function(e) say(e) error("hook with " .. KEY) end }
    for k, v in pairs(more) do options[k] = v end
    return options
  end
end

local function renewing()
  local reads = 0
  return function()
    reads = reads + 1
    used = reads == 1 and { OLD } or { OLD, KEY }
    return used[#used]
  end
end

local options = logs "calls"
local recording = assert(sei.record(folder .. "/said/recording.jsonl"))
for number, way in ipairs(WAYS) do
  local first = true
  local server <close> = raw.serve(function(request)
    if first then -- the old key is given up at once
      first = false
      return raw.reply(401, json(request))
    end
    local bytes = way(request)
    sent:write(bytes)
    return bytes
  end)
  local client <close> = server:client(options { api_key = renewing(), recording = recording,
    auth = ({ "x-api-key", "apikey", "bearer", "raw" })[number % 4 + 1] })
  drive(client)
  -- closed with replies that nobody looked at
  local rows = client:download_identities()
  for _ = 1, 20 do if client:step() > 0 then break end server:serve(client) end
  client:close()
  say { pcall(rows) }
  say(client:stats())
end
say { recording:close() }
say { recording }

-- Nobody answers; and nothing that a client is made of shows the key.
local client <close> = sei.client(options { base_url = "http://127.0.0.1:1/sei/api", api_key = KEY,
  pace = false })
say { client:get_schema() }
for _, name in ipairs { "auth", "region", "base_url", "window", "log", "recording", "traceparent",
  "timeout", "proxy", "wait" } do
  local wrong = { base_url = "http://127.0.0.1:1/sei/api", api_key = KEY, [name] = KEY .. "\n" }
  say { pcall(sei.client, wrong) }
  wrong[name] = KEY
  say { pcall(sei.client, wrong) }
end
say { pcall(sei.client, { [KEY] = 1, api_key = KEY }) }
sent:close()
