-- What `make bench` makes of its measurements: ratios, tables, a page, charts.
local contest = require "spec.bench.contest"
local growth = require "spec.bench.growth"
local jobs = require "spec.bench.jobs"
local page = require "spec.bench.page"
local plot = require "spec.bench.plot"
local report = require "spec.bench.report"
local rows = require "spec.bench.rows"
local shell = require "spec.support.shell"

-- Every tag is closed, and every < and & is one of ours.
local function check_tags(text)
  local open = {}
  text = text:gsub("<style>.-</style>", ""):gsub("<!doctype html>", ""):gsub("<meta [^>]*>", "")
  for slash, name, empty in text:gmatch "<(/?)([%a]+)[^<>]-(/?)>" do
    if slash == "/" then
      assert.equal(table.remove(open), name)
    elseif empty == "" then
      open[#open + 1] = name
    end
  end
  assert.same({}, open)
  assert.is_nil(text:gsub("</?%a[^<>]*>", ""):find "[<>]")
  for after in text:gmatch "&([^;%s]*;?)" do assert.matches("^#?%w+;$", after) end
end

local function runs(sizes, cpu, peak)
  local list = {}
  for i, n in ipairs(sizes) do
    list[i] = { records = n, cpu = cpu(n), wall = cpu(n), before = 1e6, peak = peak(n) }
  end
  return list
end

local SIZES <const> = { 1000, 10000, 100000, 1000000 }

local function all_jobs()
  local list = {}
  for i = 1, 6 do
    local job = { name = "job" .. i, title = ("job <%d> & co"):format(i), stream = i < 4,
      exponent = 1 + i / 100, bytes_each = i < 4 and 0.5 or 2000, seconds_each = 1e-6 * i }
    if i < 4 then job.kept = true end
    job.runs = runs(i < 6 and SIZES or { 1000, 10000 },
      function(n) return n * 1e-6 * (1 + i / 50) end,
      function(n) return 12e6 + (i < 4 and 0 or 2000) * n end)
    list[i] = job
  end
  return list
end

describe("the charts of the benchmark", function()
  local charts = { growth.time_chart(all_jobs()), growth.memory_chart(all_jobs()) }

  it("are SVG that can be read", function()
    for _, svg in ipairs(charts) do
      assert.matches('^<svg xmlns="http://www.w3.org/2000/svg"', svg)
      check_tags(svg)
      assert.is_truthy(svg:find("job &lt;1&gt; &amp; co", 1, true))
      assert.is_truthy(svg:find("prefers-color-scheme:dark", 1, true))
      assert.is_nil(svg:find "%f[%a]nan%f[%A]")
      assert.is_nil(svg:find "%f[%a]inf%f[%A]")
    end
  end)

  it("stay within their frame", function()
    for _, svg in ipairs(charts) do
      local width, height = svg:match 'viewBox="0 0 (%d+) (%d+)"'
      local n = 0
      for x, y in svg:gmatch 'c?x="([%d.-]+)" c?y="([%d.-]+)"' do
        n = n + 1
        assert.is_true(tonumber(x) >= 0 and tonumber(x) <= tonumber(width), x)
        assert.is_true(tonumber(y) >= 0 and tonumber(y) <= tonumber(height), y)
      end
      assert.is_true(n > 30)
    end
  end)

  it("keep the names of lines apart", function()
    for _, svg in ipairs(charts) do
      local columns = {}
      for x, y in svg:gmatch '<text x="([%d.]+)" y="([%d.]+)"><tspan class="name">' do
        columns[x] = columns[x] or {}
        table.insert(columns[x], tonumber(y))
      end
      local longest = 0
      for _, list in pairs(columns) do
        table.sort(list)
        longest = math.max(longest, #list)
        for i = 2, #list do assert.is_true(list[i] - list[i - 1] >= 15.9) end
      end
      assert.equal(5, longest)
    end
  end)

  it("show so much a record as a straight line", function()
    local svg = plot.chart { title = "t", subtitle = "s",
      x = { label = "n", show = tostring }, y = { show = tostring },
      series = { { name = "a", points = { { 10, 10 }, { 1000, 1000 } }, tell = tostring } },
      guides = { { each = 1, label = "one" } } }
    local x1, y1, x2, y2 = svg:match 'class="line" d="M([%d.]+) ([%d.]+)L([%d.]+) ([%d.]+)"'
    local gx, gy, hx, hy = svg:match 'class="guide" d="M([%d.]+) ([%d.]+)L([%d.]+) ([%d.]+)"'
    local function at(x) return gy + (x - gx) / (hx - gx) * (hy - gy) end
    assert.near(tonumber(y1), at(x1), 0.3)
    assert.near(tonumber(y2), at(x2), 0.3)
  end)
end)

describe("the report of the benchmark", function()
  local ROWS <const> = {
    { "good", heat = "a", measure = "cpu", other = "them", limit = 0.5 },
    { "bad", heat = "a", measure = "wall", best = true, limit = 0.5 },
    { "size", heat = "a", measure = "rss", value = 16384, other = "a fixed size", limit = 1 },
    { "beyond", heat = "a", beyond = "b", measure = "cpu", other = "them", limit = 1 },
    { "lost", heat = "a", measure = "cpu", other = "nobody", limit = 1 },
    { "later", heat = "c", measure = "cpu", best = true, limit = 1 },
  }
  local them = { name = "them" }
  local heats = {
    a = { sei = { cpu = 1, wall = 2, rss = 8192, user = 1, system = 0, rounds = 3 },
      them = { cpu = 4, wall = 3, rss = 9000, user = 4, system = 0, rounds = 3 },
      floor = { cpu = 0.1, wall = 0.1, rss = 1, user = 0.1, system = 0, rounds = 3 } },
    b = { sei = { cpu = 0.25 }, them = { cpu = 2.5 } },
  }
  local contestants = { { name = "sei" }, them, sei = { name = "sei" }, them = them,
    floor = { name = "floor", floor = true } }
  local ratios = report.ratios(ROWS, heats, contestants)

  it("says which limits are kept", function()
    local got = {}
    for i, one in ipairs(ratios) do got[i] = { one.ratio, one.kept } end
    assert.same({ { 0.25, true }, { 2 / 3, false }, { 0.5, true }, { 0.5, true }, {}, {} }, got)
    assert.equal("them", ratios[2].other)
    assert.matches("nobody cannot be run here", ratios[5].missing)
    assert.matches("c was not run", ratios[6].missing)
  end)

  local parts = report.parts({ ratios = ratios, growth = all_jobs(), left_out = { { name = "x & y",
    why = "cannot be run here" } }, figures = { ["growth-time"] = "<svg></svg>",
    ["growth-memory"] = "<svg></svg>" }, heats = { { name = "a", job = "list", left_out = { "z" },
    medians = heats.a } } }, contestants)

  it("is Markdown whose columns stand below one another", function()
    local text = page.markdown(parts)
    local width, tables = nil, 0
    for line in (text .. "\n"):gmatch "([^\n]*)\n" do
      local now = line:find "^|" and utf8.len(line)
      if now and width then assert.equal(width, now, line) end
      if now and not width then tables = tables + 1 end
      width = now
    end
    assert.equal(3, tables)
    assert.matches("3 of 4 limits are kept", text)
    assert.matches("not measured: 1 of the rows, since c was not run", text)
    assert.matches("left out everywhere: x & y", text)
    assert.matches("%- left out: z", text)
    assert.matches("| good +| +1.00 s | +4.00 s %(them%) | +0.25 | +0.50 | +✓ |", text)
    assert.matches("| lost +| +%- | +%- | not measured | +1.00 | +|", text)
    assert.matches("!%[growth%-time%]%(growth%-time%.svg%)", text)
    assert.matches("| job <1> & co +| .* constant | +✓ |", text)
    assert.matches("| job <5> & co +| .* 1%.95 KiB | +|", text)
  end)

  it("is one HTML file", function()
    local text = page.html("the <title>", parts)
    check_tags(text)
    assert.is_truthy(text:find("the &lt;title&gt;", 1, true))
    assert.is_truthy(text:find('<td class="good">✓</td>', 1, true))
    assert.is_truthy(text:find('<td class="bad">✗</td>', 1, true))
    assert.is_nil(text:find "src=")
  end)

  it("takes in what other programs measured", function()
    local said, real = {}, print
    _G.print = function(line) said[#said + 1] = line .. "\n" end -- luacheck: ignore 122
    local list = { { job = "a, b", measure = "cpu", ours = 0.5, other = "a fixed time",
      against = 2, limit = 1 } }
    local ok, problem = pcall(rows.tell, { "7", "--rows" }, list)
    rows.tell({ "7" }, list)
    _G.print = real -- luacheck: ignore 122
    assert.is_true(ok, problem)
    local got = rows.take("| a | table |\n" .. table.concat(said))
    assert.same(list, got)
    local told = report.told(got)[1]
    assert.equal(0.25, told.ratio)
    assert.is_true(told.kept)
    assert.same({ "0.50 s", "2.00 s" }, told.text)
  end)
end)

describe("the heats of the benchmark", function()
  local heats, contestants = {}, {}
  for _, heat in ipairs(jobs.heats) do heats[heat.name] = heat end
  for _, who in ipairs(contest.all "build/bench/") do contestants[who.name] = who end

  -- What is misspelt would be a row that cannot be measured here, on any machine.
  local function takes_part(name, heat)
    assert.truthy(heats[heat], heat)
    assert.truthy(contestants[name], name)
    assert.truthy(contestants[name].jobs[heats[heat].job], name .. " in " .. heat)
    local named = not heats[heat].only
    for _, one in ipairs(heats[heat].only or {}) do named = named or one == name end
    assert.is_true(named, name .. " in " .. heat)
  end

  it("have those of whom their ratios are", function()
    for _, row in ipairs(jobs.rows) do
      takes_part("sei", row.heat)
      if not row.best and not row.value then takes_part(row.other, row.against or row.heat) end
      if row.beyond then
        takes_part("sei", row.beyond)
        takes_part(row.other, row.beyond)
      end
    end
    for name, heat in pairs(heats) do
      for _, who in ipairs(heat.only or {}) do takes_part(who, name) end
    end
  end)
end)

describe("the runner of the benchmark", function()
  it("refuses a heat that there is not, before it runs anything", function()
    local text, status = shell.run(shell.lua()
      .. " spec/bench/run.lua /nowhere/ /nowhere/bench.json lits-1000")
    assert.equal(1, status)
    assert.matches("bench: there is no heat 'lits%-1000' %(did you mean 'list%-1000'%?%)", text)
  end)

  it("refuses to let growth end before there are two sizes", function()
    for words, least in pairs { ["--most=2999"] = 3000, ["--most=many"] = 3000,
      ["--quick --most=9999"] = 10000 } do
      local text, status = shell.run(("%s spec/bench/run.lua /nowhere/ /nowhere/bench.json %s"
        .. " growth"):format(shell.lua(), words))
      assert.equal(1, status)
      assert.matches(("bench: --most must be a whole number from %d on\n"):format(least), text, 1,
        true)
    end
  end)
end)
