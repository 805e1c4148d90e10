-- Who is in the directory?
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/01_list_contributors.lua [MOST]
--
-- SEI_BASE_URL instead of SEI_REGION for any other address. Prints a line for
-- each contributor: address, name, how many accounts are linked to it.

local sei = require "sei"

local client = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
}

local count, unlinked = 0, 0
for c in client:list_contributors { max_items = math.tointeger(arg[1]) } do
  count = count + 1
  if c.id == "0" then            -- a login that belongs to nobody yet
    unlinked = unlinked + 1
  else
    print(("%s\t%s\t%d"):format(c.email, c.full_name, #c.integration_user_ids))
  end
end
io.stderr:write(("%d records, %d of them logins that belong to nobody\n"):format(count, unlinked))
