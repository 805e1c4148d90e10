/* limiter - the pace of one key at one host, shared by all who use it: the
 * clients of a process, and processes through a state file.
 *
 * pace.h is the rule; here is who shares it. All functions may be called from
 * any thread.
 */
#ifndef SEI_HTTP_LIMITER_H
#define SEI_HTTP_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "pace.h"

struct sei_limiter;

/* The limiter of that name, made if there is none yet. `name` tells key and
 * host apart (a fingerprint; no secret). When several ask with different
 * options the slowest rate and the smallest burst count. `file`: NULL, or the
 * state file that other processes share; it is made if it is not there.
 * NULL on no memory, or errno says why the file cannot be used. */
struct sei_limiter *sei_limiter_get(uint64_t name,
                                    const struct sei_pace_options *o,
                                    const char *file);

/* Gives it back. It is kept until its bucket is full again. NULL is fine. */
void sei_limiter_put(struct sei_limiter *l);

/* Asks to send a request with that body now: 0 yes, and it counts as sent;
 * else the seconds after which to ask again. Never waits for the state file:
 * while another process has it, the answer is a short delay. */
double sei_limiter_take(struct sei_limiter *l, size_t body_len);

/* A 429 came to a request that was sent at `sent_at` (sei_clock() seconds).
 * `retry_after`: seconds, negative none. */
void sei_limiter_slow(struct sei_limiter *l, double sent_at,
                      double retry_after);

#endif
