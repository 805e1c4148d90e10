-- A sandboxed recipe that returned nil and an error was done, with nil as its result. A recipe that
-- a host in C makes a plan of could name another client, and a file of its own for the plan, of
-- which the host heard nothing; where it was no sound recipe, the error was a trace of Lua.
local sei = require "sei"
local edges = require "spec.support.edges"

describe("a sandboxed recipe that returns nil and an error", function()
  local function failure(text) return select(2, sei.sandboxed { text = text, name = "r" }) end

  it("failed", function()
    assert.equal("r: no more of it", failure("return nil, 'no more of it'").message)
    assert.equal("r: no more of it", failure("return nil, 'no more of it', 7, {}").message)
    local err = failure "return nil, { kind = 'timeout', message = 'it took long', status = 504 }"
    assert.same({ "timeout", "r: it took long", 504 }, { err.kind, err.message, err.status })
    assert.matches("an error that is no text but boolean", failure("return nil, false").message)
    assert.equal("number", type(err.report.instructions))
  end)

  it("is done where there is none", function()
    for _, text in ipairs { "return nil", "return nil, nil, 1", "return false, 'x'", "" } do
      assert.is_falsy(assert(sei.sandboxed { text = text }).value)
    end
    assert.equal(1, assert(sei.sandboxed { text = "return 1, 'x'" }).value)
  end)
end)

describe("a host in C", function()
  setup(edges.build)

  it("is told why a sandboxed recipe failed", function() edges.passes "returned_failure" end)
  it("is told what is wrong with a recipe", function() edges.passes "no_recipe" end)
end)
