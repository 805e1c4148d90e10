--- The command `sei show`: a plan for whoever is to approve it.
local show = {}

local EPILOG <const> = [[
The digest is what 'sha256sum PLAN' prints; 'sei apply PLAN --approve DIGEST'
does exactly what is shown here.

Example:
  sei show plan.jsonl --kind change --rows]]

--- Adds the options to a command of lua-argparse.
function show.configure(parser)
  parser:description "Shows what a plan would do. The service is not asked."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:argument("plan", "A file that 'sei plan' wrote."):argname "PLAN"
  parser:option("--kind", "Only the rows of this kind."):choices(
    require "sei.plan.file".KINDS)
  parser:flag("--rows", "All rows, however many.")
  parser:flag("--json", "One JSON object instead of text, with its rows if --rows or --kind "
    .. "is given.")
  parser:epilog(EPILOG)
end

--- Reads and prints the plan.
-- @tparam table args what lua-argparse read
function show.run(args)
  local made, err = require "sei.plan.file".read(args.plan)
  if not made then error(err, 0) end
  local text = require "sei.show"
  local options = { rows = args.rows, kind = args.kind,
    width = require "sei.terminal".of(io.stdout):width() }
  io.write(args.json and text.json(made, options) or text.text(made, options))
end

return show
