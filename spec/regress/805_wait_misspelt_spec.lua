-- A misspelt adapter was nil, and a client with `wait = nil` blocks the loop that
-- it was made for without a word. What is no function was taken for one until
-- somebody waited.
local sei = require "sei"

local function message_of(f, ...) return tostring(select(2, pcall(f, ...))) end

describe("sei.wait", function()
  it("has no misspelt adapter", function()
    local text = message_of(function() return sei.wait.cqueue end)
    assert.matches("805_wait_misspelt_spec.lua:%d+: sei.wait has no 'cqueue'"
      .. " %(did you mean 'cqueues'%?%)$", text)
    assert.matches("sei.wait has no 'epoll' (", message_of(function() return sei.wait.epoll end), 1,
      true)
    assert.matches("sei.wait has no '7'", message_of(function() return sei.wait[7] end), 1, true)
  end)

  it("takes functions alone", function()
    assert.equal("bad argument #1 to 'sei.wait.new' (function expected, got number)",
      message_of(sei.wait.new, 7))
    assert.equal("bad argument #2 to 'sei.wait.new' (function expected, got string)",
      message_of(sei.wait.new, print, "luv"))
    assert.equal("bad argument #1 to 'sei.wait.wrap' (function expected, got nil)",
      message_of(sei.wait.wrap))
  end)
end)
