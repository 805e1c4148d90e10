/* walk_page - one page of a walk: its request, its reply while it comes. */
#define _DEFAULT_SOURCE
#include "walk_private.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "reply.h"

enum { LIST_MAX_GUESS = 1024,
  SWELLS = 8,               /* tables are so many times larger than JSON */
  LENT_MAX = 256 * 1024,    /* KiB */
  PAID_AT = 32,             /* KiB: less is not worth a collection */
  PAID_WHOLE = 512,         /* KiB: nor this, where it finds little */
  HEAP_SMALL = 1024,        /* KiB: what is soon collected, page by page */
  WASTED_MOST = 4,          /* steps: generational mode may begin with some */
  HEAP_MOST = 32 };         /* times what is owed: more is the host's heap */

/* ---- requests ---- */

/* Pushes the body of a page request: {"page":0,"page_size":50,"filter":{}}. */
static void push_body(lua_State *L, const struct sei_walk *w,
                      const struct sei_pages_ask *ask)
{
  if(w->endpoint->paging == SEI_PAGING_BODY)
    lua_pushfstring(L, "{\"%s\":%I,\"%s\":%I,\"%s\":%s}", w->page_name,
                    (LUAI_UACINT)ask->page, w->size_name,
                    (LUAI_UACINT)ask->page_size, w->endpoint->filter,
                    w->filter);
  else if(w->endpoint->before)
    lua_pushstring(L, w->endpoint->before);
  else
    lua_pushnil(L);
}

/* Pushes the query with the page parameters. */
static const char *push_page_query(lua_State *L, const struct sei_walk *w,
                                   const struct sei_pages_ask *ask)
{
  char text[24];
  lua_pushstring(L, w->query);
  if(w->paged && w->endpoint->paging == SEI_PAGING_QUERY) {
    snprintf(text, sizeof text, "%" PRId64, ask->page_size);
    sei_request_add_query(L, lua_tostring(L, -1), w->size_name, text);
    lua_remove(L, -2);
    snprintf(text, sizeof text, "%" PRId64, ask->page);
    sei_request_add_query(L, lua_tostring(L, -1), w->page_name, text);
    lua_remove(L, -2);
  }
  return lua_tostring(L, -1);
}

/* A new list for a slot's records. */
static void new_list(lua_State *L, int slot, int64_t size)
{
  lua_getiuservalue(L, 1, UV_LISTS);
  lua_createtable(L, size < LIST_MAX_GUESS ? (int)size : LIST_MAX_GUESS, 0);
  lua_rawseti(L, -2, slot + 1);
  lua_pop(L, 1);
}

/* The list for a slot's records: that of the page before, which is used up, so
 * that no long table grows old with every page. */
static void same_list(lua_State *L, int slot, int64_t size)
{
  if(lua_getiuservalue(L, 1, UV_LIST) == LUA_TTABLE) {
    lua_getiuservalue(L, 1, UV_LISTS);
    lua_insert(L, -2);
    lua_rawseti(L, -2, slot + 1);
  }
  else
    new_list(L, slot, size);
  lua_pop(L, 1);
}

/* The memory of a page's bytes is used for the next ones': given back and
 * taken again, it would be as much work for the system as reading them. */
static void keep_memory(struct sei_walk_slot *s)
{
  struct sei_buf *body = sei_transfer_body(s->x.transfer);
  struct sei_buf spare = s->spare;
  s->spare = *body;
  *body = spare;
  sei_buf_clear(&s->spare);
}

static void lend_memory(struct sei_walk_slot *s)
{
  struct sei_buf *body = sei_transfer_body(s->x.transfer);
  if(body->data || !s->spare.data)
    return;
  s->spare.max = body->max;
  *body = s->spare;
  sei_buf_init(&s->spare, 0);
}

void sei_walk_send(lua_State *L, struct sei_walk *w,
                   const struct sei_pages_ask *ask)
{
  struct sei_walk_slot *s = &w->slots[ask->slot];
  struct sei_send send;
  bool drop = s->records.drop_key;
  size_t n = 0;
  memset(&send, 0, sizeof send);
  send.query = push_page_query(L, w, ask);
  push_body(L, w, ask);
  send.body = lua_tolstring(L, -1, &n);
  send.body_len = n;
  send.timeout = w->timeout;
  if(w->deadline > 0 && w->deadline - sei_clock() < send.timeout)
    send.timeout = w->deadline - sei_clock();
  send.stream = !w->paged;
  sei_exchange_free(&s->x);
  sei_records_begin(&s->records, w->envelope, w->endpoint->key);
  s->records.drop_key = drop;
  s->failed = s->landed = false;
  s->looked = 0;
  s->size = ask->page_size;
  if(!w->paged)
    new_list(L, ask->slot, 0);
  sei_exchange_start(L, &s->x, w->client, w->endpoint, &send);
  lend_memory(s);
  s->attempt = s->x.sent;
  s->asked = true;
  lua_pop(L, 2);
}

void sei_walk_forget(struct sei_walk_slot *s)
{
  sei_exchange_free(&s->x);
  s->asked = s->landed = false;
}

/* The reply of a slot cannot be used; the error object is on top. Pages
 * before it are still handed out. */
static void fail_slot(lua_State *L, struct sei_walk_slot *s)
{
  if(lua_getiuservalue(L, 1, UV_ERROR) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_setiuservalue(L, 1, UV_ERROR);
  }
  else
    lua_pop(L, 2);
  s->failed = true;
  s->landed = false;
  sei_exchange_free(&s->x);
}

/* ---- replies ---- */

static void place_values(lua_State *L, int slot, struct sei_records_place *at)
{
  int base = lua_gettop(L);
  luaL_checkstack(L, 12, NULL);
  lua_getiuservalue(L, 1, UV_BUILDER);
  at->builder = base + 1;
  at->fields = lua_getiuservalue(L, 1, UV_FIELDS) == LUA_TTABLE ? base + 2 : 0;
  lua_getiuservalue(L, 1, UV_LISTS);
  lua_rawgeti(L, -1, slot + 1);
  at->list = base + 4;
  lua_createtable(L, 0, 4);
  at->meta = base + 5;
}

/* Builds what has come for a slot. The members beside the records are kept in
 * UV_META, page by page anew. */
static void feed(lua_State *L, struct sei_walk *w, int i, int64_t most)
{
  struct sei_walk_slot *s = &w->slots[i];
  struct sei_records_place at;
  int base = lua_gettop(L);
  bool done = sei_exchange_done(&s->x);
  struct sei_buf *body = sei_transfer_body(s->x.transfer);
  place_values(L, i, &at);
  if(s->records.state != SEI_RECORDS_START) {
    lua_rawgetp(L, at.list - 1, s);
    lua_replace(L, at.meta);
  }
  else {
    lua_pushvalue(L, at.meta);
    lua_rawsetp(L, at.list - 1, s);
  }
  sei_records_feed(L, &s->records, &at, body, done, most);
  sei_transfer_drained(s->x.transfer);
  s->x.taken = !w->paged && s->records.count > 0;
  if(s->records.state == SEI_RECORDS_END || !w->paged) {
    lua_pushvalue(L, at.meta);
    lua_setiuservalue(L, 1, UV_META);
  }
  lua_settop(L, base);
}

/* Whether the reply is worth decoding while it comes: no refusal, no web
 * page. */
static bool is_usable(const struct sei_walk_slot *s)
{
  const struct sei_buf *body = sei_transfer_body(s->x.transfer);
  size_t i = 0;
  if(sei_transfer_status(s->x.transfer) / 100 != 2 || !body->len)
    return false;
  while(i < body->len && strchr(" \t\r\n", body->data[i]))
    i++;
  return s->records.state != SEI_RECORDS_START ||
    (i < body->len && body->data[i] != '<');
}

/* The request is sent again: what was built of its reply is forgotten. */
static void start_over(lua_State *L, struct sei_walk *w, int i)
{
  struct sei_walk_slot *s = &w->slots[i];
  bool drop = s->records.drop_key;
  sei_records_begin(&s->records, w->envelope, w->endpoint->key);
  s->records.drop_key = drop;
  s->attempt = s->x.sent;
  lua_getiuservalue(L, 1, UV_LISTS);
  lua_newtable(L);
  if(!w->paged) { /* records are handed out from where they are built */
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, UV_LIST);
  }
  lua_rawseti(L, -2, i + 1);
  lua_pop(L, 1);
}

static void arrived(struct sei_walk *w, int i)
{
  struct sei_walk_slot *s = &w->slots[i];
  struct sei_pages_facts f;
  f.count = s->records.count;
  f.total = s->records.total;
  f.page_size = s->records.page_size;
  f.fingerprint = s->records.fingerprint;
  keep_memory(s);
  sei_walk_forget(s);
  sei_pages_arrived(&w->pages, i, &f);
}

static void bad_reply(lua_State *L, struct sei_walk *w, int i)
{
  struct sei_walk_slot *s = &w->slots[i];
  const char *kind = s->records.json.problem ? "decode" : "protocol";
  sei_reply_error(L, w->client, &s->x, kind, "%s", s->records.problem);
  if(w->endpoint->group && kind[0] == 'p') {
    lua_pushliteral(L, "the client's options for this group of endpoints may "
                    "name the envelope");
    lua_setfield(L, -2, "hint");
  }
  fail_slot(L, s);
}

/* The reply is over, one way or the other. */
static void settle(lua_State *L, struct sei_walk *w, int i, int64_t most)
{
  struct sei_walk_slot *s = &w->slots[i];
  bool fresh = s->records.state == SEI_RECORDS_START;
  if(w->paged && w->pages.size > 1 && sei_reply_refuses_size(&s->x)) {
    sei_walk_forget(s);
    sei_pages_refused(&w->pages, i);
    return;
  }
  if(((fresh || sei_transfer_failure(s->x.transfer) != SEI_FAILURE_NONE) &&
      !sei_reply_check(L, w->client, &s->x, SEI_WANT_JSON))) {
    fail_slot(L, s);
    return;
  }
  s->landed = w->paged;
  if(s->landed)
    return;
  feed(L, w, i, most);
  if(s->records.state == SEI_RECORDS_BAD)
    bad_reply(L, w, i);
}

/* Moves the collector's next work by so many KiB of allocations: later, if
 * negative. Lua adds what it is given to its debt as it is (LUA_GCSTEP, manual
 * section 4.6), so what is lent here and paid back there changes no sum. */
static void owe(lua_State *L, int kib)
{
  if(kib && lua_gc(L, LUA_GCISRUNNING))
    lua_gc(L, LUA_GCSTEP, kib);
}

/* What pages took is paid when the next one is built, since then nobody uses
 * them any more. In generational mode a basic step is a young collection, and
 * frees them all; paying by size could make it a full one. Where that does not
 * help (incremental mode, or a caller that keeps its records) they are paid by
 * their size; so they are where the heap is much larger: in incremental mode a
 * step would begin to mark all of it, long before the host's pause is over.
 * A small heap is collected for a page of 50 already: then that page's memory
 * is what the next one takes. Left free till the next request, it would be
 * joined and cut up again, as malloc() does for libcurl's large blocks. Not so
 * where the caller's records live longer, or where a step ends a whole cycle:
 * that is incremental mode, which marks all of the heap for it. */
static void pay(lua_State *L, struct sei_walk *w)
{
  int before = lua_gc(L, LUA_GCCOUNT);
  bool early = w->owed < PAID_WHOLE;
  bool steps = !w->kept && before / HEAP_MOST < w->owed;
  bool freed, cycle = false;
  if(w->owed < PAID_AT || !lua_gc(L, LUA_GCISRUNNING) ||
     (early && (w->wasted > WASTED_MOST || before > HEAP_SMALL)))
    return;
  if(steps)
    cycle = lua_gc(L, LUA_GCSTEP, 0);
  freed = steps && before - lua_gc(L, LUA_GCCOUNT) >= w->owed / 2;
  w->wasted += early && (!freed || cycle);
  w->kept = steps && !freed && !early;
  if(!freed)
    owe(L, w->owed);
  w->owed = 0;
}

/* Builds a page without the collector's coming in between: in mid-page it
 * could only mark what is all alive. */
static void build(lua_State *L, struct sei_walk *w, int i)
{
  size_t len = sei_transfer_body(w->slots[i].x.transfer)->len / 1024 + 1;
  int lent = len < LENT_MAX / SWELLS ? (int)len * SWELLS : LENT_MAX;
  int before, took;
  pay(L, w);
  owe(L, -lent);
  before = lua_gc(L, LUA_GCCOUNT);
  same_list(L, i, w->slots[i].size);
  feed(L, w, i, 0);
  took = lua_gc(L, LUA_GCCOUNT) - before;
  if(took < 0)
    took = 0; /* it came all the same */
  w->owed += took;
  owe(L, lent - took);
}

void sei_walk_build(lua_State *L, struct sei_walk *w, int i)
{
  struct sei_walk_slot *s = &w->slots[i];
  build(L, w, i);
  if(s->records.state == SEI_RECORDS_BAD)
    bad_reply(L, w, i);
  else
    arrived(w, i);
}

void sei_walk_tend(lua_State *L, struct sei_walk *w, int i, int64_t most)
{
  struct sei_walk_slot *s = &w->slots[i];
  if(!s->asked || s->failed || s->landed ||
     (w->paged && !sei_exchange_done(&s->x)))
    return;
  if(s->attempt != s->x.sent)
    start_over(L, w, i);
  if(sei_exchange_done(&s->x) ||
     (!w->paged && !is_usable(s) && sei_reply_tells(&s->x)))
    settle(L, w, i, most);
  else if(is_usable(s)) {
    feed(L, w, i, most);
    if(s->records.state == SEI_RECORDS_BAD)
      bad_reply(L, w, i);
  }
  if(s->x.transfer)
    s->looked = sei_transfer_body(s->x.transfer)->len;
}
