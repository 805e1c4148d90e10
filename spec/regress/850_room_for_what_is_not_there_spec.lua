-- A table that had many items keeps their room when all but the last are gone. A sandboxed recipe
-- that returned one such table often had its host make that room each time anew, outside of its
-- memory and beyond its max_result: gigabytes in some seconds.
local sei = require "sei"

local TEXT <const> = [[
  local hollow, list = {}, {}
  for i = 1, 4096 do hollow[i] = i end
  for i = 1, 4095 do hollow[i] = nil end
  for i = 1, %d do list[i] = hollow end
  return list]]

describe("a table of which one item is left", function()
  it("counts with the room that it takes", function()
    local run, err = sei.sandboxed { text = TEXT:format(100), max_result = 1 << 20 }
    assert.is_nil(run)
    assert.equal("encode", err.kind)
    assert.matches("too large", err.message, 1, true)
  end)

  it("passes nevertheless, and other tables count as they did", function()
    local run = assert(sei.sandboxed { text = TEXT:format(3) })
    assert.equal(3, #run.value)
    assert.equal(4096, run.value[3][4096])
    assert.is_nil(run.value[3][1])
    -- 16 bytes for key, value and the table itself, 64 for what it takes besides
    local text = "local t = {} for i = 1, 1000 do t[i] = i end return t"
    assert.is_table(sei.sandboxed { text = text, max_result = 16 + 64 + 1000 * 32 })
    assert.is_nil(sei.sandboxed { text = text, max_result = 16 + 64 + 1000 * 32 - 1 })
  end)
end)
