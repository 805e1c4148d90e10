/* cage_ask - how what runs in a cage asks its host for something.
 *
 * The question is left in the cage's registry and all coroutines yield, from
 * the innermost outwards; the host looks, does what it likes, waits as it
 * likes, and resumes with an answer. No function of the host is ever called
 * from within a cage.
 */
#include <lauxlib.h>

#include "cage.h"

static const char QUESTION = 0, ANSWER = 0;

/* Pushes what the host said: an array with its `n`. */
static int answered(lua_State *L, int status, lua_KContext k)
{
  lua_Integer i, n;
  (void)status;
  (void)k;
  lua_settop(L, 0);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &ANSWER);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &ANSWER);
  lua_getfield(L, 1, "n");
  n = lua_tointeger(L, -1);
  lua_settop(L, 1);
  luaL_checkstack(L, (int)n, "too many answers");
  for(i = 1; i <= n; i++)
    lua_rawgeti(L, 1, i);
  return (int)n;
}

static int l_ask(lua_State *L)
{
  struct sei_cage *c = sei_cage_of(L);
  int i, n = lua_gettop(L);
  if(c->locked || !lua_isyieldable(L))
    return luaL_error(L, "a client cannot be used here: a C function such as "
                      "table.sort or string.gsub is under way");
  sei_cage_tick(L, 1000);
  lua_createtable(L, n, 1);
  lua_insert(L, 1);
  for(i = n; i >= 1; i--)
    lua_rawseti(L, 1, i);
  lua_pushinteger(L, n);
  lua_setfield(L, 1, "n");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &QUESTION);
  c->asking = true;
  return lua_yieldk(L, 0, 0, answered);
}

void sei_cage_push_ask(lua_State *L)
{
  lua_pushcfunction(L, l_ask);
}

void sei_cage_push_question(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &QUESTION);
}

void sei_cage_pop_answer(lua_State *L)
{
  lua_rawsetp(L, LUA_REGISTRYINDEX, &ANSWER);
}
