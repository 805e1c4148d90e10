/* hash - a 64-bit fingerprint of bytes: eight at a time, multiply and fold. */
#include "hash.h"

#include <string.h>

static const uint64_t K1 = UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / phi */
static const uint64_t K2 = UINT64_C(0xD6E8FEB86659FD93);

static uint64_t mix(uint64_t h)
{
  h ^= h >> 32;
  h *= K2;
  h ^= h >> 32;
  h *= K2;
  return h ^ (h >> 32);
}

static uint64_t step(uint64_t h, uint64_t w)
{
  h = (h ^ w) * K1;
  return h ^ (h >> 29);
}

/* Little-endian, so that a resume token means the same everywhere. Compilers
 * know this as one load. */
static uint64_t eight(const unsigned char *p)
{
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
    (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* The same of fewer than eight. */
static uint64_t word(const unsigned char *p, size_t n)
{
  uint64_t w = 0;
  size_t i;
  for(i = 0; i < n; i++)
    w |= (uint64_t)p[i] << (8 * i);
  return w;
}

/* Four lanes of the same, so that the processor works on all at once. */
static uint64_t lanes(uint64_t h, const unsigned char **p, size_t *n)
{
  uint64_t a = h, b = h ^ K1, c = h ^ K2, d = h ^ (K1 * K2);
  for(; *n >= 32; *n -= 32, *p += 32) {
    a = step(a, eight(*p));
    b = step(b, eight(*p + 8));
    c = step(c, eight(*p + 16));
    d = step(d, eight(*p + 24));
  }
  return mix(mix(a) + mix(b) * K1) ^ mix(mix(c) + mix(d) * K2);
}

uint64_t sei_hash(const void *bytes, size_t n, uint64_t seed)
{
  const unsigned char *p = bytes;
  uint64_t h = mix(seed ^ ((uint64_t)n * K1));
  if(n >= 32)
    h = lanes(h, &p, &n);
  for(; n >= 8; n -= 8, p += 8)
    h = step(h, eight(p));
  if(n)
    h = step(h, word(p, n));
  return mix(h);
}
