/* event - what happened to a client's requests, kept until the Lua side takes
 * it to hooks and logs. For C files of this folder.
 *
 * Written where no Lua may run; nothing is written unless somebody listens.
 * All texts are fit to be shown: no key, no control characters.
 */
#ifndef SEI_LUA_EVENT_H
#define SEI_LUA_EVENT_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct sei_client;
struct sei_endpoint;
struct sei_exchange;

enum sei_event_kind {
  SEI_EVENT_REQUEST,    /* an attempt left */
  SEI_EVENT_RESPONSE,   /* an attempt ended, well or not */
  SEI_EVENT_RETRY,      /* there will be another one */
  SEI_EVENT_PAGE,       /* a page of a list is handed out */
  SEI_EVENT_BATCH,      /* rows were sent, or refused */
  SEI_EVENT_KINDS
};

enum { SEI_EVENTS_MAX = 1000 };   /* kept; what comes then is only counted */

/* What a number says when there is none. */
#define SEI_EVENT_NONE INT64_MIN

struct sei_event {
  struct sei_event *next;
  enum sei_event_kind kind;
  const char *endpoint, *method;  /* static */
  char *url, *headers, *excerpt, *reason; /* owned, or NULL; headers: lines */
  double time;                    /* seconds since 1970 */
  uint64_t call;                  /* number of the call, 0 none */
  unsigned attempt;               /* 0: none */
  int status;                     /* 0: no reply */
  double duration, delay, waited; /* seconds; negative: none */
  int64_t bytes, sent;            /* of the reply's body, the request's */
  int64_t page, count, offset, total, rows, first, last;
  const char *problem_class;      /* static, or NULL */
  bool final;                     /* no further attempt */
};

/* Zeroed memory: nobody listens. Belongs to a client. */
struct sei_events {
  struct sei_event *first, *last;
  unsigned count;
  unsigned wanted;                /* a bit for each kind */
  bool excerpts;                  /* bodies' beginnings are wanted, too */
  uint64_t lost;                  /* since this was last told */
};

/* Frees all; nothing is kept any more. */
void sei_events_free(struct sei_events *e);

/* The exchange's attempt under way has begun, has ended (its transfer is what
 * came of it), will be followed by another one after `delay` seconds, was the
 * last one. */
void sei_event_request(struct sei_client *c, const struct sei_exchange *x);
void sei_event_response(struct sei_client *c, const struct sei_exchange *x);
void sei_event_retry(struct sei_client *c, const struct sei_exchange *x,
                     double delay, const char *why);
void sei_event_final(struct sei_client *c, const struct sei_exchange *x);

/* A page is handed out: its number in this walk (from 1), how many records,
 * the place of the first of them, how many there are (negative: unknown). */
void sei_event_page(struct sei_client *c, const struct sei_endpoint *e,
                    int64_t page, int64_t count, int64_t offset,
                    int64_t total);

/* Rows first to last of the caller's went out in this exchange, which is done:
 * `rows` of them (negative: unknown). first 0: unknown. */
void sei_event_batch(struct sei_client *c, const struct sei_exchange *x,
                     int64_t rows, int64_t first, int64_t last);

/* Puts listen, next_event, lost_events into the table on top. */
void sei_open_event(lua_State *L);

#endif
