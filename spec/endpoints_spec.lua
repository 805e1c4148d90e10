-- endpoints - every row of the API's two tables is a method of the client, with
-- the row's request; what each sends and gets stands in endpoints/*_spec.lua.
local core = require "sei.core"
local sei = require "sei"

-- api.md section 3, both tables, and section 4 no. 3: function, method, path.
local TABLE <const> = {
  { "list_versions", "GET", "/v1/org/users/versions" },
  { "activate_version", "POST", "/v1/org/users/versions" },
  { "get_schema", "GET", "/v1/org/users/schema" },
  { "list_contributors", "POST", "/v1/org/users/list" },
  { "update_contributors", "PUT", "/v1/org/users" },
  { "list_licensed", "POST", "/v1/sei_contributor/list" },
  { "list_identities", "GET", "/v2/developers/identities" },
  { "download_identities", "GET", "/v2/developers/identities" },
  { "patch_identities", "PATCH", "/v2/developers/identities" },
  { "upload_identities", "PATCH", "/v2/developers/identities" },
  { "add_cloud_ids", "POST", "/v2/developers/cloud-ids" },
  { "upload_cloud_ids", "POST", "/v2/developers/cloud-ids/upload" },
  { "list_developers", "GET", "/v2/developers" },
  { "download_developers", "GET", "/v2/developers" },
  { "get_developer_schema", "GET", "/v2/developers/schema" },
  { "upload_developers", "POST", "/v2/developers" },
  { "reupload_developers", "PUT", "/v2/developers" },
  { "map_developer_fields", "PUT", "/v2/developers/versions/{versionId}/fieldMappings" },
  { "activate_developers", "PATCH", "/v2/developers/versions/{versionId}" },
  { "patch_developers", "PATCH", "/v2/developers" },
  { "delete_developers", "DELETE", "/v2/developers" },
}

local FILES <const> = { "contributors", "identities", "developers" }

local function source(name)
  local file = assert(io.open("spec/endpoints/" .. name .. "_spec.lua"))
  local text = file:read "a"
  file:close()
  return text
end

describe("the endpoints", function()
  it("are the rows of the API's tables, no more and no less", function()
    local rows = {}
    for i, row in ipairs(core.endpoints) do rows[i] = { row.name, row.method, row.path } end
    assert.same(TABLE, rows)
  end)

  it("are methods of a client", function()
    local client <close> = sei.client { base_url = "http://127.0.0.1:9", api_key = "k-e-y",
      pace = false, retries = 0 }
    for _, row in ipairs(TABLE) do assert.is_function(client[row[1]], row[1]) end
  end)

  it("have the bytes of their request asserted, each of them", function()
    local text = ""
    for _, name in ipairs(FILES) do text = text .. source(name) end
    for _, row in ipairs(TABLE) do
      local from = text:find('describe("' .. row[1] .. '"', 1, true)
      assert.is_truthy(from, row[1])
      local path = row[3]:gsub("{versionId}", "1")
      assert.is_truthy(text:find(row[2] .. " /sei/api" .. path, from, true)
        or text:find('head("' .. row[2] .. " /sei/api" .. path, from, true), row[1])
    end
  end)

  it("have the four regions' addresses", function()
    for region, address in pairs { prod1 = "https://app.harness.io/prod1/sei/api",
      prod2 = "https://app.harness.io/gratis/sei/api", prod3 = "https://app3.harness.io/sei/api",
      eu = "https://accounts.eu.harness.io/sei/api" } do
      local client <close> = sei.client { region = region, api_key = "a-canary-of-a-key",
        pace = false, retries = 0 }
      assert.equal("sei.client (" .. address .. ")", tostring(client))
    end
  end)

  it("stand below any address, with or without a slash at its end", function()
    for _, address in ipairs { "https://vanity.example.com/gateway/sei/api",
      "https://sei.example.com" } do
      local client <close> = sei.client { base_url = address .. "/", api_key = "k-e-y",
        pace = false, retries = 0 }
      assert.equal("sei.client (" .. address .. ")", tostring(client))
    end
  end)
end)
