/* reference - the option tables, for the reference. For C files of this
 * folder. */
#ifndef SEI_LUA_REFERENCE_H
#define SEI_LUA_REFERENCE_H

#include <lua.h>

/* Puts the function options into the table on top. */
void sei_open_reference(lua_State *L);

#endif
