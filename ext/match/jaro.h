/* jaro - the parts of Jaro and Jaro-Winkler that the join puts together anew.
 * For this folder. */
#ifndef SEI_MATCH_JARO_H
#define SEI_MATCH_JARO_H

#include <stddef.h>

#include "codes.h"

/* The most code points of a common prefix that count, and what each gives. */
#define SEI_WINKLER_PREFIX 4
#define SEI_WINKLER_SCALE 0.1
#define SEI_WINKLER_FROM 0.7

/* How far apart two code points may be that count as common. */
static inline size_t sei_jaro_reach(size_t m, size_t n)
{
  size_t half = (m > n ? m : n) / 2;
  return half ? half - 1 : 0;
}

/* The score of lengths m and n with `common` code points (from 1) in common
 * of which `moved` are not the same in the order of either. */
static inline double sei_jaro_score(size_t m, size_t n, size_t common,
                                    size_t moved)
{
  double c = (double)common;
  return (c / (double)m + c / (double)n +
          (c - (double)(moved / 2)) / c) / 3.0;
}

/* Adds what the first `prefix` code points give. */
static inline double sei_winkler(double jaro, size_t prefix)
{
  if(jaro > SEI_WINKLER_FROM)
    jaro += (double)prefix * SEI_WINKLER_SCALE * (1.0 - jaro);
  return jaro < 1.0 ? jaro : 1.0;
}

/* How many of the first four code points agree. */
static inline size_t sei_winkler_prefix(struct sei_codes a,
                                        struct sei_codes b)
{
  size_t i = 0, n = a.n < b.n ? a.n : b.n;
  if(n > SEI_WINKLER_PREFIX)
    n = SEI_WINKLER_PREFIX;
  while(i < n && a.at[i] == b.at[i])
    i++;
  return i;
}

#endif
