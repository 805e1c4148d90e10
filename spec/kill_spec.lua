-- kill - an apply that is killed at any point is resumed to the planned end: at most
-- the batch in flight goes out twice, and nothing is unreported.
local dkjson = require "dkjson"
local plans = require "spec.support.plans"
local sei = require "sei"
local shell = require "spec.support.shell"

local PEOPLE <const>, BATCH <const> = 60, 7
local SLOW <const> = tonumber(os.getenv "SEI_SLOW" or 1)
local folder, e, client, plan, planned, whole

local function quote(text) return shell.quote(text) end

-- The apply in a process of its own, which a hook ends after n of Lua's
-- instructions; without n it tells how many it took.
local CHILD <const> = [[
  local url, plan, digest, lock, n = table.unpack(arg)
  local count = 0
  if n then
    debug.sethook(function() os.execute "kill -9 $PPID" end, "", math.tointeger(tonumber(n)))
  else
    debug.sethook(function() count = count + 1 end, "", 1000)
  end
  local client = require "sei".client { base_url = url, api_key = "a-key-to-kill", pace = false,
    retries = 0 }
  local report = assert(require "sei".apply { client = client, plan = plan, approve = digest,
    lock = lock, batch_size = 7 })
  debug.sethook()
  print(report.state, count)
]]

local function child(n, before)
  return shell.run(("%s%s -e %s - %s %s %s %s %s"):format(before or "", shell.lua(), quote(CHILD),
    quote(e.url), quote(plan.path), plan.digest, quote(folder .. "/lock"), n or ""))
end

local function start()
  e:reset()
  os.remove(plan.path .. ".journal")
end

setup(function()
  folder = shell.folder()
  e = plans.emulator(folder, PEOPLE)
  client = plans.client(e)
  local wanted, values = { fresh = 3, fresher = 4 }, {}
  for i = 1, 38 do wanted["p" .. i] = i % PEOPLE + 1 end
  for i = 41, 51 do values[i] = { region = "latam", department = "new" } end
  plan = plans.write(client, folder .. "/plan.jsonl", wanted, values)
  local text = child()
  assert(text:find "^done", text)
  whole = tonumber(text:match "(%d+)\n") * 1000
  planned = e:state()
end)
teardown(function()
  client:close()
  e:stop()
  shell.remove(folder)
end)

local function read(path)
  local handle = io.open(path, "rb")
  local text = handle and handle:read "a"
  if handle then handle:close() end
  return text
end

-- What a crash may leave of a line that was being written.
local function tear(seed)
  local path = plan.path .. ".journal"
  local text = read(path)
  local last = text and text:match "([^\n]+)\n$"
  if not last then return end
  local handle = assert(io.open(path, "ab"))
  handle:write(last:sub(1, seed % #last + 1))
  handle:close()
end

-- How often each row went out: name → requests.
local function sent_rows()
  local times = {}
  for _, one in ipairs(e:log()) do
    if one.method == "PATCH" or one.method == "PUT" then
      local rows = dkjson.decode(one.body)
      for _, row in ipairs(rows) do
        local name = row.identity or row.email
        times[name] = (times[name] or 0) + 1
      end
    end
  end
  return times
end

local function check(seed, torn)
  if torn then tear(seed) end
  local report = assert(sei.apply { client = client, plan = plan.path, approve = plan.digest,
    lock = folder .. "/lock", batch_size = BATCH })
  local where = "seed " .. seed
  assert.equal("done", report.state, where .. ": " .. tostring(report))
  assert.equal(51, report.rows)
  assert.equal(51, report.verified, where)
  assert.equal(0, report.already, where .. ": a row was written that the journal does not know")
  assert.equal(planned, e:state(), where)
  local times, twice = sent_rows(), 0
  for name, n in pairs(times) do
    assert.is_true(n <= 2, where .. ": " .. name .. " was sent " .. n .. " times")
    if n == 2 then twice = twice + 1 end
  end
  assert.is_true(twice <= BATCH, ("%s: %d rows were sent twice"):format(where, twice))
  e:clear_log()
  report = assert(sei.apply { client = client, plan = plan.path, approve = plan.digest,
    lock = folder .. "/lock" })
  assert.equal(0, report.sent, where)
  assert.equal(0, #e:log(), where)
end

-- Killed by the count of instructions: between any two steps of Lua.
local function kill_at_step(seed)
  math.randomseed(seed)
  start()
  local text = child(math.random(whole))
  assert.is_nil(text:find("lua", 1, true), text)
  check(seed, seed % 2 == 0)
end

-- Killed by the clock: in the middle of a request, too.
local function kill_at_time(seed)
  math.randomseed(seed)
  start()
  e:latency(8)
  child(nil, ("timeout -s KILL %.3f "):format(SLOW * (0.02 + 0.16 * math.random())))
  e:latency(0)
  e:await_under_way(0)
  check(seed, seed % 2 == 0)
end

describe("an apply that is killed", function()
  it("between any two steps is resumed to the planned end", function()
    for seed = 1, 8 do kill_at_step(seed) end
  end)

  it("at any time is resumed to the planned end", function()
    for seed = 1, 4 do kill_at_time(seed) end
  end)

  it("at 200 points is resumed to the planned end #proof", function()
    for seed = 101, 220 do kill_at_step(seed) end
    for seed = 221, 300 do kill_at_time(seed) end
  end)

  it("twice is resumed all the same", function()
    start()
    for seed = 1, 3 do
      math.randomseed(400 + seed)
      child(whole // 2 + math.random(whole // 3))
    end
    local report = assert(sei.apply { client = client, plan = plan.path, approve = plan.digest,
      lock = folder .. "/lock", batch_size = BATCH })
    assert.equal("done", report.state)
    assert.equal(planned, e:state())
  end)
end)
