--- What happens to a client's requests, told to hooks and logs.
--
-- The options `on_request`, `on_response`, `on_retry`, `on_page` and `on_batch`
-- of `sei.client` are functions that are called with one table, its fields
-- below. They run where the library waits, one at a time, in the order in which
-- things happened; they may yield where the client's `wait` may. A hook that
-- raises never breaks a call: what it raised goes to `warn`. When nobody waits
-- for long, 1000 events are kept; the rest is counted (`client:stats()`,
-- `events_lost`).
--
-- No field ever holds a key. Seconds are numbers, `time` is seconds since 1970.
--
-- @module sei.event

local core = require "sei.core"

local event = {}

--- Fields of every event.
-- @table any
-- @field event "request", "response", "retry", "page" or "batch"
-- @field time when it happened
-- @field endpoint the function's name, as "list_contributors"
-- @field method of the request
-- @field url of the request; not of a page
-- @field call number of the call, from 1: attempts of one call have the same; not of a page
-- @field attempt which attempt of the call, from 1; of a retry: the one to come; not of a page
-- @field traceparent the option of that name, if it was given

--- on_request: an attempt left.
-- @table request
-- @field sent bytes of its body; nil of an upload, whose size is not known yet
-- @field delay seconds that were decided to let pass before it
-- @field waited seconds that it waited for its turn, its pace and the delay
-- @field headers Accept, Content-Type, User-Agent, traceparent by name
-- @field excerpt the beginning of its body, where a log of level "debug" wants it

--- on_response: an attempt ended, well or not.
-- @table response
-- @field ok whether it went well
-- @field status of the reply; nil: none came
-- @field reason why it did not go well: "HTTP 503", or what the connection did
-- @field class of its effect, if it failed: "never_sent", "rejected" or "unknown"
-- @field final whether it was the last attempt
-- @field duration seconds from its start to its end
-- @field waited seconds before it started
-- @field sent bytes of the request's body
-- @field bytes of the reply's body, unpacked
-- @field headers Content-Type, Content-Length, Retry-After, X-Request-Id, Date, Server by name
-- @field excerpt as above

--- on_retry: there will be another attempt.
-- @table retry
-- @field delay seconds until then
-- @field status of the reply that the last one got, if any
-- @field reason why the last one did not do

--- on_page: a page of a list is handed out.
-- @table page
-- @field page which one of this walk, from 1
-- @field count records in it
-- @field offset place of its first record in the whole list, from 0
-- @field total records in the whole list, if the service says it

--- on_batch: rows were sent, or refused.
-- @table batch
-- @field ok whether the service acknowledged them
-- @field rows how many, if it is known
-- @field first place of the first of them among the rows given, if it is known
-- @field last place of the last of them
-- @field status of the reply; nil: none came
-- @field reason why it did not go well
-- @field class of its effect, if it failed
-- @field duration seconds of the last attempt
-- @field sent bytes of the body
-- @field bytes of the reply's body

local KINDS <const> = { "request", "response", "retry", "page", "batch" }
local ROUND <const> = 2000     -- events told in one go; a hook may cause new ones

-- What something says when it fails must not fail again.
local function in_words(problem)
  local ok, text = pcall(tostring, problem)
  return ok and text or "an error that cannot be shown"
end

--- Calls a user's function; what it raises goes to `warn`, without any key.
-- @tparam client client
-- @tparam string what its name, for the warning
-- @tparam function f
-- @param ... its arguments
function event.guarded(client, what, f, ...)
  local ok, problem = pcall(f, ...)
  if not ok then warn("sei: " .. what .. " raised: " .. core.scrub(client, in_words(problem))) end
end

local function tell_one(client, state, e)
  if state.log then event.guarded(client, "log", state.log, e) end
  local hook = state.hooks[e.event]
  if hook then event.guarded(client, "on_" .. e.event, hook, e) end
end

local guard = { __close = function(self) self.teller.who = nil end }

--- Hands out what happened since the last time. A hook that uses the client
-- itself is not interrupted by others.
-- @tparam client client
function event.tell(client)
  local state = core.state(client)
  local teller = state.teller
  if not teller or teller.who and coroutine.status(teller.who) ~= "dead" then return end
  teller.who = coroutine.running()
  local _ <close> = setmetatable({ teller = teller }, guard)
  for _ = 1, ROUND do
    local e = core.next_event(client)
    if not e then break end
    tell_one(client, state, e)
  end
  local lost = core.lost_events(client)
  if lost > 0 and state.log then
    event.guarded(client, "log", state.log, { event = "lost", time = os.time(), count = lost })
  end
end

--- Takes the hooks of sei.client's options and a log (see sei.log).
-- @tparam client client
-- @tparam table options
-- @tparam ?table log what sei.log.new made
function event.listen(client, options, log)
  local state, wanted = core.state(client), {}
  state.hooks, state.log = {}, log and log.write
  for _, kind in ipairs(KINDS) do
    state.hooks[kind] = options["on_" .. kind]
    if state.hooks[kind] or log and log.wants[kind] then wanted[#wanted + 1] = kind end
  end
  if #wanted == 0 then return end
  -- weak: a coroutine that is forgotten in the midst of a hook stops nobody
  state.teller = setmetatable({}, { __mode = "v" })
  core.listen(client, wanted, log ~= nil and log.excerpts)
end

return event
