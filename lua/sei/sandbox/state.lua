--- The state as text, such that the same state is the same bytes. What says
-- only when and in which version something was written is left out.
local json = require "sei.sandbox.json"
local record = require "sei.sandbox.record"

local state = {}

local function dangling_row(store, j)
  local integration, login = store:account(j)
  return ('{"integration_id":"%d","user_id":%s}'):format(integration, json.quote(login))
end

-- The rows of a sequence, in pieces.
local function pieces(sequence, render)
  local next_one, comma = sequence:from(1), ""
  return function()
    local out = {}
    for k = 1, 500 do
      local _, n = next_one()
      if not n then break end
      out[k] = render(n)
    end
    if not out[1] then return nil end
    local text = comma .. table.concat(out, ",\n")
    comma = ",\n"
    return text
  end
end

--- Everything: contributors and dangling logins, a line for each.
-- @treturn function gives the text piece by piece
function state.full(store)
  local parts = {
    function() return '{"contributors":[\n' end,
    pieces(store.live, function(i) return record.canonical(store, store:person(i)) end),
    function() return '],\n"dangling":[\n' end,
    pieces(store.dangling, function(j) return dangling_row(store, j) end),
    function() return "]}\n" end,
  }
  local at = 1
  return function()
    while parts[at] do
      local text = parts[at]()
      if at % 2 == 1 then at = at + 1 end -- the odd ones are said once
      if text then return text end
      at = at + 1
    end
  end
end

-- What differs from the population: removed ids, changed and added records.
local function changes(store)
  local numbers, removed, changed = {}, {}, {}
  for i in pairs(store.people) do numbers[#numbers + 1] = i end
  table.sort(numbers)
  for _, i in ipairs(numbers) do
    local now = store:person(i)
    local was = i <= store.population.people and store.population:record(i)
    if not now and was then
      removed[#removed + 1] = json.quote(was.id)
    elseif now then
      local text = record.canonical(store, now)
      if not was or record.canonical(store, was) ~= text then changed[#changed + 1] = text end
    end
  end
  return removed, changed
end

--- Only what writes changed. What was changed and changed back is not in it.
function state.changes(store)
  local removed, changed = changes(store)
  return '{"removed":[' .. table.concat(removed, ",") .. '],\n"changed":[\n'
    .. table.concat(changed, ",\n") .. "]}\n"
end

-- 64 bits of a text: FNV-1a, eight bytes at a time. It tells states apart; it
-- does not guard against anybody.
local function hash(text)
  local h = 0xcbf29ce484222325 ~ #text
  text = text .. ("\0"):rep(-#text % 8)
  for at = 1, #text, 8 do
    h = (h ~ ("<i8"):unpack(text, at)) * 0x100000001b3
    h = h ~ (h >> 29)
  end
  return ("%016x"):format(h)
end

--- A digest of the changes: cheap, however many people there are.
function state.digest(store)
  local removed, changed = changes(store)
  local text = table.concat(removed, ",") .. "\n" .. table.concat(changed, "\n")
  return ('{"digest":"%s","changed":%d,"removed":%d,"people":%d,"linked":%d,"dangling":%d}\n')
    :format(hash(text), #changed, #removed, store.live:total(), store.linked:total(),
      store.dangling:total())
end

return state
