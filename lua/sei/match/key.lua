-- The stable key of an account: see sei.match.key.
local view = require "sei.match.view"

return function(account)
  local id = view.text(account.id)
  if id then return id end
  local login, email = view.text(account.login), view.text(account.email)
  local rest = login and login:lower() or email and email:lower() or view.text(account.name)
  return rest and (view.text(account.integration_id) or "") .. "/" .. rest
end
