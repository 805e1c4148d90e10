-- The checks of `make check` find what they are there for: each is shown a small
-- project with one fault, and one without.
local shell = require "spec.support.shell"

local quote = shell.quote
local top = shell.run "pwd":gsub("\n", "")
local folder

-- Writes a file of the small project.
local function write(file, text)
  shell.run(("cd %s && mkdir -p \"$(dirname %s)\""):format(quote(folder), quote(file)))
  local handle = assert(io.open(folder .. "/" .. file, "wb"))
  handle:write(text)
  handle:close()
end

-- Runs a command line in the small project.
local function inside(command)
  return shell.run(("cd %s && %s"):format(quote(folder), command))
end

before_each(function()
  folder = shell.folder()
  inside "git init -q"
end)
after_each(function() shell.remove(folder) end)

describe("the layout check", function()
  local function check(file, text)
    write(file, text)
    return inside("lua5.4 " .. quote(top) .. "/.ci/layout")
  end

  local long = ("  int a;\n"):rep(70)
  local faults = {
    { "a folder that includes another part", "ext/http/x.c",
      '/* x. */\n#include "../api/page.h"\n', "ext/http/x.c:2: ext/http must not include ext/api" },
    { "curl outside ext/http", "ext/lua/x.c",
      "/* x. */\n#include <curl/curl.h>\n", "ext/lua/x.c:2: includes <curl/curl.h>" },
    { "Lua outside its folders", "ext/data/x.c",
      "/* x. */\n#include <lauxlib.h>\n", "ext/data/x.c:2: includes <lauxlib.h>" },
    { "the emulator's use of the client", "lua/sei/sandbox/x.lua",
      '-- x\nlocal json = require "sei.json"\nreturn json\n', "x.lua:2: requires sei.json" },
    { "the client's use of the emulator", "lua/sei/plan.lua",
      '-- x\nreturn require("sei.sandbox.store")\n', "plan.lua:2: requires sei.sandbox.store" },
    { "a long line", "ext/base/x.c",
      "/* " .. ("x"):rep(90) .. " */\n", "ext/base/x.c:1: has 96 columns" },
    { "a blank at the end", "lua/sei/x.lua", "-- x \n", "x.lua:1: ends with blanks" },
    { "a tab", "lua/sei/x.lua", "-- x\n\treturn 1\n", "x.lua:2: has a tab" },
    { "a missing newline", "lua/sei/x.lua", "-- x\nreturn 1", "x.lua:2: does not end" },
    { "a file that does not say its job", "lua/sei/x.lua",
      "return 1\n", "x.lua:1: does not begin" },
    { "a long file", "lua/sei/x.lua",
      "-- x\n" .. ("local a = 1\n"):rep(600), "x.lua:1: has 601 lines" },
    { "a long function", "ext/base/x.c",
      "/* x. */\nstatic void f(void)\n{\n" .. long .. "}\n", "x.c:2: f() has 73 lines" },
    { "an unfinished word", "lua/sei/x.lua",
      "-- x\n-- TO" .. "DO: y\n", "x.lua:2: the word" },
    { "a stranger at the top", "notes/x.md", "x\n", "notes/x.md:1: 'notes' does not belong" },
    { "a blank before a parenthesis", "ext/base/x.c",
      "/* x. */\nvoid f(void)\n{\n  if (1) return;\n}\n", "x.c:4: write if(" },
  }
  for _, row in ipairs(faults) do
    it("finds " .. row[1], function()
      local text, status = check(row[2], row[3])
      assert.equal(1, status, text)
      assert(text:find(row[4], 1, true), text)
      assert.equal(1, select(2, text:gsub("\n", "")), text)
    end)
  end

  it("has nothing to say of a file that keeps the rules", function()
    local text, status = check("ext/base/x.c",
      '/* x - nothing. */\n#include "buf.h"\n\nstatic int f(void)\n{\n  return 1;\n}\n')
    assert.equal("", text)
    assert.equal(0, status)
  end)

  it("lets a long file be that gives its reason", function()
    local text, status = check("lua/sei/x.lua",
      "-- x - long because it is a table.\n" .. ("local a = 1\n"):rep(600))
    assert.equal("", text)
    assert.equal(0, status)
  end)
end)

describe("the check of symbols", function()
  local ENTRY = '/* x. */\n__attribute__((visibility("default"))) int luaopen_sei_core(void);\n'
    .. "int luaopen_sei_core(void)\n{\n  return 0;\n}\n"

  -- Builds a module of one file as the Makefile does, and checks it.
  local function check(text)
    write("ext/base/x.c", text)
    local out, status = inside(
      "mkdir -p build/obj/ext/base build/lib/sei && "
      .. "gcc -fPIC -fvisibility=hidden -c -o build/obj/ext/base/x.o ext/base/x.c && "
      .. "gcc -shared -o build/lib/sei/core.so build/obj/ext/base/x.o")
    assert.equal(0, status, out)
    return inside("sh " .. quote(top) .. "/.ci/symbols build")
  end

  it("has nothing to say of a module that keeps the rules", function()
    local text, status = check(ENTRY .. "static const int table[] = {1};\n"
      .. "int sei_first(void);\nint sei_first(void)\n{\n  return table[0];\n}\n")
    assert.equal("", text)
    assert.equal(0, status)
  end)

  local shown = '__attribute__((visibility("default"))) int sei_x(void)\n{\n  return 1;\n}\n'
  local faults = {
    { "an export too many", ENTRY .. shown, "core.so:1: shows the symbol sei_x" },
    { "a hidden entry point", "int luaopen_sei_core(void)\n{\n  return 0;\n}\n",
      "core.so:1: does not show luaopen_sei_core" },
    { "a global function without our prefix", ENTRY .. "int other(void)\n{\n  return 1;\n}\n",
      "ext/base/x.c:1: other is not static" },
    { "mutable state", ENTRY .. "int sei_f(void)\n{\n  static int n;\n  return ++n;\n}\n",
      "ext/base/x.c:1: n is mutable state" },
    { "a function that nobody wrote",
      ENTRY .. "int sei_none(void);\nint sei_f(void)\n{\n  return sei_none();\n}\n",
      "core.so:1: needs sei_none" },
  }
  for _, row in ipairs(faults) do
    it("finds " .. row[1], function()
      local text, status = check(row[2])
      assert.equal(1, status, text)
      assert(text:find(row[3], 1, true), text)
      assert.equal(1, select(2, text:gsub("\n", "")), text)
    end)
  end
end)

describe("the check of the reference", function()
  -- A project whose only modules are the two given, without a C side.
  local function project(init)
    shell.run(("cp -r %s/.ci %s"):format(quote(top), quote(folder)))
    write("lua/sei/core.lua", "-- core - nothing.\nreturn {}\n")
    write("lua/sei/init.lua", init)
  end

  local function check(init)
    project(init)
    return inside "LUA_PATH='./lua/?.lua;./lua/?/init.lua;;' lua5.4 .ci/doc/check.lua"
  end

  local GOOD = [[
--- The face.
-- @module sei
local sei = { key = {} }

--- Adds one.
-- It is not much.
-- @tparam int n a number
-- @tparam[opt] table options
-- @tparam[opt=1] int options.by how much
-- @treturn[1] int the sum
-- @treturn[2] nil
-- @treturn[2] string why not
function sei.add(n, options) return n + (options and options.by or 1) end

--- A key from nowhere.
-- @treturn {string,...} all of it
function sei.key.none() return {} end
]]

  it("has nothing to say where all is documented", function()
    local text, status = check(GOOD .. "return sei\n")
    assert.equal("", text)
    assert.equal(0, status)
  end)

  it("finds a function that nobody described", function()
    local text, status = check(GOOD .. "function sei.key.secret() end\nreturn sei\n")
    assert.equal(1, status)
    assert.matches("sei%.key%.secret can be called and is not documented", text)
  end)

  it("finds a description of nothing", function()
    local text, status = check(GOOD .. "--- Gone.\n-- @function gone\n\nreturn sei\n")
    assert.equal(1, status)
    assert.matches("init%.lua:18: sei%.gone is documented, but there is no such function", text)
  end)

  it("finds a description without a sentence", function()
    local text, status = check(GOOD .. "---\n-- @function add2\nsei.add2 = sei.add\nreturn sei\n")
    assert.equal(1, status)
    assert.matches("init%.lua:18: sei%.add2 has no sentence", text)
  end)

  it("has annotations made of the same comments", function()
    project(GOOD .. "return sei\n")
    local text, status = inside("mkdir meta && " .. shell.lua()
      .. " .ci/doc/meta.lua meta && cat meta/sei.lua")
    assert.equal(0, status, text)
    assert(text:find("---@meta sei\n", 1, true), text)
    assert(text:find([[
---@class sei.add.options
---@field by? integer how much

---Adds one.
---It is not much.
---@param n integer a number
---@param options? sei.add.options
---@return integer|nil # the sum
---@return string|nil # why not
function M.add(n, options) end
]], 1, true), text)
    assert.matches("function M%.none%(%) end", inside "cat meta/sei.key.lua")
  end)
end)
