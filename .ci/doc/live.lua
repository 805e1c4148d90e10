-- live - what the reference knows from tables of the C side rather than from
-- comments: a method per endpoint, and the options of every function that checks
-- them against such a table.
--
-- Entries are those of parse.lua. Where the C side is not built, or has no such
-- table, there are none.
local live = {}

-- Kind of endpoint -> its parameters and results in Lua.
local SHAPES = {
  object = { params = {}, result = { "table", "the reply" } },
  list = { params = {}, result = { "function", "an iterator over the records, for `for`; "
    .. "what fails is raised as an error object" }, raises = true },
  download = { params = {}, result = { "table", "what was downloaded" } },
  rows = { params = { { "{table,...}", "rows" } }, result = { "table", "the fate of every row" } },
  upload = { params = {}, result = { "table", "the fate of every row" },
    options = "`file` or `rows`, and others:" },
  send = { params = {}, result = { "table", "the reply" } },
}
-- Functions with options that are documented by comments, all but the options.
local FUNCTIONS = { "sei.client", "sei.csv.read", "sei.csv.write", "sei.json.decode",
  "sei.json.encode", "sei.text.normalize_email", "sei.match.join",
  "sei.sandboxed" }
for _, name in ipairs { "jaro", "jaro_winkler", "levenshtein", "levenshtein_ratio", "osa",
  "osa_ratio", "indel_ratio", "token_sort", "token_set", "dice" } do
  FUNCTIONS[#FUNCTIONS + 1] = "sei.similarity." .. name
end

-- Options of the client that are, or may be, tables of options.
local INNER = { "pace", "grant", "identities", "cloud_ids", "developers" }

-- Names of types in the C side's tables that are not LDoc's.
local TYPES = {
  share = "number",
  ["string or key source"] = "string|table|function",
  ["string or array of strings"] = "string|{string,...}",
}

-- From here on a limit is only there to have one.
local ENDLESS = 1e15

local function add_param(entry, kind, name, text, optional)
  table.insert(entry.params, { name = name, type = kind, text = text, optional = optional })
  table.insert(entry.lines, ("@tparam%s %s %s %s"):format(
    optional and "[opt]" or "", kind, name, text))
end

local function add_return(entry, kind, text, group)
  table.insert(entry.returns, { type = kind, text = text, group = group })
  table.insert(entry.lines, ("@treturn[%d] %s %s"):format(group, kind, text))
end

-- ---- one option in words ----

local function plain(n) return tostring(math.tointeger(n) or n) end

--- What an option may be, beyond its type; "" for anything.
function live.limits(row)
  if row.choices then return "one of " .. row.choices:gsub("|", ", ") end
  if not row.min then return "" end
  if row.max >= ENDLESS then return "from " .. plain(row.min) end
  if row.type == "integer" then return plain(row.min) .. " to " .. plain(row.max) end
  return ("above %s, at most %s"):format(plain(row.min), plain(row.max))
end

--- Its type as LDoc writes it.
function live.type(row) return TYPES[row.type] or row.type end

-- The options that stand in an option which is a table.
local function inner_text(core, owner, name)
  local rows = owner == "sei.client" and core.options(owner .. " " .. name)
  if not rows then return "" end
  local list = {}
  for _, row in ipairs(rows) do
    list[#list + 1] = ("`%s` (%s; default: %s)"):format(row.name, row.doc, row.default)
  end
  return "; with " .. table.concat(list, ", ")
end

local function option_text(core, owner, row)
  local limits = live.limits(row)
  return row.doc .. (limits ~= "" and "; " .. limits or "") .. " (default: " .. row.default .. ")"
    .. inner_text(core, owner, row.name)
end

-- Completes the parameter called "options" of an entry with the rows of its table.
local function add_options(entry, core, owner)
  local known = {}
  for _, p in ipairs(entry.params) do known[p.name] = true end
  for _, row in ipairs(core.options(owner)) do
    local name = "options." .. row.name
    if not known[name] then
      add_param(entry, live.type(row), name, option_text(core, owner, row), true)
    end
  end
end

-- ---- the entries ----

-- One row of core.endpoints as a documented method of the client.
local function endpoint_entry(core, row)
  local text = ("%s\n\n`%s %s`, %s."):format(row.doc, row.method, row.path, row.effect)
  local entry = {
    file = "ext/api/endpoint.c", line = 1, kind = "function", module = "sei", type = "client",
    name = row.name, text = text, params = {}, returns = {}, lines = {},
  }
  for line in (text .. "\n"):gmatch "(.-)\n" do table.insert(entry.lines, line) end
  local shape = SHAPES[row.kind] or SHAPES.object
  if row.path:find("{", 1, true) then
    add_param(entry, "string", "version_id", "the version that the path names")
  end
  for _, p in ipairs(shape.params) do add_param(entry, p[1], p[2], "") end
  if row.takes_body then add_param(entry, "table", "body", "what is sent") end
  add_param(entry, "table", "options", shape.options or "", not shape.options)
  add_options(entry, core, row.name)
  add_return(entry, shape.result[1], shape.result[2], 1)
  if not shape.raises then
    add_return(entry, "nil", "", 2)
    add_return(entry, "error", "what failed", 2)
  end
  return entry
end

local function load_core()
  local ok, core = pcall(require, "sei.core")
  return ok and type(core) == "table" and type(core.options) == "function" and core or nil
end

--- Every table of options: { name = of what takes them, rows = }, in the reference's order.
function live.tables()
  local core, list = load_core(), {}
  if not core then return list end
  local function add(name) list[#list + 1] = { name = name, rows = core.options(name) } end
  for _, name in ipairs(FUNCTIONS) do
    add(name)
    for _, inner in ipairs(name == "sei.client" and INNER or {}) do add(name .. " " .. inner) end
  end
  for _, row in ipairs(core.endpoints) do add(row.name) end
  return list
end

--- The limits that no option moves: { value =, unit =, doc = } each.
function live.fixed()
  local core = load_core()
  if not core then return {} end
  local settle, write, list = require "sei.settle", require "sei.write", core.limits()
  local function add(value, unit, doc)
    list[#list + 1] = { value = value, unit = unit, doc = doc }
  end
  add(settle.MAX_ROWS, "rows", "of one request")
  add(settle.MAX_BYTES, "bytes", "of one request with rows")
  add(write.HELD, "bytes", "of an upload that are held to be sent again")
  for _, row in ipairs(list) do row.value = plain(row.value) end
  return list
end

--- Adds to `entries` what the C side's tables say; a comment goes before.
function live.complete(entries)
  local core = load_core()
  if not core then return end
  local known = {}
  for _, e in ipairs(entries) do
    if e.type == "client" and e.name then known[e.name] = true end
    for _, name in ipairs(FUNCTIONS) do
      if e.kind == "function" and not e.type and e.module .. "." .. tostring(e.name) == name then
        add_options(e, core, name)
      end
    end
  end
  for _, row in ipairs(core.endpoints) do
    if not known[row.name] then entries[#entries + 1] = endpoint_entry(core, row) end
  end
end

return live
