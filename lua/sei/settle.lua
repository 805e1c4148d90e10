--- Brings a write to a known end: every row is accepted, rejected or unknown.
--
-- A request that the service rejects is taken apart until the bad rows are
-- alone. One that ended without an answer is read back, and what is not there
-- is sent again. All of it within the deadline of the call, and with a bounded
-- number of requests.
-- @module sei.settle

local core = require "sei.core"
local later = require "sei.later"
local outcome = require "sei.outcome"
local wait = require "sei.wait"

local settle = {}

-- Only for what went wrong, or is asked for.
local blame, verify = later "sei.blame", later "sei.verify"

-- Of a request: below the size that api.md section 4 no. 9 lets through once in 10 s.
settle.MAX_ROWS, settle.MAX_BYTES = 1000, 450000

local MAX_ROWS, MAX_BYTES = settle.MAX_ROWS, settle.MAX_BYTES
local ANY_SIZE = 1 << 40
local ALIKE = 20    -- rejections in the same words, one after the other, that end a search

-- Endpoints whose rows may be sent in any grouping, with the requests that may
-- be spent on one batch. Each PUT is a new version of the directory (api.md
-- section 4 no. 3). Developers may depend on one another: their managers.
local BISECTED = {
  patch_identities = 500, upload_identities = 500, add_cloud_ids = 500, upload_cloud_ids = 500,
  update_contributors = 100,
}

--- Begins a write.
-- @tparam client client
-- @tparam string endpoint
-- @tparam table options of the call, checked
-- @tparam ?{string,...} header columns, if rows go as CSV
-- @treturn table `report`, and what the other functions here need
function settle.job(client, endpoint, options, header)
  local verifies = (options.verify or options.repair) and verify.can(endpoint)
  local on_reject = options.on_reject
    or (BISECTED[endpoint] and not (options.file and header) and "bisect" or "stop")
  -- `meanwhile`: called once, when the next request is under way
  return { client = client, endpoint = endpoint, options = options, header = header,
    report = outcome.new(), deadline = core.deadline(client, endpoint, options),
    bisects = on_reject == "bisect", limit = BISECTED[endpoint] or 500, spent = 0, settled = 0,
    expected = verifies and verify.new(endpoint) or nil }
end

-- ---- requests ----

-- One request.
local function request(job, args)
  args.deadline = job.deadline
  job.spent = job.spent + 1
  local call <close> = core.call(job.client, job.endpoint, job.options, args)
  job.under_way = true
  local meanwhile = job.meanwhile
  if meanwhile then
    job.meanwhile = nil
    job.client:step()
    meanwhile()
  end
  local reply, status = wait.result(call)
  job.under_way = false
  return reply, status
end

-- Rows that were encoded before, as a body.
local function pack(job, items)
  local out = core.rows(job.endpoint, math.maxinteger, ANY_SIZE, job.header)
  if job.header then core.rows_header(out) end
  for _, item in ipairs(items) do core.rows_raw(out, item.text) end
  return out
end

local function send(job, items, delay)
  return request(job, { rows = pack(job, items), delay = delay })
end

-- ---- rows that are looked at one by one ----

--- Gives items the values that they were made from.
-- @tparam {table,...} items {row=, line=, text=}
function settle.decode(job, items)
  if not job.header then
    for _, item in ipairs(items) do item.value = core.json.decode(item.text) end
    return items
  end
  local texts, i = {}, 0
  for k, item in ipairs(items) do texts[k] = item.text end
  for row in core.csv.read { text = table.concat(texts), header = job.header } do
    i = i + 1
    items[i].value = row
  end
  return items
end

local function take(job, lot)
  local items, problem = lot.items()
  if not items then return nil, problem end
  job.loose = {}
  for _, item in ipairs(items) do job.loose[item.row] = item end
  return items
end

local function tidy(job, items)
  for _, item in ipairs(items) do job.loose[item.row] = nil end
end

local function acknowledge(job, batch, items)
  local report = job.report
  report.accepted = report.accepted + batch.rows
  report.batches[#report.batches + 1] = batch
  if job.expected then job.expected:add(items()) end
end

local function accept(job, items, batch)
  batch.first, batch.last, batch.rows = items[1].row, items[#items].row, #items
  acknowledge(job, batch, function() return items end)
  tidy(job, items)
end

local function reject(job, item, err, field)
  field = field ~= "" and field or blame.field(item.value, err)
  local value
  if type(item.value) == "table" and field then value = item.value[field] end
  outcome.reject(job.report, { row = item.row, line = item.line, field = field, value = value,
    reason = blame.reason(err), class = "rejected" })
  tidy(job, { item })
end

local function reject_all(job, items, class, reason)
  outcome.reject_all(job.report, items, class, reason)
  tidy(job, items)
end

local function doubt_all(job, items, reason)
  outcome.doubt_all(job.report, items, reason)
  tidy(job, items)
end

-- ---- reading back ----

-- Finds out what became of rows whose request may have been acted upon.
-- Returns those that are not there; nil if that cannot be found out.
local function look(job, items, err)
  if not verify.can(job.endpoint) then
    doubt_all(job, items, err.message .. "; what it did cannot be read back")
    return nil
  end
  local expected = verify.new(job.endpoint)
  expected:add(items)
  local ok, problem = expected:read(job.client, job.deadline)
  if not ok then
    doubt_all(job, items, err.message .. "; reading back failed: " .. problem.message)
    return nil
  end
  local there, absent, unsure = expected:sort()
  if #there > 0 then accept(job, there, { status = err.status, read_back = true }) end
  doubt_all(job, unsure, err.message .. "; not seen when read back, which proves nothing here")
  return absent, #unsure
end

-- Errors about rows, not about the request as such. 412: uploads must be done
-- before.
local function is_refusal(err) return err.kind == "rejected" and err.status ~= 412 end

-- ---- taking a rejected request apart ----

-- Rows that are about the same thing must keep their order: pieces of which
-- each holds such rows once.
local function pieces(job, items)
  local list, seen = { {} }, {}
  for _, item in ipairs(items) do
    local keys, again = verify.keys(job.endpoint, item.value), false
    for _, key in ipairs(keys) do again = again or seen[key] end
    if again then list[#list + 1], seen = {}, {} end
    for _, key in ipairs(keys) do seen[key] = true end
    table.insert(list[#list], item)
  end
  return list
end

local function halves(items)
  local middle = #items // 2
  return table.move(items, 1, middle, 1, {}),
    table.move(items, middle + 1, #items, 1, {})
end

-- Rejects what is surely bad of a group that was rejected as a whole, and
-- puts the rest on the stack of work, in parts.
local function divide(job, work, group)
  local items, err = group.items, group.err
  if #items == 1 then return reject(job, items[1], err) end
  local named, certain = blame.named(items, err, job.header ~= nil, not job.numbers_lie)
  local good, bad = {}, {}
  for i, item in ipairs(items) do
    table.insert(named[i] and bad or good, item)
    if certain and named[i] then reject(job, item, err, named[i]) end
  end
  if certain then
    if #good > 0 then work[#work + 1] = { items = good } end
  elseif #good > 0 and #bad > 0 then
    work[#work + 1] = { items = good }
    work[#work + 1] = { items = bad, guess = true }
  else
    good, bad = halves(items)
    work[#work + 1] = { items = bad }
    work[#work + 1] = { items = good }
  end
end

-- The end of the search before all is known. `unsure`: a rejected request may
-- have been acted upon in part (api.md section 3, open points).
local function abandon(job, work, err, unsure)
  local items = {}
  for _, group in ipairs(work) do table.move(group.items, 1, #group.items, #items + 1, items) end
  table.sort(items, function(a, b) return a.row < b.row end)
  if unsure and #items > 0 then items = look(job, items, err) or {} end
  reject_all(job, items, "rejected", blame.reason(err))
  return nil, err
end

local recover

-- Why the search for bad rows should not go on, or nil.
local function hopeless(job)
  if job.spent >= job.limit then
    return ("the search for bad rows ended after %d requests; the report tells which rows were "
      .. "not looked at alone"):format(job.spent)
  elseif job.refused >= ALIKE then
    return ("%d requests in a row were rejected in the same words, also with few rows: it is not "
      .. "a matter of single rows"):format(job.refused)
  end
end

local function count_refusal(job, err)
  local words = blame.reason(err)
  job.refused = words == job.words and job.refused + 1 or 1
  job.words, job.last = words, err
end

-- Sends a group of rows; rejected as a whole, it is kept with its error.
-- Returns true; or nil and an error that ends the search.
local function try(job, group, work)
  local hint = hopeless(job)
  if hint then
    work[#work + 1] = group
    job.last.hint = hint
    return nil, job.last
  end
  local reply, status = send(job, group.items)
  if reply ~= nil then
    accept(job, group.items, { status = status, reply = reply })
    if group.guess then job.numbers_lie = true end
    job.refused = 0
    return true
  elseif is_refusal(status) then
    group.err = status
    count_refusal(job, status)
    return true
  elseif status.class == "unknown" then
    return recover(job, group.items, status)
  end
  work[#work + 1] = group
  return nil, status
end

-- Rows were rejected together: the bad ones are found, the others go through.
local function isolate(job, items, err)
  local work, list, unsure = {}, pieces(job, items), err.class == "unknown"
  for i = #list, 1, -1 do
    work[#work + 1] = { items = list[i], err = #list == 1 and err or nil }
  end
  job.refused = 0
  count_refusal(job, err)
  while #work > 0 do
    local group = table.remove(work)
    if not group.err then
      local ok, problem = try(job, group, work)
      if not ok then return abandon(job, work, problem, unsure) end
    end
    if group.err then
      unsure = unsure or group.err.class == "unknown"
      divide(job, work, group)
    end
  end
  return true
end

-- ---- after a request without a usable answer ----

-- A 404 that names no row is about the address.
local function can_isolate(job, items, err)
  if not job.bisects then return false end
  if err.status ~= 404 then return true end
  return next((blame.named(items, err, job.header ~= nil, true))) ~= nil
end

-- It stops at the first rejected request; what it did is looked at.
local function stop(job, items, err)
  if #items > 1 and err.class == "unknown" then items = look(job, items, err) or {} end
  for _, item in ipairs(#items == 1 and items or {}) do reject(job, item, err) end
  if #items > 1 then reject_all(job, items, "rejected", blame.reason(err)) end
  return nil, err
end

local function rejected(job, items, err)
  if can_isolate(job, items, err) then return isolate(job, items, err) end
  return stop(job, items, err)
end

-- Earlier attempts are told, too.
local function join_attempts(before, err)
  local all = table.move(before.attempts or {}, 1, #(before.attempts or {}), 1, {})
  err.attempts = table.move(err.attempts or {}, 1, #(err.attempts or {}), #all + 1, all)
  return err
end

local function not_there(job, items, err, reason)
  reject_all(job, items, "rejected", ("%s; not there when read back (%s)")
    :format(err.message, reason))
  return nil, err
end

-- Reads back and sends what is not there, as often as the client repeats
-- requests. Returns true if every row is where it belongs.
function recover(job, items, err)
  local whole = true
  for n = 1, math.huge do
    local absent, unsure = look(job, items, err)
    if not absent then return nil, err end
    whole = whole and unsure == 0
    if #absent == 0 then return whole or nil, not whole and err or nil end
    local delay, reason = core.backoff(job.client, n, job.deadline)
    if not delay then return not_there(job, absent, err, reason) end
    local reply, status = send(job, absent, delay)
    if reply ~= nil then
      accept(job, absent, { status = status, reply = reply })
      return whole or nil, not whole and err or nil
    end
    join_attempts(err, status)
    if is_refusal(status) then
      local ok, problem = rejected(job, absent, status)
      if ok and not whole then return nil, err end
      return ok, problem
    elseif status.class ~= "unknown" then
      reject_all(job, absent, status.class, status.message)
      return nil, status
    end
    items, err = absent, status
  end
end

-- ---- a lot: a batch, an upload ----

-- Whether the single rows are of use: a file may have a million.
local function wants_items(job, lot, err)
  if is_refusal(err) and job.bisects then return true end
  return err.class == "unknown" and verify.can(job.endpoint)
    and (lot.count > 1 or not is_refusal(err))
end

local function end_badly(job, lot, err)
  local why = "what it did cannot be read back"
  if wants_items(job, lot, err) then
    local items, problem = take(job, lot)
    if items then return (is_refusal(err) and rejected or recover)(job, items, err) end
    why = problem
  end
  local rest = outcome.rest(job.report, lot.first, lot.last)
  if err.class == "unknown" and (lot.count > 1 or not is_refusal(err)) then
    outcome.doubt_all(job.report, rest, err.message .. "; " .. why)
  else
    outcome.reject_all(job.report, rest,
      err.class == "never_sent" and "never_sent" or "rejected", blame.reason(err))
  end
  return nil, err
end

--- Files how a request for a lot of rows ended, and does what is to be done then.
-- @tparam table lot `first`, `last` (row numbers), `count` (rows of it that were sent),
-- `items` (function: {row=, line=, text=, value=} of them; or nil and why not)
-- @param reply what the service said; nil if it did not
-- @param status its HTTP status, or the error object
-- @return true; or nil and an error object. Every row's fate is in the report either way
function settle.finish(job, lot, reply, status)
  local ok, err = true, nil
  job.lot = lot
  if reply ~= nil then
    acknowledge(job, { first = lot.first, last = lot.last, rows = lot.count, status = status,
      reply = reply }, lot.items)
  else
    ok, err = end_badly(job, lot, status)
  end
  job.settled, job.loose = lot.last, nil
  if not ok then job.failed = { first = lot.first, last = lot.last } end
  return ok, err
end

--- Sends a lot in one request and brings it to its end.
-- @tparam table args of core.call: `rows`, or `file` and `filename`
-- @return as `settle.finish`
function settle.lot(job, lot, args)
  job.spent, job.lot = 0, lot
  args.first, args.last = lot.first, lot.last
  return settle.finish(job, lot, request(job, args))
end

--- Files the rows that no request settled, since something was raised or the
-- call ends early.
function settle.close(job)
  local report, items = job.report, {}
  if job.loose then
    for _, item in pairs(job.loose) do items[#items + 1] = item end
    table.sort(items, function(a, b) return a.row < b.row end)
    job.settled = job.lot.last
  elseif job.under_way then
    items = outcome.rest(report, job.settled + 1, job.lot and job.lot.last or report.rows)
    job.settled = job.lot and job.lot.last or report.rows
  end
  outcome.doubt_all(report, items, "the call ended while its request was under way")
  outcome.reject_all(report, outcome.rest(report, job.settled + 1, report.rows), "never_sent",
    "the call ended before")
end

-- ---- verifying what was accepted ----

-- Once more what was accepted and is not there. What fails is told; reading
-- back shows the rest.
local function repair(job, items)
  local from, bytes = 1, 0
  for i, item in ipairs(items) do
    bytes = bytes + #item.text + 1
    local next_item = items[i + 1]
    if not next_item or not job.header
      and (i - from + 1 >= MAX_ROWS or bytes + #next_item.text + 64 > MAX_BYTES) then
      local reply, err = send(job, table.move(items, from, i, 1, {}))
      if reply == nil then
        table.insert(job.report.warnings, { row = items[from].row, line = items[from].line,
          message = "sending it once more failed: " .. err.message })
      end
      from, bytes = i + 1, 0
    end
  end
end

local function read(job)
  local ok, err = job.expected:read(job.client, job.deadline)
  if ok then return job.expected:sort() end
  err.message = "what was accepted could not be read back: " .. err.message
  return nil, err
end

--- Compares what was accepted with what the service has, if the call asks for
-- it, and sends once more what is missing, if it asks for that.
-- @return true; or nil and an error object if it cannot be read
function settle.verify(job)
  if not job.expected then return true end
  local there, absent, unsure, why = {}, {}, {}, {}
  if job.report.accepted > 0 then
    there, absent, unsure, why = read(job)
    if there and #absent > 0 and job.options.repair then
      repair(job, absent)
      there, absent, unsure, why = read(job)
    end
    if not there then return nil, absent end
  end
  local report = job.report
  report.verified, report.missing = #there, {}
  for i, item in ipairs(absent) do
    local d = why[item]
    report.missing[i] = { row = item.row, line = item.line, field = d.field, sent = d.sent,
      found = d.found }
  end
  if #unsure > 0 then
    table.insert(report.warnings, { row = unsure[1].row, line = unsure[1].line,
      message = ("%d rows were not seen when read back, which proves nothing here")
        :format(#unsure) })
  end
  return true
end

return settle
