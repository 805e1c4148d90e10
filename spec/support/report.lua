--- Plans and review files for the report's specs, with what a page must not obey.
-- @module spec.support.report
local sei = require "sei"
local file = require "sei.plan.file"

local report = {}

-- Markup, quotes, scripts written from the right, signs of several code points,
-- what turns the direction of writing, a formula, a very long word.
report.HOSTILE = { "</script><script>window.hit=1</script>", [[<img src=x onerror="window.hit=2">]],
  "O'Brien & \"Söhne\" <x>", "<!--<script>", "שלום עולם", "👩‍👩‍👧 Ana",
  "admin\u{202E}moc.elpmaxe@", "=HYPERLINK(\"http://x.example\")", "' OR 1=1 --", "\\u003c/script>",
  "${window.hit=3}", "]]>", ("w"):rep(150) }

local FIRST <const> = { "Ada", "Ben", "Chloé", "Dmitri", "Eun-ji", "Fatima", "Gül", "Hiro", "Inês",
  "Jo", "Kofi", "Lena", "Mateo", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Søren", "Tariq" }
local LAST <const> = { "Abara", "Berg", "Costa", "Duarte", "Eriksen", "Fischer", "Gupta", "Hansen",
  "Ivanova", "Jansen", "Kowalski", "Lindqvist", "Moreau", "Nguyen", "Okafor", "Petrov", "Rossi" }

local function name_of(i) return FIRST[i % #FIRST + 1] .. " " .. LAST[i * 7 % #LAST + 1] end

function report.person(i)
  local name = name_of(i)
  return { id = "E" .. 1000 + i, name = name,
    email = name:lower():gsub("[^%w]+", "."):gsub("^%.+", "") .. i .. "@example.com" }
end

local PLACES <const> = { 5322, 5323, 5324, 7001, 7002 }
local RULES <const> = { "email", "full_name", "email_local", "alias" }

local function row_of(i)
  local person, before = report.person(i), report.person(i + 3)
  local kind = ({ "keep", "keep", "keep", "keep", "add", "add", "change", "keep", "conflict",
    "protected" })[i * 3 % 10 + 1]
  local row = { kind = kind, what = "identity", integration_id = PLACES[i % 17 % #PLACES + 1],
    identity = person.name:lower():gsub("[^%w]", "") .. i, rule = RULES[i % #RULES + 1],
    class = i % 9 == 0 and "probable" or "certain", key = person.name:lower(),
    before = kind ~= "add" and { email = before.email } or nil, after = { email = person.email },
    evidence = { left = { before = person.name, after = person.name:lower() },
      right = { before = person.name }, margin = 0.25, runner_up = before.email } }
  if kind == "keep" then row.before = row.after end
  if kind == "conflict" then
    row.reason, row.message, row.after = "unknown_person",
      "the directory has nobody with the address " .. person.email, nil
    if i % 2 == 0 then row.before = nil end
  elseif kind == "protected" then
    row.reason, row.message = "protect", "protected by *" .. person.email:match "@.*"
  end
  return row
end

local function fields_of(i)
  local person = report.person(i)
  return { kind = "change", what = "contributor", id = tostring(i), email = person.email,
    before = { region = "emea", department = sei.null },
    after = { region = "apac", department = "Research & <Development>" },
    fingerprint = ("0"):rep(64) }
end

--- A plan as sei.plan gives it, its rows with hostile texts among them.
-- @tparam integer n how many mappings
-- @tparam ?string path of the file to write
function report.plan(n, path)
  local rows = {}
  for i = 1, n do rows[i] = row_of(i) end
  for i = 1, n // 20 do rows[#rows + 1] = fields_of(i) end
  for i, text in ipairs(report.HOSTILE) do
    rows[#rows + 1] = { kind = i % 2 == 0 and "conflict" or "change", what = "identity",
      integration_id = 7001, identity = text .. "!" .. i, before = { email = text },
      after = { email = text .. "@x" }, rule = text, key = text, reason = "spelling",
      message = i % 2 == 0 and text or nil, evidence = { left = { before = text } } }
  end
  local missing = sei.json.array {}
  for i = 1, 12 do missing[i] = report.person(5000 + i).email end
  missing[#missing + 1] = report.HOSTILE[1]
  return assert(file.write(path, { name = "Nightly " .. report.HOSTILE[1], class = "certain",
    target = { base_url = "https://app.harness.io/gateway/sei/api", account = "acme" },
    writes = "identities", inputs = { people = { count = 1200 }, accounts = { count = n + 300,
      skipped = 3 } }, directory = { mappings = 4321, people = 1210 }, missing = missing,
    guards = { { name = "changes", found = 12, limit = 216, passed = true },
      { name = "fields", found = 3, limit = 60, passed = true },
      { name = "empty", found = 0, limit = 0, passed = true },
      { name = "shrunk", input = "people", found = 0, last = 1200, count = 1200, limit = 0.1,
        passed = true }, { name = "protect", found = 9, passed = true } },
    counts = { missing = #missing, review = 40, none = 9, ignored = 2, probable = 4 } }, rows))
end

local REASONS <const> = { "near_miss", "ambiguous", "claimed_twice", "contradiction" }
local WHYS <const> = { "same family name, one letter in the first name", "the same initials",
  "names sound alike", "part of the address" }

-- A result of sei.match.run where nothing is decided.
-- @tparam integer n how many accounts
function report.result(n)
  local result = { decisions = {}, review = {}, none = {}, ignored = {}, summary = {} }
  for i = 1, n do
    local hostile = i % 25 == 0 and report.HOSTILE[i // 25 % #report.HOSTILE + 1]
    local account = { integration_id = PLACES[i % 17 % #PLACES + 1],
      login = hostile or name_of(i):lower():sub(1, 1) .. LAST[i % #LAST + 1]:lower() .. i,
      name = hostile or i % 4 ~= 0 and name_of(i) or nil, id = "A" .. i }
    local candidates = {}
    for k = 1, i % 6 do
      candidates[k] = { person = report.person(i * 3 + k), score = 0.99 - k * 0.09,
        why = WHYS[k % #WHYS + 1] }
    end
    if hostile and candidates[1] then
      candidates[1].person = { id = hostile, name = hostile, email = "x" .. i .. "@example.com" }
    end
    local list = #candidates > 0 and result.review or result.none
    list[#list + 1] = { account = account, class = #candidates > 0 and "review" or "none",
      reason = #candidates > 0 and REASONS[i % #REASONS + 1] or "none",
      message = #candidates > 1 and "two people come equally near" or "no rule names a person",
      candidates = candidates }
  end
  return result
end

return report
