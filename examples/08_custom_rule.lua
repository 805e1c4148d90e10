-- How do I add a rule of our own?
--
-- A rule is any function of an account and the people that returns a person, or
-- nothing. This one knows how the house gives out logins: initial and family
-- name. It decides only if the given name that the account shows agrees, too.
-- What no rule decides goes to a review file, where a person fills in accept,
-- reject, choose or ignore; run it again, and that is done first.
--
--   lua5.4 examples/08_custom_rule.lua PEOPLE.csv ACCOUNTS.csv REVIEW.csv
--
-- PEOPLE has the columns email,name; ACCOUNTS login,name,email.

local sei = require "sei"

local people_file, accounts_file, review_file = arg[1], arg[2], arg[3]
if not review_file then
  io.stderr:write("usage: 08_custom_rule.lua PEOPLE.csv ACCOUNTS.csv REVIEW.csv\n")
  os.exit(1)
end

-- jdoe for jane.doe@…; found again for every account, so it is made once.
local by_login

local function index(people)
  local map = {}
  for _, person in ipairs(people:all()) do
    local given, family = person.email:lower():match "^(%a+)%.(%a+)@"
    if given then
      local login = given:sub(1, 1) .. family
      map[login] = map[login] or {}
      table.insert(map[login], { person = person, given = given })
    end
  end
  return map
end

local function house_login(account, people)
  by_login = by_login or index(people)
  local found
  for _, entry in ipairs(by_login[account.login:lower()] or {}) do
    if entry.given == sei.text.fold(account.name) then
      if found then return nil end       -- two of them: not for us to say
      found = entry.person
    end
  end
  return found, found and { key = account.login:lower() }
end

local rules = sei.rule.defaults()
table.insert(rules, 1, sei.rule.custom { name = "house_login", decide = house_login })

local result = assert(sei.match.run {
  people = sei.source.csv { file = people_file },
  accounts = sei.source.csv { file = accounts_file },
  decided = assert(sei.review.read { file = review_file, missing = "nothing" }),
  rules = rules,
})

for _, row in ipairs(result.decisions) do
  print(("%-14s %-34s %s, %s"):format(row.account.login, row.person.email, row.rule, row.class))
end
local rows = assert(sei.review.merge(review_file, result))
print(("%d decided, %d ignored; %d to decide in %s, %d that nobody comes near"):format(
  #result.decisions, #result.ignored, rows.review, review_file, rows.none))
