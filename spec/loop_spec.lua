-- The loop: step, wait, step. One client in many coroutines, driven by a small
-- scheduler that knows nothing but pollfd() and timeout().
local emulator = require "spec.support.emulator"
local pages = require "spec.support.pages"
local sei = require "sei"
local shell = require "spec.support.shell"
local socket = require "socket"

-- Under valgrind everything takes longer.
local SLOW <const> = math.min(tonumber(os.getenv "SEI_SLOW") or 1, 10)

-- ---- the scheduler ----

local Scheduler = {}
Scheduler.__index = Scheduler

-- `rounds`: how often it waited; `wakes`: how many coroutines it resumed. With
-- `one` set, only one each time, even if all of them wait for what is ready.
local function scheduler()
  return setmetatable({ tasks = {}, wakes = 0, rounds = 0 }, Scheduler)
end

-- The wait function for clients: says which one is waited for.
local function pause(client) coroutine.yield(client) end

-- Resumes a task; what it yields is the client that it waits for.
function Scheduler:resume(task)
  local ok, client = coroutine.resume(task.co)
  task.client = client
  if coroutine.status(task.co) ~= "dead" then return end
  for i, one in ipairs(self.tasks) do
    if one == task then table.remove(self.tasks, i) end
  end
  if not ok then self.problem = self.problem or client end
end

function Scheduler:spawn(f)
  local task = { co = coroutine.create(f) }
  self.tasks[#self.tasks + 1] = task
  self:resume(task)
end

-- The descriptors of all clients that somebody waits for, and the earliest time.
local function watched(self)
  local list, seen, soon = {}, {}, nil
  for _, task in ipairs(self.tasks) do
    local client = task.client
    if not seen[client] then
      local open, fd = pcall(client.pollfd, client)
      local seconds = open and client:timeout()
      if not open then soon = 0 end -- closed: who waits is to find out
      if seconds then
        assert(seconds >= 0, "a timeout below 0")
        soon = math.min(soon or seconds, seconds)
      end
      seen[client] = open and { getfd = function() return fd end } or true
      if open then list[#list + 1] = seen[client] end
    end
  end
  return list, seen, soon
end

-- Waits once and wakes those whose client has something to do.
function Scheduler:round()
  local list, seen, soon = watched(self)
  local ready, start = {}, socket.gettime()
  for _, one in ipairs((socket.select(list, nil, math.min(soon or 10, 10)))) do
    ready[one] = true
  end
  assert(socket.gettime() - start < 9, "nobody was woken for 9 s")
  self.rounds = self.rounds + 1
  local late = next(ready) == nil -- somebody's time has come
  for i = #self.tasks, 1, -1 do
    local task = self.tasks[i]
    if ready[seen[task.client]] or late then
      self.wakes = self.wakes + 1
      self:resume(task)
      if self.one then -- its turn comes again when all others had theirs
        if self.tasks[i] == task then table.insert(self.tasks, 1, table.remove(self.tasks, i)) end
        return
      end
    end
  end
end

function Scheduler:run(most)
  while #self.tasks > 0 do
    self:round()
    assert(self.rounds < (most or 20000), "more rounds than there is work")
  end
  if self.problem then error(self.problem, 0) end
end

-- ---- the specs ----

-- All that list_* answers, so that the loop closes it.
local function count(...)
  local n = 0
  for _ in ... do n = n + 1 end
  return n
end

describe("one client in many coroutines", function()
  local e, client

  setup(function() e = emulator.start { people = 300, accounts = 500 } end)
  before_each(function()
    e:reset()
    client = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = pause }
  end)
  after_each(function() client:close() end)
  teardown(function() e:stop() end)

  it("serves two, each of which waits for its own call", function()
    local s, done = scheduler(), {}
    e:quirk("fault", ("slow-%.1f:1"):format(0.3 * SLOW), "/v1/org/users/versions")
    s:spawn(function()
      local n = count(client:list_versions())
      done[#done + 1] = "slow " .. n
    end)
    s:spawn(function()
      for i = 1, 5 do
        assert(client:get_schema())
        done[#done + 1] = "fast " .. i
      end
    end)
    s:run(200)
    assert.same({ "fast 1", "fast 2", "fast 3", "fast 4", "fast 5", "slow 1" }, done)
  end)

  it("mixes lists, downloads, writes and uploads; nobody starves", function()
    local s, result, folder = scheduler(), {}, shell.folder()
    e:latency(2)
    local row -- one that is there already: nobody's list shall move
    s:spawn(function()
      for one in client:list_identities { max_items = 1 } do row = one end
    end)
    s:run()
    local jobs = {
      function() return count(client:list_contributors { page_size = 20 }) end,
      function() return count(client:list_identities { page_size = 50, window = 2 }) end,
      function() return count(client:list_licensed()) end,
      function() return count(client:download_identities()) end,
      function()
        return assert(client:download_identities { file = folder .. "/x.csv" }).bytes > 0
      end,
      function() return assert(client:patch_identities { row }).accepted end,
      function() return assert(client:upload_identities { rows = { row, row } }).accepted end,
      function()
        local rows = {}
        for record in client:list_contributors { page_size = 100 } do rows[#rows + 1] = record end
        return assert(client:update_contributors(rows, { batch_size = 50 })).accepted
      end,
      function() return #assert(client:get_schema()).fields end,
      function()
        local ok, err = client:patch_identities { { email = "nobody@example.com",
          integrationId = 5322, identity = "x" } }
        return ok == nil and err.kind
      end,
    }
    local expected = { 300, 500, 300, 500, true, 1, 2, 300, 6, "rejected" }
    for round = 1, 4 do
      for i, job in ipairs(jobs) do
        s:spawn(function() result[(round - 1) * #jobs + i] = job() end)
      end
    end
    s:run()
    for i = 1, 4 * #jobs do
      assert.equal(expected[(i - 1) % #jobs + 1], result[i], "job " .. i)
    end
    assert.equal(0, client:active())
    -- Each of 40 coroutines is woken by what the others wait for, too.
    -- Each reply wakes all 40 of them, but none is woken again and again.
    local requests = e:counters().requests
    assert.is_true(s.rounds < 5 * requests, s.rounds .. " rounds for " .. requests)
    assert.is_true(s.wakes < 40 * requests, s.wakes .. " wakes for " .. requests)
    shell.remove(folder)
  end)

  it("wakes those whose reply came in somebody else's step", function()
    local s, result = scheduler(), {}
    s.one = true
    for i = 1, 12 do
      s:spawn(function()
        local n = 0
        for _ = 1, 3 do n = n + #assert(client:get_schema()).fields end
        result[i] = n + count(client:list_contributors { page_size = 150, window = 1 })
      end)
    end
    s:run(2000)
    for i = 1, 12 do assert.equal(318, result[i]) end
  end)

  it("is idle when nothing is under way", function()
    assert.is_nil(client:timeout())
    assert.equal("r", client:events())
    assert.is_false(pages.readable(client, 0))
    local s, fd = scheduler(), client:pollfd()
    s:spawn(function() return count(client:list_contributors { page_size = 7 }) end)
    assert.equal(0, client:timeout())
    s:run()
    assert.equal(fd, client:pollfd())
    assert.equal(0, client:step())
    assert.is_nil(client:timeout())
    assert.is_false(pages.readable(client, 0))
  end)

  it("wakes nobody while nothing happens", function()
    local s = scheduler()
    e:latency(400)
    s:spawn(function() return client:get_schema() end)
    s:spawn(function() return count(client:list_contributors()) end)
    s:spawn(function() return count(client:download_identities()) end)
    s:run()
    assert.is_true(s.wakes < 150, s.wakes .. " times woken for 3 replies")
  end)

  it("keeps nothing of a coroutine that is closed in mid-wait", function()
    e:latency(60000)
    local jobs = {
      function() return count(client:list_contributors { window = 5 }) end,
      function() return count(client:list_licensed()) end,
      function() return count(client:download_identities()) end,
      function() return client:get_schema() end,
      function() return client:download_identities { to = function() end } end,
    }
    for _, job in ipairs(jobs) do
      local co = coroutine.create(job)
      assert(coroutine.resume(co))
      assert(coroutine.resume(co))
      assert.equal(1, client:active())
      assert.is_true(coroutine.close(co))
      assert.equal(0, client:active())
      client:step()
      assert.is_nil(client:timeout())
      assert.is_false(pages.readable(client, 0))
    end
  end)

  it("keeps nothing of a coroutine that is abandoned, once it is collected", function()
    e:latency(60000)
    local waiting = {}
    for _ = 1, 5 do
      local co = coroutine.create(function() return count(client:list_contributors()) end)
      assert(coroutine.resume(co))
      assert(coroutine.resume(co))
      waiting[#waiting + 1] = co
      co = coroutine.create(function() return client:get_schema() end)
      assert(coroutine.resume(co))
      waiting[#waiting + 1] = co
    end
    assert.equal(10, client:active())
    assert.equal(10, #waiting)
    waiting = nil
    collectgarbage()
    collectgarbage()
    assert.equal(0, client:active())
    client:step()
    assert.is_false(pages.readable(client, 0))
    -- A reply that came for somebody who is gone wakes nobody.
    e:latency(0)
    local lost = coroutine.create(function() return client:get_schema() end)
    assert(coroutine.resume(lost))
    lost = nil
    collectgarbage()
    local s = scheduler()
    s:spawn(function() return count(client:list_contributors { page_size = 10 }) end)
    s:run(400)
    assert.is_nil(waiting or lost)
  end)

  it("gives those who wait an error of kind closed when it is closed", function()
    e:latency(60000)
    local s, errors = scheduler(), {}
    local function note(ok, err) errors[#errors + 1] = not ok and err.kind or "none" end
    s:spawn(function() note(client:get_schema()) end)
    s:spawn(function() note(pcall(count, client:list_contributors())) end)
    s:spawn(function() note(pcall(count, client:download_identities())) end)
    s:spawn(function() note(client:patch_identities { { email = "a@b.c", integrationId = 1,
      identity = "x" } }) end)
    s:spawn(function() client:close() end)
    s:run(50)
    assert.same({ "closed", "closed", "closed", "closed" }, errors)
    assert.equal(0, client:active())
    local ok, err = pcall(client.step, client)
    assert.is_false(ok)
    assert.equal("closed", err.kind)
  end)

  it("shares its loop with another client", function()
    local e2 <close> = emulator.start { people = 77 }
    local other <close> = sei.client { base_url = e2.url, api_key = "test-key",
      pace = false, retries = 0, wait = pause }
    local s, result = scheduler(), {}
    e2:latency(5)
    for i = 1, 6 do
      local c = i % 2 == 0 and other or client
      s:spawn(function() result[i] = count(c:list_contributors { page_size = 11 }) end)
    end
    s:run()
    assert.same({ 300, 77, 300, 77, 300, 77 }, result)
  end)

  it("goes on after its wait function raised", function()
    local angry = true
    local c <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0, wait = function(c)
      if angry then error "no" end
      sei.wait.block(c)
    end }
    assert.is_false((pcall(c.get_schema, c)))
    assert.is_false((pcall(count, c:list_contributors())))
    angry = false
    assert.equal(300, count(c:list_contributors()))
    collectgarbage()
    assert.equal(0, c:active())
  end)

  it("blocks where no wait function is installed, in a coroutine, too", function()
    local c <close> = sei.client { base_url = e.url, api_key = "test-key",
      pace = false, retries = 0 }
    local co = coroutine.wrap(function() return count(c:list_contributors { page_size = 30 }) end)
    assert.equal(300, co())
  end)

  it("can be driven inside the loop's body", function()
    local s, pairs_seen = scheduler(), 0
    s:spawn(function()
      for outer in client:list_contributors { page_size = 5, max_items = 10 } do
        for inner in client:list_contributors { filter = { id = outer.id } } do
          pairs_seen = pairs_seen + (inner.email == outer.email and 1 or 0)
        end
      end
    end)
    s:run()
    assert.equal(10, pairs_seen)
  end)
end)

describe("deadlines in the loop", function()
  it("end each call at its own time, whoever steps", function()
    local server <close> = pages.serve(function() return nil end)
    local client <close> = server:client { wait = pause }
    local s, ended = scheduler(), {}
    for i, seconds in ipairs { 0.3, 0.1, 0.2 } do
      s:spawn(function()
        local ok, err = client:get_schema { timeout = seconds * SLOW }
        ended[#ended + 1] = (ok == nil and err.kind or "?") .. " " .. i
      end)
    end
    s:run(60)
    assert.same({ "timeout 2", "timeout 3", "timeout 1" }, ended)
    assert.is_true(s.wakes < 60, s.wakes)
  end)
end)

-- Each in a process of its own: it shall end as a script does.
describe("a state that ends", function()
  local e, folder

  setup(function()
    e = emulator.start { people = 500, accounts = 900 }
    folder = shell.folder()
  end)
  before_each(function() e:reset() end)
  teardown(function()
    shell.remove(folder)
    e:stop()
  end)

  local HEAD <const> = [[
    local sei = require "sei"
    local client = sei.client { base_url = arg[1], api_key = "test-key", pace = false, retries = 0 }
    local other = sei.client { base_url = arg[1], api_key = "test-key",
      pace = false, retries = 0, wait = coroutine.yield }
    local function started(f)
      local co = coroutine.create(f)
      for _ = 1, 3 do
        if coroutine.status(co) ~= "dead" then assert(coroutine.resume(co)) end
      end
      return co
    end
  ]]

  local ENDS <const> = {
    { "with an open iterator", [[
      walk = client:list_contributors { page_size = 10 }
      walk() ]] },
    { "with an open iterator and os.exit closing it", [[
      walk = client:list_contributors { page_size = 10 }
      walk()
      os.exit(true, true) ]] },
    { "in the middle of a loop", [[
      for _ in client:list_contributors { page_size = 10, window = 8 } do os.exit(true, true) end ]]
    },
    { "with a download that was begun", [[
      rows = client:download_identities()
      rows() ]] },
    { "with coroutines that wait", [[
      local long = ("x"):rep(2000)
      a = started(function() return other:get_schema() end)
      b = started(function() for _ in other:list_contributors() do a = a end end)
      c = started(function() for _ in other:download_identities() do a = a end end)
      d = started(function()
        return other:upload_identities { rows = function()
          return { email = "a@example.com", integrationId = 5322, identity = long }
        end }
      end) ]] },
    { "with a client collected while requests are under way", [[
      local co = started(function() for _ in other:list_contributors() do other = other end end)
      other, co = nil, nil
      collectgarbage()
      collectgarbage()
      for _ in client:list_contributors { max_items = 3 } do sei = sei end ]] },
    { "with an iterator whose client is closed", [[
      walk = client:list_contributors { page_size = 10 }
      walk()
      client:close()
      print(walk:resume())
      for _ = 1, 9 do walk() end
      local ok, err = pcall(function() for _ = 1, 100 do walk() end end)
      assert(not ok and err.kind == "closed", err)
      walk:close() ]] },
    { "with the collector at every step", [[
      collectgarbage("setpause", 0)
      local n = 0
      for _ in client:list_contributors { page_size = 3, max_items = 60 } do
        n = n + 1
        collectgarbage()
      end
      for _ in client:download_identities() do
        n = n + 1
        if n % 100 == 0 then collectgarbage() end
      end
      assert(n == 960) ]] },
    { "with an iterator in a cycle through its own upvalue", [[
      local walk
      local box = {}
      walk = client:list_contributors { page_size = 10 }
      walk()
      box.walk, box.client = walk, client
      setmetatable(box, { __gc = function(b)
        b.walk:close()
        b.client:close()
      end })
      walk, client, box = nil, nil, nil
      collectgarbage() ]] },
    { "with a finalizer that still uses the client", [[
      walk = client:list_contributors { page_size = 10 }
      walk()
      setmetatable({}, { __gc = function()
        pcall(walk)
        pcall(client.get_schema, client)
        pcall(client.step, client)
        tostring(walk)
      end }) ]] },
  }

  local function run(i, prefix)
    local path = ("%s/%d.lua"):format(folder, i)
    local out = assert(io.open(path, "w"))
    out:write(HEAD, ENDS[i][2])
    out:close()
    return shell.run(prefix .. shell.lua() .. " " .. shell.join { path, e.url })
  end

  for i, row in ipairs(ENDS) do
    it("ends well " .. row[1], function()
      local text, status = run(i, "timeout 300 ")
      assert.equal(0, status, text)
      assert.is_nil(text:find "warning", text)
    end)
  end

  local sanitized = (os.getenv "SEI_SANITIZE" or "") ~= ""
  local valgrind = select(2, shell.run "command -v valgrind") == 0 and not sanitized
  for _, i in ipairs { 5, 6, 10 } do
    (valgrind and it or pending)("ends well under valgrind " .. ENDS[i][1], function()
      local text, status = run(i, "timeout 300 valgrind -q --error-exitcode=9 ")
      assert.equal(0, status, text)
    end)
  end
end)
