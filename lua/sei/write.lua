--- Rows that are sent: in batches as JSON, or as one CSV; and the report that
-- names every row's fate.
-- @module sei.write

local core = require "sei.core"
local outcome = require "sei.outcome"
local settle = require "sei.settle"
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
    local row = rows[i]
    if row == nil and #rows >= i then
      error(core.error { kind = "encode", message = ("row %d is nil and others follow"):format(i) })
    end
    return row
  end
end

--- Raises unless rows can be gone through, and there is no file beside them.
function write.check_rows(rows, name, options)
  local meta = getmetatable(rows)
  if options and options.file then
    error(("bad option 'file' for %s (give either rows or { file = path, … })"):format(name), 0)
  end
  if type(rows) == "function" or type(meta) == "table" and meta.__call then return end
  if type(rows) ~= "table" then
    error(("bad argument #1 to '%s' (array of rows or iterator expected, got %s)")
      :format(name, rows == nil and "nothing" or type(rows)), 0)
  end
  if #rows == 0 and next(rows) ~= nil then
    error(("bad argument #1 to '%s' (array of rows expected, got a table with the key '%s'; "
      .. "one row goes in braces, too%s)"):format(name, tostring(next(rows)),
      core.rows_columns(name) and "; a CSV file is { file = path }" or ""), 0)
  end
  local hole = core.rows_plain(rows) and core.rows_hole(rows)
  if hole then
    error(("bad argument #1 to '%s' (array of rows expected, row %d is nil and others follow)")
      :format(name, hole), 0)
  end
end

-- ---- rows become bytes ----

-- A line that is no row: what is wrong, without its place.
local function reason_of(reason)
  if not core.is_error(reason) then return reason end
  local place = ("%s:%d: "):format(reason.file, reason.line)
  return reason.message:sub(1, #place) == place and reason.message:sub(#place + 1)
    or reason.message
end

-- Files what core.rows_take tells of a row.
local function tell(result, what, row, line, reason, field, value)
  if what == "warned" then
    result.warnings[#result.warnings + 1] = { row = row, line = line, message = reason }
  else
    outcome.reject(result, { row = row, line = line, field = field, value = value,
      reason = reason_of(reason), class = "never_sent" })
  end
end

local function encode_array(out, rows, result, full)
  local from = 1
  while true do
    local what, row, line, reason, field, value = core.rows_take(out, rows, from)
    result.rows = row
    if what == "end" then return true end
    if what == "full" then
      local sent, err = full()
      if not sent then return nil, err end
      from = row
    else
      tell(result, what, row, line, reason, field, value)
      from = row + 1
    end
  end
end

-- Files rows into `out`, the encoder; the bad ones into the report. Calls `full`
-- when there is enough to send. full() answers nil, err to stop.
local function encode(out, rows, result, full)
  if core.rows_plain(rows) then return encode_array(out, rows, result, full) end
  for row, line in each(rows) do
    local n = result.rows + 1
    result.rows = n
    if type(line) ~= "number" then line = nil end
    local ok, reason, field, value = core.rows_add(out, row, n, math.tointeger(line))
    if ok == false then
      local sent, err = full()
      if not sent then return nil, err end
      ok, reason, field, value = core.rows_add(out, row, n, math.tointeger(line))
    end
    if not ok then
      tell(result, "bad", n, line, reason, field, value)
    elseif reason then
      tell(result, "warned", n, line, reason)
    end
  end
  return true
end

-- The encoded rows one by one; only as long as `out` holds them.
local function items_of(job, out) return settle.decode(job, core.rows_items(out)) end

local function lot_of(job, out, first, last)
  return { first = first, last = last, count = core.rows_count(out),
    items = function() return items_of(job, out) end }
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

-- Rows that come as they like, while nothing is under way.
local function send_each(job, rows, out)
  local first = 1
  local function send(last)
    if core.rows_count(out) == 0 then return true end
    local ok, err = settle.lot(job, lot_of(job, out, first, last), { rows = out })
    core.rows_clear(out)
    first = last + 1
    return ok, err
  end
  local ok, err = encode(out, rows, job.report, function() return send(job.report.rows - 1) end)
  if not ok then return nil, err end
  return send(job.report.rows)
end

-- A batch of an array or a file: its encoder `out`, what there is to tell, why
-- it ended (`what`: "full", "end"; or `fault`) and the row at which it did.
local function fill(out, source, from)
  local lot, bad = { out = out, told = {} }, 0
  local ok, fault = pcall(function()
    local next_row = from
    repeat
      local told = table.pack(core.rows_take(out, source, next_row))
      lot.what, lot.row = told[1], told[2]
      if lot.what == "bad" then bad = bad + 1 end
      local goes_on = lot.what == "bad" or lot.what == "warned"
      if goes_on then lot.told[#lot.told + 1], next_row = told, lot.row + 1 end
    until not goes_on
  end)
  if ok then return lot end
  lot.fault = fault
  -- what raises in an array is a row; in a file it is none
  lot.row = from - 1 + core.rows_count(out) + bad + (type(source) == "table" and 1 or 0)
  return lot
end

-- What was read ahead counts only now.
local function take_in(report, lot)
  report.rows = lot.row
  for _, told in ipairs(lot.told) do tell(report, table.unpack(told, 1, told.n)) end
  if lot.fault then error(lot.fault, 0) end
end

-- Rows that run no code of the caller's when they are read: while a batch is
-- under way, the next one is encoded.
local function send_ahead(job, source, out, other)
  local now, first = fill(out, source, 1), 1
  while true do
    take_in(job.report, now)
    if core.rows_count(now.out) == 0 then return true end
    local full, ahead = now.what == "full", nil
    local last = full and now.row - 1 or now.row
    if full then job.meanwhile = function() ahead = fill(other, source, now.row) end end
    local ok, err = settle.lot(job, lot_of(job, now.out, first, last), { rows = now.out })
    if not ok or not full then return ok, err end
    core.rows_clear(now.out)
    first, other, now = last + 1, now.out, ahead
  end
end

--- Sends rows as JSON in batches.
-- @return a report; or nil and an error object with `report` and `rows`
function write.rows(client, endpoint, rows, options)
  local job, size = settle.job(client, endpoint, options), options.batch_size or MAX_ROWS
  local out = core.rows(endpoint, size, MAX_BYTES)
  return with_report_of(job, function()
    if not core.rows_plain(rows) then return send_each(job, rows, out) end
    return send_ahead(job, rows, out, core.rows(endpoint, size, MAX_BYTES))
  end)
end

local function no_rows(path)
  error(core.error { kind = "decode", file = path,
    message = path .. ": the file has no rows to send" }, 0)
end

--- Sends the rows of a CSV file as JSON in batches.
-- @return as write.rows
function write.file(client, endpoint, options)
  local job, size = settle.job(client, endpoint, options), options.batch_size or MAX_ROWS
  local file <close> = core.rows_file(options.file, core.rows_columns(endpoint))
  return with_report_of(job, function()
    local ok, err = send_ahead(job, file, core.rows(endpoint, size, MAX_BYTES),
      core.rows(endpoint, size, MAX_BYTES))
    if job.report.rows == 0 then no_rows(options.file) end
    return ok, err
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
  local kept, sent = {}, 0
  local function full()
    if job.expected then
      local items = items_of(job, out)
      table.move(items, 1, #items, #kept + 1, kept)
    end
    sent = sent + core.rows_count(out)
    call[1] = call[1] or core.call(job.client, job.endpoint, job.options,
      { deadline = job.deadline })
    job.under_way = true
    return feed(call[1], out)
  end
  core.rows_header(out)
  local ok = encode(out, job.options.rows, job.report, full)
  if not call[1] then
    if core.rows_count(out) == 0 then return true end
    return settle.lot(job, lot_of(job, out, 1, job.report.rows), { rows = out })
  end
  local complete = ok and full()
  local reply, status = fed_result(call[1], complete)
  job.under_way = false
  local last = ok and job.report.rows or job.report.rows - 1 -- which found no room
  return settle.finish(job, { first = 1, last = last, count = sent,
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

-- A line cannot be read: it is told with the bad rows before it.
local function unreadable(problem, bad)
  problem.rows = bad[1] and bad or nil
  problem.hint = (problem.hint and problem.hint .. "; " or "") .. "nothing was sent"
  error(problem, 0)
end

-- Reads the file once before it is sent: a bad row is told with its line and
-- nothing was sent.
local function check_file(client, endpoint, options)
  local path, header = options.file, header_of(client, endpoint, options)
  local out = core.rows(endpoint, math.maxinteger, HELD, header or { "any" })
  local file <close> = core.rows_file(path, header)
  local bad, count = {}
  repeat
    local what, row, line, reason, field, value = core.rows_scan(out, file)
    if what == "bad" then
      if core.is_error(reason) then unreadable(reason, bad) end
      bad[#bad + 1] = { row = row, line = line, field = field, value = value, reason = reason }
    end
    count = row
  until what == "end" or #bad == SHOWN
  if count == 0 then
    no_rows(path)
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
  local out = core.rows(job.endpoint, math.maxinteger, ANY_SIZE, job.header)
  local row = 0
  for value, line in core.csv.read { file = job.options.file, columns = job.header } do
    row = row + 1
    core.rows_add(out, value, row, line)
  end
  if core.rows_count(out) ~= count or row ~= count then
    return nil, "the file is not what it was"
  end
  return items_of(job, out)
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
  if options.on_reject ~= "bisect" and not (options.verify or options.repair) then return end
  local verify = require "sei.verify"
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
