/* codes - UTF-8 into code points, whatever the bytes are. */
#include "codes.h"

/* What may follow a first byte: how many bytes, and the range of the second
 * one (Unicode 15, table 3-7). */
struct form {
  unsigned tails;          /* 0: no first byte of a sequence */
  unsigned char low, high;
};

static struct form form_of(unsigned char c)
{
  static const struct form NONE = { 0, 0, 0 };
  struct form f = { 1, 0x80, 0xbf };
  if(c < 0xc2 || c > 0xf4)
    return NONE;
  f.tails = 1u + (c >= 0xe0) + (c >= 0xf0);
  if(c == 0xe0)
    f.low = 0xa0;   /* below: overlong */
  else if(c == 0xed)
    f.high = 0x9f;  /* above: surrogates */
  else if(c == 0xf0)
    f.low = 0x90;   /* below: overlong */
  else if(c == 0xf4)
    f.high = 0x8f;  /* above: beyond U+10FFFF */
  return f;
}

/* Decodes one code point whose first byte is above 0x7f; returns how many
 * bytes it took. */
static size_t decode(const unsigned char *s, size_t n, uint32_t *out)
{
  struct form f = form_of(s[0]);
  uint32_t code = s[0] & (0x3fu >> f.tails);
  size_t i;
  *out = SEI_CODES_BAD;
  if(!f.tails)
    return 1;
  for(i = 1; i <= f.tails; i++) {
    if(i >= n || s[i] < f.low || s[i] > f.high)
      return i;
    code = code << 6 | (s[i] & 0x3fu);
    f.low = 0x80;
    f.high = 0xbf;
  }
  *out = code;
  return i;
}

size_t sei_codes_decode(const char *text, size_t n, uint32_t *out)
{
  const unsigned char *s = (const unsigned char *)text;
  size_t i = 0, count = 0;
  while(i < n) {
    if(s[i] < 0x80)
      out[count++] = s[i++];
    else
      i += decode(s + i, n - i, &out[count++]);
  }
  return count;
}
