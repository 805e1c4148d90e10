-- Which fields does a contributor have, and which versions of the directory
-- are kept?
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/02_schema_and_versions.lua

local sei = require "sei"
local report = require "sei.report"

local client = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
}

local schema = assert(client:get_schema())
table.sort(schema.fields, function(a, b) return a.index < b.index end)
io.write(report.table({ "index", "key", "display_name", "type" }, schema.fields), "\n")

local versions = {}
for v in client:list_versions { max_items = 20 } do versions[#versions + 1] = v end
io.write(report.table({ "id", "name", "version" }, versions))
