--- People and accounts from LDIF, as ldapsearch writes it: see
-- `sei.source.ldif`. RFC 2849; what a directory's attributes mean is from RFC
-- 2798 (inetOrgPerson), RFC 4519 and Microsoft's Active Directory schema.
-- @module sei.source.ldif

local attempt = require "sei.attempt"
local base = require "sei.source.base"
local bytes = require "sei.source.bytes"
local core = require "sei.core"
local opt = require "sei.options"
local record = require "sei.source.record"

local ldif = {}

local KINDS <const> = base.join(base.options, bytes.options, { filter = "callable" })

-- Attribute names know no case; records spell these as the standards do.
local SPELLED <const> = {}
for _, name in ipairs { "uid", "cn", "sn", "givenName", "displayName", "mail", "objectClass",
    "sAMAccountName", "userPrincipalName", "proxyAddresses", "mailAlternateAddress",
    "mailLocalAddress", "otherMailbox", "userAccountControl", "nsAccountLock", "employeeNumber",
    "entryUUID", "objectGUID", "gecos", "ou", "o", "title", "department", "manager", "memberOf" } do
  SPELLED[name:lower()] = name
end

-- Classes of entries that are people or accounts; an Active Directory's computer
-- is a user, too.
local PEOPLE <const> = { person = true, organizationalperson = true, inetorgperson = true,
  user = true, posixaccount = true, account = true, contact = true, residentialperson = true,
  shadowaccount = true, ["ipauser"] = true, mailrecipient = true }
local OTHERS <const> = { computer = true, group = true, groupofnames = true, posixgroup = true,
  groupofuniquenames = true }

-- ---- values ----

local DIGITS <const> = {}
for i = 1, 64 do
  DIGITS[("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):byte(i)] = i - 1
end

-- RFC 4648, section 4; nil if it is none.
local function base64(text)
  if #text % 4 ~= 0 or text:find "[^%w+/=]" or not text:find "^[^=]*=?=?$" then return nil end
  local out = {}
  for i = 1, #text, 4 do
    local a, b, c, d = text:byte(i, i + 3)
    local n = DIGITS[a] << 18 | DIGITS[b] << 12 | (DIGITS[c] or 0) << 6 | (DIGITS[d] or 0)
    out[#out + 1] = (">I3"):pack(n):sub(1, c == 61 and 1 or d == 61 and 2 or 3)
  end
  return table.concat(out)
end

-- How Active Directory's tools write an objectGUID (MS-DTYP 2.3.4.2).
local function guid(raw)
  local a, b, c, d, e = ("<I4I2I2>I2I6"):unpack(raw)
  return ("%08x-%04x-%04x-%04x-%012x"):format(a, b, c, d, e)
end

-- ---- lines ----

local function fail(self, line, message, more)
  local err = core.error { kind = "decode", file = self.name, line = line,
    message = ("%s:%d: %s"):format(self.name, line, message) }
  for key, value in pairs(more or {}) do err[key] = value end
  return err
end

local function continue(self, block, line, number)
  if not block then
    error(fail(self, number, "a continued line (it begins with a blank) continues nothing"), 0)
  end
  local last = block[#block]
  last.parts[#last.parts + 1] = line:sub(2)
end

-- The lines of the next record, unfolded, as {text, number}; nil at the end.
local function next_block(self)
  local block
  while true do
    local line, number = self.lines()
    if not line then return block end
    if line == "" then
      if block then return block end
      self.comment = false
    elseif line:byte() == 32 then
      if not self.comment then continue(self, block, line, number) end
    elseif line:byte() == 35 then
      self.comment = true
    else
      self.comment, block = false, block or {}
      block[#block + 1] = { parts = { line }, number = number }
    end
  end
end

-- Name and value of a line; raises what is wrong with it.
local function split(self, item)
  local line = #item.parts == 1 and item.parts[1] or table.concat(item.parts)
  local name, kind, value = line:match "^([%a][%w.;_-]*):([:<]?) *(.*)$"
  if not name then name, kind, value = line:match "^(%d[%d.]*[%w;-]*):([:<]?) *(.*)$" end
  if not name then
    error(fail(self, item.number, "the line is no \"attribute: value\"",
      { value = line:sub(1, 60):gsub("[^\x20-\x7E]", "?"), reason = "no LDIF",
        hint = "a line that goes on begins with a blank" }), 0)
  end
  if kind == "<" then
    error(fail(self, item.number, ("the value of '%s' is the address of a file (%s); no file is "
      .. "read on behalf of another one"):format(name, value:sub(1, 60)), { field = name,
      value = value:sub(1, 60), reason = "URL value", hint = "run ldapsearch without -t" }), 0)
  end
  if kind == "" then return name, value end
  local raw = base64((value:gsub(" +$", "")))
  if not raw then
    error(fail(self, item.number, ("the value of '%s' is not base64"):format(name),
      { field = name, value = value:sub(1, 60), reason = "not base64" }), 0)
  end
  return name, raw, value
end

local function spelled(self, name)
  local key = name:lower()
  local known = self.names[key]
  if not known then
    known = SPELLED[key] or name
    self.names[key] = known
  end
  return known
end

local function add(entry, name, value)
  local there = entry[name]
  if there == nil then
    entry[name] = value
  elseif type(there) == "table" then
    there[#there + 1] = value
  else
    entry[name] = { there, value }
  end
end

-- What no text is stays base64, under the name with "::" behind it.
local function take(self, entry, item)
  local name, value, encoded = split(self, item)
  name = spelled(self, name)
  if name == "objectGUID" and encoded and #value == 16 then return add(entry, name, guid(value)) end
  if utf8.len(value) then return add(entry, name, value) end
  if encoded then return add(entry, name .. "::", encoded) end
  error(fail(self, item.number, ("the value of '%s' is not valid UTF-8"):format(name),
    { field = name, reason = "not UTF-8", hint = "say which encoding the file is in" }), 0)
end

local function list(value)
  return type(value) == "table" and value or { value }
end

-- ---- records ----

-- The message that ldapsearch ends with is no entry; a failure in it means that
-- entries are missing.
local function pass_over(self, block, entry)
  if entry.result then
    local code = tostring(entry.result):match "^%d+"
    if code and code ~= "0" then
      self.failure = fail(self, block[1].number, ("the search did not end well, entries are "
        .. "missing: result %s"):format(entry.result), { field = "result", value = entry.result,
        hint = code == "4" and "the server's size limit: ldapsearch -E pr=1000/noprompt" or nil })
      error(self.failure, 0)
    end
    return "result of the search"
  end
  if entry.ref then return "referral" end
  if entry.search then return "result of the search" end
  error(fail(self, block[1].number, "the record does not begin with 'dn:'",
    { field = "dn", reason = "no dn" }), 0)
end

local function is_person(entry)
  if entry.objectClass == nil then return true end
  local person
  for _, class in ipairs(list(entry.objectClass)) do
    class = class:lower()
    if OTHERS[class] then return false end
    person = person or PEOPLE[class]
  end
  return person or false
end

local function refuse_changes(self, block, entry)
  for _, name in ipairs { "changetype", "control" } do
    if entry[name] then
      error(fail(self, block[1].number, ("the record is a change (%s: %s), no entry"):format(name,
        tostring(list(entry[name])[1])), { field = name, reason = "change record",
        hint = "export the entries themselves: ldapsearch -LLL" }), 0)
    end
  end
end

local function check_version(self, block, entry)
  if entry.version and tostring(entry.version) ~= "1" and block[1].number == self.first then
    self.failure = fail(self, block[1].number, "the version of LDIF must be 1 (RFC 2849)",
      { field = "version", value = tostring(entry.version) })
    error(self.failure, 0)
  end
end

-- Reads attribute by attribute; "-" stands in changes only. Nil: it was the
-- version alone.
local function entry_of(self, block)
  local entry, from = {}, 1
  if not self.first then
    self.first = block[1].number
    -- The version may stand right above the first record.
    local name, value = split(self, block[1])
    if name:lower() == "version" then
      check_version(self, block, { version = value })
      if #block == 1 then return nil end
      from = 2
    end
  end
  local is_change = false
  for i = from, #block do
    local text = block[i].parts[1]
    is_change = is_change or text:lower():find "^changetype:" ~= nil
    if not (is_change and text == "-") then take(self, entry, block[i]) end
  end
  return entry, block[from].number
end

local function next_entry(self)
  if self.failure then error(self.failure, 0) end
  local block = next_block(self)
  if not block then return nil end
  local entry, line = entry_of(self, block)
  if not entry then return next_entry(self) end
  if entry.dn == nil then return false, pass_over(self, block, entry) end
  refuse_changes(self, block, entry)
  if type(entry.dn) == "table" then
    error(fail(self, line, "the record has two dn: an empty line is missing between two records",
      { field = "dn", reason = "two dn" }), 0)
  end
  if self.filter then
    if not self.filter(entry) then return false, "filter" end
  elseif not is_person(entry) then
    return false, "not a person: " .. table.concat(list(entry.objectClass), " ")
  end
  return entry, line
end

-- ---- what attributes mean ----

local function first_of(...)
  local names = { ... }
  return function(entry)
    for _, name in ipairs(names) do
      local value = entry[name]
      if value ~= nil then return list(value)[1] end
    end
  end
end

local function addresses(entry)
  local all, primary = {}, nil
  for _, name in ipairs { "mail", "mailAlternateAddress", "mailLocalAddress", "otherMailbox" } do
    for _, value in ipairs(entry[name] ~= nil and list(entry[name]) or {}) do
      all[#all + 1] = value
    end
  end
  -- Exchange: "SMTP:" is the primary address, "smtp:" another, "X500:" none.
  for _, value in ipairs(entry.proxyAddresses ~= nil and list(entry.proxyAddresses) or {}) do
    local kind, address = value:match "^(%a+):(.+)$"
    if kind == "SMTP" then primary = address end
    if kind and kind:lower() == "smtp" then all[#all + 1] = address end
  end
  return all, primary
end

local function email(entry)
  local all, primary = addresses(entry)
  return list(entry.mail)[1] or primary or all[1]
end

local function emails(entry)
  local taken, others, seen = email(entry), {}, {}
  for _, address in ipairs((addresses(entry))) do
    local key = address:lower()
    if not seen[key] and (not taken or key ~= taken:lower()) then
      seen[key] = true
      others[#others + 1] = address
    end
  end
  return others
end

local function name(entry)
  local shown = first_of("displayName", "cn")(entry)
  if shown then return shown end
  local given, family = list(entry.givenName)[1], list(entry.sn)[1]
  return given and family and given .. " " .. family or given or family
end

-- All other names of an entry, each once.
local function others(taken, ...)
  local sources = { ... }
  return function(entry)
    local all, seen = {}, { [taken(entry) or ""] = true }
    for _, attribute in ipairs(sources) do
      for _, value in ipairs(entry[attribute] ~= nil and list(entry[attribute]) or {}) do
        if not seen[value] then
          seen[value] = true
          all[#all + 1] = value
        end
      end
    end
    return all
  end
end

-- Active Directory's ACCOUNTDISABLE is bit 2; nsAccountLock is 389 Directory
-- Server's and FreeIPA's.
local function active(entry)
  local control = math.tointeger(tonumber(entry.userAccountControl))
  if control then return control & 2 == 0 end
  local lock = entry.nsAccountLock
  if lock ~= nil then return tostring(list(lock)[1]):lower() ~= "true" end
end

local login = first_of("uid", "sAMAccountName")
local DEFAULTS <const> = {
  login = login, name = name, email = email, emails = emails, active = active,
  names = others(name, "displayName", "cn"), logins = others(login, "uid", "sAMAccountName"),
}

-- ---- the source ----

-- The user's columns know no case either.
local function mapping_of(columns)
  local own = {}
  for field, get in pairs(DEFAULTS) do own[field] = get end
  for field, value in pairs(columns or {}) do
    local names = type(value) == "table" and {} or nil
    for i, attribute in ipairs(names and value or {}) do
      names[i] = SPELLED[attribute:lower()] or attribute
    end
    own[field] = names or type(value) == "string" and (SPELLED[value:lower()] or value) or value
    if value == false then own[field] = nil end
  end
  return record.by_members(own, true)
end

local function open(input, source)
  local pull, close = bytes.open(input, source.options.encoding)
  local self = { name = input.name, lines = bytes.lines(pull, input.name), names = {},
    filter = source.options.filter }
  for _, value in pairs(source.options.columns or {}) do
    for _, attribute in ipairs(type(value) == "table" and value or { value }) do
      if type(attribute) == "string" then
        self.names[attribute:lower()] = SPELLED[attribute:lower()] or attribute
      end
    end
  end
  return { next = function() return next_entry(self) end, close = close,
    mapping = mapping_of(source.options.columns) }
end

--- Makes the source; see `sei.source.ldif`.
-- @tparam table options
-- @treturn source
function ldif.new(options)
  return attempt.check(2, function()
    local what = "sei.source.ldif"
    local o = opt.check(what, options, KINDS)
    record.check_columns(o.columns, what)
    return base.new("ldif", o, bytes.inputs(o, what), open)
  end)
end

return ldif
