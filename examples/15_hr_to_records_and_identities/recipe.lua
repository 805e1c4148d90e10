-- One recipe for both: the developer records that HR says, and whose the accounts are.
--
-- HR_EXPORT and GITLAB_EXPORT name the files; INTEGRATION is GitLab's number in SEI.
-- `developers` is for 'sei developers', the rest for 'sei plan'; people are the rows of
-- HR's file, since nothing else says who there is. See `run` beside it.

local sei = require "sei"

return {
  name = "HR and GitLab",

  -- Whom HR no longer has stays as a record: with missing = "remove" it would go, within guards.
  developers = {
    file = os.getenv "HR_EXPORT" or "hr.csv",
    columns = { EMAIL = "E-Mail", NAME = "First Name,Last Name", MANAGER_EMAIL = false },
    filter = function(row) return row.Status == "active" end,
  },

  accounts = sei.source.gitlab { file = os.getenv "GITLAB_EXPORT" or "gitlab_users.json" },
  integration_id = math.tointeger(tonumber(os.getenv "INTEGRATION" or 5323)),
}
