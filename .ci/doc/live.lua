-- live - what the reference knows from tables of the C side rather than from
-- comments: a method per endpoint, and the options of sei.client.
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
  upload = { params = {}, result = { "table", "the fate of every row" } },
  send = { params = {}, result = { "table", "the reply" } },
}
local OPTIONS_TEXT = {
  download = "`file=` or `to=`, and others",
  rows = "`batch_size=`, `on_reject=\"bisect\"|\"stop\"`, `verify=`, `repair=`, and others",
  upload = "`file=` or `rows=`, `on_reject=\"bisect\"|\"stop\"`, `verify=`, `repair=`, and others",
}

local function add_param(entry, kind, name, text, optional)
  table.insert(entry.params, { name = name, type = kind, text = text, optional = optional })
  table.insert(entry.lines, ("@tparam%s %s %s %s"):format(
    optional and "[opt]" or "", kind, name, text))
end

local function add_return(entry, kind, text, group)
  table.insert(entry.returns, { type = kind, text = text, group = group })
  table.insert(entry.lines, ("@treturn[%d] %s %s"):format(group, kind, text))
end

-- One row of core.endpoints as a documented method of the client.
local function endpoint_entry(row)
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
  add_param(entry, "table", "options", OPTIONS_TEXT[row.kind] or "", true)
  add_return(entry, shape.result[1], shape.result[2], 1)
  if not shape.raises then
    add_return(entry, "nil", "", 2)
    add_return(entry, "error", "what failed", 2)
  end
  return entry
end

-- Names of types in the C side's tables that are not one word.
local TYPES = {
  ["string or key source"] = "string|table|function",
  ["string or array of strings"] = "string|{string,...}",
}

-- `inner`: rows of the options that stand in an option which is a table.
local function option_text(row, inner)
  local text = row.doc or ""
  if row.choices then text = text .. "; one of " .. row.choices:gsub("|", ", ") end
  if row.default then text = text .. " (default: " .. row.default .. ")" end
  if row.type == "table" and inner and #inner > 0 then
    local list = {}
    for _, r in ipairs(inner) do list[#list + 1] = ("`%s`: %s"):format(r.name, option_text(r)) end
    text = text .. "; with " .. table.concat(list, "; ")
  end
  return text
end

local function find_client(entries)
  for _, e in ipairs(entries) do
    if e.kind == "function" and e.module == "sei" and e.name == "client" then return e end
  end
end

-- Completes the entry of sei.client with the options that the C side checks.
local function add_client_options(entries, core)
  local client = find_client(entries)
  if not client or type(core.client_options) ~= "function" then return end
  if not client.params[1] then add_param(client, "table", "options", "") end
  local owner, known = client.params[1].name, {}
  for _, p in ipairs(client.params) do known[p.name] = true end
  local rows, inner = core.client_options()
  for _, row in ipairs(rows) do
    local name = owner .. "." .. row.name
    if not known[name] then
      add_param(client, TYPES[row.type] or tostring(row.type), name, option_text(row, inner), true)
    end
  end
end

--- Adds to `entries` what the C side's tables say; a comment goes before.
function live.complete(entries)
  local ok, core = pcall(require, "sei.core")
  if not ok or type(core) ~= "table" then return end
  local known = {}
  for _, e in ipairs(entries) do
    if e.type == "client" and e.name then known[e.name] = true end
  end
  for _, row in ipairs(core.endpoints or {}) do
    if not known[row.name] then entries[#entries + 1] = endpoint_entry(row) end
  end
  add_client_options(entries, core)
end

return live
