/* bytes - a byte buffer that a userdata owns, for C code that may raise while
 * it fills one. For C files of this folder. */
#ifndef SEI_LUA_BYTES_H
#define SEI_LUA_BYTES_H

#include <lua.h>

#include "../base/buf.h"

/* Pushes the owner of a new buffer and returns the buffer. */
struct sei_buf *sei_bytes_push(lua_State *L, size_t max);

#endif
