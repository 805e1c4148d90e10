-- How long a plan takes for 20,000 people and 60,000 accounts, on the emulator,
-- without pace: a Markdown table of each part's seconds.
--   lua5.4 spec/bench/plan.lua [people [accounts [candidates]]]
--
-- Two plans: one where every account is new to the directory, one where all is
-- as it shall be. `candidates` is handed to the mapping engine.
local emulator = require "spec.support.emulator"
local rows = require "spec.bench.rows"
local sei = require "sei"
local socket = require "socket"

local PEOPLE <const> = tonumber(arg[1]) or 20000
local ACCOUNTS <const> = tonumber(arg[2]) or 3 * PEOPLE
local CANDIDATES <const> = math.tointeger(arg[3])

-- As the command does: what is read stays until the end.
collectgarbage("incremental", 1000, 400)

local PARTS <const> = {
  { "sei.plan.input", "read", "inputs" }, { "sei.match", "run", "matching" },
  { "sei.plan.input", "digest", "digests of the inputs" },
  { "sei.plan.directory", "read", "reading the directory" },
  { "sei.plan.mapping", "rows", "rows" }, { "sei.plan.file", "write", "writing the plan" },
}

local LIMIT_SECONDS <const> = 3

local spent, told = {}, {}

local function measured(part, f)
  return function(...)
    local cpu, wall = os.clock(), socket.gettime()
    local answer = table.pack(f(...))
    local one = spent[part] or { 0, 0 }
    spent[part] = { one[1] + os.clock() - cpu, one[2] + socket.gettime() - wall }
    return table.unpack(answer, 1, answer.n)
  end
end

for _, part in ipairs(PARTS) do
  local module = require(part[1])
  module[part[2]] = measured(part[3], module[part[2]])
end

-- Inputs as an HR export and the tools' exports would have them.
local function inputs(client, prefix)
  local people, accounts = {}, {}
  for record in client:list_contributors { page_size = 1000,
    filter = { include_dangling_logins = false } } do
    people[#people + 1] = { email = record.email, name = record.full_name }
    for _, one in ipairs(record.integration_user_ids) do
      accounts[#accounts + 1] = { integration_id = math.tointeger(tonumber(one.integration_id)),
        login = prefix .. one.user_id, email = record.email, name = record.full_name }
    end
  end
  return people, accounts
end

local function run(title, client, prefix, path)
  local people, accounts = inputs(client, prefix)
  spent = {}
  collectgarbage()
  local cpu, wall = os.clock(), socket.gettime()
  local plan = assert(sei.plan { client = client, people = people, accounts = accounts,
    file = path, match = CANDIDATES and { candidates = CANDIDATES } })
  cpu, wall = os.clock() - cpu, socket.gettime() - wall
  print(("\n%s: %d people, %d accounts, %d rows to write\n"):format(title, #people, #accounts,
    plan.writes))
  print "| part | CPU s | s |\n|---|---|---|"
  for _, part in ipairs(PARTS) do
    local one = spent[part[3]] or { 0, 0 }
    print(("| %s | %.2f | %.2f |"):format(part[3], one[1], one[2]))
  end
  print(("| all | %.2f | %.2f |"):format(cpu, wall))
  told[#told + 1] = { job = ("plan of %d people, %d accounts, %s: wall"):format(#people,
    #accounts, title:lower()), measure = "wall", ours = wall, other = "a fixed time",
    against = LIMIT_SECONDS, limit = 1 }
end

local e <close> = emulator.start { people = PEOPLE, accounts = ACCOUNTS }
local client <close> = sei.client { base_url = e.url, api_key = "a-key-to-measure", pace = false }
local path = os.tmpname()
run("Nothing to do", client, "", path)
run("All new", client, "new-", path)
os.remove(path)
rows.tell(arg, told)
