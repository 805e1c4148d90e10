-- An apply that its host cuts off: by a signal of the loop, which closes the
-- coroutine, closes the client or asks for a stop; or with the controller that is
-- dropped. Wherever that is, the next apply goes on to the planned end.
local plans = require "spec.support.plans"

if not pcall(require, "luv") or not pcall(require, "cqueues") then
  describe("an apply in an event loop", function()
    pending "lua-luv or lua-cqueues is not installed"
  end)
  return
end

local cqueues = require "cqueues"
local guest = require "spec.support.guest"
local sei = require "sei"
local shell = require "spec.support.shell"
local uv = require "luv"

local PEOPLE <const>, BATCH <const> = 60, 7
local folder, e, plan, planned

local function new_client(host) return plans.client(e, { wait = host and sei.wait[host] }) end

local function start()
  e:reset()
  os.remove(plan.path .. ".journal")
end

local function apply(client, stop)
  return plans.apply(client, plan, folder, { batch_size = BATCH, stop = stop })
end

setup(function()
  folder = shell.folder()
  e = plans.emulator(folder, PEOPLE)
  local client <close> = new_client()
  local wanted, values = { fresh = 3, fresher = 4 }, {}
  for i = 1, 38 do wanted["p" .. i] = i % PEOPLE + 1 end
  for i = 41, 51 do values[i] = { region = "latam" } end
  plan = plans.write(client, folder .. "/plan.jsonl", wanted, values)
  assert(apply(client))
  planned = e:state()
end)
teardown(function()
  e:stop()
  shell.remove(folder)
end)

-- How each of these cuts an apply off, when the signal comes.
local WAYS <const> = {
  function(job) if coroutine.status(job.co) ~= "dead" then assert(coroutine.close(job.co)) end end,
  function(job) job.client:close() end,
  function(job) job.stopping = true end,
}

-- Used again and again: luv 1.44 may use a handle that was closed, and freed.
local signal = uv.new_signal()

-- Runs an apply in luv's loop and sends the process a signal after so many turns.
-- Returns whether the apply came to its end all the same.
local function cut_in_luv(way, turns)
  local job = { client = new_client "luv" }
  local report
  signal:start("sigusr2", function()
    signal:stop()
    WAYS[way](job)
  end)
  job.co = coroutine.create(function()
    report = apply(job.client, function() return job.stopping end)
  end)
  assert(coroutine.resume(job.co))
  for _ = 1, turns do
    if coroutine.status(job.co) ~= "dead" then uv.run "once" end
  end
  assert(uv.kill(uv.os_getpid(), "sigusr2"))
  uv.run()
  assert.equal("dead", coroutine.status(job.co))
  job.client:close()
  return report ~= nil
end

-- The same in a controller of cqueues that is dropped after so many steps.
local function drop_in_cqueues(_, turns)
  local client, report = new_client "cqueues", nil
  local loop = cqueues.new()
  loop:wrap(function() report = apply(client) end)
  for _ = 1, turns do
    if not loop:empty() then assert(loop:step(1)) end
  end
  loop:close()
  client:close()
  collectgarbage() -- what held the account's lock goes with its coroutine
  return report ~= nil
end

-- Cuts `times` applies off, each of them again and again before it is let go on.
local function check(cut, times, seed)
  local random, cuts, after_write = guest.random_of(seed), 0, 0
  for _ = 1, times do
    start()
    for _ = 1, random(3) do
      local way, turns = random(#WAYS), random(0, 24)
      if not cut(way, turns) then cuts = cuts + 1 end
    end
    if plans.writes(e:log()) > 0 then after_write = after_write + 1 end
    local client <close> = new_client()
    local report = assert(apply(client))
    assert.equal("done", report.state)
    assert.equal(planned, e:state())
  end
  local text = ("seed %d: %d cut off, in %d of %d plans after a write"):format(seed, cuts,
    after_write, times)
  assert.is_true(cuts > 0 and after_write > 0, text)
  return text
end

for name, cut in pairs { ["by a signal of luv"] = cut_in_luv,
  ["with a controller of cqueues"] = drop_in_cqueues } do
  describe("an apply that is cut off " .. name, function()
    it("is resumed to the planned end: 6 plans", function() check(cut, 6, 1) end)

    it("#proof is resumed to the planned end: 300 plans", function() print(check(cut, 300, 2)) end)
  end)
end
