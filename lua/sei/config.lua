--- Where the settings of a client come from: options of a command, then the
-- environment, then a file; and which of them each one came from.
--
-- The settings are the options of `sei.client` that are plain values, its
-- overrides of open points (`identities.page_size`), and where the key is
-- (`api_key`, `api_key_file`, `api_key_command`). In the environment they are
-- called `SEI_REGION`, `SEI_IDENTITIES_PAGE_SIZE` and so on. The file has a line
-- `name = value` for each; `#` begins a comment line; nothing in it is run.
-- @module sei.config

local core = require "sei.core"
local options = require "sei.options"

local config = {}

-- Which settings exclude each other: the nearest place that names one decides.
local ADDRESS <const> = { "region", "base_url" }
local KEY <const> = { "api_key", "api_key_file", "api_key_command" }
local GROUPS <const> = { "identities", "cloud_ids", "developers" }
local PATHS <const> = { ca_file = true, client_cert = true, client_key = true }
local MAX_FILE <const> = 1024 * 1024

-- What sei.client takes in another form than text can have.
local OWN <const> = {
  { name = "api_key", kind = "secret", default = "none", doc = "the key itself" },
  { name = "api_key_file", kind = "path", default = "none",
    doc = "file whose first line is the key" },
  { name = "api_key_command", kind = "words", default = "none",
    doc = "command whose first line of output is the key; no shell looks at it" },
  { name = "pace", kind = "pace", default = "5 requests a second, 10 at once",
    doc = "requests per second; no: as many as there are" },
  { name = "pace_file", kind = "path", default = "none",
    doc = "state file by which processes share one pace" },
}

local function plain_kind(row)
  if row.choices and row.type == "string" then return "choice" end
  if PATHS[row.name] then return "path" end
  local kinds = { string = "string", boolean = "boolean", number = "number", integer = "integer",
    ["string or array of strings"] = "list" }
  return kinds[row.type]
end

local function add(list, row, name, kind)
  local entry = { name = name, kind = kind, choices = row.choices, min = row.min, max = row.max,
    default = row.default, doc = row.doc }
  list[#list + 1], list[name] = entry, entry
end

--- All settings, in the order in which people look for them; also by name.
-- @treturn {table,...} {name=, kind=, default=, doc=, choices=, min=, max=}
function config.settings()
  local list = {}
  for _, row in ipairs(core.options "sei.client") do
    if row.name == "api_key" or row.name == "pace" then
      for _, own in ipairs(OWN) do
        if own.name:find("^" .. row.name) then add(list, own, own.name, own.kind) end
      end
    elseif plain_kind(row) then
      add(list, row, row.name, plain_kind(row))
    end
  end
  for _, group in ipairs(GROUPS) do
    for _, row in ipairs(core.options("sei.client " .. group)) do
      add(list, row, group .. "." .. row.name, plain_kind(row))
    end
  end
  return list
end

--- The name of a setting in the environment.
function config.variable(name) return "SEI_" .. name:upper():gsub("%.", "_") end

-- ---- a value out of text; or nil and what was expected ----

local read = {}

function read.string(text) return text end

read.secret = read.string

function read.choice(text, row)
  local known = {}
  for word in row.choices:gmatch "[^|]+" do
    if word == text then return text end
    known[word] = true
  end
  return nil, "one of " .. row.choices, options.suggest(text, known)
end

local YES <const> = { yes = true, ["true"] = true, on = true, ["1"] = true,
  no = false, ["false"] = false, off = false, ["0"] = false }

function read.boolean(text)
  local value = YES[text:lower()]
  if value == nil then return nil, "yes or no" end
  return value
end

function read.number(text, row)
  local n = tonumber(text)
  if n and n > row.min and n <= row.max then return n end
  return nil, ("a number above %g, at most %g"):format(row.min, row.max)
end

function read.integer(text, row)
  local n = math.tointeger(tonumber(text))
  if n and n >= row.min and n <= row.max then return n end
  return nil, ("an integer from %d to %d"):format(row.min, row.max)
end

function read.list(text)
  local list = {}
  for word in text:gmatch "[^,]+" do list[#list + 1] = word:match "^%s*(.-)%s*$" end
  return list
end

function read.pace(text)
  if YES[text:lower()] ~= nil and not tonumber(text) then return YES[text:lower()] end
  local n = tonumber(text)
  if n and n > 0 and n <= 10000 then return n end
  return nil, "yes, no or a number of requests per second"
end

-- Words as a shell would part them, with '…' and "…" around what has blanks.
function read.words(text)
  local words, at = {}, 1
  while true do
    at = text:find("%S", at)
    if not at then break end
    local word = {}
    while at <= #text and not text:find("^%s", at) do
      local quote = text:match("^[\"']", at)
      local piece = quote and text:match("^([^" .. quote .. "]*)" .. quote, at + 1)
        or not quote and text:match("^[^%s\"']+", at)
      if not piece then return nil, "words with each quotation mark closed" end
      word[#word + 1] = piece
      at = at + #piece + (quote and 2 or 0)
    end
    words[#words + 1] = table.concat(word)
  end
  if #words == 0 then return nil, "a command" end
  return words
end

-- ~/x is at home; x of a file is beside that file.
function read.path(text, _, place)
  local home = text:match "^~/(.*)$"
  if home and place.home then return place.home .. "/" .. home end
  if place.folder and not text:find "^/" then return place.folder .. text end
  return text
end

local function fail(place, message, hint)
  error(core.error { kind = "decode", file = place.file, line = place.line, hint = hint,
    message = ("%s: %s"):format(place.origin, message) }, 0)
end

local function value_of(row, text, place)
  if text:find "[%z\1-\31\127]" then fail(place, row.name .. " has control characters") end
  local value, wanted, advice = read[row.kind](text, row, place)
  if value ~= nil then return { value = value, origin = place.origin, text = text } end
  local secret = row.kind == "secret" or row.kind == "words"
  fail(place, ("%s: %s expected%s%s"):format(row.name, wanted,
    secret and "" or (", got %q"):format(text), advice or ""))
end

local function row_of(settings, name, place)
  local row, names = settings[name], {}
  if row then return row end
  for i, one in ipairs(settings) do names[i] = one.name end
  local best = core.nearest(name, names)
  fail(place, ("unknown setting '%s'%s"):format(name,
    best and (" (did you mean '%s'?)"):format(best) or ""), "'sei check --settings' lists them")
end

-- ---- the three places ----

local function from_flags(settings, given, home)
  local level = {}
  for _, row in ipairs(settings) do
    local text = given[row.name]
    if text ~= nil then
      local place = { origin = "--" .. row.name:gsub("_", "-"), home = home }
      level[row.name] = value_of(row, text, place)
    end
  end
  for _, pair in ipairs(given.set or {}) do
    local name, text = pair:match "^%s*([^=%s]*)%s*=%s*(.-)%s*$"
    local place = { origin = "--set", home = home }
    if not name then fail(place, ("NAME=VALUE expected, got %q"):format(pair)) end
    if name == "api_key" then
      fail(place, "a key on the command line could be read by everybody on this machine",
        "give --api-key-file or --api-key-command, or set SEI_API_KEY")
    end
    place.origin = "--set " .. name
    level[name] = value_of(row_of(settings, name, { origin = "--set" }), text, place)
  end
  return level
end

local function from_environment(settings, getenv, home)
  local level = {}
  for _, row in ipairs(settings) do
    local name = config.variable(row.name)
    local text = getenv(name)
    if text and text ~= "" then
      level[row.name] = row.kind == "secret" and { value = text, origin = name, variable = name }
        or value_of(row, text, { origin = name, home = home })
    end
  end
  return level
end

-- Whoever can read the file has the key.
local function check_private(file, path, line)
  local mode, regular = core.file_mode(file)
  if regular and mode & 63 ~= 0 then
    fail({ origin = ("%s:%d"):format(path, line), file = path, line = line },
      ("the file holds a key, and others may read it (mode %04o)"):format(mode),
      ("chmod 600 %s, or keep the key elsewhere: api_key_file, api_key_command"):format(path))
  end
end

local function add_line(level, settings, text, place)
  if not text:find "%S" or text:find "^%s*#" then return end
  local name, value = text:match "^%s*([^=]-)%s*=%s*(.-)%s*$"
  if not name then fail(place, "a line 'name = value' expected") end
  local row = row_of(settings, name, place)
  value = value:match '^"(.*)"$' or value
  if value == "" then fail(place, name .. " has no value") end
  local before = level[row.name]
  if before then fail(place, ("%s was given before: %s"):format(name, before.origin)) end
  level[row.name] = value_of(row, value, place)
  return row.kind == "secret"
end

local function from_file(settings, path, home, must)
  local file, problem = io.open(path, "r")
  if not file then
    if not must and problem:find "No such file" then return {} end
    error(core.error { kind = "io", file = path, message = problem }, 0)
  end
  local _ <close> = file
  local text, why = file:read(MAX_FILE + 1)
  if why or text and #text > MAX_FILE then
    error(core.error { kind = "io", file = path, message = ("%s: %s"):format(path,
      why or "a file of settings has at most 1 MiB") }, 0)
  end
  local level, number = {}, 0
  for line in ((text or ""):gsub("^\xEF\xBB\xBF", "") .. "\n"):gmatch "(.-)\r?\n" do
    number = number + 1
    local place = { origin = ("%s:%d"):format(path, number), file = path, line = number,
      home = home, folder = path:match "^(.*/)[^/]*$" or "" }
    if add_line(level, settings, line, place) then check_private(file, path, number) end
  end
  return level
end

-- ---- which one counts ----

-- The nearest place that names one of the group; there, only one.
local function choose(found, levels, group)
  for _, level in ipairs(levels) do
    local first
    for _, name in ipairs(group) do
      if level[name] and first then
        fail({ origin = level[name].origin }, ("%s and %s (%s) exclude each other"):format(name,
          first, level[first].origin), "keep one of them")
      end
      if level[name] then first = name end
    end
    if first then
      found[first] = level[first]
      return
    end
  end
end

local function merge(settings, levels)
  local found, grouped = {}, {}
  for _, group in ipairs { ADDRESS, KEY } do
    choose(found, levels, group)
    for _, name in ipairs(group) do grouped[name] = true end
  end
  for _, row in ipairs(settings) do
    for _, level in ipairs(levels) do
      if not grouped[row.name] and level[row.name] and not found[row.name] then
        found[row.name] = level[row.name]
      end
    end
  end
  return found
end

local methods = {}
methods.__index = methods

local function default_path(getenv)
  local base, home = getenv "XDG_CONFIG_HOME", getenv "HOME"
  -- XDG Base Directory Specification: what is not absolute is to be ignored.
  if base and base:find "^/" then return base .. "/sei/config" end
  return home and home ~= "" and home .. "/.config/sei/config" or nil
end

--- Reads all three places.
-- @tparam ?table given settings as text by name; `set`: array of "NAME=VALUE"; `config`: path of
-- the file (default: SEI_CONFIG, else sei/config in $XDG_CONFIG_HOME or ~/.config)
-- @tparam ?function getenv os.getenv
-- @treturn ?table settings, with the methods get, client_options and rows below; or nil and an
-- error object that names the place of what is wrong
function config.read(given, getenv)
  given, getenv = given or {}, getenv or os.getenv
  local settings, home = config.settings(), getenv "HOME"
  local named = given.config or getenv "SEI_CONFIG"
  if named == "" then named = nil end
  local path = named or default_path(getenv)
  local ok, found = pcall(function()
    return merge(settings, { from_flags(settings, given, home),
      from_environment(settings, getenv, home),
      path and from_file(settings, path, home, named ~= nil) or {} })
  end)
  if ok then
    return setmetatable({ settings = settings, found = found, getenv = getenv,
      path = path }, methods)
  end
  if core.is_error(found) then return nil, found end
  error(found, 0)
end

-- The value of a setting (nil: nobody gave one), and where it came from.
function methods:get(name)
  local one = self.found[name]
  if one then return one.value, one.origin end
end

local function key_of(self)
  local key = require "sei.key"
  local literal, file, command = self.found.api_key, self.found.api_key_file,
    self.found.api_key_command
  if file then return key.file(file.value) end
  if command then return key.command(command.value) end
  if not literal then
    return function()
      return nil, "no key is known: set SEI_API_KEY, or give api_key_file or api_key_command"
    end
  end
  return literal.variable and key.env(literal.variable) or literal.value
end

local function pace_of(self)
  local rate, file = self:get "pace", self:get "pace_file"
  if type(rate) ~= "number" and not (file and rate ~= false) then return rate end
  return { rate = type(rate) == "number" and rate or nil, file = file }
end

-- A new table: the options for `sei.client`.
function methods:client_options()
  local made = {}
  for _, row in ipairs(self.settings) do
    local one = self.found[row.name]
    local group, inner = row.name:match "^([%w_]+)%.(.+)$"
    if one and group then
      made[group] = made[group] or {}
      made[group][inner] = one.value
    elseif one then
      made[row.name] = one.value
    end
  end
  made.api_key_file, made.api_key_command, made.pace_file = nil, nil, nil
  made.api_key, made.pace = key_of(self), pace_of(self)
  return made
end

-- ---- what people see ----

-- http://user:password@host: everybody may see the rest.
local function without_password(text) return (text:gsub("(//[^/@:]*):[^/@]*@", "%1:****@")) end

local function shown(row, one)
  if row.kind == "secret" then return "(not shown)" end
  if row.kind == "words" then
    return one.value[1] .. (#one.value > 1 and " …" or "")
  end
  if row.kind == "list" then return table.concat(one.value, ",") end
  if type(one.value) == "boolean" then return one.value and "yes" or "no" end
  return without_password(tostring(one.value))
end

-- curl's manual, ENVIRONMENT: http_proxy in small letters alone, lest a CGI
-- script takes a header for it.
local PROXIES <const> = {
  https = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" },
  http = { "http_proxy", "all_proxy", "ALL_PROXY" },
}

-- What libcurl takes from the environment by itself.
local function proxy_row(self)
  local url = self:get "base_url" or "https:"
  for _, name in ipairs(PROXIES[url:match "^(%a+):"] or {}) do
    local value = self.getenv(name)
    if value and value ~= "" then
      return { name = "proxy", value = without_password(value), origin = name }
    end
  end
end

-- All settings as people see them, no secret among them.
-- {name=, value=, origin=} for each; `origin` is "default" where nobody gave one.
function methods:rows()
  local list = {}
  for i, row in ipairs(self.settings) do
    local one = self.found[row.name]
    list[i] = one and { name = row.name, value = shown(row, one), origin = one.origin }
      or row.name == "proxy" and proxy_row(self)
      or { name = row.name, value = row.default, origin = "default" }
  end
  return list
end

return config
