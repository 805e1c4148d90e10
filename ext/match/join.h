/* join - all pairs of two lists of texts whose Jaro-Winkler similarity reaches
 * a cutoff: exactly those that comparing all pairs would find, without doing
 * so.
 *
 * Of every text a signature bounds how many code points it can have in common
 * with another one. Two lengths, the cutoff and what the common prefix can
 * give say how many are needed. So almost all pairs fall by counting bits;
 * those that do not are compared. Nothing is left out by first letters or the
 * like.
 *
 *   struct sei_join *j = sei_join_new(0.9, 1000000);
 *   sei_join_add(j, SEI_LEFT, codes); …
 *   while((status = sei_join_step(j, 1000000)) == SEI_JOIN_MORE)
 *     …;
 *   hits = sei_join_hits(j, i, &n);
 *   sei_join_free(j);
 */
#ifndef SEI_MATCH_JOIN_H
#define SEI_MATCH_JOIN_H

#include "codes.h"
#include "scan.h"

struct sei_join;

enum sei_side { SEI_LEFT, SEI_RIGHT };

enum sei_join_status {
  SEI_JOIN_DONE,
  SEI_JOIN_MORE,    /* there is more to do */
  SEI_JOIN_FULL,    /* more hits than the limit; it ends here */
  SEI_JOIN_NOMEM    /* it ends here */
};

struct sei_join_hit {
  uint32_t right;   /* which text of the right side, from 0 */
  double score;
};

/* A join without texts. `limit`: the most hits it may hold, 16 bytes each.
 * NULL: no memory. */
struct sei_join *sei_join_new(double cutoff, size_t limit);

/* Adds a text behind the others of its side; copies it. Code points are below
 * 0x110000, texts shorter than 2^31, sides below 2^32 - 1 texts. NOMEM (and
 * the join is as before) or DONE. Not after the first step. */
enum sei_join_status sei_join_add(struct sei_join *j, enum sei_side side,
                                  struct sei_codes text);

/* Compares with this one of the scans instead of the widest. */
void sei_join_use(struct sei_join *j, sei_scan *scan);

/* Goes on for about `budget` (from 1) pairs and says how it stands. A pair
 * that has to be compared counts as several, a long one as many. The first
 * call sorts the texts, whatever the budget is. */
enum sei_join_status sei_join_step(struct sei_join *j, size_t budget);

/* The hits of the i-th left text, ordered by the right one; `n` becomes their
 * number. Borrowed. After DONE only. */
const struct sei_join_hit *sei_join_hits(const struct sei_join *j, size_t i,
                                         size_t *n);

/* How many hits there are so far, and how many pairs had to be compared. */
size_t sei_join_count(const struct sei_join *j);
uint64_t sei_join_compared(const struct sei_join *j);

/* Frees it; NULL is fine. */
void sei_join_free(struct sei_join *j);

#endif
