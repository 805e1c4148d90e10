/* walk - the iterator of a list_* function. For C files of this folder. */
#ifndef SEI_LUA_WALK_H
#define SEI_LUA_WALK_H

#include <lua.h>

#include "../api/endpoint.h"
#include "options.h"

#define SEI_WALK "sei.walk"

/* Bytes of a filter, as JSON. */
enum { SEI_FILTER_MAX = 1024 * 1024 };

/* What a list_* function takes besides parameters and what every call
 * takes. */
const struct sei_option *sei_walk_options(const struct sei_endpoint *e);

/* Puts the function walk into the table on top. */
void sei_open_walk(lua_State *L);

#endif
