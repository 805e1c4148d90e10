/* clash - a host whose own functions are called as the library's inner ones
 * (they end the program), and which loads it for all to see.
 *
 *   clash CLIENT LIBRARY...     LIBRARY: core.so or libsei.so; LUA_PATH says
 *                               where the Lua files of the first one are
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <lauxlib.h>
#include <lualib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static const char SCRIPT[] =
  "local options = ...\n"
  "local sei = require 'sei'\n"
  "options = assert(sei.json.decode(options))\n"
  "options.api_key = 'test-key'\n"
  "local client <close> = sei.client(options)\n"
  "local n = 0\n"
  "for _ in client:list_contributors { page_size = 50 } do n = n + 1 end\n"
  "assert(client:download_identities { to = function() end })\n"
  "assert(sei.match.join({ 'ada' }, { 'ada' }))\n"
  "assert(sei.text.fold 'X' == 'x')\n"
  "return n\n";

/* The library's own function of that name, or NULL. */
static int (*function_of(void *library, const char *name))(lua_State *)
{
  int (*f)(lua_State *) = NULL;
  void *address = dlsym(library, name);
  if(address)
    memcpy(&f, &address, sizeof f);
  return f;
}

static void use(void *library, const char *client)
{
  int (*open)(lua_State *) = function_of(library, "luaopen_sei");
  int (*open_core)(lua_State *) = function_of(library, "luaopen_sei_core");
  lua_State *L = luaL_newstate();
  CHECK(L != NULL && open_core != NULL);
  luaL_openlibs(L);
  if(open)
    open(L);
  else {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open_core);
    lua_setfield(L, -2, "sei.core");
  }
  if(luaL_loadstring(L, SCRIPT))
    CHECK_IN(0, lua_tostring(L, -1));
  lua_pushstring(L, client);
  if(lua_pcall(L, 1, 1, 0))
    CHECK_IN(0, luaL_tolstring(L, -1, NULL));
  CHECK(lua_tointeger(L, -1) == 120);
  lua_close(L);
}

/* What the libraries do when the process forks went with them. */
static void fork_without(void)
{
  int status = 0;
  pid_t child = fork();
  if(!child)
    _exit(7);
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

int main(int argc, char **argv)
{
  void *libraries[8];
  int i, round;
  CHECK(argc > 2 && argc < 10);
  for(i = 2; i < argc; i++) {
    libraries[i - 2] = dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL);
    CHECK_IN(libraries[i - 2] != NULL, dlerror());
  }
  for(round = 0; round < 2; round++)
    for(i = 0; i < argc - 2; i++)
      use(libraries[i], argv[1]);
  for(i = 0; i < argc - 2; i++)
    CHECK(!dlclose(libraries[i]));
  fork_without();
  puts("ok clash");
  return 0;
}
