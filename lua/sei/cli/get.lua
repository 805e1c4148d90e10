--- The command `sei get`: what the service has, as a table, CSV or JSON.
local get = {}

local EPILOG <const> = [[
Without a format: a table on a terminal, CSV elsewhere. A file appears when it
is whole. FIELDS are names or paths, as additional_fields.region; JSON without
them is the records as they came.

Filters of identities and developers: emails=A,B developerRefIds=A,B searchKey=
searchValue= sortKey= sortOrder=. Of contributors: version=N, and the service's
own, as include_dangling_logins=false.

Examples:
  sei get contributors --fields email,full_name,additional_fields.region --csv
  sei get identities --jsonl | grep jane
  sei get contributors --filter include_dangling_logins=false -o people.csv]]

-- What stands in a cell where people chose no columns.
local WHAT <const> = {
  contributors = { list = "list_contributors",
    fields = { "id", "email", "full_name", "integration_user_ids", "additional_fields" } },
  identities = { download = "download_identities", list = "list_identities",
    fields = { "email", "integrationId", "identity" } },
  licensed = { list = "list_licensed",
    fields = { "org_user_ref_id", "email", "full_name", "integration_user_details" } },
  schema = { object = "get_schema", member = "fields",
    fields = { "index", "key", "display_name", "type", "system_field", "description" } },
  versions = { list = "list_versions", fields = { "id", "name", "version" } },
  developers = { list = "list_developers" },
}
local NAMES <const> = { "contributors", "identities", "licensed", "schema", "versions",
  "developers" }
local FORMS <const> = { "table", "csv", "json", "jsonl" }
local LOOKED_AT <const> = 200  -- developers whose members become columns
-- Options of a list that are no filters.
local GENERIC <const> = { page_size = true, max_items = true, max_pages = true, window = true,
  fields = true, filter = true, on_drift = true, resume = true, timeout = true, query = true }

local function words(text)
  local list = {}
  for word in text:gmatch "[^,%s]+" do list[#list + 1] = word end
  if #list > 0 then return list end
  return nil, "expected names with commas between them"
end

--- Adds the options to a command of lua-argparse.
function get.configure(parser)
  local positive = require "sei.cli.word".positive
  parser:description "Prints what the service has."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  require "sei.cli.word".argument(parser, "what", NAMES)
  parser:mutex(parser:flag("--table", "Columns for people."),
    parser:flag("--csv", "CSV with a header row."), parser:flag("--json", "One JSON value."),
    parser:flag("--jsonl", "A JSON object a line."))
  parser:option("-f --fields", "Only these, in this order.", nil, words):argname "FIELDS"
  parser:option("--filter", "Only some records, see below. May be repeated.")
    :argname "NAME=VALUE":count "*"
  parser:option("--query", "A query parameter, sent as it is. May be repeated.")
    :argname "NAME=VALUE":count "*"
  parser:option("-n --max", "So many records at most.", nil, positive):argname "N"
  parser:option("--page-size", "Records in a request (default: 500).", nil, positive):argname "N"
  parser:option("--on-drift", "When the list changes meanwhile (default: error).")
    :choices { "error", "warn", "repair" }
  parser:option("--resume", "Goes on where an earlier call was stopped."):argname "TOKEN"
  parser:option("-o --output", "The file to write (default: standard output)."):argname "FILE"
  parser:flag("--spreadsheet", "CSV in which no cell is run as a formula.")
  require "sei.cli.client".configure(parser)
  parser:epilog(EPILOG)
end

local function wrong(message, hint)
  error(require "sei.core".error { kind = "encode", message = message, hint = hint }, 0)
end

-- ---- what is asked ----

local function pair(text, name)
  local key, value = text:match "^([^=]+)=(.*)$"
  if not key then wrong(("--%s: NAME=VALUE expected, got %q"):format(name, text)) end
  return key, value
end

-- The service's own filter takes JSON; what is no JSON is a text.
local function json_value(text)
  local core = require "sei.core"
  local value = core.json.decode(text)
  if value == nil then return text end
  return value
end

local function own_parameters(endpoint)
  local list = {}
  for _, row in ipairs(require "sei.core".options(endpoint)) do
    if not GENERIC[row.name] then list[row.name] = row end
  end
  return list
end

local function add_filters(request, endpoint, texts)
  local known = own_parameters(endpoint)
  for _, text in ipairs(texts) do
    local name, value = pair(text, "filter")
    local row = known[name]
    if row and row.type:find "array" then
      request[name] = words(value) or wrong(("--filter: %s has no value"):format(name))
    elseif row then
      request[name] = value
    elseif endpoint == "list_contributors" then
      request.filter = request.filter or {}
      request.filter[name] = json_value(value)
    elseif next(known) then
      wrong(("--filter: unknown name '%s'%s"):format(name,
        require "sei.options".suggest(name, known)),
        "what the service knows beside these: --query NAME=VALUE")
    else
      wrong(("--filter: %s takes none"):format(endpoint))
    end
  end
end

local function add_query(request, texts)
  for _, text in ipairs(texts) do
    local name, value = pair(text, "query")
    request.query = request.query or {}
    request.query[name] = value
  end
end

-- What only a list knows makes it one: all identities come by download.
local function endpoint_of(what, args)
  local as_list = #args.filter > 0 or args.page_size or args.resume or args.on_drift
  return what.download and not as_list and what.download or what.list or what.object
end

-- The members to ask for: of a path, its first step.
local function members(fields)
  local list, seen = {}, {}
  for _, name in ipairs(fields) do
    local top = name:match "^[^.]+" or name
    if not seen[top] then
      seen[top] = true
      list[#list + 1] = top
    end
  end
  return list
end

-- The options of lists that this endpoint has as well.
local function add_paging(request, args, endpoint)
  local known = {}
  for _, row in ipairs(require "sei.core".options(endpoint)) do known[row.name] = true end
  for _, name in ipairs { "page_size", "resume", "on_drift" } do
    if args[name] and not known[name] then
      wrong(("--%s: sei get %s has no pages"):format(name:gsub("_", "-"), args.what))
    end
    request[name] = args[name]
  end
end

local function request_of(what, args, endpoint)
  local request = {}
  add_query(request, args.query)
  add_paging(request, args, endpoint)
  if endpoint == what.list then
    add_filters(request, endpoint, args.filter)
    request.max_items = args.max
    if args.fields then request.fields = members(args.fields) end
  elseif #args.filter > 0 then
    wrong(("--filter: sei get %s takes none"):format(args.what))
  end
  return request
end

-- ---- records ----

-- All that CSV has is text.
local function with_number(row)
  row.integrationId = math.tointeger(tonumber(row.integrationId)) or row.integrationId
  return row
end

local function cut_off(records, most)
  local n = 0
  return function()
    if n == most then return nil end
    n = n + 1
    return records()
  end
end

-- An iterator over records, and what is to be closed.
local function records_of(client, what, endpoint, request, args)
  local most = args.max
  if endpoint == what.object then
    local value, err = client[endpoint](client, request)
    if not value then error(err, 0) end
    local list, i = value[what.member] or {}, 0
    local function next_one()
      i = i + 1
      return list[i]
    end
    return most and cut_off(next_one, most) or next_one, nil, value
  end
  local walk = client[endpoint](client, request)
  if endpoint ~= what.download then return walk, walk end
  local function next_row()
    local row = walk()
    return row and with_number(row)
  end
  return most and cut_off(next_row, most) or next_row, walk
end

-- The members of the first records, addresses and names first.
local function discover(first)
  local seen, list = {}, {}
  for _, record in ipairs(first) do
    for name in pairs(record) do
      if not seen[name] then
        seen[name] = true
        list[#list + 1] = name
      end
    end
  end
  local function rank(name)
    return name:lower() == "email" and 1 or name:lower():find "name" and 2 or 3
  end
  table.sort(list, function(a, b)
    if rank(a) ~= rank(b) then return rank(a) < rank(b) end
    return a < b
  end)
  return list
end

-- Looks ahead where the columns are the customer's own.
local function look_ahead(records)
  local first, i = {}, 0
  for _ = 1, LOOKED_AT do
    first[#first + 1] = records()
    if #first < _ then break end
  end
  return discover(first), function()
    i = i + 1
    if i <= #first then return first[i] end
    if #first < LOOKED_AT then return nil end
    return records()
  end
end

-- ---- one after the other ----

local watched = {}
watched.__index = watched

-- What was in no record is misspelt, or new columns came too late for a cell.
local function watch(fields, is_own)
  return setmetatable({ fields = fields, unseen = {}, late = {}, count = 0,
    is_own = is_own, known = {} }, watched)
end

function watched:see(record, member)
  self.count = self.count + 1
  if self.count == 1 then
    for _, name in ipairs(self.fields) do self.unseen[name], self.known[name] = true, true end
  end
  for name in pairs(self.unseen) do
    if member(record, name) ~= nil then self.unseen[name] = nil end
  end
  for name in pairs(self.is_own and record or {}) do
    if not self.known[name] then self.late[name] = true end
  end
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

function watched:tell(known, is_chosen)
  for _, name in ipairs(is_chosen and sorted(self.unseen) or {}) do
    local best = require "sei.core".nearest(name, known or {})
    io.stderr:write(("sei: no record has the field '%s'%s\n"):format(name,
      best and best ~= name and (" (did you mean '%s'?)"):format(best) or ""))
  end
  for _, name in ipairs(sorted(self.late)) do
    io.stderr:write(("sei: the field '%s' came too late for a column; --fields takes it in\n")
      :format(name))
  end
end

local function form_of(args, screen)
  for _, form in ipairs(FORMS) do
    if args[form] then return form end
  end
  return screen.is_terminal and not args.output and "table" or "csv"
end

-- The same command line with a token. CSV has no second header row then.
local function going_on(token)
  local list, skip = { "sei" }, false
  for _, word in ipairs(arg or {}) do
    if skip then
      skip = false
    elseif word == "--resume" then
      skip = true
    elseif not word:find "^%-%-resume=" then
      list[#list + 1] = word:find "^[%w_./:=,@+-]+$" and word
        or "'" .. word:gsub("'", [['\'']]) .. "'"
    end
  end
  return table.concat(list, " ") .. " --resume " .. token
end

-- A walk that was stopped can go on where what was printed ends.
local function told_how(err, job)
  local core = require "sei.core"
  if not core.is_error(err) or err.kind ~= "cancelled" then error(err, 0) end
  err.message = ("%s after %d records"):format(err.message, job.watcher.count)
  if job.args.output then
    err.hint = job.args.output .. " is as it was before"
  elseif job.resumable and (job.form == "csv" or job.form == "jsonl") then
    job.writer.finish()
    job.place.commit()
    local ok, token = pcall(job.walk.resume, job.walk)
    if ok then err.hint = "for the others: " .. going_on(token) end
  end
  error(err, 0)
end

local function write_all(job)
  local output, stop = require "sei.cli.output", require "sei.cli.stop"
  local progress, watcher, walk = job.session.progress, job.watcher, job.walk
  local by_rows = walk and not job.resumable -- of pages the client's hooks know
  for record in job.records do
    watcher:see(record, output.member)
    job.writer.row(record)
    if watcher.count % 100 == 0 then
      stop.check()
      if by_rows then progress:set(watcher.count) end
    end
  end
  job.writer.finish()
  job.place.commit()
end

local function writer_of(job, screen)
  local args, on_screen = job.args, screen.is_terminal and not job.args.output
  local fields, in_cells = args.fields or job.what.fields, job.form == "csv" or job.form == "table"
  if not fields and in_cells then fields, job.records = look_ahead(job.records) end
  job.watcher = watch(fields or {}, in_cells and not args.fields and not job.what.fields)
  return require "sei.cli.output".form(job.form, job.place, in_cells and fields or args.fields, {
    guard = args.spreadsheet, resumed = args.resume ~= nil,
    width = on_screen and screen:width() or nil })
end

-- The whole of what is no list, where nobody chose a part.
local function is_whole(job)
  return job.whole and job.form == "json" and not job.args.fields and not job.args.max
end

--- Asks and prints.
-- @tparam table args what lua-argparse read
function get.run(args)
  local screen, what = require "sei.terminal".of(io.stdout), WHAT[args.what]
  local job = { args = args, what = what, form = form_of(args, screen) }
  local endpoint = endpoint_of(what, args)
  local request = request_of(what, args, endpoint)
  -- Rows on the same screen are progress enough.
  local session <close> = require "sei.cli.client".open(args, {
    silent = screen.is_terminal and not args.output })
  job.session, job.place = session, require "sei.cli.output".place(args.output)
  job.records, job.walk, job.whole = records_of(session.client, what, endpoint, request, args)
  local _ <close> = job.walk
  job.resumable = job.walk ~= nil and endpoint == what.list
  if is_whole(job) then
    job.place.write(require "sei.core".json.encode(job.whole, { canonical = true }) .. "\n")
    return job.place.commit()
  end
  job.writer = writer_of(job, screen)
  local ok, err = pcall(write_all, job)
  if not ok then told_how(err, job) end
  session.progress:close()
  job.watcher:tell(what.fields, args.fields ~= nil)
end

return get
