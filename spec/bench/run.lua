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
local function start_server(csv_rows)
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(os.execute(quoted { "mkfifo", "-m", "600", fifo }))
  local hold = assert(io.popen(("%s --records %d --csv-rows %d > %s"):format(
    quoted { programs .. "server" }, jobs.records, csv_rows, quoted { fifo }), "w"))
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

local function url_of(port, latency)
  return ("http://127.0.0.1:%d/%d/sei/api"):format(port, latency or 0)
end

local function command_of(who, heat, at)
  local words = table.move(who.command, 1, #who.command, 1, {})
  words[#words + 1] = heat.job
  at.url = url_of(at.port, heat.latency)
  local more = heat.words(heat, at)
  return quoted(table.move(more, 1, #more, #words + 1, words))
end

-- The CSV as a file, and its first rows as another.
local function make_files(at)
  at.big, at.small = programs .. "big.csv", programs .. "small.csv"
  local client <close> = sei.client { base_url = url_of(at.port), api_key = "bench-key",
    pace = false, timeout = 300 }
  assert(client:download_identities { file = at.big })
  local from, to <close> = assert(io.open(at.big)), assert(io.open(at.small, "w"))
  for _ = 0, jobs.sent_rows do to:write(from:read "L") end
  from:close()
end

-- What the service took since the last time, by its own count.
local function taken(port)
  local pipe = assert(io.popen(("curl -sf %s/stats"):format(url_of(port)), "r"))
  local text = pipe:read "a"
  pipe:close()
  return assert(sei.json.decode(text), "bench: no answer from the page server; is curl there?")
end

-- ---- one heat -------------------------------------------------------------

local function takes_part(who, heat)
  if not who.jobs[heat.job] then return false end
  if heat.only then
    for _, name in ipairs(heat.only) do
      if name == who.name then return true end
    end
    return false
  end
  for kind, why in pairs(heat.without or {}) do
    if who[kind] then return false, why end
  end
  return true
end

-- All have read the same, or sent it, or there is no heat.
local function check(heat, who, run, at)
  if heat.taken then
    local all = taken(at.port)
    run.answer = ("rows %d sum %d"):format(all.rows, all.sum)
    assert(all.rows == heat.taken, ("bench: %s: %s sent %d rows"):format(heat.name, who.name,
      all.rows))
  elseif heat.silent or who.no_sum then
    return
  end
  heat.answer = heat.answer or run.answer
  assert(run.answer == heat.answer, ("bench: %s: %s answers '%s', others '%s'"):format(heat.name,
    who.name, run.answer, heat.answer))
end

local function run_heat(heat, contestants, at)
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
        local one, problem = measure(command_of(who, heat, at))
        assert(one, ("bench: %s failed in %s: %s"):format(who.name, heat.name, problem))
        check(heat, who, one, at)
        table.insert(runs[who.name], one)
      end
    end
  end
  heat.medians = report.medians(runs)
end

-- ---- all of them ----------------------------------------------------------

-- The heats to run, and whether one of them needs the CSV.
local function wanted_heats()
  local list, csv = {}, false
  for _, heat in ipairs(jobs.heats) do
    if chosen[heat.name] or not next(chosen) and not (quick and heat.quick == false) then
      list[#list + 1] = heat
      csv = csv or heat.csv
    end
  end
  return list, csv
end

-- What can be told of a heat in JSON.
local function told(heats)
  local list = {}
  for i, heat in ipairs(heats) do
    list[i] = { name = heat.name, job = heat.job, page_size = heat.page_size,
      window = heat.window, latency_ms = heat.latency, left_out = sei.json.array(heat.left_out),
      contestants = heat.medians }
  end
  return list
end

local function main()
  local contestants, left_out = contest.present(programs)
  assert(contestants.sei, "bench: the client cannot be loaded: make build")
  local server <close> = setmetatable({}, { __close = function(self) self.hold:close() end })
  local wanted, csv = wanted_heats()
  local at = {}
  server.hold, at.port = start_server(csv and jobs.csv_rows or 0)
  if csv then make_files(at) else at.small = "-" end
  local heats, by_name = {}, {}
  for _, heat in ipairs(wanted) do
    run_heat(heat, contestants, at)
    heats[#heats + 1], by_name[heat.name] = heat, heat.medians
  end
  local result = { heats = heats, left_out = left_out, quick = quick, records = jobs.records,
    ratios = report.ratios(jobs.rows, by_name, contestants) }
  report.print(result, contestants)
  local file = assert(io.open(json_file, "w"))
  result.heats = told(heats)
  file:write(assert(sei.json.encode(result, { canonical = true })), "\n")
  assert(file:close())
end

main()
