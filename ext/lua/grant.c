/* grant - what a client may do that works for somebody who is not trusted. */
#define _DEFAULT_SOURCE
#include "grant.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/nearest.h"
#include "client.h"
#include "error.h"

enum { DAY = 86400, MANY = 1000000000 };

const struct sei_option sei_grant_options[] = {
  {"operations", SEI_OPT_STRINGS, 0, 0, NULL, "all that only read",
   "names of the endpoint functions that may be called"},
  {"writes", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
   "whether operations that write may be among them"},
  {"hosts", SEI_OPT_STRINGS, 0, 0, NULL, "that of the client's address",
   "hosts that may be asked, each as host or host:port"},
  {"requests", SEI_OPT_INTEGER, 0, MANY, NULL, "100",
   "requests in all, repetitions included"},
  {"time", SEI_OPT_NUMBER, 0, DAY, NULL, "86400",
   "seconds from now after which nothing is sent or waited for"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

/* ---- reading it ---- */

static uint64_t bit_of(const struct sei_endpoint *e)
{
  return UINT64_C(1) << (e - sei_endpoints);
}

static int unknown_operation(lua_State *L, const char *name)
{
  const char *best = NULL;
  size_t score = 0;
  const struct sei_endpoint *e;
  for(e = sei_endpoints; e->name; e++)
    sei_nearest(name, e->name, &best, &score);
  return luaL_error(L, "unknown operation '%s' in 'operations' of grant%s%s%s",
                    name, best ? " (did you mean '" : "", best ? best : "",
                    best ? "'?)" : "");
}

/* Adds the name on top, and pops it. */
static void add_operation(lua_State *L, struct sei_grant *g)
{
  const char *name = lua_tostring(L, -1);
  const struct sei_endpoint *e = sei_endpoint_find(name);
  if(!e)
    unknown_operation(L, name);
  else if(e->effect == SEI_WRITES && !g->writes)
    luaL_error(L, "'%s' in 'operations' of grant writes, and 'writes' is not "
               "true", name);
  else
    g->operations |= bit_of(e);
  lua_pop(L, 1);
}

static void read_operations(lua_State *L, int options, struct sei_grant *g)
{
  const struct sei_endpoint *e;
  lua_Integer i, n;
  int type = lua_getfield(L, options, "operations");
  for(e = sei_endpoints; type == LUA_TNIL && e->name; e++)
    if(e->effect == SEI_READS)
      g->operations |= bit_of(e);
  if(type == LUA_TSTRING) {
    lua_pushvalue(L, -1);
    add_operation(L, g);
  }
  n = type == LUA_TTABLE ? (lua_Integer)lua_rawlen(L, -1) : 0;
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, -1, i);
    add_operation(L, g);
  }
  lua_pop(L, 1);
}

/* Keeps the hosts as "a|b|". Whatever is no host equals none. */
static void read_hosts(lua_State *L, int options, struct sei_grant *g)
{
  lua_Integer i, n;
  luaL_Buffer b;
  int type = lua_getfield(L, options, "hosts"), at = lua_gettop(L);
  if(type == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  luaL_buffinit(L, &b);
  n = type == LUA_TSTRING ? 1 : (lua_Integer)lua_rawlen(L, at);
  for(i = 1; i <= n; i++) {
    if(type == LUA_TSTRING)
      lua_pushvalue(L, at);
    else
      lua_rawgeti(L, at, i);
    luaL_addvalue(&b);
    luaL_addchar(&b, '|');
  }
  luaL_pushresult(&b);
  g->hosts = strdup(lua_tostring(L, -1));
  if(!g->hosts)
    luaL_error(L, "not enough memory");
  lua_settop(L, at - 1);
}

void sei_grant_read(lua_State *L, int options, struct sei_client *c)
{
  static const struct sei_option *const tables[] = {sei_grant_options, NULL};
  struct sei_grant *g = &c->grant;
  int at;
  if(lua_getfield(L, options, "grant") == LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  at = lua_gettop(L);
  sei_options_check(L, at, "grant", tables);
  g->on = true;
  g->writes = sei_option_boolean(L, at, "writes", false);
  g->requests = (uint64_t)sei_option_integer(L, at, "requests", 100);
  g->deadline = sei_clock() + sei_option_number(L, at, "time", DAY);
  read_operations(L, at, g);
  read_hosts(L, at, g);
  lua_settop(L, at - 1);
}

/* ---- holding to it ---- */

/* Whether `hosts` lists the host, with or without the port, of the URL. */
static bool lists(const char *hosts, const char *url)
{
  const char *host = strstr(url, "://");
  size_t all, bare;
  if(!host)
    return false;
  host += 3;
  all = strcspn(host, "/?#");
  bare = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
  for(; *hosts; hosts += strcspn(hosts, "|") + 1) {
    size_t n = strcspn(hosts, "|");
    if((n == all || n == bare) && !strncasecmp(hosts, host, n))
      return true;
  }
  return false;
}

static int refuse(lua_State *L, const char *why, const char *what)
{
  sei_error_push(L, "refused", "%s%s", why, what);
  lua_pushliteral(L, "grant");
  lua_setfield(L, -2, "code");
  return lua_error(L);
}

void sei_grant_check(lua_State *L, const struct sei_client *c,
                     const struct sei_endpoint *e, const char *url, bool file)
{
  const struct sei_grant *g = &c->grant;
  if(!g->on)
    return;
  if(e->effect == SEI_WRITES && !g->writes)
    refuse(L, "this client may only read, which is not what it does by ",
           e->name);
  if(!(g->operations & bit_of(e)))
    refuse(L, "this client may not call ", e->name);
  if(file)
    refuse(L, "this client may not read a file, as it would by ", e->name);
  if(g->hosts && !lists(g->hosts, url))
    refuse(L, "this client may not ask the host of ", c->base_url);
  if(!g->requests)
    refuse(L, "this client has no request left for ", e->name);
  if(sei_clock() >= g->deadline)
    refuse(L, "this client's time was over before ", e->name);
}

bool sei_grant_take(struct sei_client *c)
{
  struct sei_grant *g = &c->grant;
  if(!g->on)
    return true;
  if(!g->requests || sei_clock() >= g->deadline)
    return false;
  g->requests--;
  return true;
}

void sei_grant_free(struct sei_grant *g)
{
  free(g->hosts);
  g->hosts = NULL;
}

/* core.granted(client) -> nil: no grant; else how many requests are left. */
static int l_granted(lua_State *L)
{
  const struct sei_grant *g = &sei_client_check(L, 1)->grant;
  if(g->on)
    lua_pushinteger(L, (lua_Integer)g->requests);
  else
    lua_pushnil(L);
  return 1;
}

void sei_open_grant(lua_State *L)
{
  lua_pushcfunction(L, l_granted);
  lua_setfield(L, -2, "granted");
}
