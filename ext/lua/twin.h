/* twin - a second descriptor of what a client waits for. For C files of this
 * folder. */
#ifndef SEI_LUA_TWIN_H
#define SEI_LUA_TWIN_H

#include <lua.h>

/* Puts twin, twin_fd, twin_turn, twin_close into the table on top. */
void sei_open_twin(lua_State *L);

#endif
