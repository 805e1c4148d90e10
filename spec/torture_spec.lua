-- A slice of what `make torture` does at length: memory that fails, garbage
-- collected at every allocation, clients left in flight.
local core = require "sei.core"
local shell = require "spec.support.shell"

-- Set by `make valgrind`.
local under = os.getenv "SEI_UNDER" or ""

local function run(arguments)
  local text, status = shell.run("timeout -k 5 300 lua5.4 spec/torture/run.lua "
    .. shell.quote(shell.build() .. "/spec/torture") .. " " .. arguments)
  assert(status == 0, text)
  assert.matches("\ntorture: %d+ runs of %d+ scenarios, 0 failures\n$", text)
end

describe("torture", function()
  setup(function()
    local text, status = shell.make "torture-program"
    assert(status == 0, text)
  end)

  it("fails allocations of every public call", function() run "--quick" end)

  it("collects all garbage at every allocation", function() run "--squeeze" end)

  it("has a scenario for every endpoint", function()
    local file = assert(io.open("spec/torture/scenarios.lua"))
    local text = file:read "a"
    file:close()
    for _, row in ipairs(core.endpoints) do
      assert(text:find("%f[%w]" .. row.name .. "%f[^%w_]"), row.name .. " has none")
    end
  end)

  for _, ending in ipairs { "", "exit" } do
    it("ends with requests in flight" .. (ending ~= "" and ", the state left open" or ""),
      function()
        local text, status = shell.run(("timeout -k 5 200 %s %s spec/torture/flight.lua %s")
          :format(under, shell.lua(), ending))
        assert(status == 0, text)
        assert.matches("flight: %d+ cases, 0 problems\n$", text)
      end)
  end
end)
