--- What the commands that run a recipe have in common for one that need not be
-- trusted.
local sandboxed = {}

local function number(least, most)
  return function(text)
    local n = tonumber(text)
    if n and n >= least and n <= most then return n end
    return nil, ("expected a number from %g to %d, got %q"):format(least, most, text)
  end
end

local function input(text)
  local name, path = text:match "^([%a_][%w_]*)=(.+)$"
  if name then return { name, path } end
  return nil, ("expected NAME=FILE, got %q"):format(text)
end

--- Adds the options to a command of lua-argparse.
-- To be called before those of sei.cli.client.
function sandboxed.configure(parser)
  parser:flag("--sandboxed", "It need not be trusted: it runs without files, commands and "
    .. "modules, and its client only reads.")
  parser:option("--input", "Of a sandboxed one: records that it finds in inputs.", nil, input)
    :argname "NAME=FILE":count "*"
  parser:option("--seconds", "Of a sandboxed one: how long it may take (default: 10).", nil,
    number(0.001, 86400)):argname "N"
  parser:option("--memory", "Of a sandboxed one: MiB that it may have (default: 64).", nil,
    number(1, 4096)):argname "N"
end

local function refuse(message, hint)
  error(require "sei.core".error { kind = "refused", message = message, hint = hint }, 0)
end

--- Raises for options that say something of a sandboxed recipe where there is none.
function sandboxed.check(args)
  if args.sandboxed then return end
  local all = { input = args.input[1], seconds = args.seconds, memory = args.memory }
  for name, given in pairs(all) do
    if given then
      refuse(("--%s says something of a sandboxed recipe, and this is none"):format(name),
        "give --sandboxed, too")
    end
  end
end

--- The options of sei.sandboxed that a command line says.
-- @tparam table args what lua-argparse read
-- @tparam table session of sei.cli.client
-- @treturn table
function sandboxed.options(args, session)
  local inputs = {}
  for _, one in ipairs(args.input) do
    local name, path = one[1], one[2]
    if inputs[name] then
      refuse(("--input: '%s' is both %s and %s"):format(name, inputs[name], path),
        "give each a name of its own")
    elseif name == "arg" and args.words then
      refuse("--input: 'arg' has the words behind --", "give it another name")
    end
    inputs[name] = path
  end
  return { inputs = inputs, client = session.options, time = args.seconds,
    memory = args.memory and math.floor(args.memory * (1 << 20)) }
end

return sandboxed
