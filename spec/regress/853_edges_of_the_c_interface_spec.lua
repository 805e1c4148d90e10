-- Hosts in C that were careless or unlucky: a context that is NULL ended the program; a child of
-- fork() woke its parent by cancelling, and was told of a job that is not its own; a job that was
-- over could still be cancelled, after which the descriptor was readable for nothing; lines of log
-- had line breaks; the input false of a sandboxed recipe was dropped in silence.
local shell = require "spec.support.shell"

local UNDER <const> = os.getenv "SEI_UNDER" or "" -- set by `make valgrind`

describe("the C interface", function()
  setup(function()
    local text, status = shell.make "host-programs"
    assert(status == 0, text)
  end)

  local function passes(name)
    local text, status = shell.run(("timeout -k 5 100 %s %s %s"):format(UNDER,
      shell.quote(shell.build() .. "/spec/host/edges"), name))
    assert.equal(0, status, text)
    assert.matches("ok " .. name .. "\n$", text)
  end

  it("takes no context for misuse", function() passes "no_context" end)
  it("has options without padding at their end", function() passes "reserved" end)
  it("is another process's in a child", function() passes "forked" end)
  it("has nothing to cancel when nothing runs", function() passes "late" end)
  it("logs line by line", function() passes "lines" end)
  it("has an input for a sandboxed recipe, or says why not", function() passes "sandbox_input" end)
end)
