-- meta - writes annotations for the Lua language server, one file per module,
-- from the same comments that the reference is made from.
--
--   lua5.4 .ci/doc/meta.lua OUTDIR       in the checkout
--
-- The files begin with ---@meta: an editor reads them, no program loads them.
local parse = dofile ".ci/doc/parse.lua"

-- ---- types ----------------------------------------------------------------

local PLAIN = {
  int = "integer", tab = "table", func = "function", bool = "boolean",
  string = "string", number = "number", integer = "integer", boolean = "boolean",
  table = "table", ["function"] = "function", userdata = "userdata",
  thread = "thread", ["nil"] = "nil", any = "any", file = "file*", error = "sei.error",
}

-- Whether LuaLS knows a class of that name because we write it.
local classes

local convert

-- {string,...} {[string]=integer,...} {name=string,age=int}
local function convert_braces(inside)
  local key, value = inside:match "^%[(.-)%]%s*=%s*(.-)%s*,?%s*%.*$"
  if key then return ("table<%s, %s>"):format(convert(key), convert(value)) end
  local element = inside:match "^(.-)%s*,%s*%.%.%.$" or inside:match "^(.-)%s*,%s*…$"
  if element then
    local kind = convert(element)
    return kind:find "|" and "(" .. kind .. ")[]" or kind .. "[]"
  end
  local fields = {}
  for name, kind in inside:gmatch "([%w_]+)%s*=%s*([^,]+)" do
    fields[#fields + 1] = name .. ": " .. convert(kind)
  end
  return #fields > 0 and "{ " .. table.concat(fields, ", ") .. " }" or "table"
end

local function convert_one(name)
  if name:find "^{.*}$" then return convert_braces(name:sub(2, -2)) end
  if name:find '^"[^"]*"$' or name:find "^%d+$" then return name end
  return PLAIN[name] or classes[name] or "any"
end

-- Cuts at | outside braces.
local function alternatives(text)
  local list, depth, word = {}, 0, ""
  for c in text:gmatch "." do
    if c == "{" then depth = depth + 1 end
    if c == "}" then depth = depth - 1 end
    if c == "|" and depth == 0 then
      list[#list + 1], word = word, ""
    else
      word = word .. c
    end
  end
  list[#list + 1] = word
  return list
end

-- LDoc's type to the language server's; ?x is x or nil.
function convert(text)
  if not text or text == "" then return "any" end
  local rest, list, seen = text:gsub("^%?%|?", ""), {}, {}
  local names = alternatives(rest)
  if text:find "^%?" then names[#names + 1] = "nil" end
  for _, name in ipairs(names) do
    local kind = convert_one((name:gsub("^%s+", ""):gsub("%s+$", "")))
    if not seen[kind] then list[#list + 1] = kind end
    seen[kind] = true
  end
  return table.concat(list, "|")
end

-- ---- one function ---------------------------------------------------------

local function comment(out, text)
  if not text or text == "" then return end
  for line in (text .. "\n"):gmatch "(.-)\n" do out[#out + 1] = "---" .. line end
end

local function one_line(text)
  return (text or ""):gsub("%s+", " "):gsub("%s+$", "")
end

-- opts.page_size belongs to the parameter opts: a class of its own.
local function options_class(out, entry, param, class)
  local fields = {}
  for _, p in ipairs(entry.params) do
    local owner, name = p.name:match "^([%w_]+)%.([%w_]+)$"
    if owner == param.name then
      fields[#fields + 1] = ("---@field %s%s %s %s"):format(
        name, p.optional and "?" or "", convert(p.type), one_line(p.text))
    end
  end
  if #fields == 0 then return nil end
  out[#out + 1] = "---@class " .. class
  for _, line in ipairs(fields) do out[#out + 1] = line end
  out[#out + 1] = ""
  return class
end

-- The n-th result is what any of the groups says of it, or nil where one of
-- them has fewer.
local function results(entry)
  local list, groups, count = {}, {}, 0
  for _, r in ipairs(entry.returns) do
    local place = (groups[r.group] or 0) + 1
    if place == 1 then count = count + 1 end
    groups[r.group] = place
    list[place] = list[place] or { kinds = {}, text = one_line(r.text) }
    table.insert(list[place].kinds, r.type or "any")
  end
  for _, r in ipairs(list) do
    if #r.kinds < count then r.kinds[#r.kinds + 1] = "nil" end
  end
  return list
end

local function write_function(out, entry, owner, separator)
  local names, lines = {}, {}
  for _, p in ipairs(entry.params) do
    if not p.name:find(".", 1, true) then
      names[#names + 1] = p.name
      local class = options_class(out, entry, p, owner .. "." .. entry.name .. "." .. p.name)
      lines[#lines + 1] = ("---@param %s%s %s %s"):format(
        p.name, p.optional and "?" or "", class or convert(p.type), one_line(p.text))
    end
  end
  comment(out, entry.text)
  for _, line in ipairs(lines) do out[#out + 1] = (line:gsub("%s+$", "")) end
  for _, r in ipairs(results(entry)) do
    out[#out + 1] = ("---@return %s # %s"):format(
      convert(table.concat(r.kinds, "|")), r.text)
  end
  local prefix = separator == ":" and owner:match "[%w_]+$" or "M"
  out[#out + 1] = ("function %s%s%s(%s) end"):format(
    prefix, separator, entry.name, table.concat(names, ", "))
  out[#out + 1] = ""
end

-- ---- one module -----------------------------------------------------------

local function write_field(out, entry)
  comment(out, entry.text)
  out[#out + 1] = "---@type " .. convert(entry.value_type)
  out[#out + 1] = ("M.%s = nil"):format(entry.name)
  out[#out + 1] = ""
end

local function module_text(name, entries)
  local out = { "---@meta " .. name, "" }
  for _, e in ipairs(entries) do
    if e.kind == "module" then comment(out, e.text) end
  end
  out[#out + 1] = "---@class " .. name
  out[#out + 1] = "local M = {}"
  out[#out + 1] = ""
  for _, e in ipairs(entries) do
    if e.kind == "type" then
      comment(out, e.text)
      out[#out + 1] = "---@class " .. classes[e.name]
      out[#out + 1] = ("local %s = {}"):format(e.name)
      out[#out + 1] = ""
    elseif e.kind == "function" and e.name and not e.hidden then
      write_function(out, e, e.type and classes[e.type] or name, e.type and ":" or ".")
    elseif e.kind == "field" and not e.type then
      write_field(out, e)
    end
  end
  out[#out + 1] = "return M"
  return table.concat(out, "\n") .. "\n"
end

local function by_module(entries)
  local modules, order = {}, {}
  for _, e in ipairs(entries) do
    if e.module then
      if not modules[e.module] then order[#order + 1] = e.module end
      modules[e.module] = modules[e.module] or {}
      table.insert(modules[e.module], e)
    end
  end
  return modules, order
end

-- Names of types are unique in the project: sei.client, sei.error.
local function collect_classes(entries)
  classes = {}
  for _, e in ipairs(entries) do
    if e.kind == "type" then classes[e.name] = "sei." .. e.name end
    if e.kind == "function" and e.type then
      classes[e.type] = classes[e.type] or "sei." .. e.type
    end
  end
end

-- Methods may be documented without an @type of their own: makes one.
local function add_missing_types(entries)
  local list, known = {}, {}
  for _, e in ipairs(entries) do
    if e.kind == "type" then known[e.module .. " " .. e.name] = true end
  end
  for _, e in ipairs(entries) do
    local key = e.kind == "function" and e.type and e.module and e.module .. " " .. e.type
    if key and not known[key] then
      known[key] = true
      list[#list + 1] = { kind = "type", name = e.type, module = e.module }
    end
    list[#list + 1] = e
  end
  return list
end

local function main(folder)
  local entries = add_missing_types(parse.project())
  collect_classes(entries)
  local modules, order = by_module(entries)
  for _, name in ipairs(order) do
    local text = module_text(name, modules[name])
    local problem = select(2, load(text, "=" .. name))
    if problem then error("the annotations of " .. problem, 0) end
    local handle = assert(io.open(folder .. "/" .. name .. ".lua", "wb"))
    assert(handle:write(text))
    assert(handle:close())
  end
end

main(assert(arg[1], "meta: the folder to write into is missing"))
