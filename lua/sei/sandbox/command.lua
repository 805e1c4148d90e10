--- The command `sei emulator`: its options, its help, and how it starts.
local Emulator = require "sei.sandbox.emulator"
local Population = require "sei.sandbox.population"
local fault = require "sei.sandbox.fault"
local host = require "sei.sandbox.host"
local quirk = require "sei.sandbox.quirk"

local command = {}

local DEFAULT_PEOPLE <const> = 1000

local function whole(text)
  local n = text:find "^%d+$" and #text < 16 and math.tointeger(tonumber(text))
  if n then return n end
  return nil, ("expected a whole number, got %q"):format(text)
end

local function port(text)
  local n, err = whole(text)
  if not n or n <= 65535 then return n, err end
  return nil, ("a port is 0 to 65535, not %d"):format(n)
end

local function rows_of_help(rows)
  local out = {}
  for k, row in ipairs(rows) do out[k] = ("  %-29s %s"):format(row[1], row[2]) end
  return table.concat(out, "\n")
end

local function epilog()
  local quirks = {}
  for k, row in ipairs(quirk.rows) do
    local number = row[3] > 0 and (" (no. %d)"):format(row[3]) or ""
    quirks[k] = { row[1] .. row[2], row[4] .. number }
  end
  return "Quirks, with their numbers in section 4 of the API's description; NAME=off ends one:\n"
    .. rows_of_help(quirks) .. "\n\nKinds of fault:\n" .. rows_of_help(fault.kinds)
    .. "\n\nWhile it runs, GET http://127.0.0.1:PORT/_emulator lists what can be read and set:\n"
    .. "quirks (also for some paths only), latency, the requests seen, the state, counters."
    .. "\n\nExample:\n  sei emulator --people 200 --quirk dangling=7 --quirk drop-rows=1"
end

--- Adds the options to a command of lua-argparse.
function command.configure(parser)
  parser:summary "Serve the API from memory: for tests, demos and rehearsals."
  parser:description("Serves the Harness SEI API from memory, on 127.0.0.1. The first line on "
    .. 'standard output is "listening on http://127.0.0.1:PORT/sei/api". It ends on SIGTERM '
    .. "or SIGINT.")
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:option("--port", "The port; 0 is any that is free.", "0", port):argname "PORT"
  parser:option("--seed", "The same seed gives the same organisation.", "1", whole):argname "N"
  parser:option("--people", "How many people.", tostring(DEFAULT_PEOPLE), whole):argname "N"
  parser:option("--accounts", "How many linked accounts (default: as many as people).", nil, whole)
    :argname "N"
  parser:option("--api-key", "The only key that is right (default: any, in any style).")
    :argname "KEY"
  parser:option("--latency-ms", "Holds every answer back; others go on meanwhile.", "0", whole)
    :argname "N"
  parser:option("--quirk", "A behaviour of the real API, see below. May be repeated.")
    :argname "NAME[=VALUE]":count "*"
  parser:option("--load", "People, identities or contributors (CSV, JSON or JSON Lines) instead of "
    .. "generated ones. May be repeated."):argname "FILE":count "*"
  parser:flag("--until-eof", "Also end when standard input does.")
  parser:epilog(epilog())
end

local function fail(message)
  io.stderr:write("sei emulator: ", message, "\n")
  return 1
end

-- The quirks as { name, value }; or nil and the error.
local function read_quirks(texts)
  local list, trial = {}, quirk.new()
  for k, text in ipairs(texts) do
    local name, value = text:match "^([^=]*)=?(.*)$"
    if not text:find("=", 1, true) then value = nil end
    local ok, err = trial:set(name, value)
    if not ok then return nil, err end
    list[k] = { name, value }
  end
  return list
end

local function read_population(args)
  if #args.load > 0 then
    return require "sei.sandbox.loaded".read(args.load)
  end
  return Population.new(args.seed, args.people, args.accounts or args.people)
end

local function announce(port_number)
  io.stdout:write(("listening on http://127.0.0.1:%d/sei/api\n"):format(port_number))
  io.stdout:flush()
end

--- Runs the emulator until it is told to stop.
-- @tparam table args what lua-argparse read
-- @treturn int the exit status
function command.run(args)
  local quirks, population, listening, err
  quirks, err = read_quirks(args.quirk)
  if not quirks then return fail(err) end
  population, err = read_population(args)
  if not population then return fail(err) end
  local emulator = Emulator.new { population = population, api_key = args.api_key,
    latency = args.latency_ms / 1000, quirks = quirks }
  listening, err = host.listen(args.port)
  if not listening then return fail(err) end
  emulator:run(listening, args.until_eof, announce)
  return 0
end

return command
