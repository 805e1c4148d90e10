--- A module that is read now and compiled when something of it is first used.
--
-- To read a file costs next to nothing, to compile it does. A write that goes
-- wrong must not fail for want of the module that tells how: not in a process
-- that has no descriptor left, nor in one that changed package.path or its
-- folder, or whose files were replaced by a newer release meanwhile.
--
--     local blame = later "sei.blame"
-- @module sei.later

local package, require, open = package, require, io and io.open

-- Where `require` looks first; what cannot be read is left to it.
local function keep(name)
  if package.loaded[name] or package.preload[name] or not open then return end
  local path = package.searchpath(name, package.path)
  local file <close> = path and open(path, "rb") or nil
  local text = file and file:read "a"
  if not text then return end
  package.preload[name] = function(...)
    local chunk, problem = load(text, "@" .. path)
    if not chunk then error(problem, 0) end
    return chunk(...)
  end
end

--- Stands for the module of that name.
-- @tparam string name
-- @treturn table whose fields are the module's
local function later(name)
  keep(name)
  return setmetatable({}, { __index = function(_, key) return require(name)[key] end })
end

return later
