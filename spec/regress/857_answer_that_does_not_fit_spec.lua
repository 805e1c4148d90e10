-- An answer that was too large for a sandboxed recipe, or nested deeper than what may cross the
-- border, was raised in its host as if that had called something wrong.
local raw = require "spec.support.raw"
local sei = require "sei"

describe("an answer that does not fit", function()
  it("is an error for the recipe, which goes on", function()
    local run = assert(sei.sandboxed { memory = 4 << 20, writes = "dry_run", time = 60,
      client = { base_url = "http://127.0.0.1:9/sei/api", api_key = "test-key", allow_http = true },
      text = [[
        local rows, list = {}, {}
        for i = 1, 16000 do rows[i] = 1 end
        local report, err = client:patch_identities(rows)
        if report then return "no error" end
        return { err.kind, err.message, client:patch_identities({ 1 }).rows }]] })
    assert.equal("too_large", run.value[1])
    assert.matches("what a client's method gives does not reach the recipe: it is too large",
      run.value[2], 1, true)
    assert.equal(1, run.value[3])
  end)

  it("is one, too, where it is nested deeper than a border lets pass", function()
    local deep = ("["):rep(90) .. ("]"):rep(90)
    local server <close> = raw.serve(function() return raw.reply(200, deep) end)
    local run = assert(sei.sandboxed { client = { base_url = server.url, api_key = "test-key",
      wait = server.wait, pace = false, retries = 0 },
      text = [[
        local value, err = client:get_schema()
        return { value == nil, err.kind, err.message }]] })
    assert.is_true(run.value[1])
    assert.equal("decode", run.value[2])
    assert.matches("nested too deeply", run.value[3], 1, true)
  end)
end)
