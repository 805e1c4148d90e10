--- What a person wrote in a row of a review file: read, and refused where it
-- could mean two things.
-- @module sei.review.decision

local core = require "sei.core"

local decision = {}

local WORDS <const> = { "accept", "reject", "choose", "ignore" }
local HELP <const> = "write accept, reject, choose, ignore or nothing"

-- Blanks that people paste along with an address: no-break space, zero-width
-- space, byte order mark.
local PASTED <const> = { "\u{A0}", "\u{200B}", "\u{FEFF}" }

local function trimmed(value)
  for _, blank in ipairs(PASTED) do value = value:gsub(blank, " ") end
  return value:match "^%s*(.-)%s*$"
end

-- An id or e-mail, also out of "Jane Doe <jane@example.com>".
local function person_of(cell)
  local value = trimmed(cell)
  return value:match "<([^<>@%s]+@[^<>@%s]+)>$" or value
end

local function same(a, b) return a:lower() == b:lower() end

-- The one candidate whom the cell names: by key, or by the address shown. nil
-- if there is none, or if two could be meant.
local function candidate_of(row, person)
  local found
  for _, c in ipairs(row.candidates) do
    if c.person == person then return c end
  end
  for _, c in ipairs(row.candidates) do
    local email = c.shown:match "<([^<>]*)>$"
    if same(c.person, person) or email and same(email, person) then
      if found then return nil end
      found = c
    end
  end
  return found
end

-- The numbers behind a word, as candidates; nil and a sentence.
local function numbered(row, numbers)
  local list = {}
  for number in numbers:gmatch "%d+" do
    local c = row.candidates[math.tointeger(tonumber(number)) or 0]
    if not c then
      return nil, ("there is no candidate %s in this row (it has %d)"):format(number,
        #row.candidates)
    end
    list[#list + 1] = c
  end
  return list
end

local read = {}

function read.accept(row, list, person)
  if #row.candidates == 0 then
    return nil, "there is no candidate to accept; write choose, and the e-mail under person"
  end
  local wanted = list[1] or row.candidates[1]
  if #list > 1 then return nil, "only one candidate can be accepted" end
  if person ~= "" then
    local named = candidate_of(row, person)
    if not named then
      return nil, ("'%s' is none, or more than one, of the candidates; write choose to take a "
        .. "person who was not proposed"):format(person), "person"
    elseif #list > 0 and named ~= wanted then
      return nil, ("'%s' is another candidate than the one accepted by its number"):format(person),
        "person"
    end
    wanted = named
  end
  return { choose = wanted.person, shown = wanted.shown }
end

function read.reject(row, list, person)
  local reject = {}
  if person ~= "" then
    if #list > 0 then return nil, "rejects by number and by person at once", "person" end
    local named = candidate_of(row, person)
    return { reject = { named and named.person or person } }
  end
  for i, c in ipairs(#list > 0 and list or row.candidates) do reject[i] = c.person end
  if #reject == 0 and #row.rejected == 0 then
    return nil, "there is no candidate to reject; write ignore to be asked never again"
  end
  return { reject = reject }
end

function read.choose(row, list, person)
  if #list > 0 then return nil, "choose takes no number; write accept and the number" end
  if person == "" then
    return nil, "choose needs an e-mail or a person's id under person", "person"
  end
  local named = candidate_of(row, person)
  if named then return { choose = named.person, shown = named.shown } end
  local key, shown = row.chosen:match "^(.-) = (.*)$"
  return { choose = person, shown = key and same(key, person) and shown or nil }
end

function read.ignore(_, list, person)
  if #list > 0 then return nil, "ignore takes no number" end
  if person ~= "" then return nil, "ignore takes no person", "person" end
  return { ignore = true }
end

-- "acept" -> " (did you mean 'accept'?)"
local function suggestion(word)
  local best = core.nearest(word, WORDS)
  return best and (" (did you mean '%s'?)"):format(best) or ""
end

--- Reads the cells `decision` and `person` of a row.
-- @tparam table row see sei.review.row
-- @treturn[1] table `choose` and `shown`, `ignore`, `reject` (of this decision); all nil: none
-- @treturn[2] nil if it cannot be understood
-- @treturn[2] string a sentence that says why
-- @treturn[2] string the column
function decision.read(row)
  local said, person = trimmed(row.decision), person_of(row.person)
  if said == "" then
    if person == "" then return {} end
    return nil, ("'%s' stands under person, but no decision; write choose to take this person")
      :format(person), "decision"
  end
  local word, numbers = said:match "^(%a+)%s*([%d%s,]*)$"
  local reader = word and read[word:lower()]
  if not reader then
    return nil, ("'%s' is no decision%s; %s"):format(said, suggestion(word or said), HELP),
      "decision"
  end
  local list, problem = numbered(row, numbers)
  if not list then return nil, problem, "decision" end
  local taken, why, column = reader(row, list, person)
  return taken, why, not taken and (column or "decision") or nil
end

return decision
