--- The whole Harness SEI API from Lua.
--
--     local sei = require "sei"
--     local client = sei.client { region = "prod1", api_key = sei.key.env "SEI_API_KEY" }
--     for contributor in client:list_contributors() do print(contributor.email) end
--
-- Misuse raises with the argument and what was expected. The world's failures
-- are returned as `nil, err`; iterators raise the same object.
-- @module sei

local attempt = require "sei.attempt"
local core = require "sei.core"
local key = require "sei.key"
local wait = require "sei.wait"
require "sei.endpoint"

local sei = {
  _VERSION = "sei 0.1.0",
  csv = core.csv,
  error = core.error,
  is_error = core.is_error,
  json = core.json,
  key = key,
  null = core.json.null,
  wait = wait,
}

--- Makes a client: one SEI account, its key, its connections.
--
-- It is closed by `client:close()`, by a `<close>` variable or by the
-- collector; requests under way are cancelled then and the key is wiped.
-- @function client
-- @tparam table options see the table of options in the reference; `api_key` and one of
-- `region` and `base_url` are needed
-- @treturn client
function sei.client(options)
  local client = attempt.check(2, core.client, options)
  local source, problem = key.source(options.api_key)
  if not source then error("bad option 'api_key' for sei.client (" .. problem .. ")", 2) end
  local state = core.state(client)
  state.key, state.wait = source, options.wait
  state.renews = type(options.api_key) ~= "string"
  if not state.renews then
    local ok, taken, why = pcall(core.set_key, client, options.api_key, false)
    if not ok then error("bad option 'pace' for sei.client (" .. taken .. ")", 2) end
    if not taken then error("bad option 'api_key' for sei.client (" .. why .. ")", 2) end
  end
  return client
end

return sei
