/* pace - how fast a client may send, so that a server's limits are not met.
 *
 * A pure policy: no I/O and no clock of its own; the caller asks before each
 * request (repetitions too) and tells what it sent. The defaults stay below
 * api.md section 4 no. 9.
 *
 *   bucket    `burst` requests at once, then `rate` per second.
 *   large     a body over 500,000 bytes: one per 10 s. Small ones may pass it.
 *   429       halves the rate, down to a sixteenth of the full one, empties
 *             the bucket, and holds everything for Retry-After if there is
 *             one. A 429 to a request that was sent before the last halving
 *             does not halve again: it is news from the same jam.
 *   recovery  the rate grows by a hundredth of the full rate each second, in a
 *             straight line: from a half it takes 50 s, from the least 94 s.
 */
#ifndef SEI_HTTP_PACE_H
#define SEI_HTTP_PACE_H

#include <stddef.h>

struct sei_pace_options {
  double rate;                /* requests per second; 0: no limit at all */
  double burst;               /* requests, >= 1 */
  size_t large;               /* bytes; a longer body is large */
  double large_every;         /* seconds from one large body to the next */
};

/* 5 per second, burst 10, 500,000 bytes, 10 s. */
extern const struct sei_pace_options sei_pace_default;

struct sei_pace {
  struct sei_pace_options full;
  double rate;                /* now, <= full.rate */
  double tokens;              /* may be negative: sent ahead of its time */
  double at;                  /* the time of `rate` and `tokens` */
  double held_until;          /* by Retry-After */
  double large_at;            /* when the next large body may go */
  double halved_at;           /* the last 429 that counted; negative: none */
};

/* All times are sei_clock() seconds and never go back. */
void sei_pace_init(struct sei_pace *p, const struct sei_pace_options *o,
                   double now);

/* Seconds until a request with that body may go; 0 now. */
double sei_pace_delay(struct sei_pace *p, size_t body_len, double now);

/* It goes now. */
void sei_pace_sent(struct sei_pace *p, size_t body_len, double now);

/* A 429 came to a request that was sent at `sent_at`. `retry_after`: seconds,
 * negative none. */
void sei_pace_limited(struct sei_pace *p, double sent_at, double retry_after,
                      double now);

#endif
