/* match_random - random texts for the tests of ext/match, the same for one
 * seed everywhere. */
#ifndef SPEC_MATCH_RANDOM_H
#define SPEC_MATCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* splitmix64 */
static inline uint64_t draw(uint64_t *seed)
{
  uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static inline size_t below(uint64_t *seed, size_t n)
{
  return (size_t)(draw(seed) % n);
}

/* A code point of one of several scripts, of a few letters or of many. */
static inline uint32_t draw_code(uint64_t *seed, unsigned script)
{
  static const struct { uint32_t from, count; } SCRIPTS[] = {
    { 'a', 26 }, { 'a', 4 }, { 'a', 2 }, { 0xe0, 31 }, { 0x410, 64 },
    { 0x3b1, 25 }, { 0x5d0, 27 }, { 0x627, 36 }, { 0x905, 50 },
    { 0xe01, 46 }, { 0x4e00, 3000 }, { 0xac00, 11000 }, { 0x1f600, 80 },
    { 1, 127 }
  };
  script %= (unsigned)(sizeof SCRIPTS / sizeof *SCRIPTS);
  if(below(seed, 8) == 0)
    return ' ';
  return SCRIPTS[script].from + (uint32_t)below(seed, SCRIPTS[script].count);
}

/* Fills `out` with at most `most` code points; long ones are rarer. */
static inline size_t draw_text(uint64_t *seed, uint32_t *out, size_t most)
{
  size_t limit = below(seed, 8) ? (most < 24 ? most : 24) : most;
  size_t n = below(seed, limit + 1), i;
  unsigned script = (unsigned)below(seed, 64);
  for(i = 0; i < n; i++)
    out[i] = draw_code(seed, below(seed, 16) ? script : script + 1);
  return n;
}

/* A text like the given one: some letters lost, more, others, or swapped. */
static inline size_t draw_typos(uint64_t *seed, const uint32_t *in, size_t n,
                                uint32_t *out, size_t most)
{
  size_t i, k = 0, one_in = 2 + below(seed, 12);
  for(i = 0; i < n && k + 2 <= most; i++) {
    uint32_t other = in[below(seed, n)];
    switch(below(seed, one_in)) {
    case 0:
      break;
    case 1:
      if(below(seed, 2)) {
        out[k++] = other;
        out[k++] = in[i];
      }
      else
        out[k++] = other;
      break;
    case 2:
      if(i + 1 < n) {
        out[k++] = in[i + 1];
        out[k++] = in[i++];
        break;
      }
      /* FALLTHROUGH */
    default:
      out[k++] = in[i];
    }
  }
  return k;
}

/* RFC 3629; returns the number of bytes. */
static inline size_t encode(const uint32_t *in, size_t n, char *out)
{
  size_t i, k = 0;
  for(i = 0; i < n; i++) {
    uint32_t c = in[i];
    if(c < 0x80)
      out[k++] = (char)c;
    else if(c < 0x800) {
      out[k++] = (char)(0xc0 | c >> 6);
      out[k++] = (char)(0x80 | (c & 63));
    }
    else {
      if(c < 0x10000)
        out[k++] = (char)(0xe0 | c >> 12);
      else {
        out[k++] = (char)(0xf0 | c >> 18);
        out[k++] = (char)(0x80 | (c >> 12 & 63));
      }
      out[k++] = (char)(0x80 | (c >> 6 & 63));
      out[k++] = (char)(0x80 | (c & 63));
    }
  }
  return k;
}

#endif
