--- The whole Harness SEI API from Lua.
--
--     local sei = require "sei"
--     local client = sei.client { region = "prod1", api_key = sei.key.env "SEI_API_KEY" }
--     for contributor in client:list_contributors() do print(contributor.email) end
--
-- Misuse raises with the argument and what was expected. The world's failures
-- are returned as `nil, err`; iterators raise the same object.
-- @module sei

local core = require "sei.core"
local usual = core.usual

local sei = {
  _VERSION = "sei 0.1.0",
  csv = core.csv,
  error = core.error,
  is_error = core.is_error,
  json = core.json,
  null = core.json.null,
  text = core.text,
  similarity = core.similarity,
}

-- What a script does not use is not loaded: it would be read and compiled in
-- every start. A client's own modules come with the first client.
local LAZY <const> = {
  developers = "sei.developers",
  key = "sei.key",
  match = "sei.match",
  review = "sei.review",
  rule = "sei.rule",
  source = "sei.source",
  wait = "sei.wait",
}

setmetatable(sei, { __index = function(self, name)
  if not LAZY[name] then return nil end
  local module = require(LAZY[name])
  rawset(self, name, module)
  return module
end })

-- The options by which somebody hears of a client's requests.
local HEARING <const> = { "log", "on_request", "on_response", "on_retry", "on_page", "on_batch" }

local function is_heard(options)
  if usual.log ~= nil then return true end
  for _, name in ipairs(HEARING) do
    if options[name] ~= nil then return true end
  end
  return false
end

-- Hooks and log. nil: what is wrong with an option.
local function listen(client, options)
  if not is_heard(options) then return true end
  local lines, problem
  local to = options.log
  if to == nil then to = usual.log end
  if to ~= nil then
    lines, problem = require "sei.log".new(to)
    if not lines then return nil, "'log' for sei.client (" .. problem .. ")" end
  end
  require "sei.event".listen(client, options, lines)
  return true
end

-- The same for a recording; and whether it is one that answers.
local function attach(client, recording)
  if recording == nil then return true, false end
  local kind = require "sei.record".kind(recording)
  if not kind then
    return nil, "'recording' for sei.client (what sei.record or sei.replay made expected)"
  end
  core.state(client).recording = recording
  recording:start(client)
  return true, kind == "replays"
end

-- A key that is never sent; the source is not asked.
local function replay(client, options)
  local state, given = core.state(client), options.api_key
  state.key = function() return options.recording:next_key() end
  state.stuck = function(one) return options.recording:stuck(one) end
  if type(given) ~= "string" or not core.set_key(client, given, true) then
    core.set_key(client, "replayed-key", true)
  end
end

local function check_path(path, name)
  if type(path) ~= "string" or path == "" then
    error(("bad argument #1 to '%s' (path expected, got %s)"):format(name,
      path == "" and "an empty string" or type(path)), 3)
  end
end

-- core.client; its messages show no literal key, wherever it was given.
local function new(options)
  local ok, result = pcall(core.client, options)
  if ok then return result end
  local given = type(options) == "table" and options.api_key
  if type(result) == "string" and type(given) == "string" and #given >= 4 then
    result = result:gsub(given:gsub("%p", "%%%0"), "****")
  end
  error(result, 0)
end

--- Makes a client: one SEI account, its key, its connections.
--
-- It is closed by `client:close()`, by a `<close>` variable or by the
-- collector; requests under way are cancelled then and the key is wiped.
-- @function client
-- @tparam table options see the table of options in the reference; `api_key` and one of
-- `region` and `base_url` are needed
-- @treturn client
function sei.client(options)
  require "sei.endpoint"
  local client = require "sei.attempt".check(2, new, options)
  local state = core.state(client)
  state.wait = options.wait
  state.undocumented = options.undocumented
  local good, why = listen(client, options)
  if not good then error("bad option " .. why, 2) end
  local attached, replays = attach(client, options.recording)
  if not attached then error("bad option " .. replays, 2) end
  if replays then
    replay(client, options)
    return client
  end
  local given = options.api_key
  state.renews = type(given) ~= "string"
  if state.renews then
    local source, problem = sei.key.source(given)
    if not source then error("bad option 'api_key' for sei.client (" .. problem .. ")", 2) end
    state.key = source
  else
    state.key = function() return given end
    local ok, taken, fault = pcall(core.set_key, client, given, false)
    if not ok then error("bad option 'pace' for sei.client (" .. taken .. ")", 2) end
    if not taken then error("bad option 'api_key' for sei.client (" .. fault .. ")", 2) end
  end
  return client
end

--- Starts a recording: the option `recording` of `sei.client` is what this
-- makes, of one client or several.
--
-- Each request and its whole reply become a line of JSON, without any key; the
-- file is its owner's alone and what was in it before is gone. Its method
-- `close()` ends it: true, or nil and an error object if it is not complete.
-- @tparam string path of the file
-- @tparam ?table options `max_bytes`: of the file (67108864); what would go beyond ends the
-- recording with a warning, never a call
-- @treturn ?table the recorder; or nil and an error object
-- @usage local client = sei.client { region = "prod1", api_key = sei.key.env "SEI_API_KEY",
--   recording = assert(sei.record "night.jsonl") }
function sei.record(path, options)
  check_path(path, "record")
  local max = type(options) == "table" and options.max_bytes
  if options ~= nil and (math.type(max) ~= "integer" or max < 1024) then
    error("bad argument #2 to 'record' ({max_bytes = integer from 1024} expected)", 2)
  end
  return require "sei.record".recorder(path, options)
end

--- Answers from a recording without any network: the option `recording` of
-- `sei.client` is what this makes. No key is needed then, and nothing waits:
-- delays and pace are left out.
--
-- Strict: a request is answered by the first recorded one with the same method,
-- path, query and body that was not given out yet; one that is not there is an
-- error of kind "protocol" that says which was expected. Its method `finish()`
-- tells at the end whether all was asked for: true, or nil and an error object.
-- @tparam string path of a file that sei.record made
-- @treturn ?table the replay; or nil and an error object
-- @usage local replay = assert(sei.replay "night.jsonl")
-- recipe(sei.client { region = "prod1", recording = replay })
-- assert(replay:finish())
function sei.replay(path)
  check_path(path, "replay")
  return require "sei.record".replay(path)
end

--- Makes a plan: what would change in the directory. Nothing is written to it.
--
-- The options are the keys of a recipe (see sei.recipe), or `recipe`, the path of one,
-- beside which other keys replace its own.
-- @tparam table options `client`; `people`, `accounts`, `rules`, …, or `recipe`; `file`: path of
-- the plan to write (none: only its digest is computed); `sandboxed`: the recipe need not be
-- trusted: a table of options of sei.sandboxed, see sei.sandboxed.recipe
-- @treturn ?table `header`, `rows`, `digest`, `path` (see sei.plan.file), `result` of
-- sei.match.run, `writes` (how many rows would be written), `failed` (guards that did not pass);
-- or nil and an error object
-- @usage local plan = assert(sei.plan { client = client, people = "hr.csv",
--   accounts = "gitlab.csv", integration_id = 5323, file = "plan.jsonl" })
function sei.plan(options) return require "sei.plan".make(options) end

--- Applies a plan: exactly what its file says, if nothing of it has changed meanwhile.
--
-- Refused with 0 writes (an error object of kind "refused") if the digest is not the
-- approved one (code "approval"), a guard of the plan did not pass ("guard"), the client is another
-- account's ("target"), somebody else is writing ("lock"), the journal is not this plan's or was
-- edited ("journal"), or any record is not what the plan saw ("drift"; `rows` names all of
-- them). Called again after a failure it goes on; after its end it sends nothing.
-- @tparam table options `client`; `plan`: path; `approve`: the plan's digest; `journal`: path (the
-- plan's with ".journal" behind it); `lock`: folder of the lock files (see sei.lock); `read`: as
-- in a recipe; `batch_size`: rows of a batch (at most 1000); `stop`: a function, asked before each
-- batch whether to end here; `progress`: a function, called with {phase="read"|"begin"|"send"|
-- "verify", rows=, done=, batch=, batches=, irreversible=}, where `irreversible` of "begin" is how
-- many rows cannot be taken back
-- @treturn ?table what became of the rows: see sei.apply.result; or nil and an error object, with
-- such a table in its field `report` if anything may have been sent
-- @usage local report = assert(sei.apply { client = client, plan = "plan.jsonl",
--   approve = digest })
-- print(report)
function sei.apply(options) return require "sei.apply".run(options) end

--- Makes the plan that takes an apply back: see sei.undo. Nothing is written to the service.
-- @tparam table options `journal`: path; `file`: path of the plan to write (none: only its digest
-- is computed); `guard`: numbers for its guards, `changes` and `fields` (those that the plan had)
-- @treturn ?table as `sei.plan` gives it: `header`, `rows`, `digest`, `path`, `writes`, `failed`;
-- and `warnings`, an array of strings; or nil and an error object
-- @usage local back = assert(sei.undo { journal = "plan.jsonl.journal", file = "undo.jsonl" })
function sei.undo(options) return require "sei.undo".make(options) end

--- Makes a report: a plan as one HTML file, to read and to decide what was left undecided.
--
-- It needs no server and no network; what is decided in it is downloaded as the review file.
-- @tparam table options `plan`: path of a plan, or what sei.plan gave; `review`: path of the review
-- file, or a result of sei.match.run (default: the plan's, if it has one); `journal`: path of the
-- journal of its apply, for what became of the rows; `file`: path of the report, for its owner
-- alone (none: only the text is made); `keep`: true lists the mappings that stay as they are, too
-- (false)
-- @treturn ?table `file`, `html` (the text), `rows` and `review` (how many are listed); or nil and
-- an error object
-- @usage assert(sei.report { plan = "plan.jsonl", review = "review.csv", file = "report.html" })
function sei.report(options) return require "sei.report.html".make(options) end

--- Runs a recipe that need not be trusted: see sei.sandboxed for what it finds there.
--
-- It returns data; whatever it does, it reads no file, runs no command, asks no other host, and
-- ends when a limit is reached.
-- @tparam table options `text` or `file` of the recipe, and what it may have
-- @treturn ?table `value` (what it returned), `output` (what it printed; `output_cut` if that was
-- more), `writes` (those of its client), `instructions`, `memory` (bytes, at its highest),
-- `seconds`, `requests`; or nil and an error object, whose `report` has all of that but `value`. A
-- limit is an error of kind "refused" with `code` "time", "instructions" or "memory"
-- @usage local run = assert(sei.sandboxed { file = "theirs.lua", inputs = { people = people },
--   client = { region = "prod1", api_key = sei.key.env "SEI_API_KEY" }, time = 30 })
-- for _, row in ipairs(run.value) do print(row.email, row.login) end
function sei.sandboxed(options) return require "sei.sandboxed".run(options) end

return sei
