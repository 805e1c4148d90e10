--- Words of a command line that must be one of a few, and numbers.
local core = require "sei.core"

local word = {}

--- Adds an argument that is one of `names`; of a misspelt one the nearest is told.
-- @tparam table parser a command of lua-argparse
-- @tparam string name
-- @tparam {string,...} names
function word.argument(parser, name, names)
  local list = table.concat(names, ", ")
  local argument = parser:argument(name, "One of: " .. list .. "."):argname(name:upper())
  argument.words = names -- for completion: choices of lua-argparse suggest nothing
  argument:convert(function(text)
    for _, known in ipairs(names) do
      if known == text then return text end
    end
    local best = core.nearest(text, names)
    return nil, ("there is no '%s' to %s%s"):format(text, parser._name,
      best and ("\nDid you mean '%s'?"):format(best) or (" (there are: %s)"):format(list))
  end)
end

--- A whole number, or nil and what was expected.
function word.whole(text)
  local n = text:find "^%d+$" and math.tointeger(tonumber(text))
  if n then return n end
  return nil, ("expected a whole number, got %q"):format(text)
end

--- A whole number from 1 on, or nil and what was expected.
function word.positive(text)
  local n = text:find "^%d+$" and math.tointeger(tonumber(text))
  if n and n > 0 then return n end
  return nil, ("expected a whole number from 1, got %q"):format(text)
end

return word
