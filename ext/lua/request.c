/* request - a row of the endpoint table and a client become a request. */
#define _DEFAULT_SOURCE
#include "request.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

enum { PARAMS_MAX = 15 };

/* What every call takes. */
static const struct sei_option COMMON[] = {
  {"timeout", SEI_OPT_NUMBER, 0, 86400, NULL, "the client's",
   "seconds for the whole call; of an iterator: for a page"},
  {"query", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "further query parameters by name, sent as they are"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

static enum sei_option_type option_type(enum sei_param_type t)
{
  return t == SEI_PARAM_STRINGS ? SEI_OPT_STRINGS :
    t == SEI_PARAM_INTEGER ? SEI_OPT_INTEGER : SEI_OPT_STRING;
}

/* The endpoint's query parameters as options; `to` has PARAMS_MAX + 1 rows. */
static void params_of(const struct sei_endpoint *e, struct sei_option *to)
{
  size_t i;
  memset(to, 0, (PARAMS_MAX + 1) * sizeof *to);
  for(i = 0; e->params && e->params[i].name && i < PARAMS_MAX; i++) {
    to[i].name = e->params[i].name;
    to[i].type = option_type(e->params[i].type);
    to[i].max = 9007199254740992.0;
    to[i].initial = "none";
    to[i].doc = e->params[i].doc;
  }
}

void sei_request_push_options(lua_State *L, const struct sei_endpoint *e,
                              const struct sei_option *own)
{
  struct sei_option params[PARAMS_MAX + 1];
  params_of(e, params);
  lua_newtable(L);
  sei_options_append(L, own);
  sei_options_append(L, params);
  sei_options_append(L, COMMON);
}

void sei_request_check(lua_State *L, int index,
                       const struct sei_endpoint *e,
                       const struct sei_option *own)
{
  struct sei_option params[PARAMS_MAX + 1];
  const struct sei_option *tables[SEI_OPTION_TABLES];
  params_of(e, params);
  tables[0] = params;
  tables[1] = COMMON;
  tables[2] = own;
  tables[3] = NULL;
  sei_options_check(L, index, e->name, tables);
}

/* Percent-encodes all but RFC 3986's unreserved characters. */
static void add_escaped(luaL_Buffer *b, const char *s, size_t n)
{
  static const char HEX[] = "0123456789ABCDEF";
  size_t i;
  for(i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
       (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
      luaL_addchar(b, (char)c);
    else {
      luaL_addchar(b, '%');
      luaL_addchar(b, HEX[c >> 4]);
      luaL_addchar(b, HEX[c & 15]);
    }
  }
}

void sei_request_add_query(lua_State *L, const char *query, const char *name,
                           const char *value)
{
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, query);
  luaL_addchar(&b, *query ? '&' : '?');
  add_escaped(&b, name, strlen(name));
  luaL_addchar(&b, '=');
  add_escaped(&b, value, strlen(value));
  luaL_pushresult(&b);
}

/* Replaces the query on top by one with the value at `value` added; an array
 * repeats the name. */
static void append(lua_State *L, const char *name, int value)
{
  lua_Integer i, n;
  int query = lua_gettop(L);
  if(!lua_istable(L, value)) {
    const char *text = luaL_tolstring(L, value, NULL);
    sei_request_add_query(L, lua_tostring(L, query), name, text);
    lua_replace(L, query);
    lua_settop(L, query);
    return;
  }
  n = (lua_Integer)lua_rawlen(L, value);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, value, i);
    lua_insert(L, query);
    append(L, name, query);
    lua_remove(L, query);
  }
}

static void check_free(lua_State *L)
{
  if(lua_type(L, -2) != LUA_TSTRING || lua_isboolean(L, -1) ||
     !(lua_isstring(L, -1) || lua_istable(L, -1)))
    luaL_error(L, "bad option 'query' (names with strings, numbers or "
               "arrays of them expected)");
}

/* The smallest name in the table at `index` that comes after `last` (NULL:
 * the smallest of all), or NULL. It belongs to the table. */
static const char *next_name(lua_State *L, int index, const char *last)
{
  const char *best = NULL;
  for(lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    const char *name;
    check_free(L);
    name = lua_tostring(L, -2);
    if((!last || strcmp(name, last) > 0) &&
       (!best || strcmp(name, best) < 0))
      best = name;
  }
  return best;
}

/* The free parameters, in the order of their names so that the same options
 * give the same bytes. Query on top. */
static void append_free(lua_State *L, int options)
{
  const char *name = NULL;
  int query = lua_gettop(L);
  if(lua_getfield(L, options, "query") == LUA_TNIL) {
    lua_settop(L, query);
    return;
  }
  lua_insert(L, query++);
  while((name = next_name(L, query - 1, name))) {
    lua_getfield(L, query - 1, name);
    lua_insert(L, query);
    append(L, name, query);
    lua_remove(L, query);
  }
  lua_remove(L, query - 1);
}

void sei_request_push_query(lua_State *L, int index,
                            const struct sei_endpoint *e)
{
  const struct sei_param *p;
  index = lua_absindex(L, index);
  luaL_checkstack(L, 12, NULL);
  lua_pushliteral(L, "");
  for(p = e->params; p && p->name; p++) {
    lua_getfield(L, index, p->name);
    if(!lua_isnil(L, -1)) {
      lua_insert(L, -2);
      append(L, p->name, lua_gettop(L) - 1);
      lua_remove(L, -2);
    }
    else
      lua_pop(L, 1);
  }
  append_free(L, index);
}

const char *sei_request_push_url(lua_State *L, const struct sei_client *c,
                                 const struct sei_endpoint *e,
                                 const struct sei_send *send)
{
  const char *hole = strchr(e->path, '{');
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, c->base_url);
  if(hole) {
    luaL_addlstring(&b, e->path, (size_t)(hole - e->path));
    add_escaped(&b, send->version_id, strlen(send->version_id));
    luaL_addstring(&b, strchr(hole, '}') + 1);
  }
  else
    luaL_addstring(&b, e->path);
  luaL_addstring(&b, send->query ? send->query : "");
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}
