-- hire - the HR system announces somebody; their logins are mapped at once. A
-- script for lighttpd's mod_magnet (1.4.60 and newer with Lua 5.4).
--
--   server.modules += ( "mod_magnet" )
--   $HTTP["url"] == "/hire" { magnet.attract-raw-url-to = ( "…/hire.lua" ) }
--
-- In lighttpd's environment: SEI_REGION (or SEI_BASE_URL), SEI_KEY_FILE.
--
--   POST /hire  {"email": "…", "name": "…",
--                "accounts": [{"integration_id": 5323, "login": "…", "name": "…", "email": "…"}]}
--
-- answers with what became of each account, and why. mod_magnet has one loop
-- and lets nobody else in while a script runs: hence the short timeout. Where
-- hires come by the hundred, let a server that can wait do it.

-- What happens to a hire is in desk.lua, one folder up.
local here = debug.getinfo(1, "S").source:match "^@?(.*)/[^/]*$" or "."
if not package.loaded.desk then package.path = package.path .. ";" .. here .. "/../?.lua" end

local desk = require "desk"
local sei = require "sei"

local request = lighty.r

-- One client for all requests: a script is run anew each time, its modules stay.
local function the_client()
  local kept = package.loaded["hire.client"]
  if not kept then
    kept = sei.client {
      region = os.getenv "SEI_REGION",
      base_url = os.getenv "SEI_BASE_URL",
      api_key = sei.key.file(os.getenv "SEI_KEY_FILE" or "/etc/lighttpd/sei.key"),
      timeout = 2,
      retries = 1,
    }
    package.loaded["hire.client"] = kept
  end
  return kept
end

local function answer(status, value)
  request.resp_header["Content-Type"] = "application/json"
  request.resp_body.set(sei.json.encode(value) .. "\n")
  return status
end

if request.req_attr["request.method"] ~= "POST" then
  request.resp_header["Allow"] = "POST"
  return answer(405, { error = "POST a new hire as JSON" })
end
if not request.req_body.collect then return 0 end -- not all of it is there: called again then
local length, text = request.req_body.len, ""
-- lighttpd 1.4.69 (Debian 12) puts the request's head in front of a body that came with it
if length > 0 then text = request.req_body.get:sub(-length) end
local status, value, problem = desk.hire(the_client(), text)
if problem then io.stderr:write(tostring(problem), "\n") end -- in a service of systemd: its journal
return answer(status, value)
