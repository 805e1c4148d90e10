--- Identities and cloud ids: which account is whose.
local csv = require "sei.sandbox.csv"
local json = require "sei.sandbox.json"
local query = require "sei.sandbox.query"
local record = require "sei.sandbox.record"
local reply = require "sei.sandbox.reply"
local request = require "sei.sandbox.request"
local write = require "sei.sandbox.write"

local identities = {}

local ROWS_A_PIECE <const> = 1000

-- ---- reading ----

local function csv_line(store, j)
  local email, integration, login = store:identity(j)
  return csv.line { email, tostring(integration), login }
end

local function download(app)
  local store, text = app.store, "email,integrationId,identity\r\n"
  local population, next_account = store.population, store.linked:from(1)
  return reply.content("text/csv", function()
    if not next_account then return nil end
    local out, owners, people = { text }, store.owners, store.people
    text = ""
    for k = 2, ROWS_A_PIECE + 1 do
      local _, j = next_account()
      if not j then next_account = nil break end
      out[k] = population.identity_line and j <= population.accounts and owners[j] == nil
        and population:identity_line(j, people) or csv_line(store, j)
    end
    return table.concat(out)
  end)
end

local TABLE = {
  default = "email",
  keys = { "email", "integrationId", "identity" },
  sequence = function(app) return app.store.linked end,
  get = function(app, j)
    local email, integration, login = app.store:identity(j)
    return { email = email, integrationId = tostring(integration), identity = login }
  end,
  render = function(app, j)
    local email, integration, login = app.store:identity(j)
    return record.identity(email, integration, login)
  end,
}

--- GET /v2/developers/identities
function identities.list(app, r)
  if request.accepts(r, "text/csv") then return download(app) end
  local page, err = query.page(app, r, TABLE)
  if not page then return reply.v2(400, err) end
  return reply.json(query.envelope(app, r, page))
end

-- ---- writing ----

-- Gives the account to whom the address belongs; or nil and the error.
local function check(app, email, integration, login)
  if type(email) ~= "string" or email == "" then return nil, "email is required" end
  if type(login) ~= "string" or login == "" then return nil, "identity is required" end
  if not app.store.integrations[integration] then
    return nil, ("Integration %s not found"):format(json.encode(integration))
  end
  local i = app.store:find_email(email:lower())
  if not i then return nil, ("Developer with email %s not found"):format(email) end
  return { i, integration, login }
end

-- All rows are checked before one is written.
local function apply(app, r, rows, message)
  if #rows == 0 then return reply.v2(400, "There are no rows.") end
  local items = {}
  for k, row in ipairs(rows) do
    local item, err = check(app, row[1], row[2], row[3])
    if not item then return reply.v2(400, ("Row %d: %s."):format(k, err)) end
    items[k] = item
  end
  local store = app.store
  for _, item in ipairs(items) do
    if not write.dropped(app, r, true) then
      store:link(store:account_number(item[2], item[3]), item[1])
    end
  end
  return reply.success(message)
end

local DONE <const> = "Developer identities updated successfully."
local DONE_CSV <const> = "CSV processed and developer identities updated successfully."

local function where_columns_are(fields, columns, line)
  local where = { width = #fields }
  for k, name in ipairs(fields) do where[name] = k end
  for _, name in ipairs(columns) do
    if not where[name] then
      error({ csv = ("the column %s is missing"):format(name), line = line }, 0)
    end
  end
  return where
end

local function read_rows(text, columns)
  local rows, where = {}, nil
  for line, fields in csv.rows(text) do
    if not where then
      where = where_columns_are(fields, columns, line)
    elseif #fields ~= where.width then
      error({ csv = ("%d fields instead of %d"):format(#fields, where.width), line = line }, 0)
    else
      local row = {}
      for k, name in ipairs(columns) do row[k] = fields[where[name]] end
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- The rows of an uploaded CSV by the columns wanted; or nil and the error.
local function uploaded(r, columns)
  local text, err = request.form_part(r, "file")
  if not text then return nil, err end
  if not utf8.len(text) then return nil, "The file is not UTF-8." end
  local ok, rows = pcall(read_rows, text, columns)
  if ok then return rows end
  if type(rows) ~= "table" or not rows.csv then error(rows, 0) end
  return nil, ("Line %d: %s."):format(rows.line, rows.csv)
end

local function upload(app, r)
  local rows, err = uploaded(r, { "email", "integrationId", "identity" })
  if not rows then return reply.v2(400, err) end
  for _, row in ipairs(rows) do row[2] = math.tointeger(tonumber(row[2])) or row[2] end
  return apply(app, r, rows, DONE_CSV)
end

--- PATCH /v2/developers/identities, as JSON or as a form with a CSV.
function identities.patch(app, r)
  if (r.headers["content-type"] or ""):lower():find("multipart/form-data", 1, true) then
    return upload(app, r)
  end
  local list, err = write.array(r)
  if not list then return reply.v2(400, err) end
  local rows = {}
  for k, one in ipairs(list) do
    if not json.is_object(one) then return reply.v2(400, ("Row %d is no object."):format(k)) end
    if math.type(one.integrationId) ~= "integer" then
      return reply.v2(400, ("Row %d: integrationId must be a whole number."):format(k))
    end
    rows[k] = { one.email, one.integrationId, one.identity }
  end
  return apply(app, r, rows, DONE)
end

-- ---- the previous API ----

-- From { email, applicationType, cloudId } to { email, integration, login }.
local function apply_cloud_ids(app, r, list, message)
  local rows = {}
  for k, one in ipairs(list) do
    for n, name in ipairs { "email", "applicationType", "cloudId" } do
      if type(one[n]) ~= "string" or one[n] == "" then
        return reply.v2(400, ("Row %d: %s is required."):format(k, name))
      end
    end
    local integration = app.store.integration_of[one[2]]
    if not integration then
      return reply.v2(400, ("Row %d: applicationType %s is unknown."):format(k, one[2]))
    end
    rows[k] = { one[1], integration, one[3] }
  end
  return apply(app, r, rows, message)
end

--- POST /v2/developers/cloud-ids
function identities.add_cloud_ids(app, r)
  local body, err = write.object(r)
  if not body then return reply.v2(400, err) end
  if not json.is_array(body.integrationUsers) then
    return reply.v2(400, "integrationUsers must be an array.")
  end
  local list = {}
  for k, one in ipairs(body.integrationUsers) do
    if not json.is_object(one) then return reply.v2(400, ("Row %d is no object."):format(k)) end
    list[k] = { one.email or false, one.applicationType or false, one.cloudId }
  end
  return apply_cloud_ids(app, r, list, DONE)
end

--- POST /v2/developers/cloud-ids/upload
function identities.upload_cloud_ids(app, r)
  local rows, err = uploaded(r, { "email", "applicationType", "cloudId" })
  if not rows then return reply.v2(400, err) end
  return apply_cloud_ids(app, r, rows, DONE_CSV)
end

return identities
