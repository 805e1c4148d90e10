/* call - one request with one reply. For C files of this folder. */
#ifndef SEI_LUA_CALL_H
#define SEI_LUA_CALL_H

#include <lua.h>

/* Puts the function call into the table on top. */
void sei_open_call(lua_State *L);

#endif
