/* join_side - one side of a join: its texts, sorted for the comparison. For
 * this folder. */
#ifndef SEI_MATCH_JOIN_SIDE_H
#define SEI_MATCH_JOIN_SIDE_H

#include <stdbool.h>

#include "codes.h"

/* Texts of one length, in the order of their first code points. */
struct sei_join_group {
  size_t n;              /* the length */
  uint32_t from, to;     /* their places, `to` not included */
};

struct sei_join_side {
  /* As added: */
  uint32_t *codes;       /* all texts; code points, later their ranks */
  size_t used, room;     /* of codes */
  size_t *ends;          /* where each text ends in codes */
  uint32_t count, ends_room;
  /* Sorted by length, then by first code point; by place from 0: */
  uint32_t *index;       /* which text it is */
  struct sei_codes *text;
  uint64_t *bits;        /* signatures, see signature.h */
  uint64_t *head;        /* see sei_join_head */
  struct sei_join_group *group;
  size_t groups;
};

/* Adds a text. false: no memory, nothing changed. */
bool sei_join_side_add(struct sei_join_side *s, struct sei_codes text);

/* Turns the code points of both sides into ranks: 0 is the most frequent one.
 * Returns how many there are, or -1 for no memory. */
int64_t sei_join_rank(struct sei_join_side *left, struct sei_join_side *right);

/* The first four ranks, the first one lowest, cut to 16 bits each; what is
 * not there is 0. */
uint64_t sei_join_head(struct sei_codes text);

/* Sorts, groups, and makes the signatures. false: no memory. */
bool sei_join_side_sort(struct sei_join_side *s);

/* Of the places of a group, those whose texts begin with `first`. The group's
 * texts are not empty. */
void sei_join_side_range(const struct sei_join_side *s,
                         const struct sei_join_group *g, uint32_t first,
                         uint32_t *from, uint32_t *to);

void sei_join_side_free(struct sei_join_side *s);

#endif
