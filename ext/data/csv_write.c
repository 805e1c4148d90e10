/* csv_write - rows of RFC 4180 text, appended to a buffer.
 *
 * Quotes stand only where they are needed, so that a file read and written
 * again differs as little as possible.
 */
#include "csv.h"

#include <string.h>

#include "csv_block.h"

void sei_csv_put_begin(struct sei_csv_put *p)
{
  p->start = p->out->len;
  p->fields = 0;
}

/* ---- what a field needs ---- */

enum need { NOTHING, QUOTES, REFUSAL };

/* Looks at one byte that may mean something. */
static enum need need_of(char ch, char delimiter)
{
  if(!ch)
    return REFUSAL;
  return ch == delimiter || ch == '"' || ch == '\n' || ch == '\r' ?
    QUOTES : NOTHING;
}

static enum need needs(const char *s, size_t n, char delimiter)
{
  enum need found = NOTHING;
  bool ascii;
  while(n) {
    size_t size = n < SEI_CSV_BLOCK ? n : SEI_CSV_BLOCK;
    uint64_t mask = sei_csv_mask(s, size, delimiter, &ascii);
    for(; mask; mask &= mask - 1) {
      enum need one = need_of(s[__builtin_ctzll(mask)], delimiter);
      if(one == REFUSAL)
        return one;
      if(one == QUOTES)
        found = one;
    }
    s += size;
    n -= size;
  }
  return found;
}

/* At the start of a file these bytes would be taken for a mark of its
 * encoding and be lost. */
static bool like_mark(const char *s, size_t n)
{
  if(n >= 2 && (!memcmp(s, "\xFF\xFE", 2) || !memcmp(s, "\xFE\xFF", 2)))
    return true;
  return n >= 3 && !memcmp(s, "\xEF\xBB\xBF", 3);
}

/* ---- the guard against formulas ---- */

static size_t digits(const char *s, size_t n, size_t i)
{
  while(i < n && s[i] >= '0' && s[i] <= '9')
    i++;
  return i;
}

/* [+-]digits[.digits][e[+-]digits]: harmless, and an apostrophe would make it
 * a text. */
static bool plain_number(const char *s, size_t n)
{
  size_t i = n && (*s == '+' || *s == '-'), from = i;
  i = digits(s, n, i);
  if(i == from)
    return false;
  if(i < n && s[i] == '.')
    i = digits(s, n, i + 1);
  if(i < n && (s[i] == 'e' || s[i] == 'E')) {
    i++;
    if(i < n && (s[i] == '+' || s[i] == '-'))
      i++;
    from = i;
    i = digits(s, n, i);
    if(i == from)
      return false;
  }
  return i == n;
}

static bool formula(const char *s, size_t n)
{
  return n && *s && strchr("=+-@\t\r\n", *s) && !plain_number(s, n);
}

/* ---- writing ---- */

/* Answers of buffer calls, one after the other: the first that is not OK. */
static int put_quoted(struct sei_buf *b, const char *s, size_t n, bool mark)
{
  const char *quote;
  int r = sei_buf_adds(b, mark ? "\"'" : "\"");
  while(!r && (quote = memchr(s, '"', n))) {
    size_t head = (size_t)(quote + 1 - s);
    r = sei_buf_add(b, s, head);
    if(!r)
      r = sei_buf_addc(b, '"');
    s += head;
    n -= head;
  }
  if(!r)
    r = sei_buf_add(b, s, n);
  return r ? r : (int)sei_buf_addc(b, '"');
}

int sei_csv_put_field(struct sei_csv_put *p, const char *s, size_t n)
{
  struct sei_buf *b = p->out;
  bool mark = p->guard && formula(s, n);
  enum need need = needs(s, n, p->delimiter);
  int r = 0;
  if(need == REFUSAL)
    return SEI_CSV_HAS_NUL;
  if(p->fields++)
    r = sei_buf_addc(b, p->delimiter);
  if(r)
    return r;
  if(need == QUOTES || (!mark && like_mark(s, n)))
    return put_quoted(b, s, n, mark);
  if(mark)
    r = sei_buf_addc(b, '\'');
  return r ? r : (int)sei_buf_add(b, s, n);
}

int sei_csv_put_end(struct sei_csv_put *p)
{
  int r = 0;
  if(p->out->len == p->start)
    r = sei_buf_adds(p->out, "\"\"");
  return r ? r : (int)sei_buf_adds(p->out, p->newline);
}
