/* exchange - one request through all its attempts, and its reply. For C files
 * of this folder.
 *
 * Lives inside a userdata that frees it; zeroed memory is an exchange that was
 * never started. The client looks after all of its exchanges at each step:
 * what may be sent again is sent again, after a delay, within the deadline.
 */
#ifndef SEI_LUA_EXCHANGE_H
#define SEI_LUA_EXCHANGE_H

#include <lua.h>
#include <stdbool.h>

#include "../api/endpoint.h"
#include "../base/shared.h"
#include "../http/auth.h"
#include "../http/retry.h"
#include "../http/transfer.h"
#include "recording.h"

struct sei_client;

enum { SEI_ATTEMPTS_MAX = 20, SEI_REDIRECTS_MAX = 3 };

/* What is known of a failed request's effect. */
enum sei_class {
  SEI_CLASS_NONE,           /* it went well */
  SEI_CLASS_NEVER_SENT,     /* it surely did not reach the service */
  SEI_CLASS_REJECTED,       /* the service said no, before doing anything */
  SEI_CLASS_UNKNOWN         /* it may have been acted upon */
};

struct sei_attempt {
  int status;               /* 0: no reply */
  enum sei_failure failure;
  enum sei_class what;
  double delay;             /* seconds before it */
  double duration;          /* seconds */
};

struct sei_exchange {
  struct sei_exchange *next, **at; /* in the client's list; at: NULL outside */
  struct sei_client *client;       /* NULL: not started */
  uint64_t number;                 /* of the client's calls, from 1 */
  struct sei_transfer *transfer;   /* of the last attempt; NULL: not started */
  const struct sei_endpoint *endpoint;
  char *url;                /* owned; may change by a redirect */
  const char *body;         /* kept to be sent again: in `own` or `shared` */
  size_t body_len;
  char *own;                /* owned; a copy */
  struct sei_shared *shared; /* held */
  char *path, *filename;    /* owned; of a multipart file */
  enum sei_source source;
  bool stream;
  enum sei_auth_style auth; /* as it was sent, for the hint on a 401 */
  double deadline;          /* sei_clock() seconds */
  struct sei_retry retry;
  enum sei_retry_verdict verdict;
  struct sei_attempt log[SEI_ATTEMPTS_MAX];
  unsigned sent;            /* attempts begun */
  unsigned attempts;        /* ended; those beyond the log's end count too */
  double delay;             /* before the attempt under way */
  unsigned redirects;
  unsigned key;             /* number of the key it was sent with */
  bool rekeyed;             /* it was sent again with a newer key */
  bool waits_key;
  enum sei_ask ask;         /* of a recording */
  bool told;                /* that the attempt under way has begun */
  bool taken;               /* bytes of the reply were handed on: too late to
                               send it again */
  bool final;               /* no further attempt */
};

/* What goes into one request beside the endpoint's row. All is copied. */
struct sei_send {
  const char *query;              /* "" or "?a=b", escaped */
  const char *version_id;         /* for {versionId}, unescaped */
  const char *body;               /* JSON, body_len bytes, or NULL */
  size_t body_len;
  struct sei_shared *shared;      /* that has the body: it is not copied, but
                                     held; or NULL */
  enum sei_source source;         /* multipart; BYTES: `body` is the file */
  const char *path, *filename;
  double delay;                   /* seconds before the first attempt */
  double timeout;                 /* seconds */
  bool stream;
};

/* Builds the request and gives it to the pool. Raises an error object if the
 * client is closed, and on memory; `x` then holds what was acquired. */
void sei_exchange_start(lua_State *L, struct sei_exchange *x,
                        struct sei_client *c, const struct sei_endpoint *e,
                        const struct sei_send *send);

/* Looks after an attempt that ended: sends again or makes it final. */
void sei_exchange_tend(struct sei_client *c, struct sei_exchange *x);

/* Ends it at once; its answer is a cancelled transfer. */
void sei_exchange_cancel(struct sei_client *c, struct sei_exchange *x);

/* The key source was asked: with a newer key those who wait are sent again,
 * else their 401 is final. */
void sei_exchange_rekey(struct sei_client *c);

/* Whether it is final: its transfer is the answer. */
bool sei_exchange_done(const struct sei_exchange *x);

/* The class of the last attempt. */
enum sei_class sei_exchange_class(const struct sei_exchange *x);

/* "never_sent", "rejected", "unknown", or NULL for NONE. Static. */
const char *sei_class_name(enum sei_class what);

/* Cancels and frees; the exchange is as new. */
void sei_exchange_free(struct sei_exchange *x);

#endif
