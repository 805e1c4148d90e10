-- How do I set one custom field without losing the others?
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/05_update_custom_field.lua \
--     FIELD VALUES.csv
--
-- VALUES has the columns email,value. The service replaces whole records: what
-- is not sent is lost. So each record is read, one field is changed, and the
-- same record goes back, with its empty lists and its 64-bit numbers.

local sei = require "sei"

local field, file = arg[1], arg[2]
if not file then
  io.stderr:write("usage: 05_update_custom_field.lua FIELD VALUES.csv\n")
  os.exit(1)
end

local client = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
}

local wanted, left = {}, 0
for row in sei.csv.read { file = file, columns = { "email", "value" } } do
  if wanted[row.email:lower()] == nil then left = left + 1 end
  wanted[row.email:lower()] = row.value
end

local changed = {}
for c in client:list_contributors { filter = { include_dangling_logins = false } } do
  local value = wanted[c.email:lower()]
  if value ~= nil then
    left = left - 1
    if type(c.additional_fields) ~= "table" then c.additional_fields = {} end
    if c.additional_fields[field] ~= value then
      c.additional_fields[field] = value
      changed[#changed + 1] = c
    end
  end
end

local report, err = client:update_contributors(changed)
if not report then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
print(report)
print(("%d records had to change; %d addresses of the file are not in the directory")
  :format(#changed, left))
