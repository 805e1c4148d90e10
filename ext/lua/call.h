/* call - one request with one reply. For C files of this folder. */
#ifndef SEI_LUA_CALL_H
#define SEI_LUA_CALL_H

#include <lua.h>

#include "../api/endpoint.h"
#include "options.h"

/* Bytes of a body that is given as a value. */
enum { SEI_BODY_MAX = 16 * 1024 * 1024 };

/* What an endpoint's function takes besides parameters and what every call
 * takes; that of a list is sei_walk_options(). */
const struct sei_option *sei_call_options(const struct sei_endpoint *e);

/* Puts the function call into the table on top. */
void sei_open_call(lua_State *L);

#endif
