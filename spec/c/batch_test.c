/* batch_test - batches stay within their rows and bytes, and lose no row. */
#include <stdint.h>
#include <stdio.h>

#include "../../ext/api/batch.h"

static int checks, failures;

#define CHECK(x) \
  do { \
    checks++; \
    if(!(x)) { \
      failures++; \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #x); \
    } \
  } while(0)

static void test_rows(void)
{
  struct sei_batch b;
  int i;
  CHECK(sei_batch_begin(&b, 3, 0, 2, 1));
  for(i = 0; i < 3; i++)
    CHECK(sei_batch_offer(&b, 10) == SEI_BATCH_FITS);
  CHECK(b.rows == 3 && b.bytes == 2 + 30 + 2);
  CHECK(sei_batch_offer(&b, 10) == SEI_BATCH_CLOSE);
  CHECK(b.rows == 3 && b.bytes == 34);
  sei_batch_close(&b);
  CHECK(b.rows == 0 && b.bytes == 2);
  CHECK(sei_batch_offer(&b, 10) == SEI_BATCH_FITS);
}

static void test_enough(void)
{
  struct sei_batch b;
  CHECK(sei_batch_begin(&b, 0, 100, 2, 1));
  CHECK(sei_batch_offer(&b, 90) == SEI_BATCH_FITS);
  sei_batch_close(&b);
  sei_batch_enough(&b, 20);
  CHECK(sei_batch_offer(&b, 8) == SEI_BATCH_FITS);
  CHECK(sei_batch_offer(&b, 10) == SEI_BATCH_CLOSE);
  sei_batch_close(&b);
  CHECK(sei_batch_offer(&b, 90) == SEI_BATCH_FITS);   /* alone */
  CHECK(sei_batch_offer(&b, 0) == SEI_BATCH_CLOSE);
  sei_batch_close(&b);
  CHECK(sei_batch_offer(&b, 99) == SEI_BATCH_NEVER);
  sei_batch_enough(&b, 1000);                         /* no more than all */
  CHECK(sei_batch_offer(&b, 98) == SEI_BATCH_FITS);
  CHECK(sei_batch_offer(&b, 0) == SEI_BATCH_CLOSE);
}

static void test_bytes(void)
{
  struct sei_batch b;
  CHECK(sei_batch_begin(&b, 0, 20, 2, 1));
  CHECK(sei_batch_offer(&b, 19) == SEI_BATCH_NEVER);
  CHECK(b.rows == 0);
  CHECK(sei_batch_offer(&b, 18) == SEI_BATCH_FITS);   /* exactly full */
  CHECK(b.bytes == 20);
  CHECK(sei_batch_offer(&b, 19) == SEI_BATCH_NEVER);  /* even when open */
  CHECK(sei_batch_offer(&b, 0) == SEI_BATCH_CLOSE);   /* the comma */
  sei_batch_close(&b);
  CHECK(sei_batch_offer(&b, 8) == SEI_BATCH_FITS);
  CHECK(sei_batch_offer(&b, 10) == SEI_BATCH_CLOSE);  /* 2 + 8 + 1 + 10 */
  CHECK(sei_batch_offer(&b, 9) == SEI_BATCH_FITS);
  CHECK(b.bytes == 20 && b.rows == 2);
}

static void test_limits(void)
{
  struct sei_batch b;
  CHECK(!sei_batch_begin(&b, 1, 5, 6, 1));
  CHECK(sei_batch_offer(&b, 0) == SEI_BATCH_NEVER);
  CHECK(sei_batch_begin(&b, 1, 6, 6, 1));
  CHECK(sei_batch_offer(&b, 0) == SEI_BATCH_FITS);
  CHECK(sei_batch_begin(&b, 0, 0, 2, 1));
  CHECK(sei_batch_offer(&b, SIZE_MAX) == SEI_BATCH_NEVER);
  CHECK(sei_batch_offer(&b, SIZE_MAX - 2) == SEI_BATCH_FITS);
  CHECK(b.bytes == SIZE_MAX);
  CHECK(sei_batch_offer(&b, 0) == SEI_BATCH_CLOSE);
  CHECK(sei_batch_offer(&b, SIZE_MAX - 2) == SEI_BATCH_CLOSE);
}

static uint32_t random_below(uint64_t *state, uint32_t n)
{
  *state = *state * UINT64_C(6364136223846793005) + 1;
  return (uint32_t)(*state >> 33) % n;
}

/* One row: in the batch, or the batch is full to the last row that fits. */
static void put_row(struct sei_batch *b, size_t row, size_t *bytes,
                    size_t *rows)
{
  enum sei_batch_answer a = sei_batch_offer(b, row);
  if(a == SEI_BATCH_NEVER) {
    CHECK(row + b->envelope > b->max_bytes);
    return;
  }
  if(a == SEI_BATCH_CLOSE) {
    CHECK(*rows == b->max_rows || *bytes + 1 + row > b->max_bytes);
    sei_batch_close(b);
    *rows = 0;
    *bytes = b->envelope;
    CHECK(sei_batch_offer(b, row) == SEI_BATCH_FITS);
  }
  *bytes += row + (*rows ? 1 : 0);
  *rows += 1;
  CHECK(b->bytes == *bytes && b->rows == *rows);
  CHECK(*bytes <= b->max_bytes && *rows <= b->max_rows);
}

static void test_random(void)
{
  uint64_t seed = 7;
  int walk, i;
  for(walk = 0; walk < 200; walk++) {
    struct sei_batch b;
    size_t rows = 0, bytes = 2 + random_below(&seed, 30);
    size_t max_rows = 1 + random_below(&seed, 9);
    size_t max_bytes = 40 + random_below(&seed, 300);
    CHECK(sei_batch_begin(&b, max_rows, max_bytes, bytes, 1));
    for(i = 0; i < 100; i++)
      put_row(&b, random_below(&seed, 60), &bytes, &rows);
  }
}

int main(void)
{
  test_rows();
  test_enough();
  test_bytes();
  test_limits();
  test_random();
  if(!failures)
    printf("batch: %d checks\n", checks);
  return failures != 0;
}
