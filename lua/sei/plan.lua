--- What would change: decisions against what the directory has now.
--
-- A plan writes nothing to the service. Its file is what somebody reads and
-- approves, and `sei.apply` does exactly that; see sei.plan.file for its shape.
-- @module sei.plan

local attempt = require "sei.attempt"
local core = require "sei.core"
local directory = require "sei.plan.directory"
local file = require "sei.plan.file"
local guard = require "sei.guard"
local input = require "sei.plan.input"
local mapping = require "sei.plan.mapping"
local recipe = require "sei.recipe"

local plan = {}

-- ---- inputs and decisions ----

-- A source knows how many rows it left out, since `on_bad` said so.
local function facts_of(records, given)
  local counts = type(given) == "table" and type(given.counts) == "function" and given:counts()
  local skipped = counts and counts.skipped
  return { count = #records, digest = input.digest(records),
    skipped = math.type(skipped) == "integer" and skipped > 0 and skipped or nil }
end

-- Decisions of persons. The review file that this plan is to write may be missing.
local function decided_of(given)
  local path = given.decided
  if type(path) ~= "string" then return path end
  local decided, err = require "sei.review".read { file = path,
    missing = path == given.review and "nothing" or nil }
  if not decided then error(err, 0) end
  return decided
end

local function decide(given, people, accounts)
  local options = { people = people, accounts = accounts, rules = given.rules,
    decided = decided_of(given) }
  for name, value in pairs(given.match or {}) do
    if options[name] == nil then options[name] = value end
  end
  local result, err = require "sei.match".run(options)
  if not result then error(err, 0) end
  return result
end

-- Decisions of the classes that are wanted, and how many others there are.
local function wanted(result, class)
  local list, others = {}, 0
  for _, decision in ipairs(result.decisions) do
    if class == "probable" or decision.class ~= "probable" then
      list[#list + 1] = decision
    else
      others = others + 1
    end
  end
  return list, others
end

-- ---- the header ----

-- Contributors whom none of the people is: reported, never removed.
local function missing_of(there, addresses)
  local list = {}
  for _, record in ipairs(there.people) do
    local email = record.email:lower()
    if addresses[email] == nil then list[#list + 1] = email end
  end
  file.sort(list)
  return core.json.array(list)
end

local function facts_for_guards(self, rows)
  local facts = { changes = 0, fields = 0, protected = 0, mappings = self.there.mappings,
    contributors = #self.there.people, inputs = self.inputs, last = self.last }
  for _, row in ipairs(rows) do
    if row.kind == "protected" then
      facts.protected = facts.protected + 1
    elseif row.kind == "change" and row.what ~= "contributor" then
      facts.changes = facts.changes + 1
    elseif row.kind == "change" and require "sei.plan.fields".loses(row) then
      facts.fields = facts.fields + 1
    end
  end
  return facts
end

-- The file that remembers the sizes of the inputs.
local function state_of(given)
  local state = given.guard.state
  if state ~= nil then return state or nil end
  return given.file and given.file:gsub("%.lua$", "") .. ".last.json"
end

local function header_of(self, given, rows)
  local result = self.result
  local missing = missing_of(self.there, self.addresses)
  return {
    name = given.name, target = self.target, class = given.class, recipe = given.digest,
    writes = given.target, inputs = self.inputs, state = state_of(given), missing = missing,
    directory = { mappings = self.there.mappings, people = #self.there.people },
    guards = guard.check(facts_for_guards(self, rows), given.guard),
    counts = { missing = #missing, review = result and #result.review or 0,
      none = result and #result.none or 0, ignored = result and #result.ignored or 0,
      probable = self.probable },
  }
end

-- ---- making one ----

local function read_inputs(self, client, given)
  self.inputs = {}
  for _, name in ipairs { "people", "accounts" } do
    if given[name] ~= nil then self[name] = input.read(given[name], name, client) end
  end
  if self.accounts then self.result = decide(given, self.people, self.accounts) end
  for _, name in ipairs { "people", "accounts" } do
    if self[name] then self.inputs[name] = facts_of(self[name], given[name]) end
  end
end

local function rows_of(self, client, given)
  local protection, rows = guard.protection(given.protect), {}
  self.probable = 0
  if self.result then
    local decisions
    decisions, self.probable = wanted(self.result, given.class)
    rows = mapping.rows(decisions, self.there, given, protection)
  end
  if given.fields then
    local more = require "sei.plan.fields".rows(client, given, self.there, self.addresses,
      protection)
    table.move(more, 1, #more, #rows + 1, rows)
  end
  return rows
end

-- A recipe may be of developer records alone.
local function check_there_is_something(given)
  if given.accounts ~= nil or given.fields ~= nil then return end
  error(core.error { kind = "decode", file = given.file, message = (given.file or "the recipe")
    .. ": there is nothing to plan: it has neither 'accounts' nor 'fields'",
    hint = "its developer records are for 'sei developers sync'" }, 0)
end

local function make(client, given, path)
  local self = {}
  check_there_is_something(given)
  read_inputs(self, client, given)
  self.there = directory.read(client, { target = given.target, read = given.read,
    accounts = self.accounts ~= nil, whole = given.fields ~= nil })
  self.target = core.target(client)
  self.addresses = mapping.addresses(self.people)
  local err
  self.last, err = guard.recall(state_of(given), self.target)
  if not self.last then error(err, 0) end
  local rows = rows_of(self, client, given)
  local made
  made, err = file.write(path, header_of(self, given, rows), rows)
  if not made then error(err, 0) end
  if given.review and self.result then
    local ok
    ok, err = require "sei.review".merge(given.review, self.result)
    if not ok then error(err, 0) end
  end
  made.result = self.result
  if given.report then
    local ok
    ok, err = require "sei.report.html".make { plan = made, file = given.report,
      review = self.result and given.review or nil }
    if not ok then error(err, 0) end
  end
  made.writes = made.header.counts.add + made.header.counts.change
  made.failed = guard.failed(made.header)
  return made
end

-- The recipe; or nil, an error object and, instead of one, what is wrong with `sandboxed`.
local function load_recipe(options)
  if options.sandboxed == nil then return recipe.load(options.recipe) end
  local ok, loaded, err = pcall(require "sei.sandboxed.recipe".load, options.recipe,
    options.sandboxed)
  if ok then return loaded, err end
  return nil, nil, loaded
end

-- The recipe's file, or the same keys given directly; keys beside a file
-- replace its own, numbers of guards one by one.
local function merged(options)
  local given = {}
  for name, value in pairs(options) do given[name] = value end
  given.client, given.file, given.recipe, given.sandboxed = nil, nil, nil, nil
  if options.recipe == nil then return recipe.check(given, "sei.plan") end
  local loaded, err, wrong = load_recipe(options)
  if not loaded then return nil, wrong, err end
  local both = {}
  for name, value in pairs(loaded) do both[name] = value end
  both.file, both.digest = nil, nil
  for name, value in pairs(given) do both[name] = value end
  if type(given.guard) == "table" then
    both.guard = {}
    for name, value in pairs(loaded.guard) do both.guard[name] = value end
    for name, value in pairs(given.guard) do both.guard[name] = value end
  end
  local checked, problem = recipe.check(both, "sei.plan")
  if checked then checked.file, checked.digest = loaded.file, loaded.digest end
  return checked, problem
end

--- Makes a plan; see `sei.plan`.
-- @tparam table options
-- @treturn ?table the plan; or nil and an error object
function plan.make(options)
  if type(options) ~= "table" then
    error("bad argument #1 to 'plan' (table of options expected, got " .. type(options) .. ")", 3)
  end
  local ok = pcall(core.target, options.client)
  if not ok then
    error(("bad option 'client' for sei.plan (open client expected, got %s)")
      :format(options.client == nil and "nothing" or type(options.client)), 3)
  end
  for _, name in ipairs { "file", "recipe" } do
    if options[name] ~= nil and type(options[name]) ~= "string" then
      error(("bad option '%s' for sei.plan (path expected, got %s)"):format(name,
        type(options[name])), 3)
    end
  end
  if options.sandboxed ~= nil and (type(options.sandboxed) ~= "table" or not options.recipe) then
    error("bad option 'sandboxed' for sei.plan (table, beside 'recipe', expected)", 3)
  end
  local given, problem, err = merged(options)
  if err then return nil, err end
  if not given then error(problem, 3) end
  return attempt.call(make, options.client, given, options.file)
end

return plan
