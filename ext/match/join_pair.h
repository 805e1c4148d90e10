/* join_pair - comparing the pairs that a join could not rule out. For this
 * folder. */
#ifndef SEI_MATCH_JOIN_PAIR_H
#define SEI_MATCH_JOIN_PAIR_H

#include "codes.h"

enum { SEI_PAIRS = 4 };   /* texts at a time */

/* Which code points of the left text and of a right one are common. */
struct sei_common {
  uint64_t left, right;
};

/* Jaro's common code points of the left text with each of four right texts of
 * one length n, all of 1 to 64 code points. `place` has, for each code point,
 * a bit where it stands in the left text of m. */
void sei_pair_common(const uint64_t *place, size_t m,
                     const uint32_t *const text[SEI_PAIRS], size_t n,
                     struct sei_common out[SEI_PAIRS]);

/* Jaro-Winkler of the left text and the right one with what is common. */
double sei_pair_score(const uint64_t *place, struct sei_codes left,
                      struct sei_codes right, struct sei_common common);

#endif
