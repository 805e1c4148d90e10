/* interrupt - signals, for the command alone: a library leaves them be. */
#ifndef SEI_LUA_INTERRUPT_H
#define SEI_LUA_INTERRUPT_H

#include <lua.h>

/* Puts the functions catch_signals, caught_signal into the table on top.
 * Nothing is installed before Lua calls the first of them. */
void sei_open_interrupt(lua_State *L);

#endif
