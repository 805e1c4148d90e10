--- The command `sei undo`: a plan that takes an apply back.
local undo = {}

local EPILOG <const> = [[
Nothing is written to the service: the plan is looked at and approved as any
other, and refused if anything is not as the apply left it. What was added
stays, since the service cannot remove it; it is listed.

Exit status: 0 nothing to take back, 1 an error, 2 there are rows to write,
3 a guard stops the plan.

Example:
  sei undo plan.jsonl.journal -o undo.jsonl
  sei apply undo.jsonl --approve DIGEST]]

local function whole(text)
  local n = text:find "^%d+$" and math.tointeger(tonumber(text))
  if n then return n end
  return nil, ("expected a whole number, got %q"):format(text)
end

--- Adds the options to a command of lua-argparse.
function undo.configure(parser)
  parser:description "Makes the plan that is the opposite of what an apply did."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:argument("journal", "The journal of the apply: PLAN.journal."):argname "JOURNAL"
  parser:option("-o --output", "The plan file to write (default: none)."):argname "PLAN"
  parser:option("--max-changes", "Guard: changed mappings (default: as the plan had it).", nil,
    whole):argname "N"
  parser:option("--max-fields", "Guard: people who lose a value (default: as the plan had it).",
    nil, whole):argname "N"
  parser:flag("--rows", "Show all rows, however many.")
  parser:flag("--json", "One JSON object instead of text.")
  parser:epilog(EPILOG)
end

--- Makes, writes and shows the plan.
-- @tparam table args what lua-argparse read
-- @treturn integer exit status
function undo.run(args)
  local made, err = require "sei.undo".make { journal = args.journal, file = args.output,
    guard = { changes = args.max_changes, fields = args.max_fields } }
  if not made then error(err, 0) end
  for _, warning in ipairs(made.warnings) do io.stderr:write("sei: ", warning, "\n") end
  local show = require "sei.show"
  io.write(args.json and show.json(made, { rows = args.rows })
    or show.text(made, { rows = args.rows, width = require "sei.terminal".of(io.stdout):width() }))
  if #made.failed > 0 then return 3 end
  return made.writes > 0 and 2 or 0
end

return undo
