--- The rule that asks git's .mailmap.
-- @module sei.rule.mailmap

local view = require "sei.match.view"

local mailmap = {}

-- The map of the options. Raises the error object of a file that cannot be read.
local function map_of(checked)
  local given = (checked.file and 1 or 0) + (checked.text and 1 or 0) + (checked.map and 1 or 0)
  if given ~= 1 then
    error("bad options for sei.rule.mailmap (one of file, text and map expected)", 4)
  end
  if checked.map then
    if type(checked.map.resolve) ~= "function" then
      error("bad option 'map' for sei.rule.mailmap (what sei.source.mailmap.parse made expected)",
        4)
    end
    return checked.map
  end
  local map, err = require("sei.source.mailmap").parse { file = checked.file, text = checked.text }
  if not map then error(err, 0) end
  return map
end

-- The people whom a proper address or, without one, a proper name names.
local function people_of(name, email, people)
  if email then
    local found = people:by("email", email:lower())
    if #found > 0 then return found end
  end
  local key = name and view.keys(view.new({ name = name }, "person"), "name")[1]
  return key and people:by("name", key) or {}
end

local function decide(self, account, people)
  local name, email = view.text(account.name), view.text(account.email)
  if not email then return nil, "the account has no e-mail address" end
  local proper, address, known, where = self.map:resolve(name, email)
  if not known then return nil, "the map does not have its address" end
  local found = people_of(proper, address, people)
  if #found == 0 then return nil, ("nobody is %s <%s>"):format(proper or "", address or "") end
  return found, { key = address, source = where,
    left = { before = ("%s <%s>"):format(name or "", email), after = address },
    right = { before = ("%s <%s>"):format(proper or "", address), after = address } }
end

--- See sei.rule.mailmap.
function mailmap.mailmap(checked)
  return { identity = true, decide = decide, map = map_of(checked) }
end

return mailmap
