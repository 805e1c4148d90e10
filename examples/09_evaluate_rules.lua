-- How good are my rules?
--
-- Measured on accounts whose persons are known, say because somebody decided
-- them by hand. Two lists of rules are compared: e-mail alone, and the default
-- ones.
--
--   lua5.4 examples/09_evaluate_rules.lua PEOPLE.csv ACCOUNTS.csv KNOWN.csv [CONFUSION.csv]
--
-- PEOPLE has the columns email,name; ACCOUNTS login,name,email; KNOWN login,email,
-- the e-mail being empty for an account that is nobody's. Accounts that are not in
-- KNOWN take part and are not judged. CONFUSION gets a row for each known
-- account, errors first. `sei eval --help` does the same from the command line.

local sei = require "sei"
local report = require "sei.report"

local people_file, accounts_file, known_file, confusion_file = table.unpack(arg, 1, 4)
if not known_file then
  io.stderr:write("usage: 09_evaluate_rules.lua PEOPLE.csv ACCOUNTS.csv KNOWN.csv ",
    "[CONFUSION.csv]\n")
  os.exit(1)
end

-- An account without an id of its own goes by this key, a person by the e-mail.
local truth = {}
for row in sei.csv.read { file = known_file, columns = { "login", "email" } } do
  truth[sei.match.key { login = row.login }] = row.email:lower()
end

local function measure(rules, confusion)
  return assert(sei.match.evaluate(rules, {
    people = sei.source.csv { file = people_file },
    accounts = sei.source.csv { file = accounts_file },
    truth = truth,
    confusion = confusion,
  }))
end

local rows = {}
local function add(name, m)
  rows[#rows + 1] = { name, m.proposed, m.right, m.wrong, ("%.3f"):format(m.precision),
    ("%.3f"):format(m.recall) }
end

add("e-mail alone", measure { sei.rule.email() })
local all = measure(nil, confusion_file)
add("default rules", all)
for _, rule in ipairs(all.by_rule) do add("  " .. rule.rule, rule) end
io.write(report.table({ "rules", "decided", "right", "wrong", "precision", "recall" }, rows),
  ("\n%d accounts are known; for %.0f %% of those with a person, that person is decided or "
    .. "among the first five candidates\n"):format(all.judged, 100 * all.candidates_at_5))
