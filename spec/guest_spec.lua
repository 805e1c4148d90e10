-- A good guest: what the library leaves alone in a host program (spec/host/guest.c,
-- clash.c) and in a Lua state.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"
local tls = require "spec.support.tls"

-- Set by `make valgrind`.
local UNDER <const> = os.getenv "SEI_UNDER" or ""

local e

local function absolute(path)
  return path:sub(1, 1) == "/" and path or shell.run "pwd":gsub("\n", "") .. "/" .. path
end

-- Repetitions would hide what a fork did to a request.
local function client(url, more)
  return ('{"base_url":"%s","api_key":"test-key","pace":false,"retries":0,"attempt_timeout":20%s}')
    :format(url or e.url, more or "")
end

local function run(under, program, ...)
  return shell.run(("timeout -k 5 200 %s %s"):format(under,
    shell.join { absolute(shell.build() .. "/spec/host/" .. program), ... }))
end

setup(function()
  local text, status = shell.make "host-programs"
  assert(status == 0, text)
  e = emulator.start { people = 120 }
end)

before_each(function() e:latency(0) end)

teardown(function() if e then e:stop() end end)

local function passes(name, under, options)
  local text, status = run(under or UNDER, "guest", name, options or client())
  assert.equal(0, status, text)
  assert.matches("ok " .. name .. "\n$", text)
end

describe("in a host program, the library", function()
  it("changes no signal, mask, locale, folder, variable or descriptor; hands none on", function()
    e:latency(40) -- some steps later it still runs
    passes "process"
  end)
  it("registers nothing for the program's exit", function() passes "no_atexit" end)
  it("works beside a host that starts and ends libcurl itself", function()
    passes "curl_of_host"
  end)
  it("may be closed after any step", function() passes "close_any_time" end)
  it("lets the host close its state at any moment", function() passes "close_state" end)
end)

-- What a child leaves behind on purpose is no leak of the parent's: not under valgrind.
describe("after a fork", function()
  it("a context says so in the child, and goes on in the parent", function()
    e:latency(40)
    passes("fork_context", "")
  end)

  it("so does a client; closing it there costs the parent no request, file or lock", function()
    e:latency(40)
    passes("fork_state", "")
  end)

  it("nor does it end the parent's TLS, at rest or with a request under way", function()
    local dir = tls.folder()
    local server <close> = tls.count(dir, "good")
    finally(function() shell.remove(dir) end)
    passes("fork_tls", "", client(server.url, (',"ca_file":"%s/ca.pem"'):format(dir)))
  end)
end)

describe("loaded for all to see, into a host with functions of the same names", function()
  local function loads(...)
    local text, status = run("env LUA_PATH=" .. shell.quote(absolute "lua/?.lua;"
      .. absolute "lua/?/init.lua"), "clash", client(), ...)
    assert.equal(0, status, text)
    assert.equal("ok clash\n", text)
  end
  local core, shared = absolute(shell.build() .. "/lib/sei/core.so"),
    absolute(shell.build() .. "/libsei.so")

  it("the module works", function() loads(core) end)
  it("the shared library works", function() loads(shared) end)
  it("both work side by side", function() loads(core, shared) end)
end)

describe("in a Lua state, the module", function()
  it("changes no global, no metatable, no search path, and loads only its own", function()
    local script = ([[
      local function state()
        local list = {}
        local function add(where, t)
          for name, value in pairs(t) do
            list[#list + 1] = ("%%s.%%s %%s"):format(where, name, value)
          end
        end
        for _, name in ipairs { "string", "table", "io", "os", "math", "debug", "coroutine",
          "utf8" } do add(name, _G[name]) end
        add("_G", _G)
        add("string's", getmetatable "")
        add("file's", getmetatable(io.stdout))
        list[#list + 1] = package.path .. package.cpath .. #package.searchers
        list[#list + 1] = tostring(debug.gethook()) .. os.setlocale() .. tostring(getmetatable(1))
        for name in pairs(package.loaded) do
          if not name:find "^sei" then list[#list + 1] = "loaded " .. name end
        end
        table.sort(list)
        return table.concat(list, "\n")
      end
      local before = state()
      local sei = require "sei"
      local client <close> = sei.client(assert(sei.json.decode(%q)))
      for _ in client:list_contributors { page_size = 50 } do end
      assert(#sei.match.run { people = {}, accounts = {}, rules = sei.rule.defaults() }.decisions
        == 0)
      assert(sei.source and sei.review and sei.text.fold "X")
      assert(before == state(), before .. "\n---\n" .. state())
      print "unchanged"]]):format(client())
    local text, status = shell.run(shell.lua() .. " -e " .. shell.quote(script))
    assert.equal(0, status, text)
    assert.equal("unchanged\n", text)
  end)

  it("imports nothing that would change the process", function()
    local text = shell.run("nm -D --undefined-only " .. shell.quote(shell.build()
      .. "/lib/sei/core.so"))
    local known = {}
    for name in text:gmatch " U ([%w_]+)" do known[name] = true end
    assert.is_true(known.epoll_create1)
    for _, name in ipairs { "exit", "_exit", "abort", "atexit", "on_exit", "setlocale",
      "uselocale", "setenv", "putenv", "unsetenv", "clearenv", "chdir", "umask", "fork", "vfork",
      "execve", "system", "popen", "signal", "sigprocmask", "pthread_sigmask", "printf", "puts",
      "perror", "curl_global_cleanup", "__assert_fail" } do
      assert.is_nil(known[name], name)
    end
  end)
end)
