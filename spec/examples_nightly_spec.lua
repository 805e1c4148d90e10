-- examples/10_nightly_job: quiet when all went well, a status for each way it
-- may end, and a night that was cut short is brought to its end.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local HERE <const> = "examples/10_nightly_job"
local e, folder

local function file(name, text)
  local path = folder .. "/" .. name
  local out = assert(io.open(path, "wb"))
  out:write(text)
  out:close()
  return path
end

setup(function()
  folder = shell.folder()
  local lines = { "email,name" }
  for person in sei.source.csv { file = "examples/data/hr.csv",
    columns = { id = "Personnel No" } } do
    lines[#lines + 1] = person.email .. "," .. person.name
  end
  e = emulator.start { load = { file("people.csv", table.concat(lines, "\n") .. "\n") } }
end)
teardown(function()
  e:stop()
  shell.remove(folder)
end)
before_each(function()
  e:reset()
  e:clear()
  shell.run("rm -rf " .. folder .. "/night; cp " .. HERE .. "/recipe.lua " .. folder)
end)

local function night(recipe)
  return shell.run(("cd %s && env SEI_BASE_URL=%s SEI_API_KEY=pat.a.b.c SEI_PACE=no SEI_RETRIES=0 "
    .. "HOME=/nowhere XDG_CONFIG_HOME= XDG_STATE_HOME=%s/state "
    .. "HR_EXPORT=$OLDPWD/examples/data/hr.csv INTEGRATION=5323 "
    .. "GITLAB_EXPORT=$OLDPWD/examples/data/gitlab_users.json "
    .. "sh $OLDPWD/%s/job %s %s/night"):format(folder, e.url, folder, HERE,
    recipe or "recipe.lua", folder))
end

local function writes()
  local n = 0
  for _, one in ipairs(e:log()) do n = n + (one.method == "PATCH" and 1 or 0) end
  return n
end

local function names(pattern) return #shell.files(folder .. "/night/" .. pattern) end

describe("the nightly job", function()
  it("applies, says nothing, and finds nothing to do the next night", function()
    local text, status = night()
    assert.equal("", text)
    assert.equal(0, status)
    assert.equal(1, writes())
    assert.equal(1, names "*.done.jsonl")
    assert.equal(1, names "*.done.jsonl.journal")
    text, status = night()
    assert.equal("", text)
    assert.equal(0, status)
    assert.equal(1, writes())
    assert.equal(0, names "plan.jsonl*")
    assert.equal(1, names "*.done.jsonl")
  end)

  it("leaves to a person what a guard stops", function()
    file("strict.lua", [[local recipe = dofile "recipe.lua"
      recipe.guard = { changes = 0 }
      return recipe]])
    assert.equal(0, select(2, night()))
    local text = e:request("GET", "/v2/developers/identities", { accept = "text/csv",
      ["x-api-key"] = "k" })
    local email, login = text:match "([^,\n]*@[^,\n]*),5323,([^\r\n]+)"
    local other = email:find "^ada" and "chloe.fontaine@example.com" or "ada.brandt@example.com"
    e:api("PATCH", "/v2/developers/identities", { { email = other, integrationId = 5323,
      identity = login } })
    local before = writes()
    local told, status = night "strict.lua"
    assert.equal(3, status, told)
    assert.matches("^nightly: a guard stops the plan; see ", told)
    assert.equal(before, writes())
    assert.equal(1, names "*.stopped.jsonl")
  end)

  it("tells an error and goes on the next night", function()
    e:quirk("fault", "status-500:always")
    local text, status = night()
    assert.equal(1, status)
    assert.matches("^nightly: there is no plan %(status 1%)", text)
    e:clear()
    text, status = night()
    assert.equal("", text)
    assert.equal(0, status)
  end)

  it("brings a night to its end that was cut short", function()
    night()
    local first
    for i, one in ipairs(e:log()) do first = first or one.method == "PATCH" and i end
    shell.run("rm -rf " .. folder .. "/night")
    e:reset()
    e:quirk("fault", ("status-500@%d:always"):format(first))
    local text, status = night()
    assert.equal(1, status, text)
    assert.matches("^nightly: the plan was not applied to its end %(status 1%)", text)
    assert.equal(1, names "plan.jsonl.journal")
    e:clear()
    text, status = night()
    assert.equal("", text)
    assert.equal(0, status)
    assert.equal(0, names "plan.jsonl*")
    assert.equal(1, names "*.done.jsonl")
  end)
end)

describe("its units", function()
  it("are taken by systemd", function()
    if select(2, shell.run "command -v systemd-analyze") ~= 0 then
      return pending "systemd-analyze is not installed"
    end
    local text, status = shell.run(("systemd-analyze verify --recursive-errors=no %s/sei-nightly.*")
      :format(HERE))
    assert.equal(0, status, text)
    for _, section in ipairs { "Service", "Timer", "Unit" } do
      assert.is_nil(text:find("in section '" .. section .. "'", 1, true), text)
    end
  end)
end)
