-- examples - the one about approval does what it says, against the emulator.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

describe("the example 11_two_person_approval", function()
  local e, folder

  setup(function()
    folder = shell.folder()
    e = emulator.start { people = 40, accounts = 80 }
  end)
  teardown(function()
    e:stop()
    shell.remove(folder)
  end)

  local function put(name, text)
    local out = assert(io.open(folder .. "/" .. name, "wb"))
    out:write(text)
    out:close()
  end

  local function run(words, input)
    return shell.run(("cd %s && export SEI_BASE_URL=%s SEI_API_KEY=key XDG_STATE_HOME=%s "
      .. "PATH=%s/bin:\"$PATH\"; echo '%s' | sh %s %s"):format(folder, e.url, folder,
      shell.build(), input or "", shell.quote(shell.run "pwd":gsub("\n", "")
        .. "/examples/11_two_person_approval.sh"), words))
  end

  local function key(name, where)
    local text, status = shell.run(("cd %s && openssl genpkey -algorithm EC -pkeyopt "
      .. "ec_paramgen_curve:P-256 -out %s.key && openssl pkey -in %s.key -pubout -out %s/%s.pem")
      :format(folder, name, name, where, name))
    assert.equal(0, status, text)
  end

  it("applies what somebody signed, and nothing else", function()
    shell.run("mkdir " .. folder .. "/approvers")
    key("carol", "approvers")
    key("mallory", ".")
    local records = e:api("POST", "/v1/org/users/list", { page = 0, page_size = 5 }).records
    put("hr.csv", "email,name\n" .. records[1].email .. ",\n")
    put("lab.csv", "integration_id,login,email\n5323,brand-new," .. records[1].email .. "\n")
    put("recipe.lua", [[return { people = "hr.csv", accounts = "lab.csv",
      rules = { require "sei".rule.email() } }]])
    local text, status = run "plan recipe.lua plan.jsonl"
    assert.equal(0, status, text)
    assert.matches("Send plan.jsonl to somebody", text)
    local before = e:state "digest"
    for _, case in ipairs { false, "mallory" } do -- not signed; by nobody who may
      if case then run("approve plan.jsonl mallory.key", "yes") end
      text, status = run "apply plan.jsonl approvers"
      assert.equal(3, status, text)
      assert.matches("nobody in approvers has signed this plan", text)
    end
    text, status = run("approve plan.jsonl carol.key", "no")
    assert.equal(1, status, text)
    text, status = run("approve plan.jsonl carol.key", "yes")
    assert.equal(0, status, text)
    assert.matches("5323/brand%-new", text)
    shell.run(("cd %s && cp plan.jsonl kept && sed -i s/brand-new/brand-old/ plan.jsonl")
      :format(folder))
    assert.equal(3, select(2, run "apply plan.jsonl approvers"))
    assert.equal(before, e:state "digest")
    shell.run(("cd %s && mv kept plan.jsonl"):format(folder))
    text, status = run "apply plan.jsonl approvers"
    assert.equal(0, status, text)
    assert.matches("approved by carol\n", text)
    assert.matches("1 of 1 rows are as planned", text)
    assert.is_truthy(e:state():find("brand-new", 1, true))
  end)
end)
