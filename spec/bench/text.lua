-- How many names a second sei.text folds: a Markdown table of millions of names
-- a second and the ratio to folding them in plain Lua, with lower and gsub
-- (which knows ASCII only). The best of several rounds counts.
--   lua5.4 spec/bench/text.lua [rounds]
local rows = require "spec.bench.rows"
local sei = require "sei"

local ROUNDS, NAMES = tonumber(arg and arg[1]) or 7, 20000

local ASCII = { "Ada", "Grace", "Jean-Luc", "Mary Ann", "Conan", "Byron", "Hopper", "O'Hara",
  "Smith", "van der Berg", "Miller", "Garcia" }
local LATIN = { "Zoë", "Jürgen", "José", "Łukasz", "Søren", "Renée", "Müller", "Żak", "Núñez",
  "Øster", "Straße", "Dvořák" }
local OTHERS = { "Алёна", "Ольга", "山田", "太郎", "김", "철수", "Σοφία", "नमिता", "שירה", "سلمى" }

-- The same names on every run.
local function names(words)
  math.randomseed(11)
  local list = {}
  for i = 1, NAMES do
    list[i] = ("%s %s"):format(words[math.random(#words)], words[math.random(#words)])
  end
  return list
end

local function plain(s)
  s = s:lower():gsub("['`]", ""):gsub("[^%w\x80-\xff]+", " "):gsub("^ ", ""):gsub(" $", "")
  return s
end

-- Millions of names a second.
local function measure(fold, list)
  local best = math.huge
  for _ = 1, ROUNDS do
    collectgarbage()
    local from = os.clock()
    for i = 1, #list do fold(list[i]) end
    best = math.min(best, os.clock() - from)
  end
  return #list / best / 1e6
end

print "| names | sei.text.fold, M/s | plain Lua, M/s | ratio | limit, M/s |"
print "|---|---|---|---|---|"
local ok, told = true, {}
for _, row in ipairs { { "ASCII", ASCII, 2 }, { "Latin with accents", LATIN },
  { "other scripts", OTHERS } } do
  local list = names(row[2])
  local ours, theirs = measure(sei.text.fold, list), measure(plain, list)
  ok = ok and (not row[3] or ours >= row[3])
  print(("| %s | %.2f | %.2f | %.1f | %s |"):format(row[1], ours, theirs, ours / theirs,
    row[3] or "none"))
  if row[3] then
    told[#told + 1] = { job = "a million names folded: CPU", measure = "cpu", ours = 1 / ours,
      other = "a fixed time", against = 1 / row[3], limit = 1 }
  end
end
local list = names(ASCII)
print(("| ASCII, tokens | %.2f | | | none |"):format(measure(sei.text.tokens, list)))
rows.tell(arg, told)
os.exit(ok)
