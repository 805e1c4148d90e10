/* token - similarities of texts as words: token-sort and token-set. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "similarity.h"

/* White space: Unicode's White_Space property (PropList.txt) and the four
 * separators U+001C to U+001F, which Python's str.split() takes, too. */
static bool is_space(uint32_t c)
{
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 ||
    c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
    c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static int by_codes(const void *x, const void *y)
{
  const struct sei_codes *a = x, *b = y;
  size_t i, n = a->n < b->n ? a->n : b->n;
  for(i = 0; i < n; i++)
    if(a->at[i] != b->at[i])
      return a->at[i] < b->at[i] ? -1 : 1;
  return (a->n > b->n) - (a->n < b->n);
}

/* The words of a text, sorted; `word` has room for all (see most_words). */
static size_t split(struct sei_codes text, struct sei_codes *word)
{
  size_t i = 0, n = 0;
  while(i < text.n) {
    size_t from;
    while(i < text.n && is_space(text.at[i]))
      i++;
    from = i;
    while(i < text.n && !is_space(text.at[i]))
      i++;
    if(i > from) {
      word[n].at = text.at + from;
      word[n++].n = i - from;
    }
  }
  qsort(word, n, sizeof *word, by_codes);
  return n;
}

static size_t most_words(struct sei_codes text)
{
  return text.n / 2 + 1;
}

/* Writes the words with a blank between two of them. */
static struct sei_codes join(uint32_t *out, const struct sei_codes *word,
                             size_t n)
{
  struct sei_codes joined = { out, 0 };
  size_t i;
  for(i = 0; i < n; i++) {
    if(i)
      out[joined.n++] = ' ';
    memcpy(out + joined.n, word[i].at, word[i].n * sizeof *out);
    joined.n += word[i].n;
  }
  return joined;
}

/* All that both functions need, in one piece of memory or on the stack. */
struct work {
  struct sei_codes *word[2];  /* of a, of b */
  uint32_t *text[2];          /* room for the words put together */
  size_t count[2];
  void *owned;
};

enum { STACK_WORDS = 64, STACK_CODES = 256 };

struct small {
  struct sei_codes word[2][STACK_WORDS];
  uint32_t text[2][STACK_CODES];
};

static bool start(struct work *w, struct small *small, struct sei_codes a,
                  struct sei_codes b)
{
  size_t m = most_words(a), n = most_words(b);
  w->owned = NULL;
  if(a.n <= STACK_CODES && b.n <= STACK_CODES && m <= STACK_WORDS &&
     n <= STACK_WORDS) {
    w->word[0] = small->word[0];
    w->word[1] = small->word[1];
    w->text[0] = small->text[0];
    w->text[1] = small->text[1];
  }
  else {
    w->owned = malloc((m + n) * sizeof *w->word[0] +
                      (a.n + b.n) * sizeof *w->text[0]);
    if(!w->owned)
      return false;
    w->word[0] = w->owned;
    w->word[1] = w->word[0] + m;
    w->text[0] = (uint32_t *)(w->word[1] + n);
    w->text[1] = w->text[0] + a.n;
  }
  w->count[0] = split(a, w->word[0]);
  w->count[1] = split(b, w->word[1]);
  return true;
}

double sei_token_sort(struct sei_codes a, struct sei_codes b)
{
  struct small small;
  struct work w;
  double score;
  if(!start(&w, &small, a, b))
    return -1;
  score = sei_indel_ratio(join(w.text[0], w.word[0], w.count[0]),
                          join(w.text[1], w.word[1], w.count[1]));
  free(w.owned);
  return score;
}

/* Drops words that are there twice; they are sorted. */
static size_t unique(struct sei_codes *word, size_t n)
{
  size_t i, kept = 0;
  for(i = 0; i < n; i++)
    if(!kept || by_codes(&word[kept - 1], &word[i]))
      word[kept++] = word[i];
  return kept;
}

/* Leaves the words that only one side has; returns the length of those that
 * both have, with blanks between them. */
static size_t take_common(struct work *w)
{
  size_t i = 0, j = 0, m = 0, n = 0, length = 0;
  while(i < w->count[0] || j < w->count[1]) {
    int order = i == w->count[0] ? 1 : j == w->count[1] ? -1 :
      by_codes(&w->word[0][i], &w->word[1][j]);
    if(order < 0)
      w->word[0][m++] = w->word[0][i++];
    else if(order > 0)
      w->word[1][n++] = w->word[1][j++];
    else {
      length += w->word[0][i++].n + (length != 0);
      j++;
    }
  }
  w->count[0] = m;
  w->count[1] = n;
  return length;
}

/* The ratio of two texts of which the shorter begins the longer. */
static double part(size_t shorter, size_t longer)
{
  return 2.0 * (double)shorter / (double)(shorter + longer);
}

/* The best of three ratios, without building the three texts: what both have
 * is at their beginning, and costs nothing. */
static double set_score(struct work *w, size_t shared)
{
  struct sei_codes a = join(w->text[0], w->word[0], w->count[0]);
  struct sei_codes b = join(w->text[1], w->word[1], w->count[1]);
  size_t start = shared + (shared != 0), both;
  double best = sei_indel_ratio(a, b), other;
  if(best < 0)
    return -1;
  both = start + a.n + start + b.n;
  best = 1.0 - (1.0 - best) * (double)(a.n + b.n) / (double)both;
  if(!shared)
    return best;
  other = part(shared, start + (a.n < b.n ? a.n : b.n));
  return best > other ? best : other;
}

double sei_token_set(struct sei_codes a, struct sei_codes b)
{
  struct small small;
  struct work w;
  double score = 0;
  if(!start(&w, &small, a, b))
    return -1;
  w.count[0] = unique(w.word[0], w.count[0]);
  w.count[1] = unique(w.word[1], w.count[1]);
  if(w.count[0] && w.count[1]) {
    size_t shared = take_common(&w);
    score = shared && (!w.count[0] || !w.count[1]) ? 1.0 :
      set_score(&w, shared);
  }
  free(w.owned);
  return score;
}
