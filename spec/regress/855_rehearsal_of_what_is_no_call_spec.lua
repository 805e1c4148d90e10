-- Rehearsing an upload that lacks its header ended the host's process; and what would have been
-- misuse when it is sent was told to be well.
local core = require "sei.core"
local sei = require "sei"

local CLIENT <const> = { base_url = "http://127.0.0.1:9/sei/api", api_key = "test-key",
  allow_http = true, retries = 0 }

-- What the call raises.
local function problem(call, writes)
  local run = assert(sei.sandboxed { client = CLIENT, writes = writes, operations = {
    (call:match "^[%w_]+") }, text = "local ok, problem = pcall(function() client:" .. call
    .. " end) return { ok, problem }" })
  assert.is_false(run.value[1], call)
  return (run.value[2]:gsub("^recipe:%d+: ", ""))
end

describe("a call that is only rehearsed", function()
  it("is refused as it is when it is sent", function()
    for _, call in ipairs { "upload_developers { rows = { {} } }", "upload_identities {}",
      "upload_identities()", "upload_identities { rows = { x = 1 } }", "patch_identities()",
      "upload_developers { rows = { {} }, header = {} }", "activate_developers()",
      "activate_developers {}", "activate_developers ''", "activate_developers(1.5)",
      "map_developer_fields('1')", "map_developer_fields({}, {})", "activate_version(1)" } do
      assert.equal(problem(call, "send"), problem(call, "dry_run"))
    end
  end)

  it("is well where it is", function()
    local run = assert(sei.sandboxed { client = CLIENT, writes = "dry_run", text = [[
      assert(client:upload_developers { rows = { { a = 1 } }, header = { "a" } })
      assert(client:map_developer_fields("1", { a = "b" }))
      assert(client:activate_developers(3))]] })
    assert.equal(3, #run.writes)
    assert.equal(3, run.writes[3].version_id)
  end)
end)

describe("the encoder of rows", function()
  it("has a form for them, or is none", function()
    for _, row in ipairs(core.endpoints) do
      local ok, made = pcall(core.rows, row.name, 10, 1000)
      assert.is_truthy(ok or made:find "sends no rows" or made:find "header is missing", made)
      if ok then core.rows_check(made, {}) end
    end
  end)
end)
