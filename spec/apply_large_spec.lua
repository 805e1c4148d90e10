-- apply, in numbers: one change among 5,000 records, rows that vanish among 10,000,
-- 3 bad rows among 1,000; and two processes at once.
local core = require "sei.core"
local file = require "sei.plan.file"
local plans = require "spec.support.plans"
local scripted = require "spec.support.scripted"
local sei = require "sei"
local shell = require "spec.support.shell"

local LAB <const> = plans.LAB
local folder, number = nil, 0

setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)
before_each(function() number = number + 1 end)

local function path() return ("%s/plan%d.jsonl"):format(folder, number) end

local function apply(client, plan) return plans.apply(client, plan, folder) end

-- Each identity goes to the next person.
local function rotation(first, last)
  local wanted = {}
  for i = first, last do wanted["p" .. i] = i < last and i + 1 or first end
  return wanted
end

describe("5,000 records", function()
  it("of which one was changed meanwhile are refused, and it is named", function()
    local e <close> = plans.emulator(folder, 5000)
    local client <close> = plans.client(e)
    local plan = plans.write(client, path(), rotation(1, 5000))
    assert.equal(200, select(2, e:api("PATCH", "/v2/developers/identities",
      { { email = "p7@x.example", integrationId = LAB, identity = "p3333" } })))
    local before = e:state "digest"
    e:clear_log()
    local report, err = apply(client, plan)
    assert.is_nil(report)
    assert.equal("drift", err.code)
    assert.equal("1 of 5000 records is not what the plan saw: 5323/p3333 is p7@x.example (it was "
      .. "p3333@x.example)", err.message)
    assert.same({ "5323/p3333" }, { err.rows[1].name, err.rows[2] })
    assert.equal(0, plans.writes(e:log()))
    assert.equal(before, e:state "digest")
  end)
end)

describe("rows of which 1 % vanish", function()
  local function case(rows)
    local e <close> = plans.emulator(folder, rows)
    local client <close> = plans.client(e)
    local plan = plans.write(client, path(), rotation(1, rows))
    e:quirk("drop-rows", "1:all")
    local report = assert(apply(client, plan))
    assert.equal(rows // 100, #report.others)
    assert.equal(rows - rows // 100, report.verified)
    local lost = {}
    for row in client:download_identities() do
      local i = row.identity:match "^p(%d+)$"
      if row.email == ("p%s@x.example"):format(i) then
        lost[("%s/%s"):format(LAB, row.identity)] = true
      end
    end
    for _, one in ipairs(report.others) do
      assert.equal("missing", one.fate)
      assert.is_true(lost[one.name], one.name)
      lost[one.name] = nil
    end
    assert.is_nil(next(lost))
    -- the same command sends those again, and no other; undo takes all of it back
    e:clear()
    report = assert(apply(client, plan))
    assert.equal("done", report.state)
    assert.equal(rows // 100, report.sent)
    local back = assert(sei.undo { journal = plan.path .. ".journal", file = path() .. ".undo",
      guard = { changes = rows } })
    assert.equal("done", assert(apply(client, back)).state)
    assert.is_truthy(e:state "digest":find('"changed":0', 1, true))
  end

  it("are told, each of them and no other", function() case(1000) end)

  it("are told, each of 10,000 and no other #proof", function() case(10000) end)
end)

describe("1,000 rows with 3 bad ones", function()
  local BAD <const> = { p17 = true, p500 = true, p983 = true }

  -- A service whose errors name no row, or the identity's address.
  local function service(hints)
    local owners = {}
    for i = 1, 1000 do owners["p" .. i] = ("p%d@x.example"):format(i) end
    local server = scripted.start(function(request)
      if request.method == "GET" then
        local lines = { "email,integrationId,identity" }
        for i = 1, 1000 do
          lines[i + 1] = ("%s,%d,p%d"):format(owners["p" .. i], LAB, i)
        end
        return scripted.reply(200, table.concat(lines, "\r\n") .. "\r\n",
          { "Content-Type: text/csv" })
      end
      local rows = sei.json.decode(request.body)
      for k, row in ipairs(rows) do
        if BAD[row.identity] then
          return scripted.reply(400, '{"status":"error","message":"' .. (hints
            and ("Row %d: Developer with email %s not found."):format(k, row.email)
            or "invalid rows") .. '"}')
        end
      end
      for _, row in ipairs(rows) do owners[row.identity] = row.email end
      return scripted.reply(200, '{"status":"success","message":"ok"}')
    end)
    return server, owners
  end

  local function case(hints, most)
    local server, owners = service(hints)
    local _ <close> = server
    local client <close> = server:client { pace = false, retries = 0 }
    local rows = {}
    for i = 1, 1000 do
      rows[i] = { kind = "change", what = "identity", integration_id = LAB, identity = "p" .. i,
        before = { email = owners["p" .. i] }, after = { email = ("q%d@x.example"):format(i) } }
    end
    local plan = assert(file.write(path(), { target = core.target(client), class = "certain",
      writes = "identities", guards = {} }, rows))
    local report = assert(apply(client, plan))
    assert.equal(997, report.verified)
    local named = {}
    for i, one in ipairs(report.others) do named[i] = one.name .. " " .. one.fate end
    assert.same({ "5323/p17 rejected", "5323/p500 rejected", "5323/p983 rejected" }, named)
    for i = 1, 1000 do
      assert.equal(BAD["p" .. i] and "p" or "q", owners["p" .. i]:sub(1, 1))
    end
    local writes = 0
    for _, request in ipairs(server.requests) do
      if request.method == "PATCH" then writes = writes + 1 end
    end
    assert.is_true(writes <= most, writes .. " requests")
    assert.is_true(#server.requests - writes <= 3)
  end

  it("writes 997 and names 3, with at most 61 requests if the errors name none", function()
    case(false, 61)
  end)

  it("writes 997 and names 3, with at most 4 requests if the errors name them", function()
    case(true, 4)
  end)
end)

describe("two processes", function()
  local HOLD <const> = [[
    local lock <close> = assert(require "sei.lock".take({ base_url = arg[1] }, arg[2]))
    print(require "sei.core".journal.me().pid)
    io.stdout:flush()
    io.read()]]

  -- A process that has the lock until its standard input ends.
  local function holder(url)
    local pipe = folder .. "/pipe"
    shell.run("mkfifo -m 600 " .. shell.quote(pipe))
    local child = assert(io.popen(("exec %s -e %s - %s %s > %s"):format(shell.lua(),
      shell.quote(HOLD), shell.quote(url), shell.quote(folder .. "/lock"), shell.quote(pipe)),
      "w"))
    local out <close> = assert(io.open(pipe, "r"))
    return child, out:read "l"
  end

  it("do not write to one account: the second one is told who the first one is", function()
    local e <close> = plans.emulator(folder, 20)
    local client <close> = plans.client(e)
    local plan = plans.write(client, path(), { p1 = 2 })
    local child, pid = holder(e.url)
    e:clear_log()
    local command = ("SEI_API_KEY=k %s/bin/sei apply %s --base-url %s --lock %s/lock --approve %s")
      :format(shell.build(), plan.path, e.url, folder, plan.digest)
    local text, status = shell.run(command)
    assert.equal(3, status)
    assert.is_truthy(text:find(("process %s of "):format(pid), 1, true), text)
    assert.equal(0, #e:log())
    child:close()
    text, status = shell.run(command)
    assert.equal(0, status, text)
    assert.matches("1 of 1 rows are as planned", text)
  end)
end)
