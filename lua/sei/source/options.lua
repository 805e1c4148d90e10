--- Options of sources, checked: a wrong name suggests the right one, a wrong
-- value says what was expected.
-- @module sei.source.options

local core = require "sei.core"

local options = {}

local function callable(value)
  return type(value) == "function" or (getmetatable(value) or {}).__call ~= nil
end

local function strings(value)
  if type(value) ~= "table" or #value == 0 then return false end
  for _, one in ipairs(value) do
    if type(one) ~= "string" or one == "" then return false end
  end
  return true
end

-- What an option may be: a test and its words.
local KINDS <const> = {
  string = { function(v) return type(v) == "string" and v ~= "" end, "string that is not empty" },
  text = { function(v) return type(v) == "string" end, "string" },
  boolean = { function(v) return type(v) == "boolean" end, "boolean" },
  table = { function(v) return type(v) == "table" end, "table" },
  ["function"] = { callable, "function" },
  strings = { strings, "array of strings" },
  files = { function(v) return type(v) == "string" and v ~= "" or strings(v) end,
    "path or array of paths" },
  id = { function(v) return math.type(v) == "integer" or type(v) == "string" and v ~= "" end,
    "string or integer" },
  on_bad = { function(v) return v == "error" or callable(v) end, "\"error\" or a function" },
}

local function shown(value)
  if type(value) == "string" and #value <= 40 and not value:find "%c" then
    return "'" .. value .. "'"
  end
  return type(value) == "boolean" and tostring(value) or type(value)
end

-- A kind is a name above, or an array of words.
local function check_value(what, name, value, kind)
  local test, expected
  if type(kind) == "table" then
    for _, word in ipairs(kind) do
      if value == word then return end
    end
    expected = "one of " .. table.concat(kind, "|")
    local near = type(value) == "string" and core.nearest(value, kind)
    if near then expected = expected .. "; did you mean '" .. near .. "'?" end
  else
    test, expected = KINDS[kind][1], KINDS[kind][2]
    if test(value) then return end
  end
  error(("bad option '%s' for %s (%s expected, got %s)"):format(name, what, expected,
    shown(value)), 0)
end

--- Raises unless every option is known and of its kind.
-- @tparam string what the function, for messages
-- @tparam ?table given the options
-- @tparam table kinds name → kind
-- @treturn table a copy of the options
function options.check(what, given, kinds)
  if given ~= nil and type(given) ~= "table" then
    error(("%s takes a table of options, got %s"):format(what, type(given)), 0)
  end
  local copy, names = {}, {}
  for name in pairs(kinds) do names[#names + 1] = name end
  table.sort(names)
  for name, value in pairs(given or {}) do
    if type(name) ~= "string" then
      error(("options of %s are named; got a value at %s"):format(what, tostring(name)), 0)
    end
    if not kinds[name] then
      local near = core.nearest(name, names)
      error(("unknown option '%s' for %s (%s)"):format(name, what,
        near and "did you mean '" .. near .. "'?" or "known: " .. table.concat(names, ", ")), 0)
    end
    check_value(what, name, value, kinds[name])
    copy[name] = value
  end
  return copy
end

--- The kinds of several tables in one; the last one wins.
-- @tparam table ... name → kind
-- @treturn table
function options.join(...)
  local all = {}
  for _, kinds in ipairs { ... } do
    for name, kind in pairs(kinds) do all[name] = kind end
  end
  return all
end

--- Whether a value can be called.
-- @function callable
-- @param value anything
-- @treturn boolean
options.callable = callable

return options
