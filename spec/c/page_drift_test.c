/* page_drift_test - the paging rule, case by case: servers that repeat
 * themselves or lie, and lists that move. */
#include "page_feed.h"

/* ---- servers that repeat themselves ---- */

static void test_loop(void)
{
  int a;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, -1, -1, 7);
  TAKES(a, 0, 10);
  comes(ASKS(1, 10, 0), 10, -1, -1, 7);
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_LOOP, "paging_loop", "page 1 (page_size 10)"));
  CHECK(sei_pages_offset(&p, 0) == 10);
}

/* A, B, A, B, … without a total would go on for ever. */
static void test_round_and_round(void)
{
  struct sei_pages_page page;
  int64_t out;
  int i;
  o.on_drift = SEI_DRIFT_WARN;
  begin(10);
  for(i = 0; i < 100; i++) {
    comes(ASKS(i, 10, 0), 10, -1, -1, (uint64_t)i % 2);
    CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE);
    if(sei_pages_judge(&p, i < 2 ? 10 : 0, i < 2 ? 0 : 10, &out) !=
       SEI_PAGES_PAGE)
      break;
  }
  CHECK(i == 17 && p.delivered == 20);
  CHECK(fails(SEI_PAGES_LOOP, "paging_loop", "repeats itself"));
}

static void test_max_pages(void)
{
  int a;
  o.max_pages = 2;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, 30, 10, 1);
  TAKES(a, 0, 10);
  a = ASKS(1, 10, 0);
  CHECK(asks_nothing());
  comes(a, 10, 30, 10, 2);
  TAKES(a, 0, 10);
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_LIMIT, "max_pages", "more than 2 pages"));
  o.max_pages = 2;              /* exactly enough */
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, 20, 10, 1);
  TAKES(a, 0, 10);
  comes(ASKS(1, 10, 0), 10, 20, 10, 2);
  CHECK(take() == SEI_PAGES_PAGE && take() == SEI_PAGES_DONE);
}

/* ---- lists that move ---- */

/* A walk of pages of 10 whose second page is this. */
static void second_page(enum sei_on_drift how, int64_t count, int64_t total)
{
  int a;
  o.on_drift = how;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, 30, 10, 1);
  TAKES(a, 0, 10);
  comes(ASKS(1, 10, 0), count, total, 10, 2);
}

static void test_drift_error(void)
{
  struct sei_pages_page page;
  int64_t out;
  int a;
  second_page(SEI_DRIFT_ERROR, 10, 31);
  CHECK(take() == SEI_PAGES_FAILED && p.drift.kinds == SEI_MOVED_TOTAL);
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "total_count went from 30 to 31"));
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "first seen on page 1 (page_size 10"));
  second_page(SEI_DRIFT_ERROR, 8, 30);
  CHECK(take() == SEI_PAGES_FAILED && p.drift.kinds == SEI_MOVED_SHORT);
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "held 8 records where 10 were due"));
  second_page(SEI_DRIFT_ERROR, 0, 30);
  CHECK(take() == SEI_PAGES_FAILED && p.drift.kinds == SEI_MOVED_EMPTY);
  second_page(SEI_DRIFT_ERROR, 12, 30);
  CHECK(take() == SEI_PAGES_FAILED && p.drift.kinds == SEI_MOVED_LONG);
  second_page(SEI_DRIFT_ERROR, 10, 30);
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 9, 1, &out) == SEI_PAGES_FAILED && out == 0);
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "1 record came twice"));
  CHECK(sei_pages_offset(&p, 0) == 10 && p.delivered == 10);
  begin(10);                    /* the same record on page 0 already */
  a = ASKS(0, 10, 0);
  comes(a, 10, 30, 10, 1);
  CHECK(take() == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 8, 2, &out) == SEI_PAGES_FAILED);
  CHECK(sei_pages_stale(&p) == a && sei_pages_offset(&p, 8) == 0);
  o.known_total = 0;            /* nothing was there before */
  begin(10);
  comes(ASKS(0, 10, 0), 10, 30, 10, 1);
  CHECK(take() == SEI_PAGES_FAILED && p.drift.total_before == 0);
  o.known_total = 29;           /* since the token was made */
  o.start = 10;
  begin(10);
  comes(ASKS(1, 10, 0), 10, 30, 10, 1);
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "went from 29 to 30"));
}

static void test_drift_warn(void)
{
  struct sei_pages_page page;
  char text[512];
  int64_t out;
  int a;
  second_page(SEI_DRIFT_WARN, 10, 41);  /* grew: page 3 and 4 are wanted */
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 8, 2, &out) == SEI_PAGES_PAGE && out == 8);
  comes(ASKS(2, 10, 0), 10, 41, 10, 3);
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 9, 1, &out) == SEI_PAGES_PAGE && out == 9);
  a = ASKS(3, 10, 0);
  comes(a, 10, 41, 10, 4);
  TAKES(a, 0, 10);
  a = ASKS(4, 10, 0);
  comes(a, 1, 41, 10, 5);
  TAKES(a, 0, 1);
  CHECK(asks_nothing() && take() == SEI_PAGES_DONE);
  CHECK(p.drift.kinds == (SEI_MOVED_TOTAL | SEI_MOVED_TWICE));
  CHECK(p.drift.twice == 3 && p.delivered == 38);
  sei_pages_problem(&p, text, sizeof(text));
  CHECK(strstr(text, "from 30 to 41, 3 records came twice; first seen"));
  sei_pages_problem(&p, text, 20);
  CHECK(strlen(text) == 19);
  sei_pages_problem(&p, text, 0);
}

/* Behind a short page stands the next page, not the next number. */
static void test_offset_short(void)
{
  struct sei_pages_page page;
  int64_t out;
  second_page(SEI_DRIFT_WARN, 7, 30);
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 7, 0, &out) == SEI_PAGES_PAGE);
  CHECK(sei_pages_offset(&p, 6) == 16 && sei_pages_offset(&p, 7) == 20);
}

/* A page that is too long lets no record between it and the next be left out
 * of the rest of the walk. */
static void test_offset_long(void)
{
  struct sei_pages_page page;
  int64_t out;
  second_page(SEI_DRIFT_WARN, 15, 30);
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE && page.n == 15);
  CHECK(sei_pages_judge(&p, 15, 0, &out) == SEI_PAGES_PAGE && out == 15);
  CHECK(sei_pages_offset(&p, 9) == 19 && sei_pages_offset(&p, 10) == 20);
  CHECK(sei_pages_offset(&p, 12) == 20 && sei_pages_offset(&p, 15) == 20);
}

/* The total shrinks to what was read: what is under way beyond is dropped. */
static void test_shrunk(void)
{
  int a, b, c;
  o.on_drift = SEI_DRIFT_WARN;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, 30, 10, 1);
  TAKES(a, 0, 10);
  b = ASKS(1, 10, 0);
  c = ASKS(2, 10, 0);
  comes(b, 10, 20, 10, 2);
  TAKES(b, 0, 10);
  CHECK(take() == SEI_PAGES_DONE && p.drift.kinds == SEI_MOVED_TOTAL);
  CHECK(sei_pages_stale(&p) == c && sei_pages_stale(&p) == -1);
}

static void test_repair(void)
{
  struct sei_pages_page page;
  int64_t out;
  int pass, a;
  second_page(SEI_DRIFT_REPAIR, 10, 20);
  CHECK(take() == SEI_PAGES_PAGE && sei_pages_offset(&p, 5) == 0);
  CHECK(take() == SEI_PAGES_WAIT && p.pass == 1);
  a = ASKS(0, 10, 0);
  CHECK(asks_nothing());
  comes(a, 10, 20, 10, 1);
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 1, 0, &out) == SEI_PAGES_PAGE && out == 1);
  comes(ASKS(1, 10, 0), 10, 20, 10, 2);
  CHECK(take() == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 0, 0, &out) == SEI_PAGES_PAGE && out == 0);
  CHECK(take() == SEI_PAGES_DONE && p.delivered == 21);
  second_page(SEI_DRIFT_REPAIR, 9, 20); /* moves for ever */
  for(pass = 1; take() == SEI_PAGES_PAGE && take() == SEI_PAGES_WAIT; pass++) {
    while(sei_pages_stale(&p) >= 0)
      ;
    CHECK(p.pass == (unsigned)pass);
    a = ASKS(0, 10, 0);
    comes(a, 10, 20, 10, 1);
    CHECK(take() == SEI_PAGES_PAGE);
    CHECK(sei_pages_judge(&p, 0, 0, &out) == SEI_PAGES_PAGE);
    comes(ASKS(1, 10, 0), 9, 20, 10, 2);
  }
  CHECK(pass == 4);
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "after it was read 3 times more"));
}

static void test_repair_resumed(void)
{
  o.on_drift = SEI_DRIFT_REPAIR;
  o.start = 10;
  o.known_total = 40;
  begin(10);
  comes(ASKS(1, 10, 0), 10, 41, 10, 1);
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "cannot be repaired"));
}

/* A short page is the last one, unless another comes behind it. */
static void test_short_unknown(void)
{
  int a;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, -1, -1, 1);
  TAKES(a, 0, 10);
  a = ASKS(1, 10, 0);
  comes(a, 4, -1, -1, 2);
  TAKES(a, 0, 4);
  comes(ASKS(2, 10, 0), 3, -1, -1, 3);
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_DRIFT, "drift", "held 4 records where 10 were due"));
}

/* ---- numbers that lie ---- */

static void test_lies(void)
{
  int a;
  begin(10);                    /* nothing there, it says */
  comes(ASKS(0, 10, 0), 5, 0, 10, 1);
  CHECK(take() == SEI_PAGES_FAILED && p.drift.kinds == SEI_MOVED_LONG);
  begin(10);                    /* truly nothing */
  comes(ASKS(0, 10, 0), 0, 0, 10, 1);
  CHECK(take() == SEI_PAGES_DONE && p.requests == 1 && !p.drift.kinds);
  begin(10);                    /* something there, it says */
  comes(ASKS(0, 10, 0), 0, 5, 10, 1);
  CHECK(take() == SEI_PAGES_FAILED && p.drift.kinds == SEI_MOVED_EMPTY);
  begin(10);
  comes(ASKS(0, 10, 0), 10, INT64_MAX, 10, 1);
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_BAD, "bad_paging", "9223372036854775807"));
  begin(10);
  comes(ASKS(0, 10, 0), -3, 10, 10, 1);
  CHECK(take() == SEI_PAGES_FAILED && p.failure == SEI_PAGES_BAD);
  begin(10);                    /* negative is none */
  a = ASKS(0, 10, 0);
  comes(a, 10, INT64_MIN, INT64_MIN, 1);
  TAKES(a, 0, 10);
  CHECK(p.total == -1);
}

static void test_large_numbers(void)
{
  int a;
  o.start = SEI_PAGES_MAX;
  begin(SEI_PAGES_MAX);
  a = ASKS(1, SEI_PAGES_MAX, 0);
  comes(a, SEI_PAGES_MAX, -1, -1, 1);
  TAKES(a, 0, SEI_PAGES_MAX);
  CHECK(asks_nothing());
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_BAD, "bad_paging", "beyond 2^53"));
}

static void test_options(void)
{
  struct sei_pages_options bad;
  sei_pages_defaults(&bad);
  bad.page_size = 0;
  CHECK(sei_pages_begin(&p, &bad));
  bad.page_size = INT64_MAX;
  CHECK(sei_pages_begin(&p, &bad));
  sei_pages_defaults(&bad);
  bad.start = -1;
  CHECK(sei_pages_begin(&p, &bad));
  bad.start = INT64_MAX;
  CHECK(sei_pages_begin(&p, &bad));
  sei_pages_defaults(&bad);
  bad.window = SEI_PAGES_WINDOW_MAX + 1;
  CHECK(sei_pages_begin(&p, &bad));
  sei_pages_defaults(&bad);
  bad.known_total = INT64_MAX;
  CHECK(sei_pages_begin(&p, &bad));
}

/* Replies that nobody waits for change nothing. */
static void test_strays(void)
{
  int a;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(-1, 10, 5, 10, 1);
  comes(1000, 10, 5, 10, 1);
  comes(a + 1, 10, 5, 10, 1);
  sei_pages_refused(&p, a + 1);
  sei_pages_refused(&p, -1);
  CHECK(p.total == -1 && p.size == 10 && take() == SEI_PAGES_WAIT);
  comes(a, 10, 20, 10, 1);
  comes(a, 3, 7, 10, 2);        /* a second reply */
  CHECK(p.total == 20);
  TAKES(a, 0, 10);
}

static void (*const tests[])(void) = {
  test_loop, test_round_and_round, test_max_pages, test_drift_error,
  test_drift_warn, test_offset_short, test_offset_long, test_shrunk,
  test_repair, test_repair_resumed, test_short_unknown, test_lies,
  test_large_numbers, test_options, test_strays
};

int main(void)
{
  size_t i;
  sei_pages_defaults(&o);
  for(i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
    tests[i]();
  if(!failures)
    printf("page_drift: %d checks\n", checks);
  return failures != 0;
}
