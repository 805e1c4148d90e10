/* retry - attempts, jitter and the budget of repetitions. */
#include "retry.h"

const struct sei_retry_policy sei_retry_default = { 4, 0.2, 20, 60 };

static const double BUDGET = SEI_RETRY_FULL, PRICE = SEI_RETRY_PRICE,
  TIMEOUT_PRICE = SEI_RETRY_TIMEOUT_PRICE, REWARD = SEI_RETRY_REWARD;

void sei_retry_budget_init(struct sei_retry_budget *b)
{
  b->tokens = BUDGET;
}

static void refund(struct sei_retry_budget *b, double tokens)
{
  b->tokens += tokens;
  if(b->tokens > BUDGET)
    b->tokens = BUDGET;
}

/* ---- what an attempt's end means ---- */

static bool is_transient(int status)
{
  return status == 408 || status == 429 || status == 500 || status == 502 ||
         status == 503 || status == 504;
}

static enum sei_retry_outcome by_status(const struct sei_retry_facts *f)
{
  if(f->status < 400)
    return SEI_OUTCOME_OK;
  if(is_transient(f->status) &&
     (f->idempotent || f->refused || f->status == 429))
    return SEI_OUTCOME_TRANSIENT;
  return SEI_OUTCOME_FINAL;
}

enum sei_retry_outcome sei_retry_outcome(const struct sei_retry_facts *f)
{
  bool repeatable = f->idempotent || !f->sent;
  if(f->failure == SEI_FAILURE_NONE)
    return by_status(f);
  if(f->failure == SEI_FAILURE_CONNECT && repeatable)
    return SEI_OUTCOME_TRANSIENT;
  if(f->failure == SEI_FAILURE_TIMEOUT && repeatable)
    return SEI_OUTCOME_TIMEOUT;
  return SEI_OUTCOME_FINAL;
}

/* ---- the delay ---- */

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do. In [0, 1). */
static double next_random(uint64_t *state)
{
  uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0; /* 2^53 */
}

static double backoff(struct sei_retry *r, double retry_after)
{
  double most = r->policy->base;
  unsigned i;
  if(retry_after >= 0)
    return retry_after + next_random(&r->random) * most;
  for(i = 1; i < r->attempt && most < r->policy->cap; i++)
    most *= 2;
  if(most > r->policy->cap)
    most = r->policy->cap;
  return next_random(&r->random) * most;
}

/* ---- the decision ---- */

void sei_retry_begin(struct sei_retry *r, const struct sei_retry_policy *p,
                     struct sei_retry_budget *b, double deadline,
                     uint64_t seed)
{
  r->policy = p;
  r->budget = b;
  r->deadline = deadline;
  r->attempt = 0;
  r->spent = 0;
  r->random = seed;
}

static enum sei_retry_verdict succeed(struct sei_retry *r)
{
  refund(r->budget, r->attempt == 1 ? REWARD : r->spent);
  r->spent = 0;
  return SEI_RETRY_DONE;
}

enum sei_retry_verdict sei_retry_next(struct sei_retry *r,
                                      enum sei_retry_outcome outcome,
                                      double retry_after, double now,
                                      double *delay)
{
  double price = outcome == SEI_OUTCOME_TIMEOUT ? TIMEOUT_PRICE : PRICE;
  double wait;
  *delay = 0;
  r->attempt++;
  if(outcome == SEI_OUTCOME_OK)
    return succeed(r);
  if(outcome == SEI_OUTCOME_FINAL)
    return SEI_RETRY_FINAL;
  if(r->attempt >= r->policy->attempts)
    return SEI_RETRY_ATTEMPTS;
  if(retry_after > r->policy->longest)
    return SEI_RETRY_TOO_LONG;
  wait = backoff(r, retry_after);
  if(r->deadline > 0 && now + wait >= r->deadline)
    return SEI_RETRY_DEADLINE;
  if(r->budget->tokens < price)
    return SEI_RETRY_BUDGET;
  r->budget->tokens -= price;
  r->spent = price;
  *delay = wait;
  return SEI_RETRY_AGAIN;
}

const char *sei_retry_reason(enum sei_retry_verdict v)
{
  static const char *const reasons[] = {
    "it is sent again",
    "it succeeded",
    "sending it again would not help or might do it twice",
    "all attempts are used",
    "too many requests had to be repeated already",
    "the deadline would pass before the next attempt",
    "the server asks to wait longer than is allowed"
  };
  return reasons[v];
}
