--- People and accounts that SEI knows already: see `sei.source.directory`.
-- What the service calls them is in its API's records of contributors,
-- identities and licensed contributors.
-- @module sei.source.directory

local attempt = require "sei.attempt"
local base = require "sei.source.base"
local core = require "sei.core"
local opt = require "sei.options"
local record = require "sei.source.record"

local null = core.json.null
local directory = {}

local KINDS <const> = base.join(base.options,
  { what = '"people"|"accounts"|"identities"|"licensed"', list = "table" })

local function some(value)
  if value == null or value == "" then return nil end
  return value
end

local function text(value)
  value = some(value)
  return value and tostring(value)
end

local function items(value)
  return type(value) == "table" and value ~= null and value or {}
end

-- An unlinked login is a contributor with the id "0" and no address.
local function is_dangling(c) return text(c.id) == "0" end

-- Of one record of the service: nothing and why, or records of ours.
local READ <const> = {}

-- Contributors as people. Their identities are logins that are theirs.
function READ.people(c)
  if is_dangling(c) then return {}, "unlinked login" end
  local logins = {}
  for _, one in ipairs(items(c.integration_user_ids)) do logins[#logins + 1] = text(one.user_id) end
  c.logins = logins
  return { c }
end

-- All identities, those of people and those of nobody. `mapped_to` says whose
-- one is; the person's address and name are not the account's.
function READ.accounts(c)
  local all, dangling = {}, is_dangling(c)
  for _, one in ipairs(items(c.integration_user_ids)) do
    all[#all + 1] = { integration_id = one.integration_id, login = one.user_id,
      name = dangling and c.full_name or nil, mapped_to = text(c.email),
      contributor = c.id }
  end
  return all, "contributor without identities"
end

function READ.identities(row)
  return { { integration_id = row.integrationId, login = row.identity,
    mapped_to = text(row.email) } }
end

function READ.licensed(c)
  local all = {}
  for _, one in ipairs(items(c.integration_user_details)) do
    all[#all + 1] = { integration_id = one.integration_id, login = one.cloud_id,
      integration_type = one.integration_type, mapped_to = text(c.email) }
  end
  return all, "contributor without identities"
end

local METHODS <const> = { people = "list_contributors", accounts = "list_contributors",
  identities = "list_identities", licensed = "list_licensed" }
local COLUMNS <const> = {
  people = { email = "email", name = "full_name", logins = "logins" },
  accounts = { integration_id = "integration_id", login = "login", name = "name" },
}

-- A variable that is closed, for what a `for` loop would close.
local function finish(closing)
  local _ <close> = closing
end

local function open(input, source)
  local o = source.options
  local step, _, _, closing = input.client[input.name](input.client, o.list or {})
  local read, wanted = READ[o.what], text(o.integration_id)
  local queue, at, number = {}, 0, 0
  local function next_row()
    while true do
      at = at + 1
      local one = queue[at]
      if one then
        if not wanted or o.what == "people" or text(one.integration_id) == wanted then
          return one, number
        end
      else
        local c = step()
        if c == nil then return nil end
        local why
        queue, why = read(c)
        number, at = number + 1, 0
        if #queue == 0 then return false, why end
      end
    end
  end
  return { next = next_row, close = function() finish(closing) end,
    mapping = record.by_members(o.columns or COLUMNS[o.what == "people" and "people"
      or "accounts"], true) }
end

--- Makes the source; see `sei.source.directory`.
-- @tparam client client
-- @tparam ?table options
-- @treturn source
function directory.new(client, options)
  return attempt.check(2, function()
    local what = "sei.source.directory"
    local o = opt.check(what, options, KINDS, { what = "people" })
    record.check_columns(o.columns, what)
    local method = METHODS[o.what]
    local ok, found = pcall(function() return client[method] end)
    if not ok or type(found) ~= "function" then
      error(("bad argument #1 to '%s' (client expected, got %s)"):format(what, type(client)), 0)
    end
    return base.new("directory", o, { { name = method, client = client } }, open)
  end)
end

return directory
