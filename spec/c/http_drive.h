/* http_drive - checks, requests to the test's own server, and the loop
 * step-wait-step, for the C tests of ext/http. Every wait has a bound. */
#ifndef HTTP_DRIVE_H
#define HTTP_DRIVE_H

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../../ext/http/pool.h"
#include "http_server.h"

enum { MEGABYTE = 1024 * 1024 };

static struct server server;

static int checks, failures;

#define CHECK(ok) check((ok) ? 1 : 0, __FILE__, __LINE__, #ok)

static inline void check(int ok, const char *file, int line, const char *what)
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

/* Of a path on our server, or a whole URL. Good until the next one is made. */
static inline struct sei_request request(const char *method, const char *path)
{
  static char url[256];
  struct sei_request r = { .method = method, .url = url,
                           .max_body = 16 * MEGABYTE };
  if(*path == '/')
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
  else
    snprintf(url, sizeof url, "%s", path);
  return r;
}

static inline struct sei_transfer *submit(struct sei_pool *p,
                                          const struct sei_http_options *o,
                                          const struct sei_request *r)
{
  struct sei_transfer *t = sei_transfer_new(o, r);
  CHECK(t != NULL);
  CHECK(sei_transfer_state(t) == SEI_TRANSFER_NEW);
  CHECK(!sei_transfer_sent(t));
  CHECK(sei_pool_submit(p, t));
  return t;
}

static inline struct sei_transfer *submit_get(struct sei_pool *p,
                                              const char *path)
{
  struct sei_request r = request("GET", path);
  return submit(p, &OPTIONS, &r);
}

/* Waits as an event loop would, at most `most` seconds, then steps. */
static inline unsigned turn(struct sei_pool *p, double most)
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

static inline struct sei_transfer *run(struct sei_pool *p,
                                       const struct sei_http_options *o,
                                       const struct sei_request *r)
{
  struct sei_transfer *t = submit(p, o, r);
  CHECK(finish(p, t));
  return t;
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

/* The last line of a test, and its exit status. */
static inline int report(const char *name)
{
  if(!failures)
    printf("%s: %d checks\n", name, checks);
  return failures != 0;
}

#define CHECK_END(t, failure, status) check_end(t, failure, status, __LINE__)

#endif
