/* memory - malloc and its family for the torture program. */
#define _GNU_SOURCE
#include "memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef MEMORY_ASAN /* set by the Makefile */
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

extern void *REAL(malloc)(size_t n);
extern void *REAL(calloc)(size_t n, size_t size);
extern void *REAL(realloc)(void *p, size_t n);
extern void *REAL(memalign)(size_t align, size_t n);
extern void REAL(free)(void *p);

/* The books know of leaks; LeakSanitizer blames the dynamic linker for what
 * it keeps. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "detect_leaks=0";
}

enum { SLOTS = 1 << 18, FULL = SLOTS / 2, SHOWN = 5, DEPTH = 16 };

/* A block in the books, found by its address; of another life: empty. */
struct slot {
  void *p;                  /* NULL: was freed, look further */
  size_t size;
  unsigned life;
  void *way[DEPTH];         /* who asked for it, with memory_trace() */
};

static struct {
  pthread_mutex_t lock;
  bool books, armed, fired, trace, squeeze, refused;
  unsigned life;
  size_t used, left;
  long count, first, window;
  long refusals;            /* first tries of Lua */
  const void *buffers;      /* where lauxlib's buffers call from */
  struct slot slots[SLOTS];
} m = { .lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP };

/* Only the thread that opened the books is tortured: threads of libcurl's
 * resolver may outlive the run. */
static _Thread_local bool mine;

/* It is where nothing may fail and nothing is entered. */
static _Thread_local bool aside;

/* ---- the books ---- */

/* Before there were books there is nothing to guard, and a sanitizer that is
 * starting cannot lock. */
static void lock(void)
{
  if(m.life)
    pthread_mutex_lock(&m.lock);
}

static void unlock(void)
{
  if(m.life)
    pthread_mutex_unlock(&m.lock);
}

static struct slot *find(const void *p)
{
  size_t i = (size_t)((uintptr_t)p >> 4) * 0x9E3779B97F4A7C15u >> 46;
  struct slot *s = &m.slots[i % SLOTS];
  while(s->life == m.life && s->p != p)
    s = &m.slots[++i % SLOTS];
  return s;
}

static void enter(void *p, size_t size)
{
  struct slot *s;
  if(!m.books || !p || aside || !mine)
    return;
  s = find(p);
  if(s->life != m.life && ++m.used > FULL) {
    static const char WORDS[] = "torture: more blocks than the books hold\n";
    (void)!write(2, WORDS, sizeof WORDS - 1);
    _exit(2);
  }
  s->p = p;
  s->size = size;
  s->life = m.life;
  memset(s->way, 0, sizeof s->way);
  m.left++;
  if(m.trace) {
    aside = true;
    backtrace(s->way, DEPTH);
    aside = false;
  }
}

static void strike_out(void *p)
{
  struct slot *s;
  if(!m.books || !p)
    return;
  s = find(p);
  if(s->life == m.life) {
    s->p = NULL;
    m.left--;
  }
}

void memory_open_books(void)
{
  if(!m.life)
    m.life = 1; /* before the first lock */
  lock();
  m.life++;
  m.used = m.left = 0;
  m.books = mine = true;
  unlock();
}

static int way_length(void *const *way)
{
  int n = 0;
  while(n < DEPTH && way[n])
    n++;
  return n;
}

size_t memory_close_books(bool show)
{
  size_t i, shown = 0;
  for(i = 0; show && m.left && i < 200; i++)
    usleep(1000); /* a thread of the resolver lets go of what it was given */
  m.books = false;
  for(i = 0; show && i < SLOTS && m.left && shown < SHOWN; i++) {
    struct slot *s = &m.slots[i];
    if(s->life != m.life || !s->p)
      continue;
    fprintf(stderr, "  left: %zu bytes\n", s->size);
    backtrace_symbols_fd(s->way, way_length(s->way), 2);
    shown++;
  }
  return m.left;
}

/* ---- failing ---- */

void memory_arm(long n, long window)
{
  m.count = 0;
  m.first = n;
  m.window = window;
  m.fired = m.refused = false;
  m.armed = true;
}

long memory_disarm(void)
{
  m.armed = false;
  return m.count;
}

bool memory_fired(void)
{
  return m.fired;
}

void memory_trace(bool on)
{
  m.trace = on;
}

void memory_squeeze(bool on)
{
  m.squeeze = on;
  m.refusals = 0;
}

long memory_squeezed(void)
{
  return m.refusals;
}

static void show_way(void)
{
  void *way[DEPTH];
  aside = true;
  fprintf(stderr, "  fails first:\n");
  backtrace_symbols_fd(way, backtrace(way, DEPTH), 2);
  aside = false;
}

/* Whether the allocation that is asked for fails. */
static bool fails(void)
{
  if(!m.armed || aside || !mine)
    return false;
  m.count++;
  if(m.count < m.first || (m.window && m.count >= m.first + m.window))
    return false;
  if(m.trace && !m.fired)
    show_way();
  m.fired = true;
  errno = ENOMEM;
  return true;
}

/* ---- the family ---- */

void *malloc(size_t n)
{
  void *p = NULL;
  lock();
  if(!fails()) {
    p = REAL(malloc)(n);
    enter(p, n);
  }
  unlock();
  return p;
}

void *calloc(size_t n, size_t size)
{
  void *p = NULL;
  lock();
  if(!fails()) {
    p = REAL(calloc)(n, size);
    enter(p, n * size);
  }
  unlock();
  return p;
}

static void *resize(void *p, size_t n)
{
  void *moved;
  strike_out(p);
  moved = REAL(realloc)(p, n);
  enter(moved ? moved : n ? p : NULL, n);
  return moved;
}

void *realloc(void *p, size_t n)
{
  void *moved = NULL;
  lock();
  if(!fails())
    moved = resize(p, n);
  unlock();
  return moved;
}

void free(void *p)
{
  lock();
  strike_out(p);
  REAL(free)(p);
  unlock();
}

void *memalign(size_t align, size_t n)
{
  void *p = NULL;
  lock();
  if(!fails()) {
    p = REAL(memalign)(align, n);
    enter(p, n);
  }
  unlock();
  return p;
}

void *aligned_alloc(size_t align, size_t n)
{
  return memalign(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
  void *block = memalign(align, n);
  if(!block)
    return ENOMEM;
  *p = block;
  return 0;
}

/* The C library keeps what it gives to a thread for the next one. */
int pthread_create(pthread_t *thread, const pthread_attr_t *how,
                   void *(*begin)(void *), void *argument)
{
  int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  int answer;
  *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
  aside = true;
  answer = next(thread, how, begin, argument);
  aside = false;
  return answer;
}

/* ---- Lua's ---- */

/* A buffer of lauxlib grows by calling the allocator itself, and takes its
 * first no for an answer. Who that is tells a buffer of a size that nobody
 * else asks for. */
static bool first_try(const void *caller, size_t size)
{
  if(size == MEMORY_BUFFER)
    m.buffers = caller;
  if(!m.squeeze || !m.armed || caller == m.buffers)
    return false;
  m.refused = !m.refused;
  m.refusals += m.refused;
  return m.refused;
}

void *memory_lua(void *user, void *p, size_t old, size_t size)
{
  void *moved;
  (void)user;
  if(!size) {
    free(p);
    return NULL;
  }
  if(p && size <= old) {
    lock();
    moved = resize(p, size);
    unlock();
    return moved;
  }
  if(first_try(__builtin_return_address(0), size))
    return NULL;
  return p ? realloc(p, size) : malloc(size);
}
