-- server - maps new hires as they are announced, and everybody once an hour, in
-- the event loop of luv (libuv).
--
--   SEI_REGION=prod1 SEI_KEY_FILE=… SYNC_RECIPE=recipe.lua SYNC_FOLDER=/var/lib/sei PORT=8080 \
--     lua5.4 examples/hosts/luv/server.lua
--
-- POST /hire: see desk.lua. SIGTERM and SIGINT end it within a second: what was
-- sent is in the journal, and the next start goes on from there.
--
-- luv has no HTTP server that Debian packages. lua-http's loop, cqueues, is a
-- descriptor and a deadline to others, as a client of sei is: it runs in luv's.

package.path = package.path .. ";" .. (arg[0]:match "^(.*)/" or ".")
  .. "/../?.lua;/usr/share/lua/5.1/?.lua" -- the latter: see web.lua

local condition = require "cqueues.condition"
local desk = require "desk"
local inner = require "cqueues".new() -- lua-http's
local sei = require "sei"
local uv = require "luv"
local web = require "web"

local GRACE <const> = 500 -- milliseconds for what is under way when the server is to end

local job = desk.settings(sei.wait.luv)
local busy, ended = 0, false

local function say(...)
  io.write(table.concat { ... }, "\n")
  io.flush()
end

local function log(problem) io.stderr:write(tostring(problem), "\n") end

-- Runs f in a coroutine of luv's loop. What it raises would end the program.
local function spawn(f, ...)
  coroutine.wrap(function(...)
    local ok, problem = xpcall(f, debug.traceback, ...)
    if not ok then log(problem) end
  end)(...)
end

-- ---- cqueues within luv ----

local alarm, door = uv.new_timer(), uv.new_poll(inner:pollfd())

local function turn()
  local ok, problem = inner:step(0)
  if not ok then log(problem) end
  local seconds = inner:timeout()
  alarm:stop()
  if seconds then alarm:start(math.ceil(math.min(seconds, 3600) * 1000), 0, turn) end
end

-- Runs f in luv's loop for a coroutine of cqueues, which waits for it there.
local function across(f, ...)
  local done, result = condition.new(), nil
  spawn(function(...)
    result = table.pack(pcall(f, ...))
    done:signal()
  end, ...)
  while not result do done:wait() end
  if not result[1] then error(result[2], 0) end
  return table.unpack(result, 2, result.n)
end

-- ---- the end ----

local signals, grace, listener = {}, uv.new_timer(), nil
local clock = uv.new_timer() -- of the syncs

local function finish()
  if ended then return end
  ended = true
  say "stopped"
  uv.stop()
end

local function count(n)
  busy = busy + n
  if job.stopping and busy == 0 then finish() end
end

local function stop()
  if job.stopping then return end
  job.stopping = true
  listener:close()
  clock:stop()
  if busy == 0 then return finish() end
  grace:start(GRACE, 0, function()
    job.client:close() -- who still waits for the service is told so
    grace:start(GRACE // 2, 0, finish)
  end)
end

for i, name in ipairs { "sigterm", "sigint" } do
  signals[i] = uv.new_signal()
  signals[i]:start(name, stop)
end

-- ---- the timer, and the webhook ----

local function sync()
  count(1)
  local ok, text, err = pcall(desk.sync, job)
  if job.stopping and not text then err = "ended before its end" end
  say("sync: ", tostring(ok and (text or err) or text))
  count(-1)
  if job.stopping then return end
  clock:start(math.ceil(job.seconds * 1000), 0, function() spawn(sync) end)
end

local port
listener, port = web.listen(inner, job.port,
  function(text) return across(desk.hire, job.client, text) end, count)
door:start("r", turn)
turn()
say("listening on http://127.0.0.1:", tostring(port), "/hire")
spawn(sync)
uv.run()
