/* transfer - one HTTP request and its reply on a libcurl easy handle.
 *
 * Plain C on libcurl; knows neither Lua nor SEI. A transfer belongs to its
 * caller from sei_transfer_new() to sei_transfer_free(); while it is in a pool
 * the pool only borrows it, and freeing it takes it out of the pool.
 */
#ifndef SEI_HTTP_TRANSFER_H
#define SEI_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/buf.h"
#include "header.h"

struct sei_pool;
struct sei_handles;

/* What every request of a client has in common. All strings are copied. */
struct sei_http_options {
  const char *ca_file;        /* NULL: the system's */
  const char *client_cert;    /* NULL, or files in PEM: what we show */
  const char *client_key;
  const char *pinned_key;     /* NULL, or a file or sha256//<base64> */
  const char *proxy;          /* NULL: libcurl's default, "" none */
  const char *user_agent;     /* NULL: "sei/1" */
  double connect_timeout;     /* seconds, > 0: name, connection and TLS */
  double stall_timeout;       /* seconds without a byte, > 0; see below */
  size_t max_header;          /* bytes of all reply headers */
  bool allow_http;            /* plain http beyond loopback */
  struct sei_handles *handles; /* of the pool that these requests go to, if
                                 all that go there have these options; or
                                 NULL. Borrowed: sei_pool_handles() */
};

/* A stall is counted from the moment the connection stands, in either
 * direction, the wait for a slow server's first byte included: nothing else
 * would end that without a deadline. It is not counted while the transfer is
 * paused, because its reply is not taken or its file is not fed. */

/* Where a multipart file's bytes come from. */
enum sei_source {
  SEI_SOURCE_NONE,            /* not multipart: `body` */
  SEI_SOURCE_FILE,            /* read from the file `path` */
  SEI_SOURCE_BYTES,           /* `body`, whose length is told beforehand */
  SEI_SOURCE_FEED             /* pushed with sei_transfer_feed() */
};

struct sei_request {
  const char *method;         /* "GET", "POST", "PUT", "PATCH", "DELETE" */
  const char *url;            /* absolute, already escaped */
  const struct sei_headers *headers; /* to send; copied */
  const char *body;           /* NULL or body_len bytes; borrowed until the
                                 transfer is DONE or freed, but copied of
                                 SEI_SOURCE_BYTES */
  size_t body_len;
  bool reads;                 /* libcurl may send it a second time by itself,
                                 if a kept connection turns out dead before
                                 a byte of the reply came */
  enum sei_source source;
  const char *field;          /* multipart: field name, file name, type, */
  const char *filename;
  const char *content_type;
  const char *path;           /*   and for SEI_SOURCE_FILE the file */
  size_t max_body;            /* bytes of the reply, after decompression;
                                 0 lets none through */
  double deadline;            /* sei_clock() seconds; 0 none */
  double attempt;             /* seconds from its start; 0 none */
  bool stream;                /* the caller drains `body` as it arrives; above
                                 the high-water mark the transfer pauses */
  size_t keep;                /* bytes of file and of reply to keep beside
                                 their use (answer.h); 0: none */
};

enum sei_transfer_state {
  SEI_TRANSFER_NEW,           /* made, not submitted */
  SEI_TRANSFER_QUEUED,        /* in a pool, waits for its turn */
  SEI_TRANSFER_RUNNING,
  SEI_TRANSFER_DONE           /* see failure; `status` if it is NONE */
};

enum sei_failure {
  SEI_FAILURE_NONE,           /* a whole reply came; any status */
  SEI_FAILURE_CONNECT,        /* resolve, connect, reset, empty, cut off */
  SEI_FAILURE_TLS,
  SEI_FAILURE_TIMEOUT,        /* connect, stall or deadline */
  SEI_FAILURE_CANCELLED,
  SEI_FAILURE_PROTOCOL,       /* not HTTP, bad encoding (gzip), … */
  SEI_FAILURE_TOO_LARGE,      /* max_body or max_header */
  SEI_FAILURE_SOURCE,         /* the file to send could not be read: errno_ */
  SEI_FAILURE_MEMORY
};

enum { SEI_STREAM_HIGH = 256 * 1024 }; /* bytes waiting; pauses above it */

struct sei_transfer;

/* Makes a transfer. NULL on no memory, or if sei_http_start() has something to
 * say. Refuses nothing: what could be wrong with `r` was checked before
 * (sei_header_*, sei_url_check). A file that cannot be read is found out here
 * and is the transfer's failure when its turn comes in a pool. */
struct sei_transfer *sei_transfer_new(const struct sei_http_options *o,
                                      const struct sei_request *r);

/* Takes it out of its pool, closes and frees. NULL is fine. */
void sei_transfer_free(struct sei_transfer *t);

enum sei_transfer_state sei_transfer_state(const struct sei_transfer *t);
enum sei_failure sei_transfer_failure(const struct sei_transfer *t);

/* One sentence on the failure: libcurl's own words where it has any. Valid as
 * long as `t`. */
const char *sei_transfer_problem(const struct sei_transfer *t);

/* HTTP status, 0 until the final status line came. */
int sei_transfer_status(const struct sei_transfer *t);

/* Reply headers (of the final reply, without trailers), and the bytes of the
 * body that wait. The caller of a stream drops what it used and then calls
 * sei_transfer_drained(): the next step() goes on. If it could use nothing
 * yet, because one record is longer than what waits, some more comes all the
 * same. Waiting bytes stay near SEI_STREAM_HIGH (16 KiB above; a gzip bomb up
 * to 16 MiB). What waits when the transfer is DONE with a failure is not
 * whole. */
const struct sei_headers *sei_transfer_headers(const struct sei_transfer *t);
struct sei_buf *sei_transfer_body(struct sei_transfer *t);
void sei_transfer_drained(struct sei_transfer *t);

/* SEI_SOURCE_FEED: adds bytes of the file (false: over 1 MiB waits already or
 * no memory, call again after a step); the end of the file. Allowed from NEW
 * on. Of a DONE transfer the bytes are dropped and the answer is true. */
bool sei_transfer_feed(struct sei_transfer *t, const void *bytes, size_t n);
void sei_transfer_feed_end(struct sei_transfer *t);
bool sei_transfer_wants_feed(const struct sei_transfer *t);

/* When it started to run, sei_clock() seconds; 0: it has not. */
double sei_transfer_started(const struct sei_transfer *t);

/* Whether the request may have reached the server: false only if it surely
 * did not (it never got as far as sending). A body is sent once at most, but
 * that of a request that reads: where libcurl would repeat any other on its
 * own, because a kept connection turned out dead, the transfer fails as
 * CONNECT instead. Requests without a body may be repeated that way, too. */
bool sei_transfer_sent(const struct sei_transfer *t);

/* Seconds from submission to now or to its end. */
double sei_transfer_duration(const struct sei_transfer *t);

/* Seconds from submission to its start (or to now or its end, if it has not
 * started): what backing off, pacing and queueing took. */
double sei_transfer_waited(const struct sei_transfer *t);

/* Bytes of the body that went out, multipart wrapping included, and of the
 * reply's body that came, unpacked. */
int64_t sei_transfer_uploaded(const struct sei_transfer *t);
int64_t sei_transfer_received(const struct sei_transfer *t);

/* Whether plain http to this URL is allowed, whether it is well-formed http(s)
 * without user info, query or fragment. Returns NULL or what is wrong. */
const char *sei_url_check(const char *base_url, bool allow_http);

/* Seconds on the monotonic clock. */
double sei_clock(void);

#endif
