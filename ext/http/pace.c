/* pace - a token bucket that halves its rate on 429 and recovers slowly. */
#include "pace.h"

const struct sei_pace_options sei_pace_default = { 5, 10, 500000, 10 };

static const double LEAST = 1.0 / 16;   /* of the full rate */
static const double RECOVERY = 1.0 / 100; /* of it, in each second */

void sei_pace_init(struct sei_pace *p, const struct sei_pace_options *o,
                   double now)
{
  p->full = *o;
  p->rate = o->rate;
  p->tokens = o->burst;
  p->at = now;
  p->held_until = now;
  p->large_at = now;
  p->halved_at = -1;
}

static double most_of(double a, double b)
{
  return a > b ? a : b;
}

static double least_of(double a, double b)
{
  return a < b ? a : b;
}

/* Seconds that the rate still climbs, if nothing happens. */
static double climb_left(const struct sei_pace *p)
{
  return (p->full.rate - p->rate) / (p->full.rate * RECOVERY);
}

/* Brings rate and tokens up to `now`: while the rate climbs in a straight
 * line, its mean counts. */
static void advance(struct sei_pace *p, double now)
{
  double passed = now - p->at, climbing, slope = p->full.rate * RECOVERY;
  if(passed <= 0)
    return;
  climbing = least_of(passed, climb_left(p));
  p->tokens += climbing * (p->rate + slope * climbing / 2);
  p->rate = least_of(p->full.rate, p->rate + slope * climbing);
  p->tokens += (passed - climbing) * p->rate;
  p->tokens = least_of(p->tokens, p->full.burst);
  p->at = now;
}

/* Seconds until there is a whole token. Taken at today's rate, which is a
 * little late while the rate climbs: who comes then is never too early. */
static double token_delay(const struct sei_pace *p)
{
  /* a rounding error must not cost another wait */
  return p->tokens >= 1 - 1e-9 ? 0 : (1 - p->tokens) / p->rate;
}

double sei_pace_delay(struct sei_pace *p, size_t body_len, double now)
{
  double delay;
  if(p->full.rate <= 0)
    return 0;
  advance(p, now);
  delay = most_of(token_delay(p), p->held_until - now);
  if(body_len > p->full.large)
    delay = most_of(delay, p->large_at - now);
  return most_of(delay, 0);
}

void sei_pace_sent(struct sei_pace *p, size_t body_len, double now)
{
  if(p->full.rate <= 0)
    return;
  advance(p, now);
  p->tokens -= 1;
  if(body_len > p->full.large)
    p->large_at = now + p->full.large_every;
}

void sei_pace_limited(struct sei_pace *p, double sent_at, double retry_after,
                      double now)
{
  if(p->full.rate <= 0)
    return;
  advance(p, now);
  if(retry_after > 0)
    p->held_until = most_of(p->held_until, now + retry_after);
  if(p->halved_at >= 0 && sent_at <= p->halved_at)
    return;
  p->rate = most_of(p->rate / 2, p->full.rate * LEAST);
  p->tokens = least_of(p->tokens, 0);
  p->halved_at = now;
}
