-- run - the benchmark: starts the page server, lets the contestants run in
-- turn (A B C A B C …), and reports medians and their ratios.
--
--   lua5.4 spec/bench/run.lua PROGRAMS JSON [--quick] [--most=N] [HEAT]...
--
-- PROGRAMS: folder of what was built, with a slash; JSON: the file to write.
-- HEAT: a heat of jobs.lua, the name of a program there, or "growth"; none: all.
-- --most: where the growth of jobs that hold everything ends. `make bench` and
-- `make bench-quick` do all of it. Absolute times depend on the machine and on
-- what else it does; the ratios are what counts.
local contest = require "spec.bench.contest"
local growth = require "spec.bench.growth"
local jobs = require "spec.bench.jobs"
local options = require "sei.options"
local page = require "spec.bench.page"
local report = require "spec.bench.report"
local rows = require "spec.bench.rows"
local sei = require "sei"
local service = require "spec.bench.service"
local shell = require "spec.support.shell"

local programs, json_file = arg[1], arg[2]
local quick, most, chosen = false, nil, {}
local known = { growth = true }
for _, list in ipairs { jobs.heats, jobs.programs } do
  for _, one in ipairs(list) do known[one.name] = true end
end
if not json_file then error("bench: PROGRAMS and JSON are missing: see run.lua's head", 0) end
for i = 3, #arg do
  local number = arg[i]:match "^%-%-most=(.*)$"
  if arg[i] == "--quick" then quick = true
  elseif number then most = math.tointeger(tonumber(number)) or 0
  elseif known[arg[i]] then chosen[arg[i]] = true
  else error(("bench: there is no heat '%s'%s"):format(arg[i], options.suggest(arg[i], known)), 0)
  end
end
-- One size alone does not tell how something grows.
local two = growth.sizes({}, quick)[2]
if most and most < two then
  error(("bench: --most must be a whole number from %d on"):format(two), 0)
end

local ROUNDS <const> = quick and 3 or 7

local function say(...)
  io.stderr:write("bench: ", string.format(...), "\n")
end

-- ---- one run --------------------------------------------------------------

local PATTERN <const> = "measured (%S+) (%S+) (%S+) (%d+) (%d+)"

local function measure(command)
  local pipe = assert(io.popen(shell.quote(programs .. "measure") .. " " .. command, "r"))
  local text = pipe:read "a"
  pipe:close()
  local wall, user, system, rss, status = text:match(PATTERN)
  if status ~= "0" then return nil, text end
  return { wall = tonumber(wall), user = tonumber(user), system = tonumber(system),
    cpu = user + system, rss = tonumber(rss), answer = text:match "^[^\n]*" }
end

local function command_of(who, heat, at)
  local command = who.commands and who.commands[heat.job] or who.command
  local words = table.move(command, 1, #command, 1, {})
  words[#words + 1] = heat.job
  local server = heat.tls and at.tls or at.service
  at.url = server:url(heat.latency, nil, heat.gzip)
  local more = heat.words(heat, at)
  local line = shell.join(table.move(more, 1, #more, #words + 1, words))
  if not server.ca then return line end
  -- Go's TLS looks into the second one
  return ("env BENCH_CA=%s SSL_CERT_FILE=%s %s"):format(shell.quote(server.ca),
    shell.quote(server.ca), line)
end

-- What the service took since the last time, by its own count.
local function taken(at)
  local pipe = assert(io.popen(("curl -sf %s/stats"):format(at.service:url()), "r"))
  local text = pipe:read "a"
  pipe:close()
  return assert(sei.json.decode(text), "bench: no answer from the page server; is curl there?")
end

-- ---- one heat -------------------------------------------------------------

local QUICK <const> = "in a quick run only in list-1000"

local function is_named(name, names)
  for _, one in ipairs(names) do
    if one == name then return true end
  end
  return false
end

local function takes_part(who, heat)
  if not who.jobs[heat.job] or heat.only and not is_named(who.name, heat.only) then
    return false
  end
  if quick and who.behind and heat.name ~= "list-1000" then return false, QUICK end
  for kind, why in pairs(heat.without or {}) do
    if who[kind] then return false, why end
  end
  return true
end

-- All have read the same, or sent it, or there is no heat.
local function check(heat, who, run, at)
  if heat.taken then
    local all = taken(at)
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
  -- what is packed, or fetched, when it is first asked for
  if heat.gzip or heat.tls then assert(measure(command_of(field[1], heat, at))) end
  local rounds = heat.many or math.min(heat.rounds or ROUNDS, ROUNDS)
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

-- Whether something takes part: it was named, or nothing was.
local function is_wanted(one)
  return chosen[one.name] or not next(chosen) and not (quick and one.quick == false)
end

local function heats(contestants)
  local wanted, csv, tls, by_name = {}, false, false, {}
  for _, heat in ipairs(jobs.heats) do
    if is_wanted(heat) then
      wanted[#wanted + 1] = heat
      csv, tls = csv or heat.csv, tls or heat.tls
    end
  end
  if #wanted == 0 then return wanted, by_name end
  local server <close> = service.start(programs, jobs.records, csv and jobs.csv_rows or 0)
  local at = { service = server, big = csv and server:file(jobs.csv_rows),
    small = csv and server:file(jobs.sent_rows) or "-" }
  at.tls = tls and server:over_tls()
  local over_tls <close> = at.tls or nil -- luacheck: ignore 211
  local run = {}
  for _, heat in ipairs(wanted) do
    if not heat.tls or at.tls then
      run_heat(heat, contestants, at)
      run[#run + 1], by_name[heat.name] = heat, heat.medians
    end
  end
  return run, by_name
end

-- The rows of the programs that measure a part by themselves.
local function others()
  local list, left_out = {}, {}
  for _, one in ipairs(jobs.programs) do
    if is_wanted(one) then
      say("%s", one.name)
      local pipe = assert(io.popen(("lua5.4 spec/bench/%s.lua --rows"):format(one.name), "r"))
      local told = rows.take(pipe:read "a")
      pipe:close()
      assert(#told > 0, "bench: " .. one.name .. " failed")
      table.move(report.told(told), 1, #told, #list + 1, list)
    elseif not next(chosen) then
      left_out[#left_out + 1] = { name = one.title, why = "not in the quick run" }
    end
  end
  return list, left_out
end

local function grown()
  if not is_wanted { name = "growth" } then return nil end
  local largest = growth.sizes({}, quick)
  local server <close> = service.start(programs, largest[#largest], largest[#largest])
  local at = { scratch = programs .. "growth",
    url = function(records) return server:url(0, records) end,
    file = function(records) return server:file(records) end }
  return growth.run(at, quick, most, say)
end

local function figures_of(all)
  if not all then return nil end
  return { ["growth-time"] = growth.time_chart(all), ["growth-memory"] = growth.memory_chart(all) }
end

-- What can be told of a heat in JSON.
local function in_json(list)
  local result = {}
  for i, heat in ipairs(list) do
    result[i] = { name = heat.name, job = heat.job, page_size = heat.page_size,
      window = heat.window, latency_ms = heat.latency, left_out = sei.json.array(heat.left_out),
      contestants = heat.medians }
  end
  return sei.json.array(result)
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end

-- report.md and report.html, with the charts beside them.
local function publish(result, contestants)
  local parts = report.parts(result, contestants)
  local text = page.markdown(parts)
  print(text)
  write(programs .. "report.md", "# Benchmark\n\n" .. text)
  write(programs .. "report.html", page.html("sei: benchmark", parts))
  for name, svg in pairs(result.figures or {}) do write(programs .. name .. ".svg", svg) end
  say("the report is %sreport.html (and .md)", programs)
end

-- Rows of heats that nobody asked for are not worth a line.
local function asked_for(ratios)
  if not next(chosen) then return ratios end
  local list = {}
  for _, one in ipairs(ratios) do
    if chosen[one.heat] then list[#list + 1] = one end
  end
  return list
end

local function main()
  local contestants, left_out = contest.present(programs)
  assert(contestants.sei, "bench: the client cannot be loaded: make build")
  local run, by_name = heats(contestants)
  local ratios = asked_for(report.ratios(jobs.rows, by_name, contestants))
  local more, without = others()
  table.move(more, 1, #more, #ratios + 1, ratios)
  table.move(without, 1, #without, #left_out + 1, left_out)
  local all = grown()
  local result = { heats = run, left_out = left_out, quick = quick, records = jobs.records,
    ratios = ratios, growth = all, figures = figures_of(all) }
  publish(result, contestants)
  result.heats, result.figures = in_json(run), nil
  write(json_file, assert(sei.json.encode(result, { canonical = true })) .. "\n")
end

main()
