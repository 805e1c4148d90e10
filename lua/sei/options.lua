--- Options in a table, checked: a misspelt name or a value of the wrong type
-- is misuse and raises, naming the nearest right name.
-- @module sei.options

local core = require "sei.core"

local options = {}

--- Whether a value can be called.
-- @treturn boolean
function options.callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

-- What may be said of a value besides its Lua type.
local TESTS <const> = {
  callable = options.callable,
  count = function(value) return math.type(value) == "integer" and value >= 0 end,
  few = function(value) return math.type(value) == "integer" and value >= 0 and value <= 32 end,
  positive = function(value) return math.type(value) == "integer" and value >= 1 end,
  share = function(value) return type(value) == "number" and value >= 0 and value <= 1 end,
}

local WORDS <const> = {
  callable = "function", count = "integer from 0", few = "integer from 0 to 32",
  positive = "integer from 1", share = "number from 0 to 1",
}

-- One word of a row's type: a test, a literal in quotes or a Lua type.
local function fits(value, word)
  if TESTS[word] then return TESTS[word](value) end
  local literal = word:match '^"(.*)"$'
  if literal then return value == literal end
  return type(value) == word
end

--- Says in words what a value may be.
-- @tparam string wanted types joined by "|", as options.check takes them
-- @treturn string "integer from 1 or function", say
function options.expected(wanted)
  local words = {}
  for word in wanted:gmatch "[^|]+" do words[#words + 1] = WORDS[word] or word end
  return table.concat(words, " or ")
end

local function shown(value)
  if type(value) == "string" and #value <= 40 then return ("%q"):format(value) end
  if math.type(value) then return tostring(value) end
  return type(value)
end

--- Says which of the known names a wrong one meant.
-- @tparam string wrong
-- @tparam table known its keys are the names
-- @treturn string " (did you mean 'x'?)", or all that are known if none is near
function options.suggest(wrong, known)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  local best = core.nearest(wrong, names)
  if best then return (" (did you mean '%s'?)"):format(best) end
  return (" (known: %s)"):format(table.concat(names, ", "))
end

--- Checks a table of options. Raises a plain message, for the level above the
-- caller, if a name is unknown or a value does not fit.
-- @tparam string name of the function whose options they are
-- @tparam ?table given nil counts as none
-- @tparam table known option → its types, joined by "|": Lua's, "callable", "count", "few",
-- "positive", "share" or a literal in double quotes
-- @tparam ?table defaults option → value
-- @treturn table a new table: the defaults with what was given
function options.check(name, given, known, defaults)
  local checked = {}
  for key, value in pairs(defaults or {}) do checked[key] = value end
  if given == nil then return checked end
  if type(given) ~= "table" then
    error(("bad argument #1 to '%s' (table of options expected, got %s)")
      :format(name, type(given)), 3)
  end
  for key, value in pairs(given) do
    local wanted = type(key) == "string" and known[key]
    if not wanted then
      error(("unknown option '%s' for %s%s"):format(tostring(key), name,
        type(key) == "string" and options.suggest(key, known) or ""), 3)
    end
    local ok = false
    for word in wanted:gmatch "[^|]+" do ok = ok or fits(value, word) end
    if not ok then
      error(("bad option '%s' for %s (%s expected, got %s)"):format(key, name,
        options.expected(wanted), shown(value)), 3)
    end
    checked[key] = value
  end
  return checked
end

return options
