/* transfer - one request and its reply: life, state, and time. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "pool.h"
#include "transfer_private.h"

/* libcurl gives up connecting by itself, and says in which step; ours is only
 * for what its own timer does not see. */
static const double CONNECT_GRACE = 0.5;

/* ---- life ---- */

static void init(struct sei_transfer *t, const struct sei_http_options *o,
                 const struct sei_request *r)
{
  sei_feed_init(&t->feed);
  sei_buf_init(&t->body, r->max_body);
  t->max_body = r->max_body;
  sei_buf_init(&t->kept.file, r->keep);
  sei_buf_init(&t->kept.reply, r->keep);
  t->max_header = o->max_header;
  t->stream = r->stream;
  t->deadline = r->deadline;
  t->attempt = r->attempt;
  t->connect_timeout = o->connect_timeout;
  t->stall_timeout = o->stall_timeout;
}

struct sei_transfer *sei_transfer_new(const struct sei_http_options *o,
                                      const struct sei_request *r)
{
  struct sei_transfer *t;
  if(sei_http_start())
    return NULL;
  t = calloc(1, sizeof *t);
  if(!t)
    return NULL;
  init(t, o, r);
  if(!sei_transfer_setup(t, o, r)) {
    sei_transfer_free(t);
    return NULL;
  }
  return t;
}

/* The key is in one of these lines. */
static void wipe_lines(struct curl_slist *lines)
{
  struct curl_slist *l;
  for(l = lines; l; l = l->next)
    explicit_bzero(l->data, strlen(l->data));
  curl_slist_free_all(lines);
}

/* The handle waits for another request, if this one ended well. */
static void give_back(struct sei_transfer *t)
{
  struct sei_handles *h = t->pool ? sei_pool_handles(t->pool) : NULL;
  if(!h || !t->ordinary || t->failure != SEI_FAILURE_NONE)
    return;
  sei_handles_give(h, t->easy);
  t->easy = NULL;
}

/* What only a transfer that is not DONE needs. */
static void release_request(struct sei_transfer *t)
{
  curl_easy_cleanup(t->easy);
  curl_mime_free(t->mime);
  wipe_lines(t->lines);
  sei_feed_free(&t->feed);
  t->easy = NULL;
  t->mime = NULL;
  t->lines = NULL;
  t->out = NULL;
}

void sei_transfer_free(struct sei_transfer *t)
{
  if(!t)
    return;
  if(t->pool)
    sei_pool_cancel(t->pool, t);
  release_request(t);
  sei_gunzip_free(t->gunzip);
  sei_headers_free(&t->headers);
  sei_buf_free(&t->body);
  sei_buf_free(&t->kept.file);
  sei_buf_free(&t->kept.reply);
  free(t);
}

/* ---- how it ends ---- */

void sei_transfer_fail(struct sei_transfer *t, enum sei_failure failure,
                       const char *fmt, ...)
{
  va_list args;
  if(t->failure != SEI_FAILURE_NONE)
    return;
  t->failure = failure;
  va_start(args, fmt);
  vsnprintf(t->problem, sizeof t->problem, fmt, args);
  va_end(args);
}

static bool request_left(const struct sei_transfer *t)
{
  long bytes = 0;
  return t->began && t->easy &&
         (curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes) ||
          bytes > 0);
}

/* libcurl 7.88 says "out of memory" too when a header line is longer than its
 * own limit. If there is that much memory, that was it. */
static bool is_long_line(const struct sei_transfer *t, CURLcode code)
{
  void *volatile probe; /* volatile: or the compiler leaves it out */
  bool roomy;
  if(code != CURLE_OUT_OF_MEMORY || !t->began || t->head_done)
    return false;
  probe = malloc(CURL_MAX_HTTP_HEADER);
  roomy = probe != NULL;
  free(probe);
  return roomy;
}

static void explain(struct sei_transfer *t, CURLcode code)
{
  const char *words = *t->words ? t->words : curl_easy_strerror(code);
  if(is_long_line(t, code))
    sei_transfer_fail(t, SEI_FAILURE_TOO_LARGE,
                      "a reply header is too large (%s)", words);
  else if(code)
    sei_transfer_fail(t, sei_failure_of(code, words), "%s", words);
  else if(t->gunzip && !sei_gunzip_whole(t->gunzip))
    sei_transfer_fail(t, SEI_FAILURE_PROTOCOL,
                      "the reply's gzip data ends too early");
}

/* Neither counted nor asked for while it runs. */
static void count_upload(struct sei_transfer *t)
{
  curl_off_t bytes = 0;
  if(t->easy && t->started > 0 &&
     !curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &bytes) && bytes)
    t->uploaded = bytes;
}

void sei_transfer_finish(struct sei_transfer *t, CURLcode code)
{
  explain(t, code);
  count_upload(t);
  t->sent = request_left(t);
  t->ended = sei_clock();
  t->state = SEI_TRANSFER_DONE;
  give_back(t);
  t->pool = NULL;
  release_request(t);
}

/* ---- time ---- */

static bool is_held(const struct sei_transfer *t)
{
  return t->recv_held || t->send_held;
}

double sei_transfer_due(const struct sei_transfer *t)
{
  double due = t->deadline > 0 ? t->deadline : INFINITY;
  double other = INFINITY;
  if(t->state != SEI_TRANSFER_RUNNING)
    return due;
  if(!t->began)
    other = t->started + t->connect_timeout + CONNECT_GRACE;
  else if(!is_held(t))
    other = t->moved + t->stall_timeout;
  if(t->attempt > 0 && t->started + t->attempt < other)
    other = t->started + t->attempt;
  return other < due ? other : due;
}

static const char *phase(const struct sei_transfer *t)
{
  if(t->state != SEI_TRANSFER_RUNNING)
    return "waiting for its turn";
  if(!t->began)
    return "connecting";
  if(t->send_held)
    return "waiting for the bytes to send";
  if(t->recv_held)
    return "waiting for the reply to be taken";
  return t->head_done ? "receiving the reply" :
                        "sending or waiting for the reply";
}

bool sei_transfer_overdue(struct sei_transfer *t, double now)
{
  if(t->failure != SEI_FAILURE_NONE)
    return true;
  if(now < sei_transfer_due(t))
    return false;
  if(t->deadline > 0 && now >= t->deadline)
    sei_transfer_fail(t, SEI_FAILURE_TIMEOUT, "the deadline passed while %s",
                      phase(t));
  else if(t->attempt > 0 && now >= t->started + t->attempt)
    sei_transfer_fail(t, SEI_FAILURE_TIMEOUT, "the attempt took over %g s "
                      "while %s", t->attempt, phase(t));
  else if(!t->began)
    sei_transfer_fail(t, SEI_FAILURE_TIMEOUT, "no connection within %g s",
                      t->connect_timeout);
  else
    sei_transfer_fail(t, SEI_FAILURE_TIMEOUT, "no byte for %g s while %s",
                      t->stall_timeout, phase(t));
  return true;
}

double sei_transfer_duration(const struct sei_transfer *t)
{
  if(t->state == SEI_TRANSFER_NEW || t->submitted <= 0)
    return 0;
  return (t->state == SEI_TRANSFER_DONE ? t->ended : sei_clock()) -
         t->submitted;
}

double sei_transfer_waited(const struct sei_transfer *t)
{
  if(t->submitted <= 0)
    return 0;
  return t->started > 0 ? t->started - t->submitted :
    sei_transfer_duration(t);
}

int64_t sei_transfer_uploaded(const struct sei_transfer *t)
{
  return t->uploaded;
}

int64_t sei_transfer_received(const struct sei_transfer *t)
{
  return (int64_t)t->received;
}

double sei_transfer_started(const struct sei_transfer *t)
{
  return t->started;
}

/* ---- pauses ---- */

static bool can_send(const struct sei_transfer *t)
{
  return t->feed.ended || sei_feed_waiting(&t->feed) > 0;
}

bool sei_transfer_can_resume(const struct sei_transfer *t)
{
  return (t->recv_held && t->more) || (t->send_held && can_send(t));
}

/* A multipart remembers that its source had nothing, even if libcurl itself
 * is not paused yet since it still has a boundary to send; and then CONT
 * changes nothing and is lost. So: pause first. */
static void settle_pause(struct sei_transfer *t)
{
  curl_easy_pause(t->easy, CURLPAUSE_SEND |
                  (t->recv_held ? CURLPAUSE_RECV : CURLPAUSE_CONT));
}

CURLcode sei_transfer_resume(struct sei_transfer *t)
{
  int still = CURLPAUSE_CONT;
  if(t->send_held && can_send(t)) {
    settle_pause(t);
    t->send_held = false;
  }
  if(t->recv_held && t->more)
    t->recv_held = false;
  if(t->recv_held)
    still |= CURLPAUSE_RECV;
  if(t->send_held)
    still |= CURLPAUSE_SEND;
  t->moved = sei_clock();
  return curl_easy_pause(t->easy, still); /* may call the callbacks */
}

void sei_transfer_drained(struct sei_transfer *t)
{
  if(!t->recv_held || !t->pool)
    return;
  t->more = true;
  sei_pool_kick(t->pool);
}

bool sei_transfer_feed(struct sei_transfer *t, const void *bytes, size_t n)
{
  if(t->state == SEI_TRANSFER_DONE)
    return true;
  if(!sei_feed_add(&t->feed, bytes, n))
    return false;
  if(t->send_held && t->pool)
    sei_pool_kick(t->pool);
  return true;
}

void sei_transfer_feed_end(struct sei_transfer *t)
{
  t->feed.ended = true;
  if(t->send_held && t->pool)
    sei_pool_kick(t->pool);
}

bool sei_transfer_wants_feed(const struct sei_transfer *t)
{
  return t->state != SEI_TRANSFER_DONE && t->feed.fd < 0 && !t->feed.ended &&
         sei_feed_waiting(&t->feed) <= SEI_FEED_HIGH;
}

/* ---- what it says of itself ---- */

enum sei_transfer_state sei_transfer_state(const struct sei_transfer *t)
{
  return t->state;
}

enum sei_failure sei_transfer_failure(const struct sei_transfer *t)
{
  return t->state == SEI_TRANSFER_DONE ? t->failure : SEI_FAILURE_NONE;
}

const char *sei_transfer_problem(const struct sei_transfer *t)
{
  return t->state == SEI_TRANSFER_DONE ? t->problem : "";
}

int sei_transfer_status(const struct sei_transfer *t)
{
  return t->status;
}

const struct sei_headers *sei_transfer_headers(const struct sei_transfer *t)
{
  return &t->headers;
}

struct sei_buf *sei_transfer_body(struct sei_transfer *t)
{
  return &t->body;
}

bool sei_transfer_sent(const struct sei_transfer *t)
{
  return t->state == SEI_TRANSFER_DONE ? t->sent : request_left(t);
}
