-- growth - time and memory of a job against how many records it has: each size
-- in a process of its own (grow.lua), the exponent fitted, two charts.
local body = require "sei.report.body"
local fit = require "spec.bench.fit"
local plot = require "spec.bench.plot"
local shell = require "spec.support.shell"

local growth = {}

-- `stream`: needs the same memory however many there are. `list` remembers a
-- fingerprint of every record, 12 bytes and room to grow (ext/api/seen.h).
-- `most`: what does not stream holds a million in gigabytes.
local JOBS <const> = {
  { name = "list", title = "list", each = 32 },
  { name = "csv_read", title = "read CSV", stream = true, file = true },
  { name = "csv_down", title = "CSV down", stream = true },
  { name = "csv_up", title = "CSV up", stream = true, file = true },
  { name = "json_up", title = "CSV up as JSON", stream = true, file = true },
  { name = "match", title = "map", most = 100000, quick = 10000 },
  { name = "plan", title = "plan", most = 100000, quick = 10000 },
}
growth.jobs = JOBS

local SIZES <const> = { 1000, 3000, 10000, 30000, 100000, 300000, 1000000 }
local QUICK <const> = { 1000, 10000, 100000 }

-- What may come to a stream's memory from the smallest to the largest size:
-- the allocator's and the collector's ways.
local STREAM_BYTES <const> = 2 * 2 ^ 20

--- Whether a job takes no more memory than it may: that of its process with few and with
-- `records` records, in bytes. nil: it holds everything, so there is no limit.
-- @treturn ?boolean
function growth.keeps(job, few, many, records)
  if not job.stream and not job.each then return nil end
  return many - few <= STREAM_BYTES + (job.each or 0) * records
end

--- The sizes that are measured.
-- @tparam boolean quick
-- @tparam ?integer most where the jobs that hold everything end (100000)
function growth.sizes(job, quick, most)
  local list = {}
  local last = job.most and (most or quick and job.quick or job.most) or math.huge
  for _, size in ipairs(quick and QUICK or SIZES) do
    if size <= last then list[#list + 1] = size end
  end
  return list
end

--- The command line of one run.
-- @tparam table at `url(records)` and `file(records)` give what it is told; `scratch`: a path
-- @tparam ?integer rounds (as many as the size needs)
function growth.command(job, records, at, rounds)
  return shell.join { "lua5.4", "spec/bench/grow.lua", job.name, records, at.url(records),
    job.file and at.file(records) or at.scratch, rounds }
end

--- What a run printed.
-- @treturn ?table `cpu`, `wall` (seconds), `before`, `peak` (bytes)
function growth.result(text)
  local cpu, wall, before, peak = text:match "grown (%S+) (%S+) (%d+) (%d+)"
  return cpu and { cpu = tonumber(cpu), wall = tonumber(wall), before = tonumber(before),
    peak = tonumber(peak) }
end

local function one_run(job, records, at)
  local pipe = assert(io.popen(growth.command(job, records, at), "r"))
  local result = growth.result(pipe:read "a")
  pipe:close()
  assert(result, "bench: growth: " .. job.name .. " failed").records = records
  return result
end

local function points(list, what)
  local result = {}
  for i, one in ipairs(list) do result[i] = { one.records, one[what] } end
  return result
end

-- Adds to a job's runs what they say.
local function judge(job, runs)
  local cpu, peak = points(runs, "cpu"), points(runs, "peak")
  local last = runs[#runs]
  local result = { name = job.name, title = job.title, runs = runs, stream = job.stream or false,
    exponent = fit.exponent(cpu), bytes_each = fit.each(peak),
    seconds_each = last.cpu / last.records }
  result.kept = growth.keeps(job, runs[1].peak, last.peak, last.records)
  return result
end

--- Runs all jobs. `say(format, ...)` is told what comes next.
-- @treturn table array of { name, title, runs, exponent (of CPU), bytes_each, seconds_each, kept }
function growth.run(at, quick, most, say)
  local all = {}
  for _, job in ipairs(JOBS) do
    local runs = {}
    say("growth, %s", job.title)
    for i, size in ipairs(growth.sizes(job, quick, most)) do runs[i] = one_run(job, size, at) end
    all[#all + 1] = judge(job, runs)
  end
  return all
end

-- ---- charts ----

local function count(n) return body.number(math.floor(n + 0.5)) end

local function seconds(s)
  if s >= 0.9995 then return ("%.3g s"):format(s) end
  return s >= 0.0009995 and ("%.3g ms"):format(s * 1e3) or ("%.3g µs"):format(s * 1e6)
end

local function bytes(n)
  local unit = "B"
  for _, larger in ipairs { "KiB", "MiB", "GiB" } do
    if n < 1024 then break end
    n, unit = n / 1024, larger
  end
  return (n >= 99.5 and "%.0f %s" or "%.3g %s"):format(n, unit)
end

-- What another record adds to the memory.
local function each(job)
  if job.stream and job.kept then return "constant" end
  return bytes(math.max(job.bytes_each, 0))
end

local function series(all, what, show, note)
  local list = {}
  for i, job in ipairs(all) do
    list[i] = { name = job.title, points = points(job.runs, what), tell = function(point)
      return ("%s, %s records: %s"):format(job.title, count(point[1]), show(point[2]))
    end }
    list[i].note, list[i].power = note(job)
  end
  return list
end

--- CPU against records.
-- @tparam table all what growth.run gave
-- @treturn string an SVG file
function growth.time_chart(all)
  return plot.chart {
    title = "CPU time against records",
    subtitle = "Beside each name the exponent: 1 is linear. Dotted: so much a record.",
    x = { label = "records", show = count }, y = { show = seconds },
    series = series(all, "cpu", seconds, function(job) return "n", job.exponent end),
    guides = { { each = 1e-7, label = "0.1 µs a record" }, { each = 1e-6, label = "1 µs a record" },
      { each = 1e-5, label = "10 µs a record" }, { each = 1e-4, label = "100 µs a record" } },
  }
end

-- Bytes as mebibytes: the ticks of the axis are powers of ten of what it has.
local function in_mebibytes(all)
  local list = {}
  for i, job in ipairs(all) do
    local runs = {}
    for k, run in ipairs(job.runs) do
      runs[k] = { records = run.records, peak = run.peak / 2 ^ 20 }
    end
    list[i] = { title = job.title, runs = runs, each = each(job) }
  end
  return list
end

--- Peak memory against records.
-- @tparam table all what growth.run gave
-- @treturn string an SVG file
function growth.memory_chart(all)
  local function show(n) return bytes(n * 2 ^ 20) end
  return plot.chart {
    title = "Peak memory against records",
    subtitle = "Of the whole process. A flat line is a stream. Dotted: so much a record.",
    x = { label = "records", show = count }, y = { show = show, low = 4 },
    series = series(in_mebibytes(all), "peak", show, function(job)
      return job.each == "constant" and job.each or job.each .. " a record"
    end),
    guides = { { each = 1 / 1024, label = "1 KiB a record" },
      { each = 10 / 1024, label = "10 KiB a record" } },
  }
end

growth.shown = { count = count, seconds = seconds, bytes = bytes, each = each }

return growth
