-- What is seen on a terminal: progress, narrow windows, colours, Ctrl-C. The
-- windows are tmux's.
local command = require "spec.support.command"
local emulator = require "spec.support.emulator"
local progress = require "sei.progress"
local report = require "sei.report"
local screens = require "spec.support.screen"
local shell = require "spec.support.shell"
local terminal = require "sei.terminal"

local PEOPLE <const> = 1200
local e, folder

setup(function()
  folder = shell.folder()
  e = emulator.start { people = PEOPLE }
end)
teardown(function()
  e:stop()
  shell.remove(folder)
end)
before_each(function()
  e:reset()
  e:latency(0)
end)

-- busted keeps only the last function of a test that finally() was given, and a
-- test may open several windows.
local opened = {}

after_each(function()
  for _, screen in ipairs(opened) do screen:close() end
  opened = {}
end)

local function open(words, columns, rows, variables)
  local screen = screens.open(command.line(e, variables) .. " " .. words, columns or 80, rows or 24)
  opened[#opened + 1] = screen
  return screen
end

local function contents(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read "a"
  f:close()
  return text
end

local function lines_of(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

describe("a bar", function()
  local SLOWLY <const> = "get contributors --page-size 40 --set window=1 -o "

  it("shows share, count, rate and time left, and is gone at the end", function()
    e:latency(60)
    local screen = open(SLOWLY .. folder .. "/all.csv", 100)
    local text = screen:await "left"
    assert.matches("^reading contributors  %[#+%-+%]  %d+ %%  [%d,]+ of 1,200  %d+/s  %d:%d%d "
      .. "left\n", text)
    text = screen:await("status 0", 20)
    assert.same({ "status 0" }, lines_of(text))
    assert.equal(PEOPLE + 1, #lines_of(contents(folder .. "/all.csv")))
  end)

  it("takes one line of a window of any width", function()
    e:latency(250)
    local screen = open(SLOWLY .. folder .. "/narrow.csv", 90)
    screen:await "left"
    for columns, pattern in pairs { [40] = "reading contributors  %d+ %%", [12] = "^%d+ %%",
      [3] = "^\n*$" } do
      screen:resize(columns, 10)
      local text = screen:await(pattern)
      screen:await(pattern) -- drawn once more
      text = screen:text() or text
      assert.is_true(#lines_of(text) <= 1, text)
      assert.is_true(report.width(lines_of(text)[1] or "") < columns)
      screen:resize(90, 10)
      text = screen:await "%[#+%-+%]"
      assert.is_true(#lines_of(text) <= 1, text)
    end
    screen:key "C-c"
    assert.matches("stopped by Ctrl%-C after %d+ records", screen:await "status 130")
    assert.same({}, shell.files(folder .. "/narrow.csv*")) -- no half file
  end)

  it("is not there when nobody wants it, nor in a file", function()
    e:latency(200)
    local words <const> = "get contributors --page-size 200 --set window=1 -o /dev/null "
    local quiet, dumb = open(words .. "--quiet"), open(words, 80, 24, { TERM = "dumb" })
    local piped = open(words .. "2> " .. folder .. "/errors")
    for _, screen in ipairs { quiet, dumb, piped } do
      assert.same({ "status 0" }, lines_of(screen:await "status"))
    end
    assert.equal("", contents(folder .. "/errors"))
  end)
end)

describe("progress", function()
  -- A terminal of memory and a clock that is set.
  local function fake(moves, width)
    local written, time = {}, 0
    local one = { moves = moves, width = function() return width or 80 end, file = {
      write = function(_, ...)
        for _, piece in ipairs { ... } do written[#written + 1] = piece end
      end, flush = function() end } }
    return progress.new { terminal = one, clock = function() return time end },
      function(seconds) time = time + seconds end,
      function()
        local text = table.concat(written)
        written = {}
        return text
      end
  end

  it("is a plain line every ten seconds where no cursor moves", function()
    local p, wait, text = fake(false)
    p:begin("reading contributors", 4000)
    for done = 1, 9 do
      wait(1)
      p:set(done * 100)
    end
    assert.equal("", text())
    wait(1)
    p:set(1000)
    assert.equal("reading contributors  25 %  1,000 of 4,000  100/s  0:30 left\n", text())
    for _ = 1, 99 do
      wait(0.1)
      p:tick()
    end
    assert.equal("", text())
    wait(0.1)
    p:tick()
    assert.matches("^reading contributors .*\n$", text())
    p:close()
    assert.equal("", text())
  end)

  it("shows nothing of what is short, and draws ten times a second at most", function()
    local p, wait, text = fake(true)
    p:begin("reading schema")
    wait(0.9)
    p:tick()
    p:close()
    assert.equal("", text())
    p:begin("reading versions")
    for _ = 1, 300 do
      wait(0.01)
      p:tick()
    end
    local drawn = select(2, text():gsub("\r", ""))
    assert.is_true(drawn >= 15 and drawn <= 21, drawn)
    p:close()
    assert.equal("\r\27[K", text())
  end)

  it("counts what has no total, measures of late, and tells a repetition", function()
    local p, wait = fake(true)
    p:begin "reading identities"
    for i = 1, 60 do
      wait(1)
      p:set(i <= 30 and i * 1000 or 30000 + (i - 30) * 10)
    end
    assert.equal("reading identities  30,300  10/s  1:00", p:text(80))
    local options = p:watch {}
    options.on_retry { delay = 4, reason = "HTTP 503" }
    assert.equal("reading identities  30,300  10/s  1:00  again in 0:04: HTTP 503", p:text(80))
    assert.equal("reading identities  again in 0:04: HTTP 503", p:text(45))
    options.on_page { endpoint = "list_licensed", offset = 0, count = 5, total = 5 }
    assert.equal("reading licensed  [###########]  100 %  5 of 5", p:text(46))
    options.on_batch { endpoint = "patch_identities", rows = 10, last = 30 }
    assert.equal("writing identities  30", p:text(22))
    assert.equal("", p:text(1))
  end)
end)

describe("a table", function()
  it("stays within the window, and is whole in a pipe", function()
    local screen = open("get contributors --max 8", 60)
    local lines = lines_of(screen:await "status 0")
    assert.equal(11, #lines)
    for _, line in ipairs(lines) do assert.is_true(report.width(line) <= 60, line) end
    assert.truthy(lines[3]:find "…")
    assert.is_nil((command.run(e, "get contributors --max 8 --table")):find "…")
  end)
end)

describe("colours", function()
  it("are there on a terminal that wants them", function()
    local screen = open "get versions --set x=y"
    screen:await "status 1"
    assert.truthy(screen:text(true):find("\27[31msei:", 1, true), screen:text(true))
    for _, variables in ipairs { { NO_COLOR = "1" }, { TERM = "dumb" } } do
      screen = open("get versions --set x=y", 80, 24, variables)
      screen:await "status 1"
      assert.is_nil(screen:text(true):find("\27[31m", 1, true))
    end
    local one = terminal.of(io.stderr, function(name) return name == "NO_COLOR" and "" or nil end)
    assert.equal(one.is_terminal, one.colours)
    assert.equal("x", terminal.of(assert(io.tmpfile())):paint("red", "x"))
  end)
end)

describe("Ctrl-C", function()
  it("says how to go on, and nothing is lost or twice", function()
    e:latency(100)
    e:clear_counters()
    local part, rest = folder .. "/part.csv", folder .. "/rest.csv"
    local screen = open("get contributors --page-size 50 --set window=1 --csv > " .. part, 200)
    for _ = 1, 20000 do
      if e:counters().requests >= 3 then break end
    end
    screen:key "C-c"
    local words = screen:await("status 130"):match "for the others: sei (.-)\n"
    e:latency(0)
    local text, status = command.run(e, words .. " > " .. rest)
    assert.equal(0, status, text)
    local whole = command.run(e, "get contributors --csv")
    assert.equal(whole, contents(part) .. contents(rest))
    assert.is_true(#contents(part) > 0 and #contents(rest) > 0)
  end)

  it("ends a plan that computes for ever, and a request without an answer", function()
    local recipe = folder .. "/forever.lua"
    local f = assert(io.open(recipe, "w"))
    f:write [[return { people = { { email = "a@x.example", name = "A" } },
      accounts = { { integration_id = 1, login = "a" } },
      rules = { function() io.stderr:write "begun\n" while true do pcall(error) end end } }]]
    f:close()
    local screen = open("plan " .. recipe)
    screen:await "begun"
    screen:key "C-c"
    local text = screen:await "status 130"
    assert.truthy(text:find("sei: stopped by Ctrl-C", 1, true), text)
    e:latency(60000)
    screen = open("get versions", 80)
    e:await_under_way(1)
    screen:key "C-c"
    screen:await "status 130"
  end)

  it("lets an apply end the request under way; the same command goes on", function()
    local recipe, plan = folder .. "/recipe.lua", folder .. "/plan.jsonl"
    local people, accounts = {}, {}
    for i, one in ipairs(e:api("POST", "/v1/org/users/list", { page_size = 6 }).records) do
      people[i] = ("{ email = %q, name = %q }"):format(one.email, one.full_name)
      accounts[i] = ("{ integration_id = 5322, login = 'n%d', email = %q }"):format(i, one.email)
    end
    local f = assert(io.open(recipe, "w"))
    f:write(("return { people = { %s }, accounts = { %s } }"):format(table.concat(people, ", "),
      table.concat(accounts, ", ")))
    f:close()
    local text, status = command.run(e, ("plan %s -o %s"):format(recipe, plan))
    assert.equal(2, status, text)
    local words = ("apply %s --batch 1 --lock %s/lock --approve %s"):format(plan, folder,
      text:match "digest: (%x+)")
    e:latency(300)
    e:clear_log()
    local screen = open(words, 180)
    screen:await "rows are to be written"
    screen:key "C-c"
    text = screen:await "status 130"
    assert.truthy(text:find("stopping after the request under way", 1, true), text)
    assert.truthy(text:find("run the same command again to go on", 1, true), text)
    local sent = 0
    for _, one in ipairs(e:log()) do
      if one.method == "PATCH" then
        sent = sent + 1
        assert.equal(200, one.status)
      end
    end
    assert.is_true(sent >= 1 and sent < #people, sent)
    e:latency(0)
    text, status = command.run(e, words)
    assert.equal(0, status, text)
    local writes = 0
    for _, one in ipairs(e:log()) do writes = writes + (one.method == "PATCH" and 1 or 0) end
    assert.equal(#people, writes)
  end)

  it("ends what asks no service", function()
    local rules = folder .. "/rules.lua"
    local f = assert(io.open(rules, "w"))
    f:write 'io.stderr:write "begun\\n" while true do pcall(error) end'
    f:close()
    local names = {}
    for name, head in pairs { people = "person_id,name,email", accounts =
      "account_id,login,name,email", truth = "account_id,person_id" } do
      f = assert(io.open(folder .. "/" .. name, "w"))
      f:write(head, "\n")
      f:close()
      names[#names + 1] = ("--%s %s/%s"):format(name, folder, name)
    end
    local screen = open(("eval --rules %s %s"):format(rules, table.concat(names, " ")), 200)
    screen:await "begun"
    screen:key "C-c"
    local text = screen:await "status 130"
    assert.is_nil(text:find("traceback", 1, true), text)
  end)

  it("twice ends whatever does not heed it", function()
    local script = folder .. "/stubborn.lua"
    local f = assert(io.open(script, "w"))
    f:write [[io.stderr:write "begun\n"
      local told
      while true do
        local _, err = client:get_schema()
        if err and not told then told = io.stderr:write(err.kind, "\n") end
      end]]
    f:close()
    local screen = open("run " .. script)
    screen:await "begun"
    screen:key "C-c"
    screen:await "cancelled" -- two at once would be one to the system
    screen:key "C-c"
    screen:await "status 130"
  end)
end)
