/* twin - a second descriptor of what a client waits for.
 *
 * Some event loops cannot let go of a descriptor at once, and fail on one that
 * was closed before they did. They watch the twin: it is readable when the
 * client's own is, and stays open until its owner closes it.
 */
#define _GNU_SOURCE
#include "twin.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define TWIN "sei.twin"

/* core.twin(client) -> twin. Raises if there is no descriptor left. */
static int l_twin(lua_State *L)
{
  int own = sei_pool_fd(sei_client_open(L, 1)->pool);
  int *fd = lua_newuserdatauv(L, sizeof *fd, 0);
  *fd = -1;
  luaL_setmetatable(L, TWIN);
  *fd = fcntl(own, F_DUPFD_CLOEXEC, 3);
  if(*fd < 0)
    return luaL_error(L, "no descriptor for waiting: %s", strerror(errno));
  return 1;
}

/* core.twin_turn(twin, client): the same number is another client's from now
 * on. Nobody must watch it meanwhile. */
static int l_twin_turn(lua_State *L)
{
  const int *fd = luaL_checkudata(L, 1, TWIN);
  int own = sei_pool_fd(sei_client_open(L, 2)->pool);
  luaL_argcheck(L, *fd >= 0, 1, "is closed");
  if(dup3(own, *fd, O_CLOEXEC) < 0)
    return luaL_error(L, "no descriptor for waiting: %s", strerror(errno));
  return 0;
}

/* core.twin_fd(twin) -> integer, -1 when it is closed. */
static int l_twin_fd(lua_State *L)
{
  lua_pushinteger(L, *(int *)luaL_checkudata(L, 1, TWIN));
  return 1;
}

/* core.twin_close(twin), __gc. Twice is fine. */
static int l_twin_close(lua_State *L)
{
  int *fd = luaL_checkudata(L, 1, TWIN);
  if(*fd >= 0)
    close(*fd);
  *fd = -1;
  return 0;
}

void sei_open_twin(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"twin", l_twin}, {"twin_fd", l_twin_fd}, {"twin_close", l_twin_close},
    {"twin_turn", l_twin_turn},
    {NULL, NULL}
  };
  luaL_newmetatable(L, TWIN);
  lua_pushcfunction(L, l_twin_close);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
