--- The .mailmap of git, in and out: gitmailmap(5). See `sei.source.mailmap`.
-- @module sei.source.mailmap

local attempt = require "sei.attempt"
local base = require "sei.source.base"
local bytes = require "sei.source.bytes"
local core = require "sei.core"
local opt = require "sei.options"
local record = require "sei.source.record"

local mailmap = {}

local KINDS <const> = base.join(base.options, bytes.options)
local PARSE <const> = base.join(bytes.options, { on_bad = base.options.on_bad })
local WRITE <const> = { file = "string", to = "callable" }

-- ---- one line ----

-- A name and the address behind it in <>, and what follows; nil if there is no
-- address. Only the first address of a line must not be empty.
local function name_and_email(text, may_be_empty)
  local name, email, rest = text:match "^([^<]*)<([^>]*)>(.*)$"
  if not name or email == "" and not may_be_empty then return nil end
  name = name:match "^%s*(.-)%s*$"
  return name ~= "" and name or nil, email, rest
end

-- The four forms. Nil: the line says nothing; false: it is none of them.
local function parse_line(line)
  if line:byte() == 35 or not line:find "%S" then return nil end
  local name1, email1, rest = name_and_email(line, false)
  if not email1 then
    if line:find "^%s*#" then return nil end
    return false
  end
  local name2, email2 = name_and_email(rest, true)
  if not email2 then return { name = name1, old_email = email1 } end
  return { name = name1, email = email1, old_name = name2, old_email = email2 }
end

-- ---- the map ----

local map = { __name = "sei.mailmap" }
map.__index = map

local function new_map()
  return setmetatable({ by_email = {}, order = {} }, map)
end

-- What a later line says of the same commits counts; a name and an address that
-- stand in two lines for the same address come together.
local function add(self, line, where)
  local key = line.old_email:lower()
  local entry = self.by_email[key]
  if not entry then
    entry = { old_email = line.old_email, names = {}, order = {} }
    self.by_email[key] = entry
    self.order[#self.order + 1] = entry
  end
  if not line.old_name then
    entry.name, entry.email = line.name or entry.name, line.email or entry.email
    entry.where = entry.where or where
    return
  end
  local name_key = line.old_name:lower()
  if not entry.names[name_key] then entry.order[#entry.order + 1] = name_key end
  entry.names[name_key] = { name = line.name, email = line.email, old_name = line.old_name,
    where = where }
end

-- Name and address of a commit's author as git would show them; and whether the
-- map says anything of them, and if so where: {file=, line=}.
function map:resolve(name, email)
  local entry = type(email) == "string" and self.by_email[email:lower()]
  if not entry then return name, email, false end
  local found = type(name) == "string" and entry.names[name:lower()] or entry
  if not found.name and not found.email then return name, email, false end
  return found.name or name, found.email or email, true, found.where
end

local function bad_line(name, number, line)
  local shown = line:gsub("[^\x20-\x7E]", "?"):sub(1, 60)
  return core.error { kind = "decode", file = name, line = number, value = shown,
    reason = "no mapping", message = ("%s:%d: the line has no <address>: %s"):format(name, number,
      shown), hint = "a line is \"Name <address>\" or \"Name <address> Other Name <other>\"" }
end

-- Reads an input into the map, a bad line at a time: calling it again goes on.
local function reader(self, input, encoding)
  local pull, close = bytes.open(input, encoding)
  local next_line = bytes.lines(pull, input.name)
  return function()
    for line, number in next_line do
      local parsed = parse_line(line)
      if parsed == false then error(bad_line(input.name, number, line), 0) end
      if parsed and not utf8.len(line) then
        error(core.error { kind = "decode", file = input.name, line = number,
          reason = "not UTF-8", message = ("%s:%d: the line is not valid UTF-8"):format(input.name,
            number), hint = "say encoding = \"latin-1\", or save it as UTF-8" }, 0)
      end
      if parsed then add(self, parsed, { file = input.name, line = number }) end
    end
  end, close
end

-- The same to the end; bad lines go to on_bad, if there is one.
local function read_all(self, input, o)
  local read, close = reader(self, input, o.encoding)
  local _ <close> = setmetatable({}, { __close = close })
  repeat
    local ok, problem = pcall(read)
    if not ok then
      local told = opt.callable(o.on_bad) and type(problem) == "table" and problem.reason
      if not told then error(problem, 0) end
      o.on_bad(problem)
    end
  until ok
end

--- Reads a .mailmap.
--
-- What it gives has the method `resolve(name, email)`: name and address of a
-- commit's author as git would show them, true if the map says anything of them,
-- and where it does, `{file=, line=}`. Upper and lower case of ASCII are the same.
-- @tparam table options `file`, `text` or `chunks`; `encoding`, `name`; `on_bad`: "error", or a
-- function that is given the error of each line without an address, which git passes over silently
-- @treturn ?table the map; or nil and an error object
function mailmap.parse(options)
  local what = "sei.source.mailmap.parse"
  local o, inputs
  attempt.check(2, function()
    o = opt.check(what, options, PARSE)
    inputs = bytes.inputs(o, what)
  end)
  return attempt.call(function()
    local self = new_map()
    for _, input in ipairs(inputs) do read_all(self, input, o) end
    return self
  end)
end

-- ---- people ----

-- Adds a text to a list once; `seen` holds them in lower case.
local function once(list, seen, text)
  if text and not seen[text:lower()] then
    seen[text:lower()] = true
    list[#list + 1] = text
  end
end

local function new_person(self, email, where)
  local person = { email = email, emails = {}, names = {}, pairs = {}, where = where,
    seen_names = {}, seen_emails = { [email:lower()] = true } }
  self.people[#self.people + 1] = person
  self.by_email[email:lower()] = person
  return person
end

local function person_of(self, email, where)
  local person = self.by_email[email:lower()] or new_person(self, email, where)
  if where.line < person.where.line and where.file == person.where.file then
    person.where = where
  end
  return person
end

local function name_person(person, name)
  if not name then return end
  if not person.name then
    person.name = name
    person.seen_names[name:lower()] = true
  end
  once(person.names, person.seen_names, name)
end

-- An address for which only some names are mapped is nobody's own.
local function people_of(parsed)
  local self = { people = {}, by_email = {} }
  for _, entry in ipairs(parsed.order) do
    if entry.name or entry.email then
      local person = person_of(self, entry.email or entry.old_email, entry.where)
      name_person(person, entry.name)
      once(person.emails, person.seen_emails, entry.old_email)
    end
    for _, key in ipairs(entry.order) do
      local one = entry.names[key]
      local person = person_of(self, one.email or entry.old_email, one.where)
      name_person(person, one.name)
      once(person.names, person.seen_names, one.old_name)
      if entry.old_email:lower() ~= person.email:lower() then
        person.pairs[#person.pairs + 1] = { name = one.old_name, email = entry.old_email }
      end
    end
  end
  return self.people
end

local FIELDS <const> = { email = "email", name = "name", emails = "emails", names = "names" }

-- All files make one map; then the people come.
local function open(input, source)
  local parsed, at, read, close, people, i = new_map(), 0, nil, nil, nil, 0
  local function shut()
    if close then close() end
    close = nil
  end
  return { mapping = record.by_members(source.options.columns or FIELDS, true), close = shut,
    next = function()
      while not people do
        if not read then
          at = at + 1
          if not input.files[at] then
            people = people_of(parsed)
            break
          end
          read, close = reader(parsed, input.files[at], source.options.encoding)
        end
        read()
        shut()
        read = nil
      end
      i = i + 1
      local one = people[i]
      if not one then return nil end
      return { email = one.email, name = one.name, emails = one.emails, names = one.names,
        pairs = one.pairs[1] and one.pairs or nil }, one.where.line, one.where.file
    end }
end

--- Makes the source; see `sei.source.mailmap`.
-- @tparam table options
-- @treturn source
function mailmap.new(options)
  return attempt.check(2, function()
    local what = "sei.source.mailmap"
    local o = opt.check(what, options, KINDS)
    record.check_columns(o.columns, what)
    local inputs = bytes.inputs(o, what)
    return base.new("mailmap", o, { { name = inputs[1].name, files = inputs } }, open)
  end)
end

-- ---- writing ----

local function refuse(number, field, value, why)
  error(core.error { kind = "encode", line = number, field = field, value = value,
    message = ("person %d: the field '%s' cannot stand in a .mailmap: %s"):format(number, field,
      why), hint = "leave the person out, or correct the field" }, 0)
end

local function check_name(number, name)
  if name:find "[<>\r\n]" then
    refuse(number, "name", name, "it has one of < > or a line's end")
  end
  if name:find "^%s*#" then refuse(number, "name", name, "it begins with #, as comments do") end
  return name:match "^%s*(.-)%s*$"
end

local function check_email(number, email)
  if email == "" or email:find "[<>\r\n]" then
    refuse(number, "email", email, "it is empty, or has one of < > or a line's end")
  end
  return email
end

local function text(value)
  return type(value) == "string" and value:find "%S" and value or nil
end

-- "Name <address>", and a line for each other address and each other name.
local function lines_of(person, number, out)
  local email, name = text(person.email), text(person.name)
  if not email then refuse(number, "email", nil, "it is missing") end
  local whole = (name and check_name(number, name) .. " " or "") .. "<"
    .. check_email(number, email) .. ">"
  local before = #out
  if name then out[#out + 1] = whole end
  for _, other in ipairs(person.emails or {}) do
    if other:lower() ~= email:lower() then
      out[#out + 1] = whole .. " <" .. check_email(number, other) .. ">"
    end
  end
  for _, other in ipairs(person.names or {}) do
    out[#out + 1] = whole .. " " .. check_name(number, other) .. " <" .. email .. ">"
  end
  for _, pair in ipairs(person.pairs or {}) do
    if pair.email:lower() ~= email:lower() then
      out[#out + 1] = whole .. " " .. check_name(number, pair.name) .. " <"
        .. check_email(number, pair.email) .. ">"
    end
  end
  if #out == before then refuse(number, "name", nil, "it is missing") end
end

local function to_file(path, content)
  local file <close>, problem = core.file(path)
  if not file then return nil, problem end
  local ok, why = core.file_write(file, content)
  if not ok then return nil, why end
  return core.file_commit(file)
end

--- Writes people as a .mailmap; see `sei.source.write_mailmap`.
-- @param people
-- @tparam table options
-- @treturn ?boolean true; or nil and an error object
function mailmap.write(people, options)
  local o = attempt.check(2, function()
    local what = "sei.source.write_mailmap"
    local checked = opt.check(what, options, WRITE)
    if (checked.file == nil) == (checked.to == nil) then
      error(what .. " needs exactly one of the options 'file' and 'to'", 0)
    end
    if type(people) ~= "table" and not opt.callable(people) then
      error(("bad argument #1 to '%s' (people expected, got %s)"):format(what, type(people)), 0)
    end
    return checked
  end)
  return attempt.call(function()
    local out, number = {}, 0
    local function take(person)
      number = number + 1
      lines_of(person, number, out)
    end
    if opt.callable(people) then
      for person in people do take(person) end
    else
      for _, person in ipairs(people) do take(person) end
    end
    local content = #out > 0 and table.concat(out, "\n") .. "\n" or ""
    if o.file then return to_file(o.file, content) end
    o.to(content)
    return true
  end)
end

return mailmap
