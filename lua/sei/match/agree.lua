--- Whether two records can be one person's, by their names.
-- @module sei.match.agree

local view = require "sei.match.view"
local words = require "sei.match.words"

local agree = {}

-- Each of two words may be a way to write the other: an initial, the beginning
-- (at least three letters), a short form, or one slip of the pen (at least
-- four letters).
local function slip(a, b)
  if #a > #b then a, b = b, a end
  if #a < 4 or #b - #a > 1 then return false end
  local i = 1
  while i <= #a and a:byte(i) == b:byte(i) do i = i + 1 end
  if a:sub(i) == b:sub(i + 1) then return true end
  if #a ~= #b then return false end
  if a:sub(i + 1) == b:sub(i + 1) then return true end
  return a:sub(i, i) == b:sub(i + 1, i + 1) and a:sub(i + 1, i + 1) == b:sub(i, i)
    and a:sub(i + 2) == b:sub(i + 2)
end

local function stands_for(short, long)
  for _, name in ipairs(words.short_forms[short] or {}) do
    if name == long then return true end
  end
  return false
end

local function begins(short, long)
  local letters = utf8.len(short) or #short
  return (letters == 1 or #short >= 3) and long:sub(1, #short) == short
end

local function may_be(a, b)
  return begins(a, b) or begins(b, a) or stands_for(a, b) or stands_for(b, a) or slip(a, b)
end

-- A text of more words is no name; comparing each with each would take long.
local MOST_WORDS <const> = 32

-- The first free word of a list that is the same, else one that may be.
local function partner(word, list, taken)
  for i = 1, math.min(#list, MOST_WORDS) do
    if not taken[i] and list[i] == word then return i end
  end
  for i = 1, math.min(#list, MOST_WORDS) do
    if not taken[i] and may_be(word, list[i]) then return i end
  end
  return nil
end

-- How many words of the shorter name find one in the longer, and whether one
-- of these pairs is more than an initial.
local function common(a, b)
  if #a > #b then a, b = b, a end
  local taken, count, solid = {}, 0, false
  for k = 1, math.min(#a, MOST_WORDS) do
    local word = a[k]
    local i = partner(word, b, taken)
    if i then
      taken[i] = true
      count = count + 1
      solid = solid or #word > 1 and #b[i] > 1
    end
  end
  return count, solid
end

-- How well two views agree: calls back for each pair of full names.
local function pairs_of(v, w, each)
  local some = false
  for i, a in ipairs(v.tokens) do
    for j, b in ipairs(w.tokens) do
      if #a >= 2 and #b >= 2 and view.is_full(v.names[i]) and view.is_full(w.names[j]) then
        some = true
        if each(a, b) then return true, true end
      end
    end
  end
  return false, some
end

--- Whether full names have nothing in common: no word of one may be a word of
-- the other. Where one side has no full name, nothing can be said: false.
-- @treturn boolean
function agree.nothing_in_common(v, w)
  local same, some = pairs_of(v, w, function(a, b)
    return common(a, b) > 0 or table.concat(a) == table.concat(b)
  end)
  return some and not same
end

--- Whether full names can hardly be one person's: fewer than two words agree.
-- Where one side has no full name, nothing can be said: false.
-- @treturn boolean
function agree.hardly(v, w)
  local same, some = pairs_of(v, w, function(a, b)
    local count, solid = common(a, b)
    return count >= 2 and solid or table.concat(a) == table.concat(b)
  end)
  return some and not same
end

--- Whether two records have a login, local part or the like in common.
-- @treturn boolean
function agree.on_handle(v, w)
  local set = {}
  for _, key in ipairs((view.keys(v, "handle"))) do set[key] = true end
  for _, key in ipairs((view.keys(w, "handle"))) do
    if set[key] and #key >= 3 then return true end
  end
  return false
end

-- Whether nothing is left of a key but initials when the words are taken out.
local function made_of(key, tokens)
  if view.forms(tokens)[key] then return true end
  local rest = key
  for _, word in ipairs(tokens) do
    local from, to = rest:find(word, 1, true)
    if from and #word >= 3 then rest = rest:sub(1, from - 1) .. rest:sub(to + 1) end
  end
  return #rest < #key and #rest <= #tokens
end

--- Whether a key is made of the words of a name, of their initials and digits:
-- "jsmith2" of John Smith. It says no more than the name does then.
-- @tparam string key
-- @tparam table v whose names
-- @treturn boolean
function agree.made_of_name(key, v)
  local letters = key:gsub("%d", "")
  for _, tokens in ipairs(v.tokens) do
    if made_of(key, tokens) or made_of(letters, tokens) then return true end
  end
  return false
end

return agree
