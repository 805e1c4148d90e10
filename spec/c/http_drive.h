/* http_drive - checks, and the loop step-wait-step, for the C tests of
 * ext/http. Every wait has a bound. */
#ifndef HTTP_DRIVE_H
#define HTTP_DRIVE_H

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../../ext/http/pool.h"

static int checks, failures;

#define CHECK(ok) check((ok) ? 1 : 0, __FILE__, __LINE__, #ok)

static void check(int ok, const char *file, int line, const char *what)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s:%d: %s\n", file, line, what);
}

static const struct sei_http_options OPTIONS = {
  .connect_timeout = 5, .stall_timeout = 5, .max_header = 64 * 1024
};

/* Waits as an event loop would, at most `most` seconds, then steps. */
static unsigned turn(struct sei_pool *p, double most)
{
  struct pollfd fd = { sei_pool_fd(p), POLLIN, 0 };
  double t = sei_pool_timeout(p);
  if(t < 0 || t > most)
    t = most;
  poll(&fd, 1, (int)(t * 1000 + 0.999));
  return sei_pool_step(p);
}

/* Until `t` is DONE; false after 8 seconds. */
static inline bool finish(struct sei_pool *p, struct sei_transfer *t)
{
  double end = sei_clock() + 8;
  while(sei_transfer_state(t) != SEI_TRANSFER_DONE && sei_clock() < end)
    turn(p, 1);
  return sei_transfer_state(t) == SEI_TRANSFER_DONE;
}

static inline bool body_is(struct sei_transfer *t, const char *text)
{
  struct sei_buf *b = sei_transfer_body(t);
  return b->len == strlen(text) && (!b->len || !memcmp(b->data, text, b->len));
}

static inline bool body_has(struct sei_transfer *t, const char *text)
{
  struct sei_buf *b = sei_transfer_body(t);
  return b->len && memmem(b->data, b->len, text, strlen(text));
}

/* A transfer that did not end as expected says how it ended. */
static inline void check_end(struct sei_transfer *t, enum sei_failure failure,
                             int status, int line)
{
  checks++;
  if(sei_transfer_failure(t) == failure &&
     (status < 0 || sei_transfer_status(t) == status))
    return;
  failures++;
  printf("%s:%d: ended with failure %d (%s), status %d; not %d, %d\n",
         __FILE__, line, sei_transfer_failure(t), sei_transfer_problem(t),
         sei_transfer_status(t), failure, status);
}

#define CHECK_END(t, failure, status) check_end(t, failure, status, __LINE__)

#endif
