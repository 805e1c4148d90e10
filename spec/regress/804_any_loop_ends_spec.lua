-- The loop of examples/hosts/any_loop.lua waited for ever where nobody waited in
-- it: without a key, say, when all calls fail at once.
local shell = require "spec.support.shell"

describe("the loop of examples/hosts/any_loop.lua", function()
  it("ends where there is nothing to wait for", function()
    local text, status = shell.run(("env -u SEI_API_KEY SEI_BASE_URL=http://127.0.0.1:1 timeout 20"
      .. " %s examples/hosts/any_loop.lua"):format(shell.lua()))
    assert.equal(0, status, text)
    assert.matches("get_schema\tfailed: auth: the environment variable SEI_API_KEY is not set",
      text, 1, true)
  end)
end)
