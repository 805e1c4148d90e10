/* data - the records and rows that the benchmark's page server hands out.
 *
 * Contributors as api.md section 3 shows them, about 345 bytes each: none to
 * two logins, one name in twenty beyond ASCII. Everything comes from one
 * generator with a fixed seed.
 */
#include "data.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const FIRST[] = {
  "Anna", "Bela", "Chloe", "David", "Elena", "Farid", "Grace", "Hugo", "Ivo",
  "Julia", "Kofi", "Linh", "Marek", "Nadia", "Omar", "Priya", "Quinn", "Rosa",
  "Zo\xc3\xab", "J\xc3\xb6rg"
};
static const char *const LAST[] = {
  "Adler", "Berg", "Castillo", "Dubois", "Eriksen", "Fontana", "Gruber",
  "Haddad", "Ivanov", "Jensen", "Kowalski", "Lindqvist", "Moreau", "Novak",
  "Okafor", "Petrov", "Quist", "Rossi", "Schneider", "Takahashi", "Ueda",
  "Varga", "Weber", "Ximenes", "Yilmaz", "Zhang"
};
static const char *const REGIONS[] = { "emea", "apac", "amer" };

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* xorshift64*: the low bits are the poor ones. */
static uint32_t random_bits(uint64_t *state)
{
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (uint32_t)(*state * 2685821657736338717u >> 32);
}

static void add(struct bench_text *t, const char *format, ...)
{
  va_list args;
  int n;
  if(t->size - t->len < 1024) {
    t->size = t->size ? t->size * 2 : 1 << 20;
    t->bytes = realloc(t->bytes, t->size);
    if(!t->bytes) {
      fputs("server: not enough memory\n", stderr);
      exit(1);
    }
  }
  va_start(args, format);
  n = vsnprintf(t->bytes + t->len, t->size - t->len, format, args);
  va_end(args);
  t->len += (size_t)n;
}

static void add_logins(struct bench_text *t, uint64_t *random)
{
  unsigned i, n = random_bits(random) % 3;
  for(i = 0; i < n; i++)
    add(t, "%s{\"integration_id\":\"%u\",\"user_id\":\"712020:%08x-%04x\"}",
        i ? "," : "", 5000 + random_bits(random) % 400, random_bits(random),
        random_bits(random) & 0xffff);
}

static void add_record(struct bench_text *t, long i, uint64_t *random)
{
  const char *first = FIRST[random_bits(random) % COUNT(FIRST)];
  const char *last = LAST[random_bits(random) % COUNT(LAST)];
  add(t, "{\"id\":\"%ld\",\"org_uuid\":\"%08x-5b1c-4e0a-9f3e-%08x%04x\","
      "\"full_name\":\"%s %s\",\"email\":\"user%ld.%s@example.com\","
      "\"integration_user_ids\":[", i + 1, random_bits(random),
      random_bits(random), random_bits(random) & 0xffff, first, last, i + 1,
      last);
  add_logins(t, random);
  add(t, "],\"additional_fields\":{\"region\":\"%s\",\"team\":\"t%ld\"},"
      "\"version\":\"512\",\"created_at\":%" PRId64 ",\"updated_at\":%" PRId64
      "}", REGIONS[i % 3], i % 17, 1700000000000 + (int64_t)i * 7919,
      1700000000000 + (int64_t)i * 104729);
}

static size_t *offsets(long n)
{
  size_t *at = malloc(((size_t)n + 1) * sizeof *at);
  if(!at) {
    fputs("server: not enough memory\n", stderr);
    exit(1);
  }
  return at;
}

void bench_data_make(struct bench_data *d, long records, long csv_rows)
{
  uint64_t random = 20240601;
  long i;
  memset(d, 0, sizeof *d);
  d->records = records;
  d->at = offsets(records);
  for(i = 0; i < records; i++) {
    d->at[i] = d->json.len;
    add_record(&d->json, i, &random);
    add(&d->json, ",");
  }
  d->at[records] = d->json.len;
  if(!csv_rows)
    return;
  d->rows = csv_rows;
  d->row_at = offsets(csv_rows);
  add(&d->csv, "email,integrationId,identity\n");
  for(i = 0; i < csv_rows; i++) {
    d->row_at[i] = d->csv.len;
    add(&d->csv, "user%ld.%s@corp.example.com,%u,%s%s-%08x-%08x%s\n", i + 1,
        LAST[random_bits(&random) % COUNT(LAST)],
        5000 + random_bits(&random) % 400, i % 10 ? "" : "\"",
        i % 10 ? "712020:cloud" : "grp, 712020", random_bits(&random),
        random_bits(&random), i % 10 ? "" : "\"");
  }
  d->row_at[csv_rows] = d->csv.len;
}

size_t bench_data_rows(const struct bench_data *d, long n)
{
  if(!d->rows)
    return 0;
  return d->row_at[n < d->rows ? n : d->rows];
}

const char *bench_data_slice(const struct bench_data *d, long from, long n,
                             size_t *len)
{
  if(from > d->records)
    from = d->records;
  if(n > d->records - from)
    n = d->records - from;
  *len = n > 0 ? d->at[from + n] - d->at[from] - 1 : 0;
  return d->json.bytes + d->at[from];
}
