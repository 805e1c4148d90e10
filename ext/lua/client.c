/* client - one SEI account: where it is, with which key, over which pool.
 *
 * A userdata that owns the pool of connections. Calls, iterators and streams
 * hold it by user value, so it lives as long as any of them.
 */
#define _DEFAULT_SOURCE
#include "client.h"

#include <errno.h>
#include <lauxlib.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "options.h"

enum { KEY_MAX = 64 * 1024, MIB = 1024 * 1024 };

/* User values: what overrides open points; what the Lua side keeps. */
enum { UV_GROUPS = 1, UV_STATE, UV_COUNT = UV_STATE };

static const struct sei_option OPTIONS[] = {
  {"region", SEI_OPT_CHOICE, 0, 0, "prod1|prod2|prod3|eu", "none",
   "the service's region; or give base_url"},
  {"base_url", SEI_OPT_STRING, 0, 0, NULL, "none",
   "the API's address, as https://<host>/sei/api"},
  {"api_key", SEI_OPT_SECRET, 0, 0, NULL, "required",
   "the key: a string, sei.key.env/file/command(...), or a function"},
  {"auth", SEI_OPT_CHOICE, 0, 0, "x-api-key|apikey|bearer|raw",
   "by the key's shape", "how the key is sent"},
  {"account", SEI_OPT_STRING, 0, 0, NULL, "from the key, if it is in there",
   "account id, sent as Harness-Account"},
  {"window", SEI_OPT_INTEGER, 1, 64, NULL, "4",
   "pages under way at once in an iterator"},
  {"timeout", SEI_OPT_NUMBER, 0, 86400, NULL, "300",
   "seconds for a whole call; of an iterator: for a page"},
  {"connect_timeout", SEI_OPT_NUMBER, 0, 3600, NULL, "10",
   "seconds to connect"},
  {"stall_timeout", SEI_OPT_NUMBER, 0, 3600, NULL, "30",
   "seconds without a byte"},
  {"ca_file", SEI_OPT_STRING, 0, 0, NULL, "the system's",
   "file with the certificates to trust (PEM)"},
  {"proxy", SEI_OPT_STRING, 0, 0, NULL, "the environment's",
   "proxy address; loopback never goes through it"},
  {"user_agent", SEI_OPT_STRING, 0, 0, NULL, "sei/1",
   "User-Agent header"},
  {"allow_http", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
   "plain http beyond loopback"},
  {"max_body", SEI_OPT_INTEGER, 1024, 4294967296.0, NULL, "67108864",
   "bytes of one reply, streams excepted"},
  {"wait", SEI_OPT_FUNCTION, 0, 0, NULL, "block on the descriptor",
   "how to wait: called with the client, returns when it is worth a step"},
  {"identities", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "overrides of open points of the identities endpoints"},
  {"cloud_ids", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "overrides of open points of the cloud-ids endpoints"},
  {"developers", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "overrides of open points of the developers endpoints"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

/* The open points of api.md section 3 that a group may override. */
static const struct sei_option OPEN_POINTS[] = {
  {"page", SEI_OPT_STRING, 0, 0, NULL, "pageIndex",
   "query name of the page index"},
  {"page_size", SEI_OPT_STRING, 0, 0, NULL, "pageSize",
   "query name of the page size"},
  {"paged", SEI_OPT_BOOLEAN, 0, 0, NULL, "true",
   "false: one reply holds everything"},
  {"envelope", SEI_OPT_STRING, 0, 0, NULL,
   "[]|records|content|data.content|data",
   "where the records are in a reply; [] is a bare array"},
  {"csv_header", SEI_OPT_STRINGS, 0, 0, NULL, "the documented columns",
   "columns of the CSV"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

static const char *const GROUP_NAMES[] = {
  NULL, "identities", "cloud_ids", "developers"
};

/* ---- waiting ---- */

void sei_client_await(struct sei_client *c, struct sei_waiter *w)
{
  w->count++;
  if(w->at)
    return;
  w->next = c->waiters;
  w->at = &c->waiters;
  if(w->next)
    w->next->at = &w->next;
  c->waiters = w;
}

void sei_client_wake(struct sei_client *c)
{
  struct sei_waiter *w;
  bool ripe = false;
  if(!c->pool)
    return;
  for(w = c->waiters; w && !ripe; w = w->next)
    ripe = w->ripe(w);
  sei_pool_signal(c->pool, ripe);
}

void sei_client_forget(struct sei_client *c, struct sei_waiter *w)
{
  w->count = 0;
  if(!w->at)
    return;
  *w->at = w->next;
  if(w->next)
    w->next->at = w->at;
  w->at = NULL;
  sei_client_wake(c);
}

void sei_client_unawait(struct sei_client *c, struct sei_waiter *w)
{
  if(w->count > 1) {
    w->count--;
    sei_client_wake(c);
  }
  else
    sei_client_forget(c, w);
}

/* ---- making one ---- */

struct sei_client *sei_client_check(lua_State *L, int index)
{
  return luaL_checkudata(L, index, SEI_CLIENT);
}

struct sei_client *sei_client_open(lua_State *L, int index)
{
  struct sei_client *c = sei_client_check(L, index);
  if(!c->pool) {
    sei_error_push(L, "closed", "the client is closed");
    lua_error(L);
  }
  return c;
}

static char *keep(lua_State *L, const char *s)
{
  char *copy = s ? strdup(s) : NULL;
  if(s && !copy)
    luaL_error(L, "not enough memory");
  return copy;
}

static void set_address(lua_State *L, struct sei_client *c, int options)
{
  const char *region = sei_option_string(L, options, "region", NULL);
  const char *url = sei_option_string(L, options, "base_url", NULL);
  const char *problem;
  size_t n;
  if(!region == !url)
    luaL_error(L, "sei.client needs either 'region' (prod1, prod2, prod3, eu)"
               " or 'base_url'%s", region ? ", not both" : "");
  c->base_url = keep(L, url ? url : sei_region_url(region));
  n = strlen(c->base_url);
  while(n && c->base_url[n - 1] == '/')
    c->base_url[--n] = '\0';
  problem = sei_url_check(c->base_url,
                          sei_option_boolean(L, options, "allow_http", false));
  if(problem) { /* behind ? and before @ people put keys */
    lua_pushlstring(L, c->base_url, strcspn(c->base_url, "?#"));
    luaL_error(L, "bad option 'base_url' for sei.client (%s: %s)",
               strchr(c->base_url, '@') ? "not shown" : lua_tostring(L, -1),
               problem);
  }
}

static enum sei_auth_style style_of(const char *name)
{
  int s;
  for(s = SEI_AUTH_X_API_KEY; name && s <= SEI_AUTH_RAW; s++)
    if(!strcmp(sei_auth_name((enum sei_auth_style)s), name))
      return (enum sei_auth_style)s;
  return SEI_AUTH_BY_SHAPE;
}

static void set_account(lua_State *L, struct sei_client *c, int options)
{
  const char *account = sei_option_string(L, options, "account", "");
  if(strlen(account) >= sizeof c->account)
    luaL_error(L, "bad option 'account' for sei.client (%d bytes at most)",
               (int)sizeof c->account - 1);
  strcpy(c->account, account);
}

static void set_http(lua_State *L, struct sei_client *c, int options)
{
  struct sei_http_options *h = &c->http;
  h->ca_file = c->strings[0] =
    keep(L, sei_option_string(L, options, "ca_file", NULL));
  h->proxy = c->strings[1] =
    keep(L, sei_option_string(L, options, "proxy", NULL));
  h->user_agent = c->strings[2] =
    keep(L, sei_option_string(L, options, "user_agent", NULL));
  h->connect_timeout = sei_option_number(L, options, "connect_timeout", 10);
  h->stall_timeout = sei_option_number(L, options, "stall_timeout", 30);
  h->allow_http = sei_option_boolean(L, options, "allow_http", false);
  h->max_header = 256 * 1024;
}

/* Copies the groups of overrides, so that later changes to the caller's
 * table do nothing. */
static void keep_groups(lua_State *L, int options, int client)
{
  static const struct sei_option *const tables[] = {OPEN_POINTS, NULL};
  size_t g;
  lua_newtable(L);
  for(g = 1; g < sizeof GROUP_NAMES / sizeof *GROUP_NAMES; g++) {
    lua_getfield(L, options, GROUP_NAMES[g]);
    sei_options_check(L, -1, GROUP_NAMES[g], tables);
    lua_newtable(L);
    for(lua_pushnil(L); lua_next(L, -3); ) {
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_settable(L, -4);
    }
    lua_setfield(L, -3, GROUP_NAMES[g]);
    lua_pop(L, 1);
  }
  lua_setiuservalue(L, client, UV_GROUPS);
}

void sei_client_push_group(lua_State *L, int index, enum sei_group group)
{
  if(group == SEI_GROUP_NONE) {
    lua_newtable(L);
    return;
  }
  lua_getiuservalue(L, index, UV_GROUPS);
  lua_getfield(L, -1, GROUP_NAMES[group]);
  lua_remove(L, -2);
}

/* core.client(options): the bare client; sei.client in init.lua adds the key
 * source and the way to wait. */
static int l_client(lua_State *L)
{
  static const struct sei_option *const tables[] = {OPTIONS, NULL};
  struct sei_client *c;
  lua_settop(L, 1);
  sei_options_check(L, 1, "sei.client", tables);
  c = lua_newuserdatauv(L, sizeof *c, UV_COUNT);
  memset(c, 0, sizeof *c);
  sei_buf_init(&c->key, KEY_MAX);
  luaL_setmetatable(L, SEI_CLIENT);
  lua_newtable(L);
  lua_setiuservalue(L, 2, UV_STATE);
  set_address(L, c, 1);
  set_account(L, c, 1);
  set_http(L, c, 1);
  keep_groups(L, 1, 2);
  c->auth = style_of(sei_option_string(L, 1, "auth", NULL));
  c->window = (unsigned)sei_option_integer(L, 1, "window", 4);
  c->timeout = sei_option_number(L, 1, "timeout", 300);
  c->max_body = (size_t)sei_option_integer(L, 1, "max_body", 64 * MIB);
  c->pool = sei_pool_new(64);
  if(!c->pool)
    return luaL_error(L, "libcurl cannot start: not enough memory, or it was "
                      "built without TLS");
  return 1;
}

/* ---- the key ---- */

/* core.set_key(client, key): takes the key that a source gave. Answers true,
 * or nil and what is wrong with it (never the key). */
static int l_set_key(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  size_t n;
  const char *key = luaL_checklstring(L, 2, &n);
  const char *problem = NULL;
  if(!n)
    problem = "the API key is empty";
  else if(!sei_header_clean(key, n) || strpbrk(key, " \t"))
    problem = "the API key has a blank, a line break or another control "
      "character in it";
  if(problem) {
    lua_pushnil(L);
    lua_pushstring(L, problem);
    return 2;
  }
  sei_buf_wipe(&c->key);
  if(sei_buf_add(&c->key, key, n + 1) != SEI_BUF_OK)
    return luaL_error(L, "the API key is longer than %d bytes", KEY_MAX);
  if(!c->account[0])
    sei_auth_account(key, c->account, sizeof c->account);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.has_key(client) */
static int l_has_key(lua_State *L)
{
  lua_pushboolean(L, sei_client_open(L, 1)->key.len > 0);
  return 1;
}

/* core.client_of(thing): the client of an iterator, a stream or a call: the
 * first user value of each. */
static int l_client_of(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TUSERDATA);
  lua_getiuservalue(L, 1, 1);
  sei_client_check(L, -1);
  return 1;
}

/* core.state(client): the table that the Lua side keeps with a client. */
static int l_state(lua_State *L)
{
  sei_client_check(L, 1);
  lua_getiuservalue(L, 1, UV_STATE);
  return 1;
}

/* ---- the loop: step, wait, step ---- */

/*** Does what can be done without waiting: sends, receives, ends what is
overdue. Never blocks.
@function client:step
@treturn integer how many requests came to their end */
static int l_client_step(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  lua_pushinteger(L, sei_pool_step(c->pool));
  sei_client_wake(c);
  return 1;
}

/*** The descriptor that becomes readable when `step` has something to do. It
stays the same as long as the client is open.
@function client:pollfd
@treturn integer */
static int l_client_pollfd(lua_State *L)
{
  lua_pushinteger(L, sei_pool_fd(sei_client_open(L, 1)->pool));
  return 1;
}

/*** What to wait for on the descriptor.
@function client:events
@treturn string always "r" */
static int l_client_events(lua_State *L)
{
  sei_client_open(L, 1);
  lua_pushliteral(L, "r");
  return 1;
}

/*** How long to wait for the descriptor before `step` must be called.
@function client:timeout
@treturn ?number seconds; nil: nothing is under way that needs it */
static int l_client_timeout(lua_State *L)
{
  double seconds = sei_pool_timeout(sei_client_open(L, 1)->pool);
  if(seconds < 0)
    lua_pushnil(L);
  else
    lua_pushnumber(L, seconds);
  return 1;
}

/*** Requests queued and under way.
@function client:active
@treturn integer */
static int l_client_active(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  lua_pushinteger(L, c->pool ? sei_pool_active(c->pool) : 0);
  return 1;
}

/*** Closes the client: what is under way is cancelled, the key is wiped.
Closing twice is fine.
@function client:close */
static int l_client_close(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  size_t i;
  while(c->waiters) {
    struct sei_waiter *w = c->waiters;
    c->waiters = w->next;
    w->at = NULL;
  }
  sei_pool_free(c->pool);
  c->pool = NULL;
  sei_buf_wipe(&c->key);
  free(c->base_url);
  c->base_url = NULL;
  for(i = 0; i < sizeof c->strings / sizeof *c->strings; i++) {
    free(c->strings[i]);
    c->strings[i] = NULL;
  }
  memset(&c->http, 0, sizeof c->http);
  return 0;
}

static int l_client_tostring(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  lua_pushfstring(L, "sei.client (%s)", c->pool ? c->base_url : "closed");
  return 1;
}

/* core.poll(fd, seconds|nil): blocks until the descriptor is readable, the
 * time is over or a signal came (then Lua's own hook may act on it). */
static int l_poll(lua_State *L)
{
  struct pollfd p;
  double seconds = luaL_optnumber(L, 2, -1);
  int ms = -1;
  p.fd = (int)luaL_checkinteger(L, 1);
  p.events = POLLIN;
  p.revents = 0;
  if(seconds >= 0)
    ms = seconds > 3600 ? 3600000 : (int)(seconds * 1000 + 0.999);
  lua_pushboolean(L, poll(&p, 1, ms) > 0);
  return 1;
}

/* core.regions(), core.client_options(): for messages and the reference. */
static int l_client_options(lua_State *L)
{
  sei_options_push(L, OPTIONS);
  sei_options_push(L, OPEN_POINTS);
  return 2;
}

void sei_open_client(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_client_close}, {"__close", l_client_close},
    {"__tostring", l_client_tostring}, {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"step", l_client_step}, {"pollfd", l_client_pollfd},
    {"events", l_client_events}, {"timeout", l_client_timeout},
    {"active", l_client_active}, {"close", l_client_close}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"client", l_client}, {"set_key", l_set_key}, {"has_key", l_has_key},
    {"state", l_state}, {"client_of", l_client_of}, {"poll", l_poll},
    {"client_options", l_client_options}, {NULL, NULL}
  };
  luaL_newmetatable(L, SEI_CLIENT);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "client_methods");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
