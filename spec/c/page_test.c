/* page_test - the paging rule, case by case: the order of requests and pages,
 * and page sizes. */
#include "page_feed.h"

/* ---- the order of things ---- */

static void test_window(void)
{
  int a, b, c, d, e, f;
  o.window = 2;
  begin(10);
  a = ASKS(0, 10, 0);
  CHECK(asks_nothing());        /* no total yet */
  CHECK(take() == SEI_PAGES_WAIT);
  comes(a, 10, 45, 10, 1);
  CHECK(asks_nothing());        /* not before the first page is looked at */
  TAKES(a, 0, 10);
  b = ASKS(1, 10, 0);
  c = ASKS(2, 10, 0);
  CHECK(asks_nothing());        /* two under way, one taken */
  CHECK(b != a && c != a && b != c);
  comes(c, 10, 45, 10, 3);
  CHECK(asks_nothing());        /* what waits counts too */
  CHECK(take() == SEI_PAGES_WAIT);
  comes(b, 10, 45, 10, 2);
  TAKES(b, 0, 10);
  d = ASKS(3, 10, 0);
  TAKES(c, 0, 10);
  e = ASKS(4, 10, 0);
  CHECK(asks_nothing());        /* 4 holds the last */
  comes(e, 5, 45, 10, 5);
  CHECK(take() == SEI_PAGES_WAIT);
  comes(d, 10, 45, 10, 4);
  TAKES(d, 0, 10);
  TAKES(e, 0, 5);
  CHECK(asks_nothing());
  CHECK(take() == SEI_PAGES_DONE && take() == SEI_PAGES_DONE);
  CHECK(p.requests == 5 && p.delivered == 45 && !p.drift.kinds);
  f = sei_pages_stale(&p);
  CHECK(f == -1);
}

static void test_unknown_total(void)
{
  int a, b, c;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, -1, -1, 1);
  TAKES(a, 0, 10);
  b = ASKS(1, 10, 0);
  CHECK(asks_nothing());
  comes(b, 10, -1, -1, 2);
  CHECK(asks_nothing());        /* one ahead of what is handed out */
  TAKES(b, 0, 10);
  c = ASKS(2, 10, 0);
  comes(c, 0, -1, -1, 3);
  CHECK(take() == SEI_PAGES_DONE);
  CHECK(sei_pages_stale(&p) == c && sei_pages_stale(&p) == -1);
  CHECK(p.requests == 3 && p.delivered == 20 && !p.drift.kinds);
}

static void test_max_items(void)
{
  struct sei_pages_page page;
  int64_t out;
  int a;
  o.max_items = 0;
  begin(10);
  CHECK(asks_nothing() && take() == SEI_PAGES_DONE && p.requests == 0);
  o.max_items = 25;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, 1000, 10, 1);
  TAKES(a, 0, 10);
  comes(ASKS(1, 10, 0), 10, 1000, 10, 2);
  a = ASKS(2, 10, 0);
  CHECK(asks_nothing());        /* three pages hold 25 */
  comes(a, 10, 1000, 10, 3);
  CHECK(take() == SEI_PAGES_PAGE);
  CHECK(sei_pages_judge(&p, 10, 0, &out) == SEI_PAGES_PAGE && out == 10);
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE && page.n == 10);
  CHECK(sei_pages_judge(&p, 10, 0, &out) == SEI_PAGES_PAGE && out == 5);
  CHECK(sei_pages_judge(&p, 10, 0, &out) == SEI_PAGES_WAIT && out == 0);
  CHECK(take() == SEI_PAGES_DONE && sei_pages_offset(&p, 0) == 25);
}

static void test_offset(void)
{
  struct sei_pages_page page;
  int64_t out;
  int a;
  o.start = 7;
  begin(5);
  CHECK(sei_pages_offset(&p, 0) == 7);
  a = ASKS(1, 5, 2);
  comes(a, 5, 100, 5, 1);
  CHECK(sei_pages_take(&p, &page) == SEI_PAGES_PAGE);
  CHECK(page.first == 2 && page.n == 3);
  CHECK(sei_pages_offset(&p, 3) == 7);  /* not judged: nothing handed out */
  CHECK(sei_pages_judge(&p, 3, 0, &out) == SEI_PAGES_PAGE && out == 3);
  CHECK(sei_pages_offset(&p, 0) == 7 && sei_pages_offset(&p, 2) == 9);
  CHECK(sei_pages_offset(&p, 3) == 10);
  ASKS(2, 5, 0);
  CHECK(take() == SEI_PAGES_WAIT && sei_pages_offset(&p, 0) == 10);
}

/* A taken page that nobody judged counts as all new. */
static void test_unjudged(void)
{
  int a;
  begin(5);
  a = ASKS(0, 5, 0);
  comes(a, 5, 5, 5, 1);
  CHECK(take() == SEI_PAGES_PAGE && take() == SEI_PAGES_DONE);
  CHECK(p.delivered == 5);
}

/* ---- page sizes ---- */

static void test_refused(void)
{
  int a, b, c, d;
  o.window = 3;
  begin(50);
  a = ASKS(0, 50, 0);
  comes(a, 50, 1000, 50, 1);
  TAKES(a, 0, 50);
  b = ASKS(1, 50, 0);
  c = ASKS(2, 50, 0);
  d = ASKS(3, 50, 0);
  comes(b, 50, 1000, 50, 2);
  sei_pages_refused(&p, d);     /* 2 is under way: it goes too; 1 stays */
  CHECK(asks_nothing());        /* one at a time until a size works */
  comes(c, 50, 1000, 50, 3);    /* stale: passed over */
  CHECK(sei_pages_stale(&p) + sei_pages_stale(&p) == c + d);
  CHECK(sei_pages_stale(&p) == -1);
  TAKES(b, 0, 50);
  a = ASKS(4, 25, 0);
  CHECK(asks_nothing());
  comes(a, 25, 1000, 25, 4);
  ASKS(5, 25, 0);
  ASKS(6, 25, 0);
  CHECK(asks_nothing());
  TAKES(a, 0, 25);
}

/* 50, 25, 12: 12 does not divide the offset, so some records are skipped. */
static void test_refused_odd(void)
{
  int a;
  begin(50);
  a = ASKS(0, 50, 0);
  comes(a, 50, 80, 50, 1);
  TAKES(a, 0, 50);
  sei_pages_refused(&p, ASKS(1, 50, 0));
  sei_pages_refused(&p, ASKS(2, 25, 0));
  a = ASKS(4, 12, 2);           /* 48 to 59; 48 and 49 are known */
  CHECK(asks_nothing());        /* one at a time until a size works */
  comes(a, 12, 80, 12, 2);
  TAKES(a, 2, 10);
  comes(ASKS(5, 12, 0), 12, 80, 12, 3);
  comes(ASKS(6, 12, 0), 8, 80, 12, 4);
  CHECK(asks_nothing());
  CHECK(take() == SEI_PAGES_PAGE && take() == SEI_PAGES_PAGE);
  CHECK(take() == SEI_PAGES_DONE && p.delivered == 80 && !p.drift.kinds);
}

static void test_refused_for_good(void)
{
  int a;
  begin(2);
  a = ASKS(0, 2, 0);
  comes(a, 2, 9, 2, 1);
  TAKES(a, 0, 2);
  sei_pages_refused(&p, ASKS(1, 2, 0));
  a = ASKS(2, 1, 0);
  sei_pages_refused(&p, a);
  CHECK(take() == SEI_PAGES_FAILED);
  CHECK(fails(SEI_PAGES_REFUSED, "page_size_refused", "with page_size 1"));
  CHECK(sei_pages_offset(&p, 0) == 2);
}

static void test_capped(void)
{
  int a;
  begin(100);                   /* 20 at most, and says so or not */
  a = ASKS(0, 100, 0);
  comes(a, 20, 50, 100, 1);
  TAKES(a, 0, 20);
  CHECK(p.size == 20);
  comes(ASKS(1, 20, 0), 20, 50, 20, 2);
  comes(ASKS(2, 20, 0), 10, 50, 20, 3);
  CHECK(asks_nothing());
  o.on_drift = SEI_DRIFT_ERROR; /* later, with an echo */
  begin(100);
  a = ASKS(0, 100, 0);
  comes(a, 100, 250, 100, 1);
  TAKES(a, 0, 100);
  a = ASKS(1, 100, 0);
  ASKS(2, 100, 0);
  comes(a, 40, 250, 40, 2);     /* holds 40 to 79: nothing of use */
  CHECK(take() == SEI_PAGES_WAIT);
  CHECK(sei_pages_stale(&p) >= 0 && sei_pages_stale(&p) >= 0);
  a = ASKS(2, 40, 20);
  comes(a, 40, 250, 40, 3);
  TAKES(a, 20, 20);
  CHECK(!p.drift.kinds && sei_pages_offset(&p, 20) == 120);
}

/* Some servers echo how many records the page holds. */
static void test_echoed_count(void)
{
  int a;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 10, 15, 10, 1);
  TAKES(a, 0, 10);
  a = ASKS(1, 10, 0);
  comes(a, 5, 15, 5, 2);
  TAKES(a, 0, 5);
  CHECK(asks_nothing() && take() == SEI_PAGES_DONE && p.requests == 2);
}

static void test_fixed_size(void)
{
  int a;
  begin(10);                    /* always 50, whatever is asked */
  a = ASKS(0, 10, 0);
  comes(a, 50, 120, 50, 1);
  TAKES(a, 0, 50);
  ASKS(1, 50, 0);
  ASKS(2, 50, 0);
  CHECK(asks_nothing());
  o.start = 60;                 /* the same from the middle */
  begin(10);
  comes(ASKS(6, 10, 0), 50, 120, 50, 1);
  CHECK(take() == SEI_PAGES_WAIT);
  a = ASKS(1, 50, 10);
  comes(a, 50, 120, 50, 1);
  TAKES(a, 10, 40);
  o.start = 60;                 /* and echoes what it was asked */
  begin(10);
  comes(ASKS(6, 10, 0), 50, 1200, 10, 1);
  CHECK(take() == SEI_PAGES_WAIT);
  ASKS(1, 50, 10);
}

static void test_unpaged(void)
{
  int a;
  begin(10);
  a = ASKS(0, 10, 0);
  comes(a, 34, -1, -1, 1);
  TAKES(a, 0, 34);
  CHECK(asks_nothing() && take() == SEI_PAGES_DONE && !p.drift.kinds);
  begin(10);                    /* echoes what it does not do */
  a = ASKS(0, 10, 0);
  comes(a, 34, -1, 10, 1);
  TAKES(a, 0, 34);
  CHECK(asks_nothing() && take() == SEI_PAGES_DONE && !p.drift.kinds);
  begin(10);                    /* with a total that agrees */
  a = ASKS(0, 10, 0);
  comes(a, 34, 34, -1, 1);
  TAKES(a, 0, 34);
  CHECK(asks_nothing() && take() == SEI_PAGES_DONE && !p.drift.kinds);
  o.start = 30;                 /* resumed */
  begin(10);
  a = ASKS(3, 10, 0);
  comes(a, 34, -1, -1, 1);
  TAKES(a, 30, 4);
  CHECK(sei_pages_offset(&p, 4) == 34 && take() == SEI_PAGES_DONE);
}

static void test_unsteady_size(void)
{
  int i, size = 1000;
  o.start = 100000;
  begin(size);
  for(i = 0; i < 100 && take() == SEI_PAGES_WAIT; i++, size--) {
    int a = ASKS(100000 / size, size, 100000 % size);
    comes(a, size - 1, -1, size - 1, (uint64_t)i);
    CHECK(take() != SEI_PAGES_DONE);
    while(sei_pages_stale(&p) >= 0)
      ;
  }
  CHECK(i < 20);
  CHECK(fails(SEI_PAGES_BAD, "bad_paging", "changes the page size"));
}

static void (*const tests[])(void) = {
  test_window, test_unknown_total, test_max_items, test_offset, test_unjudged,
  test_refused, test_refused_odd, test_refused_for_good, test_capped,
  test_echoed_count, test_fixed_size, test_unpaged, test_unsteady_size
};

int main(void)
{
  size_t i;
  sei_pages_defaults(&o);
  for(i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
    tests[i]();
  if(!failures)
    printf("page: %d checks\n", checks);
  return failures != 0;
}
