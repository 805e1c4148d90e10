/* json_write - values as JSON text, appended to a buffer. */
#include "json.h"
#include "json_scan.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The escape of one byte, or NULL if it goes as it is. */
static const char *escaped(unsigned char c, char space[8])
{
  switch(c) {
  case '"':
    return "\\\"";
  case '\\':
    return "\\\\";
  case '\b':
    return "\\b";
  case '\f':
    return "\\f";
  case '\n':
    return "\\n";
  case '\r':
    return "\\r";
  case '\t':
    return "\\t";
  default:
    if(c >= 0x20 && c != 0x7f)
      return NULL;
    snprintf(space, 8, "\\u%04x", c);
    return space;
  }
}

/* The escape of the character at s[i] (U+2028 and U+2029 end a line in some
 * readers). *width is how many bytes of `s` it stands for. */
static const char *special(const char *s, size_t n, size_t i, char space[8],
                           size_t *width)
{
  *width = 1;
  if(s[i] != '\xe2')
    return escaped((unsigned char)s[i], space);
  if(n - i < 3 || s[i + 1] != '\x80' || (s[i + 2] & '\xfe') != '\xa8')
    return NULL;
  *width = 3;
  return s[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
}

/* Appends text that holds something to escape. */
static int put_escaping(struct sei_buf *b, const char *s, size_t n)
{
  size_t done = 0, i = 0, width;
  int r = SEI_BUF_OK;
  while(i < n && r == SEI_BUF_OK) {
    char space[8];
    const char *e = special(s, n, i, space, &width);
    if(e) {
      r = (int)sei_buf_add(b, s + done, i - done);
      if(r == SEI_BUF_OK)
        r = (int)sei_buf_adds(b, e);
      done = i + width;
    }
    i += width;
  }
  return r == SEI_BUF_OK ? (int)sei_buf_add(b, s + done, n - done) : r;
}

/* Whether nothing in `s` needs an escape. */
static bool needs_none(const char *s, size_t n, bool *high)
{
  if(sei_scan_string(s, s + n, high) != s + n)
    return false;
  return !memchr(s, 0x7f, n) && !(*high && memchr(s, 0xe2, n));
}

int sei_json_put_string(struct sei_buf *b, const char *s, size_t n)
{
  size_t before = b->len;
  bool high = false, plain = n ? needs_none(s, n, &high) : true;
  int r;
  if((high || !plain) && sei_utf8_valid(s, n) < n)
    return SEI_JSON_NOT_UTF8;
  r = (int)sei_buf_addc(b, '"');
  if(r == SEI_BUF_OK)
    r = plain ? (int)sei_buf_add(b, s, n) : put_escaping(b, s, n);
  if(r == SEI_BUF_OK)
    r = (int)sei_buf_addc(b, '"');
  if(r != SEI_BUF_OK)
    b->len = before;
  return r;
}

/* Printable ASCII but for the quote and the backslash. */
static bool is_usual(unsigned char c)
{
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#ifdef SEI_SSE2
/* Whether sixteen bytes are all usual. */
static bool usual16(const char *s)
{
  __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
  __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
  __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
  __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: or high */
  __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
  return !_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash),
                                         _mm_or_si128(low, del)));
}
#endif

/* Where the first bytes end that are surely written as they are. */
static size_t usual_bytes(const char *s, size_t n)
{
  size_t i = 0;
#ifdef SEI_SSE2
  while(n - i >= 16 && usual16(s + i))
    i += 16;
  if(n >= 16 && n - i < 16 && usual16(s + n - 16)) /* some of them again */
    return n;
#endif
  while(i < n && is_usual((unsigned char)s[i]))
    i++;
  return i;
}

bool sei_json_is_plain(const char *s, size_t n)
{
  size_t usual = usual_bytes(s, n);
  bool high = false;
  return usual == n || (needs_none(s + usual, n - usual, &high) &&
                        sei_utf8_valid(s + usual, n - usual) == n - usual);
}

const char *sei_json_digits(int64_t i, char space[SEI_JSON_DIGITS],
                            size_t *n)
{
  char *end = space + SEI_JSON_DIGITS, *p = end;
  uint64_t v = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
  do {
    *--p = (char)('0' + v % 10);
    v /= 10;
  } while(v);
  if(i < 0)
    *--p = '-';
  *n = (size_t)(end - p);
  return p;
}

int sei_json_put_integer(struct sei_buf *b, int64_t i)
{
  char space[SEI_JSON_DIGITS];
  size_t n;
  const char *digits = sei_json_digits(i, space, &n);
  return (int)sei_buf_add(b, digits, n);
}

/* ---- reals ---- */

/* A decimal: 0.DIGITS times ten to the power of `point`. */
struct decimal {
  char digits[24];
  int n, point;
};

/* The decimal of `n` digits nearest to d (> 0). printf's decimal point is the
 * host's locale's, whatever it is: all that is not a digit is passed over. */
static void nearest(struct decimal *out, double d, int n)
{
  char text[64];
  const char *p = text;
  snprintf(text, sizeof text, "%.*e", n - 1, d);
  out->n = 0;
  for(; *p && *p != 'e'; p++)
    if(sei_is_digit(*p) && out->n < n)
      out->digits[out->n++] = *p;
  out->point = (int)strtol(p + (*p == 'e'), NULL, 10) + 1;
}

static bool reads_back(const struct decimal *x, double d)
{
  char text[48];
  snprintf(text, sizeof text, "%.*se%d", x->n, x->digits, x->point - x->n);
  return strtod(text, NULL) == d;
}

/* The next decimal of as many digits. */
static void increase(struct decimal *x)
{
  int i = x->n - 1;
  while(i >= 0 && x->digits[i] == '9')
    x->digits[i--] = '0';
  if(i >= 0)
    x->digits[i]++;
  else {
    x->digits[0] = '1';
    x->point++;
  }
}

/* Up to 15 digits survive the way through a normal double, so trying 15 finds
 * all that are shorter. Below the normal ones every length is tried. Above a
 * power of two doubles lie twice as far apart as below it, so that there the
 * decimal after the nearest one may read back where the nearest does not. */
static void shortest(struct decimal *out, double d)
{
  int n = d < DBL_MIN ? 1 : DBL_DIG;
  for(; n < DBL_DECIMAL_DIG; n++) {
    nearest(out, d, n);
    if(reads_back(out, d))
      break;
    increase(out);
    if(reads_back(out, d))
      break;
  }
  if(n == DBL_DECIMAL_DIG)
    nearest(out, d, n);
  while(out->n > 1 && out->digits[out->n - 1] == '0')
    out->n--;
}

/* 1.5e300; the form for what would need many zeros. */
static int layout_exponent(char *out, size_t size, const struct decimal *x)
{
  if(x->n == 1)
    return snprintf(out, size, "%ce%d", x->digits[0], x->point - 1);
  return snprintf(out, size, "%c.%.*se%d", x->digits[0], x->n - 1,
                  x->digits + 1, x->point - 1);
}

static int layout(char *out, size_t size, const struct decimal *x)
{
  static const char zeros[] = "00000000000000000000";
  if(x->point < -4 || x->point > 17)
    return layout_exponent(out, size, x);
  if(x->point <= 0)
    return snprintf(out, size, "0.%.*s%.*s", -x->point, zeros, x->n,
                    x->digits);
  if(x->point >= x->n)
    return snprintf(out, size, "%.*s%.*s.0", x->n, x->digits,
                    x->point - x->n, zeros);
  return snprintf(out, size, "%.*s.%.*s", x->point, x->digits,
                  x->n - x->point, x->digits + x->point);
}

int sei_json_put_real(struct sei_buf *b, double d)
{
  struct decimal x = { "0", 1, 1 };
  char text[64];
  int n = 0;
  if(!isfinite(d))
    return SEI_JSON_NOT_FINITE;
  if(signbit(d))
    text[n++] = '-';
  if(d != 0)
    shortest(&x, fabs(d));
  n += layout(text + n, sizeof text - (size_t)n, &x);
  return (int)sei_buf_add(b, text, (size_t)n);
}
