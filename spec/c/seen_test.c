/* seen_test - the set knows what it was told, in little memory. */
#include <stdio.h>
#include <stdlib.h>

#include "../../ext/api/seen.h"

static int checks, failures;

#define CHECK(x) \
  do { \
    checks++; \
    if(!(x)) { \
      failures++; \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #x); \
    } \
  } while(0)

static void test_answers(void)
{
  struct sei_seen s;
  sei_seen_init(&s, 0);
  CHECK(sei_seen_add(&s, 5, 0) == SEI_SEEN_FRESH);
  CHECK(sei_seen_add(&s, 5, 0) == SEI_SEEN_TWICE);
  CHECK(sei_seen_add(&s, 6, 0) == SEI_SEEN_FRESH);
  CHECK(sei_seen_add(&s, 5, 1) == SEI_SEEN_EARLIER);
  CHECK(sei_seen_add(&s, 5, 1) == SEI_SEEN_TWICE);
  CHECK(sei_seen_add(&s, 7, 1) == SEI_SEEN_FRESH);
  CHECK(sei_seen_add(&s, 6, 3) == SEI_SEEN_EARLIER);
  CHECK(sei_seen_add(&s, 6, 3) == SEI_SEEN_TWICE);
  CHECK(sei_seen_add(&s, 0, 3) == SEI_SEEN_FRESH);
  CHECK(sei_seen_add(&s, 0, 3) == SEI_SEEN_TWICE);
  CHECK(sei_seen_add(&s, UINT64_MAX, 3) == SEI_SEEN_FRESH);
  CHECK(s.count == 5);
  sei_seen_free(&s);
  CHECK(s.count == 0 && s.bytes == 0);
  CHECK(sei_seen_add(&s, 5, 0) == SEI_SEEN_FRESH);
  sei_seen_free(&s);
  sei_seen_free(&s);
}

/* A million, plain numbers or multiples: within 20 MiB at any moment, all
 * known afterwards, however many were expected. */
static void test_million(uint64_t step, size_t expected)
{
  struct sei_seen s;
  uint64_t i;
  int wrong = 0;
  sei_seen_init(&s, expected ? 0 : (size_t)20 << 20);
  sei_seen_expect_all(&s, expected);
  for(i = 0; i < 1000000; i++)
    wrong += sei_seen_add(&s, i * step, 0) != SEI_SEEN_FRESH;
  for(i = 0; i < 1000000; i++)
    wrong += sei_seen_add(&s, i * step, 1) != SEI_SEEN_EARLIER;
  CHECK(wrong == 0);
  CHECK(s.count == 1000000);
  CHECK(s.peak <= (size_t)13 << 20 && s.bytes <= s.peak);
  sei_seen_free(&s);
}

/* Full is an answer, not an end: what is in stays known. */
static void test_full(size_t expected)
{
  struct sei_seen s;
  uint64_t i, n = 0;
  int wrong = 0;
  sei_seen_init(&s, 100000);
  sei_seen_expect_all(&s, expected);
  while(n < 100000 && sei_seen_add(&s, n, 0) == SEI_SEEN_FRESH)
    n++;
  CHECK(n > 4000 && n < 12500);
  CHECK(s.count == n && s.peak <= 100000);
  CHECK(sei_seen_add(&s, n, 0) == SEI_SEEN_FULL);
  CHECK(s.count == n);
  for(i = 0; i < n; i++)
    wrong += sei_seen_add(&s, i, 0) != SEI_SEEN_TWICE;
  CHECK(wrong == 0);
  sei_seen_free(&s);
  sei_seen_init(&s, 1);
  sei_seen_expect_all(&s, expected);
  CHECK(sei_seen_add(&s, 1, 0) == SEI_SEEN_FULL);
  CHECK(sei_seen_add(&s, 1, 0) == SEI_SEEN_FULL);
  sei_seen_free(&s);
}

/* Many that are expected and do not come take little memory. */
static void test_expected(void)
{
  struct sei_seen s;
  uint64_t i;
  sei_seen_init(&s, 0);
  sei_seen_expect_all(&s, SIZE_MAX);
  for(i = 0; i < 1000; i++)
    CHECK(sei_seen_add(&s, i, 0) == SEI_SEEN_FRESH);
  CHECK(s.peak <= (size_t)64 << 10);
  sei_seen_free(&s);
}

/* Against an array: numbers from a small range, passes that go up. */
static void test_random(void)
{
  enum { RANGE = 3000 };
  signed char *pass_of = malloc(RANGE);
  struct sei_seen s;
  uint64_t x = 11;
  int i, wrong = 0;
  CHECK(pass_of);
  if(!pass_of)
    return;
  for(i = 0; i < RANGE; i++)
    pass_of[i] = -1;
  sei_seen_init(&s, 0);
  for(i = 0; i < 40000; i++) {
    int pass = i / 10000, n;
    enum sei_seen_answer a;
    x = x * UINT64_C(6364136223846793005) + 1;
    n = (int)((x >> 33) % RANGE);
    a = sei_seen_add(&s, (uint64_t)n << 40, (unsigned)pass);
    wrong += a != (pass_of[n] < 0 ? SEI_SEEN_FRESH :
                   pass_of[n] == pass ? SEI_SEEN_TWICE : SEI_SEEN_EARLIER);
    pass_of[n] = (signed char)pass;
  }
  CHECK(wrong == 0);
  sei_seen_free(&s);
  free(pass_of);
}

int main(void)
{
  test_answers();
  test_million(1, 0);
  test_million(1, 1000000);
  test_million(UINT64_C(0x9E3779B97F4A7C15), 5000);
  test_million((uint64_t)1 << 40, 1000001);
  test_full(0);
  test_full(SIZE_MAX);
  test_expected();
  test_random();
  if(!failures)
    printf("seen: %d checks\n", checks);
  return failures != 0;
}
