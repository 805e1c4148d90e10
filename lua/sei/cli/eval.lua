--- The command `sei eval`: how good rules are on labelled accounts.
local core = require "sei.core"

local eval = {}

local EPILOG <const> = [[
The files are CSV with these columns, others may be there:
  people    person_id, name, email
  accounts  account_id, login, name, email
  truth     account_id, person_id     an empty person_id: it is nobody's

RULES is a Lua file that returns an array of rules:
  local sei = require "sei"
  return { sei.rule.email(), sei.rule.full_name() }

Example:
  sei eval --people people.csv --accounts accounts.csv --truth truth.csv --class certain]]

--- Adds the options to a command of lua-argparse.
function eval.configure(parser)
  parser:description("Runs mapping rules on accounts whose persons are known, and says how good "
    .. "they are.")
  parser:usage_max_width(100)
  parser:help_max_width(100)
  parser:option("--people", "The people."):argname "FILE":count(1)
  parser:option("--accounts", "The accounts."):argname "FILE":count(1)
  parser:option("--truth", "Whose account is whose."):argname "FILE":count(1)
  parser:option("--class", "Count only decisions of this class (default: all)."):choices {
    "certain", "probable" }
  parser:option("--rules", "The rules (default: the default rules)."):argname "RULES"
  parser:option("--confusion", "Writes each account with what became of it, errors first.")
    :argname "FILE"
  parser:flag("--json", "One JSON object instead of tables.")
  parser:epilog(EPILOG)
end

-- All records, the key column as `id`.
local function read(path, key, ...)
  local list = {}
  for record, line in core.csv.read { file = path, columns = { key, ... } } do
    record.id, record.source = record[key], { file = path, line = line }
    list[#list + 1] = record
  end
  return list
end

local function fail(path, message)
  error(core.error { kind = "decode", message = message, file = path }, 0)
end

local function rules_of(path)
  if not path then return nil end
  local chunk, message = loadfile(path)
  if not chunk then fail(path, message) end
  local rules = chunk()
  if type(rules) ~= "table" or #rules == 0 then
    fail(path, path .. ": returns no array of rules")
  end
  return rules
end

-- ---- what people read ----

local function share(value) return ("%.4f"):format(value) end

local function group_table(title, column, groups, report)
  local rows = {}
  for i, g in ipairs(groups) do
    rows[i] = { tostring(g[column]), g.class, g.proposed, g.right, g.wrong, share(g.precision),
      share(g.recall) }
  end
  return title .. "\n\n" .. report.table({ column, "class", "proposed", "right", "wrong",
    "precision", "recall" }, rows)
end

local function reason_table(groups, report)
  local rows = {}
  for i, g in ipairs(groups) do
    rows[i] = { g.reason, g.accounts, g.with_person, g.first, g.among }
  end
  return "Undecided\n\n" .. report.table({ "reason", "accounts", "with a person", "it is first",
    "it is shown" }, rows)
end

local function threshold_table(list, report)
  local rows = {}
  for i, t in ipairs(list) do
    rows[i] = { ("%.2f"):format(t.score), t.proposed, t.right, t.wrong, share(t.precision),
      share(t.recall) }
  end
  return "If the best candidate were taken from a score on\n\n" .. report.table({ "score",
    "proposed", "right", "wrong", "precision", "recall" }, rows)
end

local function text_of(found)
  local report = require "sei.report"
  local head = ("%d people, %d accounts, %d of them labelled, %d with a person\n\n"
    .. "precision  %s   %d right, %d wrong (%d of them nobody's)\n"
    .. "recall     %s   %d missed or wrong\nF1         %s\n"
    .. "candidates %s first, %s among the first five\n"
    .. "took       %.2f s, %.0f MiB\n"):format(found.people, found.accounts, found.judged,
    found.true_pairs, share(found.precision), found.right, found.wrong, found.strangers,
    share(found.recall), found.true_pairs - found.right, share(found.f1),
    share(found.candidates_at_1), share(found.candidates_at_5), found.seconds,
    found.peak_rss_mib)
  return table.concat({ head, group_table("By rule", "rule", found.by_rule, report),
    reason_table(found.by_reason, report), threshold_table(found.thresholds, report) }, "\n")
end

-- ---- the command ----

--- Evaluates and prints.
-- @tparam table args what lua-argparse read
function eval.run(args)
  local began = core.usage()
  local truth = read(args.truth, "account_id", "person_id")
  local found, err = require "sei.evaluate".run(rules_of(args.rules), {
    people = read(args.people, "person_id", "name", "email"),
    accounts = read(args.accounts, "account_id", "login", "name", "email"),
    truth = truth, class = args.class, confusion = args.confusion })
  if not found then error(err, 0) end
  local now, peak = core.usage()
  found.seconds, found.peak_rss_mib = now - began, peak / 2^20
  found.class, found.rows = args.class, nil
  if args.json then
    print(core.json.encode(found, { canonical = true }))
  else
    io.write(text_of(found))
  end
end

return eval
