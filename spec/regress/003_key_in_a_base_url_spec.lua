-- A base_url with a query was refused in a message that showed the query.
local sei = require "sei"

local KEY <const> = "pat.acct1.Q2FuYXJ5.Canary/of+secrets=="

it("what stands behind ? in a base_url is not shown", function()
  local ok, problem = pcall(sei.client, { api_key = KEY, base_url = "https://h/api?key=" .. KEY })
  assert.is_false(ok)
  assert.matches("(https://h/api: it has a query (?))", problem, 1, true)
end)
