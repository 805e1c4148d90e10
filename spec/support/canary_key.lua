--- The keys of canary_spec and what to look for. The end of a key is plain, so
-- that every way of writing it can be searched for as it is; before it stand
-- characters that each encoding writes in another way.
local mime = require "mime"

local canary = {}

local TAILS <const> = { "C4n4ryTa1lX9qZ7wLm", "0ldB1rdTa1lK3vN8pR" }

local BEGINNINGS <const> = {
  a = "pat.acct1.idf/2+3=.", b = 'x"<&>\'~{|', c = "eyJhY2NvdW50IjoiYSJ9", d = "k",
}

function canary.key(letter) return BEGINNINGS[letter] .. TAILS[1] end
function canary.old(letter) return BEGINNINGS[letter] .. TAILS[2] end

-- What base64 makes of a text behind 0, 1 or 2 bytes of a group, without the
-- characters that depend on what stands around it.
local function base64_core(text, before)
  local coded = mime.b64(("\0"):rep(before) .. text)
  local last = (before + #text) * 8 // 6
  return coded:sub(before == 0 and 1 or before + 2, last)
end

--- What must not be found: name of the encoding → text. The whole tails, and
-- their halves, as cut texts would show them.
function canary.needles()
  local list = {}
  for i, tail in ipairs(TAILS) do
    for half, part in ipairs { tail, tail:sub(1, 9), tail:sub(10) } do
      local where = ("key %d, part %d, "):format(i, half)
      list[where .. "raw"] = part
      for before = 0, 2 do
        list[where .. "base64 behind " .. before] = base64_core(part, before)
      end
    end
  end
  list["what stands under a secret's name"] = "unknown-secret-0815"
  return list
end

return canary
