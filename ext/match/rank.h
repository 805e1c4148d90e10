/* rank - which people come nearest to an account: an index over 3-grams,
 * tokens and handles, weighted by how rare each is, and a finer comparison of
 * the few that it brings up. For ranking what somebody is shown; never a gate.
 *
 * Plain C, no dependency. Texts come in as folded code points (lower case,
 * accents and punctuation gone, tokens apart by spaces), as the caller's
 * folding left them; any code points are taken, none is refused.
 *
 * A record - a person or an account - is made text by text with sei_rank_add.
 * What is in a record beyond 24 texts, in a name beyond 8 tokens, and in a
 * token or handle beyond 48 code points is left out.
 */
#ifndef SEI_MATCH_RANK_H
#define SEI_MATCH_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

enum sei_rank_kind {
  SEI_RANK_NAME,      /* a name: "john a smith" */
  SEI_RANK_NICK,      /* one word where a name should be, which may be a login
                         as well: its pieces, "john smith" */
  SEI_RANK_HANDLE,    /* a login or local part, its pieces: "john smith 85" */
  SEI_RANK_DOMAIN,    /* the domain of an address, its labels: "example com" */
  SEI_RANK_ADDRESS    /* a whole address, compared as it is */
};

struct sei_rank;      /* the index; not for several threads at once */

struct sei_rank_hit {
  uint32_t person;    /* the how manieth that was added, from 0 */
  double score;       /* 0 to 1: how likely it is the same person */
};

/* An empty index; NULL: no memory. */
struct sei_rank *sei_rank_new(void);

/* Frees it; NULL is allowed. */
void sei_rank_free(struct sei_rank *r);

/* Adds a text to the record being made. False: no memory. */
bool sei_rank_add(struct sei_rank *r, enum sei_rank_kind kind,
                  const uint32_t *text, size_t n);

/* Empties the record being made. */
void sei_rank_drop(struct sei_rank *r);

/* The record being made becomes the next person. `key` decides between people
 * of equal score, so that their order here does not. False: no memory, and
 * nothing was added; or there are 2^31 of them. */
bool sei_rank_person(struct sei_rank *r, const char *key, size_t n);

/* Makes the index of all people; once, after the last of them. False: no
 * memory; may be called again. */
bool sei_rank_build(struct sei_rank *r);

/* How many people were added. */
size_t sei_rank_people(const struct sei_rank *r);

/* The bytes that it holds. */
size_t sei_rank_bytes(const struct sei_rank *r);

/* Ranks the people by their nearness to the record being made: up to `most`
 * hits (at most 32), best first, none that has nothing in common with it.
 * Says how many; -1: no memory. */
int sei_rank_ask(struct sei_rank *r, struct sei_rank_hit *hits, size_t most);

/* Appends to `out` in a few words what the record being made has in common
 * with a person: "name 'smith'; handle 'jsmith' from the name", UTF-8.
 * False: no memory. */
bool sei_rank_why(struct sei_rank *r, uint32_t person, struct sei_buf *out);

#endif
