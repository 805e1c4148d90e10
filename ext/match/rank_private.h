/* rank_private - what the files of rank share.
 *
 *   rank_record.c   texts to words
 *   rank_family.c   first names that stand for one another
 *   rank_feature.c  the features by which a record is found
 *   rank_table.c    features to the people who have them
 *   rank_score.c    how near two records are
 *   rank_why.c      what they have in common, in words
 *   rank.c          the index
 */
#ifndef SEI_MATCH_RANK_PRIVATE_H
#define SEI_MATCH_RANK_PRIVATE_H

#include "rank.h"

enum {
  SEI_RANK_PARTS = 24,    /* texts in a record */
  SEI_RANK_TOKENS = 8,    /* tokens in a name, pieces of a handle */
  SEI_RANK_LENGTH = 48,   /* code points in a word */
  SEI_RANK_FAMILIES = 3,  /* of first names, that a name belongs to */
  SEI_RANK_SHORT = 24     /* people compared closely for one account */
};

/* A token of a name, a piece of a handle, or a whole handle. */
struct sei_rank_word {
  uint32_t at;        /* its first code point among those of the records */
  uint32_t hash;
  uint32_t letters;   /* bit cp % 32 for each of them: a quick "never" */
  float bits;         /* what it says: log2 of all people to those with it */
  uint8_t len;        /* code points */
  uint8_t families[SEI_RANK_FAMILIES];  /* of a token of a name */
};

/* A text. Its words:
 *   name     its tokens (of a nick, too)
 *   handle   the whole; the whole without digits at its ends; its pieces
 *   domain   the whole; its last two labels; each label but the last
 *   address  the whole */
struct sei_rank_part {
  uint32_t first;     /* its first word */
  uint16_t kind;
  uint16_t count;     /* words */
};

/* Records, one after the other. */
struct sei_rank_records {
  uint32_t *cps;      size_t cps_len, cps_cap;
  struct sei_rank_word *words;  size_t words_len, words_cap;
  struct sei_rank_part *parts;  size_t parts_len, parts_cap;
};

/* One of them. */
struct sei_rank_view {
  const uint32_t *cps;
  const struct sei_rank_word *words;
  const struct sei_rank_part *parts;
  size_t count;       /* parts */
};

/* ---- rank_record.c ---- */

/* Makes *array hold at least `need` items of `size` bytes. */
bool sei_rank_room(void *array, size_t *cap, size_t need, size_t size);

/* Splits a text into words and appends it. False: no memory. */
bool sei_rank_record_add(struct sei_rank_records *s, enum sei_rank_kind kind,
                         const uint32_t *text, size_t n);

/* Appends all of `from` to `to`. False: no memory, nothing appended. */
bool sei_rank_record_copy(struct sei_rank_records *to,
                          const struct sei_rank_records *from);

void sei_rank_record_clear(struct sei_rank_records *s);
void sei_rank_record_free(struct sei_rank_records *s);

/* The same code points give the same number. */
uint32_t sei_rank_hash(const uint32_t *cps, size_t n);

/* Whether a script needs few characters for a word: ideographs, kana,
 * syllables. */
bool sei_rank_dense(uint32_t cp);

/* ---- rank_family.c ---- */

/* The families of first names that a name belongs to, from 1; 0: none. Names
 * of one family stand for one another: bob, robert. */
void sei_rank_families(const uint32_t *cps, size_t n, uint8_t *families);

/* ---- rank_feature.c ---- */

enum sei_rank_space {
  SEI_RANK_TOKEN,     /* a token of a name or a piece of a handle */
  SEI_RANK_PAIR,      /* a token of a name and the initial of another */
  SEI_RANK_FAMILY,    /* a family of first names */
  SEI_RANK_INITIALS,  /* the initials of a name, in their order */
  SEI_RANK_WHOLE,     /* a whole handle */
  SEI_RANK_GRAM,      /* three code points, with the ends of the word */
  SEI_RANK_PLACE,     /* a domain, or its last two labels */
  SEI_RANK_LABEL,     /* a label of a domain */
  SEI_RANK_EXACT      /* a whole address */
};

struct sei_rank_feature {
  uint64_t key;
  uint32_t at;        /* for rank.c: its first posting */
  uint32_t df;        /* for rank.c: how many people have it */
  float weight;       /* how much of its bits it may bring */
};

enum { SEI_RANK_FEATURES = 1024 };

struct sei_rank_features {
  size_t count;
  struct sei_rank_feature list[SEI_RANK_FEATURES];
};

/* What a person is found by, or what an account is searched by. */
void sei_rank_features_of(struct sei_rank_features *f,
                          const struct sei_rank_view *v, bool search);

/* The key of one. */
uint64_t sei_rank_key(enum sei_rank_space space, const uint32_t *cps,
                      size_t n);

/* ---- rank_score.c ---- */

/* What speaks for two records being of one person. */
enum sei_rank_kind_of_evidence {
  SEI_RANK_NAMES,     /* a name and a name; below 0: they contradict */
  SEI_RANK_HANDLES,   /* a handle and a handle */
  SEI_RANK_FORMED,    /* the account's handle is made of the person's name */
  SEI_RANK_FORMS,     /* the person's handle is made of the account's name */
  SEI_RANK_LABELS,    /* a domain is named after a name or handle */
  SEI_RANK_PLACES,    /* a domain and a domain */
  SEI_RANK_ADDRESSES, /* an address and an address */
  SEI_RANK_EVIDENCE
};

/* The best of each. */
struct sei_rank_evidence {
  struct sei_rank_found {
    double bits;
    const struct sei_rank_part *left, *right;   /* NULL: nothing compared */
  } best[SEI_RANK_EVIDENCE];
};

/* Compares two records. */
void sei_rank_compare(struct sei_rank_evidence *e,
                      const struct sei_rank_view *a,
                      const struct sei_rank_view *p);

/* Bits for them being of one person, less those against it. */
double sei_rank_bits(const struct sei_rank_evidence *e);

/* How two tokens are alike. */
enum sei_rank_likeness {
  SEI_RANK_EQUAL, SEI_RANK_INITIAL, SEI_RANK_BEGINNING, SEI_RANK_ALIKE,
  SEI_RANK_FAMILIAR
};

/* Tokens of two names that found each other, the surest first. */
struct sei_rank_pairs {
  size_t count;
  struct sei_rank_pair {
    uint8_t left, right;
    uint8_t how;      /* enum sei_rank_likeness */
  } list[SEI_RANK_TOKENS];
};

/* Bits for two names being of one person; `pairs` may be NULL. */
double sei_rank_names(const struct sei_rank_view *a,
                      const struct sei_rank_part *x,
                      const struct sei_rank_view *p,
                      const struct sei_rank_part *y,
                      struct sei_rank_pairs *pairs);

/* ---- rank_why.c ---- */

/* Appends the evidence in words. False: no memory. */
bool sei_rank_say(const struct sei_rank_evidence *e,
                  const struct sei_rank_view *a,
                  const struct sei_rank_view *p, struct sei_buf *out);

#endif
