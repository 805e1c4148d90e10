-- An iterator that Lua's lack of memory left in the middle of its work waited for
-- ever for a page that nobody had asked for.
local shell = require "spec.support.shell"

describe("an iterator that raised for lack of memory", function()
  it("answers when it is called again", function()
    local text, status = shell.make "torture-program"
    assert(status == 0, text)
    text, status = shell.run("timeout -k 5 200 lua5.4 spec/torture/run.lua "
      .. shell.quote(shell.build() .. "/spec/torture") .. " "
      .. "--way '--window 2 --dense 400 --runs 300' 'list, go on after'")
    assert(status == 0, text)
  end)
end)
