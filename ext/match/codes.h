/* codes - a text as an array of code points, which is what this folder
 * compares. */
#ifndef SEI_MATCH_CODES_H
#define SEI_MATCH_CODES_H

#include <stddef.h>
#include <stdint.h>

struct sei_codes {
  const uint32_t *at;  /* n code points; may be NULL if n is 0 */
  size_t n;
};

/* What stands for bytes that are no UTF-8. */
enum { SEI_CODES_BAD = 0xfffd };

/* Decodes n bytes of UTF-8 (RFC 3629) into `out`, which has room for n code
 * points, and returns how many there are. Never fails: what is no UTF-8
 * becomes U+FFFD, one for each maximal part of a sequence that could have
 * been one (Unicode 15, section 3.9, "U+FFFD Substitution of Maximal
 * Subparts"). NUL is a code point like any other. */
size_t sei_codes_decode(const char *text, size_t n, uint32_t *out);

#endif
