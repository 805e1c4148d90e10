--- How records look as JSON (api.md section 3, "Records").
local json = require "sei.sandbox.json"

local record = {}

-- The accounts as the contributor's `integration_user_ids`.
local function user_ids(view, accounts)
  local out = {}
  for k, j in ipairs(accounts) do
    local integration, login = view:account(j)
    out[k] = '{"integration_id":"' .. integration .. '","user_id":' .. json.quote(login) .. "}"
  end
  return table.concat(out, ",")
end

--- A contributor.
-- @tparam table view the store, or a snapshot of it
-- @tparam table r a record
function record.contributor(view, r)
  return '{"id":' .. json.quote(r.id) .. ',"org_uuid":"' .. r.uuid .. '","full_name":'
    .. json.quote(r.full_name) .. ',"email":' .. json.quote(r.email) .. ',"integration_user_ids":['
    .. user_ids(view, r.accounts) .. '],"additional_fields":' .. r.fields .. ',"version":"'
    .. r.version .. '","created_at":' .. r.created_at .. ',"updated_at":' .. r.updated_at .. "}"
end

--- An unlinked login as a contributor: id, email and version say nothing.
function record.dangling(store, j)
  local integration, login = store:account(j)
  local name = store.population:account_name(j) or login
  return '{"id":"0","org_uuid":"","full_name":' .. json.quote(name)
    .. ',"email":"","integration_user_ids":[{"integration_id":"' .. integration .. '","user_id":'
    .. json.quote(login) .. '}],"additional_fields":{},"version":"0","created_at":0,"updated_at":0}'
end

--- A licensed contributor, and how many of its accounts are shown.
-- @tparam table hidden set of integration types to leave out (api.md no. 12)
function record.licensed(store, r, hidden)
  local out = {}
  for _, j in ipairs(r.accounts) do
    local integration, login = store:account(j)
    local kind = store.integrations[integration].type
    if not hidden[kind] then
      out[#out + 1] = '{"integration_id":' .. integration .. ',"integration_type":"' .. kind
        .. '","integration_user_id":"' .. j .. '","cloud_id":' .. json.quote(login) .. "}"
    end
  end
  return '{"org_user_id":"' .. r.uuid .. '","org_user_ref_id":' .. json.quote(r.id)
    .. ',"full_name":' .. json.quote(r.full_name) .. ',"email":' .. json.quote(r.email)
    .. ',"integration_user_details":[' .. table.concat(out, ",") .. "]}", #out
end

--- An identity.
function record.identity(email, integration, login)
  return '{"email":' .. json.quote(email) .. ',"integrationId":' .. integration
    .. ',"identity":' .. json.quote(login) .. "}"
end

--- The record without what says only when it was written, its accounts sorted:
-- two that mean the same are the same bytes.
function record.canonical(view, r)
  local ids = {}
  for k, j in ipairs(r.accounts) do
    local integration, login = view:account(j)
    ids[k] = ('{"integration_id":"%d","user_id":%s}'):format(integration, json.quote(login))
  end
  table.sort(ids)
  return '{"additional_fields":' .. r.fields .. ',"email":'
    .. json.quote(r.email) .. ',"full_name":' .. json.quote(r.full_name) .. ',"id":'
    .. json.quote(r.id) .. ',"integration_user_ids":[' .. table.concat(ids, ",") .. "]}"
end

return record
