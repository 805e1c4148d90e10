-- A CSV whose header was longer than 64 bytes failed with "not enough memory"
-- when the first 64 KiB of rows were full.
local scripted = require "spec.support.scripted"

it("a header of any length stands in front of many rows", function()
  local server <close> = scripted.start(function() return scripted.reply(200, "{}") end)
  local client <close> = server:client()
  local header, row, rows = {}, {}, {}
  for i = 1, 30 do header[i], row[i] = "a rather long name " .. i, "x" end
  for i = 1, 3000 do rows[i] = row end
  assert.equal(3000, assert(client:upload_developers { header = header, rows = rows }).accepted)
end)
