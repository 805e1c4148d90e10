/* client - one SEI account: where it is, with which key, over which pool. For
 * C files of this folder; what Lua sees is in client.c. */
#ifndef SEI_LUA_CLIENT_H
#define SEI_LUA_CLIENT_H

#include <lua.h>
#include <stdbool.h>

#include "../api/endpoint.h"
#include "../base/buf.h"
#include "../base/redact.h"
#include "../http/auth.h"
#include "../http/pool.h"
#include "event.h"
#include "exchange.h"
#include "grant.h"
#include "options.h"
#include "recording.h"

#define SEI_CLIENT "sei.client"

enum { SEI_CLIENT_STRINGS = 10, SEI_KEY_MAX = 64 * 1024,
  SEI_TRACEPARENT_SIZE = 56,
  SEI_HEADER_MAX = 256 * 1024,  /* bytes of all headers of a reply */
  SEI_RUNNING_MAX = 64          /* requests under way at once */
};

/* User values: what overrides open points; what the Lua side keeps. */
enum { SEI_CLIENT_GROUPS = 1, SEI_CLIENT_STATE,
  SEI_CLIENT_VALUES = SEI_CLIENT_STATE };

/* Somebody who waits for something of this client: a call, a page, bytes of a
 * stream. While one of them could go on, the client's descriptor stays
 * readable, so that whoever drives the loop next wakes it up, too. */
struct sei_waiter {
  struct sei_waiter *next, **at;  /* in the client's list; at: NULL outside */
  unsigned count;                 /* coroutines that wait for the same thing */
  bool (*ripe)(struct sei_waiter *w);
};

/* Counted since the client was made. */
struct sei_stats {
  uint64_t calls;                 /* requests asked for */
  uint64_t attempts;              /* that ended, repetitions too */
  uint64_t retries;
  uint64_t failed;                /* attempts that did not go well */
  uint64_t limited;               /* attempts answered 429 */
  uint64_t pages, records;        /* of lists, handed out */
  uint64_t bytes_sent;            /* of bodies, in all attempts */
  uint64_t bytes_received;        /* of bodies, unpacked */
  uint64_t events_lost;           /* see SEI_EVENTS_MAX */
  double waited;                  /* seconds before attempts: backing off,
                                     keeping pace, queueing */
};

struct sei_client {
  struct sei_pool *pool;          /* NULL: closed */
  char *base_url;                 /* without a slash at its end */
  struct sei_buf key;             /* NUL-terminated; empty: not read yet */
  enum sei_auth_style auth;
  char account[128];              /* "" none */
  char *strings[SEI_CLIENT_STRINGS]; /* owns what `http` points to */
  char traceparent[SEI_TRACEPARENT_SIZE]; /* "" none */
  struct sei_http_options http;
  unsigned window;
  double timeout;                 /* seconds, of a call */
  double attempt_timeout;         /* seconds, of what is no stream */
  size_t max_body;                /* bytes of a reply that is not a stream */
  struct sei_waiter *waiters;

  struct sei_exchange *exchanges; /* under way, or done and not freed */
  struct sei_retry_policy retry;
  struct sei_retry_budget budget;
  uint64_t seed;                  /* of the jitter */
  struct sei_pace_options pace;
  const char *pace_file;          /* one of `strings`, or NULL */
  bool paced;                     /* a limiter is wanted */
  struct sei_limiter *limiter;    /* from the first key on; given back */
  unsigned key_number;            /* of the key in use */
  bool key_renews;                /* its source may give another one */
  bool wants_key;                 /* the source is to be asked again */
  bool asks_key;                  /* somebody who waits does it */
  struct sei_stats stats;
  struct sei_redact secrets;      /* the keys so far, the proxy's password */
  double stepped_at;              /* sei_clock() of the last step, */
  double turned_at;               /*   and of the last that Lua asked for: its
                                     loop looks after all else, too */
  struct sei_events events;       /* for hooks and logs */
  struct sei_recording recording;
  struct sei_grant grant;         /* what it may do */
};

/* The client at `index`, whether open or closed; raises for anything else. */
struct sei_client *sei_client_check(lua_State *L, int index);

/* The same, and it must be open, and of this process: raises an error object
 * of kind "closed". */
struct sei_client *sei_client_open(lua_State *L, int index);

/* Enters and leaves the list. Several coroutines may wait for one thing: the
 * last one to leave takes it out. */
void sei_client_await(struct sei_client *c, struct sei_waiter *w);
void sei_client_unawait(struct sei_client *c, struct sei_waiter *w);

/* Takes it out whoever waits: it is about to be collected. */
void sei_client_forget(struct sei_client *c, struct sei_waiter *w);

/* One step of an open client, as client:step() does it, but for
 * sei_client_wake(), which must follow before anybody waits. Returns how many
 * requests came to their end. */
unsigned sei_client_step(struct sei_client *c);

/* Something became ripe other than by a step. */
void sei_client_wake(struct sei_client *c);

/* Pushes the options that override open points of the endpoint's group (a
 * table, maybe empty), kept by the client at `index`. */
void sei_client_push_group(lua_State *L, int index, enum sei_group group);

/* client_new.c: core.client(options); what it takes, what its option `pace`
 * takes as a table, and what a group of overrides takes. */
int sei_client_new(lua_State *L);
extern const struct sei_option sei_client_options[];
extern const struct sei_option sei_client_pace[];
extern const struct sei_option sei_client_open_points[];

/* client_key.c: puts set_key, has_key, wants_key, new_key, scrub, target
 * into the table on top. */
void sei_open_client_key(lua_State *L);

/* Puts the functions client, set_key, poll, … into the table on top. */
void sei_open_client(lua_State *L);

#endif
