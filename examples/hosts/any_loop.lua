-- How does a client wait in an event loop that sei does not know?
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/hosts/any_loop.lua
--
-- The twenty lines between the rulers are all that a loop needs. What is above
-- them is the loop: here a small one on luasocket's select, your host's in your
-- case. SEI_BASE_URL instead of SEI_REGION for any other address.

local sei = require "sei"
local socket = require "socket"

-- ---- the host's loop: descriptors with a callback, timers with a callback ----

local loop = { readers = {}, timers = {} } -- by descriptor; by a table of their own

function loop.once()
  if not next(loop.readers) and not next(loop.timers) then return false end
  local soon, list, now = nil, {}, socket.gettime()
  for timer in pairs(loop.timers) do soon = math.min(soon or math.huge, timer.at - now) end
  for _, reader in pairs(loop.readers) do list[#list + 1] = reader end
  local ready = socket.select(list, nil, soon and math.max(soon, 0))
  for _, reader in ipairs(ready) do
    if loop.readers[reader.fd] == reader then reader.callback() end
  end
  local due = {}
  for timer in pairs(loop.timers) do
    if timer.at <= socket.gettime() then due[#due + 1] = timer end
  end
  for _, timer in ipairs(due) do
    if loop.timers[timer] then timer.callback() end
  end
  return true
end

-- ---- what sei needs of it: cut here -----------------------------------------

-- Calls wake() once out of the loop: when fd can be read (nil: there is none)
-- or after so many seconds (nil: never mind). Returns what calls it off.
local function watch(fd, seconds, wake)
  local reader, timer
  local function cancel()
    if reader then loop.readers[fd] = nil end
    if timer then loop.timers[timer] = nil end
  end
  local function fire()
    cancel()
    wake()
  end
  if fd then
    reader = { fd = fd, callback = fire, getfd = function() return fd end }
    loop.readers[fd] = reader
  end
  if seconds then
    timer = { at = socket.gettime() + seconds, callback = fire }
    loop.timers[timer] = true
  end
  return cancel
end

local wait = sei.wait.new(watch)

-- ---- and here: calls in coroutines ------------------------------------------

local client = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
  wait = wait,
}

local function job(name, f)
  assert(coroutine.resume(coroutine.create(function()
    local ok, value = pcall(f)
    print(name, ok and value or "failed: " .. tostring(value))
  end)))
end

for _, list in ipairs { "list_contributors", "list_identities", "list_versions" } do
  job(list, function()
    local n = 0
    for _ in client[list](client) do n = n + 1 end
    return n
  end)
end
job("get_schema", function() return #assert(client:get_schema()).fields end)

while loop.once() do end
