/* event - what happened to a client's requests, for hooks and logs.
 *
 * A bounded list: written in the C side's steps, taken by lua/sei/event.lua
 * between them. A list that nobody empties stops growing and counts.
 */
#define _DEFAULT_SOURCE
#include "event.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "shown.h"

enum { URL_MAX = 2048, REASON_MAX = 300, EXCERPT_MAX = 512,
  HEADERS_MAX = 4096 };

/* In the order of enum sei_event_kind. */
static const char *const KINDS[] = {
  "request", "response", "retry", "page", "batch"
};

/* All that a log may show of a reply's header. */
static const char *const REPLY_HEADERS[] = {
  "Content-Type", "Content-Length", "Retry-After", "X-Request-Id", "Date",
  "Server", NULL
};

/* ---- the list ---- */

static void free_event(struct sei_event *e)
{
  if(!e)
    return;
  free(e->url);
  free(e->headers);
  free(e->excerpt);
  free(e->reason);
  free(e);
}

static struct sei_event *take(struct sei_events *list)
{
  struct sei_event *e = list->first;
  if(e) {
    list->first = e->next;
    if(!list->first)
      list->last = NULL;
    list->count--;
  }
  return e;
}

void sei_events_free(struct sei_events *list)
{
  struct sei_event *e;
  while((e = take(list)))
    free_event(e);
  list->wanted = 0;
}

static bool is_wanted(const struct sei_client *c, enum sei_event_kind kind)
{
  return c->events.wanted >> kind & 1;
}

static double wall_clock(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A new event at the list's end, or NULL: nobody wants it, the list is full,
 * no memory. */
static struct sei_event *add(struct sei_client *c, enum sei_event_kind kind,
                             const struct sei_endpoint *endpoint)
{
  struct sei_events *list = &c->events;
  struct sei_event *e = NULL;
  if(!is_wanted(c, kind))
    return NULL;
  if(list->count < SEI_EVENTS_MAX)
    e = calloc(1, sizeof *e);
  if(!e) {
    list->lost++;
    c->stats.events_lost++;
    return NULL;
  }
  e->kind = kind;
  e->endpoint = endpoint->name;
  e->method = endpoint->method;
  e->time = wall_clock();
  e->duration = e->delay = e->waited = -1;
  e->bytes = e->sent = e->page = e->count = e->offset = e->total = e->rows =
    e->first = e->last = SEI_EVENT_NONE;
  if(list->last)
    list->last->next = e;
  else
    list->first = e;
  list->last = e;
  list->count++;
  return e;
}

/* ---- what it tells ---- */

static struct sei_event *add_attempt(struct sei_client *c,
                                     enum sei_event_kind kind,
                                     const struct sei_exchange *x)
{
  struct sei_event *e = add(c, kind, x->endpoint);
  if(!e)
    return NULL;
  e->url = sei_shown_copy(c, x->url, strlen(x->url), URL_MAX);
  e->call = x->number;
  e->attempt = x->sent;
  return e;
}

static void add_line(struct sei_buf *b, const char *name, const char *value)
{
  if(value && !sei_buf_adds(b, name) && !sei_buf_adds(b, ": ") &&
     !sei_buf_adds(b, value))
    sei_buf_addc(b, '\n');
}

/* The lines as one clean text, the buffer's own. */
static char *finish_lines(const struct sei_client *c, struct sei_buf *b)
{
  if(!b->len || sei_buf_addc(b, '\0')) {
    sei_buf_free(b);
    return NULL;
  }
  sei_redact_values(&c->secrets, b->data, b->len - 1);
  return b->data;
}

static char *request_headers(const struct sei_client *c,
                             const struct sei_exchange *x)
{
  struct sei_buf b;
  sei_buf_init(&b, HEADERS_MAX);
  add_line(&b, "Accept", x->endpoint->accept);
  add_line(&b, "Content-Type", x->source != SEI_SOURCE_NONE ?
           "multipart/form-data" : x->body ? "application/json" : NULL);
  add_line(&b, "User-Agent", c->http.user_agent ? c->http.user_agent :
           "sei/1");
  add_line(&b, "traceparent", *c->traceparent ? c->traceparent : NULL);
  return finish_lines(c, &b);
}

static char *reply_headers(const struct sei_client *c,
                           const struct sei_exchange *x)
{
  const struct sei_headers *h = sei_transfer_headers(x->transfer);
  struct sei_buf b;
  size_t i;
  sei_buf_init(&b, HEADERS_MAX);
  for(i = 0; REPLY_HEADERS[i]; i++) {
    const char *value = sei_headers_get(h, REPLY_HEADERS[i]);
    if(value && sei_header_clean(value, strlen(value)))
      add_line(&b, REPLY_HEADERS[i], value);
  }
  return finish_lines(c, &b);
}

/* Why an attempt did not go well; NULL if it did. */
static char *reason_of(const struct sei_client *c,
                       const struct sei_exchange *x)
{
  int status = sei_transfer_status(x->transfer);
  const char *s = sei_transfer_problem(x->transfer);
  char text[32];
  if(sei_transfer_state(x->transfer) != SEI_TRANSFER_DONE)
    s = "given up";
  else if(sei_transfer_failure(x->transfer) == SEI_FAILURE_NONE) {
    if(status / 100 == 2)
      return NULL;
    snprintf(text, sizeof text, "HTTP %d", status);
    s = text;
  }
  return sei_shown_copy(c, s, strlen(s), REASON_MAX);
}

static void describe_end(struct sei_event *e, const struct sei_exchange *x)
{
  const struct sei_transfer *t = x->transfer;
  e->status = sei_transfer_status(t);
  e->waited = sei_transfer_waited(t);
  e->duration = sei_transfer_duration(t) - e->waited;
  e->bytes = sei_transfer_received(t);
  e->sent = sei_transfer_uploaded(t);
  if(x->attempts)
    e->problem_class = sei_class_name(sei_exchange_class(x));
}

/* ---- the kinds ---- */

void sei_event_request(struct sei_client *c, const struct sei_exchange *x)
{
  struct sei_event *e = add_attempt(c, SEI_EVENT_REQUEST, x);
  if(!e)
    return;
  e->headers = request_headers(c, x);
  e->delay = x->delay;
  e->waited = sei_transfer_waited(x->transfer);
  if(x->source == SEI_SOURCE_NONE)
    e->sent = (int64_t)x->body_len;
  if(c->events.excerpts && x->body)
    e->excerpt = sei_shown_copy(c, x->body, x->body_len, EXCERPT_MAX);
}

void sei_event_response(struct sei_client *c, const struct sei_exchange *x)
{
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  struct sei_event *e = add_attempt(c, SEI_EVENT_RESPONSE, x);
  if(!e)
    return;
  describe_end(e, x);
  e->headers = reply_headers(c, x);
  e->reason = reason_of(c, x);
  /* of a reply that was decoded while it came, only an end is left */
  if(c->events.excerpts && body->len && (int64_t)body->len == e->bytes)
    e->excerpt = sei_shown_copy(c, body->data, body->len, EXCERPT_MAX);
}

void sei_event_retry(struct sei_client *c, const struct sei_exchange *x,
                     double delay, const char *why)
{
  struct sei_event *e = add_attempt(c, SEI_EVENT_RETRY, x);
  if(!e)
    return;
  e->attempt = x->sent + 1;
  e->delay = delay;
  e->status = sei_transfer_status(x->transfer);
  e->reason = why ? strdup(why) : reason_of(c, x);
}

void sei_event_final(struct sei_client *c, const struct sei_exchange *x)
{
  struct sei_event *e = c->events.last;
  if(e && e->kind == SEI_EVENT_RESPONSE && e->call == x->number)
    e->final = true;
}

void sei_event_page(struct sei_client *c, const struct sei_endpoint *endpoint,
                    int64_t page, int64_t count, int64_t offset,
                    int64_t total)
{
  struct sei_event *e = add(c, SEI_EVENT_PAGE, endpoint);
  if(!e)
    return;
  e->page = page;
  e->count = count;
  e->offset = offset;
  if(total >= 0)
    e->total = total;
}

void sei_event_batch(struct sei_client *c, const struct sei_exchange *x,
                     int64_t rows, int64_t first, int64_t last)
{
  struct sei_event *e = add_attempt(c, SEI_EVENT_BATCH, x);
  if(!e)
    return;
  describe_end(e, x);
  e->reason = reason_of(c, x);
  if(rows >= 0)
    e->rows = rows;
  if(first > 0) {
    e->first = first;
    e->last = last;
  }
}

/* ---- what Lua takes ---- */

static void set_text(lua_State *L, const char *name, const char *value)
{
  if(!value)
    return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, int64_t n)
{
  if(n == SEI_EVENT_NONE)
    return;
  lua_pushinteger(L, (lua_Integer)n);
  lua_setfield(L, -2, name);
}

static void set_seconds(lua_State *L, const char *name, double seconds)
{
  if(seconds < 0)
    return;
  lua_pushnumber(L, seconds);
  lua_setfield(L, -2, name);
}

/* headers = {["Content-Type"] = "…", …} */
static void set_headers(lua_State *L, const char *lines)
{
  const char *colon, *end;
  if(!lines)
    return;
  lua_newtable(L);
  while((end = strchr(lines, '\n'))) {
    colon = strchr(lines, ':');
    lua_pushlstring(L, lines, (size_t)(colon - lines));
    lua_pushlstring(L, colon + 2, (size_t)(end - colon - 2));
    lua_rawset(L, -3);
    lines = end + 1;
  }
  lua_setfield(L, -2, "headers");
}

static void set_fields(lua_State *L, const struct sei_client *c,
                       const struct sei_event *e)
{
  bool is_end = e->kind == SEI_EVENT_RESPONSE || e->kind == SEI_EVENT_BATCH;
  set_text(L, "event", KINDS[e->kind]);
  set_text(L, "endpoint", e->endpoint);
  set_text(L, "method", e->method);
  set_text(L, "url", e->url);
  set_text(L, "reason", e->reason);
  set_text(L, "excerpt", e->excerpt);
  set_text(L, "class", e->problem_class);
  set_text(L, "traceparent", *c->traceparent ? c->traceparent : NULL);
  set_headers(L, e->headers);
  set_seconds(L, "time", e->time);
  set_seconds(L, "duration", e->duration);
  set_seconds(L, "delay", e->delay);
  set_seconds(L, "waited", e->waited);
  set_integer(L, "call", e->call ? (int64_t)e->call : SEI_EVENT_NONE);
  set_integer(L, "attempt", e->attempt ? e->attempt : SEI_EVENT_NONE);
  set_integer(L, "status", e->status ? e->status : SEI_EVENT_NONE);
  set_integer(L, "bytes", e->bytes);
  set_integer(L, "sent", e->sent);
  set_integer(L, "page", e->page);
  set_integer(L, "count", e->count);
  set_integer(L, "offset", e->offset);
  set_integer(L, "total", e->total);
  set_integer(L, "rows", e->rows);
  set_integer(L, "first", e->first);
  set_integer(L, "last", e->last);
  if(is_end) {
    lua_pushboolean(L, !e->reason);
    lua_setfield(L, -2, "ok");
  }
  if(e->kind == SEI_EVENT_RESPONSE) {
    lua_pushboolean(L, e->final);
    lua_setfield(L, -2, "final");
  }
}

/* core.next_event(client): the oldest event as a table, or nil. It is freed
 * only when the table stands: memory may run out on the way. */
static int l_next_event(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  const struct sei_event *e = c->events.first;
  if(!e) {
    lua_pushnil(L);
    return 1;
  }
  luaL_checkstack(L, 6, NULL);
  lua_createtable(L, 0, 16);
  set_fields(L, c, e);
  free_event(take(&c->events));
  return 1;
}

/* core.lost_events(client): how many there was no room for since this was
 * asked last. */
static int l_lost_events(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  lua_pushinteger(L, (lua_Integer)c->events.lost);
  c->events.lost = 0;
  return 1;
}

/* core.listen(client, kinds, excerpts): from now on events of these kinds
 * ({"request", …}) are kept, with the beginnings of bodies if asked for. */
static int l_listen(lua_State *L)
{
  struct sei_client *c = sei_client_check(L, 1);
  lua_Integer i, n;
  unsigned k, wanted = 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  n = (lua_Integer)lua_rawlen(L, 2);
  for(i = 1; i <= n; i++) {
    lua_rawgeti(L, 2, i);
    for(k = 0; k < SEI_EVENT_KINDS; k++)
      if(!strcmp(luaL_checkstring(L, -1), KINDS[k]))
        wanted |= 1u << k;
    lua_pop(L, 1);
  }
  c->events.wanted = wanted;
  c->events.excerpts = lua_toboolean(L, 3);
  return 0;
}

void sei_open_event(lua_State *L)
{
  static const luaL_Reg functions[] = {
    {"listen", l_listen}, {"next_event", l_next_event},
    {"lost_events", l_lost_events}, {NULL, NULL}
  };
  luaL_setfuncs(L, functions, 0);
}
