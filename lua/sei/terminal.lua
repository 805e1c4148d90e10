--- Where text goes: whether somebody looks, how wide the window is, and whether
-- colours are wanted.
-- @module sei.terminal

local core = require "sei.core"

local terminal = {}

local WIDTH <const> = 80
-- Select Graphic Rendition, ECMA-48 section 8.3.117.
local STYLES <const> = { bold = "1", dim = "2", red = "31", green = "32", yellow = "33" }

local methods = {}
methods.__index = methods

-- no-color.org: set and not empty means none, whatever it says.
local function wants_colours(is_terminal, getenv)
  local no = getenv "NO_COLOR"
  return is_terminal and (no == nil or no == "") and getenv "TERM" ~= "dumb"
end

--- Looks at an open file.
-- @tparam file file
-- @tparam ?function getenv os.getenv
-- @treturn table with `is_terminal`, `moves` (the cursor can be moved), `colours`, and the
-- methods below
function terminal.of(file, getenv)
  getenv = getenv or os.getenv
  local is_terminal = core.is_terminal(file)
  return setmetatable({ file = file, is_terminal = is_terminal,
    moves = is_terminal and getenv "TERM" ~= "dumb",
    colours = wants_colours(is_terminal, getenv) }, methods)
end

-- How many columns it has now; it may change at any time.
-- Of a terminal that does not say, and of anything else: 80.
function methods:width() return self.is_terminal and core.columns(self.file) or WIDTH end

-- A text in a style, where colours are wanted.
-- style: "bold", "dim", "red", "green" or "yellow".
function methods:paint(style, text)
  if not self.colours then return text end
  return ("\27[%sm%s\27[0m"):format(STYLES[style], text)
end

return terminal
