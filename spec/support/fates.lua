--- The fate of every row of a report: "accepted", "rejected" or "unknown", by row
-- number. Fails if a row is told twice, is none of the report's, or is not counted.
local assert = require "luassert"

return function(report)
  local fate, accepted = {}, 0
  for _, list in ipairs { report.rejected, report.unknown } do
    for _, entry in ipairs(list) do
      for row = entry.row, entry.last or entry.row do
        assert.is_nil(fate[row], "row " .. row .. " is told twice")
        assert.is_true(row >= 1 and row <= report.rows, "there is no row " .. row)
        fate[row] = list == report.unknown and "unknown" or "rejected"
      end
    end
  end
  for row = 1, report.rows do
    fate[row] = fate[row] or "accepted"
    if fate[row] == "accepted" then accepted = accepted + 1 end
  end
  assert.equal(accepted, report.accepted, "accepted is not what is left")
  return fate
end
