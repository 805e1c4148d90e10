-- checked - the tables of options of functions written in Lua: what each of
-- them hands to sei.options.check, seen when it is called.
--
-- So nothing is written down twice: what is listed is what is checked. What an
-- option is stands in the function's comment.
local checked = {}

-- Functions with options -> how to call them, so that nothing happens but the check.
local function calls(sei)
  local list = {}
  local function add(f, ...) list[#list + 1] = { f, table.pack(...) } end
  local function all_of(module, leave_out, ...)
    local names = {}
    for name, f in pairs(module) do
      if type(f) == "function" and not leave_out[name] then names[#names + 1] = name end
    end
    table.sort(names)
    for _, name in ipairs(names) do add(module[name], ...) end
  end
  add(require "sei.recipe".check, {}, "sei.plan")
  add(sei.apply, {})
  add(sei.undo, { journal = "/nowhere" })
  add(require "sei.undo.reactivate".run, {})
  add(sei.report, {})
  add(require "sei.host".look, {})
  for _, name in ipairs { "upload", "map", "activate", "undo", "sync" } do
    add(sei.developers[name], {})
  end
  add(sei.developers.faults, nil, {})
  add(sei.match.run, {})
  add(sei.match.evaluate, nil, {})
  all_of(sei.rule, { decided = true, defaults = true }, {})
  local none = assert(sei.match.run { people = {}, accounts = {} })
  add(sei.review.read, {})
  add(sei.review.write, none, {})
  add(sei.review.merge, "/nowhere", none, {})
  all_of(sei.source, { rows = true, directory = true, write_mailmap = true }, {})
  add(sei.source.rows, {}, {})
  add(sei.source.directory, nil, {})
  add(require "sei.source.mailmap".parse, {})
  add(sei.source.write_mailmap, {}, {})
  return list
end

-- ---- what an option is ----

local function plain(value)
  if type(value) == "table" then return next(value) == nil and "{}" or "a table" end
  return value == nil and "none" or type(value) == "string" and ("%q"):format(value)
    or tostring(value)
end

-- What is left of the first ";" that is not between parentheses.
local function clause(text)
  local depth = 0
  for at, c in text:gmatch "()([();])" do
    depth = depth + (c == "(" and 1 or c == ")" and -1 or 0)
    if c == ";" and depth <= 0 then return text:sub(1, at - 1) end
  end
  return text
end

-- What follows a name, if it explains it: behind ":" or, `loosely`, behind ",".
local function explained(rest, loosely)
  local n = 1
  -- "`people` and `accounts`: …" is said of both.
  while n > 0 do rest, n = rest:gsub("^[,and%s]*`[%w_]+`", "") end
  -- a default may come first: "`name` (none): …"
  rest = rest:match "^%s*%b()%s*:%s*(.*)$" or rest:match "^%s*:%s*(.*)$"
    or loosely and rest:match "^,%s*(.*)$"
  return rest and clause(rest):gsub("%s+", " "):gsub(" $", "")
end

-- Of "`file`: its path; `format`: …" what concerns one name, "" if nothing does. An item of a
-- list goes before what is said in passing.
local function sentence(text, name)
  for _, way in ipairs { { ";\n", false }, { "", false }, { "", true } } do
    for at in text:gmatch(way[1] .. "`" .. name .. "`()") do
      local found = explained(text:sub(at), way[2])
      if found then return found end
    end
  end
  return ""
end

-- What is written about functions and modules, by their names; items of lists and paragraphs end
-- like clauses.
local function texts(entries)
  local known = {}
  for _, e in ipairs(entries) do
    local module = e.kind == "module"
    local name = module and e.module or e.module and e.name and not e.type
      and e.module .. "." .. e.name
    if name then
      local parts = { known[name] }
      for _, p in ipairs(e.params) do parts[#parts + 1] = p.text end
      parts[#parts + 1] = e.text:gsub("\n%s*\n", ";\n"):gsub("\n%s*[*-] ", ";\n")
      known[name] = table.concat(parts, ";")
    end
  end
  local function also(name, other)
    known[name] = (known[name] or "") .. ";" .. (known[other] or "")
  end
  also("sei.plan", "sei.recipe")
  also("sei.match.evaluate", "sei.evaluate.run")
  also("sei.match.evaluate", "sei.match.run")
  for _, name in ipairs { "map", "sync" } do
    also("sei.developers." .. name, "sei.developers.upload")
    also("sei.developers." .. name, "sei.developers.activate")
  end
  also("sei.developers.undo", "sei.developers.upload")
  also("sei.undo.reactivate", "sei.undo.reactivate.run")
  also("sei.review.merge", "sei.review.write")
  also("guard", "sei.guard")
  for name in pairs(known) do
    if name:find "^sei%.source%.[%w_]+$" then also(name, "sei.source") end
  end
  for _, name in ipairs { "gitlab", "github", "bitbucket", "jira", "azure" } do
    for _, other in ipairs { "gitlab", "json", "csv" } do
      also("sei.source." .. name, "sei.source." .. other)
    end
  end
  return known
end

local function rows_of(options, known, defaults, text)
  local names, rows = {}, {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local words = options.expected(known[name]):gsub("\n", "\\n"):gsub("\r", "\\r")
    rows[i] = { name = name, type = words, default = plain((defaults or {})[name]),
      doc = sentence(text, name) }
  end
  return rows
end

--- Every table: { name = of what takes them, rows = { name=, type=, default=, doc= } }.
-- @tparam {entry,...} entries of parse.project()
function checked.tables(entries)
  if not pcall(require, "sei.core") then return {} end
  local sei, options = require "sei", require "sei.options"
  local known, list, seen = texts(entries), {}, {}
  local check, ended = options.check, {}
  local list_of_calls = calls(sei)
  local function look(name, given, types, defaults)
    if not seen[name] then
      seen[name] = true
      local text = known[name:find "guard'? of" and "guard" or name] or ""
      list[#list + 1] = { name = name, rows = rows_of(options, types, defaults, text) }
    end
    -- Two of them check an option of theirs that is a table, too, and then give up.
    if name == "sei.plan" or name == "sei.undo" then return check(name, given, types, defaults) end
    error(ended, 0)
  end
  options.check = look
  for _, one in ipairs(list_of_calls) do pcall(one[1], table.unpack(one[2], 1, one[2].n)) end
  options.check = check
  return list
end

return checked
