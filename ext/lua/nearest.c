/* nearest - the known name that a misspelt one most likely meant, for the
 * options that Lua checks. */
#include "../base/nearest.h"

#include <lauxlib.h>

#include "nearest.h"

/* core.nearest(wrong, {name, ...}) -> the nearest name, or nil if none is
 * near. */
static int l_nearest(lua_State *L)
{
  const char *wrong = luaL_checkstring(L, 1);
  const char *best = NULL;
  size_t score = 0;
  lua_Integer i, n;
  luaL_checktype(L, 2, LUA_TTABLE);
  n = (lua_Integer)lua_rawlen(L, 2);
  for(i = 1; i <= n; i++) {
    /* The string stays in the table while its bytes are looked at. */
    if(lua_rawgeti(L, 2, i) == LUA_TSTRING)
      sei_nearest(wrong, lua_tostring(L, -1), &best, &score);
    lua_pop(L, 1);
  }
  if(best)
    lua_pushstring(L, best);
  else
    lua_pushnil(L);
  return 1;
}

void sei_open_nearest(lua_State *L)
{
  lua_pushcfunction(L, l_nearest);
  lua_setfield(L, -2, "nearest");
}
