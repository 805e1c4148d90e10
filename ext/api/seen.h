/* seen - which records were seen before in a walk, by 64-bit fingerprint.
 *
 * Open addressing in 256 small tables that grow one at a time, so that
 * growing needs little extra memory and no long pause. A million entries take
 * 12 MiB. 62 bits of the fingerprint are kept: among a million records the
 * chance that two are taken for one is about 1 in 10,000,000.
 */
#ifndef SEI_API_SEEN_H
#define SEI_API_SEEN_H

#include <stddef.h>
#include <stdint.h>

enum { SEI_SEEN_TABLES = 256, SEI_SEEN_PASSES = 4 };

enum sei_seen_answer {
  SEI_SEEN_FRESH,     /* never seen; it is now */
  SEI_SEEN_EARLIER,   /* seen, but not in this pass; now it is */
  SEI_SEEN_TWICE,     /* seen in this pass */
  SEI_SEEN_FULL,      /* not added: would go over max_bytes */
  SEI_SEEN_NOMEM      /* not added: the allocation failed */
};

struct sei_seen_table {
  uint64_t *entries;  /* owned; 0 is empty. Two low bits: the last pass */
  uint32_t cap;       /* entries allocated: 2^k or 3 * 2^k */
  uint32_t count;
};

struct sei_seen {
  size_t max_bytes;   /* that it may allocate, while it grows too */
  size_t bytes;       /* allocated now */
  size_t peak;        /* most ever allocated */
  size_t count;       /* fingerprints held */
  size_t expected;    /* in the end; 0: not known */
  struct sei_seen_table tables[SEI_SEEN_TABLES];
};

/* Starts an empty set. Never fails, allocates nothing. max_bytes 0: any. */
void sei_seen_init(struct sei_seen *s, size_t max_bytes);

/* Looks up and adds in one. `pass` is 0 to SEI_SEEN_PASSES - 1 and never goes
 * down. After FULL or NOMEM the set is as it was and still answers. */
enum sei_seen_answer sei_seen_add(struct sei_seen *s, uint64_t fingerprint,
                                  unsigned pass);

/* Says how many there will be in the end, perhaps: a guess. They then grow
 * faster towards it. */
void sei_seen_expect_all(struct sei_seen *s, size_t count);

/* Says that this one is added soon: its place, which may be anywhere in
 * memory, is fetched meanwhile. Changes nothing. */
void sei_seen_expect(const struct sei_seen *s, uint64_t fingerprint);

/* Frees all; the set is empty afterwards, max_bytes stays. */
void sei_seen_free(struct sei_seen *s);

#endif
