/* hash - a 64-bit fingerprint of bytes, for telling records and pages apart.
 *
 * Not a digest: it guards against accidents, never against an adversary.
 * The same bytes and seed give the same number on every machine.
 */
#ifndef SEI_BASE_HASH_H
#define SEI_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t sei_hash(const void *bytes, size_t n, uint64_t seed);

#endif
