--- Rules by login and local part.
-- @module sei.rule.login

local view = require "sei.match.view"
local words = require "sei.match.words"

local login = {}

-- A key that is no more than one word of a name is no key: Clemens may be any
-- Clemens. A word that stands in a full name of the people counts as one.
local function one_word(key, one, people)
  if people:with_word(key) > 0 then return true end
  for _, tokens in ipairs(one.tokens) do
    if #tokens >= 2 then
      for _, word in ipairs(tokens) do
        if word == key then return true end
      end
    end
  end
  return false
end

local function common_reasons(self, key, one, people)
  local _, letters = key:gsub("[%a\xC2-\xF4]", "")
  if letters < self.min_letters then
    return ("%q has fewer than %d letters"):format(key, self.min_letters)
  elseif words.is_generic(key) then
    return ("%q is generic"):format(key)
  elseif one_word(key, one, people) then
    return ("%q is a single name"):format(key)
  end
  return nil
end

local function refuses_part(self, key, _, one, people)
  return common_reasons(self, key, one, people)
end

--- See sei.rule.local_part.
function login.local_part(checked)
  return { kind = "handle", weak = true, min_letters = checked.min_letters,
    refuses = refuses_part }
end

-- What the form of a person's name is made of.
local function made_of(key, people)
  local there = people:numbers("login_form", key)
  local number = type(there) == "table" and there[1] or there
  for _, tokens in ipairs(people.views[number].tokens) do
    local form = view.forms(tokens)[key]
    if form then return form end
  end
  return nil
end

-- Digits at the end are left out only where the whole name stands before them.
local function refuses_form(self, key, before, one, people)
  local form = made_of(key, people)
  if not self.forms[form] then return ("the form %s is not asked for"):format(form) end
  if form ~= "full" then
    local part = before:match "^([^@+]+)" or before
    if view.squeeze(part) ~= key and view.squeeze(before) ~= key then
      return ("%q is left of %q"):format(key, before)
    end
    return common_reasons(self, key, one, people)
  end
  if words.is_generic(key) then return ("%q is generic"):format(key) end
  return one_word(key, one, people) and ("%q is a single name"):format(key) or nil
end

--- See sei.rule.login_form.
function login.login_form(checked)
  local forms = {}
  for form in pairs { full = true, ["f+last"] = true, ["last+f"] = true, ["first+l"] = true,
    ["initials+last"] = true } do
    forms[form] = not checked.forms
  end
  for _, form in ipairs(checked.forms or {}) do
    if form == "first+last" or form == "last+first" then form = "full" end
    if forms[form] == nil then
      error(("bad option 'forms' for sei.rule.login_form (first+last, last+first, f+last, last+f, "
        .. "first+l or initials+last expected, got %s)"):format(tostring(form)), 3)
    end
    forms[form] = true
  end
  return { kind = "login_form", weak = true, min_letters = checked.min_letters, forms = forms,
    refuses = refuses_form }
end

return login
