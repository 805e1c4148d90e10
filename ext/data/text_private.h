/* text_private - what the parts of folding share: text.c (the order of the
 * steps, bytes in and out), text_step.c (steps over code points),
 * text_letters.c (a table), text_words.c (steps over words). */
#ifndef SEI_DATA_TEXT_PRIVATE_H
#define SEI_DATA_TEXT_PRIVATE_H

#include "text.h"

/* ---- arrays of code points ---- */

/* Makes room for n more. false: no memory. */
bool sei_text_room(struct sei_text_points *p, size_t n);

/* Appends one; there is room. */
static inline void sei_text_put(struct sei_text_points *p, int32_t c)
{
  p->at[p->len++] = c;
}

/* ---- steps over code points, t->points ----
 *
 * t->spare is used; false: no memory. Under SEI_TEXT_COMPAT the points are in
 * NFKD from sei_text_decode() to sei_text_compose(). */

/* UTF-8 to points; in NFKD if that is asked for. */
bool sei_text_decode(struct sei_text *t, const char *s, size_t n,
                     bool compat);
void sei_text_punctuation(struct sei_text *t);
bool sei_text_accents(struct sei_text *t);
bool sei_text_letters(struct sei_text *t);
bool sei_text_camel(struct sei_text *t);
bool sei_text_case(struct sei_text *t);
bool sei_text_compose(struct sei_text *t);

/* Brings runs of marks into canonical order (UAX #15), in time n log n. */
bool sei_text_reorder(struct sei_text *t);

/* One or two ASCII letters (the second may be 0) for a Latin letter that does
 * not decompose; NULL: it is none. */
const char *sei_text_letter(int32_t c);

/* ---- steps over words ---- */

/* Titles and order, as `steps` say, on t->bytes. false: no memory. */
bool sei_text_arrange(struct sei_text *t, unsigned steps);

#endif
