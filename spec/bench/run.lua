-- run - the benchmark: starts the page server, lets the contestants run in
-- turn (A B C A B C …), and reports medians and their ratios.
--
--   lua5.4 spec/bench/run.lua PROGRAMS JSON [--quick] [HEAT]...
--
-- PROGRAMS: folder of what was built, with a slash; JSON: the file to write.
-- `make bench` and `make bench-quick` do all of it. Absolute times depend on
-- the machine and on what else it does; the ratios are what counts.
package.path = "spec/bench/?.lua;" .. package.path

local contest = require "contest"
local jobs = require "jobs"
local report = require "report"
local sei = require "sei"

local programs, json_file = arg[1], arg[2]
local quick, chosen = false, {}
for i = 3, #arg do
  if arg[i] == "--quick" then quick = true else chosen[arg[i]] = true end
end

local ROUNDS <const> = quick and 3 or 7

local function say(...)
  io.stderr:write("bench: ", string.format(...), "\n")
end

local function quoted(words)
  local list = {}
  for i, word in ipairs(words) do list[i] = "'" .. tostring(word):gsub("'", "'\\''") .. "'" end
  return table.concat(list, " ")
end

-- ---- the server -----------------------------------------------------------

-- It ends when we do: it reads from a pipe that we hold. Opening the other
-- pipe waits until it is there.
local function start_server(records)
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute(quoted { "mkfifo", "-m", "600", fifo }))
  local hold = assert(io.popen(("%s --records %d > %s"):format(quoted { programs .. "server" },
    records, quoted { fifo }), "w"))
  local answers = assert(io.open(fifo))
  local port = answers:read "n"
  answers:close()
  os.remove(fifo)
  assert(port, "bench: the page server did not start")
  return hold, math.tointeger(port)
end

-- ---- one run --------------------------------------------------------------

local PATTERN <const> = "measured (%S+) (%S+) (%S+) (%d+) (%d+)"

local function measure(command)
  local pipe = assert(io.popen(quoted { programs .. "measure" } .. " " .. command, "r"))
  local text = pipe:read "a"
  pipe:close()
  local wall, user, system, rss, status = text:match(PATTERN)
  if status ~= "0" then return nil, text end
  return { wall = tonumber(wall), user = tonumber(user), system = tonumber(system),
    cpu = user + system, rss = tonumber(rss), answer = text:match "^[^\n]*" }
end

local function command_of(who, heat, port)
  local words = table.move(who.command, 1, #who.command, 1, {})
  local total = who.total or who.floor
  table.move({ heat.job, ("http://127.0.0.1:%d/%d/sei/api"):format(port, heat.latency),
    heat.page_size }, 1, 3, #words + 1, words)
  if who.name ~= "curl + jq" then words[#words + 1] = heat.window end
  if total then words[#words + 1] = jobs.records end
  return quoted(words)
end

-- ---- one heat -------------------------------------------------------------

local function takes_part(who, heat)
  if heat.only then
    for _, name in ipairs(heat.only) do
      if name == who.name then return true end
    end
    return false
  end
  for kind, why in pairs(heat.without or {}) do
    if who[kind] then return false, why end
  end
  return not (who.no_sum and heat.job == "list3") -- it would be the same bytes again
end

-- All have read the same, or there is no heat.
local function check(heat, who, run)
  if who.no_sum then return end
  heat.answer = heat.answer or run.answer
  assert(run.answer == heat.answer, ("bench: %s: %s answers '%s', others '%s'"):format(heat.name,
    who.name, run.answer, heat.answer))
end

local function run_heat(heat, contestants, port)
  local runs, field = {}, {}
  heat.left_out = {}
  for _, who in ipairs(contestants) do
    local yes, why = takes_part(who, heat)
    if yes then
      field[#field + 1], runs[who.name] = who, {}
    elseif why then
      table.insert(heat.left_out, ("%s (%s)"):format(who.name, why))
    end
  end
  local rounds = math.min(heat.rounds or ROUNDS, ROUNDS)
  for round = 1, rounds do
    say("%s, round %d of %d", heat.name, round, rounds)
    for _, who in ipairs(field) do
      if round == 1 or not (quick and who.slow) then
        local one, problem = measure(command_of(who, heat, port))
        assert(one, ("bench: %s failed in %s: %s"):format(who.name, heat.name, problem))
        check(heat, who, one)
        table.insert(runs[who.name], one)
      end
    end
  end
  heat.medians = report.medians(runs)
end

-- ---- all of them ----------------------------------------------------------

local function main()
  local contestants, left_out = contest.present(programs)
  assert(contestants.sei, "bench: the client cannot be loaded: make build")
  local server <close> = setmetatable({}, { __close = function(self) self.hold:close() end })
  local port
  server.hold, port = start_server(jobs.records)
  local heats, by_name = {}, {}
  for _, heat in ipairs(jobs.heats) do
    local wanted = next(chosen) and chosen[heat.name]
      or not next(chosen) and not (quick and heat.quick == false)
    if wanted then
      run_heat(heat, contestants, port)
      heats[#heats + 1], by_name[heat.name] = heat, heat.medians
    end
  end
  local result = { heats = heats, left_out = left_out, quick = quick, records = jobs.records,
    ratios = report.ratios(jobs.rows, by_name, contestants) }
  report.print(result, contestants)
  local file = assert(io.open(json_file, "w"))
  file:write(assert(sei.json.encode(result, { canonical = true })), "\n")
  assert(file:close())
end

main()
