--- The writes of an apply: few, large batches, each in the journal before it is
-- sent and after it was answered.
-- @module sei.apply.batch

local core = require "sei.core"
local directory = require "sei.plan.directory"
local fields = require "sei.plan.fields"
local settle = require "sei.settle"

local batch = {}

-- A batch is one request: what a write would cut in two is cut here.
local SPARE <const> = 10000

local ENDPOINTS <const> = { identity = "patch_identities", cloud_id = "add_cloud_ids",
  contributor = "update_contributors" }

-- ---- what is sent ----

local function copy_of(record)
  local copy, custom = {}, {}
  for name, value in pairs(record) do copy[name] = value end
  for name, value in pairs(type(record.additional_fields) == "table" and record.additional_fields
    or {}) do
    custom[name] = value
  end
  copy.additional_fields = custom
  return copy
end

-- The whole record as it was read, with what changes: what is not sent is lost
-- (api.md section 4 no. 7).
local function contributor(row, there)
  local record = copy_of(there:record(row))
  for name, value in pairs(row.after) do fields.set(record, name, value) end
  return record
end

local function value_of(row, there)
  if row.what == "identity" then
    return { email = row.after.email, integrationId = row.integration_id, identity = row.identity }
  elseif row.what == "cloud_id" then
    return { email = row.after.email, applicationType = row.application_type,
      cloudId = row.identity }
  end
  return contributor(row, there)
end

--- Cuts items into batches.
-- @tparam {table,...} items {row=} of one kind
-- @tparam table there sei.apply.remote
-- @tparam ?integer most rows of a batch
-- @treturn {table,...} {items=, values=, endpoint=}
function batch.cut(items, there, most)
  local list, one, bytes = {}, nil, 0
  most = math.min(most or settle.MAX_ROWS, settle.MAX_ROWS)
  for _, item in ipairs(items) do
    local value = value_of(item.row, there)
    local size = #(core.json.encode(value) or "") + 1
    if not one or #one.items >= most or bytes + size > settle.MAX_BYTES - SPARE then
      one = { items = {}, values = {}, endpoint = ENDPOINTS[item.row.what] }
      list[#list + 1] = one
      bytes = 0
    end
    table.insert(one.items, item)
    table.insert(one.values, value)
    bytes = bytes + size
  end
  return list
end

-- ---- events ----

local KEPT <const> = { "what", "integration_id", "application_type", "identity", "id", "email",
  "before", "after" }

-- What is about to be sent: enough to take it back without the plan.
local function sent_event(number, one)
  local rows = {}
  for i, item in ipairs(one.items) do
    local row = { row = item.number }
    for _, name in ipairs(KEPT) do row[name] = item.row[name] end
    -- how the record will be: an undo looks whether it still is
    if row.what == "contributor" then row.fingerprint = directory.fingerprint(one.values[i]) end
    rows[i] = row
  end
  return { event = "sent", batch = number, endpoint = one.endpoint, rows = rows }
end

local function told(list, name, number)
  if #list == 0 then return nil end
  return { event = name, batch = number, rows = list }
end

-- The fates of a batch's rows as events.
local function answer_events(number, one)
  local there, rejected, failed = {}, {}, {}
  for _, item in ipairs(one.items) do
    if item.fate == "accepted" then
      there[#there + 1] = item.number
    elseif item.fate == "rejected" then
      rejected[#rejected + 1] = { row = item.number, reason = item.reason, field = item.field }
    else
      failed[#failed + 1] = { row = item.number, reason = item.reason,
        class = item.fate == "unknown" and "unknown" or "never_sent" }
    end
  end
  local events = {}
  for _, event in ipairs { told(there, "acknowledged", number) or false,
    told(rejected, "rejected", number) or false, told(failed, "failed", number) or false } do
    if event then events[#events + 1] = event end
  end
  return events
end

-- ---- sending ----

local function mark(items, entries, fate_of)
  for _, entry in ipairs(entries) do
    for i = entry.row, entry.last or entry.row do
      local item = items[i]
      item.fate, item.reason, item.field = fate_of(entry), entry.reason, entry.field
    end
  end
end

-- Each row's fate, by the report of the write.
local function file_fates(one, report, err)
  for _, item in ipairs(one.items) do
    item.fate, item.reason, item.field = report and "accepted" or "not_sent",
      not report and err.message or nil, nil
  end
  if not report then return end
  mark(one.items, report.rejected, function(entry)
    return entry.class == "rejected" and "rejected" or "not_sent"
  end)
  mark(one.items, report.unknown, function() return "unknown" end)
end

-- Whether a failed batch says nothing of the next one: each of its rows was
-- rejected for itself.
local function is_about_rows(report, err)
  if err.kind ~= "rejected" or not report or #report.unknown > 0 then return false end
  for _, entry in ipairs(report.rejected) do
    if entry.last then return false end
  end
  return true
end

--- Sends a batch and files what became of it, in the journal and in its items.
-- @tparam table self `client`, `journal`, `number` (of the batch before), `sent`, `batches`
-- @tparam table one of batch.cut
-- @treturn ?boolean true; or nil and an error object that ends the apply
function batch.send(self, one)
  self.number = self.number + 1
  local ok, err = self.journal:append { sent_event(self.number, one) }
  if not ok then return nil, err end
  self.sent, self.batches = self.sent + #one.items, self.batches + 1
  for _, item in ipairs(one.items) do
    item.fate, item.reason = "unknown", "the apply ended while it was under way"
  end
  local report, problem = self.client[one.endpoint](self.client, one.values)
  file_fates(one, report or problem.report, problem)
  ok, err = self.journal:append(answer_events(self.number, one))
  if not ok then return nil, err end
  if report or is_about_rows(problem.report, problem) then return true end
  return nil, problem
end

return batch
