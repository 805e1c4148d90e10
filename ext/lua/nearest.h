/* nearest - the nearest known name, for Lua. */
#ifndef SEI_LUA_NEAREST_H
#define SEI_LUA_NEAREST_H

#include <lua.h>

/* Adds `nearest` to the table on top of the stack. */
void sei_open_nearest(lua_State *L);

#endif
