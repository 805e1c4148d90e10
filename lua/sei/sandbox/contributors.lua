--- The v1 family: contributors, versions, schema, licensed contributors.
local json = require "sei.sandbox.json"
local record = require "sei.sandbox.record"
local reply = require "sei.sandbox.reply"
local request = require "sei.sandbox.request"
local write = require "sei.sandbox.write"

local contributors = {}

local DEFAULT_PAGE_SIZE <const> = 50
local MAX_TEXT <const> = 150 -- characters of email and full_name (api.md no. 7)

-- ---- listing ----

-- The size that is served for the size asked for; or nil and the error.
local function allowed_size(app, size, path)
  local limit = app.quirks:get("max-page-size", path)
  if not limit or size <= limit.size then return size end
  if limit.cap then return limit.size end
  return nil, ("page_size %d is too large: the maximum is %d"):format(size, limit.size)
end

local function whole(v, otherwise, low)
  if v == nil or v == json.null then return otherwise end
  return math.type(v) == "integer" and v >= low and v or nil
end

local function page_of(app, r, body)
  local page = whole(body.page, 0, 0)
  local size = whole(body.page_size, DEFAULT_PAGE_SIZE, 1)
  if not page then return nil, "page must be a whole number from 0" end
  if not size then return nil, "page_size must be a whole number from 1" end
  local served, err = allowed_size(app, size, r.path)
  return served and page, served or err
end

-- A filter's value as a set of strings, lower-cased for e-mail addresses.
local function wanted(v, fold)
  local set = {}
  for _, one in ipairs(json.is_array(v) and v or { v }) do
    if type(one) ~= "string" and math.type(one) ~= "integer" then return nil end
    one = tostring(one)
    set[fold and one:lower() or one] = true
  end
  return set
end

local FILTERS = { "email", "full_name", "id" }

-- The people that pass the filter, in their order.
local function filtered(view, sets)
  local found = {}
  for _, i in view.live:from(1) do
    local person, passes = view:person(i), true
    for name, set in pairs(sets) do passes = passes and set[person[name]] end
    if passes then found[#found + 1] = i end
  end
  return found
end

-- By e-mail address or id alone, nobody need be looked through.
local function looked_up(store, sets)
  local found = {}
  for id in pairs(sets.id or sets.email) do
    local i
    if sets.id then i = store:find_id(id) else i = store:find_email(id) end
    local person, passes = i and store:person(i), i
    for name, set in pairs(sets) do passes = passes and set[person[name]] end
    if passes then found[#found + 1] = i end
  end
  table.sort(found)
  return found
end

local function read_filter(filter)
  if filter == nil or filter == json.null then return {}, true end
  if not json.is_object(filter) then return nil, "filter must be an object" end
  local sets, dangling = {}, true
  for name, v in pairs(filter) do
    if name == "include_dangling_logins" then
      if type(v) ~= "boolean" then return nil, "include_dangling_logins must be a boolean" end
      dangling = v
    elseif name == FILTERS[1] or name == FILTERS[2] or name == FILTERS[3] then
      sets[name] = wanted(v, name == "email")
      if not sets[name] then return nil, ("filter.%s must be text, or several"):format(name) end
    else
      return nil, ("unknown filter %q"):format(name)
    end
  end
  return sets, dangling
end

-- What is listed: how many, and a function that gives the k-th as JSON.
local function listing(app, view, sets, dangling)
  local store = app.store
  if next(sets) then
    local direct = view == store and (sets.id or sets.email)
    local found = direct and looked_up(store, sets) or filtered(view, sets)
    return { total = #found, unlinked = 0,
      row = function(k) return record.contributor(view, view:person(found[k])) end }
  end
  local people, population, changed = view.live:total(), view.population, view.people
  local unlinked = dangling and view == store and store.dangling:total() or 0
  return { total = people + unlinked, unlinked = unlinked, plain = true, row = function(k)
    if k > people then return record.dangling(store, store.dangling:at(k - people)) end
    local i = view.live:at(k)
    local r = changed[i]
    if r or not population.contributor then
      return record.contributor(view, r or population:record(i))
    end
    return population:contributor(i)
  end }
end

-- Rows first..last, joined; what is plain is remembered until a write.
local function rows(app, list, first, last, mark)
  local key = list.plain and ("%s %d %d"):format(mark, first, last)
  local text = key and app.cache:get(key)
  if text then return text end
  local out, row = {}, list.row
  for k = first, last do out[k - first + 1] = row(k) end
  text = table.concat(out, ",")
  if key then app.cache:put(key, text) end
  return text
end

-- How many of the first rows are away for this page request (api.md no. 6).
local function drifted(app, path)
  local drift = app.quirks:get("drift", path)
  if not drift then return 0 end
  drift.pages = drift.pages + 1
  if drift.pages % 2 == 1 or drift.left <= 0 then return 0 end
  drift.left = drift.left - 1
  return drift.rows
end

local function metadata(app, r, list, page, size, total)
  local lies = app.quirks:get("has-next-lies", r.path)
  local more = lies or (page + 1) * size < total
  return ('{"page":%d,"page_size":%d,"total_count":%d,"has_next":%s,"next_page":%s,'
    .. '"non_users_count":%d}'):format(page, size, total, more, more and page + 1 or "null",
    list.unlinked)
end

local function pinned(app, r)
  local text = r.query.version
  if not text or text == "" then return app.store end
  local n = text:find "^%d+$" and math.tointeger(tonumber(text))
  if not n then return nil, 400, "version must be a whole number" end
  if not app.store:has_version(n) then return nil, 404, ("Version %s not found."):format(text) end
  return app.store:snapshot(n), n
end

--- POST /v1/org/users/list
function contributors.list(app, r)
  local body, err = write.object(r)
  if not body then return reply.v1(400, err) end
  local page, size = page_of(app, r, body)
  if not page then return reply.v1(400, size) end
  local sets, dangling = read_filter(body.filter)
  if not sets then return reply.v1(400, dangling) end
  local view, version, problem = pinned(app, r)
  if not view then return reply.v1(version, problem) end
  local list = listing(app, view, sets, dangling and not version)
  local away = not version and math.min(drifted(app, r.path), list.total) or 0
  local total = list.total - away
  local first = page * size + 1
  local text = rows(app, list, first + away, math.min(first + size - 1, total) + away,
    ("list %s %s"):format(version or "now", dangling))
  return reply.json('{"records":[' .. text .. '],"_metadata":'
    .. metadata(app, r, list, page, size, total) .. "}")
end

--- GET /v1/org/users/versions
function contributors.versions(app, r)
  local store = app.store
  local page, size = request.number(r, "page", 0), request.number(r, "page_size", DEFAULT_PAGE_SIZE)
  if not page or not size or size < 1 then
    return reply.v1(400, "page and page_size must be whole numbers")
  end
  local err
  size, err = allowed_size(app, size, r.path)
  if not size then return reply.v1(400, err) end
  local total, out = store.last_version - store.oldest_version + 1, {}
  for k = page * size, math.min(total, (page + 1) * size) - 1 do
    local n = store.last_version - k
    out[#out + 1] = ('{"id":"%d","name":"Version %d","version":%d}'):format(n, n, n)
  end
  local more = (page + 1) * size < total or app.quirks:get("has-next-lies", r.path) or false
  return reply.json(('{"records":[%s],"count":%d,"_metadata":{"page_size":%d,"page":%d,'
    .. '"has_next":%s,"total_count":%d}}'):format(table.concat(out, ","), #out, size, page, more,
    total))
end

--- POST /v1/org/users/versions
function contributors.activate(app, r)
  if not app.quirks:get("versions", r.path) then
    return reply.framework(405, "Method 'POST' is not supported.", r.full_path)
  end
  local body, err = write.object(r)
  if not body then return reply.v1(400, err) end
  local n = math.tointeger(tonumber(body.active_version))
  if not n then return reply.v1(400, "active_version must be a whole number") end
  if not app.store:has_version(n) then return reply.v1(404, ("Version %d not found."):format(n)) end
  app.store:activate(n)
  return reply.json(('{"message":"Version %d is active."}'):format(n))
end

local SCHEMA = {
  { "full_name", "Name", "The person's name", "string", true },
  { "email", "Email", "The person's e-mail address", "string", true },
  { "integration_user_ids", "Integrations", "The person's accounts", "integration", true },
  { "region", "Region", "", "string", false },
  { "department", "Department", "", "string", false },
  { "employee_no", "Employee number", "", "number", false },
}

--- GET /v1/org/users/schema
function contributors.schema(app)
  local out = {}
  for k, f in ipairs(SCHEMA) do
    out[k] = ('{"index":%d,"key":%q,"display_name":%q,"description":%q,"type":%q,'
      .. '"system_field":%s}'):format(k, f[1], f[2], f[3], f[4], f[5])
  end
  return reply.json(('{"version":%d,"created_at":1500000000000,"fields":[%s]}')
    :format(app.store.active, table.concat(out, ",")))
end

--- POST /v1/sei_contributor/list: one answer, however many there are; so it is
-- sent piece by piece, and says at the end how many there were.
function contributors.licensed(app, r)
  local body, err = write.object(r)
  if not body then return reply.v1(400, err) end
  local store, hidden = app.store, {}
  for _, kind in ipairs(app.quirks:all("hide-type", r.path)) do hidden[kind] = true end
  local next_person, count, accounts = store.live:from(1), 0, 0
  local before = '{"org_user_details":['
  return reply.json(function()
    if not next_person then return nil end
    local out = {}
    for k = 1, 200 do
      local _, i = next_person()
      if not i then next_person = nil break end
      local n
      out[k], n = record.licensed(store, store:person(i), hidden)
      count, accounts = count + 1, accounts + n
    end
    local piece = (out[1] and before or "") .. table.concat(out, ",")
    if out[1] then before = "," end
    if next_person then return piece end
    if count == 0 then piece = before end
    return piece .. ('],"org_user_count":%d,"integration_user_count":%d}'):format(count, accounts)
  end)
end

-- ---- PUT /v1/org/users ----

local function check_text(row, name, must)
  local v = row[name]
  if v == nil or v == json.null then
    return not must, ("%s is required."):format(name)
  end
  if type(v) ~= "string" then return false, ("%s must be a string."):format(name) end
  if utf8.len(v) > MAX_TEXT then
    return false, ("%s is longer than %d characters: %.40s…"):format(name, MAX_TEXT, v)
  end
  return true
end

-- Every account of a row as { integration, login }; or nil and the error.
local function read_accounts(app, row)
  local list = row.integration_user_ids
  if not json.is_array(list) then
    return nil, list == nil and "integration_user_ids is required."
      or "integration_user_ids must be an array."
  end
  local accounts = {}
  for k, one in ipairs(list) do
    local id = json.is_object(one) and one.integration_id
    if type(id) ~= "string" or type(one.user_id) ~= "string" or one.user_id == "" then
      return nil, "integration_user_ids needs strings integration_id and user_id."
    end
    local n = math.tointeger(tonumber(id))
    if not app.store.integrations[n] then
      return nil, ("Integration with ID %s not found."):format(id)
    end
    accounts[k] = { n, one.user_id }
  end
  return accounts
end

-- Whom a row means: by id or by e-mail address. 0: somebody new.
local function match(app, row)
  local by_id = type(row.id) == "string" and app.store:find_id(row.id)
  local by_email = type(row.email) == "string" and app.store:find_email(row.email:lower())
  if by_id and by_email and by_id ~= by_email then
    return nil, 400, ("Email %s is not that of the contributor with ID %s.")
      :format(row.email, row.id)
  end
  if by_id or by_email then return by_id or by_email end
  if row.id ~= nil and row.id ~= json.null then
    return nil, 404, ("Contributor with ID %s not found."):format(tostring(row.id))
  end
  return 0
end

local function check_row(app, row, strict)
  if not json.is_object(row) then return nil, 400, "Every contributor must be an object." end
  local i, status, err = match(app, row)
  if not i then return nil, status, err end
  for _, name in ipairs { "email", "full_name" } do
    local ok, problem = check_text(row, name, i == 0 or (strict and name == "email" and not row.id))
    if not ok then return nil, 400, problem end
  end
  if row.additional_fields ~= nil and not json.is_object(row.additional_fields) then
    return nil, 400, "additional_fields must be an object."
  end
  if row.integration_user_ids == nil and not strict then return { i = i, row = row } end
  local accounts, problem = read_accounts(app, row)
  if not accounts then return nil, 400, problem end
  return { i = i, row = row, accounts = accounts }
end

local function pick(v, kept, strict, empty)
  if v ~= nil and v ~= json.null then return v end
  if strict then return empty end
  return kept
end

-- What is not sent is lost; only the match itself stays (api.md no. 7).
local function apply_row(app, item, strict)
  local store, row = app.store, item.row
  local old = item.i ~= 0 and store:person(item.i)
  local accounts = old and old.accounts or {}
  if item.accounts then
    accounts = {}
    for k, one in ipairs(item.accounts) do accounts[k] = store:account_number(one[1], one[2]) end
  end
  local new = {
    full_name = pick(row.full_name, old and old.full_name, strict, ""),
    email = pick(row.email, old and old.email, false):lower(),
    fields = row.additional_fields and json.encode(row.additional_fields)
      or pick(nil, old and old.fields, strict, "{}") or "{}",
    accounts = accounts, version = store.active, updated_at = store:now(),
  }
  if old then
    new.id, new.uuid, new.created_at = old.id, old.uuid, old.created_at
    new.manager = old.manager -- the developers' table has it, this one does not
    store:save(item.i, new)
  else
    new.uuid = ("00000000-0000-4000-9000-%012x"):format(store.last_id + 1)
    new.created_at = new.updated_at
    store:add(new)
  end
end

--- PUT /v1/org/users: all rows are checked before one is written.
function contributors.put(app, r)
  local list, err = write.array(r)
  if not list then return reply.v1(400, err) end
  local strict, items = app.quirks:get("strict-put", r.path), {}
  for k, row in ipairs(list) do
    local item, status, problem = check_row(app, row, strict)
    if not item then return reply.v1(status, problem) end
    items[k] = item
  end
  app.store:new_version()
  for _, item in ipairs(items) do
    if not write.dropped(app, r, false) then apply_row(app, item, strict) end
  end
  return reply.json(('{"message":"Successfully updated %d contributors."}'):format(#items))
end

return contributors
