-- sei developers: the flow from the command line, its forms and its exit statuses.
local command = require "spec.support.command"
local dkjson = require "dkjson"
local screens = require "spec.support.screen"
local shell = require "spec.support.shell"
local support = require "spec.support.developers"

local FIRST <const> = "Name,Email,Boss,Team\nAda,ada@x.example,,Core\nBo,bo@x.example,"
  .. "ada@x.example,Ops\n"

local b

setup(function() b = support.bench { people = 0 } end)
teardown(function() b:close() end)
before_each(function() b:renew() end)

local function run(words)
  return command.run(b.e, "developers " .. words, { XDG_STATE_HOME = b.folder })
end

local function has(text, wanted) assert.truthy(text:find(wanted, 1, true), text) end

local function digest_in(text) return (text:match "digest: (%x+)") end

describe("sei developers", function()
  it("maps, uploads, shows, activates and takes back", function()
    b:setup(FIRST)
    local hr = b:file("hr.csv", "Full Name,E-Mail,Boss,Team\nAda L,ada@x.example,,Core\n"
      .. "Cy,cy@x.example,ada@x.example,\n")
    local text, status = run("map --csv " .. hr)
    assert.equal(0, status, text)
    assert.equal("column,field,role,how\nFull Name,Name,NAME,known\nE-Mail,Email,EMAIL,spelling\n"
      .. "Boss,Boss,MANAGER_EMAIL,same\nTeam,Team,,same\n", text)
    local preview = b.folder .. "/p"
    text, status = run("upload " .. hr .. " -o " .. preview)
    assert.equal(2, status, text)
    has(text, "1 new, 1 changed, 0 removed, 1 stay as they are\n")
    has(text, "  ada@x.example (line 2)  name: Ada → Ada L\n")
    local digest = digest_in(text)
    assert.equal(digest, (shell.run("sha256sum " .. preview)):sub(1, 64))
    text, status = run("preview --kind add " .. preview)
    assert.equal(0, status, text)
    has(text, "New (1)")
    assert.is_nil(text:find("Changed (1)", 1, true))
    text, status = run("preview --csv --kind change " .. preview)
    assert.equal(0, status, text)
    assert.equal("kind,email,line,field,before,after\n"
      .. "change,ada@x.example,2,name,Ada,Ada L\n", text)
    text = run("preview --jsonl " .. preview)
    assert.equal("Cy", dkjson.decode(text:match '[^\n]*"Cy"[^\n]*').after)
    text, status = run("activate " .. preview .. " --approve " .. ("0"):rep(64))
    assert.equal(3, status, text)
    text, status = run("activate " .. preview .. " --approve " .. digest)
    assert.equal(0, status, text)
    assert.equal("version 2 is active; 3 developers; 2 of 2 changes found when read back\n", text)
    text, status = run("upload " .. hr .. " -o " .. b.folder .. "/q")
    assert.equal(0, status, text)
    has(text, "Nothing to do.")
    text, status = run("versions --jsonl " .. preview .. " " .. b.folder .. "/q")
    assert.equal(0, status, text)
    local first, second = text:match "^([^\n]+)\n([^\n]+)\n$"
    assert.equal("activated", dkjson.decode(first).state)
    assert.equal("uploaded", dkjson.decode(second).state)
    text, status = run("undo " .. preview .. " --version 1")
    assert.equal(2, status, text)
    text, status = run("activate " .. preview .. ".undo --json --approve " .. digest_in(text))
    assert.equal(0, status, text)
    assert.equal("done", dkjson.decode(text).state)
    assert.equal("Ada", b:there()["ada@x.example"].name)
  end)

  it("does it in two calls with a digest between them", function()
    local hr = b:file("hr.csv", FIRST)
    local text, status = run("sync " .. hr .. " --column MANAGER_EMAIL=Boss")
    assert.equal(2, status, text)
    has(text, "sei: to activate it: sei developers sync " .. hr .. " --approve " .. digest_in(text))
    assert.same({}, (b:there()))
    local words = "sync " .. hr .. " --column MANAGER_EMAIL=Boss --json --approve "
    text, status = run(words .. digest_in(text))
    assert.equal(0, status, text)
    assert.equal(2, dkjson.decode(text).verified)
    assert.equal(1, b:count("POST", "/v2/developers"))
    assert.equal(2, (select(2, b:there())))
    text, status = run "schema --csv"
    assert.equal(0, status, text)
    assert.equal("name,role\nName,NAME\nEmail,EMAIL\nBoss,MANAGER_EMAIL\nTeam,CUSTOM\n", text)
  end)

  it("asks whoever sits before a terminal", function()
    b:setup(FIRST)
    local hr = b:file("hr.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n")
    local line = command.line(b.e, { XDG_STATE_HOME = b.folder }) .. " developers sync " .. hr
    local screen <close> = screens.open(("sh -c %s"):format(shell.quote(line .. "; echo status $?; "
      .. line .. "; echo status $?; cat")), 100, 50)
    screen:await "Activate version 2%? Type yes:"
    screen:key "no Enter"
    screen:await "nothing was activated\nstatus 2"
    screen:await "Activate version 3%? Type yes:"
    screen:key "yes Enter"
    screen:await "version 3 is active; 2 developers; 1 of 1 changes found when read back\nstatus 0"
    assert.equal("Data", b:there()["ada@x.example"].additionalFields.Team)
  end)

  it("tells each fault with its line, as text and as JSON", function()
    b:setup(FIRST)
    local hr = b:file("hr.csv", "Name,Email,Boss,Team\n,ada@x.example,,Data\nBo,bo@x.example,"
      .. "zz@x.example,\n")
    for _, action in ipairs { "upload", "sync", "map" } do
      local text, status = run(action .. " " .. hr)
      assert.equal(1, status, text)
      has(text, hr .. ":2: Name is empty; fill it in, or take the row out\n")
      has(text, hr .. ':3: Boss is no developer of the upload ("zz@x.example"); add the manager')
    end
    local text, status = run("upload --json " .. hr .. " 2>/dev/null")
    assert.equal(1, status, text)
    local faults = dkjson.decode(text).faults
    assert.same({ 2, "Name", "REQUIRED_VALUE_MISSING", 3, "zz@x.example" },
      { faults[1].line, faults[1].field, faults[1].type, faults[2].line, faults[2].value })
    text, status = run("map --column NAME=Nme " .. hr)
    assert.equal(1, status, text)
    has(text, "the file has no column 'Nme' (did you mean 'Name'?)")
    text, status = run("map --column NAME " .. hr)
    assert.equal(1, status)
    has(text, "--column: FIELD=COLUMN expected")
  end)

  it("is stopped by guards, and lets a number pass", function()
    local lines = { "Name,Email,Boss" }
    for i = 1, 20 do lines[i + 1] = ("P%d,p%d@x.example,"):format(i, i) end
    b:setup(table.concat(lines, "\n") .. "\n")
    local hr = b:file("hr.csv", "Name,Email,Boss\nP1,p1@x.example,\n")
    local text, status = run("sync --missing remove " .. hr)
    assert.equal(3, status, text)
    has(text, "A guard stops it: 19 developers would be removed, more than 10 "
      .. "(guard.removals, --max-removals).")
    text, status = run("upload --missing remove --max-removals 19 " .. hr)
    assert.equal(2, status, text)
  end)

  it("goes on after it was killed in the middle of an activation", function()
    b:setup(FIRST)
    local hr = b:file("hr.csv", "Name,Email,Boss,Team\nAda,ada@x.example,,Data\n")
    local text = run("upload " .. hr .. " -o " .. b.folder .. "/p")
    local words = "activate " .. b.folder .. "/p --approve " .. digest_in(text)
    b.e:quirk("fault", "slow-20:always", "/v2/developers/versions")
    local line = command.line(b.e, { XDG_STATE_HOME = b.folder }) .. " developers " .. words
    local child = assert(io.popen(("%s >/dev/null 2>&1 & echo $!"):format(line)))
    local pid = assert(child:read "n")
    for _ = 1, 20000 do
      if b:count("PATCH", "/v2/developers/versions/2") > 0 then break end
    end
    shell.run("kill -9 " .. pid)
    child:close()
    b.e:clear()
    local status
    text, status = run("versions --jsonl " .. b.folder .. "/p")
    assert.equal(0, status, text)
    assert.equal("unknown: activate it again", dkjson.decode(text).state)
    text, status = run(words)
    assert.equal(0, status, text)
    assert.equal("Data", b:there()["ada@x.example"].additionalFields.Team)
  end)

  it("takes a recipe, whose people are the file's rows", function()
    b:file("hr.csv", "Full Name,Work Email,Boss,Team\nAda,ada@x.example,,Core\n")
    local recipe = b:file("recipe.lua", ([[
      return { developers = { file = %q, columns = { MANAGER_EMAIL = "Boss" } },
        accounts = { { login = "ada-l", name = "Ada", email = "ada@x.example" } },
        integration_id = 5322, guard = { state = false } }]]):format(b.folder .. "/hr.csv"))
    local text, status = run("sync " .. recipe)
    assert.equal(2, status, text)
    text, status = run("sync " .. recipe .. " --approve " .. digest_in(text))
    assert.equal(0, status, text)
    text, status = command.run(b.e, "plan --json " .. recipe)
    assert.equal(2, status, text)
    assert.equal(1, dkjson.decode(text).header.counts.add)
    local alone = b:file("alone.lua", ("return { developers = %q }"):format(b.folder .. "/hr.csv"))
    text, status = command.run(b.e, "plan " .. alone)
    assert.equal(1, status)
    has(text, "there is nothing to plan: it has neither 'accounts' nor 'fields'")
    text, status = run("map " .. b:file("none.lua", "return { people = {}, accounts = {} }"))
    assert.equal(1, status)
    has(text, "the recipe has no key 'developers'")
    text, status = run("map " .. b:file("bad.lua",
      'return { developers = { fiel = "x" }, accounts = {} }'))
    assert.equal(1, status)
    has(text, "did you mean 'file'?")
  end)
end)
