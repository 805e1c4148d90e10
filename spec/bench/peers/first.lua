-- first - ours, a script for one page and no more, as its C rival is one.
--   lua5.4 first.lua first URL PAGE_SIZE WINDOW
local sei = require "sei"
local visit = dofile((arg[0]:gsub("[^/]+$", "visit.lua")))

local client <close> = sei.client { base_url = arg[2], api_key = "bench-key", pace = false }
local size, window, n, sum = tonumber(arg[3]), tonumber(arg[4]), 0, 0
for r in client:list_contributors { page_size = size, max_items = size, window = window } do
  n, sum = n + 1, sum + visit.all(r)
end
visit.tell(n, sum)
