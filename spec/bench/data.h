/* data - the records and rows that the benchmark's page server hands out,
 * rendered once. */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stddef.h>

struct bench_text {
  char *bytes;
  size_t len, size;
};

struct bench_data {
  long records;             /* contributors */
  struct bench_text json;   /* theirs, with a comma between two */
  size_t *at;               /* where each begins, and one behind the last */
  long rows;                /* identities */
  struct bench_text csv;    /* theirs, with a header line */
  size_t *row_at;           /* where each begins, and one behind the last */
};

/* Renders them; the same on every run. Ends the program without memory. */
void bench_data_make(struct bench_data *d, long records, long csv_rows);

/* The bytes of `n` records from `from` on, no more than there are; *len may be
 * 0. */
const char *bench_data_slice(const struct bench_data *d, long from, long n,
                             size_t *len);

/* How many bytes of the CSV its header and the first `n` rows are, no more
 * than there are. */
size_t bench_data_rows(const struct bench_data *d, long n);

#endif
