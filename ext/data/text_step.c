/* text_step - the steps of folding that go over code points, one by one. What
 * each does is said in text.h; the order is text.c's.
 *
 * Why any set of them is idempotent: normalized text stays in NFKD until the
 * end, so that nothing taken out can bring two characters together that
 * compose later; no step makes what an earlier one would act upon.
 */
#include <string.h>
#include <utf8proc.h>

#include "text_private.h"

enum {
  REPLACEMENT = 0xFFFD,
  DECOMPOSED_MAX = 32,  /* U+FDFA becomes 18, the most there is */
  FOLDED_MAX = 8        /* 3 is the most there is */
};

static void swap(struct sei_text *t)
{
  struct sei_text_points p = t->points;
  t->points = t->spare;
  t->spare = p;
}

/* ---- what characters are ---- */

static bool in(int32_t c, int32_t from, int32_t to)
{
  return c >= from && c <= to;
}

/* Marks that any script may use (Scripts.txt: Inherited). All other marks are
 * part of their script's letters. */
static bool common_mark(int32_t c)
{
  return c >= 0x300 && (in(c, 0x300, 0x36F) || in(c, 0x1AB0, 0x1AFF) ||
    in(c, 0x1DC0, 0x1DFF) || in(c, 0x20D0, 0x20FF) || in(c, 0xFE20, 0xFE2F));
}

static bool any_mark(int32_t c)
{
  utf8proc_category_t k = utf8proc_category(c);
  return k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME;
}

/* What is written between letters of one word: apostrophes, their look-alikes
 * and the modifier letters that stand for hamza and ayn. */
static bool apostrophe(int32_t c)
{
  return c == '\'' || c == '`' || c == 0xB4 || in(c, 0x2B9, 0x2BF) ||
    c == 0x2C8 || c == 0x2CA || c == 0x2CB || c == 0x2EE || c == 0x55A ||
    c == 0x5F3 || c == 0x5F4 || c == 0x2018 || c == 0x2019 || c == 0x201B ||
    c == 0x2032 || c == 0x2035 || c == 0xFF07 || c == 0xFF40;
}

enum script { OTHER, LATIN_OR_GREEK, CYRILLIC };

static enum script script(int32_t c)
{
  if(c < 0xC0)
    return in(c | 32, 'a', 'z') || c == 0xAA ||
      c == 0xB5 || c == 0xBA ?
      LATIN_OR_GREEK : OTHER;
  if(in(c, 0xC0, 0x2AF) || in(c, 0x370, 0x3FF) || in(c, 0x1D00, 0x1DBF) ||
     in(c, 0x1E00, 0x1FFF) || in(c, 0x2126, 0x212B) ||
     in(c, 0x2C60, 0x2C7F) || in(c, 0xA720, 0xA7FF) ||
     in(c, 0xAB30, 0xAB6F) || in(c, 0xFB00, 0xFB06))
    return LATIN_OR_GREEK;
  if(in(c, 0x400, 0x52F) || in(c, 0x1C80, 0x1C8F) || in(c, 0xA640, 0xA69F))
    return CYRILLIC;
  return OTHER;
}

/* ---- UTF-8 to points ---- */

/* One character at s, n > 0 bytes; *used says how many it is. */
static int32_t decode_one(const unsigned char *s, size_t n, size_t *used)
{
  static const int32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000 };
  size_t want, i;
  int32_t c;
  *used = 1;
  if(s[0] < 0xC2 || s[0] > 0xF4)
    return s[0] < 0x80 ? s[0] : REPLACEMENT;
  want = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
  c = s[0] & (0xFF >> (want + 1));
  for(i = 1; i < want; i++) {
    if(i >= n || (s[i] & 0xC0) != 0x80)
      return REPLACEMENT;
    c = c << 6 | (s[i] & 0x3F);
    /* too long a form, a surrogate, or beyond Unicode: known by 2 bytes */
    if(i == 1 && ((c << 6 * (want - 2)) + (1 << 6 * (want - 2)) <=
                  LEAST[want] || (want == 3 && c >> 5 == 0x1B) ||
                  (want == 4 && c > 0x10F)))
      return REPLACEMENT;
    *used = i + 1;
  }
  return c;
}

static void put_decomposed(struct sei_text_points *p, int32_t c)
{
  int boundary = 0;
  utf8proc_ssize_t n;
  if(c == 0xB4)
    c = '\''; /* else a space with an accent: people type it for one */
  if(c < 0x80) {
    sei_text_put(p, c);
    return;
  }
  n = utf8proc_decompose_char(c, p->at + p->len, DECOMPOSED_MAX,
    UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_IGNORE, &boundary);
  if(n > 0 && n <= DECOMPOSED_MAX)
    p->len += (size_t)n;
}

bool sei_text_decode(struct sei_text *t, const char *text, size_t n,
                     bool compat)
{
  const unsigned char *s = (const unsigned char *)text;
  struct sei_text_points *p = &t->points;
  size_t i = 0, used;
  p->len = 0;
  if(!sei_text_room(p, n + DECOMPOSED_MAX))
    return false;
  for(; i < n; i += used) {
    int32_t c = decode_one(s + i, n - i, &used);
    if(c < 0x80 || !compat)
      sei_text_put(p, c); /* fewer points than bytes: there is room */
    else {
      if(!sei_text_room(p, n - i + DECOMPOSED_MAX))
        return false;
      put_decomposed(p, c);
    }
  }
  return true;
}

/* ---- normal forms ---- */

static int rank(int32_t c)
{
  return c < 0x300 ? 0 : utf8proc_get_property(c)->combining_class;
}

/* A run of n marks, stable, by counting. */
static void sort_run(int32_t *run, int32_t *other, size_t n)
{
  size_t start[256] = { 0 }, i, sum = 0;
  for(i = 0; i < n; i++)
    start[rank(run[i])]++;
  for(i = 0; i < 256; i++) {
    size_t count = start[i];
    start[i] = sum;
    sum += count;
  }
  for(i = 0; i < n; i++)
    other[start[rank(run[i])]++] = run[i];
  memcpy(run, other, n * sizeof *run);
}

bool sei_text_reorder(struct sei_text *t)
{
  struct sei_text_points *p = &t->points;
  size_t i = 0, from;
  while(i < p->len) {
    int r = rank(p->at[i]), last = 0;
    bool sorted = true;
    for(from = i; i < p->len && r; r = ++i < p->len ? rank(p->at[i]) : 0) {
      sorted = sorted && last <= r;
      last = r;
    }
    if(!sorted) {
      t->spare.len = 0;
      if(!sei_text_room(&t->spare, i - from))
        return false;
      sort_run(p->at + from, t->spare.at, i - from);
    }
    if(i == from)
      i++;
  }
  return true;
}

bool sei_text_compose(struct sei_text *t)
{
  struct sei_text_points *p = &t->points;
  utf8proc_ssize_t n;
  if(!sei_text_reorder(t))
    return false;
  n = utf8proc_normalize_utf32(p->at, (utf8proc_ssize_t)p->len,
                               UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  if(n >= 0)
    p->len = (size_t)n;
  return n >= 0;
}

/* ---- punctuation ---- */

enum kind { KEEP, GAP, DROP };

static enum kind kind(int32_t c)
{
  const utf8proc_property_t *p;
  if(c < 0x80) {
    if(in(c | 32, 'a', 'z') || in(c, '0', '9'))
      return KEEP;
    return c == '\'' || c == '`' ? DROP : GAP;
  }
  if(c == REPLACEMENT)
    return KEEP;
  p = utf8proc_get_property(c);
  if(p->ignorable || apostrophe(c))
    return DROP;
  if(p->category >= UTF8PROC_CATEGORY_PC &&
     p->category <= UTF8PROC_CATEGORY_CF)
    return GAP;
  return KEEP;
}

static bool white(int32_t c)
{
  utf8proc_category_t k;
  if(c < 0x80)
    return c <= ' ' || c == 0x7F;
  k = utf8proc_category(c);
  return k >= UTF8PROC_CATEGORY_ZS && k <= UTF8PROC_CATEGORY_CC;
}

/* Is there a letter, digit or lasting mark, so that something remains? */
static bool has_letter(const struct sei_text_points *p)
{
  size_t i;
  for(i = 0; i < p->len; i++)
    if(kind(p->at[i]) == KEEP && !common_mark(p->at[i]))
      return true;
  return false;
}

/* Decides about one character behind another: a mark goes with what it stood
 * upon. */
static enum kind decide(int32_t c, enum kind before, bool letters)
{
  if(!letters) {
    if(white(c))
      return GAP;
    return c >= 0x80 && utf8proc_get_property(c)->ignorable ? DROP : KEEP;
  }
  if(before != KEEP && common_mark(c))
    return before;
  return kind(c);
}

void sei_text_punctuation(struct sei_text *t)
{
  struct sei_text_points *p = &t->points;
  bool letters = has_letter(p);
  enum kind before = GAP;
  size_t i, o = 0;
  for(i = 0; i < p->len; i++) {
    before = decide(p->at[i], before, letters);
    if(before == KEEP)
      p->at[o++] = p->at[i];
    else if(before == GAP && o && p->at[o - 1] != ' ')
      p->at[o++] = ' ';
  }
  if(o && p->at[o - 1] == ' ')
    o--;
  p->len = o;
}

/* ---- accents ---- */

/* Is a mark that any script may use no part of the letter? */
static bool accent(int32_t mark, int32_t base, enum script s)
{
  static const int32_t OWN[] = { 0x413, 0x433, 0x41A, 0x43A }; /* г, к */
  size_t i;
  if(s != CYRILLIC)
    return s == LATIN_OR_GREEK;
  if(mark == 0x308)
    return base == 0x415 || base == 0x435; /* ё is written е as well */
  if(mark != 0x300 && mark != 0x301)
    return false;
  for(i = 0; i < sizeof OWN / sizeof *OWN; i++)
    if(OWN[i] == base)
      return false;
  return true;
}

/* Appends what remains of one character, taken apart if it is composed, and
 * returns its base. */
static int32_t put_bare(struct sei_text_points *p, int32_t c, enum script s)
{
  int32_t parts[DECOMPOSED_MAX];
  int boundary = 0;
  utf8proc_ssize_t n = 1, i;
  bool changed = false;
  size_t start = p->len;
  parts[0] = c;
  if(c >= 0xC0)
    n = utf8proc_decompose_char(c, parts, DECOMPOSED_MAX,
                                UTF8PROC_DECOMPOSE, &boundary);
  for(i = 0; i < n && i < DECOMPOSED_MAX; i++)
    if(i && accent(parts[i], parts[0], s))
      changed = true;
    else
      sei_text_put(p, parts[i]);
  if(!changed) {
    p->len = start;
    sei_text_put(p, c);
  }
  return parts[0];
}

bool sei_text_accents(struct sei_text *t)
{
  const struct sei_text_points *p = &t->points;
  enum script s = OTHER;
  int32_t base = 0;
  size_t i;
  t->spare.len = 0;
  if(!sei_text_room(&t->spare, p->len + DECOMPOSED_MAX))
    return false;
  for(i = 0; i < p->len; i++) {
    int32_t c = p->at[i];
    bool mark = common_mark(c);
    if(mark && s != OTHER && accent(c, base, s))
      continue;
    if(!mark) {
      s = script(c);
      base = c;
    }
    if(!sei_text_room(&t->spare, p->len - i + DECOMPOSED_MAX))
      return false;
    if(s == OTHER || mark)
      sei_text_put(&t->spare, c);
    else
      base = put_bare(&t->spare, c, s);
  }
  swap(t);
  return true;
}

/* ---- letters, camel case, case ---- */

bool sei_text_letters(struct sei_text *t)
{
  const struct sei_text_points *p = &t->points;
  size_t i;
  t->spare.len = 0;
  if(!sei_text_room(&t->spare, p->len * 2))
    return false;
  for(i = 0; i < p->len; i++) {
    const char *to = p->at[i] < 0xC0 ? NULL : sei_text_letter(p->at[i]);
    sei_text_put(&t->spare, to ? to[0] : p->at[i]);
    if(to && to[1])
      sei_text_put(&t->spare, to[1]);
  }
  swap(t);
  return true;
}

/* Case folding of one character; the number of points. What would become an
 * apostrophe or a letter out of a mark stays: earlier steps would see it. */
static size_t fold_one(int32_t c, int32_t *to)
{
  int boundary = 0;
  utf8proc_ssize_t n = 1;
  to[0] = c;
  if(c < 0x80)
    to[0] = in(c, 'A', 'Z') ? c + 32 : c;
  else if(c != 0x149 && c != 0x345 && c != 0x1E9A)
    n = utf8proc_decompose_char(c, to, FOLDED_MAX, UTF8PROC_CASEFOLD,
                                &boundary);
  if(n > 0 && n <= FOLDED_MAX)
    return (size_t)n;
  to[0] = c;
  return 1;
}

bool sei_text_case(struct sei_text *t)
{
  const struct sei_text_points *p = &t->points;
  size_t i;
  t->spare.len = 0;
  if(!sei_text_room(&t->spare, p->len * 3 + FOLDED_MAX))
    return false;
  for(i = 0; i < p->len; i++)
    t->spare.len += fold_one(p->at[i], t->spare.at + t->spare.len);
  swap(t);
  return true;
}

enum size { NEITHER, SMALL, CAPITAL };

/* A capital is what case folding changes: so none is left behind it. */
static enum size size_of(int32_t c)
{
  int32_t to[FOLDED_MAX];
  utf8proc_category_t k = utf8proc_category(c);
  if(k == UTF8PROC_CATEGORY_LL)
    return SMALL;
  if(k != UTF8PROC_CATEGORY_LU && k != UTF8PROC_CATEGORY_LT)
    return NEITHER;
  return fold_one(c, to) > 1 || to[0] != c ? CAPITAL : NEITHER;
}

/* Size of the next character behind i that is no mark. */
static enum size size_behind(const struct sei_text_points *p, size_t i)
{
  for(i++; i < p->len; i++)
    if(!any_mark(p->at[i]))
      return size_of(p->at[i]);
  return NEITHER;
}

bool sei_text_camel(struct sei_text *t)
{
  const struct sei_text_points *p = &t->points;
  enum size before = NEITHER, now;
  size_t i;
  t->spare.len = 0;
  if(!sei_text_room(&t->spare, p->len * 2))
    return false;
  for(i = 0; i < p->len; i++) {
    if(!any_mark(p->at[i])) {
      now = size_of(p->at[i]);
      if(now == CAPITAL && (before == SMALL || (before == CAPITAL &&
         size_behind(p, i) == SMALL)))
        sei_text_put(&t->spare, ' ');
      before = now;
    }
    sei_text_put(&t->spare, p->at[i]);
  }
  swap(t);
  return true;
}
