rockspec_format = "3.0"
package = "sei"
version = "scm-1"
source = {
   url = "git+file://."
}
description = {
   summary = "Harness Software Engineering Insights for administrators",
   detailed = [[
      Who is who: which login in GitLab, Bitbucket or Jira belongs to which
      person. Lists, plans, writes, reads back and undoes, against the API of
      Harness SEI, with the rules of the house written in Lua.
   ]],
   license = "MIT"
}
dependencies = {
   "lua >= 5.4, < 5.5",
   "lua-cjson >= 2.1.0",
   "argparse >= 0.7.0"
}
-- libcurl (7.87 or newer), zlib, utf8proc and libcrypto are found by pkg-config: Debian
-- keeps libcurl's header where LuaRocks does not look.
build = {
   type = "make",
   build_target = "build",
   -- Not `install`: a rock holds what `require` finds, and the command.
   install_target = "install-rock",
   build_variables = {
      LUA = "$(LUA)",
      LUA_CFLAGS = "-I$(LUA_INCDIR)"
   },
   install_variables = {
      LUA = "$(LUA)",
      LUA_CFLAGS = "-I$(LUA_INCDIR)",
      PREFIX = "$(PREFIX)",
      LUADIR = "$(LUADIR)",
      LIBDIR = "$(LIBDIR)",
      BINDIR = "$(BINDIR)"
   }
}
-- The command finds its files from its own place. LuaRocks's wrapper would not
-- find those of a tree that it was not configured with.
deploy = {
   wrap_bin_scripts = false
}
