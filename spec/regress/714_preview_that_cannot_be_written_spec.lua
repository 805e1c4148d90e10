-- Developers were uploaded although their preview could not be written: a version that nobody can
-- review, and so nobody can activate.
local sei = require "sei"
local scripted = require "spec.support.scripted"
local shell = require "spec.support.shell"

describe("a preview of developers that cannot be written", function()
  local client, server, folder

  before_each(function()
    server = scripted.start(function() return scripted.reply(200, "{}") end)
    client = server:client { timeout = 20, retries = 0 }
    folder = shell.folder()
  end)

  after_each(function()
    client:close()
    server:stop()
    shell.remove(folder)
  end)

  it("is found out before anything is asked or sent", function()
    local path = folder .. "/hr.csv"
    local file <close> = assert(io.open(path, "w"))
    file:write "email,name\na@x.example,A\n"
    file:close()
    local preview = folder .. "/nowhere/hr.preview"
    local one, err = sei.developers.upload { client = client, file = path, preview = preview }
    assert.is_nil(one)
    assert.equal("io", err.kind)
    assert.truthy(tostring(err):find(preview, 1, true))
    assert.equal(0, #server.requests)
  end)
end)
