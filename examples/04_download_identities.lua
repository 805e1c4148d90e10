-- Which login is mapped to whom, as a file?
--
--   SEI_REGION=prod1 SEI_API_KEY=… lua5.4 examples/04_download_identities.lua FILE.csv
--
-- The file appears when it is whole; however many identities there are, memory
-- stays small.

local sei = require "sei"

local path = arg[1]
if not path then
  io.stderr:write("usage: 04_download_identities.lua FILE.csv\n")
  os.exit(1)
end

local client = sei.client {
  region = os.getenv "SEI_REGION",
  base_url = os.getenv "SEI_BASE_URL",
  api_key = sei.key.env "SEI_API_KEY",
}

local done, err = client:download_identities { file = path }
if not done then
  io.stderr:write(tostring(err), "\n")
  os.exit(1)
end
print(("%s: %d bytes"):format(done.file, done.bytes))
