/* sei - for a host program in C that embeds the client: link libsei.a.
 *
 *   #include <lauxlib.h>
 *   #include <lualib.h>
 *   #include <sei.h>
 *
 *   lua_State *L = luaL_newstate();
 *   luaL_openlibs(L);
 *   sei_preload(L);              // from here on, require "sei" works
 *
 *   cc host.c -lsei $(pkg-config --libs lua5.4 libcurl zlib libutf8proc) \
 *      -lm -lpthread
 *
 * Everything is in the library, the Lua files too: the host ships no file
 * beside itself. Scripts that use lua-cjson (the C module `cjson`) bring it
 * along, or the host preloads it; the client itself does without.
 *
 * Any number of Lua states, in any threads: a state belongs to one thread at a
 * time, and nothing is shared between states.
 */
#ifndef SEI_H
#define SEI_H

#include <lua.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined __GNUC__
#define SEI_API __attribute__((visibility("default")))
#else
#define SEI_API
#endif

/* Puts every module of the client ("sei", "sei.core" and what stands below)
 * into package.preload, so that scripts may require them. Loads none. Needs
 * the package library to be open (luaL_openlibs, luaopen_package). Leaves the
 * stack as it was. Raises a Lua error on no memory, and where package.preload
 * is no table. */
SEI_API void sei_preload(lua_State *L);

/* The same, and loads "sei" and pushes its table: for luaL_requiref and for
 * hosts that list their libraries as lua_CFunctions. Returns 1. Raises what
 * loading raises. */
SEI_API int luaopen_sei(lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
