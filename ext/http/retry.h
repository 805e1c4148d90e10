/* retry - whether and when a failed request is sent again.
 *
 * A pure policy: no I/O, no clock, no libcurl call. State, outcome and time go
 * in; a delay or the reason to stop comes out. Three things bound it: attempts
 * and deadline of each request, and a budget that all requests of a client
 * share, so that a server in trouble is not met with four times the traffic.
 *
 *   delay     full jitter: evenly from 0 to min(cap, base * 2^(n-1)) before
 *             the n-th repetition. With Retry-After: that long, and up to
 *             `base` on top, so that not all come back in the same moment.
 *   budget    a bucket of 500. A repetition costs 5, after a timeout 10. A
 *             success returns what its last repetition cost; one at the first
 *             attempt adds 1. Without the price in the bucket: no repetition.
 *   stop      rather than wait past the deadline, or longer than 60 s for a
 *             Retry-After: at once, so that the caller hears of it.
 */
#ifndef SEI_HTTP_RETRY_H
#define SEI_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "transfer.h"

struct sei_retry_policy {
  unsigned attempts;          /* in all, the first one included; 1: never */
  double base, cap;           /* seconds */
  double longest;             /* seconds of Retry-After that are waited for */
};

/* 4 attempts, 0.2 s, 20 s, 60 s. */
extern const struct sei_retry_policy sei_retry_default;

/* What the bucket holds, what a repetition costs, after a timeout, and what a
 * success at the first attempt adds. */
enum { SEI_RETRY_FULL = 500, SEI_RETRY_PRICE = 5,
  SEI_RETRY_TIMEOUT_PRICE = 10, SEI_RETRY_REWARD = 1 };

/* Shared by the requests of one client. */
struct sei_retry_budget {
  double tokens;
};

void sei_retry_budget_init(struct sei_retry_budget *b);

/* How an attempt ended, as far as repeating goes. */
enum sei_retry_outcome {
  SEI_OUTCOME_OK,
  SEI_OUTCOME_TRANSIENT,      /* may go well next time, and may be repeated */
  SEI_OUTCOME_TIMEOUT,        /* the same, but dearer */
  SEI_OUTCOME_FINAL           /* would fail again, or must not be repeated */
};

/* What is known of an attempt when it has ended. */
struct sei_retry_facts {
  enum sei_failure failure;
  int status;                 /* if failure is NONE */
  bool sent;                  /* sei_transfer_sent() */
  bool idempotent;            /* sending it twice is as good as once */
  bool refused;               /* the reply says that nothing was done, such as
                                 "Failed to obtain org user lock" */
};

/* Repeatable is what is idempotent, was not sent, or was refused: 429, or
 * `refused`. Transient are failed connections, timeouts, and the statuses
 * 408, 429, 500, 502, 503, 504. Below 400 is OK, everything else final. */
enum sei_retry_outcome sei_retry_outcome(const struct sei_retry_facts *f);

enum sei_retry_verdict {
  SEI_RETRY_AGAIN,            /* after the delay */
  SEI_RETRY_DONE,             /* it succeeded */
  SEI_RETRY_FINAL,            /* the outcome was final */
  SEI_RETRY_ATTEMPTS,         /* all attempts are used */
  SEI_RETRY_BUDGET,           /* the client repeats too much already */
  SEI_RETRY_DEADLINE,         /* the delay would end at or after it */
  SEI_RETRY_TOO_LONG          /* the server asks for more patience than is
                                 allowed */
};

/* One request through all its attempts. */
struct sei_retry {
  const struct sei_retry_policy *policy; /* borrowed */
  struct sei_retry_budget *budget;       /* borrowed */
  double deadline;            /* sei_clock() seconds; 0 none */
  unsigned attempt;           /* how many have ended */
  double spent;               /* price of the last repetition */
  uint64_t random;            /* state of the jitter */
};

/* `seed`: anything that differs from request to request. */
void sei_retry_begin(struct sei_retry *r, const struct sei_retry_policy *p,
                     struct sei_retry_budget *b, double deadline,
                     uint64_t seed);

/* An attempt ended at `now`. `retry_after`: seconds, negative none. Sets
 * *delay (seconds, >= 0) if the answer is AGAIN, else to 0. */
enum sei_retry_verdict sei_retry_next(struct sei_retry *r,
                                      enum sei_retry_outcome outcome,
                                      double retry_after, double now,
                                      double *delay);

/* What a user is told: "all attempts are used". Static text. */
const char *sei_retry_reason(enum sei_retry_verdict v);

#endif
