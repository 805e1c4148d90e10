-- check - every public function is documented, and nothing else is.
--
--   lua5.4 .ci/doc/check.lua       in the checkout's environment
--
-- Walks the live module: the tables below require "sei", the modules of
-- lua/sei, and the methods of every type that the C side has registered (their
-- metatables are called "sei.…"). Compares with the reference's comments, both
-- ways. Prints FILE:LINE: SENTENCE for each fault; status 1 if there is any.
local parse = dofile ".ci/doc/parse.lua"

local faults = 0

local function fault(file, line, format, ...)
  faults = faults + 1
  print(("%s:%d: " .. format):format(file, line, ...))
end

-- ---- what is documented ---------------------------------------------------

-- "sei.json.decode" for functions, "client:close" for methods -> entry.
local function documented(entries)
  local known = {}
  for _, e in ipairs(entries) do
    if not e.kind then
      fault(e.file, e.line, "the comment names no @function, @module, @type or @field")
    elseif e.kind == "function" and e.name then
      local key = e.type and e.type .. ":" .. e.name or tostring(e.module) .. "." .. e.name
      if known[key] then
        fault(e.file, e.line, "%s is documented at %s:%d, too", key, known[key].file,
          known[key].line)
      end
      if e.text == "" then
        fault(e.file, e.line, "%s has no sentence that says what it does", key)
      end
      known[key] = e
    end
  end
  return known
end

-- ---- what is there --------------------------------------------------------

-- Functions of the standard library and of other modules are not ours.
local function foreign()
  local set, seen = {}, {}
  local function add(t, depth)
    if seen[t] or depth > 3 then return end
    seen[t] = true
    for name, v in pairs(t) do
      if type(v) == "function" then set[v] = true end
      -- Below package.loaded are our own modules, too.
      local ours = type(name) == "string" and name:find "^sei%f[^%w]"
      if type(v) == "table" and not ours then add(v, depth + 1) end
    end
  end
  add(_G, 0)
  local ok, cjson = pcall(require, "cjson")
  if ok then add(cjson, 0) end
  return set
end

-- Adds the functions of `t` as path.name to `found`, tables below included.
local function walk(t, path, found, seen, skip)
  if seen[t] then return end
  seen[t] = true
  for name, value in pairs(t) do
    if type(name) == "string" and not name:find "^_" then
      local full = path .. "." .. name
      if type(value) == "function" and not skip[value] then
        found[full] = value
      elseif type(value) == "table" then
        walk(value, full, found, seen, skip)
        if type((getmetatable(value) or {}).__call) == "function" then found[full] = value end
      end
    end
  end
end

-- Methods of the registered types: registry["sei.client"].__index -> client:…
local function walk_types(found)
  for name, meta in pairs(debug.getregistry()) do
    local class = type(name) == "string" and name:match "^sei%.([%w_.]+)$"
    local methods = class and type(meta) == "table" and rawget(meta, "__index")
    if type(methods) == "table" then
      for method, value in pairs(methods) do
        if type(value) == "function" and not tostring(method):find "^_" then
          found[class:match "[%w_]+$" .. ":" .. method] = value
        end
      end
    end
  end
end

local function lua_modules()
  local list = {}
  for file in io.popen "find lua/sei -name '*.lua' | sort":lines() do
    local name = file:match "^lua/(.+)%.lua$":gsub("/init$", ""):gsub("/", ".")
    if not name:find "^sei%.sandbox%f[.\0]" and name ~= "sei.main"
      and not name:find "^sei%.cli" then
      list[#list + 1] = { name = name, file = file }
    end
  end
  return list
end

local function collect()
  local found, skip, seen = {}, foreign(), {}
  for _, module in ipairs(lua_modules()) do
    local ok, result = pcall(require, module.name)
    if not ok then
      fault(module.file, 1, "cannot be loaded: %s", tostring(result):match "[^\n]*")
    elseif type(result) == "table" then
      walk(result, module.name, found, seen, skip)
    end
  end
  local ok, core = pcall(require, "sei.core")
  if not ok then fault("ext/lua/core.c", 1, "cannot be loaded: %s", core:match "[^\n]*") end
  walk_types(found)
  return found
end

-- ---- both ways ------------------------------------------------------------

local function main()
  local known = documented(parse.project())
  local found = collect()
  local missing = {}
  for name in pairs(found) do
    if not known[name] then missing[#missing + 1] = name end
  end
  table.sort(missing)
  for _, name in ipairs(missing) do
    fault("ext/lua", 1, "%s can be called and is not documented", name)
  end
  for name, entry in pairs(known) do
    if not found[name] and not entry.hidden then
      fault(entry.file, entry.line, "%s is documented, but there is no such function", name)
    end
  end
end

main()
os.exit(faults == 0)
