--- What is looked at before anything is written, and how it is refused: for all that
-- does what somebody approved.
-- @module sei.gate

local core = require "sei.core"

local gate = {}

--- Raises an error object of kind "refused".
-- @tparam string code which gate it was
-- @tparam string message
-- @tparam string hint what to do
function gate.refuse(code, message, hint)
  error(core.error { kind = "refused", code = code, message = message, hint = hint }, 0)
end

--- Raises one, of the code "target", unless a client is of the service and the account that are
-- wanted.
-- @tparam client client
-- @tparam table want `base_url`, `account`
-- @tparam string what is for them, as "the plan"
-- @tparam string hint what to do
function gate.target(client, want, what, hint)
  local have = core.target(client)
  for _, name in ipairs { "base_url", "account" } do
    if want[name] ~= have[name] then
      gate.refuse("target", ("%s is for %s %s, the client's is %s"):format(what,
        name == "account" and "the account" or "the service", want[name] or "(none)",
        have[name] or "(none)"), hint)
    end
  end
end

return gate
