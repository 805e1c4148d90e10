--- The client that a command works with: its options, where they come from, and
-- what is shown while it works.
local client = {}

local SLICE <const> = 0.1   -- seconds that are waited before a signal or a bar is looked at

-- Name, what --help calls its value, text. Other settings: --set.
local SETTINGS <const> = {
  { "region", "NAME", "The service's region: prod1, prod2, prod3 or eu." },
  { "base_url", "URL", "Its address instead, as https://HOST/sei/api." },
  { "api_key_file", "FILE", "The key is its first line." },
  { "api_key_command", "COMMAND", "The key is the first line that it prints." },
  { "auth", "STYLE", "How the key is sent: x-api-key, apikey, bearer or raw." },
  { "account", "ID", "The account id." },
  { "proxy", "URL", "The proxy (default: the environment's)." },
  { "ca_file", "FILE", "The certificates to trust." },
  { "timeout", "SECONDS", "For a whole call; of a list: for a page (default: 300)." },
  { "retries", "N", "Repetitions of what failed (default: 3)." },
  { "pace", "N", "Requests per second, or no (default: 5)." },
}

local LEVELS <const> = { "error", "warn", "info", "debug" }

local function option(parser, row)
  return parser:option("--" .. row[1]:gsub("_", "-"), row[3]):argname(row[2])
end

--- Adds the options that say where the service is, and what is shown.
-- To be called behind the command's own options, which --help shows first then.
-- @tparam table parser a command of lua-argparse
function client.configure(parser)
  local list = {}
  parser:help_description_margin(32)
  -- lua-argparse 0.7 would put what is in no group behind all groups
  parser:group("Options", table.unpack(parser._options))
  for i, row in ipairs(SETTINGS) do list[i] = option(parser, row) end
  list[#list + 1] = parser:option("--set", "Any other setting; see 'sei check --settings'.")
    :argname "NAME=VALUE":count "*"
  list[#list + 1] = parser:option("--config", "The file of settings (default: SEI_CONFIG, else "
    .. "~/.config/sei/config)."):argname "FILE"
  parser:group("Where the service is (also: SEI_REGION, SEI_BASE_URL, SEI_API_KEY, …)",
    table.unpack(list))
  parser:group("What is shown",
    parser:flag("-q --quiet", "No progress."),
    parser:flag("-v --verbose", "A line for each request, on standard error."),
    parser:option("--log", "Appends these lines to a file."):argname "FILE",
    parser:option("--log-level", "How many of them (default: info)."):choices(LEVELS),
    parser:flag("--log-addresses", "Does not mask addresses in them."))
end

--- The settings of a command line.
-- @tparam table args what lua-argparse read
-- @treturn table see sei.config; what is wrong with one is raised
function client.settings(args)
  local given = { set = args.set, config = args.config }
  for _, row in ipairs(SETTINGS) do given[row[1]] = args[row[1]] end
  local settings, err = require "sei.config".read(given)
  if not settings then error(err, 0) end
  return settings
end

-- A setting that the client does not take, with the place where it stands.
local function blame(settings, problem)
  local core = require "sei.core"
  if type(problem) ~= "string" then error(problem, 0) end
  local name = problem:match "'([%w_]+)'"
  local _, origin = settings:get(name or "")
  local text = problem:gsub("^[^\n:]-:%d+: ", "")
  error(core.error { kind = "decode", message = (origin and origin .. ": " or "") .. text }, 0)
end

local function need_address(settings)
  if settings:get "region" or settings:get "base_url" then return end
  error(require "sei.core".error { kind = "io", message = "it is not known where the service is",
    hint = "give --region or --base-url, or set SEI_REGION or SEI_BASE_URL" }, 0)
end

--- The columns of an endpoint's CSV by the settings; nobody is asked.
-- @treturn ?{string,...} nil: the customer's own
function client.columns(args, endpoint)
  local core = require "sei.core"
  local given = client.settings(args):client_options()
  local one <close> = core.client { base_url = "https://localhost", identities = given.identities,
    cloud_ids = given.cloud_ids, developers = given.developers }
  return core.csv_header(one, endpoint)
end

-- What is done when a signal came: nothing yet while a request writes.
local function heed(self)
  local stop = require "sei.cli.stop"
  if not self.patient then return stop.check() end
  if self.told or not stop.status() then return end
  self.told = true
  self.progress:clear()
  io.stderr:write "sei: stopping after the request under way; once more stops at once\n"
end

-- Waits in slices, so that a signal that came just before is not slept over.
local function waiter(self)
  local core = require "sei.core"
  return function(c)
    heed(self)
    self.progress:tick()
    local seconds = c:timeout()
    core.poll(c:pollfd(), math.min(seconds or SLICE, SLICE))
    heed(self)
  end
end

local session = { __close = function(self) self:close() end }
session.__index = session

--- Ends it: the bar is gone, the client is closed.
function session:close()
  self.progress:close()
  self.client:close()
end

--- Another client with the same settings but these; to be closed.
-- @tparam table changes options of sei.client
-- @treturn client
function session:another(changes)
  local options = self.settings:client_options()
  options.log, options.wait = self.options.log, self.options.wait
  for name, value in pairs(changes) do options[name] = value end
  return require "sei".client(options)
end

--- Opens what a command works with. Signals are caught from then on.
-- @tparam table args what lua-argparse read
-- @tparam ?table options `computes`: a signal stops it not only where it waits: for what only
-- reads; `silent`: no progress is shown, whatever the command line says; `change`: a
-- function that may change the options of the client
-- @treturn table `client`, `progress`, `settings`, `options` (of the client); to be closed. While
-- its field `patient` is set, a signal does not end what is waited for
function client.open(args, options)
  options = options or {}
  local sei = require "sei"
  local settings = client.settings(args)
  need_address(settings)
  local progress = require "sei.progress".new {
    terminal = require "sei.terminal".of(io.stderr),
    quiet = args.quiet or args.verbose or options.silent }
  local made = progress:watch(settings:client_options())
  made.log = require "sei.cli.log".option(args, progress)
  local self = setmetatable({ progress = progress, settings = settings, options = made }, session)
  made.wait = waiter(self)
  if options.change then options.change(made) end
  require "sei.cli.stop".catch(options.computes)
  local ok, result = pcall(sei.client, made)
  if not ok then blame(settings, result) end
  self.client = result
  return self
end

return client
