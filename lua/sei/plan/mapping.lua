--- From decisions to the plan's rows about identities: what would be added, changed,
-- kept, and what contradicts itself.
-- @module sei.plan.mapping

local core = require "sei.core"
local match = require "sei.match"

local mapping = {}

local null <const> = core.json.null

-- ---- texts ----

local function text(value)
  if type(value) == "number" then value = tostring(value) end
  if type(value) ~= "string" then return nil end
  if value:find "^%s" or value:find "%s$" then value = value:match "^%s*(.-)%s*$" end
  return value ~= "" and value or nil
end

-- What JSON can hold, and a person can read.
local function printable(value)
  if utf8.len(value) then return value end
  return (value:gsub("[\x80-\xFF]", function(c) return ("\\x%02X"):format(c:byte()) end))
end

local function plain(value)
  if type(value) == "string" then return printable(value) end
  local finite = type(value) == "number" and value == value and math.abs(value) < math.huge
  return (finite or type(value) == "boolean") and value or nil
end

local function side(value)
  if type(value) ~= "table" then return nil end
  return { before = plain(value.before), after = plain(value.after) }
end

-- Evidence without what depends on where and in which order records stood.
local function evidence_of(decision)
  local given = decision.evidence
  if type(given) ~= "table" then return nil end
  local left, right = side(given.left), side(given.right)
  return (left or right) and { left = left, right = right } or nil
end

-- Who came second, and by how much, where names were weighed and something is to
-- be written: a key that is proof by itself needs no comparison, and 60,000 take
-- seconds to rank.
local function weigh(row, decision)
  local given = decision.evidence
  if row.kind == "keep" or type(given) ~= "table" or given.exact then return row end
  local runner_up = given.runner_up
  if type(runner_up) == "table" then
    local person = type(runner_up.person) == "table" and runner_up.person or runner_up
    runner_up = person.email or person.id
  end
  -- Sums of fractions may differ in the last digit with the order of the people.
  local margin = plain(given.margin)
  if type(margin) == "number" then margin = math.floor(margin * 10000 + 0.5) / 10000 end
  runner_up = plain(runner_up)
  if runner_up == nil and margin == nil then return row end
  row.evidence = row.evidence or {}
  row.evidence.runner_up, row.evidence.margin = runner_up, margin
  return row
end

-- ---- accounts ----

local function identity_of(account, options)
  local field = options.identity
  if type(field) == "string" then return text(account[field]) end
  if field then
    local ok, value = pcall(field, account)
    if ok then return text(value) end
    local source = type(account.source) == "table" and account.source or {}
    error(core.error { kind = "decode", file = source.file, line = source.line,
      message = ("the recipe's 'identity' failed for the account %s: %s"):format(
        tostring(match.key(account)), tostring(value)) }, 0)
  end
  return text(account.identity) or text(account.login) or text(account.id)
end

local function place_of(account, options)
  if options.target == "cloud_ids" then
    return text(account.application_type) or options.application_type
  end
  local given = account.integration_id
  if given == nil or given == null or given == "" then return options.integration_id end
  return math.tointeger(given) or type(given) == "string" and math.tointeger(tonumber(given)) or nil
end

-- ---- persons ----

local function addresses_of(person)
  local list, seen = {}, {}
  local function add(value)
    value = text(value)
    if value and not seen[value:lower()] then
      seen[value:lower()] = true
      list[#list + 1] = value:lower()
    end
  end
  add(person.email)
  if type(person.emails) == "table" then
    for _, value in ipairs(person.emails) do add(value) end
  end
  return list
end

-- The address under which the directory knows a person, in its own spelling; or
-- the reason and the message of a conflict.
local function look_up(person, directory)
  local list = addresses_of(person)
  if #list == 0 then
    return { reason = "no_email", message = ("%s has no address"):format(
      printable(text(person.name) or text(person.id) or "the person")) }
  end
  for _, email in ipairs(list) do
    local there = directory:person(email)
    if there then return { email = there.email } end
  end
  return { reason = "unknown_person",
    message = "the directory has nobody with the address "
      .. printable(table.concat(list, " or ")) }
end

-- Each person is looked up once, however many accounts are theirs.
local function finder(directory)
  local found = {}
  return function(person)
    local one = found[person]
    if not one then
      one = look_up(person, directory)
      found[person] = one
    end
    return one
  end
end

-- ---- one row ----

local function conflict(row, reason, message)
  row.kind, row.reason, row.message = "conflict", reason, message
  return row
end

-- The row as far as the account itself tells. All its fields stand here, so
-- that the table is made large enough once.
local function begun(decision, place, identity, options)
  local previous = options.target == "cloud_ids"
  return { kind = nil, what = previous and "cloud_id" or "identity",
    integration_id = not previous and place or nil, application_type = previous and place or nil,
    identity = printable(identity), before = nil, after = nil, rule = plain(decision.rule),
    class = decision.class, key = plain(decision.key), evidence = evidence_of(decision) }
end

local function judge(row, decision, directory, find)
  local place = row.integration_id or row.application_type
  local owner, spelling = directory:owner(place, row.identity)
  local person = find(decision.person)
  local email = person.email
  if owner then row.before = { email = owner } end
  if not email then return conflict(row, person.reason, person.message) end
  row.after = { email = email }
  if not owner then
    row.kind = "add"
  elseif owner:lower() == email:lower() then
    row.kind = "keep"
  elseif spelling then
    return conflict(row, "spelling", ("the directory has it as %s"):format(spelling))
  else
    row.kind = "change"
  end
  return row
end

-- ---- accounts that are there twice ----

local function encoded(value) return core.json.encode(value, { canonical = true }) or "" end

-- Of two rows that say the same about the same identity, always the same one.
local function either(a, b)
  return encoded(b) < encoded(a) and b or a
end

local function several(rows)
  local emails, first = {}, rows[1]
  local seen = {}
  for _, row in ipairs(rows) do
    local email = row.after and row.after.email or row.message or "?"
    if not seen[email] then
      seen[email] = true
      emails[#emails + 1] = email
    end
    first = either(first, row)
  end
  if #emails == 1 then return first end
  table.sort(emails)
  return conflict({ what = first.what, integration_id = first.integration_id,
    application_type = first.application_type, identity = first.identity, before = first.before },
    "two_people", "the accounts say " .. table.concat(emails, ", "))
end

-- ---- all of them ----

local function row_of(decision, directory, options, find)
  local account = decision.account
  local identity, place = identity_of(account, options), place_of(account, options)
  if not identity then
    local key = text(match.key(account)) or text(account.name) or "?"
    return conflict(begun(decision, place, key, options), "no_identity",
      "the account has neither identity, login nor id")
  end
  local row = begun(decision, place, identity, options)
  if not place and options.target == "cloud_ids" then
    row.application_type = "?"
    return conflict(row, "no_application_type", "the account has no application_type")
  elseif not place then
    return conflict(row, "no_integration", ("the account's integration_id is %s"):format(
      account.integration_id == nil and "missing" or "no whole number"))
  elseif row.identity ~= identity then
    return conflict(row, "not_utf8", "the identity is not UTF-8")
  end
  return weigh(judge(row, decision, directory, find), decision)
end

local function protect(row, protection)
  if row.kind ~= "add" and row.kind ~= "change" then return end
  local pattern = protection(row)
  if not pattern then return end
  row.kind, row.reason = "protected", "protect"
  row.message = "protected by " .. printable(pattern)
end

--- The rows for the decisions of a match, one for each identity.
-- @tparam {table,...} decisions of sei.match.run
-- @tparam table directory of sei.plan.directory
-- @tparam table options of the recipe
-- @tparam function protection of sei.guard
-- @treturn {table,...}
function mapping.rows(decisions, directory, options, protection)
  local rows, by_key, doubles, find = {}, {}, {}, finder(directory)
  for _, decision in ipairs(decisions) do
    local row = row_of(decision, directory, options, find)
    local key = (row.integration_id or row.application_type or "") .. "\0" .. row.identity
    local at = by_key[key]
    if not at then
      rows[#rows + 1] = row
      by_key[key] = #rows
    elseif doubles[at] then
      table.insert(doubles[at], row)
    else
      doubles[at] = { rows[at], row }
    end
  end
  for at, list in pairs(doubles) do rows[at] = several(list) end
  for _, row in ipairs(rows) do protect(row, protection) end
  return rows
end

--- The addresses of people, in lower case: a set.
-- @tparam {table,...} people
-- @treturn table address → the person, or false where several have it
function mapping.addresses(people)
  local set = {}
  for _, person in ipairs(people) do
    for _, email in ipairs(addresses_of(person)) do
      if set[email] == nil then set[email] = person
      elseif set[email] ~= person then set[email] = false end
    end
  end
  return set
end

return mapping
