/* error - the one shape of every error that Lua sees. For C files of this
 * folder; what scripts may do with an error stands in error.c. */
#ifndef SEI_LUA_ERROR_H
#define SEI_LUA_ERROR_H

#include <lua.h>

/* The metatable's name. */
#define SEI_ERROR "sei.error"

/* Pushes an error object {kind=, message=} and returns 1. `fmt` is that of
 * lua_pushfstring. Raises on memory only. The caller sets further fields
 * with lua_setfield and returns `nil, err` or calls lua_error. */
int sei_error_push(lua_State *L, const char *kind, const char *fmt, ...);

/* Pushes nil and the error object on top of the stack below it: turns
 * `…, err` into the two results `nil, err`; returns 2. */
int sei_error_return(lua_State *L);

/* Pushes the table {error = constructor, is_error = predicate}'s functions
 * into the table on top of the stack. */
void sei_open_error(lua_State *L);

#endif
