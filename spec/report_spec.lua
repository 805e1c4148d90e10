-- report - a plan as one HTML file: what stands in it, that nothing from outside
-- is obeyed, and that the review file is in it to the letter. What a browser makes
-- of it: browser_spec.lua.
local file = require "sei.plan.file"
local given = require "spec.support.report"
local journal = require "sei.journal"
local plans = require "spec.support.plans"
local sei = require "sei"
local shell = require "spec.support.shell"

local folder

setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)

local function slurp(path)
  local handle = assert(io.open(path, "rb"))
  local text = handle:read "a"
  handle:close()
  return text
end

local function spit(path, text)
  local handle = assert(io.open(path, "wb"))
  handle:write(text)
  handle:close()
  return path
end

-- What the script reads.
local function content_of(html)
  local json = html:match '<script type="application/json"[^>]* id="data">(.-)</script>'
  return assert(sei.json.decode(json)), json
end

local function rows_by_name(html)
  local by_name = {}
  for _, row in ipairs(content_of(html).rows) do by_name[row[3]] = row end
  return by_name
end

local function small(rows, header)
  local full = { target = { base_url = "https://x.example/sei/api" }, guards = {} }
  for name, value in pairs(header or {}) do full[name] = value end
  return assert(file.write(nil, full, rows))
end

local function identity(kind, place, name, before, after, more)
  local row = { kind = kind, what = "identity", integration_id = place, identity = name,
    before = before and { email = before } or nil, after = after and { email = after } or nil,
    reason = kind == "conflict" and "two_people" or nil }
  for k, v in pairs(more or {}) do row[k] = v end
  return row
end

describe("a report", function()
  it("is written from the files alone, for its owner's eyes", function()
    local plan = given.plan(60, folder .. "/p.jsonl")
    assert(sei.review.write(given.result(12), { file = folder .. "/review.csv" }))
    local out, status = shell.run(("sei report %s/p.jsonl --review %s/review.csv -o %s/r.html")
      :format(folder, folder, folder))
    assert.equal(0, status, out)
    assert.equal(folder .. "/r.html\n", out)
    assert.equal("-rw-------", shell.run("ls -l " .. folder .. "/r.html"):match "^%S+")
    local html = slurp(folder .. "/r.html")
    assert.truthy(html:find(plan.digest, 1, true))
    assert.equal(12, #content_of(html).review.rows)
    local made = assert(sei.report { plan = folder .. "/p.jsonl",
      review = folder .. "/review.csv" })
    assert.equal(html, made.html)
  end)

  it("of an undo lists what stays as it is, and nobody else's report speaks of that", function()
    local change = identity("change", 1, "b", "new@x.example", "old@x.example", { rule = "undo" })
    local stays = identity("irreversible", 1, "a", "new@x.example", nil,
      { rule = "undo", reason = "no_removal" })
    local html = assert(sei.report { plan = small({ change, stays }) }).html
    assert.truthy(html:find('id="irreversible"', 1, true))
    assert.truthy(html:find('<th scope="col" class="n">stay</th>', 1, true))
    html = assert(sei.report { plan = small({ change }) }).html
    assert.is_nil(html:find('id="irreversible"', 1, true))
    assert.is_nil(html:find(">stay<", 1, true))
    assert.is_nil(html:find(">nil<", 1, true))
  end)

  it("stands beside its plan unless it is told where", function()
    given.plan(5, folder .. "/beside.jsonl")
    assert.equal(folder .. "/beside.html\n", (shell.run("sei report " .. folder
      .. "/beside.jsonl")))
    assert.truthy(slurp(folder .. "/beside.html"):find("<!DOCTYPE html>", 1, true))
  end)

  it("tells what changes, from what and why", function()
    local rows = rows_by_name(sei.report { plan = small {
      identity("change", 1, "ann", "old@x", "new@x", { rule = "full_name", key = "ann",
        evidence = { left = { before = "Ann A", after = "ann a" }, right = { before = "Ann" },
          runner_up = "other@x", margin = 0.2 } }),
      identity("add", 1, "bob", nil, "bob@x", { rule = "email", class = "probable", key = "bob" }),
      identity("keep", 1, "cy", "cy@x", "cy@x"),
      identity("conflict", 2, "dee", "dee@x", nil, { message = "two say so" }),
      { kind = "change", what = "contributor", id = "9", email = "eve@x", fingerprint = "0",
        before = { b = sei.null, a = "old" }, after = { b = 3, a = sei.null } } } }.html)
    assert.same({ "change", "1", "ann", "old@x", "new@x", "full_name", "",
      "account “Ann A” as “ann a”, person “Ann” · next is other@x, 0.2 behind", "", "" }, rows.ann)
    assert.same({ "add", "1", "bob", "", "bob@x", "email", "probable", "“bob”", "", "" }, rows.bob)
    assert.is_nil(rows.cy)
    assert.same({ "conflict", "2", "dee", "dee@x", "", "", "", "", "two say so", "" }, rows.dee)
    assert.same({ "fields", "", "eve@x", { { "a", "old", "" }, { "b", "", "3" } }, "", "", "", "",
      "", "" }, rows["eve@x"])
  end)

  it("lists what is kept if it is asked to", function()
    local plan = small { identity("keep", 1, "cy", "cy@x", "cy@x") }
    assert.equal("keep", rows_by_name(sei.report { plan = plan, keep = true }.html).cy[1])
  end)

  it("says that a guard stops the plan", function()
    local html = sei.report { plan = small({}, { guards = { { name = "empty", found = 1,
      limit = 0, passed = false, inputs = { "people" } } } }) }.html
    assert.truthy(html:find("Stopped by a guard", 1, true))
    assert.truthy(html:find("people: without a record", 1, true))
  end)

  it("refuses what it cannot show, and leaves no file", function()
    local path = spit(folder .. "/bad.jsonl", "{}\n")
    local made, err = sei.report { plan = path, file = folder .. "/none.html" }
    assert.is_nil(made)
    assert.equal(path, err.file)
    assert.is_nil(io.open(folder .. "/none.html"))
    local review = spit(folder .. "/bad.csv", "a,b\n1,2\n")
    made, err = sei.report { plan = small {}, review = review }
    assert.is_nil(made)
    assert.equal(review, err.file)
    assert.error_matches(function() sei.report { pln = "x" } end, "did you mean 'plan'")
    assert.error_matches(function() sei.report {} end, "path or plan expected, got nothing")
    assert.error_matches(function() sei.report { plan = {} } end, "what sei.plan gave")
    local out, status = shell.run("sei report " .. folder .. "/absent.jsonl")
    assert.equal(1, status)
    assert.truthy(out:find("absent.jsonl", 1, true))
  end)
end)

describe("a report of an apply", function()
  it("tells what became of each row", function()
    local plan = small { identity("add", 1, "a", nil, "a@x"),
      identity("change", 1, "b", "o@x", "b@x"), identity("keep", 1, "c", "c@x", "c@x"),
      identity("add", 1, "d", nil, "d@x"), identity("add", 1, "e", nil, "e@x"),
      identity("add", 1, "f", nil, "f@x"),
      identity("add", 1, "g", nil, "g@x"), identity("add", 1, "h", nil, "h@x") }
    local path = folder .. "/fates.journal"
    local book = assert(journal.open(path))
    local function sent(batch, ...)
      local rows = {}
      for i, number in ipairs { ... } do rows[i] = { row = number } end
      return { event = "sent", batch = batch, rows = rows }
    end
    assert(book:append { journal.beginning { plan = plan.digest }, sent(1, 1, 2, 4, 5, 6),
      { event = "acknowledged", batch = 1, rows = { 1, 2 } },
      { event = "rejected", batch = 1, rows = { { row = 4, reason = "</b> no" } } }, sent(2, 7),
      { event = "failed", batch = 2, rows = { { row = 6, class = "drift", reason = "moved" } } },
      { event = "acknowledged", batch = 2, rows = { 5 } },
      { event = "verified", rows = { 1 }, missing = { { row = 2, field = "email" } } },
      { event = "end", state = "incomplete" } })
    book:close()
    local html = sei.report { plan = plan, journal = path, keep = true }.html
    local fates = {}
    for name, row in pairs(rows_by_name(html)) do fates[name] = row[10] end
    assert.same({ a = "verified", b = "not there: email", c = "", d = "rejected: </b> no",
      e = "accepted", f = "changed meanwhile: moved", g = "unknown", h = "not sent" }, fates)
    assert.truthy(html:find("Applied, but only 2 of 7 rows are as planned.", 1, true))
    local made, err = sei.report { plan = small {}, journal = path }
    assert.is_nil(made)
    assert.equal("refused", err.kind)
  end)

  it("is made of what sei apply left behind", function()
    local e <close> = setmetatable({}, { __close = function(self) self.it:stop() end,
      __index = { it = plans.emulator(folder, 20) } })
    local client <close> = plans.client(e.it)
    local plan = plans.write(client, folder .. "/real.jsonl", { p1 = 2, fresh = 5, p6 = 6 },
      { [7] = { region = "latam" } })
    assert(sei.apply { client = client, plan = plan.path, approve = plan.digest,
      lock = folder .. "/lock" })
    local out, status = shell.run(("sei report %s --journal %s.journal"):format(plan.path,
      plan.path))
    assert.equal(0, status, out)
    local html = slurp(folder .. "/real.html")
    assert.truthy(html:find("Applied: 3 of 3 rows are as planned.", 1, true))
    for _, row in ipairs(content_of(html).rows) do assert.equal("verified", row[10]) end
  end)

  it("is written with the plan where the recipe wants it", function()
    local e <close> = setmetatable({}, { __close = function(self) self.it:stop() end,
      __index = { it = plans.emulator(folder, 20) } })
    local client <close> = plans.client(e.it)
    local plan = assert(sei.plan { client = client, people = { { email = "p1@x.example" } },
      accounts = { { login = "p1", email = "p1@x.example" }, { login = "who" } },
      integration_id = plans.LAB, rules = { sei.rule.email() }, file = folder .. "/with.jsonl",
      review = folder .. "/with.csv", report = folder .. "/with.html" })
    local html = slurp(folder .. "/with.html")
    assert.truthy(html:find(plan.digest, 1, true))
    local review = content_of(html).review
    assert.equal("with.csv", review.name)
    assert.equal(1, #review.rows)
  end)
end)

describe("coverage", function()
  local function coverage(rows, review)
    local groups = require "sei.report.data".coverage(small(rows), review)
    local by_place = {}
    for _, one in ipairs(groups) do
      by_place[one.place] = ("%d/%d → %d, %d open"):format(one.before, one.accounts, one.after,
        one.open)
    end
    return by_place, groups
  end

  it("counts by integration what is mapped before and after", function()
    local rows = { identity("change", 20, "a", "a@x", "b@x"), identity("add", 20, "b", nil, "b@x"),
      identity("keep", 3, "c", "c@x", "c@x"), identity("conflict", 3, "d", nil, nil),
      identity("conflict", 3, "e", "e@x", nil), identity("protected", 3, "f", "f@x", "g@x") }
    local review = { { class = "review", integration_id = "3" },
      { class = "none", integration_id = "40" }, { class = "settled", integration_id = "3" },
      { class = "absent", integration_id = "3" }, { class = "review", integration_id = "" } }
    local found, groups = coverage(rows, review)
    assert.same({ [""] = "4/9 → 5, 3 open", ["20"] = "1/2 → 2, 0 open", ["3"] = "3/5 → 3, 1 open",
      ["40"] = "0/1 → 0, 1 open", ["none given"] = "0/1 → 0, 1 open" }, found)
    assert.same({ "", "3", "20", "40", "none given" }, { groups[1].place, groups[2].place,
      groups[3].place, groups[4].place, groups[5].place })
  end)

  it("takes accounts without an integration for the only one's", function()
    local found = coverage({ identity("add", 7, "a", nil, "a@x") },
      { { class = "review", integration_id = "" } })
    assert.equal("0/2 → 1, 1 open", found["7"])
    assert.is_nil(found["none given"])
  end)

  it("never says all or nothing of what is not quite that", function()
    local rows = {}
    for i = 1, 999 do rows[i] = identity("keep", 1, "k" .. i, "k@x", "k@x") end
    rows[1000] = identity("conflict", 1, "c", nil, nil)
    local html = sei.report { plan = small(rows) }.html
    assert.truthy(html:find("99 %", 1, true))
    assert.is_nil(html:find("100 %", 1, true))
  end)
end)

-- The page without what the script reads, and without style and script: the
-- markup, in which no tag is but our own.
local function markup_of(html)
  local text = html:gsub("<style.->.-</style>", ""):gsub('(<script nonce="%x+">).-</script>', "")
  return (text:gsub('<script type="application/json"[^>]*>.-</script>', ""))
end

describe("what comes from outside", function()
  local TAGS = {}
  for tag in ([[html head meta title body a header div p h1 bdi dl dt dd code nav span main noscript
    section ul li b h2 table thead tbody tr th td svg rect]]):gmatch "%S+" do TAGS[tag] = true end

  it("is text everywhere, never markup", function()
    local plan = given.plan(40)
    local html = sei.report { plan = plan, review = given.result(400) }.html
    local markup = markup_of(html)
    for tag in markup:gmatch "<%s*/?([%w!%-]*)" do
      assert.truthy(TAGS[tag] or tag == "!DOCTYPE", "a tag of another: " .. tag)
    end
    assert.is_nil(markup:find "<[^>]*%son%a+=")
    assert.is_nil(markup:find "style=")
    assert.is_nil(markup:find "\u{202E}")
    assert.truthy(markup:find("&lt;/script&gt;&lt;script&gt;", 1, true))
    local _, scripts = html:gsub("</script>", "")
    assert.equal(2, scripts)
    local _, json = content_of(html)
    assert.is_nil(json:find("<", 1, true))
  end)

  it("arrives unchanged at the script", function()
    local plan = given.plan(40)
    local by_name = rows_by_name(sei.report { plan = plan }.html)
    for i, text in ipairs(given.HOSTILE) do
      assert.equal(text, by_name[text .. "!" .. i][4])
    end
  end)

  it("can load nothing and run nothing", function()
    local html = sei.report { plan = given.plan(5) }.html
    local policy = html:match 'http%-equiv="Content%-Security%-Policy" content="(.-)"'
    assert.truthy(policy:find("default-src 'none'", 1, true))
    assert.is_nil(policy:find("unsafe", 1, true))
    local nonce = policy:match "script%-src 'nonce%-(%x+)'"
    assert.equal(64, #nonce)
    assert.truthy(html:find('<script nonce="' .. nonce .. '">', 1, true))
    local own = html:gsub('id="data">.-</script>', "")
    assert.is_nil(own:find "<[^>]*%ssrc=")
    for target in own:gmatch '<[^>]*%shref="(.-)"' do assert.equal("#", target:sub(1, 1)) end
    assert.is_nil(own:find "@import")
    assert.is_nil(own:find "url%(")
  end)
end)

describe("the review file in a report", function()
  local csv = require "sei.review.csv"

  -- What the page's script writes if nothing is decided: its cells as they are.
  local function given_back(review)
    local lines = {}
    local function add(cells)
      local line = {}
      for i = 1, #review.columns do line[i] = '"' .. cells[i]:gsub('"', '""') .. '"' end
      lines[#lines + 1] = table.concat(line, review.delimiter)
    end
    add(review.columns)
    for _, cells in ipairs(review.rows) do add(cells) end
    return (review.bom and "\u{FEFF}" or "") .. table.concat(lines, review.newline)
      .. review.newline
  end

  it("holds every cell to the letter, columns of one's own too", function()
    local path = folder .. "/exact.csv"
    assert(sei.review.write(given.result(50), { file = path, delimiter = ";", bom = true,
      newline = "\r\n" }))
    local text = slurp(path):gsub("check\r\n", "check;ours\r\n"):gsub("\r\n([^\r]+)",
      "\r\n%1;=1+1", 1)
    spit(path, (text:gsub("(;%l%l%l%l%l%l%l%l)\r\n", "%1;\r\n")))
    local review = content_of(sei.report { plan = small {}, review = path }.html).review
    assert.same({ ";", "\r\n", true, "exact.csv" }, { review.delimiter, review.newline,
      review.bom, review.name })
    local before, after = csv.read(slurp(path), path), csv.read(given_back(review), path)
    assert.equal(50, #after)
    for i, r in ipairs(before) do
      r.line, after[i].line = nil, nil
      r.cells, after[i].cells = nil, nil
      assert.same(r, after[i])
    end
  end)

  it("is that of a result, too, and of JSON as CSV", function()
    local result = given.result(20)
    local one = content_of(sei.report { plan = small {}, review = result }.html).review
    assert(sei.review.write(result, { file = folder .. "/same.json" }))
    local two = content_of(sei.report { plan = small {}, review = folder .. "/same.json" }.html)
      .review
    assert.same({ "review.csv", "same.csv" }, { one.name, two.name })
    one.name, two.name = nil, nil
    assert.same(one, two)
    local with_result = small {}
    with_result.result = result
    assert.equal(20, sei.report { plan = with_result }.review)
  end)

  it("marks rows whose cells somebody changed", function()
    local path = folder .. "/damaged.csv"
    assert(sei.review.write(given.result(3), { file = path }))
    spit(path, (slurp(path):gsub("(\n,,[^\n]-,)bberg1,", "%1other,", 1)))
    local rows = content_of(sei.report { plan = small {}, review = path }.html).review.rows
    assert.same({ "damaged", "", "" }, { rows[1][#rows[1]], rows[2][#rows[2]],
      rows[3][#rows[3]] })
  end)

  it("is refused with what stands wrong in it", function()
    local path = folder .. "/wrong.csv"
    assert(sei.review.write(given.result(3), { file = path }))
    spit(path, (slurp(path):gsub("\n,,", "\nacept,,", 1)))
    local made, err = sei.report { plan = small {}, review = path }
    assert.is_nil(made)
    assert.truthy(err.message:find("did you mean 'accept'", 1, true))
  end)
end)
