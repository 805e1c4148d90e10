/* seen - a set of fingerprints in 256 open-addressing tables. */
#include "seen.h"

#include <stdlib.h>

enum { FIRST_CAP = 8, PASS_BITS = SEI_SEEN_PASSES - 1,
  LEAP = 8 };   /* times as large at most, where more are expected */

/* Spreads whatever the caller's fingerprints are (they may be plain numbers)
 * over all bits, one to one: the finalizer of splitmix64. */
static uint64_t mix(uint64_t x)
{
  x ^= x >> 30;
  x *= UINT64_C(0xbf58476d1ce4e5b9);
  x ^= x >> 27;
  x *= UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* What stands in an entry, without the pass: never 0. */
static uint64_t key_of(uint64_t mixed)
{
  uint64_t key = mixed & ~(uint64_t)PASS_BITS;
  return key ? key : (uint64_t)SEI_SEEN_PASSES;
}

/* Where the search for `key` begins. The top byte chose the table, so the 32
 * bits below it choose the place. */
static uint32_t first_place(const struct sei_seen_table *t, uint64_t key)
{
  uint64_t spread = (key >> 24) & UINT32_MAX;
  return (uint32_t)((spread * t->cap) >> 32);
}

/* The entry that holds `key`, or the empty one where it goes. There is always
 * an empty one, since a table is never more than three quarters full. */
static uint64_t *place(const struct sei_seen_table *t, uint64_t key)
{
  uint32_t i = first_place(t, key);
  while(t->entries[i] && (t->entries[i] & ~(uint64_t)PASS_BITS) != key)
    i = i + 1 < t->cap ? i + 1 : 0;
  return &t->entries[i];
}

/* 8, 12, 16, 24, 32, 48, …: steps small enough that a table which has just
 * grown is still half full. 0: no size beyond this one. */
static uint32_t next_cap(uint32_t cap)
{
  if(!cap)
    return FIRST_CAP;
  if(cap > UINT32_MAX / 2)
    return 0;
  return cap & (cap - 1) ? cap / 3 * 4 : cap / 2 * 3;
}

static void move_entries(const struct sei_seen_table *from,
                         const struct sei_seen_table *to)
{
  uint32_t i;
  for(i = 0; i < from->cap; i++) {
    uint64_t e = from->entries[i];
    if(e)
      *place(to, e & ~(uint64_t)PASS_BITS) = e;
  }
}

/* Whether so many entries keep a table at most three quarters full. */
static int has_room(uint32_t cap, uint64_t count)
{
  return count <= (uint64_t)cap * 3 / 4;
}

/* The size that a table grows to: the next, or what the fingerprints that are
 * expected need, so that it need not grow again and again. Not all at once:
 * perhaps they never come. Where memory is counted nothing is given away. */
static uint32_t larger_cap(const struct sei_seen *s, uint32_t cap)
{
  uint64_t each = s->expected / SEI_SEEN_TABLES, most = (uint64_t)cap * LEAP;
  uint32_t larger = next_cap(cap), next;
  while(!s->max_bytes && larger && !has_room(larger, each)) {
    next = next_cap(larger);
    if(!next || next > most)
      break;
    larger = next;
  }
  return larger;
}

/* Makes the table larger. FRESH, or why it could not. */
static enum sei_seen_answer grow(struct sei_seen *s, struct sei_seen_table *t)
{
  struct sei_seen_table bigger = { NULL, larger_cap(s, t->cap), t->count };
  size_t old = (size_t)t->cap * sizeof(*t->entries);
  size_t fresh = (size_t)bigger.cap * sizeof(*t->entries);
  if(!bigger.cap)
    return SEI_SEEN_FULL;
  if(s->max_bytes && (s->bytes > s->max_bytes ||
                      fresh > s->max_bytes - s->bytes))
    return SEI_SEEN_FULL;
  bigger.entries = calloc(bigger.cap, sizeof(*bigger.entries));
  if(!bigger.entries)
    return SEI_SEEN_NOMEM;
  if(s->bytes + fresh > s->peak)
    s->peak = s->bytes + fresh;
  move_entries(t, &bigger);
  free(t->entries);
  *t = bigger;
  s->bytes = s->bytes + fresh - old;
  return SEI_SEEN_FRESH;
}

void sei_seen_init(struct sei_seen *s, size_t max_bytes)
{
  static const struct sei_seen empty;
  *s = empty;
  s->max_bytes = max_bytes;
}

void sei_seen_expect_all(struct sei_seen *s, size_t count)
{
  s->expected = count;
}

enum sei_seen_answer sei_seen_add(struct sei_seen *s, uint64_t fingerprint,
                                  unsigned pass)
{
  uint64_t mixed = mix(fingerprint);
  uint64_t key = key_of(mixed);
  uint64_t marked = key | (pass & PASS_BITS);
  struct sei_seen_table *t = &s->tables[mixed >> 56];
  uint64_t *e = t->cap ? place(t, key) : NULL;
  if(e && *e) {
    uint64_t before = *e;
    *e = marked;
    return before == marked ? SEI_SEEN_TWICE : SEI_SEEN_EARLIER;
  }
  if(!has_room(t->cap, (uint64_t)t->count + 1)) {
    enum sei_seen_answer grown = grow(s, t);
    if(grown != SEI_SEEN_FRESH)
      return grown;
    e = place(t, key);
  }
  *e = marked;
  t->count++;
  s->count++;
  return SEI_SEEN_FRESH;
}

void sei_seen_expect(const struct sei_seen *s, uint64_t fingerprint)
{
#ifdef __GNUC__
  uint64_t mixed = mix(fingerprint);
  const struct sei_seen_table *t = &s->tables[mixed >> 56];
  if(t->cap)
    __builtin_prefetch(&t->entries[first_place(t, key_of(mixed))], 1);
#else
  (void)s, (void)fingerprint;
#endif
}

void sei_seen_free(struct sei_seen *s)
{
  size_t max_bytes = s->max_bytes;
  int i;
  for(i = 0; i < SEI_SEEN_TABLES; i++)
    free(s->tables[i].entries);
  sei_seen_init(s, max_bytes);
}
