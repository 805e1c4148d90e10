/* packed - pages of the benchmark's server in gzip, packed once each. */
#ifndef BENCH_PACKED_H
#define BENCH_PACKED_H

#include <stddef.h>

struct bench_packed {
  struct bench_packed *next;
  long page, size, total;   /* what was asked for */
  char *bytes;              /* owned */
  size_t len;
};

/* A page that was packed before, or NULL. */
const struct bench_packed *bench_packed_find(const struct bench_packed *list,
                                             long page, long size, long total);

/* Packs three texts, one behind the other, as the page `key` says and adds it
 * to the list. Ends the program without memory. */
const struct bench_packed *bench_packed_add(struct bench_packed **list,
                                            const struct bench_packed *key,
                                            const char *const text[3],
                                            const size_t len[3]);

#endif
