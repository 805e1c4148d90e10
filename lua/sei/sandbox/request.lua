--- What a request says: path, query, headers, parts of a form.
local request = {}

local function unescape(s)
  s = s:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
  return s
end

-- The query's parameters: name -> its last value, and `all`: name -> array.
local function parameters(query)
  local one, all = {}, {}
  for pair in query:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name, value = unescape(name), unescape(value)
    one[name] = value
    all[name] = all[name] or {}
    table.insert(all[name], value)
  end
  return one, all
end

--- Splits a request up.
-- @tparam table raw as host.c gives it
-- @treturn table `raw`, `method`, `full_path`, `path` (behind …/sei/api), `query`, `queries`,
-- `headers` (by lower-case name), `body`
function request.new(raw)
  local full_path, query = raw.uri:match "^([^?]*)%??(.*)$"
  local headers, list = {}, raw.headers
  for k = 1, #list, 2 do headers[list[k]:lower()] = list[k + 1] end
  local one, all = parameters(query)
  return {
    raw = raw, id = raw.id, method = raw.method, full_path = full_path,
    path = full_path:match "^.-/sei/api(/.*)$" or full_path,
    query = one, queries = all, headers = headers, body = raw.body,
  }
end

--- Does the Accept header ask for this type rather than JSON?
function request.accepts(r, kind)
  local accept = r.headers.accept or ""
  return accept:find(kind, 1, true) ~= nil
end

--- A non-negative whole number of the query.
-- @treturn[1] int
-- @treturn[2] nil when it is something else
function request.number(r, name, otherwise)
  local text = r.query[name]
  if text == nil or text == "" then return otherwise end
  return text:find "^%d+$" and #text < 16 and math.tointeger(tonumber(text)) or nil
end

--- The content of one part of a multipart form.
-- @treturn[1] string
-- @treturn[2] nil when there is none
-- @treturn[2] string why
function request.form_part(r, wanted)
  local kind = r.headers["content-type"] or ""
  if not kind:lower():find "^multipart/form%-data" then
    return nil, "Content-Type is not multipart/form-data"
  end
  local boundary = kind:match 'boundary="([^"]+)"' or kind:match "boundary=([^;%s]+)"
  if not boundary then return nil, "the form has no boundary" end
  local mark = "\r\n--" .. boundary
  local body, at = "\r\n" .. r.body, 1
  while true do
    local _, stop = body:find(mark, at, true)
    if not stop or body:sub(stop + 1, stop + 2) == "--" then break end
    local head, from = body:match("^[ \t]*\r\n(.-\r\n)\r\n()", stop + 1)
    local to = from and body:find(mark, from - 2, true)
    if not to then return nil, "the form is cut short" end
    local name = head:match '[^%w]name="([^"]*)"' or head:match "[^%w]name=([^;%s]+)"
    if name == wanted then return body:sub(from, to - 1) end
    at = to
  end
  return nil, ("the form has no part %q"):format(wanted)
end

return request
