/* walk - the iterator of a list_* function, as Lua sees it.
 *
 * A userdata that Lua calls for the next record. It joins the paging rule
 * (api/page, numbers), the requests (walk_page.c) and the decoding
 * (records.c): pages are decoded while they arrive, judged when it is their
 * turn, and handed out record by record. C never waits: when nothing can be
 * handed out it calls a Lua function, which steps and waits and may yield.
 */
#include "walk_private.h"

#include <lauxlib.h>
#include <string.h>

#include "../api/resume.h"
#include "error.h"

static struct sei_walk *check_walk(lua_State *L)
{
  return luaL_checkudata(L, 1, SEI_WALK);
}

/* ---- what Lua sees ---- */

/* core.walk's poll: does what can be done now; true: call it. */
static int l_walk_poll(lua_State *L)
{
  struct sei_walk *w = check_walk(L);
  lua_settop(L, 1);
  lua_pushboolean(L, sei_walk_poll(L, w));
  return 1;
}

/* core.walk's await(on): enters and leaves the client's list of waiters. */
static int l_walk_await(lua_State *L)
{
  struct sei_walk *w = check_walk(L);
  if(lua_toboolean(L, 2))
    sei_client_await(w->client, &w->waiter);
  else
    sei_client_unawait(w->client, &w->waiter);
  return 0;
}

static int answer(lua_State *L, struct sei_walk *w)
{
  switch(w->state) {
  case WALK_FAILED:
    if(lua_getiuservalue(L, 1, UV_ERROR) != LUA_TNIL)
      return lua_error(L);
    if(w->client->pool)
      return luaL_error(L, "not enough memory"); /* when it failed */
    sei_error_push(L, "closed", "the client is closed");
    return lua_error(L);
  case WALK_CLOSED:
    sei_error_push(L, "closed", "the iterator is closed");
    return lua_error(L);
  default:
    lua_pushnil(L);
    return 1;
  }
}

/* The next record, nil at the end. Upvalue 1 is the Lua function that steps
 * and waits until poll() says true; it may yield. */
static int next_record(lua_State *L, int status, lua_KContext ctx)
{
  struct sei_walk *w = lua_touserdata(L, 1);
  (void)status;
  (void)ctx;
  for(;;) {
    while(w->at < w->end && w->dropped && w->dropped[w->at])
      w->at++;
    if(w->at < w->end) {
      lua_getiuservalue(L, 1, UV_LIST);
      lua_rawgeti(L, -1, w->page.first + ++w->at);
      lua_pushnil(L); /* so that the collector need not wait for the page */
      lua_rawseti(L, -3, w->page.first + w->at);
      return 1;
    }
    if(w->state != WALK_RUNS)
      return answer(L, w);
    lua_settop(L, 1);
    if(sei_walk_is_ready(w)) {
      if(sei_walk_poll(L, w) && w->stepped)
        sei_client_wake(w->client); /* others wait, too */
      continue;
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_callk(L, 1, 0, 0, next_record);
  }
}

/* For every record; so the metatable is the second upvalue, and not looked up
 * by its name. */
static int l_walk_call(lua_State *L)
{
  if(!lua_getmetatable(L, 1) ||
     lua_topointer(L, -1) != lua_topointer(L, lua_upvalueindex(2)))
    check_walk(L);
  return next_record(L, LUA_OK, 0);
}

/*** A token for going on later, from behind the last record that was handed
out: printable, at most 512 bytes, without any secret. Give it as the option
`resume` to the same query of the same account.
@function walk:resume
@treturn string */
static int l_walk_resume(lua_State *L)
{
  struct sei_walk *w = check_walk(L);
  struct sei_resume r;
  char token[SEI_RESUME_SIZE];
  if(!w->paged)
    return luaL_error(L, "%s is not paged: it cannot be resumed",
                      w->endpoint->name);
  memset(&r, 0, sizeof r);
  r.query = w->fingerprint;
  r.offset = sei_pages_offset(&w->pages, w->at);
  r.page_size = w->pages.size;
  r.total = w->pages.total;
  if(!sei_resume_write(&r, token, sizeof token))
    return luaL_error(L, "no resume token for this place");
  lua_pushstring(L, token);
  return 1;
}

/*** How many records there are in all, as the service says.
@function walk:total
@treturn ?integer nil: not known (yet) */
static int l_walk_total(lua_State *L)
{
  struct sei_walk *w = check_walk(L);
  if(w->paged && w->pages.total >= 0)
    lua_pushinteger(L, w->pages.total);
  else
    lua_pushnil(L);
  return 1;
}

/*** What the last reply held beside its records: `_metadata`, counts.
@function walk:meta
@treturn table empty before the first record */
static int l_walk_meta(lua_State *L)
{
  check_walk(L);
  if(lua_getiuservalue(L, 1, UV_META) == LUA_TNIL)
    lua_newtable(L);
  return 1;
}

/*** Whether the list moved while it was read, and how.
@function walk:drift
@treturn ?table nil: no sign of it; else {message=, duplicates=,
total_before=, total_after=} */
static int l_walk_drift(lua_State *L)
{
  struct sei_walk *w = check_walk(L);
  char text[512];
  if(!w->paged || !w->pages.drift.kinds) {
    lua_pushnil(L);
    return 1;
  }
  lua_createtable(L, 0, 4);
  sei_pages_problem(&w->pages, text, sizeof text);
  lua_pushstring(L, text);
  lua_setfield(L, -2, "message");
  lua_pushinteger(L, w->pages.drift.twice);
  lua_setfield(L, -2, "duplicates");
  if(w->pages.drift.total_before >= 0) {
    lua_pushinteger(L, w->pages.drift.total_before);
    lua_setfield(L, -2, "total_before");
    lua_pushinteger(L, w->pages.drift.total_after);
    lua_setfield(L, -2, "total_after");
  }
  return 1;
}

static void close_walk(struct sei_walk *w)
{
  unsigned i;
  for(i = 0; i < w->slot_count; i++) {
    sei_walk_forget(&w->slots[i]);
    sei_records_free(&w->slots[i].records);
    sei_buf_free(&w->slots[i].spare);
  }
  sei_seen_free(&w->seen);
  w->end = w->at; /* `at` says what was handed out, for resume */
  if(w->state == WALK_RUNS)
    w->state = WALK_CLOSED;
}

/*** Ends the walk: requests under way are cancelled. `break` in a `for` loop
does it; closing twice is fine.
@function walk:close */
static int l_walk_close(lua_State *L)
{
  struct sei_walk *w = check_walk(L);
  close_walk(w);
  sei_client_wake(w->client); /* another coroutine may wait for it */
  return 0;
}

static int l_walk_gc(lua_State *L)
{
  struct sei_walk *w = check_walk(L);
  close_walk(w);
  sei_client_forget(w->client, &w->waiter);
  return 0;
}

static int l_walk_tostring(lua_State *L)
{
  static const char *const STATES[] = {"runs", "ended", "failed", "closed"};
  struct sei_walk *w = check_walk(L);
  lua_pushfstring(L, "sei.walk (%s, %s)", w->endpoint ? w->endpoint->name :
                  "new", STATES[w->state]);
  return 1;
}

/* core.on_walk(advance): tells the iterators which Lua function waits. */
static int l_on_walk(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  luaL_getmetatable(L, SEI_WALK);
  lua_insert(L, 1);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, l_walk_call, 2);
  lua_setfield(L, 1, "__call");
  return 0;
}

void sei_open_walk(lua_State *L)
{
  static const luaL_Reg meta[] = {
    {"__gc", l_walk_gc}, {"__close", l_walk_close},
    {"__tostring", l_walk_tostring}, {NULL, NULL}
  };
  static const luaL_Reg methods[] = {
    {"resume", l_walk_resume}, {"total", l_walk_total},
    {"meta", l_walk_meta}, {"drift", l_walk_drift},
    {"close", l_walk_close}, {NULL, NULL}
  };
  static const luaL_Reg functions[] = {
    {"walk", sei_walk_new}, {"on_walk", l_on_walk}, {"walk_poll", l_walk_poll},
    {"walk_await", l_walk_await}, {NULL, NULL}
  };
  luaL_newmetatable(L, SEI_WALK);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "walk_methods");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
