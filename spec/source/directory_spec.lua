-- sei.source.directory: what the service knows, from the emulator.
local emulator = require "spec.support.emulator"
local sei = require "sei"

describe("sei.source.directory", function()
  local e, client

  setup(function()
    e = emulator.start { people = 60, quirks = { "dangling=9" } }
    client = sei.client { base_url = e.url, api_key = "pat.acct1.key7.not-a-secret", pace = false,
      retries = 0 }
  end)

  teardown(function()
    client:close()
    e:stop()
  end)

  -- What the service itself answers.
  local function contributors()
    local list = {}
    for c in client:list_contributors() do list[#list + 1] = c end
    return list
  end

  it("gives contributors as people", function()
    local s = sei.source.directory(client)
    for _ = 1, 2 do
      local n = 0
      local list = contributors()
      for person in s do
        n = n + 1
        local c = list[person.source.line]
        assert.same({ c.email, c.full_name, c.id, "list_contributors" },
          { person.email, person.name, person._id, person.source.file })
        assert.is_nil(person.id)
        local logins = {}
        for i, one in ipairs(c.integration_user_ids) do logins[i] = one.user_id end
        assert.same(#logins > 0 and logins or nil, person.logins)
      end
      assert.equal(60, n)
      assert.same({ ["unlinked login"] = 9 }, s:counts().passed)
    end
  end)

  it("gives identities as accounts, also those of nobody", function()
    local want, some = {}, nil
    for _, c in ipairs(contributors()) do
      for _, one in ipairs(c.integration_user_ids) do
        want[#want + 1] = { one.integration_id, one.user_id, c.id ~= "0" and c.email or false }
        some = one.integration_id
      end
    end
    local got, unlinked = {}, 0
    for a in sei.source.directory(client, { what = "accounts", list = { page_size = 7 } }) do
      got[#got + 1] = { a.integration_id, a.login, a.mapped_to or false }
      assert.is_nil(a.email)
      if not a.mapped_to then unlinked = unlinked + 1 end
    end
    assert.same(want, got)
    assert.equal(9, unlinked)
    for a in sei.source.directory(client, { what = "accounts", integration_id = tonumber(some) }) do
      assert.equal(some, a.integration_id)
    end
  end)

  it("gives the identities of the other lists", function()
    for what, method in pairs { identities = "list_identities", licensed = "list_licensed" } do
      local want, got = {}, {}
      for row in client[method](client) do
        if what == "identities" then
          want[#want + 1] = { tostring(row.integrationId), row.identity, row.email }
        else
          for _, one in ipairs(row.integration_user_details) do
            want[#want + 1] = { tostring(one.integration_id), one.cloud_id, row.email }
          end
        end
      end
      for a in sei.source.directory(client, { what = what }) do
        got[#got + 1] = { a.integration_id, a.login, a.mapped_to }
      end
      assert(#want > 20)
      assert.same(want, got)
    end
  end)

  it("raises what the service refuses, and ends its walk early", function()
    local s = sei.source.directory(client, { list = { page_size = 5 } })
    local first
    for person in s:records() do
      first = person
      if first then break end
    end
    assert.is_string(first.email)
    e:quirk("fault", "status-500:always")
    local list, err = s:all()
    e:quirk("fault", "off")
    assert.same({ nil, "http", 500 }, { list, err.kind, err.status })
  end)

  it("refuses what is no client", function()
    assert.error_matches(function() sei.source.directory(7) end, "client expected, got number")
    assert.error_matches(function() sei.source.directory({}) end, "client expected, got table")
    assert.error_matches(function() sei.source.directory(client, { wat = "x" }) end,
      "did you mean 'what'")
  end)
end)
