--- The client that a command works with.
local client = {}

--- Adds the options that say where the service is.
function client.configure(parser)
  parser:option("--region", "The service's region (default: SEI_REGION)."):argname "NAME"
  parser:option("--base-url", "Its base URL instead (default: SEI_BASE_URL)."):argname "URL"
end

local function from_environment(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Makes it of the options and the environment; raises a sentence for the user.
-- @tparam table args what lua-argparse read
-- @treturn client
function client.new(args)
  local sei = require "sei"
  local base_url, region = args.base_url, args.region
  if not base_url and not region then
    base_url, region = from_environment "SEI_BASE_URL", from_environment "SEI_REGION"
    if base_url then region = nil end
  end
  if not base_url and not region then
    error(sei.error { kind = "io", message = "it is not known where the service is",
      hint = "give --region or --base-url, or set SEI_REGION or SEI_BASE_URL" }, 0)
  end
  return sei.client { base_url = base_url, region = region, api_key = sei.key.env "SEI_API_KEY" }
end

return client
