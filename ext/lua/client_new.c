/* client_new - the options of sei.client become a client. */
#define _DEFAULT_SOURCE
#include "client.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MIB = 1024 * 1024 };

const struct sei_option sei_client_options[] = {
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
  {"attempt_timeout", SEI_OPT_NUMBER, 0, 86400, NULL, "60",
   "seconds for one attempt of a call; a stream has none"},
  {"retries", SEI_OPT_INTEGER, 0, 10, NULL, "3",
   "repetitions of a request that failed and may be sent again"},
  {"pace", SEI_OPT_ANY, 0, 0, "boolean|table", "true: {rate = 5, burst = 10}",
   "requests per second for this key and host; false: no limit; or a table "
   "{rate=, burst=, file=}, file being shared by processes"},
  {"stall_timeout", SEI_OPT_NUMBER, 0, 3600, NULL, "30",
   "seconds without a byte"},
  {"ca_file", SEI_OPT_STRING, 0, 0, NULL, "the system's",
   "file with the certificates to trust (PEM)"},
  {"proxy", SEI_OPT_STRING, 0, 0, NULL, "the environment's",
   "proxy address; loopback never goes through it"},
  {"client_cert", SEI_OPT_STRING, 0, 0, NULL, "none",
   "file with a certificate to show (PEM)"},
  {"client_key", SEI_OPT_STRING, 0, 0, NULL, "none",
   "file with that certificate's private key (PEM)"},
  {"pinned_key", SEI_OPT_STRING, 0, 0, NULL, "none",
   "the server's public key: a file, or sha256//<base64>"},
  {"traceparent", SEI_OPT_STRING, 0, 0, NULL, "none",
   "W3C trace context (00-<32 hex>-<16 hex>-<2 hex>), sent with every "
   "request and logged"},
  {"on_request", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called with what left: see sei.event"},
  {"on_response", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called when an attempt ended, well or not"},
  {"on_retry", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called when there will be another attempt"},
  {"on_page", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called when a page of a list is handed out"},
  {"on_batch", SEI_OPT_FUNCTION, 0, 0, NULL, "none",
   "called when rows were sent, or refused"},
  {"log", SEI_OPT_ANY, 0, 0, "function|file|table", "none",
   "where lines go: a function, a file, or a table {to=, level=, format=}: "
   "see sei.log"},
  {"recording", SEI_OPT_TABLE, 0, 0, NULL, "none",
   "what sei.record or sei.replay made"},
  {"user_agent", SEI_OPT_STRING, 0, 0, NULL, "sei/1",
   "User-Agent header"},
  {"allow_http", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
   "plain http beyond loopback"},
  {"grant", SEI_OPT_TABLE, 0, 0, NULL, "none",
   "for somebody who is not trusted: what this client may do, and no more"},
  {"undocumented", SEI_OPT_BOOLEAN, 0, 0, NULL, "false",
   "allow activate_version, which the vendor does not document"},
  {"max_body", SEI_OPT_INTEGER, 1024, 4294967296.0, NULL, "67108864",
   "bytes of one reply, streams excepted"},
  {"wait", SEI_OPT_FUNCTION, 0, 0, NULL, "block on the descriptor",
   "how to wait: sei.wait.luv, .cqueues, .prosody or a function that is "
   "called with the client and returns when it is worth a step"},
  {"identities", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "overrides of open points of the identities endpoints"},
  {"cloud_ids", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "overrides of open points of the cloud-ids endpoints"},
  {"developers", SEI_OPT_TABLE, 0, 0, NULL, "{}",
   "overrides of open points of the developers endpoints"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

const struct sei_option sei_client_pace[] = {
  {"rate", SEI_OPT_NUMBER, 0, 10000, NULL, "5", "requests per second"},
  {"burst", SEI_OPT_NUMBER, 0.999, 10000, NULL, "10", "requests at once"},
  {"file", SEI_OPT_STRING, 0, 0, NULL, "none",
   "state file that processes share"},
  {NULL, SEI_OPT_ANY, 0, 0, NULL, NULL, NULL}
};

/* The open points of api.md section 3 that a group may override. */
const struct sei_option sei_client_open_points[] = {
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

/* Keeps a string option and returns it. */
static const char *own(lua_State *L, struct sei_client *c, int options,
                       const char *name)
{
  char **at = c->strings;
  const char *value = sei_option_string(L, options, name, NULL);
  if(!value)
    return NULL;
  while(*at)
    at++;
  return *at = keep(L, value);
}

static bool is_hex(const char *s, size_t n)
{
  return strspn(s, "0123456789abcdef") >= n;
}

static bool is_zero(const char *s, size_t n)
{
  return strspn(s, "0") >= n;
}

/* W3C Trace Context, section 3.2.2: version 00; no id may be all zeros. */
static void set_traceparent(lua_State *L, struct sei_client *c, int options)
{
  const char *s = sei_option_string(L, options, "traceparent", "");
  if(!*s)
    return;
  if(strlen(s) != SEI_TRACEPARENT_SIZE - 1 || strncmp(s, "00-", 3) ||
     !is_hex(s + 3, 32) || s[35] != '-' || !is_hex(s + 36, 16) ||
     s[52] != '-' || !is_hex(s + 53, 2) || is_zero(s + 3, 32) ||
     is_zero(s + 36, 16))
    luaL_error(L, "bad option 'traceparent' for sei.client (00-<trace id, 32 "
               "hex digits>-<parent id, 16>-<flags, 2> expected, in lower "
               "case, no id all zeros)");
  strcpy(c->traceparent, s);
}

/* http://user:password@proxy: the password is nobody's business. */
static void keep_proxy_secret(lua_State *L, struct sei_client *c)
{
  const char *s = c->http.proxy ? strstr(c->http.proxy, "://") : NULL;
  const char *at, *colon;
  s = s ? s + 3 : c->http.proxy;
  at = s ? memchr(s, '@', strcspn(s, "/")) : NULL;
  colon = at ? memchr(s, ':', (size_t)(at - s)) : NULL;
  if(colon && !sei_redact_add(&c->secrets, colon + 1,
                              (size_t)(at - colon - 1)))
    luaL_error(L, "not enough memory");
}

static void set_http(lua_State *L, struct sei_client *c, int options)
{
  struct sei_http_options *h = &c->http;
  h->ca_file = own(L, c, options, "ca_file");
  h->client_cert = own(L, c, options, "client_cert");
  h->client_key = own(L, c, options, "client_key");
  h->pinned_key = own(L, c, options, "pinned_key");
  h->proxy = own(L, c, options, "proxy");
  h->user_agent = own(L, c, options, "user_agent");
  h->connect_timeout = sei_option_number(L, options, "connect_timeout", 10);
  h->stall_timeout = sei_option_number(L, options, "stall_timeout", 30);
  h->allow_http = sei_option_boolean(L, options, "allow_http", false);
  h->max_header = SEI_HEADER_MAX;
}

/* pace = true | false | {rate=, burst=, file=} */
static void set_pace(lua_State *L, struct sei_client *c, int options)
{
  static const struct sei_option *const tables[] = {sei_client_pace,
    NULL};
  int type = lua_getfield(L, options, "pace");
  c->pace = sei_pace_default;
  c->paced = type != LUA_TBOOLEAN || lua_toboolean(L, -1);
  if(type == LUA_TTABLE) {
    sei_options_check(L, -1, "pace", tables);
    c->pace.rate = sei_option_number(L, -1, "rate", c->pace.rate);
    c->pace.burst = sei_option_number(L, -1, "burst", c->pace.burst);
    c->pace_file = own(L, c, lua_gettop(L), "file");
  }
  else if(type != LUA_TNIL && type != LUA_TBOOLEAN)
    luaL_error(L, "bad option 'pace' for sei.client (boolean or table "
               "expected, got %s)", luaL_typename(L, -1));
  lua_pop(L, 1);
}

static void set_retries(lua_State *L, struct sei_client *c, int options)
{
  c->retry = sei_retry_default;
  c->retry.attempts = 1 +
    (unsigned)sei_option_integer(L, options, "retries",
                                 (lua_Integer)c->retry.attempts - 1);
  sei_retry_budget_init(&c->budget);
  c->seed = (uint64_t)time(NULL) ^ (uint64_t)(sei_clock() * 1e9) ^
    (uint64_t)(uintptr_t)c;
}

/* Copies the groups of overrides, so that later changes to the caller's
 * table do nothing. */
static void keep_groups(lua_State *L, int options, int client)
{
  static const struct sei_option *const tables[] = {
    sei_client_open_points, NULL};
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
  lua_setiuservalue(L, client, SEI_CLIENT_GROUPS);
}

void sei_client_push_group(lua_State *L, int index, enum sei_group group)
{
  if(group == SEI_GROUP_NONE) {
    lua_newtable(L);
    return;
  }
  lua_getiuservalue(L, index, SEI_CLIENT_GROUPS);
  lua_getfield(L, -1, GROUP_NAMES[group]);
  lua_remove(L, -2);
}

/* core.client(options): the bare client; sei.client in init.lua adds the key
 * source and the way to wait. */
int sei_client_new(lua_State *L)
{
  static const struct sei_option *const tables[] = {sei_client_options,
    NULL};
  struct sei_client *c;
  const char *problem;
  lua_settop(L, 1);
  sei_options_check(L, 1, "sei.client", tables);
  problem = sei_http_start();
  if(problem)
    return luaL_error(L, "%s", problem);
  c = lua_newuserdatauv(L, sizeof *c, SEI_CLIENT_VALUES);
  memset(c, 0, sizeof *c);
  sei_buf_init(&c->key, SEI_KEY_MAX);
  luaL_setmetatable(L, SEI_CLIENT);
  lua_newtable(L);
  lua_setiuservalue(L, 2, SEI_CLIENT_STATE);
  set_address(L, c, 1);
  sei_grant_read(L, 1, c);
  set_account(L, c, 1);
  set_http(L, c, 1);
  set_traceparent(L, c, 1);
  keep_proxy_secret(L, c);
  set_pace(L, c, 1);
  set_retries(L, c, 1);
  keep_groups(L, 1, 2);
  c->auth = style_of(sei_option_string(L, 1, "auth", NULL));
  c->window = (unsigned)sei_option_integer(L, 1, "window", 4);
  c->timeout = sei_option_number(L, 1, "timeout", 300);
  c->attempt_timeout = sei_option_number(L, 1, "attempt_timeout", 60);
  c->max_body = (size_t)sei_option_integer(L, 1, "max_body", 64 * MIB);
  c->pool = sei_pool_new(SEI_RUNNING_MAX);
  if(!c->pool)
    return luaL_error(L, "libcurl cannot start: not enough memory");
  c->http.handles = sei_pool_handles(c->pool);
  return 1;
}
