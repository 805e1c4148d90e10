/* rows_rules - the rules of a row that is sent, as the endpoint has them. */
#include <lauxlib.h>
#include <string.h>

#include "../base/nearest.h"
#include "rows_private.h"

/* Characters, not bytes: what the service counts. */
static size_t characters(const char *s, size_t n)
{
  size_t i, count = 0;
  for(i = 0; i < n; i++)
    count += ((unsigned char)s[i] & 0xC0) != 0x80;
  return count;
}

static bool has_type(lua_State *L, const struct sei_field *f)
{
  switch(f->type) {
  case SEI_FIELD_STRING:
    return lua_type(L, -1) == LUA_TSTRING;
  case SEI_FIELD_INTEGER:
    return lua_isinteger(L, -1);
  default:
    return lua_istable(L, -1);
  }
}

static const char *const WANTED[] = {"a string", "an integer", "an array",
  "an object"};

bool sei_rows_refuse(lua_State *L, int value, const char *field,
                     const char *reason)
{
  if(value)
    lua_pushvalue(L, value);
  else
    lua_pushnil(L);
  lua_pushstring(L, field);
  lua_pushstring(L, reason);
  return false;
}

static bool is_null(lua_State *L)
{
  return lua_isnil(L, -1) ||
    (lua_islightuserdata(L, -1) && !lua_touserdata(L, -1));
}

/* Pushes the row's member as it is sent: raw, since encoders run no
 * metamethods. What `__index` would add is not there. */
static void push_member(lua_State *L, int index, const char *name)
{
  lua_pushstring(L, name);
  lua_rawget(L, index);
}

/* A spreadsheet writes long numbers as 1.23457E+11, which is another one; so
 * no exponent is taken for a whole number, nor is anything else but digits. */
void sei_rows_loosen(lua_State *L, const struct sei_field *f)
{
  const char *s;
  int whole;
  lua_Integer i;
  if(f->type != SEI_FIELD_INTEGER || lua_type(L, -1) != LUA_TSTRING)
    return;
  s = lua_tostring(L, -1);
  i = lua_tointegerx(L, -1, &whole);
  if(whole && !s[strspn(s, "+-.0123456789 \t")]) {
    lua_pushinteger(L, i);
    lua_replace(L, -2);
  }
}

/* Whether the member on top obeys its rule; else field and reason are pushed
 * above it. */
static bool obeys(lua_State *L, const struct sei_rows *r,
                  const struct sei_field *f)
{
  size_t n;
  const char *s;
  int value = lua_gettop(L);
  if(is_null(L))
    return !f->required || sei_rows_refuse(L, 0, f->name, "is missing");
  if(r->csv)
    sei_rows_loosen(L, f);
  if(!has_type(L, f))
    return sei_rows_refuse(L, value, f->name,
                           lua_pushfstring(L, "must be %s, is %s",
                                           WANTED[f->type],
                                           luaL_typename(L, -1)));
  if(f->type != SEI_FIELD_STRING)
    return true;
  s = lua_tolstring(L, -1, &n);
  if(!n && f->required)
    return sei_rows_refuse(L, value, f->name, "is empty");
  if(f->max_length && characters(s, n) > f->max_length)
    return sei_rows_refuse(L, value, f->name,
                           lua_pushfstring(L, "has %d characters, the service "
                                           "keeps %d", (int)characters(s, n),
                                           (int)f->max_length));
  return true;
}

static bool is_known(const struct sei_endpoint *e, const char *name)
{
  const struct sei_field *f;
  for(f = e->fields; f->name; f++)
    if(!strcmp(f->name, name))
      return true;
  return false;
}

/* Whether all members of the row at `index` are known ones. */
static bool all_known(lua_State *L, const struct sei_endpoint *e, int index)
{
  const struct sei_field *f;
  const char *name, *best = NULL;
  size_t score = 0;
  int value = lua_gettop(L) + 2;
  for(lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[1]";
    if(is_known(e, name))
      continue;
    for(f = e->fields; f->name; f++)
      sei_nearest(name, f->name, &best, &score);
    return sei_rows_refuse(L, value, name, best ?
      lua_pushfstring(L, "is not a field of %s (did you mean '%s'?)",
                      e->name, best) :
      lua_pushfstring(L, "is not a field of %s", e->name));
  }
  return true;
}

/* "id|email": at least one of them is there. */
static bool has_either(lua_State *L, const struct sei_endpoint *e, int index)
{
  const char *at = e->either, *bar;
  bool there = !at;
  while(at && !there) {
    bar = strchr(at, '|');
    lua_pushlstring(L, at, bar ? (size_t)(bar - at) : strlen(at));
    lua_rawget(L, index);
    there = lua_type(L, -1) == LUA_TSTRING && lua_rawlen(L, -1) > 0;
    lua_pop(L, 1);
    at = bar ? bar + 1 : NULL;
  }
  return there ||
    sei_rows_refuse(L, 0, e->either, "are all missing; one is needed");
}

bool sei_rows_sound(lua_State *L, const struct sei_rows *r, int index)
{
  const struct sei_endpoint *e = r->endpoint;
  const struct sei_field *f;
  if(!e->fields) {
    return (lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) > 0) ||
      sei_rows_refuse(L, index, "email", "must be a string that is not empty");
  }
  if(!lua_istable(L, index))
    return sei_rows_refuse(L, index, "",
                           lua_pushfstring(L, "a row must be a table, is %s",
                                           luaL_typename(L, index)));
  for(f = e->fields; f->name; f++) {
    push_member(L, index, f->name);
    if(!obeys(L, r, f))
      return false;
    lua_pop(L, 1);
  }
  return has_either(L, e, index) && (e->open_fields || all_known(L, e, index));
}

const char *sei_rows_listed(const struct sei_endpoint *e, const char *field)
{
  size_t n = strlen(field);
  if(!e->warn_values || strncmp(e->warn_values, field, n) ||
     e->warn_values[n] != ':')
    return NULL;
  return e->warn_values + n + 1;
}

bool sei_rows_lists(const char *listed, const char *value, size_t n)
{
  const char *at, *bar;
  for(at = listed; at; at = bar ? bar + 1 : NULL) {
    bar = strchr(at, '|');
    if((bar ? (size_t)(bar - at) : strlen(at)) == n && !memcmp(at, value, n))
      return true;
  }
  return false;
}

bool sei_rows_unlisted(lua_State *L, const struct sei_endpoint *e, int index)
{
  const struct sei_field *f;
  const char *listed, *value;
  size_t n;
  for(f = e->fields; f && f->name; f++) {
    listed = sei_rows_listed(e, f->name);
    if(!listed)
      continue;
    push_member(L, index, f->name);
    value = lua_tolstring(L, -1, &n);
    if(!value || sei_rows_lists(listed, value, n)) {
      lua_pop(L, 1);
      continue;
    }
    lua_pushfstring(L, "%s '%s' is not a documented one; passed on as it is",
                    f->name, value);
    return true;
  }
  return false;
}
