/* pace_test - the rate that comes out of the bucket, on a clock of our own. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../ext/http/pace.h"

static int checks, failures;

#define CHECK(ok) check((ok) ? 1 : 0, __LINE__, #ok)

static void check(int ok, int line, const char *what)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s:%d: %s\n", __FILE__, line, what);
}

static bool near(double a, double b)
{
  return a > b - 1e-6 && a < b + 1e-6;
}

static struct sei_pace started(double now)
{
  struct sei_pace p;
  sei_pace_init(&p, &sei_pace_default, now);
  return p;
}

/* Sends as fast as it may until `end`; returns how many went. */
static int flood(struct sei_pace *p, double *now, double end)
{
  int n = 0, rounds = 0;
  for(;;) {
    double delay = sei_pace_delay(p, 100, *now);
    CHECK(delay >= 0);
    CHECK(++rounds < 100000); /* a delay that was waited for is enough */
    if(rounds >= 100000 || *now + delay >= end)
      break;
    *now += delay;
    if(delay > 0)
      continue;
    sei_pace_sent(p, 100, *now);
    n++;
  }
  *now = end;
  return n;
}

static void test_burst_and_rate(void)
{
  struct sei_pace p = started(100);
  double now = 100;
  int i;
  for(i = 0; i < 10; i++) {
    CHECK(sei_pace_delay(&p, 100, now) == 0);
    sei_pace_sent(&p, 100, now);
  }
  CHECK(near(sei_pace_delay(&p, 100, now), 0.2));
  CHECK(near(sei_pace_delay(&p, 100, now + 0.1), 0.1));
  CHECK(sei_pace_delay(&p, 100, now + 0.2) == 0);
  p = started(100);
  i = flood(&p, &now, 160);
  CHECK(i >= 308 && i <= 310); /* 10 + 60 * 5; the server allows 400 */
  now = 10000; /* a long rest fills the bucket, and no more */
  i = flood(&p, &now, 10001);
  CHECK(i >= 14 && i <= 15);
}

static void test_large(void)
{
  struct sei_pace p = started(0);
  CHECK(sei_pace_delay(&p, 500001, 0) == 0);
  sei_pace_sent(&p, 500001, 0);
  CHECK(near(sei_pace_delay(&p, 500001, 1), 9));
  CHECK(sei_pace_delay(&p, 500000, 1) == 0); /* not large: passes */
  sei_pace_sent(&p, 500000, 1);
  CHECK(near(sei_pace_delay(&p, 600000, 2), 8));
  CHECK(sei_pace_delay(&p, 600000, 10) == 0);
  sei_pace_sent(&p, 600000, 10);
  CHECK(near(sei_pace_delay(&p, SIZE_MAX, 10), 10));
}

static void test_limited(void)
{
  struct sei_pace p = started(0);
  sei_pace_sent(&p, 100, 0);
  sei_pace_sent(&p, 100, 0);
  sei_pace_limited(&p, 0, -1, 0.5);
  CHECK(near(p.rate, 2.5));
  CHECK(near(sei_pace_delay(&p, 100, 0.5), 0.4));
  sei_pace_limited(&p, 0, -1, 0.6); /* the second of the same jam */
  CHECK(p.rate > 2.5 && p.rate < 2.6);
  sei_pace_sent(&p, 100, 1);
  sei_pace_limited(&p, 1, -1, 1.2); /* a new one */
  CHECK(p.rate > 1.25 && p.rate < 1.35);
}

static void test_least(void)
{
  struct sei_pace p = started(0);
  int i;
  for(i = 1; i <= 100; i++)
    sei_pace_limited(&p, i, -1, i);
  CHECK(p.rate >= 5.0 / 16 && p.rate < 5.0 / 16 + 0.1);
  CHECK(sei_pace_delay(&p, 100, 100) <= 16.0 / 5);
}

static void test_hold(void)
{
  struct sei_pace p = started(0);
  sei_pace_limited(&p, 0, 30, 1);
  CHECK(near(sei_pace_delay(&p, 100, 1), 30));
  sei_pace_limited(&p, 0, 5, 2); /* a shorter one does not shorten it */
  CHECK(near(sei_pace_delay(&p, 100, 2), 29));
  CHECK(sei_pace_delay(&p, 100, 31) == 0);
  sei_pace_limited(&p, 0, 0, 31);
  CHECK(sei_pace_delay(&p, 100, 31) == 0);
}

/* In a straight line, and never above the full rate. */
static void test_recovery(void)
{
  struct sei_pace p = started(0);
  double now = 0;
  int n;
  sei_pace_limited(&p, 0, -1, 0);
  sei_pace_delay(&p, 100, 10);
  CHECK(near(p.rate, 3));
  sei_pace_delay(&p, 100, 30);
  CHECK(near(p.rate, 4));
  sei_pace_delay(&p, 100, 50);
  CHECK(near(p.rate, 5));
  sei_pace_delay(&p, 100, 500);
  CHECK(near(p.rate, 5));
  p = started(0);
  sei_pace_limited(&p, 0, -1, 0);
  n = flood(&p, &now, 50);
  CHECK(n >= 180 && n <= 188); /* 50 s at 3.75 on average */
}

/* However often one asks, the answer is the same. */
static void test_asking(void)
{
  struct sei_pace often = started(0), once = started(0);
  int i;
  sei_pace_limited(&often, 0, -1, 0);
  sei_pace_limited(&once, 0, -1, 0);
  for(i = 0; i < 20; i++) {
    sei_pace_sent(&often, 1, 0);
    sei_pace_sent(&once, 1, 0);
  }
  for(i = 1; i <= 400; i++)
    sei_pace_delay(&often, 1, i / 100.0);
  CHECK(near(sei_pace_delay(&often, 1, 4), sei_pace_delay(&once, 1, 4)));
  CHECK(near(often.tokens, once.tokens));
}

static void test_off(void)
{
  struct sei_pace_options none = { 0, 1, 500000, 10 };
  struct sei_pace p;
  int i;
  sei_pace_init(&p, &none, 0);
  for(i = 0; i < 100; i++) {
    CHECK(sei_pace_delay(&p, 1000000, 0) == 0);
    sei_pace_sent(&p, 1000000, 0);
  }
  sei_pace_limited(&p, 0, 30, 0);
  CHECK(sei_pace_delay(&p, 1, 0) == 0);
}

int main(void)
{
  test_burst_and_rate();
  test_large();
  test_limited();
  test_least();
  test_hold();
  test_recovery();
  test_asking();
  test_off();
  if(!failures)
    printf("pace: %d checks\n", checks);
  return failures != 0;
}
