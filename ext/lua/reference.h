/* reference - options and limits, for the reference. For C files of this
 * folder. */
#ifndef SEI_LUA_REFERENCE_H
#define SEI_LUA_REFERENCE_H

#include <lua.h>

/* Puts the functions options and limits into the table on top. */
void sei_open_reference(lua_State *L);

#endif
