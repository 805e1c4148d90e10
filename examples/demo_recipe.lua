-- The recipe of the demo: whose are the accounts of GitLab?
--
--   sei plan examples/demo_recipe.lua -o plan.jsonl --review review.csv
--
-- What a person decided stands in lookup.csv and in the review file; then the
-- default rules are asked. SEI knows this GitLab as the integration 5323.

local sei = require "sei"

local here = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$" or "."
local data = here .. "/data/"

local lookup = {}
for row in sei.csv.read { file = data .. "lookup.csv" } do lookup[row.login] = row.email end

local rules = sei.rule.defaults()
table.insert(rules, 1, sei.rule.lookup { table = lookup, key = "login" })

return {
  name = "GitLab",
  people = data .. "people.csv",
  accounts = data .. "gitlab.csv",
  integration_id = 5323,
  rules = rules,
  review = os.getenv "DEMO_REVIEW",
  guard = { state = false },
}
