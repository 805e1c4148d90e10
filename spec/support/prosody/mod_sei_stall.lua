-- mod_sei_stall - for spec/hosts/prosody_spec.lua: lists contributors at 1,000 a
-- page, and says how long Prosody's loop was kept busy meanwhile.
--
-- GET /stall/list answers with a line: records, ticks of a timer of 1 ms, and the
-- milliseconds of processor time between two ticks at the 50th and the 99th
-- percentile and at worst.

module:depends "http"

local sei = require "sei"
local timer = require "util.timer"

local client = sei.client {
  base_url = module:get_option_string "sei_base_url",
  api_key = "k-stall-1234",
  pace = false,
  retries = 0,
  wait = sei.wait.prosody,
}

local function list()
  local busy, before, n, over = {}, nil, 0, false
  timer.add_task(0.001, function()
    local now = os.clock()
    if before then busy[#busy + 1] = now - before end
    before = now
    return not over and 0.001 or nil
  end)
  for _ in client:list_contributors { page_size = 1000 } do n = n + 1 end
  over = true
  if before then busy[#busy + 1] = os.clock() - before end
  table.sort(busy)
  local function at(share) return (busy[math.max(1, math.ceil(#busy * share))] or 0) * 1000 end
  return ("%d %d %.1f %.1f %.1f\n"):format(n, #busy, at(0.5), at(0.99), at(1))
end

module:provides("http", { default_path = "/stall", route = { ["GET /list"] = list } })

function module.unload() client:close() end
