/* join_pair - Jaro-Winkler of one text with four others in step.
 *
 * Each code point waits for what the one before it left free. Four texts side
 * by side keep the processor busy meanwhile.
 */
#include "join_pair.h"

#include "bits.h"
#include "jaro.h"

/* One code point of a right text, the i-th: takes the first free place of
 * those where it stands near enough in the left one. `free` are its places
 * that are not taken. */
static inline uint64_t take(uint64_t letters, uint64_t free, size_t i,
                            uint64_t *right)
{
  uint64_t x = letters & free;
  *right |= (uint64_t)(x != 0) << i;
  return free ^ (x & -x);
}

void sei_pair_common(const uint64_t *place, size_t m,
                     const uint32_t *const text[SEI_PAIRS], size_t n,
                     struct sei_common out[SEI_PAIRS])
{
  const uint32_t *a = text[0], *b = text[1], *c = text[2], *d = text[3];
  uint64_t fa, fb, fc, fd, ra = 0, rb = 0, rc = 0, rd = 0;
  size_t reach = sei_jaro_reach(m, n), i;
  uint64_t near = ((uint64_t)1 << (reach + 1)) - 1;
  fa = fb = fc = fd = ~(uint64_t)0;
  for(i = 0; i < n; i++) {
    fa = take(place[a[i]] & near, fa, i, &ra);
    fb = take(place[b[i]] & near, fb, i, &rb);
    fc = take(place[c[i]] & near, fc, i, &rc);
    fd = take(place[d[i]] & near, fd, i, &rd);
    near = near << 1 | (i < reach);
  }
  out[0] = (struct sei_common){ ~fa, ra };
  out[1] = (struct sei_common){ ~fb, rb };
  out[2] = (struct sei_common){ ~fc, rc };
  out[3] = (struct sei_common){ ~fd, rd };
}

double sei_pair_score(const uint64_t *place, struct sei_codes left,
                      struct sei_codes right, struct sei_common common)
{
  uint64_t a = common.left, b = common.right;
  size_t n = sei_bits_count(a), moved = 0;
  if(!n)
    return 0;
  for(; b; b &= b - 1, a &= a - 1)
    moved += !(place[right.at[__builtin_ctzll(b)]] & a & -a);
  return sei_winkler(sei_jaro_score(left.n, right.n, n, moved),
                     sei_winkler_prefix(left, right));
}
