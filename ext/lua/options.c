/* options - tables of options, checked against tables of rows.
 *
 * Every function that takes options names them in a static table; a wrong
 * name is an error that suggests the right one, a wrong value says what was
 * expected. The reference prints the same tables.
 */
#include "options.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "../base/nearest.h"

static const char *const TYPE_NAMES[] = {
  "string", "string or key source", "boolean", "number", "integer",
  "function", "table", "string", "string or array of strings", "any"
};

static const struct sei_option *find(const struct sei_option *const *tables,
                                     const char *name)
{
  const struct sei_option *row;
  for(; *tables; tables++)
    for(row = *tables; row->name; row++)
      if(!strcmp(row->name, name))
        return row;
  return NULL;
}

static int unknown(lua_State *L, const char *what, const char *name,
                   const struct sei_option *const *tables)
{
  const char *best = NULL;
  size_t score = 0;
  const struct sei_option *row;
  for(; *tables; tables++)
    for(row = *tables; row->name; row++)
      sei_nearest(name, row->name, &best, &score);
  if(best)
    return luaL_error(L, "unknown option '%s' for %s (did you mean '%s'?)",
                      name, what, best);
  return luaL_error(L, "unknown option '%s' for %s", name, what);
}

/* Pushes what a row wants, in words. */
static const char *expected(lua_State *L, const struct sei_option *row)
{
  if(row->type == SEI_OPT_CHOICE)
    return lua_pushfstring(L, "one of %s", row->choices);
  if(row->type == SEI_OPT_STRING)
    return lua_pushliteral(L, "string without control characters");
  if(row->type == SEI_OPT_INTEGER)
    return lua_pushfstring(L, "integer from %I to %I", (LUAI_UACINT)row->min,
                           (LUAI_UACINT)row->max);
  if(row->type == SEI_OPT_NUMBER)
    return lua_pushfstring(L, "number above %f, at most %f", row->min,
                           row->max);
  return lua_pushstring(L, TYPE_NAMES[row->type]);
}

static bool is_clean(lua_State *L, int value)
{
  size_t n, i;
  const char *s = lua_tolstring(L, value, &n);
  for(i = 0; i < n; i++)
    if((unsigned char)s[i] < 32 || s[i] == 127)
      return false;
  return n > 0;
}

/* The first item of a list that is no clean string, or 0. */
static lua_Integer unfit_item(lua_State *L, int value)
{
  lua_Integer i, n = (lua_Integer)lua_rawlen(L, value);
  bool ok = true;
  for(i = 1; i <= n && ok; i++) {
    lua_rawgeti(L, value, i);
    ok = lua_type(L, -1) == LUA_TSTRING && is_clean(L, -1);
    lua_pop(L, 1);
  }
  return ok ? 0 : i - 1;
}

/* Pushes what is wrong with a table that is no list of strings. */
static const char *given_list(lua_State *L, int value)
{
  lua_Integer unfit = unfit_item(L, value);
  if(!unfit)
    return lua_pushliteral(L, "a table without items");
  if(lua_rawgeti(L, value, unfit) == LUA_TSTRING)
    return lua_pushfstring(L, "a table whose item %I is empty or has control "
                           "characters", (LUAI_UACINT)unfit);
  return lua_pushfstring(L, "a table whose item %I is of type %s",
                         (LUAI_UACINT)unfit, luaL_typename(L, -1));
}

/* Pushes what was given, in words; a short value is shown, a secret never. */
static const char *given(lua_State *L, int value, enum sei_option_type type)
{
  int t = lua_type(L, value);
  if(type == SEI_OPT_SECRET)
    return lua_pushstring(L, luaL_typename(L, value));
  if(type == SEI_OPT_STRINGS && t == LUA_TTABLE)
    return given_list(L, value);
  if(t == LUA_TNUMBER || t == LUA_TBOOLEAN)
    return luaL_tolstring(L, value, NULL);
  if(t == LUA_TSTRING && lua_rawlen(L, value) <= 40) {
    size_t n, i;
    const char *s = lua_tolstring(L, value, &n);
    for(i = 0; i < n; i++)
      if((unsigned char)s[i] < 32 || s[i] == 127)
        return lua_pushliteral(L, "a string with control characters");
    return lua_pushfstring(L, "'%s'", s);
  }
  return lua_pushstring(L, luaL_typename(L, value));
}

static bool is_choice(lua_State *L, int value, const char *choices)
{
  size_t n;
  const char *s, *at = choices;
  if(lua_type(L, value) != LUA_TSTRING)
    return false;
  s = lua_tolstring(L, value, &n);
  while(at && n) {
    if(!strncmp(at, s, n) && (at[n] == '|' || !at[n]))
      return true;
    at = strchr(at, '|');
    at = at ? at + 1 : NULL;
  }
  return false;
}

static bool is_strings(lua_State *L, int value)
{
  if(lua_type(L, value) == LUA_TSTRING)
    return is_clean(L, value);
  return lua_type(L, value) == LUA_TTABLE && lua_rawlen(L, value) > 0 &&
    !unfit_item(L, value);
}

static bool is_callable(lua_State *L, int value)
{
  if(lua_isfunction(L, value))
    return true;
  if(luaL_getmetafield(L, value, "__call") == LUA_TNIL)
    return false;
  lua_pop(L, 1);
  return true;
}

static bool is_integer(lua_State *L, int value, const struct sei_option *row)
{
  int whole;
  lua_Integer i = lua_tointegerx(L, value, &whole);
  return lua_type(L, value) == LUA_TNUMBER && whole &&
    (double)i >= row->min && (double)i <= row->max;
}

static bool is_number(lua_State *L, int value, const struct sei_option *row)
{
  double d = lua_tonumber(L, value);
  return lua_type(L, value) == LUA_TNUMBER && d > row->min && d <= row->max;
}

static bool fits(lua_State *L, int value, const struct sei_option *row)
{
  int t = lua_type(L, value);
  switch(row->type) {
  case SEI_OPT_STRING:
    return t == LUA_TSTRING && is_clean(L, value);
  case SEI_OPT_SECRET:
    return t == LUA_TSTRING || t == LUA_TTABLE || is_callable(L, value);
  case SEI_OPT_BOOLEAN:
    return t == LUA_TBOOLEAN;
  case SEI_OPT_NUMBER:
    return is_number(L, value, row);
  case SEI_OPT_INTEGER:
    return is_integer(L, value, row);
  case SEI_OPT_FUNCTION:
    return is_callable(L, value);
  case SEI_OPT_TABLE:
    return t == LUA_TTABLE;
  case SEI_OPT_CHOICE:
    return is_choice(L, value, row->choices);
  case SEI_OPT_STRINGS:
    return is_strings(L, value);
  case SEI_OPT_ANY:
    break;
  }
  return true;
}

static void check_pair(lua_State *L, const char *what,
                       const struct sei_option *const *tables)
{
  const struct sei_option *row;
  int value = lua_gettop(L), key = value - 1;
  if(lua_type(L, key) != LUA_TSTRING)
    luaL_error(L, "options of %s are named; got a value at %s %s", what,
               luaL_typename(L, key), luaL_tolstring(L, key, NULL));
  row = find(tables, lua_tostring(L, key));
  if(!row)
    unknown(L, what, lua_tostring(L, key), tables);
  else if(!fits(L, value, row)) {
    const char *want = expected(L, row), *got = given(L, value, row->type);
    luaL_error(L, "bad option '%s' for %s (%s expected, got %s)", row->name,
               what, want, got);
  }
}

void sei_options_check(lua_State *L, int index, const char *what,
                       const struct sei_option *const *tables)
{
  index = lua_absindex(L, index);
  luaL_checkstack(L, 8, NULL);
  if(lua_isnil(L, index)) {
    lua_newtable(L);
    lua_replace(L, index);
  }
  if(lua_type(L, index) != LUA_TTABLE)
    luaL_error(L, "%s takes a table of options, got %s", what,
               luaL_typename(L, index));
  lua_pushnil(L);
  while(lua_next(L, index)) {
    check_pair(L, what, tables);
    lua_pop(L, 1);
  }
}

double sei_option_number(lua_State *L, int index, const char *name,
                         double otherwise)
{
  if(lua_getfield(L, index, name) == LUA_TNUMBER)
    otherwise = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return otherwise;
}

lua_Integer sei_option_integer(lua_State *L, int index, const char *name,
                               lua_Integer otherwise)
{
  if(lua_getfield(L, index, name) == LUA_TNUMBER)
    otherwise = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return otherwise;
}

bool sei_option_boolean(lua_State *L, int index, const char *name,
                        bool otherwise)
{
  if(lua_getfield(L, index, name) == LUA_TBOOLEAN)
    otherwise = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return otherwise;
}

const char *sei_option_string(lua_State *L, int index, const char *name,
                              const char *otherwise)
{
  if(lua_getfield(L, index, name) == LUA_TSTRING)
    otherwise = lua_tostring(L, -1);
  lua_pop(L, 1);
  return otherwise;
}

static void set_string(lua_State *L, const char *key, const char *value)
{
  if(!value)
    return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

static void push_row(lua_State *L, const struct sei_option *row)
{
  bool any = row->type == SEI_OPT_ANY && row->choices;
  lua_createtable(L, 0, 6);
  set_string(L, "name", row->name);
  set_string(L, "type", any ? row->choices : TYPE_NAMES[row->type]);
  set_string(L, "choices", any ? NULL : row->choices);
  set_string(L, "default", row->initial);
  set_string(L, "doc", row->doc);
  if(row->type == SEI_OPT_INTEGER || row->type == SEI_OPT_NUMBER) {
    lua_pushnumber(L, row->min);
    lua_setfield(L, -2, "min");
    lua_pushnumber(L, row->max);
    lua_setfield(L, -2, "max");
  }
}

void sei_options_append(lua_State *L, const struct sei_option *table)
{
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
  for(; table->name; table++) {
    push_row(L, table);
    lua_rawseti(L, -2, ++n);
  }
}
