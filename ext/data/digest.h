/* digest - SHA-256 (FIPS 180-4) by OpenSSL's libcrypto: of plans, journals and
 * what they were made of. Plain C.
 */
#ifndef SEI_DATA_DIGEST_H
#define SEI_DATA_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { SEI_DIGEST_HEX = 64 };

struct sei_digest {
  void *state;          /* libcrypto's; owned; NULL: not begun, or ended */
};

/* Begins one; it must not be under way already. False without memory, or
 * where libcrypto is set up to refuse SHA-256; then nothing is held. */
bool sei_digest_begin(struct sei_digest *d);

/* Adds n bytes. False: libcrypto failed; the digest is of no use any more. */
bool sei_digest_add(struct sei_digest *d, const void *bytes, size_t n);

/* Writes the digest of all that was added as 64 lower-case hexadecimal digits
 * and a NUL, without ending it: more may be added, and asked again. False: as
 * sei_digest_add. */
bool sei_digest_hex(const struct sei_digest *d, char hex[SEI_DIGEST_HEX + 1]);

/* Frees what it holds; safe to call twice. */
void sei_digest_end(struct sei_digest *d);

#endif
