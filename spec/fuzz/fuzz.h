/* fuzz - what every fuzzing target shares: numbers out of the input, a place
 * to say what must hold, and the one function that a target is.
 *
 * Most inputs begin with four bytes that seed everything random (where the
 * text is cut, which options hold), and then comes the text itself. So the
 * text stays readable for dictionaries, and its cuts can change alone.
 *
 * Each target is built twice: with clang's libFuzzer (`make fuzz`), and with
 * main.c for the slice that runs with the other tests (spec/fuzz_spec.lua).
 */
#ifndef SEI_SPEC_FUZZ_H
#define SEI_SPEC_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A target: looks at one input, aborts if something does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_SEED = 4 };         /* bytes in front of the text */

/* What must hold in every run. A finding ends the program, which is how a
 * fuzzer is told. */
#define MUST(x) fuzz_must((x), #x, __FILE__, __LINE__)

static inline void fuzz_must(bool ok, const char *what, const char *file,
                             int line)
{
  if(ok)
    return;
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  abort();
}

/* ---- random numbers that the input's seed decides ---- */

struct fuzz_dice {
  uint64_t state;
};

/* Takes the seed off the input's beginning. false: it is too short. */
static inline bool fuzz_seed(struct fuzz_dice *d, const uint8_t **data,
                             size_t *size)
{
  size_t i;
  if(*size < FUZZ_SEED)
    return false;
  d->state = 0;
  for(i = 0; i < FUZZ_SEED; i++)
    d->state = d->state << 8 | (*data)[i];
  *data += FUZZ_SEED;
  *size -= FUZZ_SEED;
  return true;
}

/* splitmix64: seeds that differ in one bit give other numbers at once. */
static inline uint64_t fuzz_roll(struct fuzz_dice *d)
{
  uint64_t x = d->state += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

/* 0 to n - 1. */
static inline size_t fuzz_below(struct fuzz_dice *d, size_t n)
{
  return (size_t)(fuzz_roll(d) % n);
}

/* ---- numbers that are the input itself ---- */

struct fuzz_bytes {
  const uint8_t *at, *end;
};

/* The next n (<= 8) bytes, or zeros behind the end. */
static inline uint64_t fuzz_take(struct fuzz_bytes *b, unsigned n)
{
  uint64_t v = 0;
  for(; n; n--)
    v = v << 8 | (b->at < b->end ? *b->at++ : 0);
  return v;
}

/* A number near where numbers get interesting, or any at all. */
static inline int64_t fuzz_extreme(struct fuzz_bytes *b)
{
  static const int64_t edges[] = { 0, 1, 100, INT64_C(1) << 31,
    INT64_C(1) << 53, INT64_MAX, INT64_MIN, -1 };
  unsigned kind = (unsigned)fuzz_take(b, 1);
  if(kind < 128)
    return (int64_t)(kind & 15);
  if(kind < 192)
    return (int64_t)(uint64_t)fuzz_take(b, kind & 1 ? 2 : 8);
  /* through unsigned: one beyond the largest is the smallest */
  return (int64_t)((uint64_t)edges[kind & 7] + (kind >> 3 & 3) - 1);
}

/* ---- memory ---- */

/* A copy whose end is the end of its allocation, so that a sanitizer sees
 * whoever reads beyond it. The caller frees it. */
static inline char *fuzz_copy(const void *bytes, size_t n)
{
  char *copy = malloc(n ? n : 1);
  if(!copy)
    abort();
  if(n)
    memcpy(copy, bytes, n);
  return copy;
}

/* The same as a string: ends at the first NUL. */
static inline char *fuzz_string(const void *bytes, size_t n)
{
  const char *nul = n ? memchr(bytes, 0, n) : NULL;
  size_t len = nul ? (size_t)(nul - (const char *)bytes) : n;
  char *copy = malloc(len + 1);
  if(!copy)
    abort();
  if(len)
    memcpy(copy, bytes, len);
  copy[len] = '\0';
  return copy;
}

/* ---- a text that is shown piece by piece ---- */

/* A window over a text; it begins at the first byte not consumed and grows.
 * It is copied for each showing, so that nobody keeps pointers into it. */
struct fuzz_window {
  const char *text;     /* borrowed */
  size_t len;
  size_t from, to;      /* what the window shows */
  char *shown;          /* owned */
  bool cut;             /* false: all of it at once */
  struct fuzz_dice dice;
};

/* Consumes `used` bytes and shows more. false: there is no more to show. */
static inline bool fuzz_show(struct fuzz_window *w, size_t used)
{
  size_t step = 1 + fuzz_below(&w->dice, fuzz_below(&w->dice, 4) ? 6 : 90);
  if(w->shown && w->to == w->len)
    return false;
  w->from += used;
  if(w->shown || fuzz_below(&w->dice, 4))       /* else an empty one first */
    w->to = w->cut && step < w->len - w->to ? w->to + step : w->len;
  if(!w->cut)
    w->to = w->len;
  free(w->shown);
  w->shown = fuzz_copy(w->text + w->from, w->to - w->from);
  return true;
}

static inline bool fuzz_last(const struct fuzz_window *w)
{
  return w->to == w->len;
}

#endif
