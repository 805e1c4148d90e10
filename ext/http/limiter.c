/* limiter - the pace of one key at one host, shared by all who use it.
 *
 * The one piece of state that the process shares; a mutex that is made once
 * guards it. A state file holds the same numbers as text, read and written
 * under flock(2); CLOCK_MONOTONIC is one clock for all processes of a machine,
 * and after a restart of the machine what lies in the future is forgotten.
 */
#define _DEFAULT_SOURCE
#include "limiter.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "transfer.h"

enum { STATE_MAX = 256 };

struct sei_limiter {
  struct sei_limiter *next;
  uint64_t name;
  unsigned users;
  int fd;                     /* owned; the state file, or -1 */
  struct sei_pace pace;
};

static struct {
  pthread_mutex_t lock;
  struct sei_limiter *first;
} shared;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_lock(void)
{
  pthread_mutex_init(&shared.lock, NULL);
}

static void lock(void)
{
  pthread_once(&once, make_lock);
  pthread_mutex_lock(&shared.lock);
}

static void unlock(void)
{
  pthread_mutex_unlock(&shared.lock);
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

static void load(struct sei_limiter *l)
{
  char text[STATE_MAX + 1];
  struct sei_pace p = l->pace;
  ssize_t n;
  if(l->fd < 0)
    return;
  while(flock(l->fd, LOCK_EX) && errno == EINTR)
    ;
  n = pread(l->fd, text, STATE_MAX, 0);
  if(n <= 0)
    return;
  text[n] = '\0';
  if(sscanf(text, "sei-pace 1 %la %la %la %la %la %la", &p.rate, &p.tokens,
            &p.at, &p.held_until, &p.large_at, &p.halved_at) == 6 &&
     is_sane(&p, sei_clock()))
    l->pace = p;
}

static void save(struct sei_limiter *l)
{
  char text[STATE_MAX];
  int n;
  if(l->fd < 0)
    return;
  n = snprintf(text, sizeof text, "sei-pace 1 %a %a %a %a %a %a\n",
               l->pace.rate, l->pace.tokens, l->pace.at, l->pace.held_until,
               l->pace.large_at, l->pace.halved_at);
  if(pwrite(l->fd, text, (size_t)n, 0) == n && ftruncate(l->fd, n))
    n = 0; /* the rest of an older state is not read anyway */
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

struct sei_limiter *sei_limiter_get(uint64_t name,
                                    const struct sei_pace_options *o,
                                    const char *file)
{
  struct sei_limiter *l;
  int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if(file && fd < 0)
    return NULL;
  lock();
  l = find(name);
  if(l)
    slow_down(&l->pace, o);
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

static void forget(struct sei_limiter *l)
{
  struct sei_limiter **at = &shared.first;
  while(*at != l)
    at = &(*at)->next;
  *at = l->next;
  if(l->fd >= 0)
    close(l->fd);
  free(l);
}

void sei_limiter_put(struct sei_limiter *l)
{
  if(!l)
    return;
  lock();
  if(!--l->users)
    forget(l);
  unlock();
}

/* ---- use ---- */

double sei_limiter_take(struct sei_limiter *l, size_t body_len)
{
  double now, delay;
  lock();
  load(l);
  now = sei_clock();
  delay = sei_pace_delay(&l->pace, body_len, now);
  if(delay <= 0)
    sei_pace_sent(&l->pace, body_len, now);
  save(l);
  unlock();
  return delay > 0 ? delay : 0;
}

void sei_limiter_slow(struct sei_limiter *l, double sent_at,
                      double retry_after)
{
  lock();
  load(l);
  sei_pace_limited(&l->pace, sent_at, retry_after, sei_clock());
  save(l);
  unlock();
}
