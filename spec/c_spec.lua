-- The tests of the plain C folders, spec/c/NAME_test.c: each is a program that
-- names its failures and ends with "NAME: N checks" and status 0.
local shell = require "spec.support.shell"

-- Set by `make valgrind`: runs each program under it.
local under = os.getenv "SEI_UNDER" or ""

describe("plain C", function()
  for _, source in ipairs(shell.files "spec/c/*_test.c") do
    local name = source:match "([^/]+)%.c$"

    it(name, function()
      local text, status = shell.make("spec-c/" .. name)
      assert(status == 0, "does not compile:\n" .. text)

      local program = shell.quote(shell.build() .. "/spec/c/" .. name)
      text, status = shell.run("timeout -k 5 300 " .. under .. " " .. program)
      assert(status == 0, "status " .. status .. "\n" .. text)
      assert(text:find "%d+ checks", "does not say how much it checked:\n" .. text)
    end)
  end
end)
