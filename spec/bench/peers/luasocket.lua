-- luasocket - Lua with luasocket and lua-cjson, page by page.
--   lua5.4 luasocket.lua JOB URL PAGE_SIZE        JOB: list, list3
local cjson = require "cjson"
local http = require "socket.http"
local ltn12 = require "ltn12"
local visit = dofile((arg[0]:gsub("[^/]+$", "visit.lua")))

local look = arg[1] == "list3" and visit.three or visit.all
local url, page_size = arg[2] .. "/v1/org/users/list", tonumber(arg[3])

local function get(page)
  local body, chunks = cjson.encode { page = page, page_size = page_size, filter = {} }, {}
  local ok, status = http.request { url = url, method = "POST",
    headers = { ["x-api-key"] = "bench-key", ["content-type"] = "application/json",
      ["content-length"] = #body },
    source = ltn12.source.string(body), sink = ltn12.sink.table(chunks) }
  assert(ok and status == 200, status)
  return cjson.decode(table.concat(chunks))
end

local page, n, sum = 0, 0, 0
repeat
  local reply = get(page)
  for _, r in ipairs(reply.records) do n, sum = n + 1, sum + look(r) end
  page = page + 1
until #reply.records == 0 or page * page_size >= reply._metadata.total_count
visit.tell(n, sum)
