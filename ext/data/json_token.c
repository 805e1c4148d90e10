/* json_token - reading one string or one number of a JSON text.
 *
 * Errors come in the same order however the text is cut: first what can be
 * seen byte by byte (length, control characters), then, when the token is
 * there as a whole, its encoding and its escapes.
 */
#include "json_scan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum sei_json_event sei_json_find_string(struct sei_json *j,
                                         struct sei_json_raw *raw)
{
  const char *body = j->text + j->pos + 1, *p = body;
  const char *end = j->text + j->len;
  size_t room = (size_t)(end - body);
  bool capped = room > j->max_string;
  raw->body = body;
  raw->escapes = raw->high = false;
  if(capped)
    end = body + j->max_string + 1;
  for(;;) {
    p = sei_scan_string(p, end, &raw->high);
    if(p >= end)
      break;
    if(*p == '"') {
      raw->len = (size_t)(p - body);
      return SEI_JSON_STRING;
    }
    if(*p != '\\')
      return sei_json_fail(j, p, "control character in a string");
    raw->escapes = true; /* looked at when it is decoded */
    p++;
    if(p < end && (unsigned char)*p >= 0x20)
      p++;
  }
  if(capped)
    return sei_json_fail(j, body - 1, "string too long");
  return sei_json_cut(j);
}

/* Four hexadecimal digits at p, or -1. */
static long hex4(const char *p, const char *end)
{
  long v = 0;
  int i;
  if(end - p < 4)
    return -1;
  for(i = 0; i < 4; i++) {
    char c = p[i];
    if(sei_is_digit(c))
      v = v * 16 + (c - '0');
    else if((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
      v = v * 16 + ((c | 32) - 'a' + 10);
    else
      return -1;
  }
  return v;
}

/* Writes a code point as UTF-8; answers where the next goes. */
static char *put_utf8(char *out, unsigned long c)
{
  if(c < 0x80)
    *out++ = (char)c;
  else if(c < 0x800) {
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 0x3f));
  }
  else if(c < 0x10000) {
    *out++ = (char)(0xe0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    *out++ = (char)(0x80 | (c & 0x3f));
  }
  else {
    *out++ = (char)(0xf0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 0x3f));
    *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    *out++ = (char)(0x80 | (c & 0x3f));
  }
  return out;
}

/* Resolves \uXXXX whose digits begin at *p; a pair of surrogates is one
 * character. NULL, or what is wrong. */
static const char *unicode(const char **p, const char *end, char **out)
{
  long c = hex4(*p, end), low;
  if(c < 0)
    return "invalid escape in a string";
  *p += 4;
  if(c >= 0xd800 && c <= 0xdfff) {
    if(c > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
      return "lone surrogate escape in a string";
    low = hex4(*p + 2, end);
    if(low < 0xdc00 || low > 0xdfff)
      return "lone surrogate escape in a string";
    *p += 6;
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  }
  *out = put_utf8(*out, (unsigned long)c);
  return NULL;
}

/* Resolves the escape whose backslash stands at *p. */
static const char *escape(const char **p, const char *end, char **out)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *which;
  char c = (*p)[1];
  *p += 2;
  if(c == 'u')
    return unicode(p, end, out);
  which = c ? strchr(from, c) : NULL;
  if(!which)
    return "invalid escape in a string";
  *(*out)++ = to[which - from];
  return NULL;
}

/* Escapes never get longer when they are resolved, so `len` bytes do. */
static bool resolve(struct sei_json *j, const struct sei_json_raw *raw)
{
  const char *p = raw->body, *end = p + raw->len, *problem, *at;
  char *out, *begin;
  sei_buf_clear(j->scratch);
  begin = out = sei_buf_room(j->scratch, raw->len);
  if(!out) {
    sei_json_fail(j, p - 1, "not enough memory for a string");
    return false;
  }
  while(p < end) {
    const char *slash = memchr(p, '\\', (size_t)(end - p));
    size_t n = (size_t)((slash ? slash : end) - p);
    memcpy(out, p, n);
    out += n;
    p += n;
    if(!slash)
      break;
    at = p;
    problem = escape(&p, end, &out);
    if(problem) {
      sei_json_fail(j, at, problem);
      return false;
    }
  }
  j->str = begin;
  j->str_len = (size_t)(out - begin);
  return true;
}

bool sei_json_decode_string(struct sei_json *j,
                            const struct sei_json_raw *raw)
{
  if(raw->high) {
    size_t ok = sei_utf8_valid(raw->body, raw->len);
    if(ok < raw->len) {
      sei_json_fail(j, raw->body + ok, "invalid UTF-8 in a string");
      return false;
    }
  }
  if(raw->escapes)
    return resolve(j, raw);
  j->str = raw->body;
  j->str_len = raw->len;
  return true;
}

/* ---- numbers ---- */

/* A number that was found. Its value is digits and fraction in a row, times
 * ten to the power of `exponent` less the length of the fraction. */
struct number {
  const char *start, *end;
  const char *digits;   /* the integer part */
  size_t ndigits;
  const char *fraction; /* behind the point */
  size_t nfraction;
  int64_t exponent;     /* as written, held within +-EXPONENT_MAX */
  uint64_t value;       /* of the integer part; right up to 19 digits */
  bool negative, real;
};

/* No text within reach has as many digits, so what is beyond is as good. */
#define EXPONENT_MAX INT64_C(1000000000000)

/* Passes the digits from p on. SEI_JSON_INTEGER: *p stands behind them. */
static enum sei_json_event digits(struct sei_json *j, const char **p,
                                  const char *start)
{
  const char *first = *p, *end = j->text + j->len;
  while(*p < end && sei_is_digit(**p))
    (*p)++;
  if((size_t)(*p - start) > j->max_string)
    return sei_json_fail(j, start, "number too long");
  if(*p == end && (!j->last || *p == first))
    return sei_json_cut(j);
  if(*p == first)
    return sei_json_fail(j, *p, "expected a digit");
  return SEI_JSON_INTEGER;
}

/* The exponent, whose letter stands at *p. */
static enum sei_json_event exponent(struct sei_json *j, struct number *n,
                                    const char **p)
{
  const char *end = j->text + j->len, *d;
  bool down = false;
  enum sei_json_event e;
  (*p)++;
  if(*p < end && (**p == '-' || **p == '+'))
    down = *(*p)++ == '-';
  d = *p;
  e = digits(j, p, n->start);
  if(e != SEI_JSON_INTEGER)
    return e;
  for(; d < *p; d++)
    if(n->exponent < EXPONENT_MAX)
      n->exponent = n->exponent * 10 + (*d - '0');
  if(down)
    n->exponent = -n->exponent;
  return e;
}

/* The integer part, which begins behind the sign. */
static enum sei_json_event whole(struct sei_json *j, struct number *n,
                                 const char **p)
{
  const char *d = *p, *end = j->text + j->len;
  uint64_t v = 0;
  enum sei_json_event e;
  n->digits = d;
  while(d < end && sei_is_digit(*d))
    v = v * 10 + (uint64_t)(*d++ - '0');
  n->ndigits = (size_t)(d - *p);
  n->value = v;
  *p = d - (d > n->digits); /* digits() judges the end of the run */
  e = digits(j, p, n->start);
  if(e == SEI_JSON_INTEGER && n->ndigits > 1 && *n->digits == '0')
    return sei_json_fail(j, n->digits, "a number begins with 0");
  return e;
}

/* Finds the number's parts; does not consume it. */
static enum sei_json_event find_number(struct sei_json *j, struct number *n)
{
  const char *p = j->text + j->pos, *end = j->text + j->len;
  enum sei_json_event e;
  n->start = p;
  n->negative = *p == '-';
  n->real = false;
  n->fraction = p;
  n->nfraction = 0;
  n->exponent = 0;
  p += n->negative;
  e = whole(j, n, &p);
  if(e == SEI_JSON_INTEGER && p < end && *p == '.') {
    n->real = true;
    n->fraction = ++p;
    e = digits(j, &p, n->start);
    n->nfraction = (size_t)(p - n->fraction);
  }
  if(e == SEI_JSON_INTEGER && p < end && (*p == 'e' || *p == 'E')) {
    n->real = true;
    e = exponent(j, n, &p);
  }
  n->end = p;
  return e;
}

/* Whether two exact doubles give the value in one rounding (Clinger 1990):
 * digits below 2^53 and a power of ten up to 10^22. */
static bool quick_real(const struct number *n, int64_t power, double *out)
{
  static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8,
    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22 };
  uint64_t v = n->value;
  size_t i;
  if(n->ndigits + n->nfraction > 19 || power < -22 || power > 22)
    return false;
  for(i = 0; i < n->nfraction; i++)
    v = v * 10 + (uint64_t)(n->fraction[i] - '0');
  if(v > UINT64_C(1) << 53)
    return false;
  *out = power < 0 ? (double)v / tens[-power] : (double)v * tens[power];
  return true;
}

/* Everything else by strtod, which is exact. It gets the digits as an integer
 * with an exponent, since the decimal point depends on the host's locale. */
static bool slow_real(struct sei_json *j, const struct number *n,
                      int64_t power, double *out)
{
  struct sei_buf *b = j->scratch;
  char tail[32];
  sei_buf_clear(b);
  snprintf(tail, sizeof tail, "e%lld", (long long)power);
  if(sei_buf_add(b, n->digits, n->ndigits) != SEI_BUF_OK ||
     sei_buf_add(b, n->fraction, n->nfraction) != SEI_BUF_OK ||
     sei_buf_add(b, tail, strlen(tail) + 1) != SEI_BUF_OK)
    return false;
  *out = strtod(b->data, NULL);
  return true;
}

static enum sei_json_event real(struct sei_json *j, const struct number *n)
{
  double d;
  int64_t power = n->exponent - (int64_t)n->nfraction;
  bool quick = false;
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ == 0
  quick = quick_real(n, power, &d);
#endif
  if(!quick && !slow_real(j, n, power, &d))
    return sei_json_fail(j, n->start, "not enough memory for a number");
  if(isinf(d))
    return sei_json_fail(j, n->start, "number too large for a double");
  j->real = n->negative ? -d : d;
  return SEI_JSON_REAL;
}

static enum sei_json_event integer(struct sei_json *j, const struct number *n)
{
  uint64_t limit = (uint64_t)INT64_MAX + n->negative;
  if(n->negative && !n->value && n->ndigits == 1) {
    j->real = -0.0; /* an integer would lose the sign */
    return SEI_JSON_REAL;
  }
  if(n->ndigits > 19 || n->value > limit) {
    j->str = n->start;
    j->str_len = (size_t)(n->end - n->start);
    return SEI_JSON_BIG;
  }
  j->integer = (int64_t)(n->negative ? 0 - n->value : n->value);
  return SEI_JSON_INTEGER;
}

enum sei_json_event sei_json_number(struct sei_json *j, bool decode)
{
  struct number n;
  enum sei_json_event e = find_number(j, &n);
  if(e != SEI_JSON_INTEGER)
    return e;
  if(decode)
    e = n.real ? real(j, &n) : integer(j, &n);
  else if(n.real)
    e = SEI_JSON_REAL;
  if(e != SEI_JSON_ERROR)
    j->pos = (size_t)(n.end - j->text);
  return e;
}
