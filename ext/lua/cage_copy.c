/* cage_copy - values cross the border of a cage as plain data.
 *
 * Nothing of one state is ever seen in the other: tables are made anew,
 * without metatables, functions and userdata are refused by the name of their
 * place. A table that is reached twice is copied twice, and counted twice.
 */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "cage.h"

enum { VALUE_BYTES = 16, TABLE_BYTES = 64, STACK = 6,
  SIZE_GUESS = 4096, /* items that room is made for at once */
  STEP = 1024        /* values between two looks at the clock */ };

const char sei_cage_late[] = "its time is over";

struct copy {
  lua_State *from, *to;
  struct sei_cage *cage;
  unsigned values;
  size_t left;              /* bytes */
  unsigned depth;
  const char *problem;
  char *where;
  size_t size;
};

static bool fail(struct copy *w, const char *problem)
{
  w->problem = problem;
  *w->where = '\0';
  return false;
}

/* Puts the key at `index` of `from` before the place that failed. */
static bool name_place(struct copy *w, int index)
{
  char step[64], rest[256];
  int type = lua_type(w->from, index);
  if(type == LUA_TSTRING)
    snprintf(step, sizeof step, ".%.40s", lua_tostring(w->from, index));
  else if(lua_isinteger(w->from, index))
    snprintf(step, sizeof step, "[%lld]",
             (long long)lua_tointeger(w->from, index));
  else
    snprintf(step, sizeof step, "[%s]", lua_typename(w->from, type));
  snprintf(rest, sizeof rest, "%s", w->where);
  snprintf(w->where, w->size, "%s%s", step, rest);
  return false;
}

static bool spend(struct copy *w, size_t bytes)
{
  if(bytes > w->left)
    return fail(w, "it is too large");
  w->left -= bytes;
  return true;
}

static bool copy_value(struct copy *w, int index);

static bool copy_string(struct copy *w, int index)
{
  size_t n;
  const char *s = lua_tolstring(w->from, index, &n);
  if(!spend(w, n))
    return false;
  lua_pushlstring(w->to, s, n);
  return true;
}

/* Whether the key at `index` is among the items that were paid for already. */
static bool is_paid(const struct copy *w, int index, lua_Integer paid)
{
  lua_Integer i;
  if(!lua_isinteger(w->from, index))
    return false;
  i = lua_tointeger(w->from, index);
  return i >= 1 && i <= paid;
}

/* Key and value are on top of `from`, the table on top of `to`. */
static bool copy_pair(struct copy *w, lua_Integer paid)
{
  int top = lua_gettop(w->from);
  if(is_paid(w, top - 1, paid))
    w->left += VALUE_BYTES;
  if(!copy_value(w, top - 1) || !copy_value(w, top))
    return name_place(w, top - 1);
  lua_rawset(w->to, -3);
  return true;
}

static bool copy_table(struct copy *w, int index)
{
  size_t n = lua_rawlen(w->from, index);
  int items = n < SIZE_GUESS ? (int)n : SIZE_GUESS;
  if(w->depth >= SEI_CAGE_DEPTH)
    return fail(w, "tables are nested too deeply, or in a circle");
  /* A table that has room for many may have but the last of them. */
  if(!spend(w, TABLE_BYTES + (size_t)items * VALUE_BYTES))
    return false;
  w->depth++;
  lua_createtable(w->to, items, 0);
  for(lua_pushnil(w->from); lua_next(w->from, index);
      lua_pop(w->from, 1))
    if(!copy_pair(w, items))
      return false;
  w->depth--;
  return true;
}

/* As sei_cage_copy(); what was pushed may be incomplete when it fails. */
static bool copy_value(struct copy *w, int index)
{
  if(!lua_checkstack(w->from, STACK))
    return fail(w, "there is not enough memory");
  luaL_checkstack(w->to, STACK, NULL);
  if(!spend(w, VALUE_BYTES))
    return false;
  if(++w->values % STEP == 0 && sei_cage_over(w->cage))
    return fail(w, sei_cage_late);
  switch(lua_type(w->from, index)) {
  case LUA_TNIL:
    lua_pushnil(w->to);
    return true;
  case LUA_TBOOLEAN:
    lua_pushboolean(w->to, lua_toboolean(w->from, index));
    return true;
  case LUA_TNUMBER:
    if(lua_isinteger(w->from, index))
      lua_pushinteger(w->to, lua_tointeger(w->from, index));
    else
      lua_pushnumber(w->to, lua_tonumber(w->from, index));
    return true;
  case LUA_TSTRING:
    return copy_string(w, index);
  case LUA_TTABLE:
    return copy_table(w, index);
  case LUA_TLIGHTUSERDATA:
    if(!lua_touserdata(w->from, index)) { /* sei.null */
      lua_pushlightuserdata(w->to, NULL);
      return true;
    }
    return fail(w, "it is a userdata, and only data may pass");
  case LUA_TFUNCTION:
    return fail(w, "it is a function, and only data may pass");
  case LUA_TTHREAD:
    return fail(w, "it is a coroutine, and only data may pass");
  default:
    return fail(w, "it is a userdata, and only data may pass");
  }
}

const char *sei_cage_copy(struct sei_cage *c, lua_State *from, int index,
                          lua_State *to, size_t max, char *where,
                          size_t size)
{
  int top = lua_gettop(from), to_top = lua_gettop(to);
  struct copy w = {0};
  w.cage = c;
  w.from = from;
  w.to = to;
  w.left = max;
  w.where = where;
  w.size = size;
  *where = '\0';
  if(copy_value(&w, lua_absindex(from, index))) {
    c->copied = max - w.left;
    return NULL;
  }
  lua_settop(from, top);
  lua_settop(to, to_top);
  return w.problem;
}
