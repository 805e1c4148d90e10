/* join_test - the join finds what comparing all pairs finds, with every scan
 * that this processor runs: join_test [SETS [SEED]]. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../ext/match/join.h"
#include "../../ext/match/signature.h"
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

enum { MOST = 160, LENGTH = 100 };

struct list {
  struct sei_codes text[MOST];
  uint32_t code[MOST][LENGTH];
  size_t n;
};

static const double CUTOFFS[] = { 0, .5, .7, .8, .85, .9, .95, 1 };
enum { CUTOFF_COUNT = sizeof CUTOFFS / sizeof *CUTOFFS };

static void add(struct list *l, const uint32_t *code, size_t n)
{
  if(n)
    memcpy(l->code[l->n], code, n * sizeof *code);
  l->text[l->n].at = l->code[l->n];
  l->text[l->n++].n = n;
}

/* Some new texts, some like those of the other list, some twice. */
static void draw_list(uint64_t *seed, struct list *l, const struct list *other)
{
  size_t n = below(seed, 8) ? below(seed, 60) : below(seed, MOST + 1);
  size_t most = below(seed, 8) ? 24 : LENGTH;
  uint32_t code[LENGTH];
  l->n = 0;
  while(l->n < n) {
    size_t way = below(seed, 8);
    const struct list *from = other && other->n ? other : l;
    if(way < 3 && from->n) {
      struct sei_codes one = from->text[below(seed, from->n)];
      if(way == 0)
        add(l, one.at, one.n);
      else
        add(l, code, draw_typos(seed, one.at, one.n, code, LENGTH));
    }
    else
      add(l, code, draw_text(seed, code, most));
  }
}

static struct sei_join *run(const struct list *left, const struct list *right,
                            double cutoff, enum sei_scan_kind kind,
                            size_t budget)
{
  struct sei_join *j = sei_join_new(cutoff, (size_t)MOST * MOST);
  enum sei_join_status status;
  size_t i;
  for(i = 0; i < left->n; i++)
    CHECK(sei_join_add(j, SEI_LEFT, left->text[i]) == SEI_JOIN_DONE);
  for(i = 0; i < right->n; i++)
    CHECK(sei_join_add(j, SEI_RIGHT, right->text[i]) == SEI_JOIN_DONE);
  sei_join_use(j, sei_scan_of(kind));
  do
    status = sei_join_step(j, budget);
  while(status == SEI_JOIN_MORE);
  CHECK(status == SEI_JOIN_DONE && sei_join_step(j, 1) == SEI_JOIN_DONE);
  return j;
}

/* By the library's own function: equal to the last bit. */
static void compare(struct sei_join *join, const struct list *left,
                    const struct list *right, double cutoff)
{
  size_t i, k, n, all = 0;
  for(i = 0; i < left->n; i++) {
    const struct sei_join_hit *hit = sei_join_hits(join, i, &n);
    size_t at = 0;
    for(k = 0; k < right->n; k++) {
      double score = sei_jaro_winkler(left->text[i], right->text[k]);
      double plain = plain_jaro_winkler(left->text[i], right->text[k]);
      bool there = at < n && hit[at].right == k;
      checks++;
      if(there != (score >= cutoff) || fabs(score - plain) > 1e-9 ||
         (there && hit[at].score != score)) {
        failures++;
        printf("cutoff %g: pair %zu, %zu of score %.17g is %s\n", cutoff, i,
               k, score, there ? "there" : "missing");
      }
      at += there;
    }
    CHECK(at == n);
    all += n;
  }
  CHECK(all == sei_join_count(join));
}

static void test_pair(const struct list *left, const struct list *right,
                      uint64_t *seed)
{
  size_t i = below(seed, CUTOFF_COUNT), kind;
  double cutoff = CUTOFFS[i];
  if(below(seed, 4) == 0)
    cutoff = (double)below(seed, 1000) / 999;
  for(kind = 0; kind < SEI_SCAN_KINDS; kind++) {
    struct sei_join *join;
    if(!sei_scan_of((enum sei_scan_kind)kind))
      continue;
    join = run(left, right, cutoff, (enum sei_scan_kind)kind,
               kind % 2 ? 1 + below(seed, 50) : SIZE_MAX);
    compare(join, left, right, cutoff);
    sei_join_free(join);
  }
}

static void test_random(long sets, uint64_t seed)
{
  static struct list left, right;
  for(; sets > 0; sets--) {
    draw_list(&seed, &left, NULL);
    draw_list(&seed, &right, &left);
    test_pair(&left, &right, &seed);
  }
}

/* Every cutoff, with texts of few letters: many pairs are near it. */
static void test_cutoffs(void)
{
  static struct list left, right;
  uint64_t seed = 3;
  size_t i;
  for(i = 0; i < 4 * CUTOFF_COUNT; i++) {
    struct list *l;
    struct sei_join *join;
    left.n = right.n = 0;
    for(l = &left; l; l = l == &left ? &right : NULL)
      while(l->n < 90) {
        uint32_t code[LENGTH];
        size_t k, n = below(&seed, 4) ? 4 + below(&seed, 12) :
          below(&seed, 70);
        for(k = 0; k < n; k++)
          code[k] = 'a' + (uint32_t)below(&seed, 2 + l->n % 5);
        add(l, code, n);
      }
    join = run(&left, &right, CUTOFFS[i % CUTOFF_COUNT], SEI_SCAN_PLAIN, 7);
    compare(join, &left, &right, CUTOFFS[i % CUTOFF_COUNT]);
    sei_join_free(join);
  }
}

/* A signature never says that less is common than is. */
static void test_signature(void)
{
  uint64_t seed = 9;
  uint32_t x[200], y[200];
  size_t i, k, low = 0;
  for(i = 0; i < 20000; i++) {
    size_t m = below(&seed, 200), n = below(&seed, 200), common = 0;
    size_t letters = 1 + below(&seed, 100);
    size_t count[100] = { 0 };
    struct sei_signature a, b;
    for(k = 0; k < m; k++)
      count[x[k] = (uint32_t)below(&seed, letters)]++;
    for(k = 0; k < n; k++) {
      y[k] = (uint32_t)below(&seed, letters);
      if(count[y[k]]) {
        count[y[k]]--;
        common++;
      }
    }
    a = sei_signature_of(x, m);
    b = sei_signature_of(y, n);
    low += (size_t)__builtin_popcountll(a.bits & b.bits) + a.beyond < common;
    low += (size_t)__builtin_popcountll(a.bits & b.bits) + b.beyond < common;
  }
  CHECK(low == 0);
}

/* All scans find the same, whatever the number of signatures is. */
static void test_scans(void)
{
  static uint64_t all[SEI_SCAN_MOST];
  static uint16_t found[SEI_SCAN_KINDS][SEI_SCAN_MOST];
  uint64_t seed = 4;
  size_t i, n, kind;
  for(i = 0; i < SEI_SCAN_MOST; i++)
    all[i] = draw(&seed) | draw(&seed);
  all[3] = all[700] = ~(uint64_t)0;
  for(n = 0; n <= SEI_SCAN_MOST; n += n < 70 ? 1 : 53) {
    uint64_t one = n % 3 ? draw(&seed) | draw(&seed) : ~(uint64_t)0;
    unsigned need = n % 3 ? 20 + (unsigned)(n % 20) : 64;
    size_t plain = sei_scan_of(SEI_SCAN_PLAIN)(one, all, n, need, found[0]);
    for(kind = 1; kind < SEI_SCAN_KINDS; kind++) {
      sei_scan *scan = sei_scan_of((enum sei_scan_kind)kind);
      if(!scan)
        continue;
      CHECK(scan(one, all, n, need, found[kind]) == plain);
      CHECK(!memcmp(found[0], found[kind], plain * sizeof **found));
    }
  }
  CHECK(sei_scan_best());
}

static void test_ends(void)
{
  struct sei_join *j = sei_join_new(0.9, 3);
  static const uint32_t NAME[] = { 'a', 'd', 'a' };
  const struct sei_codes name = { NAME, 3 }, none = { NULL, 0 };
  size_t i, n;
  CHECK(sei_join_step(j, 1) == SEI_JOIN_DONE && sei_join_count(j) == 0);
  sei_join_free(j);
  j = sei_join_new(0.9, 3);
  for(i = 0; i < 2; i++) {
    CHECK(sei_join_add(j, SEI_LEFT, name) == SEI_JOIN_DONE);
    CHECK(sei_join_add(j, SEI_RIGHT, name) == SEI_JOIN_DONE);
  }
  CHECK(sei_join_step(j, SIZE_MAX) == SEI_JOIN_FULL);
  CHECK(sei_join_step(j, SIZE_MAX) == SEI_JOIN_FULL);
  CHECK(sei_join_count(j) == 3);
  sei_join_free(j);
  j = sei_join_new(1, 1);
  sei_join_add(j, SEI_LEFT, none);
  sei_join_add(j, SEI_RIGHT, none);
  sei_join_add(j, SEI_RIGHT, name);
  CHECK(sei_join_step(j, SIZE_MAX) == SEI_JOIN_DONE);
  CHECK(sei_join_hits(j, 0, &n)->right == 0 && n == 1);
  sei_join_free(j);
  sei_join_free(NULL);
}

int main(int argc, char **argv)
{
  test_signature();
  test_scans();
  test_ends();
  test_cutoffs();
  test_random(argc > 1 ? atol(argv[1]) : 60,
              argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
  printf("join_test: %d checks\n", checks);
  return failures != 0;
}
