/* cage_table - the library table of a cage.
 *
 * Lua's own asks metamethods for each element and may be sent around for ever
 * without executing an instruction. These take tables as they are, and look
 * at the clock.
 */
#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>

#include "cage.h"

enum { STEP = 1024 };   /* elements between two looks at the clock */

/* Counts one element. */
static void pass(lua_State *L, lua_Unsigned *done)
{
  if(++*done % STEP == 0)
    sei_cage_tick(L, STEP);
}

static lua_Integer length(lua_State *L, int index)
{
  luaL_checktype(L, index, LUA_TTABLE);
  return (lua_Integer)lua_rawlen(L, index);
}

static int l_insert(lua_State *L)
{
  lua_Integer end = length(L, 1) + 1, at = end, i;
  lua_Unsigned done = 0;
  int n = lua_gettop(L);
  if(n != 2 && n != 3)
    return luaL_error(L, "wrong number of arguments to 'insert'");
  if(n == 3) {
    at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, at >= 1 && at <= end, 2, "position out of bounds");
  }
  for(i = end; i > at; i--) {
    lua_rawgeti(L, 1, i - 1);
    lua_rawseti(L, 1, i);
    pass(L, &done);
  }
  lua_rawseti(L, 1, at);
  return 0;
}

static int l_remove(lua_State *L)
{
  lua_Integer size = length(L, 1), at = luaL_optinteger(L, 2, size);
  lua_Unsigned done = 0;
  if(at != size)
    luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)size, 2,
                  "position out of bounds");
  lua_rawgeti(L, 1, at);
  for(; at < size; at++) {
    lua_rawgeti(L, 1, at + 1);
    lua_rawseti(L, 1, at);
    pass(L, &done);
  }
  lua_pushnil(L);
  lua_rawseti(L, 1, at);
  return 1;
}

/* table.move(from, f, e, t, to): upwards where that cannot overwrite what is
 * still to be moved, else downwards. */
static int l_move(lua_State *L)
{
  lua_Integer f = luaL_checkinteger(L, 2), e = luaL_checkinteger(L, 3);
  lua_Integer t = luaL_checkinteger(L, 4), i, n;
  int to = lua_isnoneornil(L, 5) ? 1 : 5;
  lua_Unsigned done = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, to, LUA_TTABLE);
  lua_settop(L, 5);
  if(e >= f) {
    bool up;
    luaL_argcheck(L, f > 0 || e < LUA_MAXINTEGER + f, 3,
                  "too many elements to move");
    n = e - f + 1;
    luaL_argcheck(L, t <= LUA_MAXINTEGER - n + 1, 4,
                  "destination wrap around");
    up = t > e || t <= f || (to != 1 && !lua_rawequal(L, 1, to));
    for(i = 0; i < n; i++) {
      lua_Integer k = up ? i : n - 1 - i;
      lua_rawgeti(L, 1, f + k);
      lua_rawseti(L, to, t + k);
      pass(L, &done);
    }
  }
  lua_pushvalue(L, to);
  return 1;
}

static int l_concat(lua_State *L)
{
  size_t n;
  lua_Integer size = length(L, 1), i, last;
  const char *between = luaL_optlstring(L, 2, "", &n);
  lua_Unsigned done = 0;
  luaL_Buffer b;
  i = luaL_optinteger(L, 3, 1);
  last = luaL_optinteger(L, 4, size);
  luaL_buffinit(L, &b);
  for(; i <= last; i++) {
    lua_rawgeti(L, 1, i);
    if(!lua_isstring(L, -1))
      return luaL_error(L, "invalid value (%s) at index %I in table "
                        "for 'concat'", luaL_typename(L, -1),
                        (LUAI_UACINT)i);
    luaL_addvalue(&b);
    if(i == last)
      break; /* i + 1 may be none */
    luaL_addlstring(&b, between, n);
    pass(L, &done);
  }
  luaL_pushresult(&b);
  return 1;
}

static int l_unpack(lua_State *L)
{
  lua_Integer size = length(L, 1), i = luaL_optinteger(L, 2, 1);
  lua_Integer last = luaL_optinteger(L, 3, size);
  lua_Unsigned n;
  if(i > last)
    return 0;
  n = (lua_Unsigned)last - (lua_Unsigned)i;
  if(n >= (unsigned)INT_MAX || !lua_checkstack(L, (int)++n))
    return luaL_error(L, "too many results to unpack");
  for(; i < last; i++)
    lua_rawgeti(L, 1, i);
  lua_rawgeti(L, 1, last);
  return (int)n;
}

/* ---- sorting ---- */

/* Whether the first goes before the second: by upvalue 1, or by <. */
static int l_before(lua_State *L)
{
  lua_settop(L, 2);
  sei_cage_tick(L, 4 + (lua_type(L, 1) == LUA_TSTRING ?
                        lua_rawlen(L, 1) / 64 : 0));
  if(lua_isnil(L, lua_upvalueindex(1))) {
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 2, 1);
  return 1;
}

static int l_sort(lua_State *L)
{
  static const char *const NONE[] = {"__index", "__newindex", "__len"};
  size_t i;
  length(L, 1);
  if(!lua_isnoneornil(L, 2))
    luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  for(i = 0; i < sizeof NONE / sizeof *NONE; i++)
    if(luaL_getmetafield(L, 1, NONE[i]) != LUA_TNIL)
      return luaL_error(L, "a table whose metatable has %s cannot be sorted "
                        "in a sandboxed recipe", NONE[i]);
  lua_pushcclosure(L, l_before, 1);
  lua_pushvalue(L, lua_upvalueindex(1)); /* Lua's own */
  lua_insert(L, 1);
  lua_call(L, 2, 0);
  return 0;
}

void sei_cage_open_table(lua_State *L)
{
  static const char *const STAY[] = {
    "concat", "insert", "move", "pack", "remove", "sort", "unpack", NULL
  };
  static const luaL_Reg OWN[] = {
    {"concat", l_concat}, {"insert", l_insert}, {"move", l_move},
    {"remove", l_remove}, {"unpack", l_unpack}, {NULL, NULL}
  };
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  lua_getfield(L, -1, "sort");
  lua_pushcclosure(L, l_sort, 1);
  lua_setfield(L, -2, "sort");
  luaL_setfuncs(L, OWN, 0);
  sei_cage_only(L, STAY);
  lua_pop(L, 1);
}
