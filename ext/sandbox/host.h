/* host - what the files of the emulator's HTTP host share.
 *
 * One process, one thread: libmicrohttpd does the protocol in its external
 * epoll mode, Lua does the thinking. A request is handed to Lua once, when it
 * has arrived whole; what Lua answers may be held back for a while (latency)
 * without holding up anybody else. Nothing here knows the SEI API, and nothing
 * here is shared with the client but ext/base.
 */
#ifndef SEI_SANDBOX_HOST_H
#define SEI_SANDBOX_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>
#include <microhttpd.h>

#include "../base/buf.h"

/* Where l_host_run() keeps things on its stack, for the callbacks. */
enum {
  SEI_HOST_SELF = 1,
  SEI_HOST_ON_REQUEST,
  SEI_HOST_ON_DONE,
  SEI_HOST_ON_READY,
  SEI_HOST_ANCHORS      /* light userdata of a request -> what it sends from */
};

struct sei_host {
  struct MHD_Daemon *daemon;     /* NULL: closed, or not yet open */
  lua_State *L;                  /* whose stack l_host_run() is on; or NULL */
  uint16_t port;
  size_t max_body;               /* bytes of a request body that are kept */
  lua_Integer last_id;           /* requests seen */
  struct sei_request *first;     /* those waiting, soonest first */
  struct sei_request *last;
};

/* How an answer ends. */
enum sei_ending {
  SEI_ENDING_KEEP,      /* as HTTP has it */
  SEI_ENDING_CLOSE,     /* after `cut` bytes the connection closes (FIN) */
  SEI_ENDING_RESET      /* after `cut` bytes it is torn down (RST) */
};

/* A request, from its first line to the last byte of its answer. Owned by
 * libmicrohttpd's connection: made in on_uri(), freed in on_completed(). */
struct sei_request {
  struct sei_host *host;
  struct MHD_Connection *connection;
  lua_Integer id;
  char *uri;                     /* as received, with its query; owned */
  const char *method;            /* the library's, while the request lives */
  struct sei_buf body;
  size_t body_len;               /* bytes received, kept or not */
  bool begun;                    /* its headers were seen */
  bool seen;                     /* Lua was asked */

  struct MHD_Response *response; /* owned; NULL: none (yet, or ever) */
  unsigned status;
  const char *data;              /* what is sent; anchored in ANCHORS */
  size_t len;
  size_t sent;                   /* of data */
  bool stream;                   /* more data comes from a Lua function */
  enum sei_ending ending;
  size_t cut;                    /* bytes of data before the ending */
  bool announced;                /* with a false Content-Length */
  size_t piece;                  /* 0, or bytes between two pauses */
  double pause;                  /* seconds */
  bool rested;                   /* the pause before the next piece is over */

  bool waiting;                  /* suspended, and in the host's list */
  double due;                    /* when it goes on, sei_host_now() */
  struct sei_request *next;
  struct sei_request *prev;
};

/* Seconds on a clock that only goes forward. */
double sei_host_now(void);

/* Suspends the request's connection for some seconds. */
void sei_host_wait(struct sei_request *r, double seconds);

/* Resumes what is due at `now`; with `all`, everything. */
void sei_host_wake(struct sei_host *h, double now, bool all);

/* Starts the daemon on 127.0.0.1:port (0: any). 0, or an errno. */
int sei_request_listen(struct sei_host *h, uint16_t port);

/* Tears the connection down at once, so that the peer sees a reset. */
void sei_request_reset(struct sei_request *r);

/* Reads the answer table at the top of the stack into `r`. May raise; what it
 * made by then belongs to `r`. */
void sei_answer_read(lua_State *L, struct sei_request *r);

/* Gives `r` an answer that needs no memory but its own. */
void sei_answer_failed(struct sei_request *r);

#endif
