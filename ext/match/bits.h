/* bits - where each code point stands in a piece of at most 64, as a word:
 * what all bit-parallel comparisons begin with. For this folder. */
#ifndef SEI_MATCH_BITS_H
#define SEI_MATCH_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "codes.h"

enum {
  SEI_BITS_LOW = 256,     /* code points that have a place of their own */
  SEI_BITS_SLOTS = 128,   /* for others: twice as many as can be */
  SEI_BITS_MOST = 64
};

struct sei_bits {
  uint64_t low[SEI_BITS_LOW];
  bool any;               /* is anything in the slots? */
  uint32_t code[SEI_BITS_SLOTS];
  uint64_t word[SEI_BITS_SLOTS];   /* 0: free */
};

/* Bits set, in sums of two, four and eight neighbours: no more than a handful
 * of steps on every processor. */
static inline unsigned sei_bits_count(uint64_t x)
{
  x -= x >> 1 & 0x5555555555555555u;
  x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return (unsigned)(x * 0x0101010101010101u >> 56);
}

static inline unsigned sei_bits_slot(const struct sei_bits *b, uint32_t code)
{
  unsigned i = (code * 0x9e3779b1u) >> 25;
  while(b->word[i] && b->code[i] != code)
    i = (i + 1) % SEI_BITS_SLOTS;
  return i;
}

/* Bit i is set where the i-th code point is `code`. */
static inline uint64_t sei_bits_of(const struct sei_bits *b, uint32_t code)
{
  if(code < SEI_BITS_LOW)
    return b->low[code];
  return b->any ? b->word[sei_bits_slot(b, code)] : 0;
}

/* Fills it from n <= SEI_BITS_MOST code points. */
static inline void sei_bits_fill(struct sei_bits *b, const uint32_t *at,
                                 size_t n)
{
  size_t i;
  memset(b->low, 0, sizeof b->low);
  b->any = false;
  for(i = 0; i < n; i++) {
    unsigned slot;
    if(at[i] < SEI_BITS_LOW) {
      b->low[at[i]] |= (uint64_t)1 << i;
      continue;
    }
    if(!b->any)
      memset(b->word, 0, sizeof b->word);
    b->any = true;
    slot = sei_bits_slot(b, at[i]);
    b->code[slot] = at[i];
    b->word[slot] |= (uint64_t)1 << i;
  }
}

#endif
