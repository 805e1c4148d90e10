--- Rules by e-mail address.
-- @module sei.rule.email

local email = {}

--- See sei.rule.email.
function email.email() return { kind = "email", identity = true } end

return email
