--- What all sources share: they can be walked again and again, count what they
-- read, and lose nothing silently.
-- @module sei.source.base

local core = require "sei.core"
local opt = require "sei.options"
local record = require "sei.source.record"

local base = {}

-- Options of every source.
base.options = { on_bad = '"error"|callable', columns = "table",
  integration_id = "string|number" }

--- The options of several tables in one; the last one wins.
-- @tparam table ... name → types, as `sei.options` takes them
-- @treturn table
function base.join(...)
  local all = {}
  for _, known in ipairs { ... } do
    for name, types in pairs(known) do all[name] = types end
  end
  return all
end

local KEPT_PROBLEMS <const> = 100

-- ---- one walk over all inputs ----

local walk = {}
walk.__index = walk

local function new_counts()
  return { records = 0, skipped = 0, blank = 0, passed = {}, reasons = {}, problems = {},
    columns = {}, guessed = {}, complete = false }
end

local function new_walk(source)
  return setmetatable({ source = source, counts = new_counts(), input = 0 }, walk)
end

function walk:close()
  if self.reader and self.reader.close then self.reader.close() end
  self.reader, self.closed = nil, true
end

local function note(counts, mapping)
  if not mapping then return end
  for field, column in pairs(mapping.columns) do counts.columns[field] = column end
  for field, column in pairs(mapping.guessed) do
    counts.columns[field], counts.guessed[field] = column, column
  end
end

-- Closes and raises.
local function give_up(self, err)
  self:close()
  error(err, 0)
end

-- Opens the next input: false if there is none.
local function open_next(self)
  self.input = self.input + 1
  local input = self.source.inputs[self.input]
  if not input then return false end
  local ok, reader = pcall(self.source.open, input, self.source)
  if not ok then give_up(self, reader) end
  self.reader, self.name = reader, input.name
  return true
end

local function reason_of(err)
  if err.reason then return err.reason end
  if err.message:find "not valid UTF%-8" then return "not UTF-8" end
  return err.expected and "ragged row" or (err.message:gsub("^.-:%d+: ", ""))
end

-- A row that cannot be used: told, counted and left out, or raised.
local function refuse(self, err)
  local on_bad, counts = self.source.options.on_bad, self.counts
  if not opt.callable(on_bad) then give_up(self, err) end
  local reason = reason_of(err)
  err.reason = reason
  counts.skipped = counts.skipped + 1
  counts.reasons[reason] = (counts.reasons[reason] or 0) + 1
  if #counts.problems < KEPT_PROBLEMS then counts.problems[#counts.problems + 1] = err end
  local ok, problem = pcall(on_bad, err)
  if not ok then give_up(self, problem) end
end

-- The next row of the open input. A reader that fails twice with the same error
-- cannot go on; one that fails with another one or goes on can leave a row out.
local function next_row(self)
  local held = self.held
  self.held = nil
  if held then return table.unpack(held, 1, 4) end
  return pcall(self.reader.next)
end

local function take_failure(self, err)
  if self.reader.hint then self.reader.hint(err) end
  local row_only = core.is_error(err) and err.kind == "decode"
    and opt.callable(self.source.options.on_bad)
  if not row_only then give_up(self, err) end
  local ok, row, line, file = pcall(self.reader.next)
  if not ok and rawequal(row, err) then give_up(self, err) end
  self.held = { ok, row, line, file }
  refuse(self, err)
end

local function make(self, row, line, file)
  local where = { file = file or self.name, line = line }
  local made, err = record.make(self.reader.mapping, row, where, self.source.constants)
  if err then
    refuse(self, err)
  elseif made then
    self.counts.records = self.counts.records + 1
  else
    self.counts.blank = self.counts.blank + 1
  end
  return made
end

local function finish_input(self)
  note(self.counts, self.reader.mapping)
  if self.reader.close then self.reader.close() end
  self.reader = nil
end

function walk:next()
  if self.closed then return nil end
  while true do
    if not self.reader and not open_next(self) then
      self.counts.complete = true
      self:close()
      return nil
    end
    local ok, row, line, file = next_row(self)
    if not ok then
      take_failure(self, row)
    elseif row == nil then
      finish_input(self)
    elseif row == false then
      self.counts.passed[line] = (self.counts.passed[line] or 0) + 1
    else
      local made = make(self, row, line, file)
      if made then return made end
    end
  end
end

-- ---- the source ----

-- A source of people or accounts.
--
-- It is called for the next record and gives nil at the end; then it begins
-- anew. A `for` loop over it begins at the first record. It raises an error
-- object for what it cannot read.
local source = { __name = "sei.source" }
source.__index = source

-- A `for` loop calls with two arguments, the second of which is nil at first.
function source.__call(self, ...)
  local current = rawget(self, "current")
  if not current or current.closed or select("#", ...) == 2 and (select(2, ...)) == nil then
    if current then current:close() end
    current = new_walk(self)
    self.current, self.last = current, current
  end
  return current:next()
end

function source.__tostring(self) return "sei.source." .. self.kind end

-- An iterator of its own, for loops inside loops; a `for` loop that ends early
-- closes the file at once.
function source:records()
  local one = new_walk(self)
  self.last = one
  return function() return one:next() end, nil, nil,
    setmetatable({}, { __close = function() one:close() end })
end

-- All records at once; or nil and an error object.
function source:all()
  local one, list = new_walk(self), {}
  self.last = one
  local ok, problem = pcall(function()
    for made in function() return one:next() end do list[#list + 1] = made end
  end)
  if ok then return list end
  if core.is_error(problem) then return nil, problem end
  error(problem, 0)
end

-- What the last walk did so far: `records`; `skipped` rows, `reasons` (why → how
-- many) and the first `problems`, error objects; `blank` rows; `passed`, why → how
-- many that are no people or accounts; `columns`: which column each field came
-- from, and `guessed`: which by well-known names; `complete`: all was read.
function source:counts()
  local last = rawget(self, "last")
  if not last then return new_counts() end
  if last.reader then note(last.counts, last.reader.mapping) end
  return last.counts
end

-- Closes the file of a walk that did not come to its end.
function source:close()
  local current = rawget(self, "current")
  if current then current:close() end
  self.current = nil
end

--- Makes a source.
-- @tparam string kind its name, for messages
-- @tparam table options checked
-- @tparam {table,...} inputs what `open` opens, one after the other; each has a `name`
-- @tparam function open `(input, source)` → `{next=, mapping=, close=, hint=}`: `next()` gives a
-- row, its line and, if it is not the input's name, its file; false and why it passes over one;
-- nil at the end; it raises error objects, to which `hint` may add a remedy.
-- `mapping` is one of record's
-- @treturn source
function base.new(kind, options, inputs, open)
  local constants
  if options.integration_id ~= nil then
    local id = options.integration_id
    if math.type(id) == "float" or id == "" then
      error(("bad option 'integration_id' for sei.source.%s (string or integer expected)"):format(
        kind), 0)
    end
    constants = { integration_id = tostring(id) }
  end
  return setmetatable({ kind = kind, options = options, inputs = inputs, open = open,
    constants = constants }, source)
end

return base
