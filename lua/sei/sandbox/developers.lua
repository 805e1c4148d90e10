--- The second table of api.md section 3: developers, over the same people.
local csv = require "sei.sandbox.csv"
local dataset = require "sei.sandbox.dataset"
local json = require "sei.sandbox.json"
local query = require "sei.sandbox.query"
local reply = require "sei.sandbox.reply"
local request = require "sei.sandbox.request"
local Store = require "sei.sandbox.store"
local write = require "sei.sandbox.write"

local developers = {}

local PREVIEW <const> = 10 -- rows
local ROWS_A_PIECE <const> = 500
local SPAN <const> = 8 -- people under one manager, where nobody said otherwise

-- What there was of uploads: `mapping` once the first one is mapped, `active` the version
-- that counts.
local function setup(app)
  app.developers = app.developers or { uploads = {}, last = 0 }
  return app.developers
end

-- ---- reading ----

-- The manager's address: as written, or by the population's own order.
local function manager_of(store, i, person)
  if person.manager then return person.manager end
  local chief = store.population.managers and i <= store.population.people
    and i >= SPAN and store:person(i // SPAN)
  return chief and chief.email or ""
end

local function text_of(v)
  if type(v) == "string" then return v end
  if v == nil or v == json.null then return "" end
  return json.encode(v)
end

local function values(app, i)
  local person = app.store:person(i)
  local row = {}
  for name, v in pairs(json.decode(person.fields)) do row[name] = text_of(v) end
  row.name, row.email, row.developerRefId = person.full_name, person.email, person.id
  row.managerEmail = manager_of(app.store, i, person)
  return row
end

local TABLE = {
  default = "name", ids = "developerRefId",
  sequence = function(app) return app.store.live end,
  get = values,
  render = function(app, i)
    local person = app.store:person(i)
    return '{"developerRefId":' .. (person.id:find "^%d+$" and person.id or json.quote(person.id))
      .. ',"name":' .. json.quote(person.full_name) .. ',"email":' .. json.quote(person.email)
      .. ',"managerEmail":' .. json.quote(manager_of(app.store, i, person))
      .. ',"additionalFields":' .. person.fields .. "}"
  end,
}

local FIELDS = { "region", "department", "employee_no" }

-- The names of the additional fields: those of the mapped upload, or the usual.
local function field_names(app)
  local s = setup(app)
  return s.field_names or FIELDS
end

local function download(app)
  local names = field_names(app)
  local head = { "name", "email", "manager_email" }
  for _, name in ipairs(names) do head[#head + 1] = name end
  local text, next_person = csv.line(head), app.store.live:from(1)
  return reply.content("text/csv", function()
    if not next_person then return nil end
    local out = { text }
    text = ""
    for _ = 1, ROWS_A_PIECE do
      local _, i = next_person()
      if not i then next_person = nil break end
      local v = values(app, i)
      local row = { v.name, v.email, v.managerEmail }
      for k, name in ipairs(names) do row[3 + k] = v[name] or "" end
      out[#out + 1] = csv.line(row)
    end
    return table.concat(out)
  end)
end

--- GET /v2/developers
function developers.list(app, r)
  if request.accepts(r, "text/csv") then return download(app) end
  local page, err = query.page(app, r, TABLE)
  if not page then return reply.gateway(400, "INVALID_REQUEST", err) end
  return reply.json(query.envelope(app, r, page))
end

--- GET /v2/developers/schema
function developers.schema(app)
  local mapping = setup(app).mapping
    or { NAME = "name", EMAIL = "email", MANAGER_EMAIL = "manager_email" }
  local out = {}
  for k, role in ipairs(dataset.roles) do
    out[k] = ('{"columnName":%s,"fieldType":"%s"}'):format(json.quote(mapping[role]), role)
  end
  for _, name in ipairs(field_names(app)) do
    out[#out + 1] = ('{"columnName":%s,"fieldType":"CUSTOM"}'):format(json.quote(name))
  end
  return reply.json('{"fieldMappings":[' .. table.concat(out, ",") .. "]}")
end

-- ---- uploads ----

local function precondition_failed()
  return reply.gateway(412, "PRECONDITION_FAILED",
    "The first upload and its field mapping must be done before.")
end

local function preview(version, data, mapping, errors)
  local out, fields = {}, {}
  for k = 1, math.min(PREVIEW, #data.rows) do out[k] = json.encode(data.rows[k]) end
  for _, role in ipairs(dataset.roles) do
    if mapping[role] then
      fields[#fields + 1] = { fieldType = role, columnName = mapping[role] }
    end
  end
  return ('{"versionId":"%s","status":"SUCCESS","columns":%s,"fieldMappings":%s,'
    .. '"totalCount":%d,"errors":%s,"preview":[%s]}'):format(version,
    json.encode(json.array(data.columns)), json.encode(json.array(fields)), #data.rows,
    json.encode(json.array(errors or {})), table.concat(out, ","))
end

-- Reads the form's file and keeps it as a version; answers it or the error.
local function take_upload(app, r)
  local text, why = request.form_part(r, "file")
  if not text then return nil, nil, reply.gateway(400, "INVALID_REQUEST", why) end
  local data, err = dataset.read(text)
  if not data then return nil, nil, reply.failure { err } end
  local s = setup(app)
  s.last = s.last + 1
  local version = ("%d"):format(s.last)
  s.uploads[version] = data
  return data, version
end

local function checked(app, data, mapping)
  local errors = dataset.check_mapping(mapping, data.columns)
  if errors[1] then return nil, errors end
  local list = dataset.developers(data.rows, mapping)
  local store = app.store
  errors = dataset.check(list, function() return false end, function(email)
    local i = store:find_email(email)
    return i and manager_of(store, i, store:person(i))
  end, false)
  if errors[1] then return nil, errors end
  return list
end

--- POST /v2/developers: a preview with the mapping that the names suggest; where that is whole,
-- with what is wrong with the rows.
function developers.upload(app, r)
  local data, version, err = take_upload(app, r)
  if not data then return err end
  local mapping = dataset.likely_mapping(data.columns)
  local errors
  if not dataset.check_mapping(mapping, data.columns)[1] then
    errors = select(2, checked(app, data, mapping))
  end
  return reply.json(preview(version, data, mapping, errors))
end

-- What an upload is once its columns are mapped: developers, and their additional fields.
local function keep_list(data, list, mapping)
  local role_of, names = {}, {}
  for role, column in pairs(mapping) do role_of[column] = role end
  for _, name in ipairs(data.columns) do
    if not role_of[name] then names[#names + 1] = name end
  end
  data.list, data.field_names = list, names
end

--- PUT /v2/developers
function developers.reupload(app, r)
  local mapping = setup(app).mapping
  if not mapping then return precondition_failed() end
  local data, version, err = take_upload(app, r)
  if not data then return err end
  local list, errors = checked(app, data, mapping)
  if not list then return reply.failure(errors) end
  keep_list(data, list, mapping)
  return reply.json(preview(version, data, mapping))
end

local function save(store, d)
  local i = store:find_email(d.email)
  local fields = json.encode(d.fields)
  if not i then
    store:add { uuid = ("00000000-0000-4000-9000-%012x"):format(store.last_id + 1),
      full_name = d.name, email = d.email, manager = d.manager or "", fields = fields,
      accounts = {}, version = store.active, created_at = store:now(), updated_at = store:now() }
    return
  end
  local old = store:person(i)
  if d.merge then
    local merged = json.decode(old.fields)
    for name, v in pairs(d.fields) do merged[name] = v end
    fields = json.encode(merged)
  end
  store:save(i, Store.changed(old, { full_name = d.name or old.full_name, fields = fields,
    manager = d.manager, updated_at = store:now() }))
end

-- The upload becomes what there is: who is not in it goes.
local function replace_all(app, list)
  local store, wanted, gone = app.store, {}, {}
  for _, d in ipairs(list) do wanted[d.email] = true end
  for _, i in store.live:from(1) do
    if not wanted[store:person(i).email] then gone[#gone + 1] = i end
  end
  for _, i in ipairs(gone) do store:save(i, false) end
  for _, d in ipairs(list) do save(store, d) end
end

-- A version that was active before is what there is again, with the fields that it had.
local function finish(app, version, data)
  local s = setup(app)
  if s.active ~= version then replace_all(app, data.list) end
  s.active, s.field_names = version, data.field_names or s.field_names
  return reply.json(('{"versionId":"%s","status":"SUCCESS","active":true,"developerCount":%d}')
    :format(version, #data.list))
end

local function no_version(id)
  return reply.gateway(404, "RESOURCE_NOT_FOUND", ("Version %s not found."):format(id))
end

--- PUT /v2/developers/versions/{versionId}/fieldMappings: maps, and saves.
function developers.map(app, r)
  local s = setup(app)
  local data = s.uploads[r.captured]
  if not data then return no_version(r.captured) end
  local body, err = json.decode(r.body)
  local mapping = body and dataset.read_mapping(body)
  if not mapping then
    return reply.gateway(400, "INVALID_REQUEST", err or "The body is no field mapping.")
  end
  local list, errors = checked(app, data, mapping)
  if not list then return reply.failure(errors) end
  s.mapping, s.active = mapping, nil
  keep_list(data, list, mapping)
  return finish(app, r.captured, data)
end

--- PATCH /v2/developers/versions/{versionId}
function developers.activate(app, r)
  local s = setup(app)
  if not s.mapping then return precondition_failed() end
  local data = s.uploads[r.captured]
  if not data then return no_version(r.captured) end
  local body, err = write.object(r)
  if not body or body.active ~= true then
    return reply.gateway(400, "INVALID_REQUEST", err or "active must be true.")
  end
  if not data.list then return precondition_failed() end
  return finish(app, r.captured, data)
end

-- ---- one by one ----

local NAMES = { NAME = "name", EMAIL = "email", MANAGER_EMAIL = "managerEmail" }

-- Rows may use the mapping's columns or the names that a listing has.
local function renamed(list, mapping)
  local canonical, rows = { manager_email = "managerEmail" }, {}
  for role, column in pairs(mapping) do canonical[column] = NAMES[role] end
  for k, one in ipairs(list) do
    local row = {}
    for name, v in pairs(one) do
      if name == "additionalFields" and json.is_object(v) then
        for field, value in pairs(v) do row[field] = value end
      elseif name ~= "developerRefId" then
        row[canonical[name] or name] = v
      end
    end
    rows[k] = row
  end
  return rows
end

--- PATCH /v2/developers: adds and changes.
function developers.patch(app, r)
  local mapping = setup(app).mapping
  if not mapping then return precondition_failed() end
  local list, err = write.array(r)
  if not list then return reply.gateway(400, "INVALID_REQUEST", err) end
  for _, one in ipairs(list) do
    if not json.is_object(one) then
      return reply.gateway(400, "INVALID_REQUEST", "Every developer must be an object.")
    end
  end
  local store, rows = app.store, dataset.developers(renamed(list, mapping), NAMES)
  local errors = dataset.check(rows, function(email) return store:find_email(email) ~= nil end,
    function(email)
      local i = store:find_email(email)
      return i and manager_of(store, i, store:person(i))
    end, true)
  if errors[1] then return reply.failure(errors) end
  for _, d in ipairs(rows) do
    d.merge = true
    save(store, d)
  end
  return reply.json(('{"status":"SUCCESS","developerCount":%d}'):format(#rows))
end

-- Those who would be left with a manager who is gone.
local function left_behind(store, gone)
  local rows, addresses = {}, {}
  local function look(i)
    local person = not gone[i] and store:person(i)
    if person and addresses[manager_of(store, i, person)] then
      rows[#rows + 1] = { name = person.full_name, email = person.email }
    end
  end
  for i in pairs(gone) do addresses[store:person(i).email] = true end
  for i in pairs(store.people) do look(i) end
  for i in pairs(gone) do
    for k = i * SPAN, i * SPAN + SPAN - 1 do
      if store.people[k] == nil then look(k) end
    end
  end
  table.sort(rows, function(a, b) return a.email < b.email end)
  return rows
end

--- DELETE /v2/developers
function developers.delete(app, r)
  local body, err = write.object(r)
  if not body or not json.is_array(body.emails) then
    return reply.gateway(400, "INVALID_REQUEST", err or "emails must be an array.")
  end
  local store, gone, missing = app.store, {}, {}
  for _, email in ipairs(body.emails) do
    local i = type(email) == "string" and store:find_email(email:lower())
    if i and gone[i] then
      return reply.failure { dataset.error("DUPLICATE_EMAIL", "email", { { email = email } }) }
    end
    if i then gone[i] = true else missing[#missing + 1] = text_of(email) end
  end
  if missing[1] then
    return reply.gateway(404, "RESOURCE_NOT_FOUND",
      "Developers not found: " .. table.concat(missing, ", ", 1, math.min(5, #missing)))
  end
  local rows = left_behind(store, gone)
  if rows[1] then
    return reply.failure {
      dataset.error("MANAGER_EMAIL_MISSING_IN_DEVELOPER_EMAILS", "manager_email", rows) }
  end
  for i in pairs(gone) do store:save(i, false) end
  return reply.json(('{"status":"SUCCESS","developerCount":%d}'):format(#body.emails))
end

return developers
