/* cage_limit - memory, instructions and time of a cage.
 *
 * The hook comes every so many instructions. How many depends on the largest
 * block there is: an instruction takes time in proportion to it at worst (two
 * long strings are compared, many arguments are passed on), so that their
 * product has a bound. The allocator sees the clock, too, for functions that
 * run long and allocate; it cannot raise, but have the hook come at once.
 */
#define _GNU_SOURCE /* CLOCK_MONOTONIC_COARSE */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../http/transfer.h" /* sei_clock */
#include "cage.h"

enum {
  INTERVAL = 500,           /* instructions between two looks at the clock */
  LARGE = 18,               /* blocks from 2^18 bytes shorten it */
  REFUSALS = 50,            /* refused allocations that end a recipe: each
                               costs a full collection */
  BLOCK_HEAD = 8, BLOCK_ALIGN = 16, BLOCK_MIN = 32 /* of malloc */
};

/* Seconds after its end at which a recipe gets no memory either, which costs a
 * collection: for Lua's parser, which meets no hook. */
static const double GRACE = 0.05;

/* What is raised when a limit was reached, where nothing can be yielded.
 * Nobody in a cage ever sees it. */
static const char LIMIT = 0;

struct sei_cage *sei_cage_of(lua_State *L)
{
  return *(struct sei_cage **)lua_getextraspace(L);
}

const char *sei_cage_limit_name(enum sei_cage_limit limit)
{
  static const char *const NAMES[] = {NULL, "time", "instructions", "memory",
    "system"};
  return NAMES[limit];
}

/* sei_clock(), some milliseconds late and ten times as fast. */
static double coarse_clock(void)
{
  struct timespec now;
#ifdef CLOCK_MONOTONIC_COARSE
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
  clock_gettime(CLOCK_MONOTONIC, &now);
#endif
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the hook ---- */

static void on_count(lua_State *L, lua_Debug *ar);

/* Instructions between two hooks, by the largest block in use. */
static int interval_of(const struct sei_cage *c)
{
  int class = SEI_CAGE_CLASSES - 1, interval;
  while(class > LARGE && !c->blocks[class])
    class--;
  interval = INTERVAL >> (class - LARGE);
  return interval ? interval : 1;
}

static void set_hook(lua_State *L, int interval)
{
  lua_sethook(L, on_count, LUA_MASKCOUNT, interval);
}

/* The hook comes with the next instruction. Called where Lua may be in the
 * midst of anything; lua_sethook() may be called from a signal handler. */
static void hasten(struct sei_cage *c)
{
  if(!c->running || c->hastened)
    return;
  c->hastened = true;
  c->instructions += (uint64_t)c->interval; /* of which some were done */
  set_hook(c->running, 1);
}

static void reach(struct sei_cage *c, enum sei_cage_limit limit)
{
  if(c->reached == SEI_CAGE_FREE)
    c->reached = limit;
}

bool sei_cage_over(struct sei_cage *c)
{
  if(c->instructions >= c->instructions_max)
    reach(c, SEI_CAGE_INSTRUCTIONS);
  if(c->refused >= REFUSALS)
    reach(c, SEI_CAGE_MEMORY);
  if(c->reached == SEI_CAGE_FREE && coarse_clock() >= c->deadline)
    reach(c, SEI_CAGE_TIME);
  return c->reached != SEI_CAGE_FREE;
}

/* Ends what runs if a limit was reached: by yielding, where that can be, since
 * pcall sees errors, and ten thousands of them, one in the other, take long to
 * unwind. Comes back after yielding in a hook alone. */
static void stop_if_over(lua_State *L, struct sei_cage *c)
{
  if(!sei_cage_over(c))
    return;
  set_hook(L, 1);
  if(lua_isyieldable(L)) {
    lua_yield(L, 0);
    return;
  }
  if(!lua_checkstack(L, 1)) /* never so in a hook */
    lua_settop(L, 0);
  lua_pushlightuserdata(L, (void *)&LIMIT);
  lua_error(L);
}

/* Has all coroutines yield if a slice of time is over, and they can. */
static void pause_if_due(lua_State *L, struct sei_cage *c)
{
  if(c->slice <= 0 || c->locked || !lua_isyieldable(L) ||
     c->reached != SEI_CAGE_FREE || sei_clock() < c->slice_end)
    return;
  c->pausing = true;
  lua_yield(L, 0); /* comes back: this is a hook */
}

static void on_count(lua_State *L, lua_Debug *ar)
{
  struct sei_cage *c = sei_cage_of(L);
  (void)ar;
  c->running = L;
  c->hastened = false;
  c->instructions += (uint64_t)lua_gethookcount(L);
  stop_if_over(L, c);
  c->interval = c->reached == SEI_CAGE_FREE ? interval_of(c) : 1;
  if(lua_gethookcount(L) != c->interval)
    set_hook(L, c->interval);
  pause_if_due(L, c);
}

void sei_cage_watch(struct sei_cage *c, lua_State *L)
{
  c->interval = interval_of(c);
  c->hastened = false;
  if(lua_gethook(L) == on_count && lua_gethookcount(L) == c->interval)
    return;
  c->instructions += (uint64_t)c->interval; /* its count begins anew */
  set_hook(L, c->interval);
}

bool sei_cage_charge(struct sei_cage *c, uint64_t n)
{
  c->instructions += n;
  return !sei_cage_over(c);
}

void sei_cage_tick(lua_State *L, uint64_t n)
{
  struct sei_cage *c = sei_cage_of(L);
  c->instructions += n;
  stop_if_over(L, c);
}

void sei_cage_failed(struct sei_cage *c, int status)
{
  sei_cage_over(c); /* out of time, there is no memory either */
  if(status == LUA_ERRMEM)
    reach(c, c->refused ? SEI_CAGE_MEMORY : SEI_CAGE_SYSTEM);
}

void sei_cage_caught(lua_State *L, int status)
{
  struct sei_cage *c = sei_cage_of(L);
  sei_cage_failed(c, status);
  stop_if_over(L, c);
}

/* ---- memory ---- */

/* Large blocks are mapped: they grow without being copied, which would take
 * both for a while, and are given back at once. Not under AddressSanitizer,
 * which watches what malloc gives. */
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
static bool is_mapped(size_t n)
{
  return n >= (size_t)1 << LARGE;
}

static void *map(void *block, size_t from, size_t to)
{
  void *p = block ? mremap(block, from, to, MREMAP_MAYMOVE) :
    mmap(NULL, to, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *block, size_t n)
{
  munmap(block, n);
}
#else
static bool is_mapped(size_t n)
{
  (void)n;
  return false;
}

static void *map(void *block, size_t from, size_t to)
{
  (void)from;
  return realloc(block, to);
}

static void unmap(void *block, size_t n)
{
  (void)n;
  free(block);
}
#endif

static void release(void *block, size_t n)
{
  if(is_mapped(n))
    unmap(block, n);
  else
    free(block);
}

/* As realloc(), to a size that is not 0. */
static void *resize(void *block, size_t from, size_t to)
{
  void *moved;
  if(is_mapped(from) == is_mapped(to) || !block)
    return is_mapped(to) ? map(block, from, to) : realloc(block, to);
  moved = is_mapped(to) ? map(NULL, 0, to) : malloc(to);
  if(moved) {
    memcpy(moved, block, from < to ? from : to);
    release(block, from);
  }
  return moved;
}

/* What a block takes, with what malloc (of glibc) needs itself. */
static size_t cost(size_t n)
{
  size_t all = (n + BLOCK_HEAD + BLOCK_ALIGN - 1) &
    ~(size_t)(BLOCK_ALIGN - 1);
  return !n ? 0 : all < BLOCK_MIN ? BLOCK_MIN : all;
}

/* Enters or removes a block that is large. */
static void note_large(struct sei_cage *c, size_t size, int by)
{
  int class = LARGE;
  if(size < (size_t)1 << LARGE)
    return;
  while(class < SEI_CAGE_CLASSES - 1 && size >= (size_t)2 << class)
    class++;
  c->blocks[class] += (unsigned)by;
}

static bool may_grow(struct sei_cage *c, size_t from, size_t to)
{
  double late = coarse_clock() - c->deadline;
  if(late >= 0)
    hasten(c);
  if(late > GRACE)
    return false;
  if(cost(to) - cost(from) <= c->memory_max - c->memory)
    return true;
  c->refused++;
  hasten(c);
  return false;
}

void *sei_cage_allocate(void *ud, void *block, size_t old_size,
                        size_t new_size)
{
  struct sei_cage *c = ud;
  size_t from = block ? old_size : 0; /* else it is the kind of object */
  void *moved = NULL;
  if(from >= (size_t)1 << LARGE || new_size >= (size_t)1 << LARGE)
    hasten(c);
  if(new_size > c->memory_max ||
     (new_size > from && !may_grow(c, from, new_size)))
    return NULL;
  if(!new_size)
    release(block, from);
  else {
    moved = resize(block, from, new_size);
    if(!moved)
      return NULL;
  }
  c->memory += cost(new_size) - cost(from);
  if(c->memory > c->memory_peak)
    c->memory_peak = c->memory;
  note_large(c, from, -1);
  note_large(c, new_size, 1);
  return moved;
}
