/* transfer_private - what a transfer is made of: transfer*.c and pool.c. */
#ifndef SEI_HTTP_TRANSFER_PRIVATE_H
#define SEI_HTTP_TRANSFER_PRIVATE_H


#include "answer.h"
#include "gunzip.h"
#include "handles.h"
#include "libcurl.h"
#include "source.h"
#include "transfer.h"

enum { SEI_PROBLEM_SIZE = 512 };

struct sei_transfer {
  CURL *easy;                 /* owned; NULL once the transfer is DONE */
  bool ordinary;              /* of the kind whose handle is used again */
  curl_mime *mime;            /* owned */
  struct curl_slist *lines;   /* owned; wiped, as it holds the key */

  struct sei_pool *pool;      /* borrowed; NULL unless QUEUED or RUNNING */
  struct sei_transfer *prev, *next; /* in one of the pool's lists */

  enum sei_transfer_state state;
  enum sei_failure failure;   /* the first one stays */
  char problem[SEI_PROBLEM_SIZE];
  char words[CURL_ERROR_SIZE]; /* libcurl's error buffer */

  /* the request */
  const char *out;            /* borrowed: the body to send */
  size_t out_len, out_pos;
  struct sei_feed feed;       /* the multipart file */

  /* the reply */
  int status;
  struct sei_headers headers;
  size_t header_bytes, max_header;
  bool interim;               /* reading the header of a 1xx */
  bool head_done;             /* the final header ended; trailers come late */
  struct sei_buf body;        /* what waits */
  size_t received, max_body;  /* bytes after unpacking */
  struct sei_gunzip *gunzip;  /* owned; NULL if it came as it is */
  bool stream;

  struct sei_kept kept;       /* for who records; max 0: nothing */
  int64_t uploaded;           /* bytes of the body; set when it ends */

  /* time: sei_clock() seconds */
  double submitted, started, ended;
  double not_before;          /* earliest start; 0: any time */
  double deadline;            /* 0: none */
  double attempt;             /* seconds it may run; 0: any */
  double moved;               /* when the last byte went in or out */
  double connect_timeout, stall_timeout;
  curl_off_t up, down;        /* bytes that on_progress() last saw */
  bool began;                 /* connected, about to send */
  bool sent;                  /* answer of sei_transfer_sent() when DONE */

  /* pauses: held by a callback until step() lifts them */
  bool recv_held, send_held;
  bool more;                  /* the caller of a stream wants more */
};

/* The first failure of a transfer that is not DONE; keeps it for its end. */
void sei_transfer_fail(struct sei_transfer *t, enum sei_failure failure,
                       const char *fmt, ...)
  __attribute__((format(printf, 3, 4)));

/* DONE: with libcurl's result, or with the failure that was kept. The handle
 * has left the multi handle. */
void sei_transfer_finish(struct sei_transfer *t, CURLcode code);

/* When it has to be looked at again: its deadline, its stall, or the end of
 * connecting. INFINITY: never. */
double sei_transfer_due(const struct sei_transfer *t);

/* Fails it if something is overdue at `now`. Returns whether it has failed. */
bool sei_transfer_overdue(struct sei_transfer *t, double now);

/* Lifts the pauses whose reason is gone. */
CURLcode sei_transfer_resume(struct sei_transfer *t);

/* Whether a pause may be lifted now. */
bool sei_transfer_can_resume(const struct sei_transfer *t);

/* Hangs the callbacks of transfer_io.c on a handle. */
struct sei_setopt;
void sei_transfer_callbacks(struct sei_transfer *t, struct sei_setopt *s);

/* Makes handle, header lines and body of a new transfer (transfer_setup.c).
 * false: no memory. What else is wrong is kept with sei_transfer_fail(). */
bool sei_transfer_setup(struct sei_transfer *t,
                        const struct sei_http_options *o,
                        const struct sei_request *r);

/* answer.c: keeps a copy of bytes, if that was asked for. */
void sei_transfer_keep(struct sei_transfer *t, struct sei_buf *b,
                       const void *bytes, size_t n);

/* The multipart file's callbacks: takes bytes, and refuses to go back. */
size_t sei_transfer_on_feed(char *out, size_t size, size_t n, void *user);
int sei_transfer_on_seek(void *user, curl_off_t offset, int origin);

/* pool.c: this transfer's next due time may have come nearer. */
void sei_pool_notice(struct sei_pool *p, const struct sei_transfer *t);

/* pool.c: step() has something to do at once. */
void sei_pool_kick(struct sei_pool *p);

#endif
