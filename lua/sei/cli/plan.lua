--- The command `sei plan`: what would change, in a file to be approved.
local plan = {}

local EPILOG <const> = [[
Nothing is written to the service. Exit status: 0 nothing to do, 1 an error,
2 there are rows to write, 3 a guard stops the plan.

A recipe with --sandboxed need not be trusted: it names no file, but finds what
--input gives; it returns data, and guards are the command line's to say.

Example:
  sei plan nightly.lua -o plan.jsonl
  sei show plan.jsonl
  sei apply plan.jsonl --approve DIGEST]]

local function share(text)
  local n = tonumber(text)
  if n and n >= 0 and n <= 1 then return n end
  return nil, ("expected a number from 0 to 1, got %q"):format(text)
end

--- Adds the options to a command of lua-argparse.
function plan.configure(parser)
  local whole = require "sei.cli.word".whole
  parser:description "Compares what a recipe decides with what the directory has now."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:argument("recipe", "A Lua file that returns people, accounts and rules.")
    :argname "RECIPE"
  parser:option("-o --output", "The plan file to write (default: none)."):argname "PLAN"
  parser:option("--class", "Which decisions are written."):choices { "certain", "probable" }
  parser:option("--max-changes", "Guard: changed mappings (default: 10, or 5 % of all).", nil,
    whole):argname "N"
  parser:option("--max-fields", "Guard: people who lose a value (default: 10, or 5 % of all).",
    nil, whole):argname "N"
  parser:option("--max-empty", "Guard: inputs without a record (default: 0).", nil, whole)
    :argname "N"
  parser:option("--max-shrink", "Guard: how much smaller an input may be (default: 0.1).", nil,
    share):argname "X"
  parser:flag("--rows", "Show all rows, however many.")
  parser:flag("--json", "One JSON object instead of text.")
  require "sei.cli.sandboxed".configure(parser)
  require "sei.cli.client".configure(parser)
  parser:epilog(EPILOG)
end

local function guards_of(args)
  local given = { changes = args.max_changes, fields = args.max_fields, empty = args.max_empty,
    shrunk = args.max_shrink }
  return next(given) and given or nil
end

-- Modules that stand beside the recipe are found.
local function reach(recipe)
  local folder = recipe:match "^(.*/)[^/]*$" or "./"
  package.path = folder .. "?.lua;" .. package.path
end

--- Makes, writes and shows the plan.
-- @tparam table args what lua-argparse read
-- @treturn integer exit status
function plan.run(args)
  local sei, show = require "sei", require "sei.show"
  -- What is read is kept until the end: collecting it early gains nothing.
  collectgarbage("incremental", 1000, 400)
  local sandboxed = require "sei.cli.sandboxed"
  sandboxed.check(args)
  if not args.sandboxed then reach(args.recipe) end
  local session <close> = require "sei.cli.client".open(args, { computes = true })
  local made, err = sei.plan { client = session.client, recipe = args.recipe, file = args.output,
    class = args.class, guard = guards_of(args),
    sandboxed = args.sandboxed and sandboxed.options(args, session) or nil }
  session.progress:close()
  if not made then error(err, 0) end
  io.write(args.json and show.json(made, { rows = args.rows })
    or show.text(made, { rows = args.rows, width = require "sei.terminal".of(io.stdout):width() }))
  if #made.failed > 0 then return 3 end
  return made.writes > 0 and 2 or 0
end

return plan
