-- What a script loads: nothing that it does not use. Each module is a file to
-- find, read and compile in every start. Every script here runs in a process
-- of its own and prints which modules it had at each step.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

-- Prints the modules that came since the last time, but Lua's own libraries.
local SHOW <const> = [[
  local known = {}
  local function show(step)
    local names = {}
    for name in pairs(package.loaded) do
      if not known[name] then names[#names + 1] = name end
      known[name] = true
    end
    table.sort(names)
    if step then print(step .. ": " .. table.concat(names, " ")) end
  end
  show()
]]

local function steps(script)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(SHOW, script)
  file:close()
  local text, status = shell.run(shell.lua() .. " " .. shell.quote(path))
  os.remove(path)
  assert.equal(0, status, text)
  local list = {}
  for step, names in text:gmatch "([^\n:]+): ?([^\n]*)\n" do list[step] = names end
  return list
end

local A_CLIENT <const> = "sei.attempt sei.endpoint sei.wait"

describe("a start", function()
  local e

  setup(function() e = emulator.start { people = 20, accounts = 10 } end)
  teardown(function() e:stop() end)

  local function connect(options)
    return ("local client = sei.client { base_url = %q, api_key = %s, pace = false, %s }\n"):format(
      e.url, options.key or "'a-key-of-the-spec'", options[1] or "")
  end

  it("loads the core alone", function()
    local got = steps [[
      local sei = require "sei"
      show "require"
      assert(sei.csv.read and sei.json.decode and sei.text.fold and sei.similarity.jaro)
      assert(sei.error and sei.null and sei.plan and sei.apply and sei.record)
      show "data"
    ]]
    assert.equal("sei sei.core", got.require)
    assert.equal("", got.data)
  end)

  it("loads what a client needs with the first client", function()
    local got = steps([[local sei = require "sei"; show "require"]] .. "\n" .. connect {} .. [[
      show "client"
      for c in client:list_contributors {} do assert(c.id) end
      show "list"
      assert(client:get_schema())
      show "get"
      client:close()
      show "close"
    ]])
    assert.equal(A_CLIENT, got.client)
    assert.equal("", got.list)
    assert.equal("", got.get)
    assert.equal("", got.close)
  end)

  it("loads libcurl, and the libraries behind it, with the first client", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write([[
      local function has_libcurl()
        return io.open "/proc/self/maps":read "a":find("/libcurl", 1, true) ~= nil
      end
      local sei = require "sei"
      local row = sei.csv.read { text = "a,b\n1,2\n" }()
      assert(row.a == "1" and sei.json.decode '{"x":1}'.x == 1)
      print("data", has_libcurl())
    ]], connect {}, 'print("client", has_libcurl())')
    file:close()
    local text = shell.run(shell.lua() .. " " .. shell.quote(path))
    os.remove(path)
    assert.equal("data\tfalse\nclient\ttrue\n", text)
  end)

  it("says why libcurl cannot be loaded, and does without it", function()
    local folder = shell.folder()
    finally(function() shell.remove(folder) end)
    local script = [[
      local sei = require "sei"
      print(sei.csv.read { text = "a\n1\n" }().a)
      for _ = 1, 2 do
        print(pcall(sei.client, { region = "eu", api_key = "a-key-of-the-spec" }))
      end
      print(require "sei.core".host().problem)
    ]]
    -- neither is a library, or one of libcurl's functions is in it
    for _, made in ipairs { "echo none > $f", "cc -shared -nostdlib -o $f -x c /dev/null" } do
      shell.run(("cd %s && for f in libcurl.so.4 libcurl-gnutls.so.4; do %s; done"):format(
        shell.quote(folder), made))
      local text, status = shell.run(("LD_LIBRARY_PATH=%s %s -e %s"):format(shell.quote(folder),
        shell.lua(), shell.quote(script)))
      assert.equal(0, status, text)
      local why = text:match "^1\nfalse\t(libcurl cannot be loaded %([^\n]+%))\n"
      assert.truthy(why, text)
      assert.equal(("1\nfalse\t%s\nfalse\t%s\n%s\n"):format(why, why, why), text)
    end
  end)

  it("loads a part when it is first used", function()
    local got = steps([[local sei = require "sei"; show "require"]] .. "\n"
      .. connect { key = "sei.key.command { 'echo', 'a-key-of-the-spec' }" } .. [[
      show "client"
      local row = client:download_identities()()
      assert(client:patch_identities { { email = row.email, identity = row.identity,
        integrationId = math.tointeger(row.integrationId) } })
      show "write"
      for row in client:download_identities() do assert(row.email) end
      show "rows"
      assert(client:download_identities { to = function() end })
      show "down"
      assert(sei.rule.email)
      show "rule"
      assert(sei.wait.wrap(tostring)(1))
      show "wait"
    ]])
    assert.equal("sei.attempt sei.endpoint sei.key sei.wait", got.client)
    assert.equal("", got.rows)
    assert.equal("sei.download", got.down)
    assert.equal("sei.wait.waiters", got.wait)
    assert.matches("sei%.write", got.write)
    assert.is_nil(got.write:find("sei.plan", 1, true))
    assert.is_nil(got.rule:find("sei.plan", 1, true))
  end)

  it("loads hooks, logs, recordings and waiting only for who asks for them", function()
    local plain = [[local sei = require "sei"; show "require"]] .. "\n"
    local function brings(option)
      return steps(plain .. connect { option } .. 'assert(client:get_schema()) show "call"').call
    end
    assert.equal(A_CLIENT, brings "")
    assert.equal("sei.attempt sei.endpoint sei.event sei.wait", brings "on_request = type")
    assert.equal("sei.attempt sei.endpoint sei.event sei.log sei.wait",
      brings "log = function() end")
    local path = os.tmpname()
    assert.equal("sei.attempt sei.endpoint sei.record sei.wait",
      brings(("recording = assert(sei.record(%q))"):format(path)))
    os.remove(path)
    assert.equal(A_CLIENT, brings "wait = sei.wait.block")
    assert.equal(A_CLIENT .. " sei.wait.waiters",
      brings "wait = function(c) sei.wait.block(c) end")
  end)

  it("loads no package of others for a client", function()
    local got = steps([[local sei = require "sei"; show "require"]] .. "\n" .. connect {} .. [[
      for c in client:list_contributors {} do assert(c.id) end
      show "all"
    ]])
    for name in (got.require .. " " .. got.all):gmatch "%S+" do
      assert.is_true(name == "sei" or name:find "^sei%." == 1, name)
    end
  end)
end)
