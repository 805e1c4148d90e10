--- The command `sei run`: a script that finds its client made.
local run = {}

local EPILOG <const> = [[
The script finds `client`, made by the settings, `sei` (the module) and `arg`
beside Lua's own names; modules beside the script are found by require. What it
returns, if that is a whole number, is the exit status. Its words stand behind
--, so that none is taken for an option of sei.

A recipe is no script: 'sei plan' says what it would change.

A script with --sandboxed need not be trusted: see sei.sandboxed in the reference
for what it finds. What it prints is shown when it ends.

Example:
  sei run report.lua -- 2026-11
  where report.lua is
    for c in client:list_contributors() do print(c.email, arg[1]) end]]

--- Adds the options to a command of lua-argparse.
function run.configure(parser)
  parser:description "Runs a Lua script with a client that the settings made."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:argument("script", "The script."):argname "SCRIPT"
  parser:argument("words", "What it finds in arg."):argname "WORD":args "*"
  require "sei.cli.sandboxed".configure(parser)
  require "sei.cli.client".configure(parser)
  parser:epilog(EPILOG)
end

local function fail(path, message, hint)
  error(require "sei.core".error { kind = "decode", file = path, message = message,
    hint = hint }, 0)
end

-- The script in an environment of its own: what it sets is no global of ours.
local function load_script(args, session)
  local words = { [0] = args.script, table.unpack(args.words) }
  local names = setmetatable({ client = session.client, sei = require "sei", arg = words },
    { __index = _G })
  local chunk, message = loadfile(args.script, "t", names)
  if not chunk then
    local file, problem = io.open(args.script)
    if not file then error(require "sei.core".error { kind = "io", message = problem }, 0) end
    file:close()
    fail(args.script, message)
  end
  local folder = args.script:match "^(.*/)[^/]*$" or "./"
  package.path = folder .. "?.lua;" .. package.path
  return chunk, words
end

local function is_recipe(value)
  return type(value) == "table" and (value.people ~= nil or value.accounts ~= nil)
end

local function show(report)
  io.write(report.output)
  io.stdout:flush()
  if report.output_cut then io.stderr:write "sei: it printed more, which is not shown\n" end
end

-- A script that need not be trusted. Gives what it returned.
local function run_sandboxed(args, session)
  local options = require "sei.cli.sandboxed".options(args, session)
  for name, path in pairs(options.inputs) do
    options.inputs[name] = require "sei.plan.input".read(path, name)
  end
  options.inputs.arg = args.words
  options.file, options.max_output = args.script, 1 << 24
  local result, err = require "sei".sandboxed(options)
  session.progress:close()
  local report = result or err.report
  if report then show(report) end
  if not result then error(err, 0) end
  return result.value
end

local function run_trusted(args, session)
  local chunk, words = load_script(args, session)
  return chunk(table.unpack(words))
end

--- Runs it.
-- @tparam table args what lua-argparse read
-- @treturn integer exit status
function run.run(args)
  require "sei.cli.sandboxed".check(args)
  -- What it prints on the same screen must not mix with a bar.
  local session <close> = require "sei.cli.client".open(args, {
    silent = require "sei.terminal".of(io.stdout).is_terminal })
  local result = (args.sandboxed and run_sandboxed or run_trusted)(args, session)
  if is_recipe(result) then
    fail(args.script, args.script .. " is a recipe, not a script",
      ("sei plan %s -o PLAN, and then sei apply PLAN"):format(args.script))
  end
  return math.type(result) == "integer" and result or 0
end

return run
