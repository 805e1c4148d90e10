--- Recipes that a host need not trust.
--
-- A recipe runs in a Lua state of its own, the cage, of which only data leaves and which only data
-- enters. It finds Lua's basic functions, coroutines, `string`, `table`, `math` and `utf8`; of the
-- library `sei.text`, `sei.similarity`, `sei.null` and `sei.is_error`; and its `inputs`. There are
-- no files, no commands, no environment, no clock, no modules, and nothing that loads code.
--
-- What differs from Lua outside:
--
-- * a metatable is read when it is set: what is put into it later counts only once it is set
--   again; `__gc`, `__mode` and `__close` are refused
-- * the functions of `table` take tables as they are, whatever their metatables say
-- * a reached limit ends the recipe: no pcall catches it
-- * what it returns is its first value; `nil, err` is a failure, as if it had raised `err`
-- * `collectgarbage`, `load` and its like, `string.pack`, `string.unpack` and `string.dump` are
--   not there
--
-- Its `client`, if it is given one, has the methods of a client for the operations that are
-- allowed: lists and downloads are iterators; options that name files or are functions are refused.
-- @module sei.sandboxed

local attempt = require "sei.attempt"
local core = require "sei.core"
local inside = require "sei.sandboxed.inside"
local recipe = require "sei.recipe"
local service = require "sei.sandboxed.service"

local sandboxed = {}

local SOURCE <const> = 64 * 1024    -- bytes of a recipe: SEI_CAGE_SOURCE of ext/lua/cage.h

local SLICE <const> = 0.002         -- seconds of work between two pauses

-- Shown to people: nothing of a stranger's text moves a cursor.
local function clean(text) return (tostring(text):gsub("%c", "?")) end

-- ---- the text ----

local function check(given)
  if (given.text == nil) == (given.file == nil) then
    error("sei.sandboxed needs either the option 'text' or 'file'"
      .. (given.text ~= nil and ", not both" or ""), 0)
  end
  if given.text ~= nil and type(given.text) ~= "string" then
    error(("bad option 'text' for sei.sandboxed (string expected, got %s)")
      :format(type(given.text)), 0)
  end
  if given.client ~= nil and given.client.grant ~= nil then
    error("bad option 'client' for sei.sandboxed (it has a grant, which is made of the options "
      .. "'operations', 'hosts', 'requests' and 'writes')", 0)
  end
  if given.client ~= nil then return end
  for _, name in ipairs { "operations", "hosts", "requests", "writes" } do
    if given[name] ~= nil then
      error(("option '%s' for sei.sandboxed says what a client may do, and there is no option "
        .. "'client'"):format(name), 0)
    end
  end
end

local function fail(name, fields)
  fields.file = name
  if fields.message:sub(1, #name + 1) ~= name .. ":" then
    fields.message = name .. ": " .. fields.message
  end
  return core.error(fields)
end

--- Reads a recipe.
-- @tparam string path
-- @treturn ?string as much of it as tells whether it is too long; or nil and an error object of
-- kind "io"
function sandboxed.read(path) return recipe.read(path, SOURCE + 1) end

local function source_of(given, name)
  local text, err = given.text, nil
  if not text then text, err = sandboxed.read(given.file) end
  if not text then return nil, err end
  if #text > SOURCE then
    return nil, fail(name, { kind = "too_large",
      message = ("a sandboxed recipe has %d bytes at most"):format(SOURCE),
      hint = "hand its data over in the option 'inputs'" })
  end
  return recipe.source(text)
end

-- ---- what came of it ----

local REMEDY <const> = {
  time = { "it was ended: its %s seconds were over", "time", 10 },
  instructions = { "it was ended: it had executed its %s instructions", "instructions", 1e9 },
  memory = { "it was ended: it wanted more than its %s bytes of memory", "memory", 64 << 20 },
  system = { "it was ended: this machine has no memory left for it" },
}

local function limit(self, which)
  local row = REMEDY[which]
  local value = self.given[row[2]] or row[3]
  return fail(self.name, { kind = "refused", code = row[2] or "memory",
    message = row[1]:format(math.tointeger(value) or value),
    hint = row[2] and ("the option '%s' gives it more"):format(row[2]) })
end

-- What a recipe raised: a text, or an error of its client's, which keeps its fields.
local function raised(self, problem, line)
  if type(problem) ~= "table" then
    local text = clean(problem)
    local said = text:sub(1, #self.name) == self.name and text:match("^:(%d+):", #self.name + 1)
    if line and not said then text = ("%s:%d: %s"):format(self.name, line, text) end
    return fail(self.name, { kind = "decode", message = text,
      line = said and math.tointeger(tonumber(said)) or line })
  end
  local fields = { kind = "decode", message = "an error that is no text but table", line = line }
  if type(problem.kind) == "string" and type(problem.message) == "string" then
    fields.message = clean(problem.message)
    for _, name in ipairs { "hint", "code", "class", "status", "request_id", "method", "url" } do
      local value = problem[name]
      fields[name] = type(value) == "number" and value
        or type(value) == "string" and clean(value) or nil
    end
    local known, err = pcall(fail, self.name, { kind = problem.kind, message = "" })
    fields.kind = known and err.kind or fields.kind
  end
  return fail(self.name, fields)
end

local function border(self, problem, place)
  return fail(self.name, { kind = "encode", message = ("what it hands out%s cannot leave: %s")
    :format(place ~= "" and ", at " .. clean(place) .. "," or "", problem),
    hint = "only nil, booleans, numbers, strings, sei.null and tables of these pass; the option "
      .. "'max_result' says how many bytes" })
end

-- ---- running it ----

-- The result but for its value.
local function used(self)
  local facts = core.cage_used(self.cage)
  facts.seconds = self.seconds - core.cage_left(self.cage)
  facts.requests = self.service and self.service.client:stats().attempts or 0
  facts.writes = self.service and self.service.writes or {}
  return facts
end

local function ends(self, err)
  err.report = used(self)
  return nil, err
end

local function set(self, name, value)
  local ok, problem, place = core.cage_set(self.cage, name, value)
  if ok then return end
  error(("bad option '%s' for sei.sandboxed (%s%s: %s%s)"):format(name, name, place, problem,
    problem:find "large" and "; the option 'memory' makes room" or ""), 0)
end

-- What lets the host have its turn, and makes the cage pause for it.
local function pause_of(self)
  local pause = self.given.pause or self.service and self.service:pause()
  if pause then core.cage_slice(self.cage, SLICE) end
  return pause
end

-- What stands for an answer that cannot go over.
local function unfit(problem, place)
  local large = problem:find("large", 1, true)
  return table.pack("failed", { kind = large and "too_large" or "decode",
    message = ("what a client's method gives does not reach the recipe: %s%s"):format(problem,
      place ~= "" and " (at " .. clean(place) .. ")" or ""),
    hint = large and "ask for less at once; the option 'memory' of sei.sandboxed makes room"
      or nil })
end

-- Steps until it is done; whatever it asks is answered here, where waiting may yield.
local function step(self)
  local what, value, place = core.cage_step(self.cage)
  while what == "ask" or what == "pause" or what == "unfit" do
    local answer
    if what == "ask" then answer = self.service:answer(value, place)
    elseif what == "unfit" then answer = unfit(value, place)
    else self.pause() end
    what, value, place = core.cage_step(self.cage, answer)
  end
  if what == "done" then
    local run = used(self)
    run.value = value
    return run
  end
  return ends(self, what == "limit" and limit(self, value) or what == "failed"
    and raised(self, value, place) or border(self, value, place))
end

local function run(given, text, name, furniture)
  local cage <close> = core.cage(given)
  local self = { cage = cage, given = given, name = name, seconds = given.time or 10 }
  local client <close> = given.client and service.new(given) or nil
  self.service = client
  self.pause = pause_of(self)
  core.cage_inside(cage, string.dump(inside.client, true), {
    arg = given.inputs and given.inputs.arg, methods = client and service.methods() or nil })
  if furniture then core.cage_inside(cage, string.dump(furniture.f, true), furniture.data) end
  set(self, "inputs", given.inputs or {})
  core.cage_begin(cage)
  local ok, problem = core.cage_load(cage, text, "=" .. name)
  if ok == "limit" then return ends(self, limit(self, problem)) end
  if not ok then return ends(self, raised(self, problem)) end
  return step(self)
end

--- Runs a recipe that need not be trusted; see `sei.sandboxed`.
-- @tparam table given
-- @tparam ?table furniture what else the recipe finds: `f`, a function without upvalues that sets
-- it up inside, and `data` for it
-- @treturn ?table what came of it; or nil and an error object
function sandboxed.run(given, furniture)
  attempt.check(2, core.cage_check, given)
  attempt.check(2, check, given)
  local name = given.name or given.file or "recipe"
  local text, err = source_of(given, name)
  if not text then return nil, err end
  local ok, result, problem = pcall(run, given, text, name, furniture)
  if ok then return result, problem end
  if core.is_error(result) then return nil, result end
  attempt.check(2, error, result, 0)
end

return sandboxed
