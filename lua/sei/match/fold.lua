--- Names made comparable: what two spellings of one name have in common.
-- @module sei.match.fold

local fold = {}

-- Upper-case letters of Latin-1 in UTF-8; the rest of case folding is a matter
-- of sei.text.
local function lower(s)
  s = s:lower()
  return (s:gsub("\xC3([\x80-\x96\x98-\x9E])", function(c)
    return "\xC3" .. string.char(c:byte() + 32)
  end))
end

--- The folded tokens of a text, in its order.
-- @tparam string s
-- @treturn {string,...}
function fold.tokens(s)
  local tokens = {}
  for token in lower(s):gmatch "[%w\x80-\xFF]+" do tokens[#tokens + 1] = token end
  return tokens
end

return fold
