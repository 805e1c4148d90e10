/* text_words - the steps of folding that go over words: titles and order.
 *
 * Which words are titles is told by themselves and by how many other words
 * there are, never by their place. So it does not matter whether a name is
 * written "Dr. Ada Byron" or "Byron, Dr. Ada", nor in which order the steps
 * leave the words:
 *
 * - plain ones (dr, prof, herr, phd, jr, …) are taken out while one other word
 *   remains;
 * - doubtful ones, which are names, too (ing, ms, mag, …), are taken out while
 *   two other words remain;
 * - halves, such as the "ph" of "Ph.D.", are plain ones where the other half
 *   is in the name, too.
 *
 * A text of titles alone stays as it is. Not taken out, since they are names
 * or initials more often: md (Mohammed), ma, ba, do, v, i, don, dame, and
 * numbers of one letter.
 */
#include <stdlib.h>
#include <string.h>

#include "text_private.h"

enum kind { NAME, PLAIN, DOUBTFUL, HALF, GONE };

struct word {
  const char *s;        /* the word, as it is */
  size_t n;
  const char *core;     /* without punctuation of ASCII at its ends */
  unsigned char core_n, kind;
};

/* By first letter; a sign in front of a word says its kind: - doubtful,
 * + half. English, German, French, Spanish, Portuguese, Italian, Dutch,
 * Polish and Czech forms of address, degrees and generations. */
static const char *const TITLES[26] = {
  ['b' - 'a'] = "bsc beng -bc",
  ['c' - 'a'] = "csc cpa",
  ['d' - 'a'] = "dr doctor doktor dott dottor dottoressa dipl drs dphil "
    "dra -doc",
  ['e' - 'a'] = "esq",
  ['f' - 'a'] = "frau",
  ['h' - 'a'] = "herr -hr",
  ['i' - 'a'] = "ii iii -iv -ing -inz -ir",
  ['j' - 'a'] = "jr junior judr",
  ['m' - 'a'] = "mr mrs msc mba mme mlle monsieur madame mister meng mudr "
    "mgr -ms -miss -mag -mx",
  ['n' - 'a'] = "+nat",
  ['p' - 'a'] = "prof professor professeur phd phdr paeddr pmp +ph +pol",
  ['r' - 'a'] = "rndr",
  ['s' - 'a'] = "senor senora srta signor signora snr +sc +ssa -sr -sir -sra",
};

/* Halves and what they belong to, the other half first. */
static const struct half {
  const char *half, *others;
} HALVES[] = {
  { "ph", "d" }, { "sc", "m b d" }, { "nat", "rer" }, { "pol", "rer" },
  { "ssa", "dott" }
};

/* ---- words ---- */

static bool blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool sei_text_word(const char *s, size_t len, size_t *at, size_t *n)
{
  size_t i = *at, end;
  while(i < len && blank(s[i]))
    i++;
  for(end = i; end < len && !blank(s[end]);)
    end++;
  *at = i;
  *n = end - i;
  return end > i;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Not of a letter, digit or byte of a longer character. */
static bool punctuation(char c)
{
  unsigned char u = (unsigned char)c;
  return u < 0x80 && !(u >= '0' && u <= '9') && !(lower(c) >= 'a' &&
    lower(c) <= 'z');
}

/* Is n bytes of s, in any case, one of the words in a list? If so, *sign is
 * the one in front of it there, or 0. */
static bool listed(const char *list, const char *s, size_t n, char *sign)
{
  const char *p = list;
  while(p && *p) {
    size_t i = 0;
    *sign = *p == '-' || *p == '+' ? *p++ : 0;
    while(i < n && p[i] && p[i] == lower(s[i]))
      i++;
    if(i == n && (!p[i] || p[i] == ' '))
      return true;
    p = strchr(p, ' ');
    if(p)
      p++;
  }
  return false;
}

static enum kind kind_of(const char *s, size_t n)
{
  char first = n ? lower(*s) : 0, sign;
  if(n < 2 || n > 12 || first < 'a' || first > 'z' ||
     !listed(TITLES[first - 'a'], s, n, &sign))
    return NAME;
  return sign == '+' ? HALF : sign == '-' ? DOUBTFUL : PLAIN;
}

static void set_word(struct word *w, const char *s, size_t n)
{
  w->s = w->core = s;
  w->n = n;
  while(n && punctuation(*w->core)) {
    w->core++;
    n--;
  }
  while(n && punctuation(w->core[n - 1]))
    n--;
  w->core_n = n > 255 ? 255 : (unsigned char)n;
  w->kind = (unsigned char)kind_of(w->core, n);
}

/* Is there a word that may be a title? Most names have none. */
static bool may_have_title(const char *s, size_t len)
{
  size_t at = 0, n;
  struct word w;
  for(; sei_text_word(s, len, &at, &n); at += n) {
    set_word(&w, s + at, n);
    if(w.kind != NAME)
      return true;
  }
  return false;
}

/* ---- titles ---- */

/* The other half of a title among the words before `below`, from the end. */
static size_t find_other(const struct word *w, size_t below,
                         const char *others)
{
  char sign;
  while(below--)
    if(w[below].core_n && w[below].kind != HALF && listed(others,
       w[below].core, w[below].core_n, &sign))
      return below;
  return SIZE_MAX;
}

/* Makes halves plain where the other half is there, else names. */
static void join_halves(struct word *w, size_t n, const struct half *half)
{
  size_t i, below = n;
  char sign;
  for(i = n; i--;) {
    if(w[i].kind != HALF || !listed(half->half, w[i].core, w[i].core_n,
       &sign))
      continue;
    below = below == SIZE_MAX ? below : find_other(w, below, half->others);
    w[i].kind = below == SIZE_MAX ? NAME : PLAIN;
    if(below != SIZE_MAX)
      w[below].kind = PLAIN;
  }
}

static void mark_titles(struct word *w, size_t n)
{
  size_t i, names = 0, doubtful = 0;
  for(i = 0; i < sizeof HALVES / sizeof *HALVES; i++)
    join_halves(w, n, &HALVES[i]);
  for(i = 0; i < n; i++) {
    names += w[i].kind == NAME;
    doubtful += w[i].kind == DOUBTFUL;
  }
  for(i = 0; i < n; i++)
    if((w[i].kind == PLAIN && names + doubtful) ||
       (w[i].kind == DOUBTFUL && names > 1))
      w[i].kind = GONE;
}

/* ---- both ---- */

static int by_bytes(const void *a, const void *b)
{
  const struct word *x = a, *y = b;
  size_t n = x->n < y->n ? x->n : y->n;
  int r = memcmp(x->s, y->s, n);
  return r ? r : x->n < y->n ? -1 : x->n > y->n;
}

/* All words of the result into t->words; their number in *n. */
static bool list_words(struct sei_text *t, size_t *count)
{
  size_t at = 0, n;
  struct word w;
  memset(&w, 0, sizeof w);
  *count = 0;
  sei_buf_clear(&t->words);
  for(; sei_text_word(t->bytes, t->len, &at, &n); at += n, ++*count) {
    set_word(&w, t->bytes + at, n);
    if(sei_buf_add(&t->words, &w, sizeof w) != SEI_BUF_OK)
      return false;
  }
  return true;
}

/* The words that are left, with one space between them, into the buffer that
 * does not hold the result now. */
static bool put_words(struct sei_text *t, const struct word *w, size_t n)
{
  bool in_out = t->out.data && t->bytes == t->out.data;
  struct sei_buf *to = in_out ? &t->other : &t->out;
  char *start, *o;
  size_t i;
  sei_buf_clear(to);
  start = o = sei_buf_room(to, t->len + 1);
  if(!start)
    return false;
  for(i = 0; i < n; i++) {
    if(w[i].kind == GONE)
      continue;
    if(o > start)
      *o++ = ' ';
    memcpy(o, w[i].s, w[i].n);
    o += w[i].n;
  }
  t->bytes = start;
  t->len = (size_t)(o - start);
  return true;
}

bool sei_text_arrange(struct sei_text *t, unsigned steps)
{
  bool titles = steps & SEI_TEXT_TITLES && may_have_title(t->bytes, t->len);
  struct word *w;
  size_t n;
  if(!titles && !(steps & SEI_TEXT_ORDER))
    return true;
  if(!list_words(t, &n))
    return false;
  w = (struct word *)(void *)t->words.data;
  if(titles)
    mark_titles(w, n);
  if(steps & SEI_TEXT_ORDER && n > 1)
    qsort(w, n, sizeof *w, by_bytes);
  return put_words(t, w, n);
}
