-- luahttp - Lua with lua-http and lua-cjson, several pages at once. Debian has
-- lua-http for Lua 5.1 alone.
--   lua5.1 luahttp.lua JOB URL PAGE_SIZE WINDOW   JOB: list, list3
--
-- Each worker keeps a connection of its own; lua-http's request objects would
-- open a new one for each page.
local cjson = require "cjson"
local cqueues = require "cqueues"
local client = require "http.client"
local headers = require "http.headers"
local visit = dofile((arg[0]:gsub("[^/]+$", "visit.lua")))

local look = arg[1] == "list3" and visit.three or visit.all
local host, port, path = arg[2]:match "^http://([^:/]+):(%d+)(.*)$"
local page_size, window = tonumber(arg[3]), tonumber(arg[4])
local next_page, last_page, n, sum = 1, 0, 0, 0

local function get(connection, page)
  local body = cjson.encode { page = page, page_size = page_size, filter = {} }
  local h = headers.new()
  h:append(":method", "POST")
  h:append(":authority", host .. ":" .. port)
  h:append(":scheme", "http")
  h:append(":path", path .. "/v1/org/users/list")
  h:append("x-api-key", "bench-key")
  h:append("content-type", "application/json")
  h:append("content-length", tostring(#body))
  local stream = assert(connection:new_stream())
  assert(stream:write_headers(h, false))
  assert(stream:write_body_from_string(body))
  assert(assert(stream:get_headers()):get ":status" == "200")
  local text = assert(stream:get_body_as_string())
  stream:shutdown()
  return cjson.decode(text)
end

local function take(reply)
  for _, r in ipairs(reply.records) do n, sum = n + 1, sum + look(r) end
  last_page = math.ceil(reply._metadata.total_count / page_size) - 1
end

local function connect()
  return assert(client.connect { host = host, port = tonumber(port), tls = false, version = 1.1 })
end

local queue = cqueues.new()
queue:wrap(function()
  local first = connect()
  take(get(first, 0))
  for i = 1, window do
    queue:wrap(function()
      local connection = i == 1 and first or connect()
      while next_page <= last_page do
        local page = next_page
        next_page = page + 1
        take(get(connection, page))
      end
    end)
  end
end)
assert(queue:loop())
visit.tell(n, sum)
