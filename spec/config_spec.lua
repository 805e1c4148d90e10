-- sei.config: options of a command, environment, file; and where each came from.
local config = require "sei.config"
local sei = require "sei"
local shell = require "spec.support.shell"

local folder

setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)

local function file(name, text, mode)
  local path = folder .. "/" .. name
  local out = assert(io.open(path, "wb"))
  out:write(text)
  out:close()
  shell.run(("chmod %s %s"):format(mode or "600", path))
  return path
end

-- An environment of these variables alone.
local function read(given, variables)
  local env = variables or {}
  return config.read(given, function(name) return env[name] end)
end

local function refused(pattern, given, variables)
  local settings, err = read(given, variables)
  assert.is_nil(settings)
  assert.is_true(sei.is_error(err), tostring(err))
  assert.truthy(tostring(err):find(pattern, 1, true), tostring(err))
  return err
end

local function row(settings, name)
  for _, one in ipairs(settings:rows()) do
    if one.name == name then return one end
  end
end

describe("the settings", function()
  it("are all plain options of sei.client", function()
    local names = {}
    for _, one in ipairs(config.settings()) do names[one.name] = one.kind end
    for _, name in ipairs { "region", "base_url", "auth", "account", "timeout", "retries",
      "ca_file", "proxy", "allow_http", "window", "max_body", "identities.page_size",
      "developers.envelope", "api_key", "api_key_file", "api_key_command", "pace", "pace_file" } do
      assert.is_string(names[name], name)
    end
    for _, name in ipairs { "on_page", "log", "wait", "recording", "identities" } do
      assert.is_nil(names[name], name)
    end
    for _, one in ipairs(require "sei.core".options "sei.client") do
      local plain = one.type == "string" or one.type == "number" or one.type == "integer"
        or one.type == "boolean"
      if plain then assert.is_string(names[one.name], one.name) end
    end
    assert.equal("SEI_IDENTITIES_PAGE_SIZE", config.variable "identities.page_size")
  end)

  it("come from the nearest place, and say from which", function()
    local path = file("nearest", "# ours\nregion = eu\n\ntimeout=20\nretries = 1\r\n"
      .. 'user_agent = "night job"\n')
    local settings = assert(read({ config = path, timeout = "40" },
      { SEI_TIMEOUT = "30", SEI_RETRIES = "2", SEI_REGION = "" }))
    local function is(name, value, origin)
      local found, where = settings:get(name)
      assert.equal(value, found)
      assert.equal(origin, where)
    end
    is("timeout", 40, "--timeout")
    is("retries", 2, "SEI_RETRIES")
    is("region", "eu", path .. ":2")
    is("user_agent", "night job", path .. ":6")
    is("window", nil, nil)
    assert.same({ name = "window", value = "4", origin = "default" }, row(settings, "window"))
  end)

  it("leave the address and the key to the nearest place that has any of them", function()
    local path = file("groups", "region = eu\napi_key_file = k\n")
    local settings = assert(read({ config = path, base_url = "https://x.example/sei/api" },
      { SEI_API_KEY = "not-a-secret" }))
    assert.is_nil((settings:get "region"))
    assert.is_nil((settings:get "api_key_file"))
    local made = settings:client_options()
    assert.equal("https://x.example/sei/api", made.base_url)
    assert.is_nil(made.region)
    assert.equal('sei.key.env("SEI_API_KEY")', tostring(made.api_key))
    settings = assert(read { config = path })
    assert.equal(('sei.key.file("%s/k")'):format(folder),
      tostring(settings:client_options().api_key))
    refused("SEI_REGION", {}, { SEI_REGION = "eu", SEI_BASE_URL = "https://x.example" })
    refused("exclude each other", { region = "eu", base_url = "https://x.example" })
    refused(path .. "2:2", { config = file("groups2", "api_key_file = a\napi_key_command = b\n") })
  end)

  it("become options of the client", function()
    local made = assert(read { set = { "pace=no", "identities.page_size=limit", "allow_http=yes",
      "identities.csv_header=email, id ,login", "identities.paged=off" } }):client_options()
    assert.equal(false, made.pace)
    assert.equal(true, made.allow_http)
    assert.same({ page_size = "limit", csv_header = { "email", "id", "login" }, paged = false },
      made.identities)
    made = assert(read { pace = "2.5", set = { "pace_file=~/p" } }):client_options()
    assert.same({ rate = 2.5, file = "~/p" }, made.pace)
    made = assert(read({ set = { "pace_file=~/p" } }, { HOME = "/home/x" })):client_options()
    assert.same({ file = "/home/x/p" }, made.pace)
    assert.is_nil(assert(read {}):client_options().pace)
    for _, name in ipairs { "pace_file", "api_key_file", "api_key_command" } do
      assert.is_nil(made[name])
    end
  end)

  it("take a command's words as a shell parts them, without running a shell", function()
    local settings = assert(read { api_key_command = [[printf '%s' "a b"'$HOME'c]] })
    assert.same({ "printf", "%s", "a b$HOMEc" }, (settings:get "api_key_command"))
    assert.equal("a b$HOMEc", settings:client_options().api_key())
    assert.equal("printf …", row(settings, "api_key_command").value)
    refused("each quotation mark closed", { api_key_command = "pass 'x" })
  end)

  it("name the place, the value and what was expected", function()
    refused("--timeout: timeout: a number above 0, at most 86400 expected, got \"soon\"",
      { timeout = "soon" })
    refused("SEI_RETRIES: retries: an integer from 0 to 10 expected, got \"11\"", {},
      { SEI_RETRIES = "11" })
    refused("one of x-api-key|apikey|bearer|raw expected, got \"bearr\" (did you mean 'bearer'?)",
      { auth = "bearr" })
    local path = file("wrong", "region = eu\nregoin = eu\n")
    local err = refused(path .. ":2: unknown setting 'regoin' (did you mean 'region'?)",
      { config = path })
    assert.equal(2, err.line)
    assert.equal(path, err.file)
    refused(":3: region was given before: " .. folder .. "/twice:1",
      { config = file("twice", "region = eu\n#\nregion = eu\n") })
    refused(":1: a line 'name = value' expected", { config = file("line", "region\n") })
    refused(":1: region has no value", { config = file("empty", "region =\n") })
    refused("control characters", { config = file("control", "proxy = a\7b\n") })
    refused("NAME=VALUE expected", { set = { "region" } })
  end)

  it("need no file, but the one that was named", function()
    assert(read({}, { HOME = folder .. "/none" }))
    refused("No such file", { config = folder .. "/none" })
    refused("No such file", {}, { SEI_CONFIG = folder .. "/none" })
    refused("Is a directory", { config = folder })
    refused("at most 1 MiB", { config = file("large", ("# a line\n"):rep(120000)) })
    shell.run("mkdir -p " .. folder .. "/.config/sei " .. folder .. "/xdg/sei")
    file(".config/sei/config", "region = eu\n")
    file("xdg/sei/config", "region = prod2\n")
    local home = { HOME = folder }
    assert.equal("eu", (assert(read({}, home)):get "region"))
    home.XDG_CONFIG_HOME = "relative"
    assert.equal("eu", (assert(read({}, home)):get "region"))
    home.XDG_CONFIG_HOME = folder .. "/xdg"
    assert.equal("prod2", (assert(read({}, home)):get "region"))
  end)
end)

describe("a key", function()
  local KEY <const> = "sat.acct.id.not-a-secret-at-all"

  it("in a file that others may read is refused", function()
    for _, mode in ipairs { "644", "640", "604", "660" } do
      local err = refused("others may read it (mode 0" .. mode .. ")",
        { config = file("open", "\napi_key = " .. KEY .. "\n", mode) })
      assert.is_nil(tostring(err):find(KEY, 1, true))
      assert.equal(2, err.line)
    end
    local settings = assert(read { config = file("closed", "api_key = " .. KEY .. "\n", "600") })
    assert.equal(KEY, settings:client_options().api_key)
    assert(read { config = file("other", "region = eu\n", "644") })
  end)

  it("is nowhere shown, and is no option of a command", function()
    local settings = assert(read({}, { SEI_API_KEY = KEY,
      SEI_PROXY = "http://me:" .. KEY .. "@p" }))
    for _, one in ipairs(settings:rows()) do
      assert.is_nil(one.value:find(KEY, 1, true), one.name)
    end
    assert.equal("SEI_API_KEY", row(settings, "api_key").origin)
    assert.equal("http://me:****@p", row(settings, "proxy").value)
    local err = refused("could be read by everybody", { set = { "api_key=" .. KEY } })
    assert.is_nil(tostring(err):find(KEY, 1, true))
  end)
end)
