-- How long the default rules take for a large company, candidates and evidence
-- included, in how much memory: a Markdown table. People and accounts are
-- invented from a seed.
--   lua5.4 spec/bench/match.lua [people [accounts]]
local core = require "sei.core"
local names = require "spec.support.names"
local rows = require "spec.bench.rows"
local sei = require "sei"

local PEOPLE, ACCOUNTS = tonumber(arg and arg[1]) or 20000, tonumber(arg and arg[2]) or 20000
local LIMIT_SECONDS, LIMIT_MIB = 5, 300

local people = names.people(PEOPLE, 20)
local accounts = names.accounts(people, ACCOUNTS, 21)
local persons = {}
for i, account in ipairs(accounts) do
  persons[i], account.person, account.id = people[account.person], nil, "A" .. i
end
collectgarbage()

local clock, cpu = core.usage(), os.clock()
local result = assert(sei.match.run { people = people, accounts = accounts })
cpu = os.clock() - cpu
local now, peak = core.usage()

local right, place = 0, {}
for i, account in ipairs(accounts) do place[account] = i end
for _, row in ipairs(result.decisions) do
  if persons[place[row.account]] == row.person then right = right + 1 end
end

print "| job | ours | limit |\n|---|---|---|"
print(("| %d people, %d accounts, s of CPU | %.2f | %d |"):format(PEOPLE, ACCOUNTS, cpu,
  LIMIT_SECONDS))
print(("| the same, s by the clock | %.2f | %d |"):format(now - clock, LIMIT_SECONDS))
print(("| most memory of the process, MiB | %.0f | %d |"):format(peak / 2 ^ 20, LIMIT_MIB))
print(("| decided, of %d | %d | |"):format(ACCOUNTS, #result.decisions))
print(("| of these right | %.4f | |"):format(right / #result.decisions))

local job = ("mapping of %d accounts to %d people"):format(ACCOUNTS, PEOPLE)
rows.tell(arg, {
  { job = job .. ": CPU", measure = "cpu", ours = cpu, other = "a fixed time",
    against = LIMIT_SECONDS, limit = 1 },
  { job = job .. ": peak RSS", measure = "rss", ours = peak / 1024, other = "a fixed size",
    against = LIMIT_MIB * 1024, limit = 1 },
})
