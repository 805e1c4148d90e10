/* text - folding: the order of the steps, the short way for ASCII, and bytes
 * from code points. See text.h. */
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "text_private.h"

enum {
  KEPT_BYTES = 4096,    /* of room that sei_text_trim() leaves */
  LARGEST = SIZE_MAX / 64
};

const char *const sei_text_steps[] = {
  "compat", "punctuation", "accents", "letters", "camel", "case", "titles",
  "order", NULL
};

void sei_text_init(struct sei_text *t)
{
  memset(t, 0, sizeof *t);
  sei_buf_init(&t->out, LARGEST);
  sei_buf_init(&t->other, LARGEST);
  sei_buf_init(&t->words, LARGEST);
  t->bytes = "";
}

static void free_points(struct sei_text_points *p)
{
  free(p->at);
  memset(p, 0, sizeof *p);
}

void sei_text_free(struct sei_text *t)
{
  sei_buf_free(&t->out);
  sei_buf_free(&t->other);
  sei_buf_free(&t->words);
  free_points(&t->points);
  free_points(&t->spare);
  t->bytes = "";
  t->len = 0;
}

void sei_text_trim(struct sei_text *t)
{
  if(t->out.cap > KEPT_BYTES || t->other.cap > KEPT_BYTES ||
     t->words.cap > KEPT_BYTES ||
     t->points.cap > KEPT_BYTES || t->spare.cap > KEPT_BYTES)
    sei_text_free(t);
}

bool sei_text_room(struct sei_text_points *p, size_t n)
{
  size_t need, cap = p->cap ? p->cap : 64;
  int32_t *at;
  if(n > LARGEST / sizeof *p->at - p->len)
    return false;
  need = p->len + n;
  if(need <= p->cap)
    return true;
  while(cap < need)
    cap *= 2;
  at = realloc(p->at, cap * sizeof *at);
  if(!at)
    return false;
  p->at = at;
  p->cap = cap;
  return true;
}

/* ---- ASCII ---- */

/* What case and punctuation make of a character of ASCII: a small letter, a
 * digit, a space, or 0 for nothing. Above 0x7f it does not matter. */
static const unsigned char FOLDED[256] = {
  ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
  ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
  ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', 0, ' ', ' ', ' ', ' ', ' ',
  ' ', ' ', ' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ' ', ' ',
  ' ', ' ', ' ', ' ', ' ', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j',
  'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y',
  'z', ' ', ' ', ' ', ' ', ' ', 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h',
  'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w',
  'x', 'y', 'z', ' ', ' ', ' ', ' ', ' '
};

/* Folds a text of ASCII in one pass. false: it is not all ASCII, or nothing
 * remains; `to` has n + 1 bytes, the first of which is no part of the result,
 * *len long, but spares a question about the beginning. */
static bool fold_ascii(const char *s, size_t n, char *to, size_t *len)
{
  const unsigned char *from = (const unsigned char *)s, *end = from + n;
  unsigned char seen = 0;
  char *o = to;
  *o++ = ' ';
  while(from < end) {
    unsigned char c = FOLDED[*from];
    seen |= *from++;
    *o = (char)c;
    o += c == ' ' ? o[-1] != ' ' : c != 0;
  }
  if(o[-1] == ' ')
    o--;
  *len = o > to ? (size_t)(o - to) - 1 : 0;
  return seen < 0x80 && *len;
}

/* true: done, with *ok saying whether there was memory. */
static bool short_way(struct sei_text *t, const char *s, size_t n,
                      unsigned steps, bool *ok)
{
  static const unsigned NEEDED = SEI_TEXT_CASE | SEI_TEXT_PUNCTUATION;
  char *to;
  if((steps & NEEDED) != NEEDED || steps & SEI_TEXT_CAMEL)
    return false;
  to = sei_buf_room(&t->other, n + 2);
  *ok = to != NULL;
  if(!to)
    return true;
  if(!fold_ascii(s, n, to, &t->len))
    return false;
  t->bytes = to + 1;
  return true;
}

/* ---- any text ---- */

/* Points to bytes. */
static bool encode(struct sei_text *t)
{
  const struct sei_text_points *p = &t->points;
  char *start, *o;
  size_t i;
  sei_buf_clear(&t->out);
  start = o = sei_buf_room(&t->out, p->len * 4 + 1);
  if(!start)
    return false;
  for(i = 0; i < p->len; i++)
    if(p->at[i] < 0x80)
      *o++ = (char)p->at[i];
    else
      o += utf8proc_encode_char(p->at[i], (utf8proc_uint8_t *)o);
  t->bytes = start;
  t->len = (size_t)(o - start);
  return true;
}

static bool long_way(struct sei_text *t, const char *s, size_t n,
                     unsigned steps)
{
  bool compat = (steps & SEI_TEXT_COMPAT) != 0;
  if(!sei_text_decode(t, s, n, compat) || (compat && !sei_text_reorder(t)))
    return false;
  if(steps & SEI_TEXT_PUNCTUATION) {
    sei_text_punctuation(t);
    if(compat && !sei_text_reorder(t)) /* two runs of marks may be one now */
      return false;
  }
  if(steps & SEI_TEXT_ACCENTS && !sei_text_accents(t))
    return false;
  if(steps & SEI_TEXT_LETTERS && !sei_text_letters(t))
    return false;
  if(steps & SEI_TEXT_CAMEL && !sei_text_camel(t))
    return false;
  if(steps & SEI_TEXT_CASE && !sei_text_case(t))
    return false;
  if(compat && !sei_text_compose(t))
    return false;
  return encode(t);
}

bool sei_text_fold(struct sei_text *t, const char *s, size_t n,
                   unsigned steps)
{
  bool ok = true;
  if(n >= LARGEST / 64)
    return false;
  if(!short_way(t, s, n, steps, &ok))
    ok = long_way(t, s, n, steps);
  if(ok && steps & (SEI_TEXT_TITLES | SEI_TEXT_ORDER))
    ok = sei_text_arrange(t, steps);
  if(!ok) {
    t->bytes = "";
    t->len = 0;
  }
  return ok;
}

bool sei_text_fold_points(struct sei_text *t, const char *s, size_t n,
                          unsigned steps)
{
  return sei_text_fold(t, s, n, steps) &&
    sei_text_decode(t, t->bytes, t->len, false);
}
