/* state - a Lua state for one input: new for each, so that findings can be
 * repeated, with an allocator that counts and may refuse.
 * Each target that needs Lua includes it once. */
#ifndef SEI_SPEC_FUZZ_STATE_H
#define SEI_SPEC_FUZZ_STATE_H

#include <lauxlib.h>
#include <lua.h>

#include "../../ext/lua/error.h"
#include "../../ext/lua/json.h"
#include "opinion.h"

enum { STATE_MEMORY = 64 << 20 };       /* bytes that one input may take */

static size_t state_bytes;
static long state_left; /* allocations until one is refused; negative: never */

static void *state_alloc(void *user, void *block, size_t old, size_t size)
{
  void *fresh;
  (void)user;
  if(!block)
    old = 0;
  if(!size) {
    state_bytes -= old;
    free(block);
    return NULL;
  }
  MUST(size < STATE_MEMORY && state_bytes - old + size < STATE_MEMORY);
  if(size > old && state_left >= 0 && state_left-- == 0) {
    state_left = 0;     /* and from then on all of them */
    return NULL;
  }
  fresh = realloc(block, size);
  if(fresh)
    state_bytes += size - old;
  return fresh;
}

static lua_State *state_open(void)
{
  lua_State *L;
  state_bytes = 0;
  state_left = -1;
  L = lua_newstate(state_alloc, NULL);
  MUST(L != NULL);
  lua_newtable(L);
  sei_open_error(L);
  sei_open_json(L);
  lua_setfield(L, -2, "json");
  return L;
}

/* Runs f(argument) in protected mode. With `refuse` >= 0, the allocation of
 * that number and all behind it fail: then nothing but that may go wrong.
 * Answers whether f came to its end. */
static inline bool state_run(lua_State *L, lua_CFunction f, void *argument,
                             long refuse)
{
  int status, top = lua_gettop(L);
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, argument);
  state_left = refuse;
  status = lua_pcall(L, 1, 0, 0);
  state_left = -1;
  if(status != LUA_OK && refuse < 0)
    fprintf(stderr, "raised: %s\n", lua_tostring(L, -1));
  MUST(status == LUA_OK || refuse >= 0);
  MUST(status == LUA_OK || status == LUA_ERRMEM ||
       strstr(lua_tostring(L, -1), "memory"));
  lua_settop(L, top);
  return status == LUA_OK;
}

static void state_close(lua_State *L)
{
  lua_close(L);
  MUST(state_bytes == 0);
}

#endif
