/* file - a file that appears whole, or not at all. For C files of this
 * folder. */
#ifndef SEI_LUA_FILE_H
#define SEI_LUA_FILE_H

#include <lua.h>

/* Puts the functions file, file_write, file_commit into the table on top. */
void sei_open_file(lua_State *L);

#endif
