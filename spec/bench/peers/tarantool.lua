-- tarantool - Tarantool's own http client and json, several pages at once.
--   tarantool tarantool.lua JOB URL PAGE_SIZE WINDOW   JOB: list, list3
local fiber = require "fiber"
local json = require "json"
local visit = dofile((arg[0]:gsub("[^/]+$", "visit.lua")))

local look = arg[1] == "list3" and visit.three or visit.all
local url, page_size, window = arg[2] .. "/v1/org/users/list", tonumber(arg[3]), tonumber(arg[4])
local client = require "http.client".new { max_connections = window }
local next_page, last_page, n, sum = 1, 0, 0, 0
local options = { headers = { ["x-api-key"] = "bench-key",
  ["Content-Type"] = "application/json" }, keepalive_idle = 30, keepalive_interval = 30 }

local function get(page)
  local reply = client:post(url,
    json.encode { page = page, page_size = page_size, filter = json.decode "{}" }, options)
  assert(reply.status == 200, reply.reason)
  return json.decode(reply.body)
end

local function take(reply)
  for _, r in ipairs(reply.records) do n, sum = n + 1, sum + look(r) end
  last_page = math.ceil(reply._metadata.total_count / page_size) - 1
end

take(get(0))
local workers = {}
for i = 1, window do
  workers[i] = fiber.new(function()
    while next_page <= last_page do
      local page = next_page
      next_page = page + 1
      take(get(page))
    end
  end)
  workers[i]:set_joinable(true)
end
for i = 1, window do assert(workers[i]:join()) end
visit.tell(n, sum)
os.exit(0)
