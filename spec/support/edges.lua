--- The C program spec/host/edges, a host that is careless or unlucky.
local assert = require "luassert"
local shell = require "spec.support.shell"

local UNDER <const> = os.getenv "SEI_UNDER" or "" -- set by `make valgrind`

local edges = {}

function edges.build()
  local text, status = shell.make "host-programs"
  assert(status == 0, text)
end

--- Runs the test of that name.
function edges.passes(name)
  local text, status = shell.run(("timeout -k 5 100 %s %s %s"):format(UNDER,
    shell.quote(shell.build() .. "/spec/host/edges"), name))
  assert.equal(0, status, text)
  assert.matches("ok " .. name .. "\n$", text)
end

return edges
