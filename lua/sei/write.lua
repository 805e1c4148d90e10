--- Rows that are sent: in batches as JSON, or as one CSV; and the report that
-- names every row's fate.
-- @module sei.write

local core = require "sei.core"
local outcome = require "sei.outcome"
local settle = require "sei.settle"
local verify = require "sei.verify"
local wait = require "sei.wait"

local write = {}

-- Bytes of an upload that are held in memory, so that it can be sent again; more are streamed.
write.HELD = 8 * 1024 * 1024

local MAX_ROWS, MAX_BYTES, HELD = settle.MAX_ROWS, settle.MAX_BYTES, write.HELD
local FEED = 256 * 1024 -- bytes of those that are handed over at once
local ANY_SIZE = 1 << 40

-- The rows of an array or of an iterator, with their lines where they have any.
local function each(rows)
  if type(rows) ~= "table" or (getmetatable(rows) or {}).__call then
    return rows
  end
  local i = 0
  return function()
    i = i + 1
    return rows[i]
  end
end

--- Raises unless rows can be gone through.
function write.check_rows(rows, name)
  local meta = getmetatable(rows)
  if type(rows) == "function" or type(meta) == "table" and meta.__call then return end
  if type(rows) ~= "table" then
    error(("bad argument #1 to '%s' (array of rows or iterator expected, got %s)")
      :format(name, rows == nil and "nothing" or type(rows)), 0)
  end
  if #rows == 0 and next(rows) ~= nil then
    error(("bad argument #1 to '%s' (array of rows expected, got a table with the key '%s'; "
      .. "one row goes in braces, too)"):format(name, tostring(next(rows))), 0)
  end
end

-- Files rows into `out`, the encoder, and their numbers into `open`; the bad
-- ones into the report. Calls `full` when there is enough to send. full()
-- answers nil, err to stop.
local function encode(out, rows, result, open, full)
  for row, line in each(rows) do
    result.rows = result.rows + 1
    if type(line) ~= "number" then line = nil end
    local ok, reason, field, value = core.rows_add(out, row)
    if ok == false then
      local sent, err = full()
      if not sent then return nil, err end
      ok, reason, field, value = core.rows_add(out, row)
    end
    if ok then open:add(result.rows, line) end
    if not ok then
      outcome.reject(result, { row = result.rows, line = line, field = field, value = value,
        reason = reason, class = "never_sent" })
    elseif reason then
      result.warnings[#result.warnings + 1] = { row = result.rows, line = line, message = reason }
    end
  end
  return true
end

-- ---- the rows of a request that is being made ----

local Open = {}
Open.__index = Open

local function new_open()
  return setmetatable({ first = 1, last = 0, count = 0, rows = {}, lines = {} }, Open)
end

function Open:add(row, line)
  self.count, self.last = self.count + 1, row
  self.rows[self.count], self.lines[self.count] = row, line
end

-- They were sent, up to row number `last`.
function Open:clear(last)
  self.first, self.count, self.rows, self.lines = last + 1, 0, {}, {}
end

-- The encoded rows one by one; only as long as `out` holds them.
function Open:items(job, out)
  local items = core.rows_split(out)
  for i, text in ipairs(items) do
    items[i] = { row = self.rows[i], line = self.lines[i], text = text }
  end
  return settle.decode(job, items)
end

function Open:lot(job, out, last)
  return { first = self.first, last = last, count = self.count,
    items = function() return self:items(job, out) end }
end

-- ---- the report ----

-- The rows that may not have arrived, beside what became of the others.
local function with_report(err, job)
  local result = job.report
  settle.close(job)
  err.report = result
  if err.class then
    err.class = #result.unknown > 0 and "unknown"
      or err.class == "unknown" and "rejected" or err.class
  end
  if job.failed then
    err.rows = err.rows or job.failed
  elseif not err.rows and job.settled < result.rows then
    err.rows = { first = job.settled + 1, last = result.rows }
  end
  return nil, err
end

-- A call of which the service accepted no row at all has failed. What the rows'
-- own iterator raises, or a client that is closed meanwhile, comes after
-- requests that went out: nobody may lose sight of them.
local function with_report_of(job, f)
  local ok, value, err = pcall(function()
    local sent, problem = f()
    if sent then return settle.verify(job) end
    return nil, problem
  end)
  if ok then
    local none = job.report.accepted == 0 and #job.report.unknown == 0
    if value and not (none and job.last) then return job.report end
    if value then job.failed = { first = 1, last = job.report.rows } end
    return with_report(err or job.last, job)
  end
  if core.is_error(value) then with_report(value, job) end
  error(value, 0)
end

--- Sends rows as JSON in batches.
-- @return a report; or nil and an error object with `report` and `rows`
function write.rows(client, endpoint, rows, options)
  local job, open = settle.job(client, endpoint, options), new_open()
  local out = core.rows(endpoint, options.batch_size or MAX_ROWS, MAX_BYTES)
  local function send(last)
    if open.count == 0 then return true end
    local ok, err = settle.lot(job, open:lot(job, out, last), { rows = out })
    core.rows_clear(out)
    open:clear(last)
    return ok, err
  end
  return with_report_of(job, function()
    local ok, err = encode(out, rows, job.report, open,
      function() return send(job.report.rows - 1) end)
    if not ok then return nil, err end
    return send(job.report.rows)
  end)
end

-- Hands over what is encoded, waiting while the transfer has enough.
local function feed(call, out)
  while not core.call_done(call) and not core.call_feed(call, out) do
    wait.for_(call, core.call_poll, core.call_await)
  end
  core.rows_clear(out, FEED)
  return not core.call_done(call)
end

-- The end of a request that was fed. A yes before all was read is none.
local function fed_result(call, complete)
  core.call_feed_end(call)
  local reply, status = wait.result(call)
  if reply == nil or complete then return reply, status end
  return nil, core.error { kind = "protocol", class = "unknown", status = status,
    message = "the service answered before it had all rows" }
end

-- Sends rows while they are encoded, once there are too many to be held. The
-- request begins with the first of them: none is sent for nothing.
local function stream_rows(job, out)
  local call <close> = setmetatable({}, { __close = function(one)
    if one[1] then core.call_close(one[1]) end
  end })
  local open, kept = new_open(), {}
  local function full()
    if job.expected then
      local items = open:items(job, out)
      table.move(items, 1, #items, #kept + 1, kept)
    end
    open.sent = (open.sent or 0) + open.count
    open:clear(0)
    call[1] = call[1] or core.call(job.client, job.endpoint, job.options,
      { deadline = job.deadline })
    job.under_way = true
    return feed(call[1], out)
  end
  core.rows_header(out)
  local ok = encode(out, job.options.rows, job.report, open, full)
  if not call[1] then
    if open.count == 0 then return true end
    return settle.lot(job, open:lot(job, out, job.report.rows), { rows = out })
  end
  local complete = ok and full()
  local reply, status = fed_result(call[1], complete)
  job.under_way = false
  local last = complete and job.report.rows or open.last
  return settle.finish(job, { first = 1, last = last, count = open.sent,
    items = function()
      if job.expected then return kept end
      return nil, "the rows were too many to be held; a file can be read back"
    end }, reply, status)
end

-- The columns of a CSV, or nil: the customer's own.
local function header_of(client, endpoint, options)
  local header = options.header
  if header == nil then return core.csv_header(client, endpoint) end
  return type(header) == "string" and { header } or header
end

local function upload_rows(client, endpoint, options)
  local header = header_of(client, endpoint, options)
  local job = settle.job(client, endpoint, options, header)
  local out = core.rows(endpoint, math.maxinteger, HELD, header)
  return with_report_of(job, function() return stream_rows(job, out) end)
end

local SHOWN = 20    -- bad rows of a file that an error lists

-- Reads the file once before it is sent: a bad row is told with its line and
-- nothing was sent.
local function check_file(client, endpoint, options)
  local csv, path = core.csv, options.file
  local header = header_of(client, endpoint, options)
  local out = core.rows(endpoint, math.maxinteger, HELD, header or { "any" })
  local bad, count = {}, 0
  for row, line in csv.read { file = path, columns = header } do
    count = count + 1
    local ok, reason, field, value = core.rows_check(out, row)
    if not ok then
      bad[#bad + 1] = { row = count, line = line, field = field, value = value, reason = reason }
      if #bad == SHOWN then break end
    end
  end
  if count == 0 then
    error(core.error { kind = "decode", file = path,
      message = path .. ": the file has no rows to send" }, 0)
  elseif #bad > 0 then
    local worst = bad[1]
    error(core.error { kind = "decode", file = path, line = worst.line, rows = bad,
      message = ("%s:%d: %s %s"):format(path, worst.line, worst.field, worst.reason),
      hint = "nothing was sent; mend the file, or give rows = sei.csv.read{ file = … } "
        .. "to send the other rows" }, 0)
  end
  return count
end

-- The rows of the file as they would be sent by themselves.
local function file_items(job, count)
  local open = new_open()
  local out = core.rows(job.endpoint, math.maxinteger, ANY_SIZE, job.header)
  local row = 0
  for value, line in core.csv.read { file = job.options.file, columns = job.header } do
    row = row + 1
    if core.rows_add(out, value) then open:add(row, line) end
  end
  if open.count ~= count or row ~= count then
    return nil, "the file is not what it was"
  end
  return open:items(job, out)
end

local function upload_file(client, endpoint, options)
  local count = check_file(client, endpoint, options)
  local job = settle.job(client, endpoint, options, header_of(client, endpoint, options))
  job.report.rows = count
  return with_report_of(job, function()
    return settle.lot(job, { first = 1, last = count, count = count,
      items = function() return file_items(job, count) end },
      { file = options.file, filename = options.file:match "[^/]+$" })
  end)
end

--- Sends a file or rows as one CSV.
-- @return a report; or nil and an error object with `report` and `rows`
function write.upload(client, endpoint, options)
  return (options.file and upload_file or upload_rows)(client, endpoint, options)
end

-- A file goes as it is, and developers are uploaded whole, for a preview.
local function check_extras(name, options)
  local rows = options.rows ~= nil and verify.can(name)
  if options.on_reject == "bisect" and not rows then
    error(("bad option 'on_reject' for %s (%s is sent whole%s)"):format(name,
      options.file and "a file" or "an upload of developers",
      verify.can(name) and "; give rows = sei.csv.read{ file = … }" or ""), 0)
  end
  for _, option in ipairs { "verify", "repair" } do
    if options[option] and not verify.can(name) then
      error(("bad option '%s' for %s (what is uploaded is a preview until it is activated)")
        :format(option, name), 0)
    end
  end
end

--- Raises unless there is a file or rows, only one of them, and the columns of
-- rows are known.
function write.check_upload(client, name, options)
  if (options.file == nil) == (options.rows == nil) then
    error(("%s needs either the option 'file' or 'rows'%s"):format(name,
      options.file and ", not both" or ""), 0)
  end
  check_extras(name, options)
  if options.rows == nil then return end
  write.check_rows(options.rows, name)
  if not header_of(client, name, options) then
    error(("%s needs the option 'header': the columns of the rows"):format(name), 0)
  end
end

return write
