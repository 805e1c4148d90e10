-- How long it takes to rank the people who come near to each account, in how
-- much memory, and how often the right one is among the first: a Markdown
-- table. People and accounts are invented from a seed.
--   lua5.4 spec/bench/candidates.lua [people [accounts]]
local sei = require "sei"
local names = require "spec.support.names"
local rows = require "spec.bench.rows"

local PEOPLE, ACCOUNTS = tonumber(arg and arg[1]) or 20000, tonumber(arg and arg[2]) or 20000
local LIMIT_SECONDS, LIMIT_MIB = 2, 150

local function resident()
  local file = io.open "/proc/self/status"
  local text = file and file:read "a" or ""
  if file then file:close() end
  return (tonumber(text:match "VmRSS:%s*(%d+)") or 0) / 1024
end

local people = names.people(PEOPLE, 20)
local accounts = names.accounts(people, ACCOUNTS, 21)
collectgarbage()

local memory, from = resident(), os.clock()
local index = sei.match.index(people)
local built = os.clock() - from
memory = resident() - memory

local first, among = 0, 0
from = os.clock()
for _, account in ipairs(accounts) do
  for i, row in ipairs(index:rank(account)) do
    if row[1] == account.person then
      among = among + 1
      if i == 1 then first = first + 1 end
    end
  end
end
local ranked = os.clock() - from

print "| job | ours | limit |\n|---|---|---|"
print(("| index of %d people, s | %.3f | |"):format(PEOPLE, built))
print(("| %d accounts ranked, s | %.3f | |"):format(ACCOUNTS, ranked))
print(("| both, s of CPU | %.3f | %d |"):format(built + ranked, LIMIT_SECONDS))
print(("| memory of the index, MiB | %.1f | %d |"):format(memory, LIMIT_MIB))
print(("| the right one first | %.3f | |"):format(first / ACCOUNTS))
print(("| among the first five | %.3f | |"):format(among / ACCOUNTS))

local job = ("candidates for %d accounts among %d people"):format(ACCOUNTS, PEOPLE)
rows.tell(arg, {
  { job = job .. ": CPU", measure = "cpu", ours = built + ranked, other = "a fixed time",
    against = LIMIT_SECONDS, limit = 1 },
  { job = job .. ": memory of the index", measure = "rss", ours = memory * 1024,
    other = "a fixed size", against = LIMIT_MIB * 1024, limit = 1 },
})
