-- libcurl ran out of memory while it looked after its sockets, said so, and was
-- not heard: the call lasted until its deadline, and the next one on the same
-- client divided by zero inside libcurl.
local shell = require "spec.support.shell"

describe("a libcurl that ran out of memory", function()
  it("is given up, and the next call gets another one", function()
    local text, status = shell.make "torture-program"
    assert(status == 0, text)
    text, status = shell.run("timeout -k 5 200 lua5.4 spec/torture/run.lua "
      .. shell.quote(shell.build() .. "/spec/torture") .. " "
      .. "--way '--window 1 --dense 400 --runs 250' 'get_schema'")
    assert(status == 0, text)
  end)
end)
