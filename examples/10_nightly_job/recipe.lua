-- The recipe of the nightly job: people of HR, accounts of GitLab.
--
-- HR_EXPORT and GITLAB_EXPORT name the files that were put there in the evening;
-- INTEGRATION is GitLab's number in SEI. What a person decided about the accounts
-- that no rule decides stands in REVIEW, which this writes, too.

local sei = require "sei"

return {
  name = "nightly: HR and GitLab",
  people = sei.source.csv { file = os.getenv "HR_EXPORT" or "hr.csv",
    columns = { id = "Personnel No" } },
  accounts = sei.source.gitlab { file = os.getenv "GITLAB_EXPORT" or "gitlab_users.json" },
  integration_id = math.tointeger(tonumber(os.getenv "INTEGRATION" or 5323)),

  -- Nobody looks before the morning: these stay as they are whatever the files say.
  protect = { "ceo@example.com" },

  -- More than this in one night is for a person to look at.
  guard = { changes = 20, shrunk = 0.05 },
}
