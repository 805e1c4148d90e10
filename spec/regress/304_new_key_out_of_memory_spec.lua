-- Where there was no memory for a newer key, whoever asked for it raised, and
-- the others who had got a 401 waited for ever.
local shell = require "spec.support.shell"

describe("no memory for a newer key", function()
  it("leaves nobody waiting", function()
    local text, status = shell.make "torture-program"
    assert(status == 0, text)
    text, status = shell.run("timeout -k 5 200 lua5.4 spec/torture/run.lua "
      .. shell.quote(shell.build() .. "/spec/torture") .. " "
      .. "--way '--window 2 --dense 1000 --runs 1000' 'a newer key for two'")
    assert(status == 0, text)
  end)
end)
