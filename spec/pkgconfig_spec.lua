-- The libraries for C programs as they are installed: what pkg-config says is
-- all that a host is built with, and what it needs at run time is all there.
local emulator = require "spec.support.emulator"
local shell = require "spec.support.shell"

local quote = shell.quote

-- The installed libraries of a sanitizer's build need its runtime, of which
-- pkg-config knows nothing.
if (os.getenv "SEI_SANITIZE" or "") ~= "" then
  describe("the installed libraries", function()
    pending "are not installed with a sanitizer in them"
  end)
  return
end

local e, folder

-- In the environment of a stranger.
local function elsewhere(command, more)
  return shell.run(("cd %s && env -i PATH=/usr/bin:/bin HOME=/nonexistent SEI_API_KEY=test-key"
    .. " PKG_CONFIG_PATH=%s/tree/lib64/pkgconfig %s %s"):format(quote(folder), folder,
    more or "", command))
end

-- Builds a program of the examples, by pkg-config alone.
local function build(package, example, target, words)
  local source = shell.run "pwd":gsub("\n", "") .. "/examples/embed/" .. example
  local text, status = elsewhere("sh -c " .. quote(("cc -Wall -Wextra -Werror $(pkg-config"
    .. " --cflags %s) -o %s %s $(pkg-config --libs %s) -lpthread %s"):format(package, target,
    quote(source), package, words or "")))
  assert(status == 0, text)
end

local function client()
  return quote(('{"base_url":"%s","api_key":{"env":"SEI_API_KEY"}}'):format(e.url))
end

setup(function()
  folder = shell.folder()
  local text, status = shell.make(("install PREFIX=%s/tree CLIBDIR=%s/tree/lib64"):format(
    quote(folder), quote(folder)))
  assert(status == 0, text)
  e = emulator.start { people = 120 }
end)

teardown(function()
  if e then e:stop() end
  if folder then shell.remove(folder) end
end)

describe("the installed libraries", function()
  it("have the version of the header", function()
    local version = shell.run "sh .ci/api version"
    for _, package in ipairs { "sei", "sei-static" } do
      assert.equal(version, (elsewhere("pkg-config --modversion " .. package)))
    end
    assert.matches("libsei%.so%.0", (shell.run(("readelf -d %s/tree/lib64/libsei.so.%s"):format(
      folder, version))))
    assert.matches("^%-I" .. folder:gsub("%p", "%%%0") .. "/tree/include%s",
      (elsewhere "pkg-config --cflags sei"))
  end)

  it("serve a program that is linked with the shared one", function()
    build("sei", "loop.c", "shared")
    assert.matches("libsei%.so%.0", (shell.run("readelf -d " .. folder .. "/shared")))
    local text, status = elsewhere("./shared " .. client() .. " 2",
      "LD_LIBRARY_PATH=" .. folder .. "/tree/lib64")
    assert.equal(0, status, text)
    assert.matches('context 2: {"count":120,', text)
  end)

  it("serve a program that has the static one inside", function()
    build("sei-static", "threads.c", "static")
    assert.is_nil((shell.run("readelf -d " .. folder .. "/static"):find("libsei", 1, true)))
    local text, status = elsewhere("./static " .. client() .. " 2 4")
    assert.equal(0, status, text)
    assert.matches("4 done", text)
  end)

  it("serve a program that knows Lua", function()
    build("sei lua5.4", "host.c", "host", "-Wl,-rpath," .. folder .. "/tree/lib64")
    local text, status = elsewhere("./host " .. quote(e.url))
    assert.equal(0, status, text)
    assert.matches("^thread 1: 120 contributors", text)
  end)

  it("show nothing but what the header declares", function()
    local names = shell.run("nm -D --defined-only " .. folder .. "/tree/lib64/libsei.so")
    for name in names:gmatch " %a (%S+)\n" do
      assert.matches("^sei_", (name:gsub("^luaopen_sei$", "sei_"):gsub("^luaopen_", "")))
    end
  end)
end)
