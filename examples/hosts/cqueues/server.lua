-- server - maps new hires as they are announced, and everybody once an hour, in
-- the event loop of cqueues, with lua-http.
--
--   SEI_REGION=prod1 SEI_KEY_FILE=… SYNC_RECIPE=recipe.lua SYNC_FOLDER=/var/lib/sei PORT=8080 \
--     lua5.4 examples/hosts/cqueues/server.lua
--
-- POST /hire: see desk.lua. SIGTERM and SIGINT end it within a second: what was
-- sent is in the journal, and the next start goes on from there.

package.path = package.path .. ";" .. (arg[0]:match "^(.*)/" or ".")
  .. "/../?.lua;/usr/share/lua/5.1/?.lua" -- the latter: see web.lua

local condition = require "cqueues.condition"
local cqueues = require "cqueues"
local desk = require "desk"
local sei = require "sei"
local signal = require "cqueues.signal"
local web = require "web"

local GRACE <const> = 0.5 -- seconds for what is under way when the server is to end

local job = desk.settings(sei.wait.cqueues)
local loop, changed, busy = cqueues.new(), condition.new(), 0

local function say(...)
  io.write(table.concat { ... }, "\n")
  io.flush()
end

local function count(n)
  busy = busy + n
  changed:signal()
end

local listener, port = web.listen(loop, job.port,
  function(text) return desk.hire(job.client, text) end, count)

-- The timer.
loop:wrap(function()
  repeat
    count(1)
    local ok, text, err = pcall(desk.sync, job)
    if job.stopping and not text then err = "ended before its end" end
    say("sync: ", tostring(ok and (text or err) or text))
    count(-1)
    local due = cqueues.monotime() + job.seconds
    while not job.stopping and cqueues.monotime() < due do
      changed:wait(due - cqueues.monotime())
    end
  until job.stopping
end)

-- Waits until nothing is under way, so many seconds at most.
local function rest(seconds)
  local due = cqueues.monotime() + seconds
  while busy > 0 and cqueues.monotime() < due do changed:wait(due - cqueues.monotime()) end
end

-- The end. Signals wait until somebody listens.
signal.block(signal.SIGTERM, signal.SIGINT)
local asked, ended = signal.listen(signal.SIGTERM, signal.SIGINT), false
loop:wrap(function()
  asked:wait()
  job.stopping = true
  listener:close()
  changed:signal()
  rest(GRACE)
  job.client:close() -- who still waits for the service is told so
  rest(GRACE / 2)
  say "stopped"
  ended = true
end)

say("listening on http://127.0.0.1:", tostring(port), "/hire")
repeat
  local ok, err = loop:step()
  if not ok then io.stderr:write(tostring(err), "\n") end
until ended
