-- A row of CSV that was read, but whose table found no memory, was passed over by
-- the next call.
local shell = require "spec.support.shell"

describe("a CSV reader that raised for lack of memory", function()
  it("goes on with the same row", function()
    local text, status = shell.make "torture-program"
    assert(status == 0, text)
    text, status = shell.run("timeout -k 5 200 lua5.4 spec/torture/run.lua "
      .. shell.quote(shell.build() .. "/spec/torture") .. " "
      .. "--way '--window 2 --dense 400 --runs 300' 'go on after'")
    assert(status == 0, text)
  end)
end)
