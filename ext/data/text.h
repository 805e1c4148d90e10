/* text - folding names, so that spellings of one name become equal.
 *
 * Plain C on utf8proc. Folding is a row of named steps, each switched by a bit
 * and always done in the order of the bits. Every set of steps is idempotent:
 * what was folded is not changed by folding it again with the same steps.
 *
 * Input is UTF-8 of any length, NUL bytes included. Bytes that are none become
 * U+FFFD, one for each maximal part of a character (Unicode 15, section 3.9),
 * which counts as a letter: a broken name stays different from a whole one.
 * The result has at most 12 bytes for each byte of input (U+FDFA under
 * SEI_TEXT_COMPAT is the longest).
 */
#ifndef SEI_DATA_TEXT_H
#define SEI_DATA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"

enum sei_text_step {
  /* NFKC (UAX #15): full width, ligatures, NFC and NFD become one; characters
   * that nobody sees (zero width, soft hyphen, variation selectors: Unicode's
   * Default_Ignorable_Code_Point) are taken out; U+00B4 becomes an
   * apostrophe. */
  SEI_TEXT_COMPAT = 1,
  /* Apostrophes are taken out; other punctuation, symbols, white space and
   * controls become one space, none at the ends. A text of nothing else keeps
   * its characters, its white space alone is made single. */
  SEI_TEXT_PUNCTUATION = 2,
  /* Accents off Latin and Greek letters; off Cyrillic ones only the stress
   * marks, and the dots of yo. The letters й, ї, ў, ѓ, ќ and the marks of all
   * other scripts are no accents. */
  SEI_TEXT_ACCENTS = 4,
  /* Latin letters that do not decompose: ł l, ø o, ß ss, æ ae, þ th, … */
  SEI_TEXT_LETTERS = 8,
  /* A space where a small letter meets a capital, and before the last of
   * several capitals that a small letter follows. */
  SEI_TEXT_CAMEL = 16,
  /* Unicode's full case folding. */
  SEI_TEXT_CASE = 32,
  /* Words such as dr, prof, jr, phd are taken out: see text_words.c. */
  SEI_TEXT_TITLES = 64,
  /* Words in the order of their bytes, which is that of their code points. */
  SEI_TEXT_ORDER = 128
};

enum {
  SEI_TEXT_DEFAULT = SEI_TEXT_COMPAT | SEI_TEXT_PUNCTUATION |
    SEI_TEXT_ACCENTS | SEI_TEXT_LETTERS | SEI_TEXT_CASE | SEI_TEXT_TITLES,
  SEI_TEXT_ALL = 255
};

/* Names of the steps in their order: bit i is step i. Ends with NULL. */
extern const char *const sei_text_steps[];

struct sei_text_points {
  int32_t *at;          /* owned */
  size_t len, cap;
};

/* Room for folding, used again from text to text. One thread at a time. */
struct sei_text {
  const char *bytes;    /* the result, borrowed from this; no NUL behind it */
  size_t len;
  struct sei_buf out, other;
  struct sei_text_points points, spare;
  struct sei_buf words;
};

/* Never fails, allocates nothing. */
void sei_text_init(struct sei_text *t);

/* Folds n bytes with a set of steps; the result is t->bytes, t->len, until the
 * next call. false: no memory. */
bool sei_text_fold(struct sei_text *t, const char *s, size_t n,
                   unsigned steps);

/* The same; the result is also there as code points, t->points.at and
 * t->points.len. */
bool sei_text_fold_points(struct sei_text *t, const char *s, size_t n,
                          unsigned steps);

/* Finds the next word of a folded text, from *at on: true, its first byte in
 * *at and its length in *n. The next search starts at *at + *n. Words are what
 * white space of ASCII divides. */
bool sei_text_word(const char *s, size_t len, size_t *at, size_t *n);

/* Gives back memory beyond what a name needs. */
void sei_text_trim(struct sei_text *t);

/* Frees all; safe to call twice. */
void sei_text_free(struct sei_text *t);

#endif
