-- The numbers of the file by which processes share a pace had the decimal point
-- of the host's locale: a process with another one took the file for damage, and
-- each of the two began anew.
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

describe("the file by which processes share a pace", function()
  it("reads the same in every locale: no number has a point", function()
    local e <close> = emulator.start { people = 5 }
    local folder = shell.folder()
    local path = folder .. "/pace"
    local function client()
      return sei.client { base_url = e.url, api_key = "k", retries = 0,
        pace = { rate = 7.3, burst = 3, file = path } }
    end
    local one <close> = client()
    assert(one:get_schema())
    local file = assert(io.open(path))
    local text = file:read "a"
    file:close()
    shell.remove(folder)
    local numbers = {}
    for number in text:match "^sei%-pace 1( %-?[%w%p ]+)\n$":gmatch "%S+" do
      assert.matches("^%-?0x%x+p%-?%d+$", number)
      numbers[#numbers + 1] = tonumber(number)
    end
    assert.equal(6, #numbers)
    assert.equal(7.3, numbers[1])
  end)
end)
