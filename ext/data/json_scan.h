/* json_scan - finding the next byte that matters, many bytes at a time; and
 * reading single tokens. Private to the json files of this folder.
 */
#ifndef SEI_DATA_JSON_SCAN_H
#define SEI_DATA_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "json.h"

#if defined(__SSE2__) && !defined(SEI_NO_SIMD)
#define SEI_SSE2 1
#include <emmintrin.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SEI_SWAR 1
#endif

#define SEI_ONES UINT64_C(0x0101010101010101)
#define SEI_TOPS UINT64_C(0x8080808080808080)

static inline bool sei_is_digit(char c)
{
  return (unsigned char)(c - '0') < 10;
}

/* A top bit for each zero byte of `x`, and perhaps above the lowest such byte
 * more: only the lowest may be believed. */
static inline uint64_t sei_zero_bytes(uint64_t x)
{
  return (x - SEI_ONES) & ~x & SEI_TOPS;
}

#ifdef SEI_SSE2
/* A bit for each of 16 bytes that is a quote, a backslash or a control. */
static inline unsigned sei_special16(__m128i v)
{
  __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
  __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
  __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
  return (unsigned)_mm_movemask_epi8(
    _mm_or_si128(_mm_or_si128(quote, slash), low));
}

static inline const char *sei_scan_blocks(const char *p, const char *end,
                                          bool *high, bool *found)
{
  while(end - p >= 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    unsigned hit = sei_special16(v), top = (unsigned)_mm_movemask_epi8(v);
    if(hit) {
      *high |= (top & ((hit & -hit) - 1)) != 0;
      *found = true;
      return p + __builtin_ctz(hit);
    }
    *high |= top != 0;
    p += 16;
  }
  return p;
}
#elif defined(SEI_SWAR)
/* The same for eight bytes: a top bit for each, the lowest to be believed. */
static inline uint64_t sei_special8(uint64_t x)
{
  uint64_t low = (x - SEI_ONES * 0x20) & ~x & SEI_TOPS;
  return low | sei_zero_bytes(x ^ (SEI_ONES * '"')) |
    sei_zero_bytes(x ^ (SEI_ONES * '\\'));
}

static inline const char *sei_scan_blocks(const char *p, const char *end,
                                          bool *high, bool *found)
{
  while(end - p >= 8) {
    uint64_t x, hit;
    memcpy(&x, p, 8);
    hit = sei_special8(x);
    if(hit) {
      *high |= (x & SEI_TOPS & ((hit & -hit) - 1)) != 0;
      *found = true;
      return p + __builtin_ctzll(hit) / 8;
    }
    *high |= (x & SEI_TOPS) != 0;
    p += 8;
  }
  return p;
}
#else
static inline const char *sei_scan_blocks(const char *p, const char *end,
                                          bool *high, bool *found)
{
  (void)end, (void)high, (void)found;
  return p;
}
#endif

/* Length of the string body at p if it is the usual one: ASCII without
 * escapes, and not at the window's very end. Else -1, which says nothing. */
static inline ptrdiff_t sei_plain_body(const char *p, const char *end)
{
  const char *q = p;
#ifdef SEI_SSE2
  for(; end - q >= 16; q += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)q);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i other = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed */
    unsigned hit = (unsigned)_mm_movemask_epi8(
      _mm_or_si128(_mm_or_si128(quote, slash), other));
    if(hit) {
      q += __builtin_ctz(hit);
      return *q == '"' ? q - p : -1;
    }
  }
#elif defined(SEI_SWAR)
  for(; end - q >= 8; q += 8) {
    uint64_t x, hit;
    memcpy(&x, q, 8);
    hit = sei_special8(x) | (x & SEI_TOPS);
    if(hit) {
      q += __builtin_ctzll(hit) / 8;
      return *q == '"' ? q - p : -1;
    }
  }
#else
  (void)q, (void)end;
#endif
  return -1;
}

static inline bool sei_same4(const char *a, const char *b)
{
  uint32_t x, y;
  memcpy(&x, a, 4);
  memcpy(&y, b, 4);
  return x == y;
}

/* Whether n bytes are the same; for short ones, where a call would cost more
 * than the comparison. */
static inline bool sei_same(const char *a, const char *b, size_t n)
{
  uint64_t x, y;
  if(n < 4) {
    while(n && *a == *b)
      a++, b++, n--;
    return !n;
  }
  if(n < 8)
    return sei_same4(a, b) && sei_same4(a + n - 4, b + n - 4);
  for(; n > 8; a += 8, b += 8, n -= 8) {
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    if(x != y)
      return false;
  }
  memcpy(&x, a + n - 8, 8); /* the last eight, some of them once more */
  memcpy(&y, b + n - 8, 8);
  return x == y;
}

/* The first quote, backslash or control character from `p` on, or `end`. Sets
 * *high if a byte above 0x7f was passed. */
static inline const char *sei_scan_string(const char *p, const char *end,
                                          bool *high)
{
  bool found = false;
  p = sei_scan_blocks(p, end, high, &found);
  if(found)
    return p;
  for(; p < end; p++) {
    unsigned char c = (unsigned char)*p;
    if(c < 0x20 || c == '"' || c == '\\')
      break;
    *high |= c >= 0x80;
  }
  return p;
}

/* ---- tokens (json_token.c) ---- */

/* A string that was found, not yet decoded. */
struct sei_json_raw {
  const char *body;     /* behind the opening quote */
  size_t len;           /* up to the closing quote */
  bool escapes, high;   /* has backslashes; has bytes above 0x7f */
};

/* Notes an error at `at` and answers SEI_JSON_ERROR. */
enum sei_json_event sei_json_fail(struct sei_json *j, const char *at,
                                  const char *problem);

/* The answer where the window ends inside a token or value: MORE, or the
 * error that the text ends. */
enum sei_json_event sei_json_cut(struct sei_json *j);

/* Finds the end of the string whose opening quote stands at j->pos, checks
 * its structure. SEI_JSON_STRING, MORE or ERROR; consumes nothing. */
enum sei_json_event sei_json_find_string(struct sei_json *j,
                                         struct sei_json_raw *raw);

/* Checks UTF-8, resolves escapes, sets j->str and str_len. false: failed. */
bool sei_json_decode_string(struct sei_json *j,
                            const struct sei_json_raw *raw);

/* Reads the number at j->pos and consumes it; without `decode` only its form
 * is checked and the event is REAL or INTEGER as the form goes. */
enum sei_json_event sei_json_number(struct sei_json *j, bool decode);

#endif
