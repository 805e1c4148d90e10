--- The command `sei undo`: a plan that takes an apply back.
local undo = {}

local EPILOG <const> = [[
Nothing is written to the service: the plan is looked at and approved as any
other, and refused if anything is not as the apply left it. What was added
stays, since the service cannot remove it; it is listed.

With --reactivate N no plan is made: the version of the directory that was
active before the apply (the journal has its number) is made the active one, in
one request that the vendor does not document. Refused if anybody wrote to the
directory since; every row that it did not restore is listed.

Exit status: 0 nothing to take back, or all of it is, 1 an error, 2 there are
rows to write, 3 a guard stops the plan, or --reactivate is refused.

Example:
  sei undo plan.jsonl.journal -o undo.jsonl
  sei apply undo.jsonl --approve DIGEST]]

--- Adds the options to a command of lua-argparse.
function undo.configure(parser)
  local whole = require "sei.cli.word".whole
  parser:description "Makes the plan that is the opposite of what an apply did."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:argument("journal", "The journal of the apply: PLAN.journal."):argname "JOURNAL"
  parser:option("-o --output", "The plan file to write (default: none)."):argname "PLAN"
  parser:option("--max-changes", "Guard: changed mappings (default: as the plan had it).", nil,
    whole):argname "N"
  parser:option("--max-fields", "Guard: people who lose a value (default: as the plan had it).",
    nil, whole):argname "N"
  parser:option("--reactivate", "Make this version of the directory the active one instead.", nil,
    whole):argname "N"
  parser:option("--lock", "With it: the folder of lock files.", nil):argname "FOLDER"
  parser:flag("--rows", "Show all rows, however many.")
  parser:flag("--json", "One JSON object instead of text.")
  require "sei.cli.client".configure(parser)
  parser:epilog(EPILOG)
end

local function add_list(out, title, list, line)
  if #list == 0 then return end
  out[#out + 1] = ("%s (%d)\n"):format(title, #list)
  for _, one in ipairs(list) do out[#out + 1] = "  " .. line(one) .. "\n" end
end

local function text_of(result)
  local cell = require "sei.report".cell
  local out = { ("version %d of the directory is the active one; %d %s as before the apply\n")
    :format(result.version, result.restored, result.restored == 1 and "row is" or "rows are") }
  add_list(out, "Not restored; make the inverse plan for what can be changed back", result.others,
    function(one)
      return cell(one.name) .. (one.kind == "irreversible" and "  cannot be removed" or "")
    end)
  add_list(out, "Changed with it, and not by the apply", result.changed, function(one)
    return ("%s  %s → %s"):format(cell(one.name), cell(one.before or "(none)"),
      cell(one.after or "(none)"))
  end)
  return table.concat(out)
end

local function reactivate(args)
  local session <close> = require "sei.cli.client".open(args, {
    change = function(options) options.undocumented = true end })
  session.patient = true    -- what was begun is brought to its end
  local result, err = require "sei.undo.reactivate".run { client = session.client,
    journal = args.journal, version = args.reactivate, lock = args.lock }
  session.progress:close()
  if not result then
    io.stderr:write("sei: ", tostring(err), "\n")
    return err.kind == "refused" and 3 or 1
  end
  io.write(args.json and require "sei".json.encode(result, { canonical = true }) .. "\n"
    or text_of(result))
  return #result.others + #result.changed == 0 and 0 or 1
end

--- Makes, writes and shows the plan.
-- @tparam table args what lua-argparse read
-- @treturn integer exit status
function undo.run(args)
  if args.reactivate then return reactivate(args) end
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
