/* walk_poll - the loop of a walk that never waits: look after the requests,
 * take the next page, judge it, send what is needed next. */
#define _DEFAULT_SOURCE
#include "walk_private.h"

#include <lauxlib.h>
#include <string.h>

#include "error.h"

/* Seconds between two steps while small pages wait to be used up. */
static const double STEP_PAUSE = 0.0005;

enum { SLICE = 1000,
  AHEAD = 8,                /* records whose places are fetched meanwhile */
  SMALL = 32 * 1024 };      /* bytes of a page that is used up at once */

/* The paging rule gave up. */
static void fail_pages(lua_State *L, struct sei_walk *w)
{
  static const char *const KINDS[] = {
    [SEI_PAGES_OK] = "protocol", [SEI_PAGES_LOOP] = "paging_loop",
    [SEI_PAGES_DRIFT] = "drift", [SEI_PAGES_REFUSED] = "http",
    [SEI_PAGES_LIMIT] = "too_large", [SEI_PAGES_BAD] = "protocol"
  };
  char text[512];
  sei_pages_problem(&w->pages, text, sizeof text);
  sei_error_push(L, KINDS[w->pages.failure], "%s: %s", w->endpoint->name,
                 text);
  lua_pushstring(L, w->endpoint->method);
  lua_setfield(L, -2, "method");
  lua_pushfstring(L, "%s%s", w->client->base_url, w->endpoint->path);
  lua_setfield(L, -2, "url");
  if(w->pages.failure == SEI_PAGES_DRIFT) {
    lua_pushliteral(L, "read again when nobody writes, or see the option "
                    "on_drift (\"warn\", \"repair\")");
    lua_setfield(L, -2, "hint");
  }
  lua_setiuservalue(L, 1, UV_ERROR);
  w->state = WALK_FAILED;
}

/* ---- paged: take, judge, hand out ---- */

static bool is_underway(const struct sei_walk *w)
{
  unsigned i;
  for(i = 0; i < w->slot_count; i++)
    if(w->slots[i].asked && !w->slots[i].failed && !w->slots[i].landed)
      return true;
  return false;
}

static bool has_error(lua_State *L)
{
  bool has = lua_getiuservalue(L, 1, UV_ERROR) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

static void tend_all(lua_State *L, struct sei_walk *w)
{
  unsigned i;
  for(i = 0; i < w->slot_count; i++)
    sei_walk_tend(L, w, (int)i, 0);
}

/* Sends what the rule asks for; nothing more once a request has failed. */
static void ask_pages(lua_State *L, struct sei_walk *w)
{
  struct sei_pages_ask ask;
  int stale;
  while((stale = sei_pages_stale(&w->pages)) >= 0)
    sei_walk_forget(&w->slots[stale]);
  while(!has_error(L) && sei_pages_ask(&w->pages, &ask)) {
    sei_walk_send(L, w, &ask);
    w->asked = true;
  }
}

/* Whether a page has come whose turn it is not yet; that of the slot `built`
 * is (-1: no page's). */
static bool has_waiting(const struct sei_walk *w, int built)
{
  int i;
  for(i = 0; i < (int)w->slot_count; i++)
    if(i != built && w->slots[i].landed)
      return true;
  return false;
}

static bool is_small(const struct sei_walk *w, int slot)
{
  return sei_transfer_body(w->slots[slot].x.transfer)->len <= SMALL;
}

bool sei_walk_is_ready(const struct sei_walk *w)
{
  const struct sei_client *c = w->client;
  int next = w->paged ? sei_pages_next(&w->pages) : -1;
  return next >= 0 && w->slots[next].landed && w->state == WALK_RUNS &&
    !w->inside && c->pool && !c->events.wanted && !c->wants_key &&
    c->recording.mode == SEI_RECORDING_OFF && is_small(w, next) &&
    sei_clock() - c->turned_at < STEP_PAUSE && !sei_pool_is_foreign(c->pool);
}

/* Sends what was just asked for: a service that waits for us to decode a page
 * or to use it up is idle (measured at 50 ms: 1.67 times the wire's time,
 * against 1.03). Where pages are small and more of them have come than we can
 * use up, several requests go out together. */
static void send_asked(struct sei_walk *w, int built)
{
  if(w->asked && w->client->pool) {
    if(w->small && has_waiting(w, built) &&
       sei_clock() - w->client->stepped_at < STEP_PAUSE)
      return;
    sei_client_step(w->client);
    w->stepped = true;
  }
  w->asked = false;
}

/* Builds the page whose turn it is, if it is there. */
static void build_next(lua_State *L, struct sei_walk *w)
{
  int next;
  sei_pages_used(&w->pages);
  ask_pages(L, w);
  next = sei_pages_next(&w->pages);
  if(next < 0 || !w->slots[next].landed)
    return;
  w->small = is_small(w, next);
  sei_pages_landed(&w->pages, next);
  ask_pages(L, w);
  send_asked(w, next);
  sei_walk_build(L, w, next);
}

/* Marks the page's records that were seen before. */
static void sift(lua_State *L, struct sei_walk *w, int64_t *fresh,
                 int64_t *twice)
{
  const struct sei_records *r = &w->slots[w->page.slot].records;
  int64_t i;
  *fresh = *twice = 0;
  if(w->dropped_size < w->page.n) {
    lua_getiuservalue(L, 1, UV_PARTS);
    w->dropped = lua_newuserdatauv(L, (size_t)w->page.n, 0);
    w->dropped_size = w->page.n;
    lua_setfield(L, -2, "dropped");
    lua_pop(L, 1);
  }
  memset(w->dropped, 0, (size_t)w->page.n);
  if(w->pages.total > 0)
    sei_seen_expect_all(&w->seen, (size_t)w->pages.total);
  for(i = 0; i < w->page.n; i++) {
    enum sei_seen_answer seen = sei_seen_add(&w->seen,
      sei_records_key(r, w->page.first + i), w->pages.pass);
    if(i + AHEAD < w->page.n)
      sei_seen_expect(&w->seen, sei_records_key(r, w->page.first + i + AHEAD));
    if(seen == SEI_SEEN_FULL || seen == SEI_SEEN_NOMEM)
      luaL_error(L, "not enough memory");
    *fresh += seen == SEI_SEEN_FRESH;
    *twice += seen == SEI_SEEN_TWICE;
    w->dropped[i] = seen != SEI_SEEN_FRESH;
  }
}

/* Counts a page that is handed out, and tells who listens. */
static void tell_page(struct sei_walk *w, int64_t count)
{
  w->served++;
  w->client->stats.pages++;
  w->client->stats.records += (uint64_t)count;
  sei_event_page(w->client, w->endpoint, w->served, count,
                 sei_pages_offset(&w->pages, 0), w->pages.total);
}

/* Sets what is to be handed out: of the page's records those not dropped, up
 * to `hand_out` of them. */
static void serve(lua_State *L, struct sei_walk *w, int64_t hand_out)
{
  int64_t end = 0;
  while(end < w->page.n && (hand_out || w->dropped[end])) {
    hand_out -= !w->dropped[end];
    end++;
  }
  w->at = 0;
  w->end = end;
  lua_getiuservalue(L, 1, UV_LISTS);
  lua_rawgeti(L, -1, w->page.slot + 1);
  lua_setiuservalue(L, 1, UV_LIST);
  lua_pop(L, 1);
}

static void finish(lua_State *L, struct sei_walk *w)
{
  char text[512];
  w->state = WALK_ENDED;
  if(w->warn && w->pages.drift.kinds) {
    sei_pages_problem(&w->pages, text, sizeof text);
    lua_pushfstring(L, "sei: %s: %s", w->endpoint->name, text);
    lua_warning(L, lua_tostring(L, -1), 0);
    lua_pop(L, 1);
  }
}

/* One turn of the rule's loop. true: something happened, turn again. */
static bool turn(lua_State *L, struct sei_walk *w)
{
  int64_t fresh, twice, hand_out;
  w->end = w->at = 0;
  switch(sei_pages_take(&w->pages, &w->page)) {
  case SEI_PAGES_PAGE:
    ask_pages(L, w);
    sift(L, w, &fresh, &twice);
    if(sei_pages_judge(&w->pages, fresh, twice, &hand_out) ==
       SEI_PAGES_FAILED)
      fail_pages(L, w);
    else {
      serve(L, w, hand_out);
      tell_page(w, hand_out);
    }
    return true;
  case SEI_PAGES_DONE:
    finish(L, w);
    break;
  case SEI_PAGES_FAILED:
    if(has_error(L))
      w->state = WALK_FAILED;
    else
      fail_pages(L, w);
    break;
  case SEI_PAGES_WAIT:
    ask_pages(L, w); /* the rule may have thrown a page away or begun anew */
    break;
  }
  return false;
}

/* true: the next call has an answer (a record, the end, an error). */
static bool poll_paged(lua_State *L, struct sei_walk *w)
{
  bool again;
  w->asked = false; /* a step has just been */
  do {
    tend_all(L, w);
    build_next(L, w);
    again = turn(L, w);
    if(w->at < w->end || w->state != WALK_RUNS)
      break;
    if(!again && has_error(L) && !is_underway(w))
      w->state = WALK_FAILED;
  } while(again);
  /* the last turn may have begun another pass, or left slots to be freed */
  if(w->at >= w->end)
    ask_pages(L, w);
  if(w->at < w->end)
    send_asked(w, -1);
  return w->at < w->end || w->state != WALK_RUNS;
}

/* ---- unpaged: hand out slices of the one reply while it comes ---- */

static void slice(lua_State *L, struct sei_walk *w)
{
  struct sei_walk_slot *s = &w->slots[0];
  lua_getiuservalue(L, 1, UV_LISTS);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -3, 1);
  lua_setiuservalue(L, 1, UV_LIST);
  lua_pop(L, 1);
  sei_records_restart(&s->records);
  w->at = w->end = 0;
}

static bool poll_unpaged(lua_State *L, struct sei_walk *w)
{
  static const struct sei_pages_ask ask = {0, 0, 0, 0};
  struct sei_walk_slot *s = &w->slots[0];
  if(w->left == 0) {
    w->state = WALK_ENDED;
    sei_walk_forget(s);
    return true;
  }
  if(!s->asked)
    sei_walk_send(L, w, &ask);
  slice(L, w);
  sei_walk_tend(L, w, 0, SLICE);
  w->end = s->records.listed;
  if(w->left >= 0 && w->end > w->left)
    w->end = w->left;
  w->client->stats.records += (uint64_t)w->end;
  if(w->left >= 0)
    w->left -= w->end;
  if(w->end)
    return true;
  if(s->failed)
    w->state = WALK_FAILED;
  else if(s->records.state == SEI_RECORDS_END)
    w->state = WALK_ENDED;
  return w->state != WALK_RUNS;
}

bool sei_walk_poll(lua_State *L, struct sei_walk *w)
{
  bool over;
  if(w->state != WALK_RUNS || w->at < w->end)
    return true;
  if(w->inside) { /* what was half done waits for ever for its other half */
    w->state = WALK_FAILED;
    return true;
  }
  w->inside = true;
  w->stepped = false;
  over = w->paged ? poll_paged(L, w) : poll_unpaged(L, w);
  w->inside = false;
  if(w->stepped && !over) /* else who waited leaves, which wakes the others */
    sei_client_wake(w->client);
  return over;
}
