/* jaro - Jaro and Jaro-Winkler: bit-parallel up to 64 code points, by sorted
 * positions beyond.
 *
 * The definition goes through a and takes, for each code point, the first
 * free one of b that is near enough. Seen for one letter alone, its places in
 * a and in b are two sorted lists, and that is a merge of them: whichever
 * comes first and finds nothing near enough is left out for good. So the
 * result is the same from either side, and long texts need no square.
 */
#include "jaro.h"

#include <stdlib.h>

#include "bits.h"
#include "similarity.h"

/* How many common code points are not the same, taken in the order of either
 * text. `a` and `b` have a bit for each code point that is common. */
static size_t moved(const struct sei_bits *bits, struct sei_codes text,
                    uint64_t a, uint64_t b)
{
  size_t n = 0;
  for(; b; b &= b - 1, a &= a - 1)
    n += !(sei_bits_of(bits, text.at[__builtin_ctzll(b)]) & (a & -a));
  return n;
}

static double short_jaro(struct sei_codes a, struct sei_codes b)
{
  struct sei_bits bits;
  size_t reach = sei_jaro_reach(a.n, b.n), j, common;
  uint64_t near = ((uint64_t)1 << (reach + 1)) - 1;
  uint64_t in_a = 0, in_b = 0;
  sei_bits_fill(&bits, a.at, a.n);
  for(j = 0; j < b.n; j++) {
    uint64_t x = sei_bits_of(&bits, b.at[j]) & near & ~in_a;
    in_a |= x & -x;
    in_b |= (uint64_t)!!x << j;
    near = near << 1 | (j < reach);
  }
  common = sei_bits_count(in_a);
  if(!common)
    return 0;
  return sei_jaro_score(a.n, b.n, common, moved(&bits, b, in_a, in_b));
}

/* ---- long ---- */

static int by_value(const void *x, const void *y)
{
  uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
  return (a > b) - (a < b);
}

/* Code point above, place below: sorted, a letter's places are together. */
static void places(uint64_t *out, struct sei_codes text)
{
  size_t i;
  for(i = 0; i < text.n; i++)
    out[i] = (uint64_t)text.at[i] << 32 | i;
  qsort(out, text.n, sizeof *out, by_value);
}

/* Leaves only the places that are common, without their code points, and
 * returns how many there are. */
static size_t merge(uint64_t *a, size_t m, uint64_t *b, size_t n,
                    size_t reach)
{
  size_t i = 0, j = 0, common = 0;
  while(i < m && j < n) {
    if(a[i] + reach < b[j])
      i++;
    else if(b[j] + reach < a[i])
      j++;
    else {
      a[common] = (uint32_t)a[i++];
      b[common++] = (uint32_t)b[j++];
    }
  }
  return common;
}

static double long_jaro(struct sei_codes a, struct sei_codes b)
{
  uint64_t *in_a = malloc((a.n + b.n) * sizeof *in_a), *in_b;
  size_t common, i, n = 0;
  if(!in_a)
    return -1;
  in_b = in_a + a.n;
  places(in_a, a);
  places(in_b, b);
  common = merge(in_a, a.n, in_b, b.n, sei_jaro_reach(a.n, b.n));
  qsort(in_a, common, sizeof *in_a, by_value);
  qsort(in_b, common, sizeof *in_b, by_value);
  for(i = 0; i < common; i++)
    n += a.at[in_a[i]] != b.at[in_b[i]];
  free(in_a);
  return common ? sei_jaro_score(a.n, b.n, common, n) : 0;
}

double sei_jaro(struct sei_codes a, struct sei_codes b)
{
  if(!a.n || !b.n)
    return a.n == b.n;
  if(a.n <= SEI_BITS_MOST && b.n <= SEI_BITS_MOST)
    return short_jaro(a, b);
  return long_jaro(a, b);
}

double sei_jaro_winkler(struct sei_codes a, struct sei_codes b)
{
  return sei_winkler(sei_jaro(a, b), sei_winkler_prefix(a, b));
}
