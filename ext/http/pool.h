/* pool - many transfers on one libcurl multi handle, driven from outside.
 *
 * step() never blocks; fd, timeout tell an event loop when to call it
 * next. Not thread-safe: one pool belongs to one Lua state.
 */
#ifndef SEI_HTTP_POOL_H
#define SEI_HTTP_POOL_H

#include "limiter.h"
#include "transfer.h"

struct sei_pool;

/* Starts libcurl if nobody has yet; safe from any thread. NULL, or a static
 * text on why it cannot serve: not there, too old, without TLS. Comes before
 * all that is in this folder but limits, paces and headers: see libcurl.h. */
const char *sei_http_start(void);

/* `max_running`: transfers under way at once (others queue, first come first
 * served) and connections kept. NULL on no memory or if libcurl cannot
 * start. */
struct sei_pool *sei_pool_new(unsigned max_running);

/* Cancels what runs (transfers end as CANCELLED and stay their owners'),
 * closes all. NULL is fine. In a child of the process that made it it closes
 * the descriptors alone: nobody else's connection is touched. */
void sei_pool_free(struct sei_pool *p);

/* Whether it was made before a fork() by the parent of this process. Then it
 * can be freed and its transfers cancelled, nothing else. */
bool sei_pool_is_foreign(const struct sei_pool *p);

/* From now on every transfer asks the limiter before it starts; NULL: none.
 * Borrowed: it outlives the pool or is taken away before. */
void sei_pool_limit(struct sei_pool *p, struct sei_limiter *l);

/* Where the handles of this pool's transfers wait to be used again, for
 * sei_http_options. */
struct sei_handles *sei_pool_handles(struct sei_pool *p);

/* Queues a NEW transfer that does not start before `when` (sei_clock()
 * seconds; 0: at once). Its deadline holds while it waits. false: no
 * memory. */
bool sei_pool_submit_at(struct sei_pool *p, struct sei_transfer *t,
                        double when);

/* Queues a NEW transfer; its duration starts. Does nothing to another. false:
 * no memory. */
bool sei_pool_submit(struct sei_pool *p, struct sei_transfer *t);

/* Ends a transfer as CANCELLED at once, whatever it is doing (a name lookup
 * under way is left to itself); does nothing to one that is DONE. */
void sei_pool_cancel(struct sei_pool *p, struct sei_transfer *t);

/* Does what can be done without waiting. Returns how many transfers came to
 * their end in this call. */
unsigned sei_pool_step(struct sei_pool *p);

/* One descriptor (epoll) that is readable when step() has something to do. */
int sei_pool_fd(const struct sei_pool *p);

/* Seconds until step() must be called even if the descriptor is silent; 0
 * now; negative: nothing is waited for. */
double sei_pool_timeout(const struct sei_pool *p);

/* Makes the descriptor readable until switched off again: somebody who waits
 * on it could go on. */
void sei_pool_signal(struct sei_pool *p, bool on);

/* Transfers queued and running. */
unsigned sei_pool_active(const struct sei_pool *p);

#endif
