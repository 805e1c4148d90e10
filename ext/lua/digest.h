/* digest - SHA-256 for lua/sei: see digest.c. */
#ifndef SEI_LUA_DIGEST_H
#define SEI_LUA_DIGEST_H

#include <lua.h>

/* Pushes a table of sha256, file, new. */
int sei_open_digest(lua_State *L);

#endif
