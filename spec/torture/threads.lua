--- What each thread of the program `threads` does: reads, writes, files, CSV
-- and JSON, with one pace for all; and requests are left under way behind it.
-- Returns a line that is the same for all of them.
local number, url, folder = ...

local sei = require "sei"

local function client(options)
  local all = { base_url = url, api_key = "the-key-of-all", pace = { rate = 5000, burst = 50 } }
  for name, value in pairs(options or {}) do all[name] = value end
  return sei.client(all)
end

local c <close> = client()

local people, first = 0, nil
for one in c:list_contributors { page_size = 10, window = 3 } do
  people = people + 1
  first = first or one
end

local schema = assert(c:get_schema())
local path = ("%s/%d.csv"):format(folder, number)
assert(c:download_identities { file = path })
local rows = 0
for _ in sei.csv.read { file = path, columns = { "email" } } do rows = rows + 1 end

local mine = {}
for i = 1, 5 do
  mine[i] = { email = first.email, integrationId = 5322, identity = ("t%d-%d"):format(number, i) }
end
local report = assert(c:patch_identities(mine, { batch_size = 2 }))
assert(c:upload_identities { rows = mine })

-- A pace that processes share, too, under another key.
local paced = client { api_key = "another-key",
  pace = { rate = 5000, burst = 50, file = folder .. "/pace" } }
assert(paced:get_schema())

-- One that fails to connect, and one that is left in the middle.
local lost <close> = client { base_url = "http://127.0.0.1:1/sei/api", retries = 1 }
local nothing, err = lost:get_schema()
assert(not nothing and sei.is_error(err) and #tostring(err) > 0)
local left = client()
for one in left:list_contributors { page_size = 5, window = 4 } do
  left:step()
  if one then break end
end

assert(sei.json.decode(assert(sei.json.encode(schema, { canonical = true }))))
return ("%d people, %d rows or more, %d accepted"):format(people, math.min(rows, 20),
  report.accepted)
