/* walk - the iterator of a list_* function. For C files of this folder. */
#ifndef SEI_LUA_WALK_H
#define SEI_LUA_WALK_H

#include <lua.h>

#define SEI_WALK "sei.walk"

/* Puts the function walk into the table on top. */
void sei_open_walk(lua_State *L);

#endif
