/* match_plain - every similarity as textbooks have it, in plain loops: what
 * ext/match is compared with. Texts of at most PLAIN_MOST code points. */
#ifndef SPEC_MATCH_PLAIN_H
#define SPEC_MATCH_PLAIN_H

#include <stdbool.h>
#include <string.h>

#include "../../ext/match/codes.h"

enum { PLAIN_MOST = 400 };

static inline double plain_jaro(struct sei_codes a, struct sei_codes b)
{
  bool in_a[PLAIN_MOST] = { false }, in_b[PLAIN_MOST] = { false };
  long m = (long)a.n, n = (long)b.n, i, j, k = 0;
  long range = (m > n ? m : n) / 2 - 1;
  long matches = 0, out_of_order = 0;
  if(m == 0 && n == 0)
    return 1;
  if(range < 0)
    range = 0;
  for(i = 0; i < m; i++)
    for(j = i - range < 0 ? 0 : i - range; j < n && j <= i + range; j++)
      if(!in_b[j] && a.at[i] == b.at[j]) {
        in_a[i] = in_b[j] = true;
        matches++;
        break;
      }
  if(matches == 0)
    return 0;
  for(i = 0; i < m; i++)
    if(in_a[i]) {
      while(!in_b[k])
        k++;
      out_of_order += a.at[i] != b.at[k++];
    }
  return ((double)matches / (double)m + (double)matches / (double)n +
          (double)(matches - out_of_order / 2) / (double)matches) / 3;
}

static inline double plain_jaro_winkler(struct sei_codes a,
                                        struct sei_codes b)
{
  double jaro = plain_jaro(a, b);
  int same = 0;
  while(same < 4 && (size_t)same < a.n && (size_t)same < b.n &&
        a.at[same] == b.at[same])
    same++;
  return jaro > 0.7 ? jaro + same * 0.1 * (1 - jaro) : jaro;
}

static inline int least(int x, int y)
{
  return x < y ? x : y;
}

/* What a replacement costs, and whether neighbours may swap. */
static inline int plain_edits(struct sei_codes a, struct sei_codes b,
                              int replacement, bool swaps)
{
  static int d[PLAIN_MOST + 1][PLAIN_MOST + 1];
  size_t i, j;
  for(i = 0; i <= a.n; i++)
    d[i][0] = (int)i;
  for(j = 0; j <= b.n; j++)
    d[0][j] = (int)j;
  for(i = 1; i <= a.n; i++)
    for(j = 1; j <= b.n; j++) {
      int same = a.at[i - 1] == b.at[j - 1] ? 0 : replacement;
      d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
                      d[i - 1][j - 1] + same);
      if(swaps && i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
         a.at[i - 2] == b.at[j - 1])
        d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.n][b.n];
}

static inline double plain_ratio(int distance, size_t most)
{
  return most ? 1 - (double)distance / (double)most : 1;
}

static inline double plain_indel(struct sei_codes a, struct sei_codes b)
{
  return plain_ratio(plain_edits(a, b, 2, false), a.n + b.n);
}

/* ---- words ---- */

struct plain_words {
  struct sei_codes at[PLAIN_MOST];
  size_t n;
};

/* Only the blank is white space in the texts of the tests, and U+0009 to
 * U+000D, U+001C to U+001F, U+0085, U+00A0. */
static inline bool plain_space(uint32_t c)
{
  return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31) ||
    c == 0x85 || c == 0xa0;
}

static inline int plain_order(struct sei_codes a, struct sei_codes b)
{
  size_t i;
  for(i = 0; ; i++) {
    if(i == a.n || i == b.n)
      return (i < a.n) - (i < b.n);
    if(a.at[i] != b.at[i])
      return a.at[i] < b.at[i] ? -1 : 1;
  }
}

/* By insertion, each where it belongs. */
static inline void plain_add(struct plain_words *w, struct sei_codes word)
{
  size_t i = w->n++;
  for(; i && plain_order(w->at[i - 1], word) > 0; i--)
    w->at[i] = w->at[i - 1];
  w->at[i] = word;
}

static inline bool plain_has(const struct plain_words *w,
                             struct sei_codes word)
{
  size_t i;
  for(i = 0; i < w->n; i++)
    if(plain_order(w->at[i], word) == 0)
      return true;
  return false;
}

static inline void plain_split(struct plain_words *w, struct sei_codes t,
                               bool once)
{
  size_t i, from = 0;
  w->n = 0;
  for(i = 0; i <= t.n; i++)
    if(i == t.n || plain_space(t.at[i])) {
      struct sei_codes word = { t.at + from, i - from };
      if(word.n && !(once && plain_has(w, word)))
        plain_add(w, word);
      from = i + 1;
    }
}

static inline struct sei_codes plain_join(uint32_t *out,
                                          const struct plain_words *w,
                                          const struct plain_words *more)
{
  struct sei_codes t = { out, 0 };
  size_t i, n = w->n + (more ? more->n : 0);
  for(i = 0; i < n; i++) {
    struct sei_codes word = i < w->n ? w->at[i] : more->at[i - w->n];
    if(i)
      out[t.n++] = ' ';
    memcpy(out + t.n, word.at, word.n * sizeof *out);
    t.n += word.n;
  }
  return t;
}

static inline double plain_token_sort(struct sei_codes a, struct sei_codes b)
{
  static struct plain_words v, w;
  static uint32_t s[PLAIN_MOST], t[PLAIN_MOST];
  plain_split(&v, a, false);
  plain_split(&w, b, false);
  return plain_indel(plain_join(s, &v, NULL), plain_join(t, &w, NULL));
}

static inline double plain_token_set(struct sei_codes a, struct sei_codes b)
{
  static struct plain_words v, w, both, only_v, only_w;
  static uint32_t s[PLAIN_MOST], t[PLAIN_MOST], u[PLAIN_MOST];
  struct sei_codes core, with_v, with_w;
  double best = 0, next;
  size_t i;
  plain_split(&v, a, true);
  plain_split(&w, b, true);
  both.n = only_v.n = only_w.n = 0;
  for(i = 0; i < v.n; i++)
    plain_add(plain_has(&w, v.at[i]) ? &both : &only_v, v.at[i]);
  for(i = 0; i < w.n; i++)
    if(!plain_has(&v, w.at[i]))
      plain_add(&only_w, w.at[i]);
  if(!v.n || !w.n)
    return 0;
  core = plain_join(s, &both, NULL);
  with_v = plain_join(t, &both, &only_v);
  with_w = plain_join(u, &both, &only_w);
  best = plain_indel(with_v, with_w);
  if(both.n) {
    next = plain_indel(core, with_v);
    best = next > best ? next : best;
    next = plain_indel(core, with_w);
    best = next > best ? next : best;
  }
  return best;
}

/* ---- runs ---- */

static inline double plain_dice(struct sei_codes a, struct sei_codes b,
                                size_t size)
{
  bool taken[PLAIN_MOST] = { false };
  size_t i, j, shared = 0;
  size_t m = a.n < size ? 0 : a.n - size + 1;
  size_t n = b.n < size ? 0 : b.n - size + 1;
  if(m + n == 0)
    return plain_order(a, b) == 0;
  for(i = 0; i < m; i++)
    for(j = 0; j < n; j++)
      if(!taken[j] && !memcmp(a.at + i, b.at + j, size * sizeof *a.at)) {
        taken[j] = true;
        shared++;
        break;
      }
  return 2.0 * (double)shared / (double)(m + n);
}

#endif
