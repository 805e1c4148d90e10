--- The command `sei`.
-- @module sei.cli

local argparse = require "argparse"

local cli = {}

local function parser()
  local p = argparse("sei", "Who is who in Harness SEI: map identities safely.")
  p:flag("-v --version", "Print the version and exit."):action(function()
    print(require "sei"._VERSION)
    os.exit(0)
  end)
  p:command_target "command"
  p:require_command(true)
  require "sei.sandbox.command".configure(p:command("emulator",
    "Serve the SEI API from memory, for tests, demos and rehearsals."))
  p:command("version", "Print the version.")
  return p
end

local run = {}

function run.version()
  print(require "sei"._VERSION)
  return 0
end

function run.emulator(args) return require "sei.sandbox.command".run(args) end

--- Runs the command line.
-- @tparam {string,...} argv without the command's own name
-- @treturn integer exit status
function cli.main(argv)
  local args = parser():parse(argv)
  return run[args.command](args) or 0
end

return cli
