--- sei.match.join from Lua, folding included, against a plain C Jaro-Winkler
-- over all pairs of the folded names, in CPU seconds of one core: a Markdown
-- table. The hits of both are compared. With SEI_DATA set, the names of its set
-- `mailmaps`, too.
--
--     lua5.4 spec/bench/join.lua [names on each side, 10000]
--
-- Exit status 1 if hits differ or a limit is missed.
local names = require "spec.bench.names"
local rows = require "spec.bench.rows"
local sei = require "sei"
local shell = require "spec.support.shell"

local COUNT = math.tointeger(tonumber(arg and arg[1])) or 10000
local ROUNDS = 3

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p " .. shell.quote(folder)))

local function build()
  local program = folder .. "/join_plain"
  assert(os.execute(("%s -std=c11 -O2 -o %s spec/bench/join_plain.c"):format(
    os.getenv "CC" or "gcc", shell.quote(program))))
  return program
end

local function write(name, list)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "wb"))
  for _, one in ipairs(list) do assert(file:write(sei.text.fold(one), "\n")) end
  assert(file:close())
  return path
end

-- The plain program's hits and seconds.
local function plain(program, left, right, cutoff)
  local out = folder .. "/hits"
  local text, status = shell.run(("%s %.17g %s %s %s"):format(shell.quote(program), cutoff,
    write("left", left), write("right", right), out))
  assert(status == 0, text)
  local hits = {}
  for i, k, score in io.open(out, "r"):read "a":gmatch "(%d+) (%d+) (%S+)" do
    hits[#hits + 1] = { math.tointeger(i), math.tointeger(k), tonumber(score) }
  end
  return hits, tonumber(text)
end

-- The best of some rounds; the collector runs as it will.
local function ours(left, right, cutoff)
  local best, hits = math.huge, nil
  for _ = 1, ROUNDS do
    hits = nil -- luacheck: ignore 311
    collectgarbage()
    local from = os.clock()
    hits = assert(sei.match.join(left, right, { cutoff = cutoff, fold = true }))
    best = math.min(best, os.clock() - from)
  end
  return hits, best
end

local function same(a, b)
  if #a ~= #b then return false end
  for i, hit in ipairs(a) do
    local other = b[i]
    if hit[1] ~= other[1] or hit[2] ~= other[2] or math.abs(hit[3] - other[3]) > 1e-9 then
      return false
    end
  end
  return true
end

-- Names of the labelled set, a line each, of both its files.
local function mailmaps()
  local data = os.getenv "SEI_DATA"
  local list = {}
  for _, name in ipairs(data and { "people", "accounts" } or {}) do
    local path = data .. "/identity/mailmaps/" .. name .. ".csv"
    if io.open(path) then
      for row in sei.csv.read { file = path } do list[#list + 1] = row.name end
    end
  end
  -- Shuffled, so that both sides are alike.
  local state = 1
  for i = #list, 2, -1 do
    state = (state * 1103515245 + 12345) & 0x7fffffff
    local k = (state >> 8) % i + 1
    list[i], list[k] = list[k], list[i]
  end
  return list
end

local jobs = { { "generated names", names.list(COUNT, 1), names.list(COUNT, 2) } }
local real = mailmaps()
if #real >= 2 then
  local half = math.min(COUNT, #real // 2)
  jobs[2] = { "names of mailmaps", table.move(real, 1, half, 1, {}),
    table.move(real, half + 1, 2 * half, 1, {}) }
end

local TIMES <const>, PAIRS <const> = 12, 150e6 -- at least so much faster, so many a second
local program, failed, identical, told = build(), false, true, {}
print "| names | cutoff | hits | ours, s | plain C, s | times faster | M pairs/s | hits |"
print "|---|---|---|---|---|---|---|---|"
for _, job in ipairs(jobs) do
  for _, cutoff in ipairs { 0.9, 0.8 } do
    local hits, seconds = ours(job[2], job[3], cutoff)
    local expected, plain_seconds = plain(program, job[2], job[3], cutoff)
    local equal = same(hits, expected)
    local times, speed = plain_seconds / seconds, #job[2] * #job[3] / seconds / 1e6
    print(("| %s, %d x %d | %.2f | %d | %.3f | %.2f | %.1f | %.0f | %s |"):format(job[1], #job[2],
      #job[3], cutoff, #hits, seconds, plain_seconds, times, speed,
      equal and "identical" or "DIFFERENT"))
    identical = identical and equal
    if cutoff == 0.9 and times < TIMES or cutoff == 0.8 and speed * 1e6 < PAIRS then
      failed = true
    end
    told[#told + 1] = { measure = "cpu", ours = seconds,
      job = ("join of %d × %d names (%s) at %.2f: CPU"):format(#job[2], #job[3], job[1], cutoff),
      other = cutoff == 0.9 and "plain C" or "150 M pairs a second", limit = cutoff == 0.9
        and 1 / TIMES or 1, against = cutoff == 0.9 and plain_seconds or #job[2] * #job[3] / PAIRS }
  end
end
os.execute("rm -rf " .. shell.quote(folder))
assert(identical, "hits differ from those of plain C: no time of this run counts")
rows.tell(arg, told)
if failed then
  print "a limit is missed: 12 times faster at 0.90, 150 M pairs/s at 0.80"
  os.exit(1)
end
