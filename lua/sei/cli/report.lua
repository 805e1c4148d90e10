--- The command `sei report`: a plan as one HTML file.
local report = {}

local EPILOG <const> = [[
The file stands for itself: no server, no network, any browser. In its review
page you say whose each undecided account is; then it gives you the review file,
to be put in the place of the one that the recipe reads.

Example:
  sei plan nightly.lua -o plan.jsonl
  sei report plan.jsonl --review review.csv -o report.html
  sei report plan.jsonl --journal plan.jsonl.journal]]

--- Adds the options to a command of lua-argparse.
function report.configure(parser)
  parser:description "Writes a plan as a page: coverage, changes, conflicts and review."
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:argument("plan", "A file that 'sei plan' wrote."):argname "PLAN"
  parser:option("-o --output", "The page to write (default: PLAN, ending in .html).")
    :argname "FILE"
  parser:option("--review", "The review file, for its undecided accounts."):argname "FILE"
  parser:option("--journal", "The journal of its apply, for what became of the rows.")
    :argname "FILE"
  parser:flag("--keep", "List the mappings that stay as they are, too.")
  parser:epilog(EPILOG)
end

--- Writes the page and prints its path.
-- @tparam table args what lua-argparse read
function report.run(args)
  local file = args.output or args.plan:gsub("%.jsonl?$", "") .. ".html"
  local made, err = require "sei".report { plan = args.plan, review = args.review,
    journal = args.journal, file = file, keep = args.keep }
  if not made then error(err, 0) end
  print(file)
end

return report
