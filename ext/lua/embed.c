/* embed - the whole client inside a host program: its modules come from the
 * library instead of from files. Part of libsei.a only. */
#include "embed.h"

#include <lauxlib.h>

#include "../sei.h"

/* Of ext/lua/core.c; the loader of the module finds it by this name. */
int luaopen_sei_core(lua_State *L);

/* The loader of one module: its row is upvalue 1. Passes on what `require`
 * gives, as if the file had been found. */
static int load_embedded(lua_State *L)
{
  const struct sei_embedded *row = lua_touserdata(L, lua_upvalueindex(1));
  int arguments = lua_gettop(L);
  if(luaL_loadbufferx(L, (const char *)row->text, row->size, row->chunk, "t"))
    return lua_error(L);
  lua_insert(L, 1);
  lua_call(L, arguments, 1);
  return 1;
}

void sei_preload(lua_State *L)
{
  const struct sei_embedded *row;
  luaL_checkstack(L, 4, "no room to preload sei");
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  if(!lua_istable(L, -1))
    luaL_error(L, "open the package library before sei_preload()");
  for(row = sei_embedded; row->module; row++) {
    /* Only ever read; Lua has no pointers to const. */
    lua_pushlightuserdata(L, (void *)row);
    lua_pushcclosure(L, load_embedded, 1);
    lua_setfield(L, -2, row->module);
  }
  lua_pushcfunction(L, luaopen_sei_core);
  lua_setfield(L, -2, "sei.core");
  lua_pop(L, 1);
}

/* Through `require`, so that modules which require "sei" themselves find the
 * one that is being loaded here and not a second one. */
int luaopen_sei(lua_State *L)
{
  sei_preload(L);
  lua_getglobal(L, "require");
  if(!lua_isfunction(L, -1))
    return luaL_error(L, "open the package library before luaopen_sei()");
  lua_pushliteral(L, "sei");
  lua_call(L, 1, 1);
  return 1;
}
