-- grow - one job with so many records, in a process of its own; see growth.lua.
--   lua5.4 spec/bench/grow.lua JOB RECORDS URL FILE [ROUNDS]
-- URL: the page server's; FILE: a CSV of as many rows, for the jobs that send.
-- Prints seconds of CPU and by the clock (the best of some rounds, what the
-- job begins with not counted), and the most memory of the process, in bytes,
-- before the job and at its end.
local sei = require "sei"
local core = require "sei.core"

local job, records, url, path = arg[1], math.tointeger(arg[2]), arg[3], arg[4]

local function connect()
  return sei.client { base_url = url, api_key = "bench-key", pace = false, timeout = 3600 }
end

-- Each makes what it begins with and returns what is measured.
local jobs = {}

function jobs.list()
  local client = connect()
  return function()
    local n, length = 0, 0
    for one in client:list_contributors { page_size = 1000, window = 8 } do
      n, length = n + 1, length + #one.email
    end
    assert(n == records and length > n)
  end
end

function jobs.csv_read()
  return function()
    local n = 0
    for row in sei.csv.read { file = path } do
      if row.email and row.identity then n = n + 1 end
    end
    assert(n == records)
  end
end

function jobs.csv_down()
  local client = connect()
  return function()
    local n = 0
    assert(client:download_identities { to = function(row)
      if row.email and row.identity then n = n + 1 end
    end })
    assert(n == records)
  end
end

function jobs.csv_up()
  local client = connect()
  return function()
    local report = assert(client:upload_identities { file = path })
    assert(report.accepted == records)
  end
end

function jobs.json_up()
  local client = connect()
  return function()
    local report = assert(client:patch_identities { file = path, batch_size = 1000 })
    assert(report.accepted == records)
  end
end

-- As many people as accounts, each half of what is asked for.
function jobs.match()
  local names = require "spec.support.names"
  local people = names.people(records // 2, 20)
  local accounts = names.accounts(people, records - records // 2, 21)
  for i, account in ipairs(accounts) do account.person, account.id = nil, "A" .. i end
  return function()
    local result = assert(sei.match.run { people = people, accounts = accounts })
    assert(#result.decisions > 0)
  end
end

-- An account for each of the directory's people, all of them new.
function jobs.plan()
  local client, people, accounts = connect(), {}, {}
  for one in client:list_contributors { page_size = 1000, fields = { "email", "full_name" } } do
    local i = #people + 1
    people[i] = { email = one.email, name = one.full_name }
    accounts[i] = { integration_id = 5000 + i % 400, login = "login" .. i, email = one.email,
      name = one.full_name }
  end
  local file = path .. ".plan"
  return function()
    local plan = assert(sei.plan { client = client, people = people, accounts = accounts,
      file = file })
    assert(plan.writes == records)
    os.remove(file)
  end
end

-- Small sizes are over before a clock has moved far.
local ROUNDS <const> = math.tointeger(arg[5]) or math.max(1, math.min(5, 30000 // records))

local function measure(run)
  local best, clock = math.huge, math.huge
  for _ = 1, ROUNDS do
    collectgarbage()
    local from, start = os.clock(), core.usage()
    run()
    best, clock = math.min(best, os.clock() - from), math.min(clock, core.usage() - start)
  end
  return best, clock
end

local run = assert(jobs[job], "no such job")()
local _, before = core.usage()
local cpu, wall = measure(run)
local _, peak = core.usage()
print(("grown %.6f %.6f %d %d"):format(cpu, wall, before, peak))
