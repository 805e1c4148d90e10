/* limiter - the pace of one key at one host, shared by all who use it.
 *
 * The one piece of state that the process shares; a mutex that is made once
 * guards it. A state file holds the same numbers as text, read and written
 * under flock(2); CLOCK_MONOTONIC is one clock for all processes of a machine,
 * and after a restart of the machine what lies in the future is forgotten.
 *
 * A limiter outlives its users until its bucket is full again: a script that
 * makes one client after the other keeps the pace, too.
 */
#define _DEFAULT_SOURCE
#include "limiter.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "transfer.h"

enum { STATE_MAX = 256 };

static const double BUSY = 0.002; /* seconds until a locked file is tried */

struct sei_limiter {
  struct sei_limiter *next;
  uint64_t name;
  unsigned users;
  int fd;                     /* owned; the state file, or -1 */
  struct sei_pace pace;
  bool jammed;                /* a 429 that could not be written down yet: */
  double sent_at, retry_after;
  bool foreign;               /* made before a fork by the parent */
};

static struct {
  pthread_mutex_t lock;
  struct sei_limiter *first;
} shared;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take_lock(void)
{
  pthread_mutex_lock(&shared.lock);
}

static void unlock(void)
{
  pthread_mutex_unlock(&shared.lock);
}

/* A child keeps its own pace: what it has of its parent's is a copy, and their
 * state file is one lock for flock(2). Clients from before the fork still hold
 * these and give them back. */
static void part(void)
{
  struct sei_limiter *l, *next;
  for(l = shared.first; l; l = next) {
    next = l->next;
    l->foreign = true;
    if(!l->users)
      free(l);
  }
  shared.first = NULL;
  unlock();
}

/* No fork may happen while a thread has the lock: nobody would give it back in
 * the child. */
static void make_lock(void)
{
  pthread_mutex_init(&shared.lock, NULL);
  pthread_atfork(take_lock, unlock, part);
}

static void lock(void)
{
  pthread_once(&once, make_lock);
  take_lock();
}

/* ---- the state file ---- */

/* A number that cannot be is one of another day, or damage. */
static bool is_sane(const struct sei_pace *p, double now)
{
  return p->rate > 0 && p->rate <= p->full.rate && p->at <= now &&
    p->tokens <= p->full.burst && p->tokens > -1e6 &&
    p->held_until < now + 3600 && p->large_at < now + 3600 &&
    p->halved_at <= now;
}

static void read_state(struct sei_limiter *l)
{
  char text[STATE_MAX + 1];
  struct sei_pace p = l->pace;
  ssize_t n = pread(l->fd, text, STATE_MAX, 0);
  if(n <= 0)
    return;
  text[n] = '\0';
  if(sscanf(text, "sei-pace 1 %la %la %la %la %la %la", &p.rate, &p.tokens,
            &p.at, &p.held_until, &p.large_at, &p.halved_at) == 6 &&
     is_sane(&p, sei_clock()))
    l->pace = p;
}

/* false: another process has the file now. Never waits for it: that one may
 * have been stopped, and here a deadline is running. */
static bool load(struct sei_limiter *l)
{
  int failed;
  if(l->fd < 0)
    return true;
  do
    failed = flock(l->fd, LOCK_EX | LOCK_NB);
  while(failed && errno == EINTR);
  if(failed && errno == EWOULDBLOCK)
    return false;
  read_state(l);
  return true;
}

/* Appends a number in the form of %a (C11 7.21.6.1), but with a whole
 * mantissa: the character of a decimal point is the locale's, and who reads it
 * may have another one. */
static size_t add_number(char *text, size_t at, double d)
{
  int e = 0;
  double m = isfinite(d) ? ldexp(frexp(d, &e), DBL_MANT_DIG) : 0;
  return at + (size_t)snprintf(text + at, STATE_MAX - at, " %s0x%llxp%d",
                               m < 0 ? "-" : "",
                               (unsigned long long)fabs(m),
                               e - DBL_MANT_DIG);
}

static void save(struct sei_limiter *l)
{
  const struct sei_pace *p = &l->pace;
  const double numbers[] = {
    p->rate, p->tokens, p->at, p->held_until, p->large_at, p->halved_at
  };
  char text[STATE_MAX] = "sei-pace 1";
  size_t i, at = strlen(text);
  if(l->fd < 0)
    return;
  for(i = 0; i < sizeof numbers / sizeof *numbers; i++)
    at = add_number(text, at, numbers[i]);
  text[at++] = '\n';
  if(pwrite(l->fd, text, at, 0) == (ssize_t)at &&
     ftruncate(l->fd, (off_t)at)) {
    /* the rest of an older state is not read anyway */
  }
  flock(l->fd, LOCK_UN);
}

/* ---- who shares it ---- */

static struct sei_limiter *find(uint64_t name)
{
  struct sei_limiter *l = shared.first;
  while(l && l->name != name)
    l = l->next;
  return l;
}

/* Nobody uses it now, so only the new one's options count. */
static void adopt(struct sei_pace *p, const struct sei_pace_options *o)
{
  p->rate = p->full.rate > 0 ? p->rate * o->rate / p->full.rate : o->rate;
  p->full = *o;
  if(p->tokens > o->burst)
    p->tokens = o->burst;
}

static void slow_down(struct sei_pace *p, const struct sei_pace_options *o)
{
  if(o->rate < p->full.rate) {
    p->rate = p->rate * o->rate / p->full.rate;
    p->full.rate = o->rate;
  }
  if(o->burst < p->full.burst)
    p->full.burst = o->burst;
  if(p->tokens > p->full.burst)
    p->tokens = p->full.burst;
}

static struct sei_limiter *make(uint64_t name,
                                const struct sei_pace_options *o, int fd)
{
  struct sei_limiter *l = calloc(1, sizeof *l);
  if(!l)
    return NULL;
  l->name = name;
  l->fd = fd;
  sei_pace_init(&l->pace, o, sei_clock());
  l->next = shared.first;
  shared.first = l;
  return l;
}

static void forget(struct sei_limiter *l)
{
  struct sei_limiter **at = &shared.first;
  while(*at != l)
    at = &(*at)->next;
  *at = l->next;
  free(l);
}

/* Whether a new limiter would be as good. */
static bool is_fresh(struct sei_limiter *l, double now)
{
  return sei_pace_delay(&l->pace, l->pace.full.large + 1, now) <= 0 &&
    l->pace.rate >= l->pace.full.rate &&
    l->pace.tokens >= l->pace.full.burst;
}

static void forget_idle(double now)
{
  struct sei_limiter *l, *next;
  for(l = shared.first; l; l = next) {
    next = l->next;
    if(!l->users && is_fresh(l, now))
      forget(l);
  }
}

/* The module is unloaded, or the process ends; nobody waits for that. */
__attribute__((destructor)) static void forget_all(void)
{
  struct sei_limiter *l, *next;
  pthread_once(&once, make_lock);
  if(pthread_mutex_trylock(&shared.lock))
    return;
  for(l = shared.first; l; l = next) {
    next = l->next;
    if(!l->users)
      forget(l);
  }
  unlock();
}

struct sei_limiter *sei_limiter_get(uint64_t name,
                                    const struct sei_pace_options *o,
                                    const char *file)
{
  struct sei_limiter *l;
  int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if(file && fd < 0)
    return NULL;
  lock();
  forget_idle(sei_clock());
  l = find(name);
  if(l && l->users)
    slow_down(&l->pace, o);
  else if(l)
    adopt(&l->pace, o);
  else
    l = make(name, o, fd);
  if(l) {
    l->users++;
    if(l->fd < 0)
      l->fd = fd;
  }
  if(fd >= 0 && (!l || l->fd != fd))
    close(fd);
  unlock();
  return l;
}

void sei_limiter_put(struct sei_limiter *l)
{
  if(!l)
    return;
  lock();
  if(!--l->users && l->fd >= 0) {
    close(l->fd);
    l->fd = -1;
  }
  if(l->foreign && !l->users)
    free(l);
  forget_idle(sei_clock());
  unlock();
}

/* ---- use ---- */

static void tell(struct sei_limiter *l)
{
  if(l->jammed)
    sei_pace_limited(&l->pace, l->sent_at, l->retry_after, sei_clock());
  l->jammed = false;
}

static double take(struct sei_limiter *l, size_t body_len)
{
  double now, delay;
  if(!load(l))
    return BUSY;
  tell(l);
  now = sei_clock();
  delay = sei_pace_delay(&l->pace, body_len, now);
  if(delay <= 0)
    sei_pace_sent(&l->pace, body_len, now);
  save(l);
  return delay > 0 ? delay : 0;
}

double sei_limiter_take(struct sei_limiter *l, size_t body_len)
{
  double delay;
  lock();
  delay = take(l, body_len);
  unlock();
  return delay;
}

void sei_limiter_slow(struct sei_limiter *l, double sent_at,
                      double retry_after)
{
  lock();
  if(!l->jammed || retry_after > l->retry_after)
    l->retry_after = retry_after;
  if(!l->jammed || sent_at > l->sent_at)
    l->sent_at = sent_at;
  l->jammed = true;
  if(load(l)) {
    tell(l);
    save(l);
  }
  unlock();
}
