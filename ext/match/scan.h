/* scan - goes through an array of signatures for those that share enough bits
 * with one. For this folder. */
#ifndef SEI_MATCH_SCAN_H
#define SEI_MATCH_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum { SEI_SCAN_MOST = 1024 };   /* signatures at a time */

/* Writes the places (from 0) of those of n <= SEI_SCAN_MOST signatures at
 * `all` that share `need` or more bits with `one` to `out`, in their order,
 * and returns how many there are. `out` has room for SEI_SCAN_MOST. */
typedef size_t sei_scan(uint64_t one, const uint64_t *all, size_t n,
                        unsigned need, uint16_t *out);

/* From the one that runs everywhere to the widest. */
enum sei_scan_kind {
  SEI_SCAN_PLAIN,
  SEI_SCAN_POPCNT,   /* x86 since 2008 */
  SEI_SCAN_AVX2,     /* since 2013 */
  SEI_SCAN_AVX512,   /* VPOPCNTDQ: since 2019 */
  SEI_SCAN_KINDS
};

/* The function of a kind; NULL if this processor cannot run it. */
sei_scan *sei_scan_of(enum sei_scan_kind kind);

/* The widest that this processor runs. */
sei_scan *sei_scan_best(void);

#endif
