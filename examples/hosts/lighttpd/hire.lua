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

local sei = require "sei"

local request = lighty.r
local MOST <const> = 64 * 1024 -- bytes of a body

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

local function is_text(value) return type(value) == "string" and value ~= "" end

-- What is wrong with the body; nil: nothing.
local function fault(hire)
  if type(hire) ~= "table" then return "an object is expected" end
  if not is_text(hire.email) or not hire.email:find "^[^@%s]+@[^@%s]+$" then
    return "'email' must be an address"
  end
  if not is_text(hire.name) then return "'name' must be a name" end
  if type(hire.accounts) ~= "table" or #hire.accounts == 0 then
    return "'accounts' must be a list of one account at least"
  end
  for i, account in ipairs(hire.accounts) do
    if type(account) ~= "table" or math.type(account.integration_id) ~= "integer"
      or not is_text(account.login) then
      return ("accounts[%d]: 'integration_id' (integer) and 'login' are needed"):format(i)
    end
  end
end

-- The fate of each account, and the rows to write. Only what is certain is.
local function decide(hire)
  local people = { { id = hire.email, email = hire.email, name = hire.name } }
  local result, problem = sei.match.run { people = people, accounts = hire.accounts }
  if not result then return nil, problem end
  local fates, rows = sei.json.array {}, {}
  for _, row in ipairs(result.decisions) do
    local certain = row.class == "certain"
    fates[#fates + 1] = { login = row.account.login, integration_id = row.account.integration_id,
      mapped = certain, class = row.class, rule = row.rule, key = row.key }
    if certain then
      rows[#rows + 1] = { email = hire.email, integrationId = row.account.integration_id,
        identity = row.account.login }
    end
  end
  for _, list in ipairs { result.review, result.none } do
    for _, row in ipairs(list) do
      fates[#fates + 1] = { login = row.account.login, integration_id = row.account.integration_id,
        mapped = false, class = row.class, reason = row.reason, message = row.message }
    end
  end
  return fates, rows
end

local function hired(hire)
  local problem = fault(hire)
  if problem then return answer(422, { error = problem }) end
  local fates, rows = decide(hire)
  if not fates then return answer(422, { error = tostring(rows) }) end
  if #rows > 0 then
    local report, err = the_client():patch_identities(rows)
    if not report then return answer(502, { error = tostring(err) }) end
  end
  return answer(200, { email = hire.email, accounts = fates })
end

if request.req_attr["request.method"] ~= "POST" then
  request.resp_header["Allow"] = "POST"
  return answer(405, { error = "POST a new hire as JSON" })
end
if not request.req_body.collect then return 0 end -- not all of it is there: called again then
if request.req_body.len == 0 then return answer(400, { error = "the body is empty" }) end
if request.req_body.len > MOST then return answer(413, { error = "the body is too long" }) end
-- lighttpd 1.4.69 (Debian 12) puts the request's head in front of a body that came with it
local hire, why = sei.json.decode((request.req_body.get:sub(-request.req_body.len)))
if why then return answer(400, { error = tostring(why) }) end
return hired(hire)
