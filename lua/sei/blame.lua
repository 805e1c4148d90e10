--- Which rows of a refused request the service's words name.
--
-- A rejected row may be named in the text alone (api.md section 5): by its
-- number in the request, by an address, an id or an integration.
-- @module sei.blame

local blame = {}

-- ---- what the text holds ----

-- The service's own words, without ours in front of them.
local function words(err)
  return (err.message or ""):match "^the service refused the request: (.*)$" or err.message or ""
end

--- Why, for the report: a number in the request means nothing there.
-- @treturn string
function blame.reason(err)
  local text = words(err)
  return text:match "^[RrLl][oi][wn]e? %d+: (.+)$" or text
end

-- Whatever looks like an address, also of the developers that an error lists as samples.
local function addresses(text, err)
  local set = {}
  for word in text:gmatch "[^%s,;:'\"<>()%[%]{}]+@[^%s,;:'\"<>()%[%]{}]+" do
    set[word:gsub("%.+$", ""):lower()] = true
  end
  for _, one in ipairs(type(err.rows) == "table" and err.rows or {}) do
    for _, sample in ipairs(type(one) == "table" and one.sampleErrorDevelopers or {}) do
      for _, value in pairs(type(sample) == "table" and sample or {}) do
        if type(value) == "string" and value:find "@" then set[value:lower()] = true end
      end
    end
  end
  return set
end

local function has_integration(value, id)
  if tostring(value.integrationId) == id then return true end
  for _, one in ipairs(type(value.integration_user_ids) == "table"
      and value.integration_user_ids or {}) do
    if type(one) == "table" and tostring(one.integration_id) == id then return true end
  end
  return false
end

-- The field by which the text names the row, or nil.
local function field_named(value, facts)
  if type(value) == "string" then return facts.emails[value:lower()] and "email" or nil end
  if facts.id and value.id == facts.id then return "id" end
  for name, v in pairs(value) do
    if type(v) == "string" and facts.emails[v:lower()] and name:lower():find "e?mail"
      and not name:lower():find "manager" then
      return name
    end
  end
  if facts.integration and has_integration(value, facts.integration) then
    return value.integrationId and "integrationId" or "integration_user_ids"
  end
  return nil
end

-- The number of a row in the request, from 1; a CSV's first line is its header.
local function position(text, is_csv)
  local row = tonumber(text:match "%f[%a][Rr]ow (%d+)")
  local line = is_csv and tonumber(text:match "%f[%a][Ll]ine (%d+)")
  return math.tointeger(row or line and line - 1)
end

-- Words with which a service says that the value itself is the fault.
local function is_final(text)
  return text:find "not found" ~= nil or text:find "does not exist" ~= nil
    or text:find "[Uu]nknown" ~= nil
end

--- The rows that a refusal names.
-- @tparam {table,...} items what was sent, each with its `value`
-- @tparam table err the refusal
-- @tparam boolean is_csv they were sent as CSV
-- @tparam boolean trusts_numbers a row's number counts
-- @treturn table index in items → field, "" if only the number names it
-- @treturn boolean whether they need not be sent again to be sure
function blame.named(items, err, is_csv, trusts_numbers)
  local text = words(err)
  local facts = { emails = addresses(text, err), id = text:match "[Cc]ontributor with ID ([%w-]+)",
    integration = text:match "[Ii]ntegration (%d+)" or text:match "[Ii]ntegration with ID (%d+)" }
  local named, some = {}, false
  for i, item in ipairs(items) do
    named[i] = field_named(item.value, facts)
    some = some or named[i] ~= nil
  end
  local number = trusts_numbers and position(text, is_csv)
  if number and items[number] and not named[number] then return { [number] = "" }, false end
  return named, some and is_final(text)
end

--- The field that the words speak of, if it is one of the row's.
function blame.field(value, err)
  local text, best = blame.reason(err), nil
  for name in pairs(type(value) == "table" and value or {}) do
    if type(name) == "string" and text:find("%f[%w_]" .. name:gsub("%p", "%%%0") .. "%f[^%w_]")
      and (not best or name < best) then
      best = name
    end
  end
  return best
end

return blame
