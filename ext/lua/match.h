/* match - what the C side does for sei.match. For C files of this folder. */
#ifndef SEI_LUA_MATCH_H
#define SEI_LUA_MATCH_H

#include <lua.h>

#include "options.h"

extern const struct sei_option sei_match_join_options[];

/* Adds its functions to the table on top of the stack. */
void sei_open_match(lua_State *L);

#endif
