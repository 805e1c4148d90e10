/* text - sei.text: folding names, and what is said about e-mail addresses. */
#ifndef SEI_LUA_TEXT_H
#define SEI_LUA_TEXT_H

#include <lua.h>

/* Pushes the table sei.text. */
int sei_open_text(lua_State *L);

#endif
