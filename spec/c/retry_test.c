/* retry_test - which attempts are repeated, after how long, and until when. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "../../ext/http/retry.h"

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

static struct sei_retry_budget budget;

static struct sei_retry begin(double deadline, uint64_t seed)
{
  struct sei_retry r;
  sei_retry_begin(&r, &sei_retry_default, &budget, deadline, seed);
  return r;
}

/* ---- outcomes ---- */

static enum sei_retry_outcome of(enum sei_failure failure, int status,
                                 bool sent, bool idempotent, bool refused)
{
  struct sei_retry_facts f = { failure, status, sent, idempotent, refused };
  return sei_retry_outcome(&f);
}

static void test_statuses(void)
{
  static const int transient[] = { 408, 429, 500, 502, 503, 504 };
  int status;
  size_t i;
  for(status = 100; status < 600; status++) {
    bool expected = false;
    for(i = 0; i < 6; i++)
      expected = expected || transient[i] == status;
    CHECK(of(SEI_FAILURE_NONE, status, true, true, false) ==
          (status < 400 ? SEI_OUTCOME_OK : expected ? SEI_OUTCOME_TRANSIENT :
           SEI_OUTCOME_FINAL));
    CHECK(of(SEI_FAILURE_NONE, status, true, false, false) ==
          (status < 400 ? SEI_OUTCOME_OK : status == 429 ?
           SEI_OUTCOME_TRANSIENT : SEI_OUTCOME_FINAL));
  }
  CHECK(of(SEI_FAILURE_NONE, 500, true, false, true) == SEI_OUTCOME_TRANSIENT);
  CHECK(of(SEI_FAILURE_NONE, 400, true, true, true) == SEI_OUTCOME_FINAL);
}

static void test_failures(void)
{
  enum sei_failure f;
  CHECK(of(SEI_FAILURE_CONNECT, 0, true, true, 0) == SEI_OUTCOME_TRANSIENT);
  CHECK(of(SEI_FAILURE_CONNECT, 0, false, false, 0) == SEI_OUTCOME_TRANSIENT);
  CHECK(of(SEI_FAILURE_CONNECT, 0, true, false, 0) == SEI_OUTCOME_FINAL);
  CHECK(of(SEI_FAILURE_TIMEOUT, 0, true, true, 0) == SEI_OUTCOME_TIMEOUT);
  CHECK(of(SEI_FAILURE_TIMEOUT, 0, false, false, 0) == SEI_OUTCOME_TIMEOUT);
  CHECK(of(SEI_FAILURE_TIMEOUT, 0, true, false, 0) == SEI_OUTCOME_FINAL);
  for(f = SEI_FAILURE_NONE; f <= SEI_FAILURE_MEMORY; f++)
    if(f != SEI_FAILURE_NONE && f != SEI_FAILURE_CONNECT &&
       f != SEI_FAILURE_TIMEOUT)
      CHECK(of(f, 0, false, true, false) == SEI_OUTCOME_FINAL);
  /* a status that came before the reply broke off says nothing */
  CHECK(of(SEI_FAILURE_CONNECT, 200, true, false, 0) == SEI_OUTCOME_FINAL);
}

/* ---- attempts and delays ---- */

static void test_attempts(void)
{
  struct sei_retry r = begin(0, 1);
  double delay, bound = 0.2;
  int i;
  sei_retry_budget_init(&budget);
  for(i = 0; i < 3; i++, bound *= 2) {
    CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, 0, &delay) ==
          SEI_RETRY_AGAIN);
    CHECK(delay >= 0 && delay < bound);
  }
  CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, 0, &delay) ==
        SEI_RETRY_ATTEMPTS);
  CHECK(delay == 0);
  CHECK(budget.tokens == 500 - 15);
  r = begin(0, 1);
  CHECK(sei_retry_next(&r, SEI_OUTCOME_FINAL, -1, 0, &delay) ==
        SEI_RETRY_FINAL);
  CHECK(sei_retry_next(&r, SEI_OUTCOME_OK, -1, 0, &delay) == SEI_RETRY_DONE);
}

/* Full jitter is even: mean at a half, both ends reached. */
static void jitter(unsigned attempt, double bound)
{
  double sum = 0, low = 1e9, high = 0, delay = 0;
  int i;
  for(i = 0; i < 2000; i++) {
    struct sei_retry r = begin(0, (uint64_t)i);
    sei_retry_budget_init(&budget);
    r.attempt = attempt - 1;
    sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, 0, &delay);
    sum += delay;
    low = delay < low ? delay : low;
    high = delay > high ? delay : high;
  }
  CHECK(sum / 2000 > 0.46 * bound && sum / 2000 < 0.54 * bound);
  CHECK(low >= 0 && low < 0.01 * bound);
  CHECK(high > 0.99 * bound && high < bound);
}

static void test_cap(void)
{
  struct sei_retry_policy many = sei_retry_default;
  struct sei_retry r;
  double delay, high = 0;
  unsigned i;
  many.attempts = 5000;
  sei_retry_begin(&r, &many, &budget, 0, 7);
  for(i = 0; i < 4000; i++) {
    sei_retry_budget_init(&budget);
    CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, 0, &delay) ==
          SEI_RETRY_AGAIN);
    high = delay > high ? delay : high;
  }
  CHECK(high > 19 && high < 20);
}

static void test_retry_after(void)
{
  struct sei_retry r = begin(0, 3);
  double delay;
  sei_retry_budget_init(&budget);
  CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, 60, 0, &delay) ==
        SEI_RETRY_AGAIN);
  CHECK(delay >= 60 && delay < 60.2);
  CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, 0, 0, &delay) ==
        SEI_RETRY_AGAIN);
  CHECK(delay >= 0 && delay < 0.2);
  CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, 60.5, 0, &delay) ==
        SEI_RETRY_TOO_LONG);
  CHECK(delay == 0 && budget.tokens == 490);
}

static void test_deadline(void)
{
  double delay;
  int i, again = 0, stopped = 0;
  for(i = 0; i < 1000; i++) {
    struct sei_retry r = begin(1000.1, (uint64_t)i);
    sei_retry_budget_init(&budget);
    if(sei_retry_next(&r, SEI_OUTCOME_TIMEOUT, -1, 1000, &delay) ==
       SEI_RETRY_AGAIN) {
      again++;
      CHECK(1000 + delay < 1000.1);
    }
    else {
      stopped++;
      CHECK(delay == 0 && budget.tokens == 500); /* nothing was spent */
    }
  }
  CHECK(again > 400 && stopped > 400);
  {
    struct sei_retry r = begin(1010, 1);
    CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, 11, 1000, &delay) ==
          SEI_RETRY_DEADLINE);
  }
}

/* ---- the budget ---- */

static void test_prices(void)
{
  struct sei_retry r = begin(0, 1);
  double delay;
  sei_retry_budget_init(&budget);
  sei_retry_next(&r, SEI_OUTCOME_OK, -1, 0, &delay);
  CHECK(budget.tokens == 500); /* never more */
  budget.tokens = 100;
  r = begin(0, 1);
  sei_retry_next(&r, SEI_OUTCOME_OK, -1, 0, &delay);
  CHECK(budget.tokens == 101);
  r = begin(0, 1);
  sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, 0, &delay);
  CHECK(budget.tokens == 96);
  sei_retry_next(&r, SEI_OUTCOME_TIMEOUT, -1, 0, &delay);
  CHECK(budget.tokens == 86);
  sei_retry_next(&r, SEI_OUTCOME_OK, -1, 0, &delay);
  CHECK(budget.tokens == 96); /* the last price comes back */
}

/* A server that fails everything: the traffic stays near one attempt each. */
static void test_outage(void)
{
  int request, sent = 0;
  double delay;
  sei_retry_budget_init(&budget);
  for(request = 0; request < 1000; request++) {
    struct sei_retry r = begin(0, (uint64_t)request);
    do
      sent++;
    while(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, 0, &delay) ==
          SEI_RETRY_AGAIN);
  }
  CHECK(sent == 1000 + 100); /* the bucket pays for a hundred */
  {
    struct sei_retry r = begin(0, 1);
    CHECK(sei_retry_next(&r, SEI_OUTCOME_TRANSIENT, -1, 0, &delay) ==
          SEI_RETRY_BUDGET);
  }
}

static void test_reasons(void)
{
  CHECK(!strcmp(sei_retry_reason(SEI_RETRY_AGAIN), "it is sent again"));
  CHECK(strstr(sei_retry_reason(SEI_RETRY_ATTEMPTS), "attempts"));
  CHECK(strstr(sei_retry_reason(SEI_RETRY_DEADLINE), "deadline"));
  CHECK(strstr(sei_retry_reason(SEI_RETRY_TOO_LONG), "longer"));
}

int main(void)
{
  test_statuses();
  test_failures();
  test_attempts();
  jitter(1, 0.2);
  jitter(2, 0.4);
  jitter(3, 0.8);
  test_cap();
  test_retry_after();
  test_deadline();
  test_prices();
  test_outage();
  test_reasons();
  if(!failures)
    printf("retry: %d checks\n", checks);
  return failures != 0;
}
