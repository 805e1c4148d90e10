-- mod_sei_who - who is this login? A module for Prosody that asks SEI.
--
--   modules_enabled = { "http", "adhoc", "sei_who" }
--   plugin_paths = { "…/examples/hosts/prosody" }
--   sei_region = "prod1"              -- or sei_base_url = "https://…"
--   sei_key_file = "/etc/prosody/sei.key"
--
-- GET /sei/who/LOGIN answers with a line per person whose login it is, whoever
-- asks: http_interfaces, or a proxy in front, says who may. The ad-hoc command
-- "Who is this login?" does the same in a chat client, for administrators. While
-- one question waits for the service, Prosody goes on.

module:depends "http"
module:depends "adhoc"

local dataforms = require "util.dataforms"
local http = require "util.http"
local sei = require "sei"

local client = sei.client {
  region = module:get_option_string "sei_region",
  base_url = module:get_option_string "sei_base_url",
  api_key = sei.key.file(module:get_option_string("sei_key_file", "/etc/prosody/sei.key")),
  timeout = module:get_option_number("sei_timeout", 10),
  wait = sei.wait.prosody,
}

-- Lines for a login; nil and an error object if the service cannot be asked.
local function who(login)
  local lines = {}
  local ok, problem = pcall(function()
    for one in client:list_identities { searchKey = "identity", searchValue = login } do
      if one.identity == login then
        lines[#lines + 1] = ("%s in %s: %s"):format(login, one.integrationId, one.email)
      end
    end
  end)
  if not ok then return nil, problem end
  return lines
end

module:provides("http", {
  default_path = "/sei",
  route = {
    ["GET /who/*"] = function(_, login)
      if login == "" then return { status_code = 400, body = "a login is needed\n" } end
      local lines, problem = who(http.urldecode(login))
      if not lines then
        module:log("warn", "%s", tostring(problem))
        -- an error's text names people and hosts: that is for the log
        return { status_code = 502, body = ("the service: %s\n"):format(problem.kind) }
      end
      if #lines == 0 then return { status_code = 404, body = "nobody has this login\n" } end
      return { headers = { content_type = "text/plain; charset=utf-8" },
        body = table.concat(lines, "\n") .. "\n" }
    end,
  },
})

local form = dataforms.new {
  title = "Who is this login?",
  { name = "login", type = "text-single", label = "Login", required = true },
}

local function ask(fields, missing)
  if missing then return { status = "completed", error = { message = "a login is needed" } } end
  local lines, problem = who(fields.login)
  if not lines then return { status = "completed", error = { message = tostring(problem) } } end
  return { status = "completed",
    info = #lines > 0 and table.concat(lines, "\n") or "nobody has this login" }
end

module:provides("adhoc", module:require "adhoc".new("Who is this login?", "sei-who",
  require "util.adhoc".new_simple_form(form, ask), "admin"))

function module.unload() client:close() end
