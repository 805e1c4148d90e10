/* outage_test - an outage on a clock of our own: how hard do the clients of
 * one process hammer a server that is in trouble? The policies of retry.h and
 * pace.h are pure, so ten minutes take a moment.
 *
 * A thousand calls begin evenly over the outage. Each goes through pace and
 * retries as in ext/lua/exchange.c, until the outage is over. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../ext/http/pace.h"
#include "../../ext/http/retry.h"

enum { CALLS = 1000, OUTAGE = 600 };

static int checks, failures;

static void check(int ok, const char *what, double number)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s: %g\n", what, number);
}

/* How a request fares in the outage, and how long that takes. */
struct trouble {
  const char *name;
  enum sei_failure failure;
  int status;
  double takes;               /* seconds */
  double well;                /* share of the requests that go well */
  double retry_after;         /* seconds; negative: not told */
};

static const struct trouble troubles[] = {
  { "503 at once", SEI_FAILURE_NONE, 503, 0.05, 0, -1 },
  { "503 with Retry-After", SEI_FAILURE_NONE, 503, 0.05, 0, 5 },
  { "429 at once", SEI_FAILURE_NONE, 429, 0.05, 0, -1 },
  { "429 with Retry-After", SEI_FAILURE_NONE, 429, 0.05, 0, 10 },
  { "connection refused", SEI_FAILURE_CONNECT, 0, 0.001, 0, -1 },
  { "no connection", SEI_FAILURE_TIMEOUT, 0, 10, 0, -1 },
  { "no answer", SEI_FAILURE_TIMEOUT, 0, 60, 0, -1 },
  { "a tenth goes well", SEI_FAILURE_NONE, 503, 0.05, 0.1, -1 }
};

struct one_call {
  struct sei_retry retry;
  double at;                  /* when it does something next */
  bool sent;                  /* its reply comes at `at`; else it waits */
  bool over;
  double sent_at, deadline;
};

struct world {
  const struct trouble *trouble;
  struct sei_retry_budget budget;
  struct sei_pace pace;
  struct one_call calls[CALLS];
  uint64_t random;
  unsigned attempts, went_well;
};

static double some(struct world *w)
{
  w->random = w->random * UINT64_C(6364136223846793005) +
    UINT64_C(1442695040888963407);
  return (double)(w->random >> 11) / 9007199254740992.0;
}

static void begin(struct world *w, const struct trouble *t, uint64_t seed)
{
  int i;
  w->trouble = t;
  w->random = seed;
  w->attempts = w->went_well = 0;
  sei_retry_budget_init(&w->budget);
  sei_pace_init(&w->pace, &sei_pace_default, 0);
  for(i = 0; i < CALLS; i++) {
    struct one_call *c = &w->calls[i];
    c->at = (double)i * OUTAGE / CALLS;
    c->deadline = c->at + 300;
    c->sent = c->over = false;
    sei_retry_begin(&c->retry, &sei_retry_default, &w->budget, c->deadline,
                    seed + (uint64_t)i);
  }
}

/* The call whose turn is next, or NULL. */
static struct one_call *next_call(struct world *w)
{
  struct one_call *first = NULL;
  int i;
  for(i = 0; i < CALLS; i++)
    if(!w->calls[i].over && (!first || w->calls[i].at < first->at))
      first = &w->calls[i];
  return first;
}

static void try_to_send(struct world *w, struct one_call *c)
{
  double now = c->at, delay = sei_pace_delay(&w->pace, 1000, now);
  if(now >= c->deadline)
    c->over = true;
  else if(delay > 0)
    c->at = now + delay;
  else {
    sei_pace_sent(&w->pace, 1000, now);
    w->attempts++;
    c->sent = true;
    c->sent_at = now;
    c->at = now + w->trouble->takes;
  }
}

static void receive(struct world *w, struct one_call *c)
{
  const struct trouble *t = w->trouble;
  bool well = c->sent_at >= OUTAGE || some(w) < t->well;
  struct sei_retry_facts f = { t->failure, t->status, true, true, false };
  double delay, after = well ? -1 : t->retry_after;
  if(well) {
    f.failure = SEI_FAILURE_NONE;
    f.status = 200;
  }
  else if(t->status == 429)
    sei_pace_limited(&w->pace, c->sent_at, after, c->at);
  c->sent = false;
  w->went_well += well;
  c->over = sei_retry_next(&c->retry, sei_retry_outcome(&f), after, c->at,
                           &delay) != SEI_RETRY_AGAIN;
  c->at += delay;
}

static void run(struct world *w)
{
  struct one_call *c;
  long turns = 0;
  while((c = next_call(w)) != NULL && turns++ < 5000000) {
    if(c->sent)
      receive(w, c);
    else
      try_to_send(w, c);
  }
  check(!c, "it does not end", (double)turns);
}

static void test_outage(const struct trouble *t)
{
  static struct world w;
  uint64_t seed;
  for(seed = 1; seed <= 3; seed++) {
    double each;
    begin(&w, t, seed * 977);
    run(&w);
    each = (double)w.attempts / CALLS;
    printf("  %-22s seed %d: %.3f attempts a call, %u went well\n", t->name,
           (int)seed, each, w.went_well);
    check(each <= 1.2, t->name, each);
  }
}

/* When it is over the client works as before. */
static void test_recovery(void)
{
  static struct world w;
  int i;
  begin(&w, &troubles[0], 5);
  run(&w);
  for(i = 0; i < 500; i++) { /* at their first attempt */
    struct sei_retry r;
    double delay;
    sei_retry_begin(&r, &sei_retry_default, &w.budget, 0, 1);
    sei_retry_next(&r, SEI_OUTCOME_OK, -1, 1000, &delay);
  }
  check(w.budget.tokens >= 500, "the budget is full again", w.budget.tokens);
}

int main(void)
{
  size_t i;
  for(i = 0; i < sizeof troubles / sizeof *troubles; i++)
    test_outage(&troubles[i]);
  test_recovery();
  printf("outage: %d checks\n", checks);
  return failures ? 1 : 0;
}
