/* usage - what this process took so far. For C files of this folder. */
#ifndef SEI_LUA_USAGE_H
#define SEI_LUA_USAGE_H

#include <lua.h>

/* Puts the function usage into the table on top. */
void sei_open_usage(lua_State *L);

#endif
