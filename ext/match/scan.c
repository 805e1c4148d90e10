/* scan - counting common bits of many signatures, as wide as the processor
 * can. Nothing here needs a compiler's flag: what a function may use is said
 * at the function, and whether it may run is asked when the program does. */
#include "scan.h"

#include "bits.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define WIDE 1
#include <immintrin.h>
#endif

static size_t scan_plain(uint64_t one, const uint64_t *all, size_t n,
                         unsigned need, uint16_t *out)
{
  size_t i, found = 0;
  for(i = 0; i < n; i++)
    if(sei_bits_count(one & all[i]) >= need)
      out[found++] = (uint16_t)i;
  return found;
}

#ifdef WIDE

__attribute__((target("popcnt")))
static size_t scan_popcnt(uint64_t one, const uint64_t *all, size_t n,
                          unsigned need, uint16_t *out)
{
  size_t i, found = 0;
  for(i = 0; i < n; i++)
    if((unsigned)__builtin_popcountll(one & all[i]) >= need)
      out[found++] = (uint16_t)i;
  return found;
}

/* Bits of four words: half bytes are looked up, bytes summed up. */
__attribute__((target("avx2")))
static __m256i count_avx2(__m256i x)
{
  const __m256i bits = _mm256_setr_epi8(
    0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
    0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(15);
  __m256i a = _mm256_shuffle_epi8(bits, _mm256_and_si256(x, low));
  __m256i b = _mm256_shuffle_epi8(bits, _mm256_and_si256(
    _mm256_srli_epi16(x, 4), low));
  return _mm256_sad_epu8(_mm256_add_epi8(a, b), _mm256_setzero_si256());
}

__attribute__((target("avx2,popcnt")))
static size_t scan_avx2(uint64_t one, const uint64_t *all, size_t n,
                        unsigned need, uint16_t *out)
{
  const __m256i mine = _mm256_set1_epi64x((long long)one);
  const __m256i less = _mm256_set1_epi64x((long long)need - 1);
  size_t i, found = 0, k, more;
  for(i = 0; i + 4 <= n; i += 4) {
    __m256i x = _mm256_and_si256(mine,
      _mm256_loadu_si256((const __m256i *)(const void *)(all + i)));
    unsigned hit = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(
      _mm256_cmpgt_epi64(count_avx2(x), less)));
    for(; hit; hit &= hit - 1)
      out[found++] = (uint16_t)(i + (unsigned)__builtin_ctz(hit));
  }
  more = scan_popcnt(one, all + i, n - i, need, out + found);
  for(k = 0; k < more; k++)
    out[found + k] = (uint16_t)(out[found + k] + i);
  return found + more;
}

__attribute__((target("avx512f,avx512vpopcntdq")))
static size_t scan_avx512(uint64_t one, const uint64_t *all, size_t n,
                          unsigned need, uint16_t *out)
{
  const __m512i mine = _mm512_set1_epi64((long long)one);
  const __m512i least = _mm512_set1_epi64((long long)need);
  size_t i, found = 0;
  for(i = 0; i < n; i += 8) {
    __mmask8 there = (__mmask8)(n - i < 8 ? (1u << (n - i)) - 1 : 0xff);
    __m512i x = _mm512_and_si512(mine,
                                 _mm512_maskz_loadu_epi64(there, all + i));
    unsigned hit = _mm512_mask_cmpge_epu64_mask(
      there, _mm512_popcnt_epi64(x), least);
    for(; hit; hit &= hit - 1)
      out[found++] = (uint16_t)(i + (unsigned)__builtin_ctz(hit));
  }
  return found;
}

#endif

sei_scan *sei_scan_of(enum sei_scan_kind kind)
{
#ifdef WIDE
  __builtin_cpu_init();
  if(kind == SEI_SCAN_POPCNT)
    return __builtin_cpu_supports("popcnt") ? scan_popcnt : NULL;
  if(kind == SEI_SCAN_AVX2)
    return __builtin_cpu_supports("avx2") &&
      __builtin_cpu_supports("popcnt") ? scan_avx2 : NULL;
  if(kind == SEI_SCAN_AVX512)
    return __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512vpopcntdq") ? scan_avx512 : NULL;
#endif
  return kind == SEI_SCAN_PLAIN ? scan_plain : NULL;
}

sei_scan *sei_scan_best(void)
{
  unsigned kind = SEI_SCAN_KINDS;
  sei_scan *best = NULL;
  while(!best)
    best = sei_scan_of((enum sei_scan_kind)--kind);
  return best;
}
