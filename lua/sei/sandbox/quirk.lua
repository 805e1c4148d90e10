--- The switches: one row for each behaviour of api.md section 4, and those that
-- are set. A quirk can be set for all paths or for those that begin with one.
local fault = require "sei.sandbox.fault"
local nearest = require "sei.sandbox.nearest"

local quirk = {}

-- ---- values ----

local function flag(text)
  if text == nil or text == "" or text == "on" or text == "true" then return true end
  return nil, "takes no value but on or off"
end

local function whole(text, low, high)
  local n = text:find "^%d+$" and #text < 16 and math.tointeger(tonumber(text))
  return n and n >= low and n <= (high or math.maxinteger) and n or nil
end

local function count(text)
  local n = whole(text or "", 0)
  if n then return n end
  return nil, "takes a whole number"
end

local function one_of(...)
  local allowed = { ... }
  return function(text)
    for _, v in ipairs(allowed) do if v == text then return v end end
    return nil, "takes " .. table.concat(allowed, ", ") .. (text and nearest(text, allowed) or "")
  end
end

local function drop_rows(text)
  local pct, all = (text or ""):match "^(%d+)(:?a?l?l?)$"
  pct = pct and whole(pct, 0, 100)
  if not pct or (all ~= "" and all ~= ":all") then return nil, "takes 0 to 100, or N:all" end
  return { pct = pct, all = all ~= "", sum = 0 }
end

local function write_lock(text)
  if flag(text) then return { seconds = 0, held = 0 } end
  local held = text:match "^held:(%d+)$"
  if held then return { seconds = 0, held = tonumber(held) } end
  if text:find "^%d+%.?%d*$" then return { seconds = tonumber(text), held = 0 } end
  return nil, "takes nothing, SECONDS or held:N"
end

local function drift(text)
  local rows, times = (text or ""):match "^(%d+):?(%d*)$"
  if not rows or not whole(rows, 1) then return nil, "takes N or N:TIMES" end
  return { rows = tonumber(rows), left = tonumber(times) or math.huge, pages = 0 }
end

local function page_size(text)
  local n, cap = (text or ""):match "^(%d+)(:?%a*)$"
  n = n and whole(n, 1)
  if not n or (cap ~= "" and cap ~= ":cap") then return nil, "takes N or N:cap" end
  return { size = n, cap = cap ~= "" }
end

local function limits(text)
  if flag(text) then return { scheme = 1000, key = 400, seconds = 60, seen = {} } end
  local n, seconds = text:match "^(%d+)/(%d+%.?%d*)$"
  if not n then return nil, "takes nothing, or N/SECONDS" end
  return { scheme = tonumber(n), key = tonumber(n), seconds = tonumber(seconds), seen = {} }
end

local FORMS = { "seconds", "imf", "rfc850", "asctime" }

local function retry_after(text)
  local form, seconds = (text or ""):match "^(%a[%w]*):?(%d*)$"
  local ok = one_of(table.unpack(FORMS))(form)
  if not ok then return nil, "takes FORM[:SECONDS] with a FORM of " .. table.concat(FORMS, ", ") end
  return { form = form, seconds = tonumber(seconds) or 1 }
end

local STYLES = { "x-api-key", "apikey", "bearer", "raw" }

local function styles(text)
  local set = {}
  for style in (text or ""):gmatch "[^,]+" do
    if not one_of(table.unpack(STYLES))(style) then set = {} break end
    set[style] = true
  end
  if next(set) then return set end
  return nil, "takes one or several of " .. table.concat(STYLES, ",")
end

local function some_text(text)
  if text and text ~= "" then return text end
  return nil, "takes a value"
end

-- ---- the table ----

--- Every quirk: name, what it takes, number in api.md section 4, help, reader.
-- `default` is its value while it is not set; `many`: each setting adds one.
quirk.rows = {
  { "has-next-lies", "", 1, "has_next is always true, next_page always page+1", flag },
  { "drop-rows", "=PCT[:all]", 2, "PUT says 200 and drops PCT % of its rows; all: every write",
    drop_rows },
  { "versions", "=off", 3, "old versions cannot be activated again", flag, default = true },
  { "write-lock", "[=SECONDS|held:N]", 4,
    "500 for a write during a write (of SECONDS), or the next N", write_lock },
  { "dangling", "=N", 5, "N logins that belong to nobody", count, default = 0 },
  { "drift", "=N[:TIMES]", 6, "the first N rows go and come between page requests", drift },
  { "strict-put", "=off", 7, "PUT keeps what is not sent; while on, it is lost", flag,
    default = true },
  { "max-page-size", "=N[:cap]", 8, "larger pages get 400; cap: are made smaller", page_size },
  { "limits", "[=N/SECONDS]", 9, "429 beyond the documented limits; or N requests in SECONDS",
    limits },
  { "retry-after", "=FORM[:SECONDS]", 9, "429, 503 with it: seconds, imf, rfc850 or asctime",
    retry_after },
  { "html-login", "=200|403|redirect", 10, "a login page instead of JSON",
    one_of("200", "403", "redirect") },
  { "plain-ok", "", 10, "a success says just ok", flag },
  { "empty-ok", "", 10, "a success has an empty body", flag },
  { "fault", "=KIND[@N][:COUNT]", 11, "at the N-th request from now, COUNT times or always",
    fault.parse, many = true },
  { "hide-type", "=T", 12, "the licensed list leaves integrations of type T out", some_text,
    many = true },
  { "identities-envelope", "=SHAPE", 0,
    "records, array, content, data-content, data or unknown",
    one_of("records", "array", "content", "data-content", "data", "unknown"),
    default = "records" },
  { "auth", "=STYLE[,STYLE]", 0, "only these of x-api-key, apikey, bearer, raw", styles },
}

local by_name, known = {}, {}
for k, row in ipairs(quirk.rows) do by_name[row[1]], known[k] = row, row[1] end

-- ---- those that are set ----

local Quirks = {}
Quirks.__index = Quirks

--- None is set.
function quirk.new()
  return setmetatable({ set_ones = {} }, Quirks)
end

-- A path as the handlers know it: without what is before the version.
local function relative(path)
  if not path or path == "" then return nil end
  return path:match "^.-/sei/api(/.*)$" or path
end

local function drop(self, name, path)
  local rest = {}
  for _, one in ipairs(self.set_ones) do
    if one.name ~= name or (path and one.path ~= path) then rest[#rest + 1] = one end
  end
  self.set_ones = rest
end

--- Sets a quirk. The same one for the same path is replaced, unless it is of
-- those that add up (fault, hide-type). "off" takes it away.
-- @tparam string name
-- @tparam[opt] string value
-- @tparam[opt] string path only for paths that begin so
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string what is wrong, for the user
function Quirks:set(name, value, path)
  local row = by_name[name]
  if not row then return nil, ("unknown quirk %q%s"):format(name, nearest(name, known)) end
  path = relative(path)
  local parsed = false
  if value ~= "off" then
    local v, err = row[5](value)
    if v == nil then return nil, ("quirk %s: %s"):format(name, err) end
    parsed = v
  end
  if not row.many or parsed == false then drop(self, name, path) end
  if parsed ~= false or row.default then
    table.insert(self.set_ones, { name = name, text = value or "on", path = path, value = parsed })
  end
  return true
end

--- Clears one quirk, for one path or all; without a name every one.
function Quirks:clear(name, path)
  if name then drop(self, name, relative(path)) else self.set_ones = {} end
end

local function applies(one, name, path)
  return one.name == name and (not one.path or (path and path:sub(1, #one.path) == one.path))
end

--- The value that holds for a path: the one set last. Else the default, or nil.
function Quirks:get(name, path)
  for k = #self.set_ones, 1, -1 do
    local one = self.set_ones[k]
    if applies(one, name, path) then return one.value end
  end
  return by_name[name].default
end

--- All values that hold for a path.
function Quirks:all(name, path)
  local values = {}
  for _, one in ipairs(self.set_ones) do
    if applies(one, name, path) then values[#values + 1] = one.value end
  end
  return values
end

--- The fault that hits this request, if any; counts the request.
function Quirks:take_fault(path)
  local hit
  for _, f in ipairs(self:all("fault", path)) do
    if f.skip > 0 then
      f.skip = f.skip - 1
    elseif f.left > 0 and not hit then
      f.left, hit = f.left - 1, f
    end
  end
  return hit
end

--- Those that are set, as `{ name, value, path }`.
function Quirks:list()
  local list = {}
  for k, one in ipairs(self.set_ones) do
    list[k] = { name = one.name, value = one.text, path = one.path }
  end
  return list
end

return quirk
