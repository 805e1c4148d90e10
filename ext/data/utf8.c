/* utf8 - where a text stops being UTF-8 (RFC 3629). */
#include "json.h"
#include "json_scan.h"

static inline bool tail(const unsigned char *s, size_t n, size_t i)
{
  return i < n && (s[i] & 0xc0) == 0x80;
}

/* Bytes of the valid sequence at s, whose first byte is above 0x7f; or 0. */
static size_t sequence(const unsigned char *s, size_t n)
{
  unsigned char c = s[0];
  if(c < 0xc2 || c > 0xf4 || !tail(s, n, 1))
    return 0;
  if(c < 0xe0)
    return 2;
  if(!tail(s, n, 2))
    return 0;
  if(c < 0xf0) {
    if((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f))
      return 0; /* overlong; a surrogate */
    return 3;
  }
  if(!tail(s, n, 3) || (c == 0xf0 && s[1] < 0x90) ||
     (c == 0xf4 && s[1] > 0x8f))
    return 0;   /* cut off; overlong; beyond U+10FFFF */
  return 4;
}

size_t sei_utf8_valid(const char *text, size_t n)
{
  const unsigned char *s = (const unsigned char *)text;
  size_t i = 0, k;
  while(i < n) {
    if(s[i] < 0x80) {
      uint64_t x = SEI_TOPS;
      if(n - i >= 8)
        memcpy(&x, s + i, 8);
      i += x & SEI_TOPS ? 1 : 8;
      continue;
    }
    k = sequence(s + i, n - i);
    if(!k)
      return i;
    i += k;
  }
  return n;
}
