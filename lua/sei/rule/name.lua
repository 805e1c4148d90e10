--- Rules by name.
-- @module sei.rule.name

local name = {}

--- See sei.rule.full_name.
function name.full_name() return { kind = "name" } end

return name
