-- glibc's iconv() lets numbers beyond U+10FFFF through, as sequences of five and six bytes: what
-- was converted to UTF-8 was none. Found by spec/fuzz/encoding_fuzz.c (its corpus: beyond).
local sei = require "sei"

local function ucs4(...)
  local out = {}
  for i, number in ipairs { ... } do out[i] = (">I4"):pack(number) end
  return table.concat(out)
end

it("a number beyond U+10FFFF is no character in any encoding", function()
  local text = ucs4(("login\na\nb"):byte(1, -1)) .. ucs4(0x10FFFF, 0x0A)
  local list = assert(sei.source.csv { text = text, encoding = "UCS-4BE" }:all())
  assert.same({ "a", "b\u{10FFFF}" }, { list[1].login, list[2].login })
  for _, number in ipairs { 0x110000, 0x200000, 0x4000000 } do
    local bad = ucs4(("login\na\nb"):byte(1, -1)) .. ucs4(number, 0x0A)
    local all, err = sei.source.csv { text = bad, encoding = "UCS-4BE", name = "x.csv" }:all()
    assert.is_nil(all)
    assert.equal(("x.csv:3: byte 0x%02x (36 bytes into the text) is not UCS-4BE"):format(
      number >> 24), err.message)
  end
end)
