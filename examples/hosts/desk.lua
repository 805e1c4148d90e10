-- desk - what the servers beside this file do, whatever their event loop: map a
-- new hire at once (a webhook), and everybody from time to time (a timer).
--
--   POST /hire  {"email": "…", "name": "…",
--                "accounts": [{"integration_id": 5323, "login": "…", "name": "…", "email": "…"}]}
--
-- is answered with what became of each account, and why. Nothing here knows how
-- to wait: that is the client's option `wait`.

local sei = require "sei"

local desk = {}

desk.MOST = 64 * 1024 -- bytes of a body

-- ---- one new hire ----

local function is_text(value) return type(value) == "string" and value ~= "" end

-- What need not be there may be null.
local function may_be_text(value)
  return value == nil or value == sei.null or type(value) == "string"
end

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
    if not may_be_text(account.name) or not may_be_text(account.email) then
      return ("accounts[%d]: 'name' and 'email' are texts"):format(i)
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

-- Answers a POST: the HTTP status, and the value to send as JSON; then what is for
-- the log alone, since an error's text names people and hosts.
function desk.hire(client, text)
  if text == "" then return 400, { error = "the body is empty" } end
  if #text > desk.MOST then return 413, { error = "the body is too long" } end
  local hire, why = sei.json.decode(text)
  if why then return 400, { error = tostring(why) } end
  local problem = fault(hire)
  if problem then return 422, { error = problem } end
  local fates, rows = decide(hire)
  if not fates then return 422, { error = tostring(rows) } end
  if #rows > 0 then
    local report, err = client:patch_identities(rows)
    if not report then
      return err.kind == "rejected" and 422 or 502, { error = "the service: " .. err.kind }, err
    end
  end
  return 200, { email = hire.email, accounts = fates }
end

-- ---- everybody ----

-- A sync is a plan that is applied if it stays within the guards of its recipe.
-- `job`: client, recipe and folder (paths); `stopping` is set to end it early:
-- before the next batch, and the next sync goes on there.

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

-- Out of the way, but not away: sei.undo needs the journal. That goes first: a plan
-- without one is made anew, a journal without its plan would be in the way for ever.
local function put_away(plan, word)
  local name = ("%s.%s.%s"):format(plan, os.date "!%Y%m%dT%H%M%SZ", word)
  if exists(plan .. ".journal") then assert(os.rename(plan .. ".journal", name .. ".journal")) end
  assert(os.rename(plan, name))
end

local function apply(job, plan, digest)
  local report, err = sei.apply { client = job.client, plan = plan, approve = digest,
    lock = job.folder .. "/lock", batch_size = job.batch_size,
    stop = function() return job.stopping end }
  if not report then
    if err.kind == "refused" and err.code ~= "lock" then put_away(plan, "refused") end
    return nil, err
  end
  put_away(plan, report.state)
  return tostring(report)
end

-- Returns a sentence, or nil and what went wrong.
function desk.sync(job)
  local path = job.folder .. "/plan.jsonl"
  if exists(path .. ".journal") then -- one that was cut short is brought to its end first
    local digest, err = require "sei.plan.file".digest(path)
    if not digest then return nil, err end
    return apply(job, path, digest)
  end
  local plan, err = sei.plan { client = job.client, recipe = job.recipe, file = path }
  if not plan then return nil, err end
  if plan.writes == 0 then
    os.remove(path)
    return "nothing to do"
  end
  return apply(job, path, plan.digest)
end

-- ---- settings ----

local function number(name, default, least, most)
  local text = os.getenv(name) or default
  local value = math.tointeger(tonumber(text))
  if value and value >= least and value <= most then return value end
  error(("%s must be a whole number from %d to %d, not '%s'"):format(name, least, most, text), 0)
end

-- From the environment: SEI_REGION or SEI_BASE_URL, SEI_KEY_FILE; SYNC_RECIPE,
-- SYNC_FOLDER, SYNC_SECONDS (3600); PORT (0: any).
function desk.settings(wait)
  local function need(name)
    return os.getenv(name) or error(name .. " is not set; see the first lines of this file", 0)
  end
  local client = sei.client {
    region = os.getenv "SEI_REGION",
    base_url = os.getenv "SEI_BASE_URL",
    api_key = sei.key.file(need "SEI_KEY_FILE"),
    timeout = 30,
    wait = wait,
  }
  return { client = client, recipe = need "SYNC_RECIPE", folder = need "SYNC_FOLDER",
    seconds = number("SYNC_SECONDS", 3600, 1, 30 * 86400), batch_size = 200,
    port = number("PORT", 0, 0, 65535) }
end

return desk
