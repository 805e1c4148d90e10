/* request - a row of the endpoint table and a client become an HTTP request.
 * For C files of this folder. */
#ifndef SEI_LUA_REQUEST_H
#define SEI_LUA_REQUEST_H

#include <lua.h>

#include "client.h"
#include "options.h"

/* One request and its reply, inside a userdata that frees it. Zeroed memory
 * is an exchange that was never started. */
struct sei_exchange {
  struct sei_transfer *transfer;
  const struct sei_endpoint *endpoint;
  char *url;
  enum sei_auth_style auth;       /* as it was sent, for the hint on a 401 */
};

/* What goes into one request beside the endpoint's row. */
struct sei_send {
  const char *query;              /* "" or "?a=b", escaped */
  const char *version_id;         /* for {versionId}, unescaped */
  const char *body;               /* JSON, body_len bytes, or NULL */
  size_t body_len;
  enum sei_source source;         /* multipart */
  const char *path, *filename;
  double timeout;                 /* seconds */
  bool stream;
};

/* Checks the options at `index` of the endpoint's function: its own query
 * parameters, those every call has (timeout, query), and `own`. */
void sei_request_check(lua_State *L, int index,
                       const struct sei_endpoint *e,
                       const struct sei_option *own);

/* Pushes the query string for the options at `index`, without page
 * parameters: "" or "?a=b&c=d". */
void sei_request_push_query(lua_State *L, int index,
                            const struct sei_endpoint *e);

/* Pushes `query` with one more parameter. */
void sei_request_add_query(lua_State *L, const char *query, const char *name,
                           const char *value);

/* Builds the request and gives it to the pool. Raises an error object if the
 * client is closed, and on memory; `x` then holds what was acquired. */
void sei_exchange_start(lua_State *L, struct sei_exchange *x,
                        struct sei_client *c, const struct sei_endpoint *e,
                        const struct sei_send *send);

bool sei_exchange_done(const struct sei_exchange *x);

/* Cancels and frees; the exchange is as new. */
void sei_exchange_free(struct sei_exchange *x);

#endif
