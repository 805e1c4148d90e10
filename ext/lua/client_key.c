/* client_key - the API key of a client: taken from a source, used, renewed.
 *
 * The sources are Lua's (lua/sei/key.lua); here the key is kept and wiped.
 */
#define _DEFAULT_SOURCE
#include "client.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "../base/hash.h"
#include "shown.h"

/* What is wrong with a key, or NULL. */
static const char *problem_of(const char *key, size_t n)
{
  if(!n)
    return "the API key is empty";
  if(n >= SEI_KEY_MAX)
    return "the API key is longer than 64 KiB";
  if(!sei_header_clean(key, n) || strpbrk(key, " \t"))
    return "the API key has a blank, a line break or another control "
      "character in it";
  return NULL;
}

/* One pace for a key at a host, whatever the path. */
static uint64_t limiter_name(const struct sei_client *c)
{
  const char *host = strstr(c->base_url, "://") + 3;
  uint64_t h = sei_hash(host, strcspn(host, "/"), 0);
  return sei_hash(c->key.data, c->key.len, h);
}

/* Without it the key is not used either: nothing may go out unpaced. */
static void join_pace(lua_State *L, struct sei_client *c)
{
  int problem;
  if(!c->paced || c->limiter || c->recording.mode == SEI_RECORDING_REPLAYS)
    return;
  errno = 0;
  c->limiter = sei_limiter_get(limiter_name(c), &c->pace, c->pace_file);
  if(c->limiter) {
    sei_pool_limit(c->pool, c->limiter);
    return;
  }
  problem = errno;
  sei_buf_wipe(&c->key);
  if(!c->pace_file)
    luaL_error(L, "not enough memory");
  luaL_error(L, "the pace file %s cannot be used: %s", c->pace_file,
             strerror(problem));
}

static void use(lua_State *L, struct sei_client *c, const char *key, size_t n)
{
  struct sei_buf fresh;
  if(!sei_redact_add(&c->secrets, key, n))
    luaL_error(L, "not enough memory");
  sei_buf_init(&fresh, SEI_KEY_MAX);
  if(sei_buf_add(&fresh, key, n + 1) != SEI_BUF_OK)
    luaL_error(L, "not enough memory"); /* with the old one still in use */
  sei_buf_wipe(&c->key);
  c->key = fresh;
  if(!c->account[0])
    sei_auth_account(key, c->account, sizeof c->account);
  c->key_number++;
  join_pace(L, c);
}

/* core.set_key(client, key, renews): takes the key that a source gave.
 * `renews`: the source may be asked again after a 401. Answers true, or nil
 * and what is wrong with it (never the key). */
static int l_set_key(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  size_t n;
  const char *key = luaL_checklstring(L, 2, &n);
  const char *problem = problem_of(key, n);
  if(problem) {
    lua_pushnil(L);
    lua_pushstring(L, problem);
    return 2;
  }
  use(L, c, key, n);
  c->key_renews = lua_toboolean(L, 3);
  lua_pushboolean(L, 1);
  return 1;
}

/* core.has_key(client) */
static int l_has_key(lua_State *L)
{
  lua_pushboolean(L, sei_client_open(L, 1)->key.len > 0);
  return 1;
}

/* core.wants_key(client): true once when a 401 asks for a newer key; whoever
 * hears it reads the source and calls new_key. If he leaves before, the next
 * one hears it. */
static int l_wants_key(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  lua_pushboolean(L, c->wants_key);
  c->asks_key = c->asks_key || c->wants_key;
  c->wants_key = false;
  return 1;
}

/* core.new_key(client, key|nil): what the source said now. All who wait are
 * sent again if it is another key, else their 401 stands. */
static int l_new_key(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  size_t n = 0;
  const char *key = lua_tolstring(L, 2, &n);
  c->asks_key = false;
  if(c->pool && key && !problem_of(key, n) &&
     (n + 1 != c->key.len || memcmp(key, c->key.data, n))) {
    c->wants_key = true; /* if this raises, somebody else shall ask again */
    use(L, c, key, n);
    c->wants_key = false;
  }
  sei_exchange_rekey(c);
  return 0;
}

/* core.scrub(client, text): the text without the client's keys. */
static int l_scrub(lua_State *L)
{
  const struct sei_client *c = sei_client_check(L, 1);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  char *copy = lua_newuserdatauv(L, n + 1, 0);
  memcpy(copy, text, n);
  sei_shown_scrub(c, copy, n);
  lua_pushlstring(L, copy, n);
  return 1;
}

/* core.target(client) -> {base_url=, account=}: where its writes go. The
 * account is there once the key was read, if anything names it. */
static int l_target(lua_State *L)
{
  const struct sei_client *c = sei_client_open(L, 1);
  lua_createtable(L, 0, 2);
  lua_pushstring(L, c->base_url);
  lua_setfield(L, -2, "base_url");
  if(c->account[0]) {
    lua_pushstring(L, c->account);
    lua_setfield(L, -2, "account");
  }
  return 1;
}

void sei_open_client_key(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"set_key", l_set_key}, {"has_key", l_has_key},
    {"wants_key", l_wants_key}, {"new_key", l_new_key},
    {"scrub", l_scrub}, {"target", l_target}, {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
