-- Hosts in C that were careless or unlucky: a context that is NULL ended the program; a child of
-- fork() woke its parent by cancelling, and was told of a job that is not its own; a job that was
-- over could still be cancelled, after which the descriptor was readable for nothing; lines of log
-- had line breaks; the input false of a sandboxed recipe was dropped in silence.
local edges = require "spec.support.edges"

describe("the C interface", function()
  setup(edges.build)

  it("takes no context for misuse", function() edges.passes "no_context" end)
  it("has options without padding at their end", function() edges.passes "reserved" end)
  it("is another process's in a child", function() edges.passes "forked" end)
  it("has nothing to cancel when nothing runs", function() edges.passes "late" end)
  it("logs line by line", function() edges.passes "lines" end)
  it("has an input for a sandboxed recipe, or says why not", function()
    edges.passes "sandbox_input"
  end)
end)
