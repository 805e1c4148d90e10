--- What `sei check` asks of a service. Everything here only reads.
--
-- Numbers are those of section 4 of the API's description, from which the
-- behaviours come that a client must survive.
local core = require "sei.core"

local probe = {}

local STYLES <const> = { "x-api-key", "apikey", "bearer", "raw" }
local ENVELOPES <const> = { "[]", "records", "content", "data.content", "data" }
local LARGE <const> = 1000    -- records of the page that shows whether pages are cut
local FAR <const> = 60        -- seconds between two clocks that are worth a word

-- What can be read, in the order in which it is tried. optional: a service that
-- never had an upload of developers has none.
local READS <const> = {
  { "get_schema" }, { "list_versions" }, { "list_contributors" }, { "list_licensed" },
  { "list_identities" }, { "download_identities" },
  { "get_developer_schema", optional = true }, { "list_developers", optional = true },
}
local UNREACHED <const> = { connect = true, tls = true, timeout = true }

-- An error object as nil, err; anything else is a bug.
local function attempt(f, ...)
  local ok, value, err = pcall(f, ...)
  if ok then return value, err end
  if core.is_error(value) and value.kind ~= "cancelled" then return nil, value end
  error(value, 0)
end

-- The first record and the total, or the value, or nil and why not.
local function read_one(client, name)
  return attempt(function()
    if name:find "^get_" then return client[name](client) end
    if name:find "^download_" or name == "list_licensed" then
      local all <close> = client[name](client)
      return { first = all() }
    end
    local walk <close> = client[name](client, { max_items = 1, page_size = 1 })
    return { first = walk(), total = walk:total() }
  end)
end

-- ---- access ----

local function note(list, level, name, text) list[#list + 1] = { level, name, text } end

local function plural(n, one, many) return ("%d %s"):format(n, n == 1 and one or many) end

local function words_for(name, value)
  if value.total then return plural(value.total, "record", "records") end
  if type(value.fields) == "table" then return plural(#value.fields, "field", "fields") end
  return value.first == nil and not name:find "^get_" and "nothing there" or "can be read"
end

-- The styles with which a key is taken, where the chosen one is not.
local function other_styles(session, name)
  local taken = {}
  for _, style in ipairs(STYLES) do
    local client <close> = session:another { auth = style }
    if read_one(client, name) then taken[#taken + 1] = style end
  end
  return taken
end

local function refused(session, row, err, seen)
  local text = tostring(err)
  if err.status ~= 401 and err.status ~= 403 then return text end
  seen.styles = seen.styles or other_styles(session, row[1])
  if #seen.styles > 0 then
    return ("%s. It is taken with --auth %s"):format(text, table.concat(seen.styles, " or "))
  end
  return text .. ". No style of sending the key is taken"
end

--- Reads a little of everything.
-- @treturn {table,...} {level, name, text}; level is "ok", "no" or "--" (not there)
-- @treturn boolean whether the service was reached at all
function probe.access(session)
  local list, seen = {}, {}
  for _, row in ipairs(READS) do
    local value, err = read_one(session.client, row[1])
    if value then
      note(list, "ok", row[1], words_for(row[1], value))
    elseif UNREACHED[err.kind] or err.kind == "auth" and not err.status then
      note(list, "no", row[1], tostring(err))
      return list, false
    elseif row.optional and (err.status == 412 or err.status == 404) then
      note(list, "--", row[1], ("HTTP %d: no developers were uploaded yet"):format(err.status))
    else
      note(list, "no", row[1], refused(session, row, err, seen))
    end
  end
  return list, true
end

-- ---- clocks ----

local MONTHS <const> = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8,
  Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

-- Days since 1970 of the proleptic Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5
    + day - 1 - 719468
end

--- Seconds since 1970 of a date as servers write it: RFC 9110 section 5.6.7.
-- @treturn ?integer nil: it is none
function probe.http_date(text)
  local day, month, year, hour, minute, second = text:match
    "^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$"
  if not day or not MONTHS[month] then return nil end
  return ((days(math.tointeger(year), MONTHS[month], math.tointeger(day)) * 24
    + math.tointeger(hour)) * 60 + math.tointeger(minute)) * 60 + math.tointeger(second)
end

--- Compares the clocks, by the Date of the answers so far.
-- @tparam ?table date what probe.hooks kept
-- @treturn table {level, name, text}
function probe.clock(date)
  local theirs = date and probe.http_date(date.text)
  if not theirs then return { "--", "clock", "the service does not say what time it is" } end
  local apart = math.abs(theirs - date.time)
  if apart <= FAR then return { "ok", "clock", ("%.0f s apart"):format(apart) } end
  return { "no", "clock", ("%.0f s apart: this machine's clock is %s"):format(apart,
    theirs > date.time and "slow" or "fast") }
end

--- Hooks that keep what only they see.
-- @tparam table options of sei.client; they are changed
-- @treturn table `date` {text=, time=} of the last answer, `page`: records in the largest page
function probe.hooks(options)
  local seen, on_page = {}, options.on_page
  function options.on_response(e)
    if e.headers and e.headers.Date then seen.date = { text = e.headers.Date, time = e.time } end
  end
  function options.on_page(e)
    seen.page = math.max(seen.page or 0, e.count)
    on_page(e)
  end
  return seen
end

-- ---- behaviours ----

local function first_page(client, size)
  local ids = {}
  local walk <close> = client:list_contributors { page_size = size, max_items = size,
    fields = { "id", "email", "integration_user_ids" }, on_drift = "warn" }
  for record in walk do ids[#ids + 1] = record end
  return ids, walk:total()
end

local behaviours = {}

-- The last page of a list that was read to its end.
behaviours[1] = { "has_next is true on the last page, too", function(session)
  local walk <close> = session.client:list_versions { page_size = LARGE }
  for _ in walk do end -- luacheck: ignore 542
  local meta = walk:meta()._metadata or walk:meta()
  if meta.has_next == nil then return nil, "the service does not say has_next" end
  return meta.has_next == true
end }

behaviours[3] = { "every write of contributors makes a version", function(session)
  local walk <close> = session.client:list_versions { page_size = 1, max_items = 1 }
  walk()
  local total = walk:total()
  if not total then return nil, "the service does not count its versions" end
  return total > 1, plural(total, "version", "versions") .. " of at most 999"
end }

behaviours[5] = { "logins that belong to nobody are among the contributors", function(session)
  local function total(filter)
    local walk <close> = session.client:list_contributors { page_size = 1, max_items = 1,
      filter = filter }
    walk()
    return walk:total()
  end
  local all, linked = total(nil), total { include_dangling_logins = false }
  if not all or not linked then return nil, "the service does not count them" end
  return all > linked, ("%d of %d"):format(all - linked, all)
end }

behaviours[6] = { "the list changes while it is read", function(session)
  local before, total = first_page(session.client, 100)
  local after, total_after = first_page(session.client, 100)
  local moved = total ~= total_after
  for i, one in ipairs(before) do
    moved = moved or not after[i] or after[i].id ~= one.id or after[i].email ~= one.email
  end
  return moved, not moved and "not between two readings of the first 100" or nil
end }

behaviours[8] = { "pages are smaller than asked for", function(session)
  session.seen.page = 0
  local _, total = first_page(session.client, LARGE)
  local most = session.seen.page
  if not total or total < LARGE and most == total then
    return nil, ("the directory fits into one page of %d"):format(LARGE)
  end
  return most < LARGE, ("%d records in a page of %d"):format(most, LARGE)
end }

behaviours[12] = { "integrations are missing among the licensed", function(session)
  local known, missing = {}, {}
  local licensed <close> = session.client:list_licensed()
  for person in licensed do
    for _, one in ipairs(person.integration_user_details or {}) do
      known[tostring(one.integration_id)] = true
    end
  end
  for _, person in ipairs((first_page(session.client, LARGE))) do
    for _, one in ipairs(person.integration_user_ids or {}) do
      local id = tostring(one.integration_id)
      if not known[id] then missing[id] = true end
    end
  end
  local list = {}
  for id in pairs(missing) do list[#list + 1] = id end
  table.sort(list)
  return #list > 0, #list > 0 and "integration " .. table.concat(list, ", ") or nil
end, deep = true }

local UNTRIED <const> = { [2] = "only a write shows it", [4] = "only a write shows it",
  [7] = "only a write shows it", [9] = "only many requests show it",
  [10] = "shown by the failures above, if there are any",
  [11] = "shown by the failures above, if there are any" }
local NAMES <const> = { [2] = "rows are dropped without a word", [4] = "one writer at a time",
  [7] = "an update replaces the whole record", [9] = "requests are limited",
  [10] = "pages of HTML instead of JSON", [11] = "connections that break" }
local LAST <const> = 12

local function one_behaviour(session, row, deep)
  if row.deep and not deep then return "?", "whole lists must be read: --deep" end
  local shown, why = attempt(row[2], session)
  if shown == nil then return "?", tostring(why or "") end
  return shown and "yes" or "no", why or ""
end

--- Which behaviours the service shows.
-- @tparam table session
-- @tparam boolean deep whether whole lists may be read for it
-- @treturn {table,...} {number, "yes", "no" or "?", name, text}
function probe.behaviours(session, deep)
  local list = {}
  for number = 1, LAST do
    local row = behaviours[number]
    if row then
      local answer, text = one_behaviour(session, row, deep)
      list[#list + 1] = { number, answer, row[1], text }
    else
      list[#list + 1] = { number, "?", NAMES[number], UNTRIED[number] }
    end
  end
  return list
end

-- ---- open points of the identities ----

--- How the list of identities comes.
-- @treturn {table,...} {name, what was found}
function probe.open_points(session)
  local list = {}
  for _, envelope in ipairs(ENVELOPES) do
    local client <close> = session:another { identities = { envelope = envelope } }
    if read_one(client, "list_identities") then
      list[1] = { "identities.envelope", envelope }
      break
    end
  end
  local two = attempt(function()
    local walk <close> = session.client:list_identities { page_size = 1, max_items = 2 }
    local seen = {}
    for record in walk do seen[#seen + 1] = record end
    return seen
  end)
  list[#list + 1] = { "identities.paged", two and #two == 2 and "yes" or two and "not shown by "
    .. plural(#two, "record", "records") or "no: the second page is not another one" }
  return list
end

return probe
