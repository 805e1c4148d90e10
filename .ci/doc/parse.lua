-- parse - reads the reference's comments: /*** … */ in C, --- in Lua.
--
-- Understands the part of LDoc that this project writes: @module, @type,
-- @function, @field, @tfield, @param, @tparam, @treturn, @return, @raise,
-- @usage, @see, @section, @local, @within, and types as tags (@string x).
-- LDoc makes the pages; this makes the checks and the annotations possible
-- without it.
--
-- An entry: { file=, line=, kind=, module=, type=, name=, text=, params=,
-- returns=, raises=, lines=, code= }; kind is "module", "type", "function",
-- "field", "table", "section" or "local"; params are { name=, type=, text=,
-- optional=, initial= }, returns are { type=, text=, group= }; lines is the
-- comment as it was written, code the line that follows it.
local live = dofile ".ci/doc/live.lua"

local parse = {}

-- Tags that say the type of a parameter: @string name = @tparam string name.
local TYPE_TAGS = {
  string = "string", number = "number", int = "integer", bool = "boolean",
  func = "function", tab = "table", thread = "thread",
}

-- ---- comments -------------------------------------------------------------

local function read(file)
  local handle = assert(io.open(file, "rb"))
  local text = handle:read "a"
  handle:close()
  return text
end

local function split(text)
  local list = {}
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do list[#list + 1] = line end
  return list
end

-- Blocks of C: { line=, lines=, code= }, code being what follows.
local function c_blocks(lines)
  local blocks, i = {}, 1
  while i <= #lines do
    local rest = lines[i]:match "^%s*/%*%*%*(.*)$"
    if rest then
      local block = { line = i, lines = {} }
      while rest and not rest:find("*/", 1, true) do
        block.lines[#block.lines + 1] = (rest:gsub("^%s*%*%s?", ""))
        i = i + 1
        rest = lines[i]
      end
      if rest then
        local last = rest:gsub("%*/.*$", ""):gsub("^%s*%*%s?", "")
        block.lines[#block.lines + 1] = last
      end
      block.code = lines[i + 1] or ""
      blocks[#blocks + 1] = block
    end
    i = i + 1
  end
  return blocks
end

-- Blocks of Lua: from a line of three dashes to the last line of comment.
local function lua_blocks(lines)
  local blocks, i = {}, 1
  while i <= #lines do
    local rest = lines[i]:match "^%s*%-%-%-([^%-].*)$" or lines[i]:match "^%s*%-%-%-$" and ""
    if rest then
      local block = { line = i, lines = { (rest:gsub("^%s", "")) } }
      while lines[i + 1] and lines[i + 1]:find "^%s*%-%-" do
        i = i + 1
        block.lines[#block.lines + 1] = (lines[i]:gsub("^%s*%-+%s?", ""))
      end
      block.code = lines[i + 1] or ""
      blocks[#blocks + 1] = block
    end
    i = i + 1
  end
  return blocks
end

-- ---- tags -----------------------------------------------------------------

-- The type at the start of `text`, braces counted, and what follows it.
local function take_type(text)
  local depth = 0
  for i = 1, #text do
    local c = text:sub(i, i)
    if c == "{" or c == "(" then
      depth = depth + 1
    elseif c == "}" or c == ")" then
      depth = depth - 1
    elseif c:find "%s" and depth == 0 then
      return text:sub(1, i - 1), (text:sub(i):gsub("^%s+", ""))
    end
  end
  return text, ""
end

local function add_param(entry, kind, modifiers, text)
  local name, rest = text:match "^(%S+)%s*(.*)$"
  if not name then return end
  local optional, initial = modifiers:find "^opt" ~= nil, modifiers:match "^opt=(.*)$"
  entry.params[#entry.params + 1] = {
    name = name, type = kind, text = rest, optional = optional, initial = initial }
end

local function add_return(entry, kind, modifiers, text)
  entry.returns[#entry.returns + 1] = {
    type = kind, text = text, group = tonumber(modifiers) or 1 }
end

local HANDLERS = {
  module = function(e, _, text) e.kind, e.name = "module", text:match "^%S+" end,
  type = function(e, _, text) e.kind, e.name = "type", text:match "^%S+" end,
  table = function(e, _, text) e.kind, e.name = "table", text:match "^%S+" end,
  section = function(e) e.kind = "section" end,
  ["function"] = function(e, _, text) e.kind, e.name = "function", text:match "^%S+" end,
  field = function(e, _, text)
    if e.kind ~= "table" then e.kind, e.name = "field", text:match "^%S+" end
  end,
  tfield = function(e, _, text)
    local kind, rest = take_type(text)
    if e.kind == "table" then return end
    e.kind, e.name, e.value_type = "field", rest:match "^%S+", kind
  end,
  tparam = function(e, modifiers, text)
    local kind, rest = take_type(text)
    add_param(e, kind, modifiers, rest)
  end,
  param = function(e, modifiers, text) add_param(e, nil, modifiers, text) end,
  treturn = function(e, modifiers, text)
    local kind, rest = take_type(text)
    add_return(e, kind, modifiers, rest)
  end,
  ["return"] = function(e, modifiers, text) add_return(e, nil, modifiers, text) end,
  raise = function(e, _, text) e.raises = text end,
  ["local"] = function(e) e.hidden = true end,
}
HANDLERS.class = HANDLERS.type

local function apply_tag(entry, tag)
  local text = table.concat(tag.lines, "\n"):gsub("%s+$", "")
  local handler = HANDLERS[tag.name]
  if handler then
    handler(entry, tag.modifiers, text)
  elseif TYPE_TAGS[tag.name] then
    add_param(entry, TYPE_TAGS[tag.name], tag.modifiers, text)
  end
end

-- The name that the code after a Lua comment gives to a function: M.read ->
-- read, M.key.env -> key.env, M:read -> read.
local function name_of_code(code)
  return code:match "^%s*function%s+[%w_]+[.:]([%w_.]+)%s*%("
    or code:match "^%s*[%w_]+%.([%w_.]+)%s*=%s*function"
end

local function parse_block(file, block)
  local entry = { file = file, line = block.line, lines = block.lines, code = block.code,
    params = {}, returns = {} }
  local text, tag = {}, nil
  for _, line in ipairs(block.lines) do
    local name, modifiers, rest = line:match "^%s*@(%a+)(%b[])%s*(.*)$"
    if not name then
      name, rest = line:match "^%s*@(%a+)%s*(.*)$"
    end
    if name then
      if tag then apply_tag(entry, tag) end
      tag = { name = name, modifiers = (modifiers or "[]"):sub(2, -2), lines = { rest } }
    else
      local list = tag and tag.lines or text
      list[#list + 1] = line:gsub("^%s+", "")
    end
  end
  if tag then apply_tag(entry, tag) end
  entry.text = table.concat(text, "\n"):gsub("^%s+", ""):gsub("%s+$", "")
  if not entry.kind then
    entry.name = name_of_code(block.code)
    entry.kind = entry.name and "function"
      or block.code:find "^%s*local%s" and "local" or nil
  end
  return entry
end

-- ---- files ----------------------------------------------------------------

-- lua/sei/rule/init.lua -> sei.rule
local function module_of_path(file)
  local name = file:match "^lua/(.+)%.lua$"
  return name and name:gsub("/init$", ""):gsub("/", ".") or nil
end

-- "client:close" -> a method; "sei.json.decode", "json.decode" -> a function
-- of another module than the file's.
local function qualify(entry)
  local class, method = entry.name:match "^([%w_]+):([%w_]+)$"
  if class then
    entry.type, entry.name = class, method
    return
  end
  local module, name = entry.name:match "^([%w_.]+)%.([%w_]+)$"
  if module then
    entry.module = module:find "^sei" and module or "sei." .. module
    entry.name, entry.type = name, nil
  end
end

-- The module of a C function by how this project names things: l_json_decode()
-- documented as decode is sei.json.decode, and so is l_decode() of json*.c.
local function module_of_function(entry)
  local part = (entry.code or ""):match("l_([%w_]+)_" .. (entry.name or "") .. "%s*%(")
  return "sei." .. (part or entry.file:match "([%w]+)[%w_]*%.c$")
end

-- Gives every entry its module and type: both last until the next of the
-- kind. Without @module the names in C tell.
local function place(entries, file)
  local module, class = module_of_path(file), nil
  for _, entry in ipairs(entries) do
    if entry.kind == "module" then
      module, class = entry.name or module, nil
      entry.name = module
    elseif entry.kind == "type" then
      class = entry.name
    elseif entry.kind == "section" then
      class = nil
    end
    entry.module = module or module_of_function(entry)
    if entry.kind == "function" or entry.kind == "field" then
      entry.type = class
      if entry.name then qualify(entry) end
    end
  end
end

--- Reads one source file.
-- @treturn {entry,...} in the file's order
function parse.file(file)
  local lines = split(read(file))
  local blocks = file:find "%.lua$" and lua_blocks(lines) or c_blocks(lines)
  local entries = {}
  for _, block in ipairs(blocks) do entries[#entries + 1] = parse_block(file, block) end
  place(entries, file)
  return entries
end

--- Reads all sources that the reference is made from: what Lua can call.
-- The command and the emulator's inside have their own help.
function parse.project()
  local entries = {}
  local pipe = assert(io.popen "ls ext/lua/*.c 2>/dev/null; find lua/sei -name '*.lua' | sort")
  for file in pipe:lines() do
    if not file:find "^lua/sei/sandbox/" and not file:find "^lua/sei/main%.lua$"
      and not file:find "^lua/sei/cli[./]" then
      for _, entry in ipairs(parse.file(file)) do entries[#entries + 1] = entry end
    end
  end
  pipe:close()
  live.complete(entries)
  return entries
end

return parse
