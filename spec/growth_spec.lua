-- Nothing grows faster than it must. Not by the clock: memory is counted in
-- bytes, work in instructions (valgrind), so that a busy machine changes
-- nothing. The jobs are those of `make bench`, on its page server.
local fit = require "spec.bench.fit"
local growth = require "spec.bench.growth"
local service = require "spec.bench.service"
local shell = require "spec.support.shell"

-- A sanitizer's or valgrind's own memory would be measured.
local plain = (os.getenv "SEI_SANITIZE" or "") == "" and (os.getenv "SEI_UNDER" or "") == ""
local measures = plain and it or pending

describe("growth", function()
  local folder, server, at

  -- The server is built here: another target would make it, or nobody.
  local function start(records)
    local program = "build/bench/server" -- as the Makefile calls it
    local text, status = shell.make(program)
    assert.equal(0, status, text)
    folder = shell.folder() .. "/"
    shell.run(shell.join { "cp", program, folder })
    server = service.start(folder, records, records)
    at = { scratch = folder .. "scratch", url = function(n) return server:url(0, n) end,
      file = function(n) return server:file(n) end }
  end

  after_each(function()
    if server then server:close() end
    if folder then shell.remove(folder) end
    server, folder = nil, nil
  end)

  local function run(job, records)
    local text, status = shell.run(growth.command(job, records, at, 1))
    assert.equal(0, status, text)
    return assert(growth.result(text), text)
  end

  local function streams(few, many)
    start(many)
    local count = 0
    for _, job in ipairs(growth.jobs) do
      if job.stream or job.each then
        local first, last = run(job, few).peak, run(job, many).peak
        assert.is_true(growth.keeps(job, first, last, many), ("%s: %d bytes with %d records, %d "
          .. "with %d"):format(job.title, first, few, last, many))
        count = count + 1
      end
    end
    assert.equal(5, count)
  end

  measures("leaves the memory of streams as it is", function() streams(2000, 60000) end)

  measures("leaves the memory of streams as it is, with a million #proof", function()
    streams(10000, 1000000)
  end)

  it("is measured by the exponent of a power", function()
    local points, fixed = {}, {}
    for i, n in ipairs { 500, 2000, 8000 } do
      points[i], fixed[i] = { n, 3e-6 * n ^ 1.5 }, { n, 1e6 + 7 * n ^ 2 }
    end
    assert.near(1.5, fit.exponent(points), 1e-9)
    assert.near(2, fit.beyond(fixed), 1e-9)
    assert.is_true(fit.exponent(fixed) < 1.9)
    assert.near((fixed[3][2] - fixed[1][2]) / 7500, fit.each(fixed), 1e-9)
    assert.is_nil(fit.exponent { { 10, 1 } })
    assert.is_nil(fit.exponent { { 10, 1 }, { 10, 2 } })
    assert.is_nil(fit.exponent { { 10, 1 }, { 20, 0 } })
    assert.is_nil(fit.beyond { { 1, 5 }, { 10, 5 }, { 100, 5 } })
  end)

  it("has a limit where something streams", function()
    local list, stream = { each = 32 }, { stream = true }
    assert.is_true(growth.keeps(stream, 10e6, 11e6, 1e6))
    assert.is_false(growth.keeps(stream, 10e6, 13e6, 1e6))
    assert.is_true(growth.keeps(list, 10e6, 40e6, 1e6))
    assert.is_false(growth.keeps(list, 10e6, 50e6, 1e6))
    assert.is_nil(growth.keeps({}, 10e6, 50e9, 1e6))
  end)

  -- What a run adds to a smaller one, so that the start is not in it. Mapping
  -- and planning sort: a little more than linear.
  local function instructions(job, records)
    local text, status = shell.run("valgrind --tool=cachegrind --cache-sim=no "
      .. "--cachegrind-out-file=/dev/null " .. growth.command(job, records, at, 1))
    assert.equal(0, status, text)
    return tonumber((text:match "I%s+refs:%s+([%d,]+)":gsub(",", "")))
  end

  for _, job in ipairs(growth.jobs) do
    measures(("of the work to %s is that of the records #proof"):format(job.title), function()
      start(8000)
      local points = {}
      for i, n in ipairs { 500, 2000, 8000 } do points[i] = { n, instructions(job, n) } end
      local exponent = fit.beyond(points)
      assert.is_true(exponent > 0.85 and exponent < (job.most and 1.2 or 1.1),
        ("%s: n^%.2f"):format(job.title, exponent))
    end)
  end
end)
