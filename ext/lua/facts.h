/* facts - what the process that we run in has: libraries and limits. */
#ifndef SEI_LUA_FACTS_H
#define SEI_LUA_FACTS_H

#include <lua.h>

/* Sets `host` and `is_readable` in the table on top of the stack. */
void sei_open_facts(lua_State *L);

#endif
