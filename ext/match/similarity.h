/* similarity - how much two texts are alike, in code points.
 *
 * Plain C, no dependency. All of them are symmetric, take texts of any length
 * and say 1 of two equal ones. Scores are from 0 (nothing in common) to 1.
 * A negative result means that there was no memory; nothing up to 64 code
 * points needs any. Definitions and results are those of RapidFuzz (its
 * scores of 0 to 100 divided by 100), but for Dice, which it does not have.
 */
#ifndef SEI_MATCH_SIMILARITY_H
#define SEI_MATCH_SIMILARITY_H

#include "codes.h"

/* Jaro (1989): common code points, at most half the longer length less one
 * apart, and how many of them are out of order (halved and rounded down, as
 * in Winkler's strcmp95.c). Two empty texts: 1; one: 0. */
double sei_jaro(struct sei_codes a, struct sei_codes b);

/* Winkler (1990): a Jaro score above 0.7 comes nearer to 1 by a tenth of what
 * is missing for each of the first four code points that agree. Below 0.7
 * there is no such bonus, as in strcmp95.c, RapidFuzz and jellyfish. */
double sei_jaro_winkler(struct sei_codes a, struct sei_codes b);

/* Insertions, deletions and replacements that make one of the other. */
int64_t sei_levenshtein(struct sei_codes a, struct sei_codes b);

/* The same with swaps of neighbours, none of which is edited again (optimal
 * string alignment). */
int64_t sei_osa(struct sei_codes a, struct sei_codes b);

/* 1 - distance / length of the longer; two empty texts: 1. */
double sei_levenshtein_ratio(struct sei_codes a, struct sei_codes b);
double sei_osa_ratio(struct sei_codes a, struct sei_codes b);

/* 1 - (insertions and deletions) / (both lengths): twice the longest common
 * subsequence by both lengths. Two empty texts: 1. */
double sei_indel_ratio(struct sei_codes a, struct sei_codes b);

/* The indel ratio of the words in the order of their code points. Words are
 * what is between white space. */
double sei_token_sort(struct sei_codes a, struct sei_codes b);

/* Words as sets: the best indel ratio among the common words, those and the
 * rest of a, those and the rest of b. 1 if one has all words of the other; 0
 * if either has no word at all. */
double sei_token_set(struct sei_codes a, struct sei_codes b);

/* Twice the common runs of `size` code points by the runs of both, each
 * counted as often as it is there (Dice, Sørensen). Where both are too short
 * for a run: 1 if they are equal, else 0. `size` from 1. */
double sei_dice(struct sei_codes a, struct sei_codes b, size_t size);

#endif
