-- What a sandboxed recipe would have written is kept for its host. It was kept without an end: a
-- recipe that rehearsed the same rows again and again took as much of the host's memory as it had
-- time to.
local sei = require "sei"

local MIB <const> = 1 << 20

local function rehearse(text, memory)
  return sei.sandboxed { text = text, memory = memory, writes = "dry_run", time = 60,
    client = { base_url = "http://127.0.0.1:9/sei/api", api_key = "test-key", allow_http = true } }
end

local ROWS <const> = [[
  local rows = {}
  for i = 1, 4000 do
    rows[i] = { email = "a" .. i .. "@example.com", integrationId = 1, identity = "a" }
  end
  local function write() return client:patch_identities(rows) end ]]

describe("what a recipe rehearses", function()
  it("is kept as far as its memory goes", function()
    local run = assert(rehearse(ROWS .. [[
      local count, report, err = 0
      repeat
        report, err = write()
        count = count + (report and 1 or 0)
      until not report
      return { count = count, kind = err.kind, code = err.code, text = tostring(err) }]], 8 * MIB))
    assert.equal("refused", run.value.kind)
    assert.equal("memory", run.value.code)
    assert.matches("patch_identities: what this recipe would have written", run.value.text, 1, true)
    assert.is_true(run.value.count >= 3 and run.value.count <= 10, run.value.count)
    assert.equal(run.value.count, #run.writes)
    run = assert(rehearse(ROWS .. "for i = 1, 12 do assert(write()) end", 32 * MIB))
    assert.equal(12, #run.writes)
  end)

  it("counts what is said of rows that are none", function()
    local run, err = rehearse([[
      local rows, row = {}, {}
      for i = 1, 10000 do rows[i] = row end
      for i = 1, 3 do
        local report, err = client:patch_identities(rows)
        if not report then error(err) end
      end]], 8 * MIB)
    assert.is_nil(run)
    assert.equal("memory", err.code)
  end)
end)
