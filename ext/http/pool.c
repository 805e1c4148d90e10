/* pool - the multi handle: who runs, who waits, and when to look again. */
#define _DEFAULT_SOURCE
#include "pool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcurl.h"
#include "poller.h"
#include "sockets.h"
#include "transfer_private.h"

struct list {
  struct sei_transfer *first, *last;
  unsigned count;
};

struct sei_pool {
  CURLM *multi;               /* NULL: broke, the next start makes one */
  pid_t process;              /* it was made in */
  struct sei_sockets sockets; /* of libcurl's connections */
  struct sei_poller poller;   /* libcurl's sockets and its timer */
  struct sei_handles handles; /* that wait to be used again */
  struct list queue;          /* QUEUED, oldest first */
  struct list running;
  unsigned max_running;
  unsigned ended;             /* in the step under way */
  struct sei_limiter *limiter; /* borrowed; NULL: no pace to keep */
  double start_at;            /* a queued transfer may start; INFINITY: none */
  double look_at;             /* no transfer is overdue before; INFINITY */
  bool kicked;                /* step() has something to do at once */
};

/* ---- lists ---- */

static void append(struct list *l, struct sei_transfer *t)
{
  t->next = NULL;
  t->prev = l->last;
  if(l->last)
    l->last->next = t;
  else
    l->first = t;
  l->last = t;
  l->count++;
}

static void take_out(struct list *l, struct sei_transfer *t)
{
  if(t->prev)
    t->prev->next = t->next;
  else
    l->first = t->next;
  if(t->next)
    t->next->prev = t->prev;
  else
    l->last = t->prev;
  t->prev = t->next = NULL;
  l->count--;
}

/* ---- what libcurl tells us ---- */

/* libcurl would end its transfers with a bare "callback aborted". */
static void cannot_watch(struct sei_pool *p)
{
  struct sei_transfer *t;
  const char *why = strerror(errno);
  for(t = p->running.first; t; t = t->next)
    sei_transfer_fail(t, SEI_FAILURE_MEMORY,
                      "the system cannot watch another socket: %s", why);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user,
                     void *socket_user)
{
  struct sei_pool *p = user;
  int wanted = 0;
  (void)easy;
  (void)socket_user;
  if(what == CURL_POLL_IN || what == CURL_POLL_INOUT)
    wanted |= SEI_POLLER_READ;
  if(what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
    wanted |= SEI_POLLER_WRITE;
  if(sei_poller_set(&p->poller, fd, wanted))
    return 0;
  cannot_watch(p);
  return -1;
}

static int on_timer(CURLM *multi, long ms, void *user)
{
  struct sei_pool *p = user;
  (void)multi;
  p->poller.due = ms < 0 ? -1 : sei_clock() + (double)ms / 1000;
  return 0;
}

/* ---- life ---- */

static bool configure(struct sei_pool *p)
{
  CURLM *m = p->multi;
  /* libcurl prunes its kept connections to four per handle added, which is
   * none between two rounds */
  long kept = (long)p->max_running;
  return !curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) &&
         !curl_multi_setopt(m, CURLMOPT_SOCKETDATA, p) &&
         !curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer) &&
         !curl_multi_setopt(m, CURLMOPT_TIMERDATA, p) &&
         !curl_multi_setopt(m, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) &&
         !curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, kept);
}

/* false: no memory, and there is no multi handle. */
static bool open_multi(struct sei_pool *p)
{
  p->multi = sei_sockets_multi();
  if(p->multi && configure(p))
    return true;
  curl_multi_cleanup(p->multi);
  p->multi = NULL;
  return false;
}

struct sei_pool *sei_pool_new(unsigned max_running)
{
  struct sei_pool *p;
  if(sei_http_start())
    return NULL;
  p = calloc(1, sizeof *p);
  if(!p)
    return NULL;
  p->process = getpid();
  p->max_running = max_running ? max_running : 1;
  p->look_at = p->start_at = INFINITY;
  if(!sei_poller_open(&p->poller)) {
    free(p);
    return NULL;
  }
  if(!open_multi(p)) {
    sei_pool_free(p);
    return NULL;
  }
  return p;
}

void sei_pool_free(struct sei_pool *p)
{
  if(!p)
    return;
  while(p->running.first)
    sei_pool_cancel(p, p->running.first);
  while(p->queue.first)
    sei_pool_cancel(p, p->queue.first);
  sei_handles_free(&p->handles);
  if(!sei_pool_is_foreign(p))
    curl_multi_cleanup(p->multi);
  sei_sockets_close(&p->sockets); /* none is left but in a child */
  sei_poller_close(&p->poller); /* after libcurl, which takes sockets out */
  free(p);
}

bool sei_pool_is_foreign(const struct sei_pool *p)
{
  return p->process != getpid();
}

/* ---- from NEW to DONE ---- */

struct sei_handles *sei_pool_handles(struct sei_pool *p)
{
  return &p->handles;
}

void sei_pool_kick(struct sei_pool *p)
{
  p->kicked = true;
}

void sei_pool_notice(struct sei_pool *p, const struct sei_transfer *t)
{
  double due = sei_transfer_due(t);
  if(due < p->look_at)
    p->look_at = due;
}

void sei_pool_limit(struct sei_pool *p, struct sei_limiter *l)
{
  p->limiter = l;
}

bool sei_pool_submit(struct sei_pool *p, struct sei_transfer *t)
{
  return sei_pool_submit_at(p, t, 0);
}

bool sei_pool_submit_at(struct sei_pool *p, struct sei_transfer *t,
                        double when)
{
  if(t->state != SEI_TRANSFER_NEW)
    return true;
  t->pool = p;
  t->state = SEI_TRANSFER_QUEUED;
  t->submitted = sei_clock();
  t->not_before = when;
  if(when < p->start_at)
    p->start_at = when;
  append(&p->queue, t);
  sei_pool_notice(p, t);
  return true;
}

/* In a child libcurl must not touch what runs: it would end TLS and HTTP/2 on
 * the parent's connections, and wait for threads that are not there. What it
 * holds is left to the end of the child. */
static void take_from_libcurl(struct sei_pool *p, struct sei_transfer *t)
{
  if(!sei_pool_is_foreign(p)) {
    curl_multi_remove_handle(p->multi, t->easy);
    return;
  }
  t->easy = NULL;
  t->mime = NULL;
  t->lines = NULL;
}

static void end(struct sei_pool *p, struct sei_transfer *t, CURLcode code)
{
  if(t->state == SEI_TRANSFER_RUNNING) {
    take_from_libcurl(p, t);
    take_out(&p->running, t);
  }
  else if(t->state == SEI_TRANSFER_QUEUED)
    take_out(&p->queue, t);
  sei_transfer_finish(t, code);
  p->ended++;
}

void sei_pool_cancel(struct sei_pool *p, struct sei_transfer *t)
{
  if(t->state == SEI_TRANSFER_DONE)
    return;
  sei_transfer_fail(t, SEI_FAILURE_CANCELLED, "cancelled");
  end(p, t, CURLE_OK);
  p->kicked = true; /* there is a place for the next one */
}

static void start(struct sei_pool *p, struct sei_transfer *t)
{
  CURLMcode code;
  if(sei_transfer_overdue(t, sei_clock())) {
    end(p, t, CURLE_OK); /* its failure was kept before: a missing file */
    return;
  }
  code = (p->multi || open_multi(p)) &&
    sei_sockets_adopt(&p->sockets, t->easy) ?
    curl_multi_add_handle(p->multi, t->easy) : CURLM_OUT_OF_MEMORY;
  if(code) {
    sei_transfer_fail(t, SEI_FAILURE_MEMORY, "%s", curl_multi_strerror(code));
    end(p, t, CURLE_OK);
    return;
  }
  take_out(&p->queue, t);
  append(&p->running, t);
  t->state = SEI_TRANSFER_RUNNING;
  t->started = sei_clock();
  sei_pool_notice(p, t);
}

/* ---- step ---- */

/* Of a form that is still being fed nobody knows the length: it counts as
 * large. */
static size_t body_length(const struct sei_transfer *t)
{
  if(!t->mime)
    return t->out_len;
  if(t->feed.fd >= 0)
    return (size_t)t->feed.size;
  return t->feed.ended ? sei_feed_waiting(&t->feed) : SIZE_MAX;
}

/* Seconds until this one may start; 0: it may, and the limiter counted it. A
 * transfer that has failed already asks nobody. */
static double start_delay(struct sei_pool *p, const struct sei_transfer *t,
                          double now)
{
  if(t->failure != SEI_FAILURE_NONE)
    return 0;
  if(t->not_before > now)
    return t->not_before - now;
  return p->limiter ? sei_limiter_take(p->limiter, body_length(t)) : 0;
}

/* In order; who waits for a repetition or with a large body is passed. */
static void start_queued(struct sei_pool *p)
{
  struct sei_transfer *t, *next;
  p->start_at = INFINITY;
  for(t = p->queue.first; t; t = next) {
    double now = sei_clock(), delay;
    bool waits = t->not_before > now;
    next = t->next;
    if(p->running.count >= p->max_running)
      break; /* an end of one of them leads here again */
    delay = start_delay(p, t, now);
    if(delay <= 0)
      start(p, t);
    else if(now + delay < p->start_at)
      p->start_at = now + delay;
    if(delay > 0 && !waits && body_length(t) <= sei_pace_default.large)
      break;
  }
}

static void resume_held(struct sei_pool *p)
{
  struct sei_transfer *t, *next;
  for(t = p->running.first; t; t = next) {
    CURLcode code;
    next = t->next;
    if(!sei_transfer_can_resume(t))
      continue;
    code = sei_transfer_resume(t);
    if(code)
      end(p, t, code);
    else
      sei_pool_notice(p, t);
  }
}

/* libcurl stopped in the middle for lack of memory, or since a socket cannot
 * be watched. What it keeps of its sockets is not to be trusted then: 7.88
 * divides by zero when the number of such a socket comes again. So all that
 * run must go, and what they ran on. */
static void give_up(struct sei_pool *p, CURLMcode code)
{
  while(p->running.first) {
    sei_transfer_fail(p->running.first, SEI_FAILURE_MEMORY, "%s",
                      curl_multi_strerror(code));
    end(p, p->running.first, CURLE_OK);
  }
  curl_multi_cleanup(p->multi);
  p->multi = NULL;
  p->poller.due = -1;
}

static void act(struct sei_pool *p, curl_socket_t fd, int bits)
{
  int running;
  CURLMcode code = curl_multi_socket_action(p->multi, fd, bits, &running);
  if(code)
    give_up(p, code);
}

static void serve_sockets(struct sei_pool *p)
{
  struct sei_poller_event events[64];
  size_t i, n = sei_poller_ready(&p->poller, events, 64);
  for(i = 0; i < n && p->multi; i++) {
    int bits = 0;
    if(events[i].ready & SEI_POLLER_READ)
      bits |= CURL_CSELECT_IN;
    if(events[i].ready & SEI_POLLER_WRITE)
      bits |= CURL_CSELECT_OUT;
    act(p, events[i].fd, bits);
  }
}

static void serve_timer(struct sei_pool *p)
{
  if(p->poller.due < 0 || sei_clock() < p->poller.due)
    return;
  p->poller.due = -1; /* before: the call may set the next one */
  act(p, CURL_SOCKET_TIMEOUT, 0);
}

static void collect_results(struct sei_pool *p)
{
  CURLMsg *m;
  int left;
  while(p->multi && (m = curl_multi_info_read(p->multi, &left)) != NULL) {
    CURLcode code = m->data.result; /* the message dies with the handle */
    char *owner = NULL;
    if(m->msg == CURLMSG_DONE &&
       !curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &owner) && owner)
      end(p, (struct sei_transfer *)(void *)owner, code);
  }
}

static void end_overdue_of(struct sei_pool *p, struct list *l, double now)
{
  struct sei_transfer *t, *next;
  for(t = l->first; t; t = next) {
    next = t->next;
    if(sei_transfer_overdue(t, now))
      end(p, t, CURLE_OK);
    else
      sei_pool_notice(p, t);
  }
}

static void end_overdue(struct sei_pool *p)
{
  double now = sei_clock();
  if(now < p->look_at)
    return;
  p->look_at = INFINITY;
  end_overdue_of(p, &p->running, now);
  end_overdue_of(p, &p->queue, now);
}

unsigned sei_pool_step(struct sei_pool *p)
{
  p->ended = 0;
  p->kicked = false;
  resume_held(p);
  serve_sockets(p);
  serve_timer(p);
  collect_results(p);
  end_overdue(p);
  start_queued(p);
  serve_timer(p); /* sets off what was just started */
  collect_results(p); /* some of which may have failed already */
  if(p->queue.first && p->running.count < p->max_running &&
     isinf(p->start_at))
    p->kicked = true; /* and left their places to others */
  return p->ended;
}

/* ---- waiting ---- */

int sei_pool_fd(const struct sei_pool *p)
{
  return p->poller.fd;
}

double sei_pool_timeout(const struct sei_pool *p)
{
  double due = p->look_at, left;
  if(p->kicked)
    return 0;
  if(!p->running.first && !p->queue.first)
    return -1;
  if(p->poller.due >= 0 && p->poller.due < due)
    due = p->poller.due;
  if(p->start_at < due && p->running.count < p->max_running)
    due = p->start_at;
  if(isinf(due))
    return -1;
  left = due - sei_clock();
  return left > 0 ? left : 0;
}

void sei_pool_signal(struct sei_pool *p, bool on)
{
  if(!sei_pool_is_foreign(p)) /* the set is the parent's, too */
    sei_poller_signal(&p->poller, on);
}

unsigned sei_pool_active(const struct sei_pool *p)
{
  return p->queue.count + p->running.count;
}
