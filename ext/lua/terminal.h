/* terminal - what a file of Lua is connected to, and who may read it. */
#ifndef SEI_LUA_TERMINAL_H
#define SEI_LUA_TERMINAL_H

#include <lua.h>

/* Puts the functions is_terminal, columns, file_mode into the table on top. */
void sei_open_terminal(lua_State *L);

#endif
