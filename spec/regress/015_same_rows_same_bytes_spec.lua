-- The members of a row were sent in another order from run to run.
local scripted = require "spec.support.scripted"

it("the members of a row are sent in the order of their names", function()
  local server <close> = scripted.start(function() return scripted.reply(200, "{}") end)
  local client <close> = server:client()
  local row, want = {}, {}
  for i = 1, 40 do
    row[("m%02d"):format(41 - i)] = i
    want[i] = ('"m%02d":%d'):format(i, 41 - i)
  end
  assert(client:patch_developers { row })
  assert(client:map_developer_fields("1", row))
  local object = "{" .. table.concat(want, ",") .. "}"
  assert.equal("[" .. object .. "]", server.requests[1].body)
  assert.equal(object, server.requests[2].body)
end)
