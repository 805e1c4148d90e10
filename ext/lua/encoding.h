/* encoding - for lua/sei: text in another encoding becomes UTF-8. */
#ifndef SEI_LUA_ENCODING_H
#define SEI_LUA_ENCODING_H

#include <lua.h>

/* Registers core.encoding and core.encoding_feed. */
void sei_open_encoding(lua_State *L);

#endif
