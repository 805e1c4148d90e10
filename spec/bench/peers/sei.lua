-- sei - ours.
--   lua5.4 sei.lua JOB URL [PAGE_SIZE WINDOW]      JOB: list, list3, first
local sei = require "sei"
local visit = dofile((arg[0]:gsub("[^/]+$", "visit.lua")))

local job, url = arg[1], arg[2]
local page_size, window = tonumber(arg[3]), tonumber(arg[4])
local client <close> = sei.client { base_url = url, api_key = "bench-key", pace = false }

local function list(look, fields)
  local n, sum = 0, 0
  for r in client:list_contributors { page_size = page_size, window = window, fields = fields } do
    n, sum = n + 1, sum + look(r)
  end
  visit.tell(n, sum)
end

local jobs = {}

function jobs.list() list(visit.all) end

function jobs.list3() list(visit.three, { "id", "full_name", "email" }) end

-- Start, one page, exit.
function jobs.first()
  local n, sum = 0, 0
  for r in client:list_contributors { page_size = page_size, max_items = page_size,
    window = window } do
    n, sum = n + 1, sum + visit.all(r)
  end
  visit.tell(n, sum)
end

jobs[job]()
