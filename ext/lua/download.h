/* download - a CSV reply as a stream of rows or bytes. For C files of this
 * folder. */
#ifndef SEI_LUA_DOWNLOAD_H
#define SEI_LUA_DOWNLOAD_H

#include <lua.h>

#define SEI_DOWNLOAD "sei.download"

/* Puts the function download into the table on top. */
void sei_open_download(lua_State *L);

#endif
