/* exchange - one request through all its attempts, and its reply.
 *
 * What may be repeated is decided by effect, not by method: a list is a POST
 * and safe. A write is sent again only if it surely was not acted upon: it
 * never left, or the service said so (429, the write lock of api.md section 4
 * no. 4). A 401 has the key source read once more for all who got one.
 */
#define _GNU_SOURCE /* memmem */
#include "exchange.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../http/redirect.h"
#include "client.h"
#include "error.h"
#include "request.h"


/* ---- sending ---- */

/* false: no memory. */
static bool add_headers(struct sei_headers *h, const struct sei_client *c,
                        const struct sei_exchange *x)
{
  return sei_headers_add(h, "Accept", x->endpoint->accept) &&
    (!x->body || sei_headers_add(h, "Content-Type", "application/json")) &&
    sei_auth_add(h, x->auth, c->key.data) &&
    (!c->account[0] || sei_headers_add(h, "Harness-Account", c->account)) &&
    (!*c->traceparent || sei_headers_add(h, "traceparent", c->traceparent));
}

static void describe(struct sei_request *r, const struct sei_client *c,
                     const struct sei_exchange *x)
{
  memset(r, 0, sizeof *r);
  r->method = x->endpoint->method;
  r->url = x->url;
  r->body = x->body;
  r->body_len = x->body_len;
  r->reads = x->endpoint->effect == SEI_READS;
  r->source = x->source;
  r->field = "file";
  r->filename = x->filename;
  r->content_type = "text/csv";
  r->path = x->path;
  r->max_body = x->stream ? (size_t)-1 : c->max_body;
  r->deadline = x->deadline;
  r->attempt = x->stream ? 0 : c->attempt_timeout;
  r->stream = x->stream;
  r->keep = c->recording.mode == SEI_RECORDING_OFF ? 0 : c->recording.max;
}

/* Queues the transfer, or leaves it to the recording. false: no memory. */
static bool submit(struct sei_client *c, struct sei_transfer *t, double delay)
{
  if(c->recording.mode == SEI_RECORDING_REPLAYS)
    return true;
  return sei_pool_submit_at(c->pool, t, delay > 0 ? sei_clock() + delay : 0);
}

/* Makes the next attempt's transfer and queues it. false: no memory, or the
 * client's grant has no request left. */
static bool send_after(struct sei_client *c, struct sei_exchange *x,
                       double delay)
{
  struct sei_headers headers = {0};
  struct sei_request r;
  struct sei_transfer *t = NULL;
  x->auth = c->auth == SEI_AUTH_BY_SHAPE ? sei_auth_shape(c->key.data) :
    c->auth;
  if(sei_grant_take(c) && add_headers(&headers, c, x)) {
    describe(&r, c, x);
    r.headers = &headers;
    t = sei_transfer_new(&c->http, &r);
  }
  sei_headers_free(&headers);
  if(!t || !submit(c, t, delay)) {
    sei_transfer_free(t);
    return false;
  }
  sei_transfer_free(x->transfer);
  x->transfer = t;
  x->key = c->key_number;
  x->delay = delay;
  x->sent++;
  x->told = false;
  if(c->recording.mode == SEI_RECORDING_REPLAYS)
    sei_recording_ask(c, x);
  return true;
}

/* Raises unless `copy` was made. */
static char *keep(lua_State *L, const void *bytes, size_t n)
{
  char *copy = malloc(n + 1);
  if(!copy)
    luaL_error(L, "not enough memory");
  memcpy(copy, bytes, n);
  copy[n] = '\0';
  return copy;
}

static void keep_all(lua_State *L, struct sei_exchange *x,
                     const struct sei_client *c, const struct sei_send *send)
{
  const char *url = sei_request_push_url(L, c, x->endpoint, send);
  x->url = keep(L, url, strlen(url));
  lua_pop(L, 1);
  if(send->body) {
    if(send->shared)
      x->shared = sei_shared_hold(send->shared);
    else
      x->own = keep(L, send->body, send->body_len);
    x->body = send->shared ? send->body : x->own;
    x->body_len = send->body_len;
  }
  if(send->path)
    x->path = keep(L, send->path, strlen(send->path));
  if(send->filename)
    x->filename = keep(L, send->filename, strlen(send->filename));
  x->source = send->source;
  x->stream = send->stream;
}

static void enter(struct sei_client *c, struct sei_exchange *x)
{
  x->next = c->exchanges;
  x->at = &c->exchanges;
  if(x->next)
    x->next->at = &x->next;
  c->exchanges = x;
}

static void leave(struct sei_exchange *x)
{
  if(!x->at)
    return;
  *x->at = x->next;
  if(x->next)
    x->next->at = x->at;
  x->at = NULL;
}

void sei_exchange_start(lua_State *L, struct sei_exchange *x,
                        struct sei_client *c, const struct sei_endpoint *e,
                        const struct sei_send *send)
{
  if(!c->pool) {
    sei_error_push(L, "closed", "the client is closed");
    lua_error(L);
  }
  x->endpoint = e;
  x->client = c;
  x->number = c->stats.calls + 1;
  keep_all(L, x, c, send);
  sei_grant_check(L, c, e, x->url, send->path != NULL);
  x->deadline = sei_clock() + send->timeout;
  if(c->grant.on && x->deadline > c->grant.deadline)
    x->deadline = c->grant.deadline;
  c->seed = c->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
  sei_retry_begin(&x->retry, &c->retry, &c->budget, x->deadline, c->seed);
  if(!send_after(c, x, send->delay)) {
    sei_grant_check(L, c, e, x->url, false); /* its time may be over by now */
    luaL_error(L, "not enough memory");
  }
  enter(c, x);
  c->stats.calls++;
}

/* ---- what an attempt came to ---- */

/* "Failed to obtain org user lock": a 500 before anything was written. */
static bool is_locked(const struct sei_exchange *x)
{
  static const char WORDS[] = "obtain org user lock";
  const struct sei_buf *body = sei_transfer_body(x->transfer);
  return sei_transfer_status(x->transfer) == 500 && body->len &&
    memmem(body->data, body->len, WORDS, sizeof WORDS - 1);
}

static enum sei_class class_of(const struct sei_exchange *x)
{
  int status = sei_transfer_status(x->transfer);
  if(sei_transfer_failure(x->transfer) != SEI_FAILURE_NONE)
    return sei_transfer_sent(x->transfer) ? SEI_CLASS_UNKNOWN :
      SEI_CLASS_NEVER_SENT;
  if(status / 100 == 2)
    return SEI_CLASS_NONE;
  if(is_locked(x) || status / 100 == 3)
    return SEI_CLASS_REJECTED;
  /* 400: some rows or all, nobody knows (api.md section 3, open points) */
  return status / 100 == 4 && status != 400 && status != 408 ?
    SEI_CLASS_REJECTED : SEI_CLASS_UNKNOWN;
}

static void note(struct sei_client *c, struct sei_exchange *x)
{
  struct sei_attempt *a =
    &x->log[x->attempts < SEI_ATTEMPTS_MAX ? x->attempts :
            SEI_ATTEMPTS_MAX - 1];
  x->attempts++;
  a->status = sei_transfer_status(x->transfer);
  a->failure = sei_transfer_failure(x->transfer);
  a->what = class_of(x);
  a->delay = x->delay;
  a->duration = sei_transfer_duration(x->transfer);
  c->stats.attempts++;
  c->stats.failed += a->what != SEI_CLASS_NONE;
  c->stats.waited += sei_transfer_waited(x->transfer);
  c->stats.bytes_sent += (uint64_t)sei_transfer_uploaded(x->transfer);
  c->stats.bytes_received += (uint64_t)sei_transfer_received(x->transfer);
  sei_event_response(c, x);
  sei_recording_note(c, x);
}

/* The attempt left the queue. */
static void tell_begun(struct sei_client *c, struct sei_exchange *x)
{
  if(x->told || sei_transfer_started(x->transfer) <= 0)
    return;
  x->told = true;
  sei_event_request(c, x);
}

static bool can_repeat(const struct sei_exchange *x)
{
  return !x->taken && x->source != SEI_SOURCE_FEED;
}

static double retry_after(const struct sei_exchange *x)
{
  return sei_header_retry_after(sei_transfer_headers(x->transfer),
                                (double)time(NULL));
}

/* ---- redirects: reads only, to the same origin ---- */

static bool follow(struct sei_client *c, struct sei_exchange *x)
{
  const char *location = sei_headers_get(sei_transfer_headers(x->transfer),
                                         "Location");
  char *url;
  if(sei_transfer_failure(x->transfer) != SEI_FAILURE_NONE || !location ||
     x->endpoint->effect != SEI_READS || x->redirects >= SEI_REDIRECTS_MAX ||
     !sei_redirect_keeps_method(sei_transfer_status(x->transfer),
                                x->endpoint->method))
    return false;
  url = sei_redirect_url(x->url, location);
  if(!url)
    return false;
  free(x->url);
  x->url = url;
  x->redirects++;
  return send_after(c, x, 0);
}

/* ---- a newer key ---- */

static const char NEWER_KEY[] = "HTTP 401, and there is a newer key";

static bool is_unauthorized(const struct sei_exchange *x)
{
  return sei_transfer_failure(x->transfer) == SEI_FAILURE_NONE &&
    sei_transfer_status(x->transfer) == 401;
}

static bool wants_newer_key(struct sei_client *c, struct sei_exchange *x)
{
  if(!is_unauthorized(x) || x->rekeyed || !c->key_renews || !can_repeat(x))
    return false;
  if(x->key != c->key_number) { /* somebody else's 401 brought it */
    x->rekeyed = true;
    sei_event_retry(c, x, 0, NEWER_KEY);
    return send_after(c, x, 0);
  }
  x->waits_key = c->wants_key = true;
  return true;
}

void sei_exchange_rekey(struct sei_client *c)
{
  struct sei_exchange *x;
  for(x = c->exchanges; x; x = x->next) {
    if(!x->waits_key)
      continue;
    x->waits_key = false;
    x->rekeyed = true;
    if(x->key != c->key_number)
      sei_event_retry(c, x, 0, NEWER_KEY);
    x->final = x->key == c->key_number || !send_after(c, x, 0);
  }
}

/* ---- again, or final ---- */

static enum sei_retry_outcome outcome(const struct sei_exchange *x)
{
  struct sei_retry_facts f;
  if(!can_repeat(x)) /* a reply that broke off has a status, too */
    return class_of(x) == SEI_CLASS_NONE ? SEI_OUTCOME_OK : SEI_OUTCOME_FINAL;
  f.failure = sei_transfer_failure(x->transfer);
  f.status = sei_transfer_status(x->transfer);
  f.sent = sei_transfer_sent(x->transfer);
  f.idempotent = x->endpoint->effect == SEI_READS;
  f.refused = is_locked(x);
  /* damaged on its way: the next one may arrive whole */
  if(f.failure == SEI_FAILURE_PROTOCOL && f.status / 100 == 2)
    f.failure = SEI_FAILURE_CONNECT;
  return sei_retry_outcome(&f);
}

/* Nobody holds everything up for longer than one request would wait. */
static void slow_down(struct sei_client *c, const struct sei_exchange *x)
{
  double wait = retry_after(x);
  if(sei_transfer_failure(x->transfer) != SEI_FAILURE_NONE ||
     sei_transfer_status(x->transfer) != 429)
    return;
  c->stats.limited++;
  if(c->limiter)
    sei_limiter_slow(c->limiter, sei_transfer_started(x->transfer),
                     wait < c->retry.longest ? wait : c->retry.longest);
}

/* Again, after a while, or not. What is replayed waits for nothing. */
static void decide(struct sei_client *c, struct sei_exchange *x)
{
  double delay;
  x->verdict = sei_retry_next(&x->retry, outcome(x), retry_after(x),
                              sei_clock(), &delay);
  x->final = x->verdict != SEI_RETRY_AGAIN;
  if(x->final)
    return;
  if(c->recording.mode == SEI_RECORDING_REPLAYS)
    delay = 0;
  sei_event_retry(c, x, delay, NULL);
  x->final = !send_after(c, x, delay);
  c->stats.retries += !x->final;
}

void sei_exchange_tend(struct sei_client *c, struct sei_exchange *x)
{
  if(x->final || x->waits_key || !x->transfer)
    return;
  sei_recording_tend(c, x);
  tell_begun(c, x);
  if(sei_transfer_state(x->transfer) != SEI_TRANSFER_DONE)
    return;
  note(c, x);
  slow_down(c, x);
  if(!c->pool)
    x->final = true;
  else if(!follow(c, x) && !wants_newer_key(c, x))
    decide(c, x);
  if(x->final)
    sei_event_final(c, x);
}

void sei_exchange_cancel(struct sei_client *c, struct sei_exchange *x)
{
  if(x->final || !x->transfer)
    return;
  if(c->pool)
    sei_pool_cancel(c->pool, x->transfer);
  x->ask = SEI_ASK_NONE;
  tell_begun(c, x);
  if(!x->waits_key && sei_transfer_state(x->transfer) == SEI_TRANSFER_DONE)
    note(c, x);
  x->waits_key = false;
  x->final = true;
  sei_event_final(c, x);
}

bool sei_exchange_done(const struct sei_exchange *x)
{
  return x->final;
}

enum sei_class sei_exchange_class(const struct sei_exchange *x)
{
  unsigned last = x->attempts < SEI_ATTEMPTS_MAX ? x->attempts :
    SEI_ATTEMPTS_MAX;
  return last ? x->log[last - 1].what : SEI_CLASS_NEVER_SENT;
}

const char *sei_class_name(enum sei_class what)
{
  static const char *const NAMES[] = {
    NULL, "never_sent", "rejected", "unknown"
  };
  return NAMES[what];
}

/* Nobody waits for it any more; who listens or records is told. */
static void abandon(struct sei_exchange *x)
{
  if(!x->at || !x->transfer || x->final || x->waits_key)
    return;
  tell_begun(x->client, x);
  sei_event_response(x->client, x);
  sei_event_final(x->client, x);
  sei_recording_note(x->client, x);
}

void sei_exchange_free(struct sei_exchange *x)
{
  abandon(x);
  leave(x);
  sei_transfer_free(x->transfer);
  free(x->url);
  free(x->own);
  sei_shared_drop(x->shared);
  free(x->path);
  free(x->filename);
  memset(x, 0, sizeof *x);
}
