/* similarity - sei.similarity. For C files of this folder. */
#ifndef SEI_LUA_SIMILARITY_H
#define SEI_LUA_SIMILARITY_H

#include <lua.h>

/* Pushes the table of its functions. */
int sei_open_similarity(lua_State *L);

#endif
