/* opinion - a second opinion on what is UTF-8 and what is JSON: written from
 * RFC 3629 and RFC 8259 byte by byte, with nothing in mind but to be right.
 * Each target includes it once. */
#ifndef SEI_SPEC_FUZZ_OPINION_H
#define SEI_SPEC_FUZZ_OPINION_H

#include <math.h>

#include "fuzz.h"

struct opinion {
  const unsigned char *p, *end;
  unsigned depth, max_depth;
};

/* Bytes of the character at p, or 0 if it is none. */
static size_t opinion_char(const unsigned char *p, const unsigned char *end)
{
  static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
  size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 :
    *p >> 3 == 30 ? 4 : 0, i;
  unsigned long c = n > 1 ? *p & (0x7fu >> n) : *p;
  if(!n || (size_t)(end - p) < n)
    return 0;
  for(i = 1; i < n; i++) {
    if(p[i] >> 6 != 2)
      return 0;
    c = c << 6 | (p[i] & 0x3f);
  }
  return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

static inline bool opinion_utf8(const char *s, size_t n)
{
  const unsigned char *p = (const unsigned char *)s, *end = p + n;
  while(p < end) {
    size_t k = opinion_char(p, end);
    if(!k)
      return false;
    p += k;
  }
  return true;
}

static void opinion_blanks(struct opinion *o)
{
  while(o->p < o->end && memchr(" \t\r\n", *o->p, 4))
    o->p++;
}

static bool opinion_is(struct opinion *o, const char *word)
{
  size_t n = strlen(word);
  if((size_t)(o->end - o->p) < n || memcmp(o->p, word, n))
    return false;
  o->p += n;
  return true;
}

static size_t opinion_digits(struct opinion *o)
{
  const unsigned char *first = o->p;
  while(o->p < o->end && *o->p >= '0' && *o->p <= '9')
    o->p++;
  return (size_t)(o->p - first);
}

/* Four hexadecimal digits, or -1. */
static long opinion_hex(struct opinion *o)
{
  char text[5] = "";
  int i;
  if(o->end - o->p < 4)
    return -1;
  for(i = 0; i < 4; i++) {
    text[i] = (char)*o->p++;
    if(!text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
      return -1;
  }
  return strtol(text, NULL, 16);
}

/* Behind a backslash. A surrogate alone is no character. */
static bool opinion_escape(struct opinion *o)
{
  long c;
  if(o->p == o->end)
    return false;
  if(*o->p++ != 'u')
    return o->p[-1] && strchr("\"\\/bfnrt", o->p[-1]);
  c = opinion_hex(o);
  if(c < 0xd800 || c > 0xdfff)
    return c >= 0;
  if(c > 0xdbff || !opinion_is(o, "\\u"))
    return false;
  c = opinion_hex(o);
  return c >= 0xdc00 && c <= 0xdfff;
}

static bool opinion_string(struct opinion *o)
{
  if(!opinion_is(o, "\""))
    return false;
  while(o->p < o->end && *o->p != '"') {
    size_t n = opinion_char(o->p, o->end);
    if(!n || *o->p < 0x20)
      return false;
    o->p += n;
    if(o->p[-1] == '\\' && !opinion_escape(o))
      return false;
  }
  return opinion_is(o, "\"");
}

/* A number that no double holds is refused, too. */
static bool opinion_number(struct opinion *o)
{
  const unsigned char *first = o->p;
  char *text;
  bool zero, real = false, fits;
  (void)opinion_is(o, "-");
  zero = o->p < o->end && *o->p == '0';
  if(!opinion_digits(o) || (zero && o->p - first > (*first == '-') + 1))
    return false;
  if(opinion_is(o, ".")) {
    real = true;
    if(!opinion_digits(o))
      return false;
  }
  if(opinion_is(o, "e") || opinion_is(o, "E")) {
    real = true;
    if(!opinion_is(o, "+"))
      (void)opinion_is(o, "-");
    if(!opinion_digits(o))
      return false;
  }
  text = fuzz_string(first, (size_t)(o->p - first));
  fits = !real || !isinf(strtod(text, NULL));
  free(text);
  return fits;
}

static bool opinion_value(struct opinion *o);

/* Behind the opening bracket. */
static bool opinion_items(struct opinion *o, bool object)
{
  const char *close = object ? "}" : "]";
  bool ok = true;
  if(o->depth++ >= o->max_depth)
    return false;
  opinion_blanks(o);
  if(!opinion_is(o, close)) {
    do {
      opinion_blanks(o);
      if(object) {
        ok = opinion_string(o);
        opinion_blanks(o);
        ok = ok && opinion_is(o, ":");
      }
      ok = ok && opinion_value(o);
      opinion_blanks(o);
    } while(ok && opinion_is(o, ","));
    ok = ok && opinion_is(o, close);
  }
  o->depth--;
  return ok;
}

static bool opinion_value(struct opinion *o)
{
  opinion_blanks(o);
  if(opinion_is(o, "{"))
    return opinion_items(o, true);
  if(opinion_is(o, "["))
    return opinion_items(o, false);
  if(o->p < o->end && *o->p == '"')
    return opinion_string(o);
  return opinion_is(o, "null") || opinion_is(o, "true") ||
    opinion_is(o, "false") || opinion_number(o);
}

/* Whether the whole text is one JSON value, nested max_depth deep at most;
 * a byte order mark at its very beginning is passed over. */
static inline bool opinion_json(const char *text, size_t n,
                                unsigned max_depth)
{
  const unsigned char *p = (const unsigned char *)text;
  struct opinion o = { p, p + n, 0, max_depth };
  (void)opinion_is(&o, "\xef\xbb\xbf");
  if(!opinion_value(&o))
    return false;
  opinion_blanks(&o);
  return o.p == o.end;
}

#endif
