-- How do I use a recipe that somebody else wrote, without trusting it?
--
--   sei plan --sandboxed --input people=people.csv --input gitlab=gitlab.csv -o plan.jsonl \
--     examples/16_sandboxed_recipe.lua
--   sei show plan.jsonl
--
-- Beside examples/data/people.csv and gitlab.csv it plans the accounts of people. It could not do
-- more if it wanted to: it reads no file, runs no command and writes nothing; after 10 seconds, or
-- with 64 MiB, it is ended; and which guards stop the plan is not for it to say. What it finds
-- there is `inputs`, a `client` that only reads, sei.text, sei.similarity, sei.rule and Lua's own
-- functions, those for files, commands and modules excepted. See sei.sandboxed.recipe.

local BOTS <const> = { "bot", "svc", "ci", "deploy" }

local function is_bot(login)
  for word in sei.text.fold(login):gmatch "%a+" do
    for _, bot in ipairs(BOTS) do
      if word == bot then return true end
    end
  end
  return false
end

local accounts, left_out = {}, 0
for _, account in ipairs(inputs.gitlab) do
  if account.login and is_bot(account.login) then
    left_out = left_out + 1
  else
    account.integration_id = 5323
    accounts[#accounts + 1] = account
  end
end

return {
  name = ("GitLab without %d bots"):format(left_out),
  people = "people", -- the input of this name
  accounts = accounts,
  rules = { sei.rule.email(), sei.rule.full_name(), sei.rule.login_form { class = "probable" } },
}
