/* nearest - the known name that a misspelt one most likely meant. */
#ifndef SEI_BASE_NEAREST_H
#define SEI_BASE_NEAREST_H

#include <stddef.h>

/* Feeds one candidate; `best` and `score` start as NULL and 0 and end as the
 * nearest so far. Distance counts insertions, deletions, substitutions and
 * swaps of neighbours, without regard to case. A name farther than a third
 * of its length (at least 2) is no suggestion. Names over 63 bytes are
 * passed over. */
void sei_nearest(const char *wrong, const char *candidate,
                 const char **best, size_t *score);

#endif
