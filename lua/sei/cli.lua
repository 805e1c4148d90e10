--- The command `sei`.
-- @module sei.cli

local argparse = require "argparse"

local cli = {}

-- The emulator's options come with the emulator, which is loaded only for its
-- own command.
local function is_asked_for(argv, name)
  for _, word in ipairs(argv) do
    if word == name then return true end
  end
  return false
end

local function parser(argv)
  local p = argparse("sei", "Who is who in Harness SEI: map identities safely.")
  p:flag("-v --version", "Print the version and exit."):action(function()
    print(require "sei"._VERSION)
    os.exit(0)
  end)
  p:command_target "command"
  p:require_command(true)
  local emulator = p:command("emulator",
    "Serve the SEI API from memory, for tests, demos and rehearsals.")
  if is_asked_for(argv, "emulator") then require "sei.sandbox.command".configure(emulator) end
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
  local args = parser(argv):parse(argv)
  return run[args.command](args) or 0
end

return cli
