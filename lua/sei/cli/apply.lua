--- The command `sei apply`: does what an approved plan says.
local apply = {}

local EPILOG <const> = [[
The digest is what 'sei show PLAN' and 'sha256sum PLAN' print. Everything that
the plan touches is read again first; if any of it has changed, nothing is
written. If it is stopped, by Ctrl-C or by force, the same command goes on.

Exit status: 0 all rows are as planned, 1 an error, or rows that are not (they
are listed), 3 refused: digest, guard, another account, drift, another writer.

Example:
  sei apply plan.jsonl --approve $(cat approved-digest)]]

local function whole(text)
  local n = text:find "^%d+$" and math.tointeger(tonumber(text))
  if n and n >= 1 and n <= 1000 then return n end
  return nil, ("expected a whole number from 1 to 1000, got %q"):format(text)
end

--- Adds the options to a command of lua-argparse.
function apply.configure(parser)
  parser:description "Writes exactly what an approved plan says."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:argument("plan", "A file that 'sei plan' wrote."):argname "PLAN"
  parser:option("--approve", "The digest of the plan that somebody looked at."):argname "DIGEST"
    :count(1)
  parser:option("--journal", "What was sent, and what became of it (default: PLAN.journal).")
    :argname "FILE"
  parser:option("--lock", "The folder of lock files (default: $XDG_STATE_HOME/sei/lock).")
    :argname "FOLDER"
  parser:option("--read", "How identities are read."):choices { "download", "list" }
  parser:option("--batch", "Rows of a request, at most (default: 1000).", nil, whole):argname "N"
  parser:flag("--json", "One JSON object instead of text.")
  require "sei.cli.client".configure(parser)
  parser:epilog(EPILOG)
end

local function plural(n, one, many) return ("%d %s"):format(n, n == 1 and one or many) end

-- Said before the first write.
local function begin(facts)
  if facts.rows == 0 then return end
  io.stderr:write("sei: ", plural(facts.rows, "row is", "rows are"), " to be written",
    facts.resumed and ", going on where the journal ends" or "", "\n")
  if facts.irreversible > 0 then
    io.stderr:write("sei: ", plural(facts.irreversible, "addition", "additions"),
      ": the service has no way to take them back\n")
  end
end

local function print_report(report, json)
  if json then
    io.write(require "sei".json.encode(report, { canonical = true }), "\n")
  else
    io.write(tostring(report), "\n")
  end
end

-- Tells why it ended and answers the exit status.
local function fail(err, args)
  if type(err) == "table" and err.report then print_report(err.report, args.json) end
  local stopped = require "sei.cli.stop".status()
  io.stderr:write("sei: ", tostring(err), "\n")
  if stopped then
    io.stderr:write("sei: what was sent is in the journal; run the same command again to go on\n")
    return stopped
  end
  return type(err) == "table" and err.kind == "refused" and not err.report and 3 or 1
end

local LABELS <const> = { read = "reading again", send = "writing", verify = "reading back" }

-- What is shown of each phase. A request that writes is waited for, whatever the
-- hurry: a signal stops the apply before the next one.
local function shown(session)
  local bar, phase = session.progress, nil
  return function(facts)
    session.patient = facts.phase == "begin" or facts.phase == "send"
    if facts.phase == "begin" then
      bar:clear()
      return begin(facts)
    end
    if facts.phase ~= phase then bar:begin(LABELS[facts.phase], facts.rows) end
    phase = facts.phase
    if facts.done then bar:set(facts.done, facts.rows) end
  end
end

--- Applies the plan and prints what became of it.
-- @tparam table args what lua-argparse read
-- @treturn integer exit status
function apply.run(args)
  local sei, stop = require "sei", require "sei.cli.stop"
  local session <close> = require "sei.cli.client".open(args, {
    change = function(options) options.on_batch = nil end }) -- the rows of the plan count
  local report, err = sei.apply { client = session.client, plan = args.plan,
    approve = args.approve, journal = args.journal, lock = args.lock, read = args.read,
    batch_size = args.batch, progress = shown(session),
    stop = function() return stop.status() ~= nil end }
  session.progress:close()
  if not report then return fail(err, args) end
  print_report(report, args.json)
  return report.state == "done" and 0 or 1
end

return apply
