/* csv_block - finds the bytes that mean something in CSV, 64 at a time.
 * Private to csv.c, csv_pass.c and csv_write.c.
 *
 * Both forms mark the delimiter, the quote and every byte up to 13, which
 * holds LF, CR and NUL and costs one comparison less than naming them; the
 * caller passes over the few others.
 */
#ifndef SEI_DATA_CSV_BLOCK_H
#define SEI_DATA_CSV_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SEI_CSV_BLOCK = 64 };

#if defined __SSE2__ && !defined SEI_NO_SIMD
#include <emmintrin.h>

static inline uint64_t sei_csv_part(const char *p, __m128i delimiter,
                                    __m128i *all)
{
  __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
  __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8('\r')), x);
  __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
  __m128i parts = _mm_cmpeq_epi8(x, delimiter);
  __m128i any = _mm_or_si128(_mm_or_si128(low, quote), parts);
  *all = _mm_or_si128(*all, x);
  return (uint64_t)(unsigned)_mm_movemask_epi8(any);
}

/* Bit i is set if p[i] may mean something; *ascii tells whether all bytes are
 * below 128. Reads 64 bytes. */
static inline uint64_t sei_csv_block(const char *p, char delimiter,
                                     bool *ascii)
{
  __m128i d = _mm_set1_epi8(delimiter), all = _mm_setzero_si128();
  uint64_t mask = sei_csv_part(p, d, &all) |
    sei_csv_part(p + 16, d, &all) << 16 |
    sei_csv_part(p + 32, d, &all) << 32 |
    sei_csv_part(p + 48, d, &all) << 48;
  *ascii = !_mm_movemask_epi8(all);
  return mask;
}

static inline uint64_t sei_csv_odd_part(const char *p, __m128i delimiter)
{
  __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
  /* as signed numbers, bytes above 127 are below all others */
  __m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8('\r' + 1));
  __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
  __m128i parts = _mm_cmpeq_epi8(x, delimiter);
  __m128i any = _mm_or_si128(_mm_or_si128(low, quote), parts);
  return (uint64_t)(unsigned)_mm_movemask_epi8(any);
}

/* The same bits, and one for every byte above 127. */
static inline uint64_t sei_csv_odd_block(const char *p, char delimiter)
{
  __m128i d = _mm_set1_epi8(delimiter);
  return sei_csv_odd_part(p, d) | sei_csv_odd_part(p + 16, d) << 16 |
    sei_csv_odd_part(p + 32, d) << 32 | sei_csv_odd_part(p + 48, d) << 48;
}

#else

#define SEI_CSV_EACH(byte) (UINT64_C(0x0101010101010101) * (uint64_t)(byte))

/* The top bit of every byte of x that is not above `limit` (< 128). Exact:
 * no carry passes from byte to byte. */
static inline uint64_t sei_csv_upto(uint64_t x, unsigned limit)
{
  const uint64_t low = SEI_CSV_EACH(0x7f);
  return ~(((x & low) + SEI_CSV_EACH(0x7f - limit)) | x) & ~low;
}

/* Marks the bytes of eight; *all collects them. Those above 127 are marked
 * where `odd` has their top bits. */
static inline uint64_t sei_csv_eight(const char *p, char delimiter,
                                     uint64_t odd, uint64_t *all)
{
  uint64_t x, found;
  memcpy(&x, p, sizeof x);
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  *all |= x;
  found = sei_csv_upto(x, '\r') | (x & odd) |
    sei_csv_upto(x ^ SEI_CSV_EACH('"'), 0) |
    sei_csv_upto(x ^ SEI_CSV_EACH((unsigned char)delimiter), 0);
  /* gathers the eight top bits into the highest byte */
  return (found >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* Bit i is set if p[i] may mean something; *ascii tells whether all bytes are
 * below 128. Reads 64 bytes. */
static inline uint64_t sei_csv_block(const char *p, char delimiter,
                                     bool *ascii)
{
  uint64_t mask = 0, all = 0;
  unsigned i;
  for(i = 0; i < SEI_CSV_BLOCK; i += 8)
    mask |= sei_csv_eight(p + i, delimiter, 0, &all) << i;
  *ascii = !(all & SEI_CSV_EACH(0x80));
  return mask;
}

/* The same bits, and one for every byte above 127. */
static inline uint64_t sei_csv_odd_block(const char *p, char delimiter)
{
  uint64_t mask = 0, all = 0;
  unsigned i;
  for(i = 0; i < SEI_CSV_BLOCK; i += 8)
    mask |= sei_csv_eight(p + i, delimiter, SEI_CSV_EACH(0x80), &all) << i;
  return mask;
}

#endif

/* The same for the n <= 64 bytes that are left of a text. */
static inline uint64_t sei_csv_mask(const char *p, size_t n, char delimiter,
                                    bool *ascii)
{
  char rest[SEI_CSV_BLOCK] = {0};
  if(n >= SEI_CSV_BLOCK)
    return sei_csv_block(p, delimiter, ascii);
  memcpy(rest, p, n);
  return sei_csv_block(rest, delimiter, ascii) & ((UINT64_C(1) << n) - 1);
}

#endif
