-- What the Makefile promises: an environment, a command that runs from
-- anywhere, an installation, a rock.
local shell = require "spec.support.shell"

local quote = shell.quote
local top = shell.run "pwd":gsub("\n", "")

-- The sanitizer's build needs its runtime in the process, which an installed
-- command has no reason to know of.
local sanitized = (os.getenv "SEI_SANITIZE" or "") ~= ""
local installs = sanitized and pending or it

-- Runs the command as a stranger would: no path of ours in the environment.
local function elsewhere(command)
  return shell.run("cd / && env -i PATH=/usr/bin:/bin HOME=/nonexistent " .. command)
end

describe("make", function()
  it("explains its targets", function()
    local text, status = shell.make "help"
    assert.equal(0, status, text)
    for _, target in ipairs { "build", "test", "check", "demo", "install", "env" } do
      assert.matches("\n?  " .. target .. " +%S", text)
    end
  end)

  it("prints an environment that a shell can take over", function()
    local text, status = shell.run(
      'unset LUA_PATH LUA_CPATH; eval "$(make -s env)" && echo "$LUA_PATH" && echo "$LUA_CPATH"')
    assert.equal(0, status, text)
    local lua_path, lua_cpath = text:match "^(.-)\n(.-)\n$"
    assert.equal(top .. "/lua/?.lua;" .. top .. "/lua/?/init.lua;;", lua_path)
    assert.equal(top .. "/build/lib/?.so;;", lua_cpath)
  end)

  it("has nothing to do a second time", function()
    shell.make "build"
    local text, status = shell.make "build"
    assert.equal(0, status, text)
    assert.equal("", text)
  end)

  it("makes a command that runs from any folder, and through a link", function()
    local folder = shell.folder()
    local command = shell.build() .. "/bin/sei"
    if command:sub(1, 1) ~= "/" then command = top .. "/" .. command end
    shell.run(("ln -s %s %s/sei"):format(quote(command), quote(folder)))
    local text, status = elsewhere(quote(folder) .. "/sei --version")
    shell.remove(folder)
    assert.equal(0, status, text)
    assert.matches("^sei %S+", text)
  end)
end)

describe("make install", function()
  local folder

  before_each(function() folder = shell.folder() end)
  after_each(function() shell.remove(folder) end)

  installs("puts everything below DESTDIR, where it runs, and takes it away again", function()
    local place = ("DESTDIR=%s PREFIX=/opt/some"):format(quote(folder))
    local text, status = shell.make("install " .. place)
    assert.equal(0, status, text)

    text, status = elsewhere(quote(folder) .. "/opt/some/bin/sei --version")
    assert.equal(0, status, text)
    assert.matches("^sei %S+", text)

    text = shell.run(("cd %s/opt/some && find . ! -type d"):format(quote(folder)))
    for _, file in ipairs {
      "bin/sei", "include/sei.h", "lib/libsei.a", "lib/libsei.so", "lib/pkgconfig/sei.pc",
      "lib/pkgconfig/sei-static.pc", "lib/lua/5.4/sei/core.so",
      "share/lua/5.4/sei/init.lua", "share/sei/meta/sei.lua",
      "share/man/man1/sei.1", "share/bash-completion/completions/sei",
      "share/zsh/site-functions/_sei",
    } do
      assert(text:find("./" .. file .. "\n", 1, true), file .. " is not there:\n" .. text)
    end

    text, status = shell.make("uninstall " .. place)
    assert.equal(0, status, text)
    assert.equal("", (shell.run(("find %s ! -type d"):format(quote(folder)))))
  end)

  installs("leaves the emulator out where its library is missing; the command runs", function()
    local text, status = shell.make(("install EMULATOR= DESTDIR=%s"):format(quote(folder)))
    assert.equal(0, status, text)
    assert.matches("the emulator is left out", text)
    assert.equal("", (shell.run(("find %s -path '*sandbox/*'"):format(quote(folder)))))
    text, status = elsewhere(quote(folder) .. "/usr/local/bin/sei --version")
    assert.equal(0, status, text)
    assert.matches("^sei %S+", text)
  end)

  installs("builds a rock from the rockspec, and it can be required", function()
    local tree = quote(folder .. "/tree")
    local text, status = shell.making("HOME=" .. quote(folder) ..
      " luarocks --lua-version 5.4 make --deps-mode none --tree " .. tree .. " sei-scm-1.rockspec")
    assert.equal(0, status, text)

    local script = "print(type(require 'sei'.client), package.searchpath('sei', package.path))"
    text, status = elsewhere(("sh -c %s"):format(quote(
      ("LUA_PATH='%s/tree/share/lua/5.4/?.lua;%s/tree/share/lua/5.4/?/init.lua;;' "
      .. "LUA_CPATH='%s/tree/lib/lua/5.4/?.so;;' lua5.4 -e %s"):format(
        folder, folder, folder, quote(script)))))
    assert.equal(0, status, text)
    assert.equal("function\t" .. folder .. "/tree/share/lua/5.4/sei/init.lua\n", text)

    text, status = elsewhere(tree .. "/bin/sei --version")
    assert.equal(0, status, text)
    assert.matches("^sei %S+", text)
  end)
end)

describe("the list of packages", function()
  it("is quick and silent where everything is installed", function()
    local text, status = shell.run "sh .ci/deps demo test"
    assert.equal(0, status, text)
    assert.equal("", text)
  end)

  it("names an unknown set", function()
    local text, status = shell.run "sh .ci/deps biuld"
    assert.equal(1, status)
    assert.matches("there is no set 'biuld'", text)
  end)
end)
