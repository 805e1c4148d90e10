--- Rules by e-mail address.
-- @module sei.rule.email

local core = require "sei.core"
local view = require "sei.match.view"
local words = require "sei.match.words"

local email = {}

--- See sei.rule.email.
function email.email() return { kind = "email", identity = true } end

local PART <const> = "^[%w!#$%%&*+/=?^_`{|}~.\x80-\xFF-]+"
local HOST <const> = "^[%w\x80-\xFF-]+%.[%w.\x80-\xFF-]+"

-- The addresses in a text, whatever is around them: <a@b>, "mailto:a@b", “a@b”.
-- What is longer than RFC 5321 allows (section 4.5.3.1) is none.
local function addresses(text)
  if text:find "^[%w.+_-]+@[%w-]+%.[%w.-]+$" then return { text } end
  local list = {}
  text = text:gsub("\u{201C}", " "):gsub("\u{201D}", " "):gsub("mailto:", " ")
  local at = text:find("@", 1, true)
  while at do
    local part = text:sub(math.max(1, at - 65), at - 1):reverse():match(PART)
    local host = text:sub(at + 1, at + 256):match(HOST)
    if part and host and #part <= 64 then list[#list + 1] = part:reverse() .. "@" .. host end
    at = text:find("@", at + 1, true)
  end
  return list
end

-- Addresses stand in names and logins, too.
local function derive_for(how)
  return function(v)
    local keys, before = {}, {}
    for _, list in ipairs { v.emails, v.names, v.logins } do
      for _, value in ipairs(list) do
        if value:find("@", 1, true) then
          for _, address in ipairs(addresses(value)) do
            view.add(keys, before, core.text.normalize_email(address, how), value)
          end
        end
      end
    end
    return keys, before
  end
end

-- The same options give the same kind, so that two rules share an index.
local function kind_of(how)
  local parts = {}
  for i, name in ipairs { "plus", "dots", "googlemail" } do parts[i] = tostring(how[name]) end
  local domains = {}
  for alias, real in pairs(how.domains) do domains[#domains + 1] = alias .. "=" .. real end
  table.sort(domains)
  return "normalized_email " .. table.concat(parts, ",") .. " " .. table.concat(domains, ",")
end

--- See sei.rule.normalized_email.
function email.normalized_email(checked)
  local how = { plus = checked.plus, dots = checked.dots, googlemail = checked.googlemail,
    domains = {} }
  for alias, real in pairs(checked.domains) do
    if type(alias) ~= "string" or type(real) ~= "string" then
      error("bad option 'domains' for sei.rule.normalized_email (alias → domain expected)", 3)
    end
    how.domains[alias:lower()] = real:lower()
  end
  return { kind = kind_of(how), derive = derive_for(how), identity = true }
end

-- A login of one tool may be somebody else's in another, where it is short.
local function refuses(_, key)
  if words.is_generic(key) then return ("the login %q is generic"):format(key) end
  if #key < 3 then return ("the login %q is too short"):format(key) end
  return nil
end

--- See sei.rule.noreply_login.
function email.noreply_login() return { kind = "login", refuses = refuses } end

return email
