-- A slice of the fuzzing (spec/fuzz/, make fuzz): each target runs its corpus
-- and then inputs made of it, the same ones in every run, for half a second.
local shell = require "spec.support.shell"

local COUNT, SECONDS = 20000, 0.5

-- Set by `make valgrind`: runs each program under it.
local under = os.getenv "SEI_UNDER" or ""

describe("fuzzing", function()
  local text, status

  setup(function() text, status = shell.make "fuzz-slice" end)

  it("compiles", function()
    assert(status == 0, text)
    assert.is_nil(text:find("warning", 1, true), text)
  end)

  for _, source in ipairs(shell.files "spec/fuzz/*_fuzz.c") do
    local program = source:match "([^/]+)%.c$"
    local name = program:match "^(.*)_fuzz$"

    it("of " .. name .. " finds nothing", function()
      local folder = shell.folder()
      local out, code = shell.run(("%s timeout -k 5 120 %s %s spec/fuzz/corpus/%s %d %g"):format(
        "FUZZ_CRASHES=" .. shell.quote(folder), under,
        shell.quote(shell.build() .. "/spec/fuzz/" .. program), name, COUNT, SECONDS))
      local crash = io.open(folder .. "/" .. program .. ".crash", "rb")
      local bytes = crash and ("%q"):format(crash:read "a") or ""
      if crash then crash:close() end
      shell.remove(folder)
      assert(code == 0, ("status %d\n%s%s"):format(code, out, bytes))
      local runs = tonumber(out:match(program .. ": (%d+) inputs"))
      assert(runs and runs >= #shell.files("spec/fuzz/corpus/" .. name .. "/*"), out)
    end)
  end
end)
