/* csv_pass - passes over rows of which only counts that they are good.
 *
 * One pass over the marks of csv_block.h, without a slice of any field. Where
 * a row is anything but plain, this knows nothing: the reader's own way takes
 * it from its beginning.
 */
#include <string.h>

#include "csv.h"
#include "csv_block.h"

enum { GROUP = 8, MOST_DIGITS = 18 };

/* Where the pass stands: marks of blocks behind one another, of which the
 * first `next` are used up but for what `mask` has of the last. */
struct pass {
  const char *text;
  size_t len;
  size_t block;         /* where the block of `mask` begins */
  uint64_t mask;
  uint64_t *marks;      /* elsewhere: all else can live in registers */
  unsigned next, count;
  char delimiter;
  char line_end;        /* of a line, or its first byte */
};

/* Marks the blocks of a text of which `left` bytes are left, a part of one
 * only by itself. Answers how many it marked. */
static __attribute__((noinline)) unsigned
mark_group(uint64_t *marks, const char *text, size_t left, char delimiter)
{
  size_t n = left / SEI_CSV_BLOCK, k;
  if(n > GROUP)
    n = GROUP;
  for(k = 0; k < n; k++, text += SEI_CSV_BLOCK)
    marks[k] = sei_csv_odd_block(text, delimiter);
  if(!n) {
    char rest[SEI_CSV_BLOCK] = {0};
    memcpy(rest, text, left);
    marks[n++] = sei_csv_odd_block(rest, delimiter) &
      ((UINT64_C(1) << left) - 1);
  }
  return (unsigned)n;
}

/* Goes to the next byte that is marked. False: the window ends. */
static inline __attribute__((always_inline)) bool
next_mark(struct pass *p, size_t *at)
{
  while(!p->mask) {
    size_t behind = p->block + SEI_CSV_BLOCK;
    if(p->next == p->count) {
      if(behind >= p->len)
        return false;
      p->count = mark_group(p->marks, p->text + behind, p->len - behind,
                            p->delimiter);
      p->next = 0;
    }
    p->mask = p->marks[p->next++];
    p->block = behind;
  }
  *at = p->block + (unsigned)__builtin_ctzll(p->mask);
  p->mask &= p->mask - 1;
  return true;
}

/* Whether these are digits: n <= 7 ASCII bytes, and 8 can be read. */
static inline bool are_few_digits(const char *s, size_t n)
{
  const uint64_t zeros = UINT64_C(0x3030303030303030);
  uint64_t x;
  memcpy(&x, s, sizeof x);
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  x = (x << (64 - 8 * n) | zeros >> 8 * n) ^ zeros;
  /* from 10 on, the sum has a byte's top bit; no carry passes on */
  return !((x + UINT64_C(0x7676767676767676)) & UINT64_C(0x8080808080808080));
}

static inline bool is_digits(const char *s, size_t n, size_t left)
{
  size_t i;
  if(n - 1 < 7 && left >= 8)
    return are_few_digits(s, n) && (*s != '0' || n == 1);
  if(n < 1 || n > MOST_DIGITS || *s == '0')
    return false;
  for(i = 0; i < n; i++)
    if((unsigned char)(s[i] - '0') > 9)
      return false;
  return true;
}

/* Of a field of ASCII bytes; `left`: bytes from its first to the window's
 * end. */
static inline bool is_good(const struct sei_csv_want *want, const char *s,
                           size_t n, size_t left)
{
  if(want->kind == SEI_CSV_TEXT)
    return n > 0;
  if(want->kind == SEI_CSV_DIGITS)
    return is_digits(s, n, left);
  return want->ask(want->about, s, n);
}

/* Goes on from the opening quote at *at to the closing one. False: something
 * else than delimiters and plain bytes stands between them. */
static inline __attribute__((always_inline)) bool
closing_quote(struct pass *p, size_t *at)
{
  do {
    if(!next_mark(p, at))
      return false;
  } while(p->text[*at] == p->delimiter);
  return p->text[*at] == '"';
}

/* Goes over the field that begins at offset *from, and over the byte behind
 * it. False: that is another one, or the field is not good. */
static inline __attribute__((always_inline)) bool
pass_field(struct pass *p, const struct sei_csv_want *want, char behind,
           size_t *from)
{
  size_t begin = *from, at, end;
  if(!next_mark(p, &at))
    return false;
  end = at;
  if(__builtin_expect(p->text[at] != behind, false)) {
    if(p->text[at] != '"' || at != begin++ || !closing_quote(p, &end) ||
       !next_mark(p, &at) || at != end + 1 || p->text[at] != behind)
      return false;
  }
  *from = at + 1;
  return is_good(want, p->text + begin, end - begin, p->len - begin);
}

/* Goes over the row that begins at offset *from, and over its line end. */
static inline __attribute__((always_inline)) bool
pass_row(struct pass *p, const struct sei_csv_want *want, size_t columns,
         size_t *from)
{
  const struct sei_csv_want *last = want + columns - 1;
  for(; want < last; want++)
    if(!pass_field(p, want, p->delimiter, from))
      return false;
  return pass_field(p, want, p->line_end, from);
}

/* Goes to offset `pos`, where a row may begin; no mark in front of it is known
 * any more. */
static void go_to(struct sei_csv *c, size_t pos, size_t lines)
{
  c->pos = pos;
  c->line_now += lines;
  c->count = 0;
  c->block_at = c->block_end = pos;
  c->ahead_next = c->ahead_count = 0;
}

size_t sei_csv_pass(struct sei_csv *c, const struct sei_csv_want *want,
                    size_t columns)
{
  uint64_t marks[GROUP];
  /* lines end as the last one did */
  struct pass p = {.text = c->text, .len = c->len, .marks = marks,
                   .delimiter = c->delimiter,
                   .line_end = c->skip_lf ? '\r' : '\n'};
  const size_t most = c->safe_len;
  size_t pos = c->pos, n = 0, at, lf;
  bool cr = c->skip_lf;
  if(c->state || !c->started || pos >= c->len)
    return 0;
  if(cr && p.text[pos] == '\n')
    pos++;
  p.block = pos - SEI_CSV_BLOCK; /* the first one begins at pos */
  for(at = pos; pass_row(&p, want, columns, &at) && at - pos <= most; n++) {
    cr = p.line_end == '\r';
    if(cr && at < p.len && p.text[at] == '\n' && next_mark(&p, &lf)) {
      cr = false;
      at++;
    }
    pos = at;
  }
  if(n) {
    go_to(c, pos, n);
    c->skip_lf = cr;
  }
  return n;
}
