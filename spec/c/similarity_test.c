/* similarity_test - every similarity equals its plain reference, on pairs of
 * random texts of many scripts: similarity_test [PAIRS [SEED]]. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../ext/match/similarity.h"
#include "match_plain.h"
#include "match_random.h"

static int checks, failures;

#define CHECK(x) \
  do { \
    checks++; \
    if(!(x)) { \
      failures++; \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #x); \
    } \
  } while(0)

static void show(struct sei_codes t)
{
  size_t i;
  printf(" [");
  for(i = 0; i < t.n; i++)
    printf(i ? " %x" : "%x", (unsigned)t.at[i]);
  printf("]");
}

static void compare(const char *name, double ours, double plain,
                    struct sei_codes a, struct sei_codes b)
{
  checks++;
  if(fabs(ours - plain) <= 1e-9)
    return;
  if(failures++ < 10) {
    printf("%s is %.17g, should be %.17g:", name, ours, plain);
    show(a);
    show(b);
    printf("\n");
  }
}

static void compare_all(struct sei_codes a, struct sei_codes b)
{
  size_t longer = a.n > b.n ? a.n : b.n, size = 1 + longer % 4;
  int levenshtein = plain_edits(a, b, 1, false);
  int osa = plain_edits(a, b, 1, true);
#define COMPARE(name, plain) compare(#name, sei_ ## name(a, b), plain, a, b)
  COMPARE(jaro, plain_jaro(a, b));
  COMPARE(jaro_winkler, plain_jaro_winkler(a, b));
  COMPARE(levenshtein, levenshtein);
  COMPARE(osa, osa);
  COMPARE(levenshtein_ratio, plain_ratio(levenshtein, longer));
  COMPARE(osa_ratio, plain_ratio(osa, longer));
  COMPARE(indel_ratio, plain_indel(a, b));
  COMPARE(token_sort, plain_token_sort(a, b));
  COMPARE(token_set, plain_token_set(a, b));
#undef COMPARE
  compare("dice", sei_dice(a, b, 2), plain_dice(a, b, 2), a, b);
  compare("dice", sei_dice(a, b, size), plain_dice(a, b, size), a, b);
}

/* What was encoded is decoded. */
static struct sei_codes through_utf8(const uint32_t *code, size_t n,
                                     uint32_t *out)
{
  static char bytes[4 * PLAIN_MOST];
  struct sei_codes t = { out, 0 };
  t.n = sei_codes_decode(bytes, encode(code, n, bytes), out);
  CHECK(t.n == n && !memcmp(out, code, n * sizeof *code));
  return t;
}

static void test_random(long pairs, uint64_t seed)
{
  static uint32_t x[PLAIN_MOST], y[PLAIN_MOST], s[4 * PLAIN_MOST],
    t[4 * PLAIN_MOST];
  for(; pairs > 0; pairs--) {
    size_t most = below(&seed, 16) ? 48 : below(&seed, 8) ? 140 : 390, m, n;
    struct sei_codes a, b;
    m = draw_text(&seed, x, most);
    n = below(&seed, 4) ? draw_typos(&seed, x, m, y, most) :
      draw_text(&seed, y, most);
    a = through_utf8(x, m, s);
    b = through_utf8(y, n, t);
    compare_all(a, b);
    if(pairs % 16 == 0)
      compare_all(b, a);
  }
}

/* Lengths about the sizes of words and blocks. */
static void test_edges(void)
{
  static const size_t SIZES[] = { 0, 1, 2, 3, 4, 62, 63, 64, 65, 66, 127,
    128, 129, 192, 193, 256, 257, 320 };
  enum { N = sizeof SIZES / sizeof *SIZES };
  static uint32_t x[PLAIN_MOST], y[PLAIN_MOST];
  uint64_t seed = 5;
  size_t i, j, k;
  for(i = 0; i < N; i++)
    for(j = 0; j < N; j++) {
      struct sei_codes a = { x, SIZES[i] }, b = { y, SIZES[j] };
      for(k = 0; k < PLAIN_MOST; k++) {
        x[k] = 'a' + (uint32_t)below(&seed, 2 + j % 3);
        y[k] = below(&seed, 5) ? x[k] : 0x4e00 + (uint32_t)below(&seed, 99);
      }
      compare_all(a, b);
    }
}

static size_t decode(const char *text, size_t n, uint32_t *out)
{
  return sei_codes_decode(text, n, out);
}

/* Unicode 15, table 3-11 and the rows above it: one U+FFFD for each maximal
 * part. */
static void test_bad_utf8(void)
{
  static const struct { const char *text; size_t n, count; } ROWS[] = {
    { "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", 9, 9 },
    { "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", 9, 9 },
    { "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", 9, 9 },
    { "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", 9, 5 },
    { "\xe2\x82", 2, 1 }, { "\xf0\x9f\x98", 3, 1 }, { "\x80", 1, 1 },
    { "a\xff" "b", 3, 3 }, { "\xf5\x80\x80\x80", 4, 4 },
    { "\0\0", 2, 2 }
  };
  uint32_t out[16];
  size_t i;
  for(i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
    CHECK(decode(ROWS[i].text, ROWS[i].n, out) == ROWS[i].count);
  CHECK(decode("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", 9, out) == 5 &&
        out[0] == SEI_CODES_BAD && out[3] == SEI_CODES_BAD && out[4] == 'A');
  CHECK(decode("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10, out) == 3 &&
        out[0] == 0xd7ff && out[1] == 0xe000 && out[2] == 0x10ffff);
}

/* Values that are published: Winkler's papers, RapidFuzz's documentation. */
static struct sei_codes text(const char *s, uint32_t *out)
{
  struct sei_codes t = { out, sei_codes_decode(s, strlen(s), out) };
  return t;
}

static void test_known(void)
{
  uint32_t x[64], y[64];
#define NEAR(f, s, t, value) \
  CHECK(fabs((double)f(text(s, x), text(t, y)) - (value)) < 5e-5)
  NEAR(sei_jaro, "MARTHA", "MARHTA", 0.9444);
  NEAR(sei_jaro, "DWAYNE", "DUANE", 0.8222);
  NEAR(sei_jaro_winkler, "DIXON", "DICKSONX", 0.8133);
  NEAR(sei_jaro_winkler, "MARTHA", "MARHTA", 0.9611);
  NEAR(sei_jaro_winkler, "Johnathan", "Jonathan", 0.9037);
  NEAR(sei_levenshtein, "kitten", "sitting", 3);
  NEAR(sei_osa, "CA", "AC", 1);
  NEAR(sei_osa, "CA", "ABC", 3);
  NEAR(sei_indel_ratio, "this is a test", "this is a test!", 0.96552);
  NEAR(sei_token_sort, "fuzzy wuzzy was a bear", "wuzzy fuzzy was a bear", 1);
  NEAR(sei_token_sort, "fuzzy was a bear", "fuzzy fuzzy was a bear", .84211);
  NEAR(sei_token_set, "fuzzy was a bear", "fuzzy fuzzy was a bear", 1);
  NEAR(sei_token_set, "fuzzy was a bear but not a dog",
       "fuzzy was a bear but not a cat", 0.92308);
  NEAR(sei_token_set, "", "", 0);
  NEAR(sei_jaro_winkler, "", "", 1);
  NEAR(sei_jaro_winkler, "", "a", 0);
#undef NEAR
  CHECK(fabs(sei_dice(text("night", x), text("nacht", y), 2) - .25) < 1e-9);
}

/* Far more code points than any reference could take. */
static void test_long(void)
{
  enum { N = 20000 };
  uint32_t *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
  struct sei_codes a = { x, N }, b = { y, N - 1 };
  size_t i;
  CHECK(x && y);
  for(i = 0; i < N; i++)
    x[i] = 0x4e00 + (uint32_t)(i * 7919 % 20011);
  memcpy(y, x + 1, (N - 1) * sizeof *y);
  CHECK(sei_levenshtein(a, b) == 1 && sei_osa(a, b) == 1);
  CHECK(fabs(sei_indel_ratio(a, b) - 2.0 * (N - 1) / (2 * N - 1)) < 1e-9);
  CHECK(fabs(sei_jaro(a, b) - (1.0 + (N - 1.0) / N + 1.0) / 3) < 1e-9);
  CHECK(sei_dice(a, a, 3) == 1.0 && sei_jaro_winkler(a, a) == 1.0);
  CHECK(sei_token_sort(a, a) == 1.0 && sei_token_set(a, a) == 1.0);
  x[5] = x[6];
  x[6] = y[4];
  CHECK(sei_levenshtein(a, b) == 3 && sei_osa(a, b) == 2);
  free(x);
  free(y);
}

int main(int argc, char **argv)
{
  test_known();
  test_bad_utf8();
  test_edges();
  test_long();
  test_random(argc > 1 ? atol(argv[1]) : 10000,
              argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
  printf("similarity_test: %d checks\n", checks);
  return failures != 0;
}
