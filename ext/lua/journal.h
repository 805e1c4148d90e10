/* journal - journals and locks for lua/sei. */
#ifndef SEI_LUA_JOURNAL_H
#define SEI_LUA_JOURNAL_H

#include <lua.h>

/* Pushes the table core.journal and returns 1. */
int sei_open_journal(lua_State *L);

#endif
