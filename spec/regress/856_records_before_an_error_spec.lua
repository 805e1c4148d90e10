-- What the iterators of a sandboxed recipe's client got wrong: records that had come before an
-- error were lost with it, and a list that the recipe may not call was "no such iterator".
local emulator = require "spec.support.emulator"
local sei = require "sei"

describe("an iterator of a sandboxed recipe", function()
  local e

  setup(function() e = emulator.start { people = 150, accounts = 20 } end)
  teardown(function() if e then e:stop() end end)

  local function value(text, more)
    local given = { text = text, client = { base_url = e.url, api_key = "test-key", pace = false,
      retries = 0 } }
    for name, one in pairs(more or {}) do given[name] = one end
    return assert(sei.sandboxed(given)).value
  end

  local LIST <const> = [[
    local n = 0
    local ok, err = pcall(function()
      for _ in client:list_contributors { page_size = 30, window = 1 } do n = n + 1 end
    end)
    return { n = n, ok = ok, kind = err.kind, code = err.code }]]

  it("gives the records that came before an error", function()
    local client <close> = sei.client { base_url = e.url, api_key = "test-key", pace = false,
      retries = 0, grant = { requests = 4 } }
    local outside = assert(load(LIST, "=list", "t", { client = client, pcall = pcall }))()
    assert.is_true(outside.n > 0 and not outside.ok and outside.code == "grant")
    assert.same(outside, value(LIST, { requests = 4 }))
  end)

  it("raises once, and is over then", function()
    assert.same({ false, true, true }, value([[
      local it, list = client:list_contributors { page_size = 30 }, {}
      repeat list[1] = pcall(it) until not list[1]
      list[2], list[3] = pcall(it)
      return { list[1], list[2], list[3] == nil }]], { requests = 2 }))
  end)

  it("says that it may not be, where that is so", function()
    local run, err = sei.sandboxed { text = "for _ in client:list_contributors() do end",
      operations = "get_schema", client = { base_url = e.url, api_key = "test-key" } }
    assert.is_nil(run)
    assert.equal("refused", err.kind)
    assert.equal("grant", err.code)
    assert.matches("may not call list_contributors", err.message, 1, true)
  end)
end)
