-- How many logins has each integration, and who has more than one there?
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/14_count_identities.lua
--
-- Each row comes as the fields asked for, without a table, while the rest is
-- still on its way: a million rows in about the time that the service takes.

local sei = require "sei"

local client <close> = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
}

local logins, people = {}, {}
local done, err = client:download_identities {
  row = "values", fields = { "integrationId", "email" },
  to = function(integration, email)
    logins[integration] = (logins[integration] or 0) + 1
    local who = integration .. "\t" .. email
    people[who] = (people[who] or 0) + 1
  end,
}
if not done then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end

local function sorted(counts)
  local keys = {}
  for key in pairs(counts) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

for _, integration in ipairs(sorted(logins)) do
  print(("%s\t%d logins"):format(integration, logins[integration]))
end
for _, who in ipairs(sorted(people)) do
  if people[who] > 1 then print(("%s\t%d logins of one person"):format(who, people[who])) end
end
