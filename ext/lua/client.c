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
#include "shown.h"

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
  bool ripe = c->wants_key;
  if(!c->pool)
    return;
  for(w = c->waiters; w && !ripe; w = w->next)
    ripe = w->ripe(w);
  sei_pool_signal(c->pool, ripe);
}

/* Somebody leaves. If it was to ask for a key and has not done so, the next
 * one does: Lua may raise on the way there. */
static void hand_on(struct sei_client *c)
{
  if(!c->asks_key)
    return;
  c->asks_key = false;
  c->wants_key = true;
}

void sei_client_forget(struct sei_client *c, struct sei_waiter *w)
{
  w->count = 0;
  if(!w->at)
    return;
  hand_on(c);
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
    hand_on(c);
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
  if(sei_pool_is_foreign(c->pool)) {
    sei_error_push(L, "closed", "the client belongs to another process: it "
                   "was made before a fork");
    lua_pushliteral(L, "make a client in this process, after the fork");
    lua_setfield(L, -2, "hint");
    lua_error(L);
  }
  return c;
}

/* ---- the key ---- */

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
  lua_getiuservalue(L, 1, SEI_CLIENT_STATE);
  return 1;
}

/* ---- the loop: step, wait, step ---- */

unsigned sei_client_step(struct sei_client *c)
{
  unsigned ended = sei_pool_step(c->pool);
  struct sei_exchange *x;
  for(x = c->exchanges; x; x = x->next)
    sei_exchange_tend(c, x);
  c->stepped_at = sei_clock();
  return ended;
}

/*** Does what can be done without waiting: sends, receives, ends what is
overdue. Never blocks.
@function client:step
@treturn integer how many requests came to their end */
static int l_client_step(lua_State *L)
{
  struct sei_client *c = sei_client_open(L, 1);
  unsigned ended = sei_client_step(c);
  c->turned_at = c->stepped_at;
  sei_client_wake(c);
  lua_pushinteger(L, ended);
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
  struct sei_exchange *x;
  size_t i;
  while(c->waiters) {
    struct sei_waiter *w = c->waiters;
    c->waiters = w->next;
    w->at = NULL;
  }
  for(x = c->exchanges; x && c->pool; x = x->next)
    if(x->ask != SEI_ASK_NONE) /* the pool does not know it */
      sei_pool_cancel(c->pool, x->transfer);
  sei_pool_free(c->pool);
  c->pool = NULL;
  sei_limiter_put(c->limiter);
  c->limiter = NULL;
  for(x = c->exchanges; x; x = x->next) {
    sei_exchange_tend(c, x);
    sei_shown_redact_all(c, x);
  }
  sei_redact_wipe(&c->secrets);
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

static int l_client_gc(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  l_client_close(L);
  sei_events_free(&c->events);
  sei_grant_free(&c->grant);
  sei_recording_free(&c->recording);
  return 0;
}

/* core.on_close(prepare, tell): closing a client by its method or a
 * to-be-closed variable calls `prepare` with it first, if it is open: somebody
 * may watch its descriptor; and `tell` afterwards: there may be events to hand
 * out. It is closed even if `prepare` raises; `tell` must not raise. */
static int l_close_and_tell(lua_State *L)
{
  int status = LUA_OK;
  if(sei_client_check(L, 1)->pool) {
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    status = lua_pcall(L, 1, 0, 0);
  }
  l_client_close(L);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushvalue(L, 1);
  lua_call(L, 1, 0);
  return status == LUA_OK ? 0 : lua_error(L);
}

static int l_on_close(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_pushcclosure(L, l_close_and_tell, 2);
  luaL_getmetatable(L, SEI_CLIENT);
  lua_pushvalue(L, 1);
  lua_setfield(L, 2, "__close");
  lua_getfield(L, 2, "__index");
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "close");
  return 0;
}

static int l_client_tostring(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  lua_pushfstring(L, "sei.client (%s)", c->pool ? c->base_url : "closed");
  return 1;
}

/*** Cancels everything that is under way: calls and iterators fail with an
error of kind "cancelled". The client stays open.
@function client:cancel */
static int l_client_cancel(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  struct sei_exchange *x;
  for(x = c->exchanges; x; x = x->next)
    sei_exchange_cancel(c, x);
  if(c->pool)
    sei_client_wake(c);
  return 0;
}

static void set_count(lua_State *L, const char *name, uint64_t n)
{
  lua_pushinteger(L, (lua_Integer)n);
  lua_setfield(L, -2, name);
}

/*** What the client has done so far.
@function client:stats
@treturn table counts: `calls` (requests asked for), `attempts` (that ended,
repetitions too), `retries`, `failed` (attempts), `limited` (attempts answered
429), `pages` and `records` (of lists, handed out), `bytes_sent` and
`bytes_received` (of bodies, unpacked, in all attempts), `events_lost` (that
hooks and logs missed); and `waited`, the seconds that attempts spent on
backing off, keeping pace and queueing */
static int l_client_stats(lua_State *L)
{
  const struct sei_stats *s = &sei_client_check(L, 1)->stats;
  lua_createtable(L, 0, 11);
  set_count(L, "calls", s->calls);
  set_count(L, "attempts", s->attempts);
  set_count(L, "retries", s->retries);
  set_count(L, "failed", s->failed);
  set_count(L, "limited", s->limited);
  set_count(L, "pages", s->pages);
  set_count(L, "records", s->records);
  set_count(L, "bytes_sent", s->bytes_sent);
  set_count(L, "bytes_received", s->bytes_received);
  set_count(L, "events_lost", s->events_lost);
  lua_pushnumber(L, s->waited);
  lua_setfield(L, -2, "waited");
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

void sei_open_client(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_client_gc}, {"__close", l_client_close},
    {"__tostring", l_client_tostring}, {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"step", l_client_step}, {"pollfd", l_client_pollfd},
    {"events", l_client_events}, {"timeout", l_client_timeout},
    {"active", l_client_active}, {"cancel", l_client_cancel},
    {"stats", l_client_stats}, {"close", l_client_close}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"client", sei_client_new},
    {"state", l_state}, {"client_of", l_client_of}, {"poll", l_poll},
    {"on_close", l_on_close},
    {NULL, NULL}
  };
  luaL_newmetatable(L, SEI_CLIENT);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "client_methods");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
  sei_open_client_key(L);
}
