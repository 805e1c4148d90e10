-- A server of examples/hosts that was ended while it put a plan and its journal
-- away left a journal without its plan, and no sync after that came about.
local plans = require "spec.support.plans"
local sei = require "sei"
local shell = require "spec.support.shell"

local RECIPE <const> = [[
return { guard = { state = false }, people = { { id = "1", email = "p1@x.example", name = "A B" } },
  accounts = { { integration_id = 5323, login = "%s", email = "p1@x.example" } } }
]]

describe("a sync of examples/hosts/desk.lua", function()
  it("goes on after an end between two renames", function()
    local desk = dofile "examples/hosts/desk.lua"
    local folder, rename = shell.folder(), os.rename
    local e = plans.emulator(folder, 3)
    local client = sei.client { base_url = e.url, api_key = "a-key", pace = false, retries = 0 }
    finally(function()
      os.rename = rename -- luacheck: ignore 122
      client:close()
      e:stop()
      shell.remove(folder)
    end)
    local job = { client = client, recipe = folder .. "/recipe.lua", folder = folder }
    shell.private_file(job.recipe, RECIPE:format "new-1")
    local times = 0
    os.rename = function(...) -- luacheck: ignore 122
      times = times + 1
      if times == 2 then error("ended here", 0) end
      return rename(...)
    end
    assert.same({ false, "ended here" }, { pcall(desk.sync, job) })
    assert.equal(1, #shell.files(folder .. "/*.done.journal") + #shell.files(folder .. "/*.done"))
    shell.private_file(job.recipe, RECIPE:format "new-2")
    local text, err = desk.sync(job)
    assert.matches("1 of 1 rows are as planned", assert(text, tostring(err)), 1, true)
  end)
end)
