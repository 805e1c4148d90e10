--- The command `sei`.
--
-- Each of its commands is a file of its own in `lua/sei/cli/`, which is loaded
-- only when that command is called: a module with
--
-- * `configure(parser)`: adds its options to a command of lua-argparse;
-- * `run(args)`: does it with what lua-argparse read and returns the exit
--   status (nil: 0). It may raise; a text or an error object goes to standard
--   error after the command's name, and the status is 1.
-- @module sei.cli

local argparse = require "argparse"

local cli = {}

-- Name and summary, in the order of `sei --help`.
local COMMANDS <const> = {
  { "get", "Print what the service has, as a table, CSV or JSON." },
  { "upload", "Send a CSV of identities, cloud ids or developers." },
  { "developers", "Upload, review and activate developer records; take it back." },
  { "plan", "Say what would change, and write it to a file for somebody to approve." },
  { "show", "Show a plan: what changes, what contradicts itself, what stops it." },
  { "apply", "Do what an approved plan says; go on where it was stopped." },
  { "undo", "Make the plan that takes an apply back." },
  { "report", "Write a plan as a page to read, and to decide what was left undecided." },
  { "emulator", "Serve the SEI API from memory, for tests, demos and rehearsals." },
  { "run", "Run a Lua script that finds a client made by the settings." },
  { "eval", "Measure mapping rules on accounts whose persons are known." },
  { "check", "Say whether the service can be worked with; only reads." },
  { "version", "Print the version." },
}

-- What asks no service and writes no more than a whole file: Ctrl-C ends it
-- wherever it is. The others catch signals when they open a client.
local COMPUTE <const> = { show = true, undo = true, report = true, eval = true }

local function is_asked_for(argv, name)
  for _, word in ipairs(argv) do
    if word == name then return true end
  end
  return false
end

local function load_command(name) return require("sei.cli." .. name) end

-- The parser. argv: only the command that it names gets its options; nil: all.
local function new_parser(argv)
  local p = argparse("sei", "Who is who in Harness SEI: map identities safely.")
  p:flag("-v --version", "Print the version and exit."):action(function()
    print(require "sei"._VERSION)
    os.exit(0)
  end)
  p:command_target "command"
  p:require_command(true)
  for _, row in ipairs(COMMANDS) do
    local command = p:command(row[1], row[2]):summary(row[2])
    -- the emulator is not everywhere: whoever wants all takes what there is
    if not argv then
      local ok, module = pcall(load_command, row[1])
      if ok then module.configure(command) end
    elseif is_asked_for(argv, row[1]) then
      load_command(row[1]).configure(command)
    end
  end
  return p
end

-- What is no error to tell: the reader of a pipe had enough, as head does. Shells
-- know 141 as the end by SIGPIPE.
local function is_closed_pipe(problem)
  return (getmetatable(problem) or {}).__name == "sei.closed"
end

-- Where a message is no error object, it is a programmer's, who wants to know
-- where.
local function told(problem)
  return type(problem) == "string" and debug.traceback(problem, 2) or problem
end

--- The whole command line as an object of lua-argparse, for the manual page and
-- completion.
-- @treturn table
function cli.parser() return new_parser() end

--- Runs the command line.
-- @tparam {string,...} argv without the command's own name
-- @treturn integer exit status
function cli.main(argv)
  local ok, result = xpcall(function()
    local args = new_parser(argv):parse(argv)
    if COMPUTE[args.command] then require "sei.cli.stop".catch(true) end
    return load_command(args.command).run(args, args.command) or 0
  end, told)
  if ok then return result end
  if is_closed_pipe(result) then return 141 end
  io.stderr:write(require "sei.terminal".of(io.stderr):paint("red", "sei:"), " ",
    tostring(result), "\n")
  return require "sei.cli.stop".status() or 1
end

return cli
