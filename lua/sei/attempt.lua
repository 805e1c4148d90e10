--- The rule of the face: misuse raises, the world's failures are returned.
-- @module sei.attempt

local core = require "sei.core"

local attempt = {}

local function settle(ok, ...)
  if ok then return ... end
  local problem = ...
  if core.is_error(problem) then return nil, problem end
  error(problem, 0)
end

--- Calls f; an error object that it raises is returned as `nil, err`.
function attempt.call(f, ...) return settle(pcall(f, ...)) end

--- What was raised as a text, without the place in our own files: the caller's is what counts.
-- @param problem a text; anything else is made one
-- @treturn string
function attempt.sentence(problem)
  return (tostring(problem):gsub("^[^\n:]-%.lua:%d+: ", ""))
end

--- Calls a checking function; what it raises is raised as an error of the
-- function `level` levels up.
function attempt.check(level, f, ...)
  local ok, value = pcall(f, ...)
  if ok then return value end
  if type(value) ~= "string" then error(value, 0) end
  error(attempt.sentence(value), level + 1)
end

return attempt
