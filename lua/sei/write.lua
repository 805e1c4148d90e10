--- Rows that are sent: in batches as JSON, or as one CSV; and the report that
-- names every row's fate.
-- @module sei.write

local core = require "sei.core"
local wait = require "sei.wait"

local write = {}

local MAX_ROWS, MAX_BYTES = 1000, 450000    -- of a request: below the size that api.md
                                            -- section 4 no. 9 lets through once in 10 s
local FEED = 256 * 1024                     -- bytes encoded before they are handed over

--- What became of the rows.
-- @table report
-- @field rows how many were given
-- @field accepted how many the service acknowledged (only reading back proves a write)
-- @field rejected array of {row=, line=, field=, value=, reason=}: those that were not sent
-- @field warnings array of {row=, line=, message=}
-- @field batches array of {first=, last=, rows=, status=, reply=}, one for each request
local report = { __name = "sei.report" }

function report.__tostring(self)
  local lines = { ("%d of %d rows accepted in %d %s"):format(self.accepted, self.rows,
    #self.batches, #self.batches == 1 and "request" or "requests") }
  for i, r in ipairs(self.rejected) do
    if i > 10 then
      lines[#lines + 1] = ("and %d more rows that were not sent"):format(#self.rejected - 10)
      break
    end
    lines[#lines + 1] = ("row %d%s not sent: %s%s"):format(r.row,
      r.line and (" (line %d)"):format(r.line) or "",
      (r.field or "") ~= "" and r.field .. " " or "", r.reason)
  end
  return table.concat(lines, "\n")
end

local function new_report()
  return setmetatable({ rows = 0, accepted = 0, rejected = {}, warnings = {}, batches = {} },
    report)
end

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

-- Files rows into `out`, the report's or the encoder's; calls `full` when
-- there is enough to send. full() answers nil, err to stop.
local function encode(out, rows, result, full)
  for row, line in each(rows) do
    result.rows = result.rows + 1
    if type(line) ~= "number" then line = nil end
    local ok, reason, field, value = core.rows_add(out, row)
    if ok == false then
      local sent, err = full()
      if not sent then return nil, err end
      ok, reason, field, value = core.rows_add(out, row)
    end
    if not ok then
      result.rejected[#result.rejected + 1] = {
        row = result.rows, line = line, field = field, value = value, reason = reason,
      }
    elseif reason then
      result.warnings[#result.warnings + 1] = { row = result.rows, line = line, message = reason }
    end
  end
  return true
end

-- The rows that may not have arrived, beside what became of the others.
local function with_report(err, result, first)
  err.report = result
  if not err.rows and first <= result.rows then
    err.rows = { first = first, last = result.rows }
  end
  return nil, err
end

-- What the rows' own iterator raises, or a client that is closed meanwhile,
-- comes after requests that went out: nobody may lose sight of them.
local function with_report_of(result, first, f)
  local ok, value, err = pcall(f)
  if ok then
    if value then return result end
    return with_report(err, result, first())
  end
  if core.is_error(value) then with_report(value, result, first()) end
  error(value, 0)
end

--- Sends rows as JSON in batches.
-- @return a report; or nil and an error object with `report` and `rows`
function write.rows(client, endpoint, rows, options)
  local result, first = new_report(), 1
  local out = core.rows(endpoint, options.batch_size or MAX_ROWS, MAX_BYTES)
  local deadline = core.deadline(client, endpoint, options)
  local function send(last)
    local count = core.rows_count(out)
    if count == 0 then return true end
    local call <close> = core.call(client, endpoint, options,
      { rows = out, deadline = deadline, first = first, last = last })
    local reply, status = wait.result(call)
    if not reply then return nil, status end
    result.accepted = result.accepted + count
    result.batches[#result.batches + 1] =
      { first = first, last = last, rows = count, status = status, reply = reply }
    first = last + 1
    core.rows_clear(out)
    return true
  end
  return with_report_of(result, function() return first end, function()
    local ok, err = encode(out, rows, result, function() return send(result.rows - 1) end)
    if not ok then return nil, err end
    return send(result.rows)
  end)
end

-- Hands over what is encoded, waiting while the transfer has enough.
local function feed(call, out)
  while not core.call_done(call) and not core.call_feed(call, out) do
    wait.for_(call, core.call_poll, core.call_await)
  end
  core.rows_clear(out)
  return not core.call_done(call)
end

-- Sends rows while they are encoded. The request begins with the first of
-- them: none is sent for nothing.
local function stream_rows(client, endpoint, options, out, result)
  local call <close> = setmetatable({}, { __close = function(one)
    if one[1] then core.call_close(one[1]) end
  end })
  local function full()
    call[1] = call[1] or core.call(client, endpoint, options, {})
    return feed(call[1], out)
  end
  core.rows_header(out)
  local ok = encode(out, options.rows, result, full)
  if #result.rejected == result.rows then return true end
  if ok then full() end
  core.call_feed_end(call[1])
  local reply, status = wait.result(call[1])
  if not reply then return nil, status end
  result.accepted = result.rows - #result.rejected
  result.batches[1] =
    { first = 1, last = result.rows, rows = result.accepted, status = status, reply = reply }
  return true
end

-- The columns of a CSV, or nil: the customer's own.
local function header_of(client, endpoint, options)
  local header = options.header or core.csv_header(client, endpoint)
  return type(header) == "string" and { header } or header
end

local function upload_rows(client, endpoint, options)
  local header = header_of(client, endpoint, options)
  local result = new_report()
  local out = core.rows(endpoint, math.maxinteger, FEED, header)
  return with_report_of(result, function() return 1 end, function()
    return stream_rows(client, endpoint, options, out, result)
  end)
end

local SHOWN = 20    -- bad rows of a file that an error lists

-- Reads the file once before it is sent: a bad row is told with its line and
-- nothing was sent.
local function check_file(client, endpoint, options)
  local csv, path = core.csv, options.file
  local header = header_of(client, endpoint, options)
  local out = core.rows(endpoint, math.maxinteger, FEED, header or { "any" })
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

local function upload_file(client, endpoint, options)
  local count = check_file(client, endpoint, options)
  local call <close> = core.call(client, endpoint, options,
    { file = options.file, filename = options.file:match "[^/]+$", first = 1, last = count })
  local reply, status = wait.result(call)
  if not reply then return nil, status end
  local result = new_report()
  result.rows, result.accepted = count, count
  result.batches[1] = { first = 1, last = count, rows = count, status = status, reply = reply }
  return result
end

--- Sends a file or rows as one CSV.
-- @return a report; or nil and an error object
function write.upload(client, endpoint, options)
  return (options.file and upload_file or upload_rows)(client, endpoint, options)
end

--- Raises unless there is a file or rows, only one of them, and the columns of
-- rows are known.
function write.check_upload(client, name, options)
  if (options.file == nil) == (options.rows == nil) then
    error(("%s needs either the option 'file' or 'rows'%s"):format(name,
      options.file and ", not both" or ""), 0)
  end
  if options.rows == nil then return end
  write.check_rows(options.rows, name)
  if not header_of(client, name, options) then
    error(("%s needs the option 'header': the columns of the rows"):format(name), 0)
  end
end

return write
