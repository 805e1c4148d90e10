-- Which person of the HR list has which GitLab account?
--
-- The list comes as CSV, the accounts as GitLab's API gives them. What the rules
-- decide is shown with the rule and where both stand; what they leave to a person
-- goes into a review file, with the people who come near.
--
--   lua5.4 examples/06_hr_and_gitlab.lua PEOPLE.csv GITLAB_USERS.json [REVIEW.csv]
--
-- The accounts: curl --header "PRIVATE-TOKEN: …" \
--   "https://gitlab.example.com/api/v4/users?per_page=100&page=1" >> GITLAB_USERS.json
-- and so on for each page; pages may stand one after the other.

local sei = require "sei"
local report = require "sei.report"

local people_file, accounts_file, review_file = arg[1], arg[2], arg[3]
if not accounts_file then
  io.stderr:write("usage: 06_hr_and_gitlab.lua PEOPLE.csv GITLAB_USERS.json [REVIEW.csv]\n")
  os.exit(1)
end

-- "First Name", "E-Mail" and the like are found by their names; the delimiter and
-- the byte order mark, too. Whatever else a file calls them is said here.
local people = sei.source.csv { file = people_file, columns = { id = "Personnel No" } }
local accounts = sei.source.gitlab { file = accounts_file }

local result, err = sei.match.run { people = people, accounts = accounts }
if not result then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

local function place(record)
  return record.source.file:match "[^/]*$" .. ":" .. record.source.line
end

local decided = {}
for i, row in ipairs(result.decisions) do
  decided[i] = { row.account.login, row.person.email, row.class, row.rule, place(row.account),
    place(row.person) }
end
local left = {}
for _, list in ipairs { result.review, result.none } do
  for _, row in ipairs(list) do
    local near = row.candidates[1]
    left[#left + 1] = { row.account.login, row.account.name or "", row.reason,
      near and near.person.email or "" }
  end
end

io.write("Decided\n\n", report.table({ "login", "person", "class", "rule", "account at",
  "person at" }, decided), "\nLeft to a person\n\n",
  report.table({ "login", "name", "why", "nearest" }, left),
  ("\n%d people, %d accounts: %d decided, %d left\n"):format(people:counts().records,
    accounts:counts().records, #decided, #left))

if review_file then
  local written, problem = sei.review.write(result, { file = review_file })
  if not written then
    io.stderr:write(tostring(problem), "\n")
    os.exit(1)
  end
  io.write(review_file, ": accept, reject or choose there\n")
end
