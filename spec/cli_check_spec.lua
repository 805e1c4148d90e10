-- sei check: whether the service can be worked with, which of the behaviours of
-- api.md section 4 it shows, and where each setting came from. It only reads.
local command = require "spec.support.command"
local dkjson = require "dkjson"
local emulator = require "spec.support.emulator"
local sei = require "sei"
local shell = require "spec.support.shell"

local e, folder

-- Without a folder of its own for locks, it would make one below HOME.
setup(function() folder = shell.folder() end)
teardown(function() shell.remove(folder) end)

local function start(options)
  e = emulator.start(options)
  finally(function() e:stop() end)
end

local function check(words, variables)
  local all = { XDG_STATE_HOME = folder }
  for name, value in pairs(variables or {}) do all[name] = value end
  return command.run(e, "check " .. words, all)
end

local function has(text, wanted) assert.truthy(text:find(wanted, 1, true), text) end

local function shown(text)
  local found, answers = assert(dkjson.decode(text)), {}
  for _, row in ipairs(found.behaviours) do answers[row.number] = row.shown end
  return answers, found
end

describe("sei check", function()
  it("reads a little of everything and writes nothing", function()
    start { people = 30 }
    local text, status = check ""
    assert.equal(0, status, text)
    for _, line in ipairs { "base_url  " .. e.url, "pace      no",
      "ok  get_schema             6 fields", "ok  list_contributors      30 records",
      "ok  download_identities    can be read",
      "identities.envelope    records", "identities.paged       yes",
      "Whether this key may write was not tried." } do has(text, line) end
    assert.matches("\n  ok  clock +%d+ s apart\n", text)
    for _, one in ipairs(e:log()) do
      assert.truthy(one.method == "GET" or one.path:find "/list", one.method .. one.path)
    end
    assert.is_true(#e:log() < 40, #e:log())
    assert.is_nil(text:find("\27", 1, true))
  end)

  it("says which behaviours it saw, and which it cannot see", function()
    start { people = 1100 }
    local answers = shown((check "--deep --json"))
    assert.same({ "no", "?", "no", "?", "no", "no", "?", "no", "?", "?", "?", "no" }, answers)
    for _, quirk in ipairs { { "has-next-lies" }, { "dangling", "5" }, { "drift", "3" },
      { "max-page-size", "100" }, { "hide-type", "github" } } do
      e:quirk(quirk[1], quirk[2])
    end
    local found
    answers, found = shown((check "--deep --json"))
    assert.same({ "yes", "?", "no", "?", "yes", "yes", "?", "yes", "?", "?", "?", "yes" }, answers)
    -- a page that is refused is halved until it is not
    assert.equal("62 records in a page of 1000", found.behaviours[8].text)
    assert.equal("?", shown((check "--json"))[12])
  end)

  it("names the style with which the key is taken", function()
    start { people = 3, api_key = command.KEY }
    local text, status = check("", { SEI_API_KEY = "another-key" })
    assert.equal(1, status, text)
    has(text, "no  get_schema")
    has(text, "No style of sending the key is taken")
    has(text, "Something cannot be read, see above.")
    assert.is_nil(text:find("another-key", 1, true))
  end)

  it("says with which style the key would be taken", function()
    local probe = require "sei.cli.probe"
    -- A service that takes one style: the other calls fail as a client's do.
    local function client(style)
      return setmetatable({}, { __close = function() end, __index = function(_, name)
        return function()
          if style ~= "apikey" then
            error(sei.error { kind = "auth", status = 401, message = "no" }, 0)
          end
          if name:find "^get_" then return { fields = {} } end
          return setmetatable({ total = function() return 1 end }, { __close = function() end,
            __call = function() return {} end })
        end
      end })
    end
    local access, reached = probe.access { client = client "x-api-key",
      another = function(_, options) return client(options.auth) end }
    assert.is_true(reached)
    assert.equal("no", access[1][1])
    has(access[1][3], "It is taken with --auth apikey")
  end)

  it("stops where nobody answers or there is no key", function()
    start { people = 3 }
    local text, status = check "--base-url http://127.0.0.1:1/sei/api --retries 0"
    assert.equal(1, status)
    has(text, "connect:")
    assert.is_nil(text:find("list_versions", 1, true))
    text, status = check("", { SEI_API_KEY = "" })
    assert.equal(1, status)
    has(text, "no key is known: set SEI_API_KEY, or give api_key_file or api_key_command")
  end)

  it("lists the settings, where they came from, and variables that mean none", function()
    local text, status = command.run(nil, "check --settings --timeout 7", { SEI_RETRIES = "2",
      https_proxy = "http://me:hidden@proxy:3128" })
    assert.equal(0, status, text)
    assert.matches("\ntimeout +7 +%-%-timeout +SEI_TIMEOUT\n", text)
    assert.matches("\nretries +2 +SEI_RETRIES +SEI_RETRIES\n", text)
    assert.matches("\nproxy +http://me:%*%*%*%*@proxy:3128 +https_proxy +SEI_PROXY\n", text)
    assert.matches("\nwindow +4 +default +SEI_WINDOW\n", text)
    start { people = 3 }
    has((check("", { SEI_REGOIN = "eu" })), "note: SEI_REGOIN is no setting; did you mean "
      .. "SEI_REGION?\n")
  end)

  it("looks at this machine alone, as text and as JSON", function()
    local variables = { XDG_STATE_HOME = folder }
    local text, status = command.run(nil, "check --host", variables)
    assert.equal(0, status, text)
    local pattern = folder:gsub("%p", "%%%0")
    for _, line in ipairs { "^This machine\n  ok  Lua +Lua 5%.4%.%d",
      "\n  ok  libcurl +%d+%.%d+%.%d",
      "\n  ok  TLS +%a+/%d", "\n  ok  zlib +%d+%.%d", "\n  ok  utf8proc +%d+%.%d",
      "\n  ok  DNS +[^\n]+ does not block\n", "\n  ok  open files +%d",
      "\n  ok  lock +one writer per account, files in " .. pattern,
      "\n  ok  wait: luv +can be loaded\n", "\n  %-%-  wait: prosody +only within Prosody\n" } do
      assert.matches(line, text)
    end
    assert.equal("", (shell.run("find " .. folder .. " -type f")))
    text, status = shell.run("ulimit -n 100; " .. command.line(nil, variables)
      .. " check --host --json --ca-file /nowhere/ca.pem")
    assert.equal(1, status, text)
    local rows = {}
    for _, row in ipairs(assert(dkjson.decode(text)).host) do rows[row.name] = row end
    assert.equal("no", rows["open files"].state)
    assert.matches("100, fewer than 128: ulimit -n", rows["open files"].text, 1, true)
    assert.equal("/nowhere/ca.pem cannot be read: no https without the option ca_file",
      rows.certificates.text)
  end)

  it("says what blocks, and what is not there", function()
    local core, host = require "sei.core", require "sei.host"
    local real = core.host
    finally(function() core.host = real end)
    local facts = real()
    facts.asynch_dns, facts.tls, facts.ca_file, facts.ca_path = false, nil, nil, nil
    facts.open_files, facts.memory = nil, 64 * 1048576
    core.host = function() return facts end
    local rows = {}
    for _, row in ipairs(host.look { lock = "/dev/null/x" }) do rows[row[2]] = row end
    assert.matches("a slow name server holds up the host's loop", rows.DNS[3])
    assert.same({ "no", "no", "--", "ok" }, { rows.DNS[1], rows.TLS[1], rows.certificates[1],
      rows["open files"][1] })
    assert.equal("not limited", rows["open files"][3])
    assert.equal("64 MiB", rows.memory[3])
    assert.equal("no", rows.lock[1])
    facts.asynch_dns, facts.ares = true, "1.18.1"
    for _, row in ipairs(host.look()) do rows[row[2]] = row end
    assert.equal("c-ares 1.18.1, does not block", rows.DNS[3])
    assert.has_error(function() host.look { ca_fiel = "x" } end)
  end)

  it("reads dates as servers write them", function()
    local probe = require "sei.cli.probe"
    assert.equal(784111777, probe.http_date "Sun, 06 Nov 1994 08:49:37 GMT")
    assert.equal(951782400, probe.http_date "Tue, 29 Feb 2000 00:00:00 GMT")
    assert.is_nil(probe.http_date "yesterday")
    local clock = probe.clock { text = "Sun, 06 Nov 1994 08:49:37 GMT", time = 784111777 + 3600 }
    assert.same({ "no", "clock", "3600 s apart: this machine's clock is fast" }, clock)
  end)
end)

describe("sei run", function()
  local function script(text)
    local path = os.tmpname()
    finally(function() os.remove(path) end)
    local f = assert(io.open(path, "w"))
    f:write(text)
    f:close()
    return shell.quote(path)
  end

  it("runs a script that finds its client, its words and its status", function()
    start { people = 7 }
    local text, status = command.run(e, "run " .. script [[
      local n = 0
      for _ in client:list_contributors() do n = n + 1 end
      print(n, sei._VERSION ~= nil, arg[1], select("#", ...))
      mine = 1
      return 3]] .. " -- --word")
    assert.equal("7\ttrue\t--word\t1\n", text)
    assert.equal(3, status)
  end)

  it("tells a script that cannot be loaded, fails, or is a recipe", function()
    start { people = 1 }
    for code, pattern in pairs { ["return ("] = "unexpected symbol", ["error { a = 1 }"] = "table",
      ["error 'on purpose'"] = "on purpose\nstack traceback",
      ["return { people = {} }"] = "is a recipe, not a script; sei plan" } do
      local text, status = command.run(e, "run " .. script(code))
      assert.equal(1, status)
      has(text, pattern)
    end
  end)
end)
